"""How people were served: a day, week, month and year beside what went before, and the last days one by one."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlmodel import Session

from app.core import hot
from app.core.clock import day_of
from app.dashboard import rules
from app.dashboard.adding import Adding
from app.dashboard.keeping import Keeper, minute
from app.dashboard.rules import Span, SpanKind
from app.dashboard.schemas import ServedDay, ServedFigures, ServedOut, ServedSpan
from app.throughput import days
from app.throughput.board.standing import OPEN_RANKS, STATES, rank
from app.throughput.models import DayTotal, Report
from app.throughput.rules import Figures
from app.throughput.summary import service as summary
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.sums import Scope
from app.throughput.timing import State

SERIES = 31
AHEAD = timedelta(days=31)  # no deadline lies further behind its day, holidays included
_DAY = hot.table(DayTotal)
_REPORT = hot.table(Report)
_OBLIGATION = summary.OBLIGATION
_AWAITED = sorted(OPEN_RANKS - {STATES.index(State.late)})


def served(
    session: Session, keeper: Keeper, scope: Scope, span: Span | None, *, day: date, newest: date, now: datetime
) -> ServedOut:  # fmt: skip
    """Return the figures of a span; of none those of a day, and of what it lies in so far."""
    # A period that was asked for is shown whole, a day off included.
    spans = [span] if span else [rules.span_at(day, kind) for kind in rules.SHOWN]
    spans = [rules.until(one, newest) for one in spans]
    last = max(one.last for one in spans)
    key = (scope, day, tuple(spans))

    def work() -> ServedOut:
        return _worked_out(session, Adding(session, scope, keeper), day, spans)

    # Deadlines pass without any change: what is not due yet is looked at each minute.
    found = keeper.while_days_stand(("served", *key), last, work)
    return keeper.while_days_stand(
        ("served now", *key), last, lambda: _with_awaited(session, scope, found, last, now), minute(now)
    )


def _with_awaited(session: Session, scope: Scope, found: ServedOut, last: date, now: datetime) -> ServedOut:
    first = min([one.first for one in found.spans] + [found.series[0].day])
    awaited = _awaited(session, scope, first, last, now)

    def until(begin: date, end: date) -> dict[str, int]:
        return {"not_due": sum(units for on, units in awaited.items() if begin <= on <= end)}

    return found.model_copy(
        update={
            "spans": [one.model_copy(update=until(one.first, one.last)) for one in found.spans],
            "series": [one.model_copy(update=until(one.day, one.day)) for one in found.series],
        }
    )


def _worked_out(session: Session, adding: Adding, day: date, spans: list[Span]) -> ServedOut:
    whole = min(one.first for one in spans), max(one.last for one in spans)
    last = spans[0].last
    return ServedOut(
        day=day, cut_off=summary.cut_off(session, adding.scope, *whole, None),
        spans=[_span(session, adding, one) for one in spans],
        series=_series(session, adding, last - timedelta(days=SERIES - 1), last),
    )  # fmt: skip


def _span(session: Session, adding: Adding, span: Span) -> ServedSpan:
    if span.kind is SpanKind.day:
        earlier = days.owed_before(session, span.first)
        previous = (earlier, earlier) if earlier else None
    else:
        before = rules.before(span)
        previous = before.first, before.last
    week_before = span.first - timedelta(days=7)
    return ServedSpan(
        **dict(_figures(session, adding, span.first, span.last)), kind=span.kind, period=span.name,
        completeness=adding.completeness(span.first, span.last),
        not_due=0,
        previous=_earlier(session, adding, *previous) if previous else None,
        week_before=_earlier(session, adding, week_before, week_before) if span.kind is SpanKind.day else None,
    )  # fmt: skip


def _earlier(session: Session, adding: Adding, first: date, last: date) -> ServedFigures | None:
    found = _figures(session, adding, first, last)
    return found if found.received is not None else None


def _figures(session: Session, adding: Adding, first: date, last: date) -> ServedFigures:
    # Where nobody reported, nothing is known: nought would read as if nobody had come.
    found, scope = adding.figures(first, last), adding.scope
    if found is None and scope.field_id is not None and _counted(session, scope, first, last):
        found = Figures()
    if found is None:
        return ServedFigures(
            first=first, last=last, received=None, resolved=None, pending=None, pending_overdue=None, on_time=None,
            overdue=None, online=None,
        )  # fmt: skip
    total = summary.row_out("total", "", found)
    return ServedFigures(
        first=first, last=last, received=total.received, resolved=total.resolved, pending=total.pending,
        pending_overdue=total.pending_overdue, on_time=total.rates.on_time, overdue=total.rates.overdue,
        online=total.rates.online,
    )  # fmt: skip


def _counted(session: Session, scope: Scope, first: date, last: date) -> set[date]:
    """Return the days of which any figures came; those of one field may be none, and that is nought."""
    return set(session.scalars(select(_DAY.c.day).distinct().where(*scope.of(_DAY, first, last))))


def _series(session: Session, adding: Adding, first: date, last: date) -> list[ServedDay]:
    figures, owed = adding.by_day(first, last), adding.owed(first, last)
    if adding.scope.field_id is not None:
        figures = {day: Figures() for day in _counted(session, adding.scope, first, last)} | figures
    return [
        _day(day, figures.get(day), owed.get(day))
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
    ]


def _day(day: date, figures: Figures | None, owed: Completeness | None) -> ServedDay:
    total = summary.row_out("", "", figures) if figures is not None else None
    return ServedDay(
        day=day, received=total.received if total else None, resolved=total.resolved if total else None,
        on_time=total.rates.on_time if total else None,
        expected=owed.expected if owed else 0, complete=owed.received if owed else 0, not_due=0,
    )  # fmt: skip


def _awaited(session: Session, scope: Scope, first: date, last: date, now: datetime) -> dict[date, int]:
    """Return by day how many units have something open that is not due yet, and nothing that is late."""
    ends = {"first": max(first, day_of(now) - AHEAD), "last": last}
    return {row[0]: row[1] for row in session.execute(_waiting(scope), ends | {"now": now})}


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
    return select(worst.c.day, func.count()).where(worst.c.rank.in_(_AWAITED)).group_by(worst.c.day)
