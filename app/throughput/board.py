"""The city's board of a day: one row a unit, worst first, with what each still owes, sums, and who is missing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select, union_all
from sqlmodel import Session

from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput.board_schemas import BoardItem, BoardOut, BoardSystem, BoardTotal, Missing, StateCount, SystemCount
from app.throughput.models import DayTotal, Obligation, Report, ReportRevision
from app.throughput.rules import COLUMNS, SYSTEMS, Figures
from app.throughput.schemas import rates_out, totals_out
from app.throughput.summary import completeness
from app.throughput.sums import Kept, Scope
from app.throughput.timing import State
from app.units.models import Unit

STATES = tuple(State)
OPEN = frozenset({State.late, State.partial, State.due, State.not_due})
NOTHING_OWED = len(STATES)
MOST_MISSING = 200
_OPEN_RANKS = frozenset(STATES.index(s) for s in OPEN)
_IN_RANKS = frozenset(STATES.index(s) for s in (State.received_late, State.received_on_time, State.waived))
_OBLIGATION = Obligation.__table__  # type: ignore[attr-defined]
_REPORT = Report.__table__  # type: ignore[attr-defined]
_REVISION = ReportRevision.__table__  # type: ignore[attr-defined]
_DAY = DayTotal.__table__  # type: ignore[attr-defined]
_UNIT = Unit.__table__  # type: ignore[attr-defined]


def board(
    session: Session, caller: Caller, page: Page | None, *, day: date, now: datetime, state: State | None = None
) -> BoardOut:
    """Return a day's board: the units in the order of their states, and within one by name.

    Sums, counts and who is missing are always of the whole day, whatever page or state is asked for.
    """
    units = _units(session, caller, day, now)
    wanted = [u for u in units if state is None or u.rank == STATES.index(state)]
    shown, following = wanted, None
    if page is not None:
        if page.after is not None:
            after = _key(page.after)
            wanted = [u for u in wanted if u.place > after]
        shown, following = cut(wanted[: page.limit + 1], page, lambda u: u.place)
    missing = [u for u in units if u.open]
    scope = Scope(caller.units, None, None)
    figures = Kept(session, scope).by_day(day, day).get(day, Figures())
    counts = Counter(u.rank for u in units)
    return BoardOut(
        day=day,
        cut_off=_cut_off(session, scope, day),
        completeness=completeness(session, scope.of(_OBLIGATION, day, day), None),
        counts=[StateCount(state=s, units=counts[rank]) for rank, s in enumerate(STATES) if counts[rank]],
        systems=[_system_count(units, system) for system in SYSTEMS],
        items=_items(session, shown, day, now, whole=page is None),
        next=following,
        total=BoardTotal(**totals_out(figures).model_dump(), rates=rates_out(figures)),
        missing_count=len(missing),
        missing=[Missing(unit=u.code, name=u.name, systems=u.open) for u in missing[:MOST_MISSING]],
    )


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


@dataclass(frozen=True)
class _Unit:
    """A unit's place on the board: the rank of each system that is owed or was sent."""

    unit_id: int
    code: str
    name: str
    sort_key: str
    ranks: dict[System, int]

    @property
    def rank(self) -> int:
        return min(self.ranks.values())

    @property
    def open(self) -> list[System]:
        return [system for system, place in self.ranks.items() if place in _OPEN_RANKS]

    @property
    def place(self) -> list[Any]:
        return [self.rank, self.sort_key, self.code]


def _units(session: Session, caller: Caller, day: date, now: datetime) -> list[_Unit]:
    """Return the day's units, worst first."""
    p = _parts(day, now)
    ranks = [func.min(case((p.c.system == s.value, p.c.rank))).label(s.value) for s in SYSTEMS]
    per_unit = select(p.c.unit_id, *ranks).group_by(p.c.unit_id)
    if caller.units is not None:
        per_unit = per_unit.where(p.c.unit_id.in_(caller.units))
    u = per_unit.subquery()
    query = select(_UNIT.c.id, _UNIT.c.code, _UNIT.c.name, _UNIT.c.sort_key, *(u.c[s.value] for s in SYSTEMS)).join(
        u, _UNIT.c.id == u.c.unit_id
    )
    units = [
        _Unit(
            row.id,
            row.code,
            row.name,
            row.sort_key,
            {s: getattr(row, s) for s in SYSTEMS if getattr(row, s) is not None},
        )
        for row in session.execute(query)
    ]
    # Ordered here: which system is the worse one is not the database's to say.
    return sorted(units, key=lambda unit: unit.place)


def _key(after: list[Any]) -> list[Any]:
    if [type(part) for part in after] != [int, str, str]:
        raise Invalid([Fault("?cursor", "bad_cursor")])
    return after


def _system_count(units: list[_Unit], system: System) -> SystemCount:
    places = [u.ranks[system] for u in units if u.ranks.get(system, NOTHING_OWED) < NOTHING_OWED]
    return SystemCount(system=system, expected=len(places), received=sum(place in _IN_RANKS for place in places))


def _cut_off(session: Session, scope: Scope, day: date) -> datetime | None:
    query = (
        select(func.max(_REVISION.c.counted_until))
        .join(_REPORT, and_(_REVISION.c.report_id == _REPORT.c.id, _REVISION.c.number == _REPORT.c.version))
        .where(_REVISION.c.unavailable.is_(None), *scope.of(_REPORT, day, day))
    )
    cut_off: datetime | None = session.execute(query).scalar()
    return cut_off


def _items(session: Session, units: list[_Unit], day: date, now: datetime, *, whole: bool) -> list[BoardItem]:
    """Return the rows of some units, read in two questions however many they are."""
    # A whole list may hold more units than a statement takes values.
    ids = None if whole else [u.unit_id for u in units]
    systems = _systems(session, ids, day, now)
    figures = _figures(session, ids, day)
    return [_item(u, systems.get(u.unit_id, []), figures.get(u.unit_id)) for u in units]


def _systems(
    session: Session, ids: list[int] | None, day: date, now: datetime
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
        one = BoardSystem(
            system=System(row.system),
            state=STATES[row.rank] if row.rank < NOTHING_OWED else None,
            due_at=row.due_at,
            received_at=(row.first_met_at or row.updated_at) if received else None,
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
        approved=None,
        version="-".join(str(found[s][1] if s in found else 0) for s in SYSTEMS),
    )
