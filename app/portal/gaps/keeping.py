"""Keeping the ledger equal to the figures: at the end of the very transaction that wrote them.

Who writes notes what was touched; both sides of that are compared once, when all is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, select, tuple_, update
from sqlmodel import Session

from app.core import events, hot
from app.core.db import take_turns
from app.portal.codes import service as codes
from app.portal.codes.events import PeriodsPulled
from app.portal.codes.models import PortalMonthRow, PortalPeriodRow
from app.portal.comparison import reading
from app.portal.comparison.reading import Cell
from app.portal.comparison.rules import Gap, Measure, Span, both_said, bounds, period_code, span_of
from app.portal.gaps import tolerances
from app.portal.gaps.models import PortalGap, PortalGapEvent
from app.portal.gaps.rules import (
    GapChange,
    GapOutcome,
    GapOwner,
    GapState,
    GapSystem,
    Standing,
    followed,
)
from app.procedures.rules import System
from app.throughput.figures.reading import keep_open
from app.throughput.figures.storing import FiguresStored
from app.throughput.forms import Reference
from app.throughput.statutory.periods import Regime, span
from app.throughput.writing import ReportCorrected, ReportReceived

GAP_TABLE: Any = hot.table(PortalGap)
EVENT_TABLE: Any = hot.table(PortalGapEvent)
GAP, EVENT = GAP_TABLE.c, EVENT_TABLE.c
_MONTH, _PERIOD = hot.table(PortalMonthRow).c, hot.table(PortalPeriodRow).c
_LAST_OF_MONTH = select(func.max(_MONTH.known_at)).where(
    _MONTH.year == bindparam("of_year"), _MONTH.month == bindparam("of_month")
)
_LAST_OF_LONGER = (
    select(_PERIOD.period, func.max(_PERIOD.known_at))
    .where((_PERIOD.period == bindparam("quarter")) | (_PERIOD.period == bindparam("whole_year")))
    .group_by(_PERIOD.period)
)
_TOUCHED = "gaps_touched"
OF_PORTAL = (Span.month, Span.quarter, Span.year)
# What a reason and an end leave behind; the history keeps them.
FRESH: dict[str, Any] = dict.fromkeys(
    ("reason", "note", "explained_at", "explained_by", "explained_size", "outcome", "closed_at", "closed_by")
)
AT_ONCE = 200


class Place(NamedTuple):
    """What is compared: a unit's day or period in one system, with one source."""

    unit_id: int
    span: Span
    first: date
    system: GapSystem
    source: str


@dataclass
class _Touched:
    """What a transaction has written so far that the ledger follows, and when."""

    at: datetime
    cells: set[Cell] = field(default_factory=set)
    days: set[tuple[int, date]] = field(default_factory=set)
    periods: set[str] = field(default_factory=set)


def on_report(session: Session, event: ReportReceived | ReportCorrected) -> None:
    """Note that a unit's report of a day is another: both its day and its periods are compared anew."""
    touched = _touched(session, event.written.at)
    if event.written.reference.has_figures(event.unit_id, event.system):
        touched.cells.add((event.unit_id, event.system, event.day))
    touched.days.add((event.unit_id, event.day))


def on_figures(session: Session, event: FiguresStored) -> None:
    """Note that a source says something else of a unit's day."""
    _touched(session, event.at).cells.add((event.unit_id, event.system, event.day))


def on_pulled(session: Session, event: PeriodsPulled) -> None:
    """Note that the portal's figures of some periods were fetched."""
    _touched(session, event.at).periods.update(event.periods)


def _touched(session: Session, at: datetime) -> _Touched:
    events.at_end(session, _settle_touched)
    found: _Touched = session.info.setdefault(_TOUCHED, _Touched(at))
    found.at = max(found.at, at)
    return found


def _settle_touched(session: Session) -> None:
    touched: _Touched = session.info.pop(_TOUCHED)
    if touched.cells:
        keep_days(session, touched.cells, touched.at)
    for period, units in _published(session, touched.days).items():
        if period not in touched.periods:
            keep_period(session, period, touched.at, units)
    for period in sorted(touched.periods):
        keep_period(session, period, touched.at)


def _published(session: Session, days: Iterable[tuple[int, date]]) -> dict[str, set[int]]:
    """Return the periods whose published figures reach some units' days, with those units."""
    found: dict[str, set[int]] = defaultdict(set)
    by_month: dict[date, list[tuple[int, date]]] = defaultdict(list)
    for unit, day in days:
        by_month[day.replace(day=1)].append((unit, day))
    for month, of_month in by_month.items():
        codes_of = [period_code(one, bounds(one, month)[0]) for one in OF_PORTAL]
        known = _known(session, codes_of)
        if known:
            cut_off = Reference.read(session).form.city_cut_off
            for period, at in known.items():
                through = reading.counted_through(at, cut_off)
                if units := {unit for unit, day in of_month if day <= through}:
                    found[period] |= units
    return found


def _known(session: Session, periods: list[str]) -> dict[str, datetime]:
    """Return when the figures of a month, a quarter and a year were fetched last, of those that are there."""
    month, quarter, year = periods
    ((of_month,),) = hot.run(session, _LAST_OF_MONTH, {"of_year": int(month[:4]), "of_month": int(month[5:])})
    rows = hot.run(session, _LAST_OF_LONGER, {"quarter": quarter, "whole_year": year})
    return {period: at for period, at in [(month, of_month), *rows] if at is not None}


def keep_days(session: Session, cells: Iterable[Cell], now: datetime) -> int:
    """Compare reports and sources on units' days anew; returns how many gaps changed by it."""
    wanted = sorted(cells, key=lambda cell: (cell[2], cell[0], cell[1].value))
    count = 0
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        found = {
            Place(unit, Span.day, day, GapSystem(system.value), source): gaps
            for (unit, system, day, source), gaps in reading.days(session, part).items()
        }
        keys = [(unit, system.value, day) for unit, system, day in part]
        stand = (GAP.span == Span.day.value) & tuple_(GAP.unit_id, GAP.system, GAP.first).in_(keys)
        count += _settle(session, found, stand, now)
    return count


def keep_period(session: Session, period: str, now: datetime, units: Iterable[int] | None = None) -> int:
    """Compare reports and what the portal publishes of a period anew; returns how many gaps changed by it."""
    reference = Reference.read(session)
    codes_of = {one.id: code for code, one in reference.units.items()}
    numbers = sorted(codes_of if units is None else units)
    take_turns(session, numbers)
    kind, ends = span_of(period), span(period, Regime.calendar)
    assert ends is not None
    first, last = ends
    both = reading.sides(session, period, first, last, [codes_of[number] for number in numbers])
    found = {}
    for code in both.ours.keys() & both.theirs.keys():
        number = reference.units[code].id
        assert number is not None
        gaps = both_said(both.ours[code].counts, both.theirs[code].counts)
        found[Place(number, kind, first, GapSystem.both, codes.SOURCE)] = gaps
    stand = (GAP.span == kind.value) & (GAP.first == first) & GAP.unit_id.in_(numbers)
    return _settle(session, found, stand, now)


def _settle(session: Session, found: Mapping[Place, list[Gap]], stand: Any, now: datetime) -> int:
    """Bring the gaps of what was compared to what both sides say now."""
    tolerance = tolerances.current(session)
    rows: dict[tuple[Place, Measure], Any] = {}
    for one in session.execute(select(GAP_TABLE).where(stand)):
        place = Place(one.unit_id, Span(one.span), one.first, GapSystem(one.system), one.source)
        rows[place, Measure(one.measure)] = one
    said = {(place, gap.measure): gap for place, gaps in found.items() for gap in gaps}
    touched = set()
    order = {measure: number for number, measure in enumerate(Measure)}
    keys = {*rows, *(key for key, gap in said.items() if gap.is_beyond(tolerance))}
    for key in sorted(keys, key=lambda key: (key[0], order[key[1]])):
        place, measure = key
        row = rows.get(key)
        step = followed(standing_of(row) if row else None, said.get(key), tolerance)
        if step is None:
            continue
        touched.add(place)
        if row is None:
            _open(session, place, measure, step[1], tolerance.version, now)
        else:
            _change(session, row, *step, tolerance.version, now)
    keep_shown(session, touched)
    return len(touched)


def standing_of(row: Any) -> Standing:
    """Return a stored gap as the rules read it."""
    outcome = None if row.outcome is None else GapOutcome(row.outcome)
    return Standing(GapState(row.state), row.ours, row.theirs, outcome, row.explained_size)


def _open(
    session: Session, place: Place, measure: Measure, standing: Standing, tolerance: int, now: datetime
) -> None:  # fmt: skip
    values = FRESH | {
        "unit_id": place.unit_id, "span": place.span.value, "first": place.first,
        "last": bounds(place.span, place.first)[1], "system": place.system.value, "source": place.source,
        "measure": measure.value, "ours": standing.ours, "theirs": standing.theirs, "tolerance": tolerance,
        "state": standing.state.value, "owner": GapOwner.ward_officer.value, "opened_at": now, "first_opened_at": now,
        "version": 1,
    }  # fmt: skip
    number = session.execute(insert(GAP_TABLE).returning(GAP.id), values).scalar_one()
    note(session, number, values, GapChange.opened, now)


def _change(
    session: Session, row: Any, change: GapChange, standing: Standing, tolerance: int, now: datetime
) -> None:  # fmt: skip
    values: dict[str, Any] = {
        "ours": standing.ours, "theirs": standing.theirs, "state": standing.state.value, "tolerance": tolerance,
    }  # fmt: skip
    if change is GapChange.reopened:
        values |= FRESH | {"opened_at": max(now, row.opened_at)}
    elif change in (GapChange.matched, GapChange.gone):
        assert standing.outcome is not None
        values |= {"outcome": standing.outcome.value, "closed_at": now, "closed_by": None}
    write(session, row, values, change, now)


def write(
    session: Session, row: Any, values: Mapping[str, Any], change: GapChange, now: datetime, by: str | None = None,
    told: str | None = None,
) -> None:  # fmt: skip
    """Change a gap and put down what happened; `told`: words that belong to the step alone.

    Who began earlier may write later: no step is dated before the one that it follows.
    """
    now = max(now, session.execute(select(func.max(EVENT.at)).where(EVENT.gap_id == row.id)).scalar_one())
    values = {**values, "version": row.version + 1}
    session.execute(update(GAP_TABLE).where(GAP.id == row.id).values(values))
    note(session, row.id, {**row._mapping, **values}, change, now, by, told)


def note(
    session: Session, number: int, gap: Mapping[str, Any], change: GapChange, now: datetime, by: str | None = None,
    told: str | None = None,
) -> None:  # fmt: skip
    """Add a step to a gap's history."""
    explained, ended = change is GapChange.explained, gap["outcome"] is not None
    row = {
        "gap_id": number, "version": gap["version"], "at": now, "change": change.value, "by": by,
        "ours": gap["ours"], "theirs": gap["theirs"], "owner": gap["owner"],
        "reason": gap["reason"] if explained else None, "outcome": gap["outcome"] if ended else None,
        "note": told or (gap["note"] if explained else None),
    }  # fmt: skip
    session.execute(insert(EVENT_TABLE), row)


def keep_shown(session: Session, places: Iterable[Place]) -> None:
    """Tell each unit-day's own table how many of its gaps want a reason: the day's form shows that."""
    for place in places:
        if place.span is Span.day:
            query = select(func.count()).where(
                GAP.unit_id == place.unit_id, GAP.span == Span.day.value, GAP.first == place.first,
                GAP.system == place.system.value, GAP.source == place.source, GAP.state == GapState.open.value,
            )  # fmt: skip
            keep_open(
                session, place.unit_id, place.first, System(place.system.value), place.source,
                session.execute(query).scalar_one(),
            )  # fmt: skip
