"""Both sides of a comparison as they stand: our sums, what the portal publishes, what a source says of a day."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Date, Integer, String, bindparam, func, literal, select, tuple_, union_all
from sqlmodel import Session

from app.core import hot
from app.core.clock import at, day_of
from app.core.text import search_key
from app.portal.codes import service as codes
from app.portal.codes.models import PortalMonthRow, PortalPeriodRow
from app.portal.comparison.rules import (
    Counts,
    Gap,
    Measure,
    both_said,
    our_counts,
    said_counts,
    together,
)
from app.portal.events.models import PortalDossier
from app.procedures.rules import System
from app.throughput.figures.models import ExternalFigure, FigureDay
from app.throughput.figures.reading import DAY, FIELD, FIGURE, reported
from app.throughput.forms import Reference
from app.throughput.models import DayTotal
from app.throughput.rules import Line, figures_of
from app.throughput.statutory.periods import Regime, span
from app.units.models import Unit

_T = hot.table(DayTotal).c
_SUMS = (
    _T.received_online, _T.received_counter, _T.received_post, _T.resolved_early + _T.resolved_on_time,
    _T.resolved_overdue, _T.post_unsplit,
)  # fmt: skip
AT_ONCE = 200
PARTS_AT_ONCE = 50  # of one compound query


_MONTH, _PERIOD = hot.table(PortalMonthRow).c, hot.table(PortalPeriodRow).c


@dataclass(frozen=True)
class Ours:
    """What a unit's reports of some days say, and to which day."""

    counts: Counts
    through: date


@dataclass(frozen=True)
class Theirs:
    """What the portal says of a unit's period, and since when we know."""

    counts: Counts
    known_at: datetime


@dataclass(frozen=True)
class Sides:
    """Both sides of a period, by unit; and the portal's agencies that are no unit of ours."""

    ours: dict[str, Ours]
    theirs: dict[str, Theirs]
    unmapped: list[str]


Cell = tuple[int, System, date]  # a unit's day in one system


class Known(NamedTuple):
    """Both sides of a unit's day: the whole report's lines, None without one, and what each source says."""

    lines: Mapping[str, Line] | None
    said: Mapping[str, Mapping[str, Mapping[str, int]]]


OfSource = tuple[int, System, date, str]


def periods(session: Session, agency: str | None = None) -> list[str]:
    """Return the months, quarters and years of which the portal published anything; of one agency, by folded code."""
    months = session.execute(select(_MONTH.agency, _MONTH.year, _MONTH.month).distinct())
    longer = session.execute(select(_PERIOD.agency, _PERIOD.period).distinct())
    of_agency = [(of, f"{year}-{month:02}") for of, year, month in months] + [tuple(row) for row in longer]
    return sorted({period for of, period in of_agency if agency in (None, search_key(of))})


def sides(session: Session, period: str, units: Collection[str] | None = None) -> Sides:
    """Return both sides of a period; `units`: only those, by code."""
    return sides_of(session, {period: units})[period]


def sides_of(session: Session, wanted: Mapping[str, Collection[str] | None]) -> dict[str, Sides]:
    """Return both sides of periods, each of all units or some; our reports up to the day that the portal's can reach.

    The portal counts a dossier whichever system it lies in, so our reports of both systems are added up.
    """
    reference = Reference.read(session)
    cut_off = reference.form.city_cut_off
    found: dict[str, Sides] = {}
    asked: dict[str, tuple[date, dict[str, date]]] = {}
    for period, rows in codes.published(session, wanted).items():
        units, ends = wanted[period], span(period, Regime.calendar)
        assert ends is not None
        theirs, unmapped = _theirs(rows, units)
        last_of = {
            code: min(ends[1], counted_through(theirs[code].known_at, cut_off)) if code in theirs else ends[1]
            for code in (reference.units if units is None else units)
        }
        found[period] = Sides({}, theirs, unmapped)
        asked[period] = ends[0], last_of
    for period, ours in _summed(session, reference, asked).items():
        found[period].ours.update(ours)
    return found


def _theirs(
    rows: Iterable[codes.Published], units: Collection[str] | None
) -> tuple[dict[str, Theirs], list[str]]:  # fmt: skip
    """Return what the portal says of some units, and the names of agencies that are none."""
    parts: dict[str, list[Theirs]] = defaultdict(list)
    unmapped = []
    for one in rows:
        if one.unit is None:
            unmapped.append(one.name)
        elif (units is None or one.unit in units) and any(count is not None for count in one.counts.values()):
            counts: Counts = {measure: one.counts[measure.value] for measure in Measure}
            parts[one.unit].append(Theirs(counts, one.known_at))
    return {
        code: Theirs(together(one.counts for one in of), min(one.known_at for one in of)) for code, of in parts.items()
    }, unmapped


def counted_through(known_at: datetime, cut_off: time) -> date:
    """Return the last whole day that figures known at a moment can hold: that day once its cut-off is over."""
    day = day_of(known_at)
    return day if known_at >= at(day, cut_off) else day - timedelta(days=1)


def _summed(
    session: Session, reference: Reference, asked: Mapping[str, tuple[date, Mapping[str, date]]]
) -> dict[str, dict[str, Ours]]:  # fmt: skip
    """Return units' sums of several spans, each from its first day to the unit's own last one; read all together."""
    parts: list[Any] = []
    codes_of = {unit.id: code for code, unit in reference.units.items()}
    for name, (first, ends) in asked.items():
        by_end: dict[date, list[int]] = defaultdict(list)
        for code, end in ends.items():
            number = reference.units[code].id
            assert number is not None
            by_end[end].append(number)
        parts += [
            select(literal(name), _T.unit_id, func.max(_T.day), *map(func.sum, _SUMS))
            .where(
                _T.unit_id == numbers[0] if len(numbers) == 1 else _T.unit_id.in_(numbers), _T.day.between(first, end)
            )
            .group_by(_T.unit_id)
            for end, numbers in by_end.items()
        ]
    found: dict[str, dict[str, Ours]] = {name: {} for name in asked}
    for start in range(0, len(parts), PARTS_AT_ONCE):
        for name, number, through, *counts, unsplit in session.execute(
            union_all(*parts[start : start + PARTS_AT_ONCE])
        ):
            found[name][codes_of[number]] = Ours(our_counts(*counts, is_split=not unsplit), through)
    return found


def of_days(session: Session, unit: Unit, first: date, last: date) -> Counts:
    """Return what a unit's reports of some days say, zero where there is none."""
    found = _summed(session, Reference.read(session), {"": (first, {unit.code: last})})[""]
    return found[unit.code].counts if unit.code in found else dict.fromkeys(Measure, 0)


def days(session: Session, cells: Mapping[Cell, Known | None]) -> dict[OfSource, list[Gap]]:
    """Return how reports and sources stand to each other on units' days: what both say, differing or not.

    What is known of a day, because it was just written, is not read again. A source speaks of the fields that it names;
    one that sends every dossier (events) of all of them.
    """
    found: dict[OfSource, list[Gap]] = {}
    both = {cell: known for cell, known in cells.items() if known is not None}
    unread = sorted((cell for cell in cells if cell not in both), key=lambda cell: (cell[2], cell[0], cell[1].value))
    for start in range(0, len(unread), AT_ONCE):
        both |= _read(session, unread[start : start + AT_ONCE])
    whole = {source for source in {one for known in both.values() for one in known.said} if _is_whole(session, source)}
    for cell, (lines, said) in both.items():
        for source, of in said.items():
            if lines is None or (not of and source not in whole):
                continue  # nothing stands to it; or all that it said was taken back: it says nothing, not zero
            spoken = lines if source in whole else {code: one for code, one in lines.items() if code in of}
            found[*cell, source] = both_said(_day_counts(spoken.values()), said_counts(of))
    return found


def _read(session: Session, cells: list[Cell]) -> dict[Cell, Known]:
    lines = reported(session, {cell[0] for cell in cells}, min(cell[2] for cell in cells), cells[-1][2])
    said = _said(session, [cell for cell in cells if cell in lines])  # nothing stands to the rest
    return {cell: Known(lines.get(cell), said.get(cell, {})) for cell in cells}


def _day_counts(lines: Collection[Line]) -> Counts:
    of = figures_of(lines)
    return our_counts(
        of.received_online, of.received_counter, of.received_post, of.resolved_early + of.resolved_on_time,
        of.resolved_overdue, is_split=not of.post_unsplit,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _said_of(cells: int) -> Any:
    """Return the statement for so many cells."""
    keys = [
        tuple_(bindparam(f"u{n}", type_=Integer), bindparam(f"s{n}", type_=String), bindparam(f"d{n}", type_=Date))
        for n in range(cells)
    ]
    return (
        select(DAY.unit_id, DAY.system, DAY.day, DAY.source, FIELD.code, FIGURE.measure, FIGURE.value)
        .select_from(hot.table(FigureDay))
        .outerjoin(hot.table(ExternalFigure), (FIGURE.figure_day_id == DAY.id) & FIGURE.known_to.is_(None))
        .outerjoin(FIELD.code.table, FIELD.id == FIGURE.field_id)
        .where(tuple_(DAY.unit_id, DAY.system, DAY.day).in_(keys))
    )


def _said(session: Session, cells: list[Cell]) -> dict[Cell, dict[str, dict[str, dict[str, int]]]]:
    """Return what each source says of units' days, by field and column; where nothing is named it is there, empty."""
    if not cells:
        return {}
    units = hot.several("u", [unit for unit, _, _ in cells])
    systems_of, days = hot.several("s", [s.value for _, s, _ in cells]), hot.several("d", [day for *_, day in cells])
    rows = hot.gather(session, _said_of(len(units)), units | systems_of | days)
    found: dict[Cell, dict[str, dict[str, dict[str, int]]]] = {}
    systems = {system.value: system for system in System}
    for unit, system, day, source, field, measure, value in rows:
        of = found.setdefault((unit, systems[system], day), {}).setdefault(source, {})
        if field is not None:
            of.setdefault(field, {})[measure] = value
    return found


_DOSSIER = hot.table(PortalDossier).c
_ANY_DOSSIER = select(_DOSSIER.dossier).where(_DOSSIER.source == bindparam("of_source")).limit(1)


def _is_whole(session: Session, source: str) -> bool:
    """Tell whether a source sends every dossier: what it does not name is none."""
    return bool(hot.run(session, _ANY_DOSSIER, {"of_source": source}))
