"""The dashboard: what the domains know, put together; it reads and decides nothing of its own."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from app.core import stamps
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page
from app.dashboard import rules, serving
from app.dashboard.adding import Adding
from app.dashboard.keeping import Keeper
from app.dashboard.rules import Span
from app.dashboard.schemas import (
    BlockersNow,
    DashboardOut,
    ReportedOut,
    TargetsNow,
    TasksNow,
)
from app.indicators.computed.keeping import STAMP as FOLLOWED
from app.indicators.linked.service import giving
from app.indicators.overview import missing as targets
from app.indicators.overview.service import Filters as Indicators
from app.indicators.place import Place
from app.indicators.readings.newest import newest_at
from app.indicators.rules import CITY, Standing
from app.portal.gaps import ageing
from app.portal.gaps.schemas import AgeingBy, AgeingRow
from app.tasks.asking.lists import blockers
from app.tasks.asking.rules import BlockerState
from app.tasks.listing import longest_overdue
from app.tasks.narrowing import Filters
from app.tasks.rules import TaskRole
from app.tasks.schemas import UnitName
from app.tasks.summary import service as tasks
from app.throughput import days
from app.throughput.board import service as board
from app.throughput.board.standing import Ranks, ranks_owed
from app.throughput.forms import Reference
from app.throughput.summary import service as summary
from app.throughput.summary.schemas import GroupBy
from app.throughput.summary.sums import Scope
from app.units.models import Unit
from app.units.rules import COMMUNAL_KINDS

OVERDUE = 20
BLOCKERS = 5
GAP_DAYS = 30


@dataclass(frozen=True)
class Asked:
    """Whose dashboard, of which field and period; None: the city, all fields, the newest day."""

    unit: Unit | None
    scope: Scope
    field: str | None
    span: Span | None


def asked(
    session: Session, caller: Caller, now: datetime, *, period: str | None, unit: str | None, field: str | None
) -> Asked:
    """Return what an address asks; raises Invalid for a period or field that is none, NotFound for a unit not seen.

    Who has a unit of their own is shown that one.
    """
    found = summary.question(
        session, caller, now, first=None, last=None, group_by=GroupBy.day, unit=unit or caller.unit_code,
        field=field, system=None, as_of=None,
    )  # fmt: skip
    try:
        span = rules.span_written(period) if period else None
    except ValueError:
        raise Invalid([Fault("?period", "bad_period")]) from None
    units = frozenset({found.unit.id}) if found.unit is not None and found.unit.id is not None else caller.units
    return Asked(found.unit, Scope(units, None, found.field.id if found.field else None), field, span)


def dashboard(session: Session, caller: Caller, wanted: Asked, now: datetime) -> DashboardOut:
    """Return the five answers: of the city, or of one unit; each kept while nothing that moves it has changed."""
    return _Answers(session, caller, wanted, now).whole()


class _Answers:
    """The answers to one reader, each from what is kept, or worked out anew."""

    def __init__(self, session: Session, caller: Caller, wanted: Asked, now: datetime) -> None:
        self.session, self.caller, self.wanted, self.now = session, caller, wanted, now
        self.keeper = Keeper(session, now)
        # All that an answer depends on besides the data: who may see what, and what is asked.
        self.reader = caller.role, caller.rights, caller.units, caller.unit_id, caller.demonstration
        self.of_unit = (*self.reader, wanted.unit.code if wanted.unit else None)
        # What moves by the clock alone moves with a deadline or a cut-off, or by the day.
        self.day = day_of(now)
        self.passed = self._passed()

    def whole(self) -> DashboardOut:
        caller, wanted, served, reported = self.caller, self.wanted, None, None
        unit = wanted.unit
        newest = self._newest_day()
        day = days.last_owed(self.session, min(newest, wanted.span.last)) if wanted.span else newest
        if unit is None or unit.kind in COMMUNAL_KINDS:
            served = serving.served(
                self.session, self.keeper, wanted.scope, wanted.span, day=day, newest=newest, now=self.now,
                passed=self.passed,
            )  # fmt: skip
            if caller.may("obligations:read") and caller.may("reports:read"):
                reported = self._reported(day)
        return DashboardOut(
            unit=UnitName(code=unit.code, name=unit.name) if unit else None,
            field=wanted.field, period=wanted.span.name if wanted.span else None, served=served, reported=reported,
            tasks=self._tasks() if caller.may("tasks:read") else None,
            targets=self._targets() if caller.may("indicators:read") else None,
            gaps=self._gaps() if caller.may("gaps:read") else None,
            blockers=self._blockers() if caller.may("tasks:read") else None,
        )  # fmt: skip

    def _passed(self) -> tuple[date, int, int]:
        """Return how many moments of the day lie before now, and how many not after: a deadline ends after its moment,
        a cut-off with it.
        """
        moments = self.keeper.while_duties_stand(("moments", self.day), lambda: days.moments_of(self.session, self.day))
        return self.day, bisect_left(moments, self.now), bisect_right(moments, self.now)

    def _newest_day(self) -> date:
        def work() -> date:
            return days.last_due(self.session, self.now) or self.day

        return self.keeper.while_duties_stand("newest day", work, self.passed)

    def _reported(self, day: date) -> ReportedOut:
        reference, scope = Reference.read(self.session), replace(self.wanted.scope, field_id=None)

        def read(unit: int | None) -> Ranks:
            return ranks_owed(self.session, scope, day, self.now, unit)

        def work() -> ReportedOut:
            ranks = self.keeper.by_unit(("ranks", scope, day), day, read, self.passed)
            systems, missing = board.reported(reference, ranks)
            done = Adding(self.session, self.wanted.scope, self.keeper).completeness(day, day)
            return ReportedOut(day=day, completeness=done, systems=systems, missing=missing)

        key = "reported", self.of_unit, self.wanted.scope, day
        # Who is late is named as units are called now.
        return self.keeper.while_days_stand(key, day, work, (self.passed, reference))

    def _tasks(self) -> TasksNow:
        unit = self.wanted.unit
        filters = Filters(unit=unit, role=TaskRole.lead if unit else None)

        def work() -> TasksNow:
            found = tasks.summary(self.session, self.caller, filters=filters, as_of=None, now=self.now)
            overdue = longest_overdue(self.session, self.caller, OVERDUE, filters=filters, now=self.now)
            return TasksNow(total=found.total, buckets=found.buckets, overdue=overdue)

        # Reports move tasks in one way only: a percentage that an indicator gives.
        mark = self.day, self._readings_of_tasks()
        return self.keeper.while_only_reports_come(("tasks", self.of_unit), work, mark)

    def _readings_of_tasks(self) -> list[Any]:
        """Return the city's readings that give tasks their percentages."""
        numbers = self.keeper.while_only_reports_come("giving", lambda: giving(self.session))
        newest = newest_at(self.session, CITY, self.day) if numbers else {}
        return [newest.get(number) for number in numbers]

    def _targets(self) -> TargetsNow:
        """Return a ward's own card; of another unit what it answers for in the city."""
        unit = self.wanted.unit
        own = unit is not None and unit.kind in COMMUNAL_KINDS
        place = Place(unit.code, unit) if unit is not None and own else Place(CITY)
        owner = None if own else unit
        # Readings follow reports in the same transaction, so that they are looked at each time.
        found, aims = self.keeper.while_only_reports_come(
            ("aims", place.name, owner.code if owner else None),
            lambda: targets.aims(self.session, place, Indicators(owner=owner), self.day), self.day,
        )  # fmt: skip

        def work() -> TargetsNow:
            counts, missed = targets.missed(self.session, place, found, aims, self.day)
            judged = sum(one.count for one in counts if one.standing not in (Standing.no_target, Standing.no_data))
            return TargetsNow(
                place=place.name, owner=owner.code if owner else None, counts=counts, judged=judged, missed=missed
            )  # fmt: skip

        mark = self.day, stamps.kept(self.session, FOLLOWED, lambda _: object())
        return self.keeper.while_nothing_changes(("targets", self.of_unit), work, mark)

    def _gaps(self) -> AgeingRow:
        def work() -> AgeingRow:
            first = self.day - timedelta(days=GAP_DAYS)
            return ageing.report(
                self.session, self.caller, first=first, last=self.day, unit=self.wanted.unit, group_by=AgeingBy.month,
                until=self.now,
            ).total  # fmt: skip

        return self.keeper.while_only_reports_come(("gaps", self.of_unit), work, self.day)

    def _blockers(self) -> BlockersNow:
        def work() -> BlockersNow:
            found = blockers(
                self.session, self.caller, Page(BLOCKERS, None), unit=self.wanted.unit, state=BlockerState.open,
                level=None, now=self.now,
            )  # fmt: skip
            return BlockersNow(items=found.items, more=found.next is not None)

        return self.keeper.while_only_reports_come(("blockers", self.of_unit), work, self.day)
