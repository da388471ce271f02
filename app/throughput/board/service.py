"""The city's board of a day: one row a unit, worst first, with what each still owes, sums, and who is missing."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.core.text import has_words
from app.procedures.rules import System
from app.throughput.approvals import pins as approvals
from app.throughput.approvals.pins import Come
from app.throughput.approvals.rules import stage_of_all
from app.throughput.board.schemas import BoardItem, BoardOut, BoardSystem, BoardTotal, Missing, StateCount, SystemCount
from app.throughput.board.standing import (
    NOTHING_OWED,
    OPEN_RANKS,
    STATES,
    Ranks,
    Standing,
    of_day,
    parts,
    system_count,
    units_of,
)
from app.throughput.forms import Reference
from app.throughput.models import DayTotal, Obligation, Report
from app.throughput.reminders.service import last_made
from app.throughput.rules import COLUMNS, SYSTEMS, Figures
from app.throughput.schemas import rates_out, totals_out
from app.throughput.timing import State

MOST_MISSING = 200
_OBLIGATION = hot.table(Obligation)
_REPORT = hot.table(Report)
_DAY = hot.table(DayTotal)


def board(
    session: Session, caller: Caller, page: Page | None, *, day: date, now: datetime, state: State | None = None,
    q: str | None = None,
) -> BoardOut:  # fmt: skip
    """Return a day's board: the units in the order of their states, and within one by name.

    Sums, counts and who is missing are always of the whole day, whatever page, state or name is asked for.
    """
    all_units = of_day(session, caller, day, now)
    wanted = all_units.units
    if state is not None:
        wanted = [unit for unit in wanted if unit.rank == STATES.index(state)]
    if q is not None:
        wanted = [unit for unit in wanted if has_words(f"{unit.name} {unit.code}", q)]
    shown, following = wanted, None
    if page is not None:
        begin = bisect_right(wanted, _key(page.after), key=lambda unit: unit.place) if page.after is not None else 0
        shown, following = cut(wanted[begin : begin + page.limit + 1], page, lambda unit: unit.place)
    figures = all_units.figures
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


def reported(reference: Reference, ranks: Ranks) -> tuple[list[SystemCount], list[Missing]]:
    """Return how many units each system's reports are in of, and all units that are late with some, by name."""
    late = STATES.index(State.late)
    systems = [system_count(ranks.values(), system) for system in SYSTEMS]
    behind = {unit: [one for one in SYSTEMS if places.get(one) == late] for unit, places in ranks.items()}
    units = units_of(reference, {unit: ranks[unit] for unit, owing in behind.items() if owing})
    return systems, [Missing(unit=one.code, name=one.name, systems=behind[one.unit_id]) for one in units]


def _key(after: list[Any]) -> tuple[int, str, str]:
    if [type(part) for part in after] != [int, str, str]:
        raise Invalid([Fault("?cursor", "bad_cursor")])
    return after[0], after[1], after[2]


def _items(session: Session, units: list[Standing], day: date, now: datetime, *, whole: bool) -> list[BoardItem]:
    """Return the rows of some units, read in a few questions however many they are."""
    # A whole list may hold more units than a statement takes values.
    ids = None if whole else [u.unit_id for u in units]
    reminded = {(unit, system): moment for (unit, _, system), moment in last_made(session, day, day).items()}
    systems = _systems(session, ids, day, now, approvals.of_day(session, day, ids), reminded)
    figures = _figures(session, ids, day)
    return [_item(u, systems.get(u.unit_id, []), figures.get(u.unit_id)) for u in units]


def _systems(
    session: Session,
    ids: list[int] | None,
    day: date,
    now: datetime,
    come: dict[tuple[int, System], Come],
    reminded: dict[tuple[int, System], datetime],
) -> dict[int, list[tuple[BoardSystem, int]]]:
    p = parts(day, now)
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
        received = row.version is not None and row.rank not in OPEN_RANKS
        # The moment belongs to the state: of an outage it is when that was told, whatever had come before.
        is_down = row.rank == STATES.index(State.unavailable)
        came_at = row.updated_at if is_down else row.first_met_at or row.updated_at
        status, corrected = come.get((row.unit_id, System(row.system)), (None, False))
        one = BoardSystem(
            system=System(row.system),
            state=STATES[row.rank] if row.rank < NOTHING_OWED else None,
            due_at=row.due_at,
            received_at=came_at if received else None,
            reminded_at=reminded.get((row.unit_id, System(row.system))) if row.rank in OPEN_RANKS else None,
            status=status,
            corrected_since=corrected,
        )
        out.setdefault(row.unit_id, []).append((one, row.version or 0))
    return out


def _of(table: Any, owed: Any, day: date) -> ColumnElement[bool]:
    return and_(table.c.unit_id == owed.c.unit_id, table.c.system == owed.c.system, table.c.day == day)


def _figures(session: Session, ids: list[int] | None, day: date) -> dict[int, Figures]:
    columns = (*COLUMNS, "post_unsplit")
    query = select(_DAY.c.unit_id, *(_DAY.c[c] for c in columns)).where(_DAY.c.day == day)
    if ids is not None:
        query = query.where(_DAY.c.unit_id.in_(ids))
    out: dict[int, Figures] = {}
    for row in session.execute(query):
        out.setdefault(row[0], Figures()).add(Figures(**dict(zip(columns, row[1:], strict=True))))
    return out


def _item(unit: Standing, known: Iterable[tuple[BoardSystem, int]], figures: Figures | None) -> BoardItem:
    found = {one.system: (one, version) for one, version in known}
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
