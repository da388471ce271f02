"""Keeping the ledger equal to the figures: at the end of the very transaction that wrote them.

Who writes notes what was touched; both sides of that are compared once, when all is written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select, tuple_
from sqlmodel import Session

from app.core import audit, events, hot
from app.core.db import take_turns
from app.portal.codes import service as codes
from app.portal.codes.events import PeriodsPulled
from app.portal.codes.models import PortalMonthRow, PortalPeriodRow
from app.portal.comparison import reading
from app.portal.comparison.reading import Cell, Known
from app.portal.comparison.rules import Gap, Measure, Span, both_said, bounds, period_code, span_of
from app.portal.gaps import tolerances
from app.portal.gaps.rules import GapSystem, followed
from app.portal.gaps.writing import (
    GAP,
    GAP_TABLE,
    Change,
    Due,
    Place,
    follow,
    keep_shown,
    place_of,
    standing_of,
)
from app.procedures.models import ExternalCodeChanged
from app.throughput.figures.storing import FiguresStored
from app.throughput.forms import Reference
from app.throughput.statutory.periods import Regime, span
from app.throughput.writing import ReportCorrected, ReportReceived

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
AT_ONCE = 200


class Compared(NamedTuple):
    """What both sides say by what is compared, and the condition on the rows of the ledger that hold the same."""

    found: dict[Place, list[Gap]]
    stand: Any


@dataclass
class _Touched:
    """What a transaction has written so far that the ledger follows, and when.

    `cells`: units' days, with both sides where who wrote a report knew them and nothing was said since.
    """

    at: datetime
    cells: dict[Cell, Known | None] = field(default_factory=dict)
    days: set[tuple[int, date]] = field(default_factory=set)
    periods: set[str] = field(default_factory=set)
    agencies: dict[str, frozenset[int]] = field(default_factory=dict)


def on_report(session: Session, event: ReportReceived | ReportCorrected) -> None:
    """Note that a unit's report of a day is another: both its day and its periods are compared anew."""
    touched = _touched(session, event.written.at)
    if event.written.reference.has_figures(event.unit_id, event.system):
        case = event.written.case
        said = {one.source: one.counts for one in case.said or ()}
        touched.cells[event.unit_id, event.system, event.day] = Known(case.draft.whole, said)
    touched.days.add((event.unit_id, event.day))


def on_figures(session: Session, event: FiguresStored) -> None:
    """Note that a source says something else of a unit's day; with nothing to compare it with there is no gap yet."""
    if not event.alone:
        _touched(session, event.at).cells[event.unit_id, event.system, event.day] = None


def on_pulled(session: Session, event: PeriodsPulled) -> None:
    """Note that the portal's figures of some periods were fetched."""
    _touched(session, event.at).periods.update(event.periods)


def on_code_changed(session: Session, event: ExternalCodeChanged) -> None:
    """Note that an agency of the portal is another unit than before: all that was published of it is compared anew."""
    if event.source == codes.SOURCE and event.units:
        touched = _touched(session, session.info["audit_context"].at)
        touched.agencies[event.search_key] = touched.agencies.get(event.search_key, frozenset()) | event.units


def _touched(session: Session, at: datetime) -> _Touched:
    events.at_end(session, _settle_touched)
    found: _Touched = session.info.setdefault(_TOUCHED, _Touched(at))
    found.at = max(found.at, at)
    return found


def _settle_touched(session: Session) -> None:
    touched: _Touched = session.info.pop(_TOUCHED)
    changes = keep_days(session, touched.cells, touched.at)
    wanted: dict[str, Collection[int] | None] = dict(_published(session, touched.days))
    for agency, units in touched.agencies.items():
        take_turns(session, units)  # who fetches figures meanwhile has them compared by the code of before, or of now
        for period in reading.periods(session, agency):
            wanted[period] = units.union(wanted.get(period) or ())
    wanted.update(dict.fromkeys(touched.periods))
    recorded(session, changes + keep_periods(session, wanted, touched.at))


def recorded(session: Session, changes: list[Change]) -> None:
    """Put what happened to gaps by itself into the audit log, as one entry with whoever wrote the figures."""
    if changes:
        audit.record(session, "portal.gaps_followed", "portal/gaps", after=changes)


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


def keep_days(session: Session, cells: Mapping[Cell, Known | None], now: datetime) -> list[Change]:
    """Compare reports and sources on units' days anew, read where not known; returns what happened to gaps by it."""
    wanted = sorted(cells, key=lambda cell: (cell[2], cell[0], cell[1].value))
    changes: list[Change] = []
    for start in range(0, len(wanted), AT_ONCE):
        compared = of_days(session, {cell: cells[cell] for cell in wanted[start : start + AT_ONCE]})
        changes += settle(session, compared, now)
    return changes


def keep_periods(session: Session, wanted: Mapping[str, Collection[int] | None], now: datetime) -> list[Change]:
    """Compare reports and what the portal publishes of periods anew, each of some units or (None) of all."""
    if not wanted:
        return []
    whose: set[int] = set()
    for units in wanted.values():
        whose.update(every_unit(session) if units is None else units)
    take_turns(session, whose)
    return settle(session, of_periods(session, wanted), now)


def of_days(session: Session, cells: Mapping[Cell, Known | None]) -> Compared:
    """Return what both sides say of units' days, and which rows of the ledger hold them."""
    found = {
        Place(unit, Span.day, day, GapSystem(system.value), source): gaps
        for (unit, system, day, source), gaps in reading.days(session, cells).items()
    }
    keys = [(unit, system.value, day) for unit, system, day in cells]
    return Compared(found, (GAP.span == Span.day.value) & tuple_(GAP.unit_id, GAP.system, GAP.first).in_(keys))


def of_periods(session: Session, wanted: Mapping[str, Collection[int] | None]) -> Compared:
    """Return what both sides say of periods, and which rows of the ledger hold them; read all together."""
    reference = Reference.read(session)
    codes_of = {one.id: code for code, one in reference.units.items()}
    found: dict[Place, list[Gap]] = {}
    stand: list[Any] = []
    asked = {
        period: None if units is None else [codes_of[number] for number in sorted(units)]
        for period, units in sorted(wanted.items())
    }
    for period, both in reading.sides_of(session, asked).items():
        kind, ends = span_of(period), span(period, Regime.calendar)
        assert ends is not None
        units = wanted[period]
        held = (GAP.span == kind.value) & (GAP.first == ends[0])
        stand.append(held if units is None else held & or_(*(GAP.unit_id == number for number in sorted(units))))
        for code in both.ours.keys() & both.theirs.keys():
            number = reference.units[code].id
            assert number is not None
            gaps = both_said(both.ours[code].counts, both.theirs[code].counts)
            found[Place(number, kind, ends[0], GapSystem.both, codes.SOURCE)] = gaps
    return Compared(found, or_(*stand))


def every_unit(session: Session) -> list[int]:
    """Return the numbers of all units."""
    return [number for unit in Reference.read(session).units.values() if (number := unit.id)]


def due(session: Session, compared: Compared) -> Iterator[Due]:
    """Yield what has to happen to gaps so that the ledger is what both sides say now, in the places' order."""
    tolerance = tolerances.current(session)
    rows: dict[tuple[Place, Measure], Any] = {}
    for one in session.execute(select(GAP_TABLE).where(compared.stand)):
        rows[place_of(one), Measure(one.measure)] = one
    said = {(place, gap.measure): gap for place, gaps in compared.found.items() for gap in gaps}
    order = {measure: number for number, measure in enumerate(Measure)}
    keys = {*rows, *(key for key, gap in said.items() if gap.is_beyond(tolerance))}
    for place, measure in sorted(keys, key=lambda key: (key[0], order[key[1]])):
        row = rows.get((place, measure))
        step = followed(standing_of(row) if row else None, said.get((place, measure)), tolerance)
        if step is not None:
            yield Due(place, measure, row, *step, tolerance.version)


def settle(session: Session, compared: Compared, now: datetime) -> list[Change]:
    """Bring the gaps of what was compared to what both sides say now."""
    found = list(due(session, compared))
    changes = [follow(session, one, now) for one in found]
    keep_shown(session, {one.place for one in found})
    return changes
