"""A day as every unit stands on it: kept by the process while nothing changes, for many look at it at once."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, and_, bindparam, case, func, literal, select, union, union_all
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.recent import Recent
from app.procedures.rules import System
from app.throughput.board.schemas import SystemCount
from app.throughput.changes import Changes, seen
from app.throughput.forms import Reference
from app.throughput.models import Obligation, Report, ReportRevision
from app.throughput.rules import SYSTEMS, Figures
from app.throughput.summary.owed import owed_by_day
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.sums import Kept, Scope
from app.throughput.timing import State

STATES = tuple(State)
OPEN_RANKS = frozenset(STATES.index(s) for s in (State.late, State.partial, State.due, State.not_due))
NOTHING_OWED = len(STATES)
NOTHING = Completeness(expected=0, received=0, late=0, waived=0, unavailable=0)
KEPT_DAYS = 40
_SYSTEMS = {system.value: system for system in System}
_IN_RANKS = frozenset(STATES.index(s) for s in (State.received_late, State.received_on_time, State.waived))
_OBLIGATION = hot.table(Obligation)
_CLOCKS = (_OBLIGATION.c.due_at, _OBLIGATION.c.cut_off_at)
_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_SAME = and_(
    _REPORT.c.unit_id == _OBLIGATION.c.unit_id, _REPORT.c.day == _OBLIGATION.c.day,
    _REPORT.c.system == _OBLIGATION.c.system,
)  # fmt: skip


def rank(now: datetime | ColumnElement[datetime]) -> ColumnElement[int]:
    """Return the place of an obligation's state among the states, as `timing.state` judges it: tested against that."""
    is_met = _REPORT.c.first_met_at.is_not(None) & (_REPORT.c.first_complete_at.is_not(None) | ~_REPORT.c.partial)
    place = {s: literal(number) for number, s in enumerate(STATES)}
    return case(
        (_OBLIGATION.c.waived_at.is_not(None), place[State.waived]),
        (is_met & _REPORT.c.unavailable, place[State.unavailable]),
        (is_met & (_REPORT.c.first_met_at <= _OBLIGATION.c.due_at), place[State.received_on_time]),
        (is_met, place[State.received_late]),
        (_OBLIGATION.c.due_at < now, place[State.late]),
        (func.coalesce(_REPORT.c.partial, literal(False)), place[State.partial]),
        (_OBLIGATION.c.cut_off_at <= now, place[State.due]),
        else_=place[State.not_due],
    )


def parts(day: date | ColumnElement[date], now: datetime | ColumnElement[datetime]) -> Any:
    """Return unit, system and rank of all that is owed for a day, and of what was sent without being owed."""
    sent = (
        select(_REPORT.c.unit_id, _REPORT.c.system, literal(NOTHING_OWED).label("rank"))
        .select_from(_REPORT.outerjoin(_OBLIGATION, _SAME))
        .where(_REPORT.c.day == day, _OBLIGATION.c.id.is_(None))
    )
    return union_all(_owed(day, now), sent).subquery()


def _owed(day: date | ColumnElement[date], now: datetime | ColumnElement[datetime]) -> Any:
    return (
        select(_OBLIGATION.c.unit_id, _OBLIGATION.c.system, rank(now).label("rank"))
        .select_from(_OBLIGATION.outerjoin(_REPORT, _SAME))
        .where(_OBLIGATION.c.day == day)
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit's place on the board: the rank of each system that is owed or was sent, and of the worst."""

    unit_id: int
    code: str
    name: str
    ranks: dict[System, int]
    place: tuple[int, str, str]

    @property
    def rank(self) -> int:
        return self.place[0]

    @property
    def open(self) -> list[System]:
        return [system for system in SYSTEMS if self.ranks.get(system) in OPEN_RANKS]


@dataclass(frozen=True)
class DayStanding:
    """What the board says of all units, worst first, and by what it is known to be still true.

    `moments`: when deadlines and cut-offs of the day are, of which so many had `passed`, or had come; `figures`: the
    day's sums.
    """

    reference: Reference
    read_at: Changes | None
    moments: list[datetime]
    passed: tuple[int, int]
    day: date
    units: list[Standing]
    missing: list[Standing]
    counts: Counter[int]
    systems: list[SystemCount]
    completeness: Completeness
    cut_off: datetime | None
    figures: Figures

    def is_true(self, changes: Changes, now: datetime) -> bool:
        """Tell whether no report or waiver of the day has changed since, and no deadline passed."""
        read_at = self.read_at
        if read_at is None or changes.since(read_at.era, read_at.number, self.day):
            return False
        return _passed(self.moments, now) == self.passed


# A city's day is read by many every few seconds and changes now and then: it is worked out once a process and change.
_kept: WeakKeyDictionary[Any, Recent[date, DayStanding]] = WeakKeyDictionary()


def of_day(session: Session, caller: Caller, day: date, now: datetime) -> DayStanding:
    """Return a day as it stands, for who sees every unit from the process's own copy while nothing has changed."""
    reference = Reference.read(session)
    changes = seen(session) if caller.units is None else None
    if changes is None:
        return _read(session, caller, reference, day, now, None)
    of_database = _kept.setdefault(session.connection().engine.pool, Recent(KEPT_DAYS))
    found = of_database.get(day)
    if found is None or found.reference is not reference or not found.is_true(changes, now):
        found = _read(session, caller, reference, day, now, changes)
        of_database.put(day, found)
    return found


def _read(
    session: Session, caller: Caller, reference: Reference, day: date, now: datetime, changes: Changes | None
) -> DayStanding:
    scope = Scope(caller.units, None, None)
    statements = _statements(scope)
    units = units_of(reference, _ranks(hot.gather(session, statements.parts, {"day": day, "now": now})))
    moments = sorted(row[0] for row in hot.run(session, statements.moments, {"day": day}))
    ((cut_off,),) = hot.run(session, statements.cut_off, {"day": day})
    return DayStanding(
        reference=reference,
        read_at=changes,
        moments=moments,
        passed=_passed(moments, now),
        day=day,
        units=units,
        missing=[unit for unit in units if unit.open],
        counts=Counter(unit.rank for unit in units),
        systems=[system_count([unit.ranks for unit in units], system) for system in SYSTEMS],
        completeness=owed_by_day(session, scope, day, day).get(day, NOTHING),
        cut_off=cut_off,
        figures=Kept(session, scope).by_day(day, day).get(day, Figures()),
    )


Ranks = dict[int, dict[System, int]]  # by unit and system, of what is owed or was sent


def ranks_owed(session: Session, scope: Scope, day: date, now: datetime, unit: int | None = None) -> Ranks:
    """Return the rank of all that is owed for a day, read now; `unit`: of that one alone."""
    if unit is None:
        return _ranks(hot.gather(session, _statements(scope).owed, {"day": day, "now": now}))
    return _ranks(hot.gather(session, _statements(scope).owed_by_unit, {"day": day, "now": now, "unit": unit}))


def _ranks(rows: list[hot.Row]) -> Ranks:
    ranks: Ranks = {}
    for unit_id, system, place in rows:
        ranks.setdefault(unit_id, {})[_SYSTEMS[system]] = place
    return ranks


def units_of(reference: Reference, ranks: Ranks) -> list[Standing]:
    """Return where units stand, the worst first."""
    units = []
    for unit in reference.units.values():
        if (by_system := ranks.get(unit.id or 0)) and unit.id is not None:
            place = (min(by_system.values()), unit.sort_key, unit.code)
            units.append(Standing(unit.id, unit.code, unit.name, by_system, place))
    units.sort(key=lambda unit: unit.place)
    return units


def _passed(moments: list[datetime], now: datetime) -> tuple[int, int]:
    """Return how many moments lie before now, and how many not after: a deadline ends after it, a cut-off with it."""
    return bisect_left(moments, now), bisect_right(moments, now)


def system_count(units: Iterable[Mapping[System, int]], system: System) -> SystemCount:
    places = [ranks[system] for ranks in units if ranks.get(system, NOTHING_OWED) < NOTHING_OWED]
    return SystemCount(
        system=system, expected=len(places), received=sum(place in _IN_RANKS for place in places),
        late=places.count(STATES.index(State.late)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is read of `:day`: unit, system and rank at `:now`, of all and of what is owed alone, of one `:unit` too;
    when its states move by the clock alone (a deadline is over, or its figures are due); the latest moment until which
    a report counted.
    """

    parts: Any
    owed: Any
    owed_by_unit: Any
    moments: Any
    cut_off: Any


@lru_cache
def _statements(scope: Scope) -> _Statements:
    """Return the statements of a scope: building them costs more than running them."""
    day = bindparam("day", type_=_OBLIGATION.c.day.type)
    now = bindparam("now", type_=_OBLIGATION.c.due_at.type)
    p = parts(day, now)
    cut_off = (
        select(func.max(_REVISION.c.counted_until))
        .join(_REPORT, and_(_REVISION.c.report_id == _REPORT.c.id, _REVISION.c.number == _REPORT.c.version))
        .where(_REVISION.c.unavailable.is_(None), _REPORT.c.day == day, *scope.of(_REPORT))
    )
    return _Statements(
        select(p).where(*scope.of(p)),
        owed := _owed(day, now).where(*scope.of(_OBLIGATION)),
        owed.where(_OBLIGATION.c.unit_id == bindparam("unit")),
        union(*(select(c).where(_OBLIGATION.c.day == day) for c in _CLOCKS)),
        cut_off,
    )
