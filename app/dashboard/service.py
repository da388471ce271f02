"""The dashboard: what the domains know, put together; it reads and decides nothing of its own."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page
from app.dashboard import rules, serving
from app.dashboard.keeping import unchanged
from app.dashboard.rules import Span
from app.dashboard.schemas import (
    BlockersNow,
    DashboardOut,
    ReportedOut,
    TargetsNow,
    TasksNow,
)
from app.indicators.overview import missing as targets
from app.indicators.overview.service import Filters as Indicators
from app.indicators.place import Place
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
    """Return the five answers: of the city, or of one unit; kept within a minute while nothing changes.

    Deadlines lie on whole minutes, and what moves by the clock alone moves by the day.
    """
    seen = caller.role, caller.rights, caller.units, caller.unit_id, caller.demonstration
    asked_of = wanted.unit.code if wanted.unit else None, wanted.scope, wanted.field, wanted.span
    key = ("all", seen, asked_of, now.replace(second=0, microsecond=0))
    return unchanged(session, key, lambda: _put_together(session, caller, wanted, now))


def _put_together(session: Session, caller: Caller, wanted: Asked, now: datetime) -> DashboardOut:
    unit, served, reported = wanted.unit, None, None
    newest = days.last_due(session, now) or day_of(now)
    day = days.last_owed(session, min(newest, wanted.span.last)) if wanted.span else newest
    if unit is None or unit.kind in COMMUNAL_KINDS:
        served = serving.served(session, wanted.scope, wanted.span, day=day, newest=newest, now=now)
        if caller.may("obligations:read") and caller.may("reports:read"):
            reported = _reported(session, caller, wanted, day, now)
    return DashboardOut(
        unit=UnitName(code=unit.code, name=unit.name) if unit else None,
        field=wanted.field, period=wanted.span.name if wanted.span else None, served=served, reported=reported,
        tasks=_tasks(session, caller, unit, now) if caller.may("tasks:read") else None,
        targets=_targets(session, unit, now) if caller.may("indicators:read") else None,
        gaps=_gaps(session, caller, unit, now) if caller.may("gaps:read") else None,
        blockers=_blockers(session, caller, unit, now) if caller.may("tasks:read") else None,
    )  # fmt: skip


def _reported(session: Session, caller: Caller, wanted: Asked, day: date, now: datetime) -> ReportedOut:
    systems, missing = board.reported(session, caller, day=day, now=now, unit=wanted.unit)
    done = summary.completeness(session, wanted.scope.of(summary.OBLIGATION, day, day), None)
    return ReportedOut(day=day, completeness=done, systems=systems, missing=missing)


def _tasks(session: Session, caller: Caller, unit: Unit | None, now: datetime) -> TasksNow:
    filters = Filters(unit=unit, role=TaskRole.lead if unit else None)
    found = tasks.summary(session, caller, filters=filters, as_of=None, now=now)
    overdue = longest_overdue(session, caller, OVERDUE, filters=filters, now=now)
    return TasksNow(total=found.total, buckets=found.buckets, overdue=overdue)


def _targets(session: Session, unit: Unit | None, now: datetime) -> TargetsNow:
    """Return a ward's own card; of another unit what it answers for in the city."""
    own = unit is not None and unit.kind in COMMUNAL_KINDS
    place = Place(unit.code, unit) if unit is not None and own else Place(CITY)
    owner = None if own else unit
    counts, missed = targets.missed(session, place, Indicators(owner=owner), now)
    judged = sum(one.count for one in counts if one.standing not in (Standing.no_target, Standing.no_data))
    return TargetsNow(
        place=place.name, owner=owner.code if owner else None, counts=counts, judged=judged, missed=missed
    )  # fmt: skip


def _gaps(session: Session, caller: Caller, unit: Unit | None, now: datetime) -> AgeingRow:
    last = day_of(now)
    first = last - timedelta(days=GAP_DAYS)
    return ageing.report(
        session, caller, first=first, last=last, unit=unit, group_by=AgeingBy.month, until=now
    ).total  # fmt: skip


def _blockers(session: Session, caller: Caller, unit: Unit | None, now: datetime) -> BlockersNow:
    found = blockers(session, caller, Page(BLOCKERS, None), unit=unit, state=BlockerState.open, level=None, now=now)
    return BlockersNow(items=found.items, more=found.next is not None)
