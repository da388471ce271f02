"""The whole ledger compared anew part by part, for what has no event of its own; and a proof of all of it."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import func, select, tuple_
from sqlmodel import Session

from app.core import audit, hot
from app.core.clock import Clock
from app.core.db import Database, take_turns
from app.portal.comparison import reading
from app.portal.comparison.reading import Cell
from app.portal.comparison.rules import Span, period_code
from app.portal.gaps import keeping
from app.portal.gaps.rules import ENDED, GapState
from app.portal.gaps.writing import EVENT, EVENT_TABLE, GAP, GAP_TABLE, Change, Due
from app.procedures.rules import System
from app.throughput.figures.models import FigureDay
from app.throughput.figures.reading import DAY
from app.throughput.forms import Reference

DAYS, PERIODS = 400, 4  # of a part: some tenths of a second, for which nobody else writes on SQLite
NAMED = 20  # of what differs


class Through(NamedTuple):
    """How far the ledger was walked: the last day of another system, then the last period of the portal."""

    day: date | None = None
    id: int | None = None
    period: str | None = None


class Part(NamedTuple):
    """A piece of the ledger: units' days or periods, where it ends, and how much it is."""

    cells: list[Cell]
    periods: list[str]
    through: Through
    size: int


def part_after(session: Session, through: Through) -> Part | None:
    """Return the piece that follows; None at the end. Days come first, the oldest first, then periods."""
    if through.period is None:
        query = select(DAY.day, DAY.id, DAY.unit_id, DAY.system).order_by(DAY.day, DAY.id).limit(DAYS)
        if through.day is not None:
            query = query.where(tuple_(DAY.day, DAY.id) > (through.day, through.id))
        rows = list(session.execute(query))
        if rows:
            cells = {(unit, System(system), day) for day, _, unit, system in rows}
            return Part(sorted(cells), [], Through(rows[-1].day, rows[-1].id), len(rows))
    found = [period for period in reading.periods(session) if through.period is None or period > through.period][
        :PERIODS
    ]
    return Part([], found, through._replace(period=found[-1]), len(found)) if found else None


def compare(session: Session, part: Part, now: datetime) -> list[Change]:
    """Bring a piece of the ledger to what both sides say now; the caller holds the turns of its units."""
    changes = keeping.keep_days(session, dict.fromkeys(part.cells), now)
    return changes + keeping.keep_periods(session, dict.fromkeys(part.periods), now)


def rebuild(database: Database, clock: Clock, by: audit.Context) -> int:
    """Compare all that both sides ever said anew; returns what happened to gaps by it.

    For what has no event of its own, as an agency that was given another meaning. Each part is a transaction: nobody
    waits for the whole, and what was cut off is begun again.
    """
    count, through = 0, Through()
    while True:
        with database.write() as session:
            session.info["audit_context"] = by
            part = part_after(session, through)
            if part is None:
                return count
            take_turns(session, {cell[0] for cell in part.cells})
            changes = compare(session, part, clock.now())
            keeping.recorded(session, changes)
        count, through = count + len(changes), part.through


def differences(session: Session, through: Through | None = None) -> list[str]:
    """Return a sentence for each gap that is not as both sides, its history or its day's own table say; some are named.

    `through`: only what was walked so far, as while another tolerance goes through the ledger.
    """
    return [
        *_named(_not_followed(session, through), "gaps are not as reports and other systems say"),
        *_named(_not_as_told(session), "gaps are not as their history says"),
        *_named(_not_counted(session), "days tell another number of open gaps"),
    ]


def _named(found: Iterator[str], what: str) -> Iterator[str]:
    yield from islice(found, NAMED)
    more = sum(1 for _ in found)
    if more:
        yield f"portal_gaps: {more} more {what}"


def _not_followed(session: Session, until: Through | None) -> Iterator[str]:
    codes = {unit.id: code for code, unit in Reference.read(session).units.items()}
    through = Through()
    while (part := part_after(session, through)) is not None:
        through = part.through
        if until is not None and not _is_within(through, until):
            return
        for compared in (
            *([keeping.of_days(session, dict.fromkeys(part.cells))] if part.cells else []),
            *([keeping.of_periods(session, dict.fromkeys(part.periods))] if part.periods else []),
        ):
            for one in keeping.due(session, compared):
                yield _said(codes[one.place.unit_id], one)


def _is_within(through: Through, until: Through) -> bool:
    if through.period is not None:
        return until.period is not None and through.period <= until.period
    return until.day is not None and (through.day, through.id) <= (until.day, until.id)


def _said(unit: str, one: Due) -> str:
    place, stands, wanted = one.place, one.row, one.standing
    kept = f"{stands.state} with {stands.ours} and {stands.theirs}" if stands is not None else "nothing"
    gap = f"portal_gaps {stands.id}" if stands is not None else "portal_gaps"
    where = f"{unit} {period_code(place.span, place.first)} {place.system.value} {place.source} {one.measure.value}"
    return f"{gap} {where}: kept {kept}, should be {wanted.state.value} with {wanted.ours} and {wanted.theirs}"


def _not_as_told(session: Session) -> Iterator[str]:
    """Yield the gaps that are not as the last step of their history left them, or lack a step."""
    steps = select(EVENT.gap_id, func.count().label("count")).group_by(EVENT.gap_id).subquery()
    same = ("ours", "theirs", "owner", "outcome")
    differs = steps.c.count.is_distinct_from(GAP.version)
    for name in same:
        differs |= GAP[name].is_distinct_from(EVENT[name])
    differs |= EVENT.change.in_(ENDED) & GAP.closed_at.is_distinct_from(EVENT.at)
    query = (
        select(GAP.id, GAP.version, steps.c.count, *(GAP[name] for name in same), *(EVENT[name] for name in same))
        .select_from(GAP_TABLE)
        .outerjoin(EVENT_TABLE, (EVENT.gap_id == GAP.id) & (EVENT.version == GAP.version))
        .outerjoin(steps, steps.c.gap_id == GAP.id)
        .where(differs)
        .order_by(GAP.id)
    )
    for number, version, count, *values in session.execute(query):
        kept, told = values[: len(same)], values[len(same) :]
        yield f"portal_gaps {number}: version {version} of {count or 0} steps is {kept}, its last step says {told}"


_OPEN = (
    select(GAP.unit_id, GAP.system, GAP.first, GAP.source, func.count().label("count"))
    .where(GAP.span == Span.day.value, GAP.state == GapState.open.value)
    .group_by(GAP.unit_id, GAP.system, GAP.first, GAP.source)
    .subquery()
)


def _not_counted(session: Session) -> Iterator[str]:
    """Yield the unit-days whose own table tells another number of open gaps than the ledger."""
    kept, counted = DAY.open_gaps, func.coalesce(_OPEN.c.count, 0)
    query: Any = (
        select(DAY.unit_id, DAY.system, DAY.day, kept, counted)
        .select_from(hot.table(FigureDay))
        .outerjoin(
            _OPEN,
            (_OPEN.c.unit_id == DAY.unit_id) & (_OPEN.c.system == DAY.system) & (_OPEN.c.first == DAY.day)
            & (_OPEN.c.source == DAY.source),
        )
        .where(kept != counted)
    )  # fmt: skip
    for unit, system, day, of, count in session.execute(query):
        yield f"figure_days {unit} {system} {day}: kept {of} open gaps, the ledger has {count}"
