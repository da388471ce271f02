"""How people were served: a day, week, month and year beside what went before, and the last days one by one."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, func, or_, select
from sqlmodel import Session

from app.core import hot
from app.core.clock import day_of
from app.dashboard import rules
from app.dashboard.adding import DAY, Adding
from app.dashboard.keeping import Keeper
from app.dashboard.rules import Span, SpanKind
from app.dashboard.schemas import ServedDay, ServedFigures, ServedOut, ServedSpan
from app.throughput import days
from app.throughput.board.standing import OPEN_RANKS, STATES, rank
from app.throughput.models import DayTotal, Report
from app.throughput.rules import Figures
from app.throughput.schemas import rates_out
from app.throughput.summary import owed
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.sums import Scope
from app.throughput.timing import State

SERIES = 31
_DAY = hot.table(DayTotal)
_REPORT = hot.table(Report)
_OBLIGATION = owed.OBLIGATION
Shown = TypeVar("Shown", ServedSpan, ServedDay)
_AWAITED = sorted(OPEN_RANKS - {STATES.index(State.late)})


def served(
    session: Session, keeper: Keeper, scope: Scope, span: Span | None, *, day: date, newest: date, now: datetime,
    passed: object,
) -> ServedOut:  # fmt: skip
    """Return the figures of a span; of none those of a day, and of what it lies in so far.

    `passed`: what differs after each deadline and cut-off.
    """
    # A period that was asked for is shown whole, a day off included.
    spans = [span] if span else [rules.span_at(day, kind) for kind in rules.SHOWN]
    spans = [rules.until(one, newest) for one in spans]
    return _Served(session, keeper, scope, day, spans).now(now, passed)


class _Served:
    """What was served of one scope, each stretch kept by its days."""

    def __init__(self, session: Session, keeper: Keeper, scope: Scope, day: date, spans: list[Span]) -> None:
        self.session, self.keeper, self.scope, self.day, self.spans = session, keeper, scope, day, spans
        self.adding = Adding(session, scope, keeper)
        self.first, self.last = min(one.first for one in spans), max(one.last for one in spans)
        self.key = scope, day, tuple(spans)

    def now(self, now: datetime, passed: object) -> ServedOut:
        """Return all of it; deadlines pass without any change."""
        found = self.keeper.while_days_stand(("served", *self.key), self.last, self._worked_out)

        def work() -> ServedOut:
            begin = max(min(self.first, found.series[0].day), day_of(now) - days.AHEAD)
            awaited = self._awaited(begin, self.last - DAY, now, passed) | self._awaited(
                self.last, self.last, now, passed
            )
            return _with_awaited(found, awaited)

        return self.keeper.while_days_stand(("served now", *self.key), self.last, work, passed)

    def _awaited(self, first: date, last: date, now: datetime, passed: object) -> dict[date, int]:
        """Return by day how many units have something open that is not due yet, and nothing that is late."""
        if first > last:
            return {}

        def read() -> dict[date, int]:
            ends = {"first": first, "last": last, "now": now}
            return {row[0]: row[1] for row in hot.run(self.session, _waiting(self.scope), ends)}

        return self.keeper.while_days_stand(("awaited", self.scope, first, last), last, read, passed)

    def _worked_out(self) -> ServedOut:
        last = self.spans[0].last
        return ServedOut(
            day=self.day, cut_off=self._cut_off(),
            spans=[self._span(one) for one in self.spans],
            series=[*self._days(last - timedelta(days=SERIES - 1), last - DAY), self._last_day(last)],
        )  # fmt: skip

    def _cut_off(self) -> datetime | None:
        def read(unit: int | None) -> dict[int, tuple[datetime, int]]:
            asked = {"day": self.last} | ({} if unit is None else {"unit": unit})
            rows = hot.gather(self.session, owed.cut_offs_of_day(self.scope, unit is not None), asked)
            return {row[0]: (row[1], row[2]) for row in rows}

        units = self.keeper.by_unit(("cut-offs", self.scope, self.last), self.last, read).values()
        if any(is_owed for _, is_owed in units):
            return max(latest for latest, _ in units)
        return owed.cut_off(self.session, self.scope, self.first, self.last, None)

    def _span(self, span: Span) -> ServedSpan:
        if span.kind is SpanKind.day:
            earlier = self.keeper.while_duties_stand(
                ("owed before", span.first), lambda: days.owed_before(self.session, span.first)
            )
            previous = (earlier, earlier) if earlier else None
        else:
            before = rules.before(span)
            previous = before.first, before.last
        begins = self.keeper.while_duties_stand("begins", lambda: days.owed_after(self.session, date.min))
        week_before = span.first - timedelta(days=7)
        return ServedSpan(
            **dict(self._figures(span.first, span.last)), kind=span.kind, period=span.name,
            completeness=self.adding.completeness(span.first, span.last), not_due=0,
            previous=self._earlier(*previous) if previous else None,
            previous_begins=begins if previous and begins and previous[0] < begins <= previous[1] else None,
            week_before=self._earlier(week_before, week_before) if span.kind is SpanKind.day else None,
        )  # fmt: skip

    def _earlier(self, first: date, last: date) -> ServedFigures | None:
        found = self._figures(first, last)
        return found if found.received is not None else None

    def _figures(self, first: date, last: date) -> ServedFigures:
        def work() -> ServedFigures:
            # Where nobody reported, nothing is known: nought would read as if nobody had come.
            return _shown(first, last, self._sum(first, last))

        return self.keeper.while_days_stand(("served figures", self.scope, first, last), last, work)

    def _sum(self, first: date, last: date) -> Figures | None:
        figures = self.adding.figures(first, last)
        if figures is None and self.scope.field_id is not None and _counted(self.session, self.scope, first, last):
            return Figures()
        return figures

    def _last_day(self, day: date) -> ServedDay:
        return _day(day, self._sum(day, day), self.adding.owed_of(day))

    def _days(self, first: date, last: date) -> list[ServedDay]:
        def work() -> list[ServedDay]:
            figures, owed = self.adding.by_day(first, last), self.adding.owed(first, last)
            if self.scope.field_id is not None:
                figures = dict.fromkeys(_counted(self.session, self.scope, first, last), Figures()) | figures
            every = (first + timedelta(days=number) for number in range((last - first).days + 1))
            return [_day(day, figures.get(day), owed.get(day)) for day in every]

        return self.keeper.while_days_stand(("served days", self.scope, first, last), last, work)


def _shown(first: date, last: date, figures: Figures | None) -> ServedFigures:
    if figures is None:
        return ServedFigures(
            first=first, last=last, received=None, resolved=None, pending=None, pending_overdue=None, on_time=None,
            overdue=None, online=None,
        )  # fmt: skip
    rates = rates_out(figures)
    return ServedFigures(
        first=first, last=last, received=figures.received, resolved=figures.resolved, pending=figures.pending,
        pending_overdue=figures.pending_overdue, on_time=rates.on_time, overdue=rates.overdue, online=rates.online,
    )  # fmt: skip


def _day(day: date, figures: Figures | None, owed: Completeness | None) -> ServedDay:
    return ServedDay(
        day=day, received=figures.received if figures else None, resolved=figures.resolved if figures else None,
        on_time=rates_out(figures).on_time if figures else None,
        expected=owed.expected if owed else 0, complete=owed.received if owed else 0, not_due=0,
    )  # fmt: skip


def _counted(session: Session, scope: Scope, first: date, last: date) -> set[date]:
    """Return the days of which any figures came; those of one field may be none, and that is nought."""
    return set(session.scalars(select(_DAY.c.day).distinct().where(*scope.of(_DAY, first, last))))


def _with_awaited(found: ServedOut, awaited: dict[date, int]) -> ServedOut:
    def until(one: Shown, begin: date, end: date) -> Shown:
        units = sum(units for on, units in awaited.items() if begin <= on <= end)
        return one.model_copy(update={"not_due": units}) if units else one

    if not awaited:
        return found
    return found.model_copy(
        update={
            "spans": [until(one, one.first, one.last) for one in found.spans],
            "series": [until(one, one.day, one.day) for one in found.series],
        }
    )


@lru_cache
def _waiting(scope: Scope) -> Any:
    """Return the statement of that, between `:first` and `:last`, at `:now`."""
    now, o = bindparam("now", type_=_OBLIGATION.c.due_at.type), _OBLIGATION.c
    between = o.day.between(bindparam("first"), bindparam("last"))
    same = and_(
        _REPORT.c.unit_id == _OBLIGATION.c.unit_id, _REPORT.c.day == _OBLIGATION.c.day,
        _REPORT.c.system == _OBLIGATION.c.system,
    )  # fmt: skip
    ahead = select(o.day).where(between, o.due_at >= now)
    worst = (
        select(_OBLIGATION.c.day, func.min(rank(now)).label("rank"))
        .select_from(_OBLIGATION.outerjoin(_REPORT, same))
        .where(*scope.of(_OBLIGATION), o.day.in_(ahead))
        .group_by(_OBLIGATION.c.unit_id, _OBLIGATION.c.day)
        .subquery()
    )
    awaited = or_(*(worst.c.rank == one for one in _AWAITED))
    return select(worst.c.day, func.count()).where(awaited).group_by(worst.c.day)
