"""The city's board of a day: one row a unit, worst first, with what each still owes, sums, and who is missing."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, and_, case, func, literal, select, union_all
from sqlmodel import Session

from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.core.text import has_words
from app.procedures.rules import System
from app.throughput.approvals import pins as approvals
from app.throughput.approvals.pins import Come
from app.throughput.approvals.rules import stage_of_all
from app.throughput.board.schemas import BoardItem, BoardOut, BoardSystem, BoardTotal, Missing, StateCount, SystemCount
from app.throughput.forms import Reference
from app.throughput.models import DayTotal, Obligation, Report, ReportRevision
from app.throughput.rules import COLUMNS, SYSTEMS, Figures
from app.throughput.schemas import rates_out, totals_out
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.service import completeness
from app.throughput.summary.sums import Kept, Scope
from app.throughput.timing import State
from app.units.models import Unit

STATES = tuple(State)
OPEN = frozenset({State.late, State.partial, State.due, State.not_due})
NOTHING_OWED = len(STATES)
MOST_MISSING = 200
KEPT_DAYS = 40
_OPEN_RANKS = frozenset(STATES.index(s) for s in OPEN)
_IN_RANKS = frozenset(STATES.index(s) for s in (State.received_late, State.received_on_time, State.waived))
_OBLIGATION = Obligation.__table__  # type: ignore[attr-defined]
_REPORT = Report.__table__  # type: ignore[attr-defined]
_REVISION = ReportRevision.__table__  # type: ignore[attr-defined]
_DAY = DayTotal.__table__  # type: ignore[attr-defined]


def board(
    session: Session, caller: Caller, page: Page | None, *, day: date, now: datetime, state: State | None = None,
    q: str | None = None,
) -> BoardOut:  # fmt: skip
    """Return a day's board: the units in the order of their states, and within one by name.

    Sums, counts and who is missing are always of the whole day, whatever page, state or name is asked for.
    """
    all_units = _day(session, caller, day, now)
    wanted = all_units.units
    if state is not None:
        wanted = [unit for unit in wanted if unit.rank == STATES.index(state)]
    if q is not None:
        wanted = [unit for unit in wanted if has_words(f"{unit.name} {unit.code}", q)]
    shown, following = wanted, None
    if page is not None:
        begin = bisect_right(wanted, _key(page.after), key=lambda unit: unit.place) if page.after is not None else 0
        shown, following = cut(wanted[begin : begin + page.limit + 1], page, lambda unit: unit.place)
    figures = Kept(session, Scope(caller.units, None, None)).by_day(day, day).get(day, Figures())
    counts = all_units.counts
    return BoardOut(
        day=day,
        cut_off=all_units.cut_off,
        completeness=all_units.completeness,
        counts=[StateCount(state=s, units=counts[rank]) for rank, s in enumerate(STATES) if counts[rank]],
        systems=all_units.systems,
        items=_items(session, shown, day, now, whole=page is None),
        next=following,
        total=BoardTotal(**totals_out(figures).model_dump(), rates=rates_out(figures)),
        missing_count=len(all_units.missing),
        missing=[Missing(unit=u.code, name=u.name, systems=u.open) for u in all_units.missing[:MOST_MISSING]],
    )


def reported(
    session: Session, caller: Caller, *, day: date, now: datetime, unit: Unit | None
) -> tuple[list[SystemCount], list[Missing]]:
    """Return how many units each system's reports are in of, and all units that are late with some, by name."""
    units = [one for one in _day(session, caller, day, now).units if unit is None or one.unit_id == unit.id]
    late = STATES.index(State.late)
    owing = [(one, [system for system in SYSTEMS if one.ranks.get(system) == late]) for one in units]
    return [_system_count(units, system) for system in SYSTEMS], [
        Missing(unit=one.code, name=one.name, systems=systems) for one, systems in owing if systems
    ]


def rank(now: datetime) -> ColumnElement[int]:
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


def _parts(day: date, now: datetime) -> Any:
    """Return unit, system and rank of all that is owed for a day, and of what was sent without being owed."""
    same = and_(
        _REPORT.c.unit_id == _OBLIGATION.c.unit_id,
        _REPORT.c.day == _OBLIGATION.c.day,
        _REPORT.c.system == _OBLIGATION.c.system,
    )
    owed = (
        select(_OBLIGATION.c.unit_id, _OBLIGATION.c.system, rank(now).label("rank"))
        .select_from(_OBLIGATION.outerjoin(_REPORT, same))
        .where(_OBLIGATION.c.day == day)
    )
    sent = (
        select(_REPORT.c.unit_id, _REPORT.c.system, literal(NOTHING_OWED).label("rank"))
        .select_from(_REPORT.outerjoin(_OBLIGATION, same))
        .where(_REPORT.c.day == day, _OBLIGATION.c.id.is_(None))
    )
    return union_all(owed, sent).subquery()


@dataclass(frozen=True, slots=True)
class _Unit:
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
        return [system for system in SYSTEMS if self.ranks.get(system) in _OPEN_RANKS]


@dataclass(frozen=True)
class _Day:
    """What the board says of all units, worst first, and by what it is known to be still true."""

    reference: Reference
    mark: tuple[Any, ...]
    units: list[_Unit]
    missing: list[_Unit]
    counts: Counter[int]
    systems: list[SystemCount]
    completeness: Completeness
    cut_off: datetime | None


# A city's day is read by many every few seconds and changes now and then: it is worked out once a process and change.
_kept: WeakKeyDictionary[Any, dict[date, _Day]] = WeakKeyDictionary()


def _day(session: Session, caller: Caller, day: date, now: datetime) -> _Day:
    """Return a day as it stands, for who sees every unit from the process's own copy while nothing has changed."""
    reference = Reference.read(session)
    if caller.units is not None:
        return _read(session, caller, reference, day, now, ())
    # The mark first: what is read after it is at least as new, and a change between the two is seen next time.
    mark = _mark(session, day, now)
    of_database = _kept.setdefault(session.connection().engine.pool, {})
    found = of_database.get(day)
    if found is None or found.mark != mark or found.reference is not reference:
        if len(of_database) >= KEPT_DAYS:
            of_database.clear()
        found = of_database[day] = _read(session, caller, reference, day, now, mark)
    return found


def _mark(session: Session, day: date, now: datetime) -> tuple[Any, ...]:
    """Return numbers that differ as soon as any state of a day does.

    A report's version only ever grows; deadlines move with the reference data alone, so that how many of them are over
    tells which.
    """

    def number(condition: Any, value: Any = 1) -> Any:
        return func.sum(case((condition, value), else_=0))

    reports = select(func.count(), func.sum(_REPORT.c.version)).where(_REPORT.c.day == day)
    waived = _OBLIGATION.c.waived_at.is_not(None)
    owed = select(
        func.count(), number(waived), number(waived, _OBLIGATION.c.id), number(_OBLIGATION.c.due_at < now),
        number(_OBLIGATION.c.cut_off_at <= now),
    ).where(_OBLIGATION.c.day == day)  # fmt: skip
    return (*session.execute(reports).one(), *session.execute(owed).one())


def _read(
    session: Session, caller: Caller, reference: Reference, day: date, now: datetime, mark: tuple[Any, ...]
) -> _Day:
    parts = select(_parts(day, now))
    if caller.units is not None:
        parts = parts.where(parts.selected_columns.unit_id.in_(caller.units))
    ranks: dict[int, dict[System, int]] = {}
    for unit_id, system, place in session.execute(parts):
        ranks.setdefault(unit_id, {})[System(system)] = place
    by_id = {unit.id: unit for unit in reference.units.values()}
    units = []
    for unit_id, by_system in ranks.items():
        unit = by_id[unit_id]
        place = (min(by_system.values()), unit.sort_key, unit.code)
        units.append(_Unit(unit_id, unit.code, unit.name, by_system, place))
    units.sort(key=lambda unit: unit.place)
    scope = Scope(caller.units, None, None)
    return _Day(
        reference=reference,
        mark=mark,
        units=units,
        missing=[unit for unit in units if unit.open],
        counts=Counter(unit.rank for unit in units),
        systems=[_system_count(units, system) for system in SYSTEMS],
        completeness=completeness(session, scope.of(_OBLIGATION, day, day), None),
        cut_off=_cut_off(session, scope, day),
    )


def _key(after: list[Any]) -> tuple[int, str, str]:
    if [type(part) for part in after] != [int, str, str]:
        raise Invalid([Fault("?cursor", "bad_cursor")])
    return after[0], after[1], after[2]


def _system_count(units: list[_Unit], system: System) -> SystemCount:
    places = [u.ranks[system] for u in units if u.ranks.get(system, NOTHING_OWED) < NOTHING_OWED]
    return SystemCount(
        system=system, expected=len(places), received=sum(place in _IN_RANKS for place in places),
        late=places.count(STATES.index(State.late)),
    )  # fmt: skip


def _cut_off(session: Session, scope: Scope, day: date) -> datetime | None:
    query = (
        select(func.max(_REVISION.c.counted_until))
        .join(_REPORT, and_(_REVISION.c.report_id == _REPORT.c.id, _REVISION.c.number == _REPORT.c.version))
        .where(_REVISION.c.unavailable.is_(None), *scope.of(_REPORT, day, day))
    )
    cut_off: datetime | None = session.execute(query).scalar()
    return cut_off


def _items(session: Session, units: list[_Unit], day: date, now: datetime, *, whole: bool) -> list[BoardItem]:
    """Return the rows of some units, read in a few questions however many they are."""
    # A whole list may hold more units than a statement takes values.
    ids = None if whole else [u.unit_id for u in units]
    systems = _systems(session, ids, day, now, approvals.of_day(session, day, ids))
    figures = _figures(session, ids, day)
    return [_item(u, systems.get(u.unit_id, []), figures.get(u.unit_id)) for u in units]


def _systems(
    session: Session, ids: list[int] | None, day: date, now: datetime, come: dict[tuple[int, System], Come]
) -> dict[int, list[tuple[BoardSystem, int]]]:
    p = _parts(day, now)
    query = (
        select(
            p.c.unit_id, p.c.system, p.c.rank, _OBLIGATION.c.due_at, _REPORT.c.version, _REPORT.c.partial,
            _REPORT.c.first_met_at, _REPORT.c.updated_at,
        )
        .select_from(p)
        .outerjoin(_OBLIGATION, _of(_OBLIGATION, p, day))
        .outerjoin(_REPORT, _of(_REPORT, p, day))
    )  # fmt: skip
    if ids is not None:
        query = query.where(p.c.unit_id.in_(ids))
    out: dict[int, list[tuple[BoardSystem, int]]] = {}
    for row in session.execute(query):
        received = row.version is not None and row.rank not in _OPEN_RANKS
        # The moment belongs to the state: of an outage it is when that was told, whatever had come before.
        is_down = row.rank == STATES.index(State.unavailable)
        came_at = row.updated_at if is_down else row.first_met_at or row.updated_at
        status, corrected = come.get((row.unit_id, System(row.system)), (None, False))
        one = BoardSystem(
            system=System(row.system),
            state=STATES[row.rank] if row.rank < NOTHING_OWED else None,
            due_at=row.due_at,
            received_at=came_at if received else None,
            status=status,
            corrected_since=corrected,
        )
        out.setdefault(row.unit_id, []).append((one, row.version or 0))
    return out


def _of(table: Any, parts: Any, day: date) -> ColumnElement[bool]:
    return and_(table.c.unit_id == parts.c.unit_id, table.c.system == parts.c.system, table.c.day == day)


def _figures(session: Session, ids: list[int] | None, day: date) -> dict[int, Figures]:
    columns = (*COLUMNS, "post_unsplit")
    query = select(_DAY.c.unit_id, *(_DAY.c[c] for c in columns)).where(_DAY.c.day == day)
    if ids is not None:
        query = query.where(_DAY.c.unit_id.in_(ids))
    out: dict[int, Figures] = {}
    for row in session.execute(query):
        out.setdefault(row[0], Figures()).add(Figures(**dict(zip(columns, row[1:], strict=True))))
    return out


def _item(unit: _Unit, parts: Iterable[tuple[BoardSystem, int]], figures: Figures | None) -> BoardItem:
    found = {one.system: (one, version) for one, version in parts}
    systems = [found[s][0] for s in SYSTEMS if s in found]
    came = [one.received_at for one in systems if one.received_at is not None]
    return BoardItem(
        unit=unit.code,
        name=unit.name,
        state=STATES[unit.rank] if unit.rank < NOTHING_OWED else None,
        systems=systems,
        received_at=max(came) if came and not unit.open else None,
        totals=totals_out(figures) if figures is not None else None,
        approved=stage_of_all(one.status for one in systems),
        version="-".join(str(found[s][1] if s in found else 0) for s in SYSTEMS),
    )
