"""Readings that follow reports and tasks in the same transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, col

from app.core import events, hot
from app.core.clock import day_of
from app.core.db import upsert
from app.indicators import rules
from app.indicators.computed import amounts, engine
from app.indicators.computed.engine import Computed
from app.indicators.formulas.evaluating import Absent, Given, Quotient, evaluate
from app.indicators.measures.rules import MeasureRef
from app.indicators.readings.events import ReadingRecorded
from app.indicators.readings.models import IndicatorReading, Origin
from app.indicators.rules import CITY, Period, PeriodType, ReadingState, period_at
from app.indicators.sets.models import Definition, Indicator
from app.indicators.turns import take_period_turns
from app.tasks.events import TaskCounted
from app.throughput.forms import Reference
from app.throughput.models import Report
from app.throughput.writing import ReasonsAdded, ReportCorrected, ReportReceived

WAITING = "indicators_moved"  # in a session: by period, until its end
DEFERRED = "indicators_deferred"  # in a session: somebody rebuilds all of it afterwards
BY = "tiendo57"
LARGEST = 2**62
_READING = hot.table(IndicatorReading)
_COLUMNS = tuple(column.name for column in _READING.columns if column.name != "id")
_KEY = ("indicator_id", "place", "period", "number")
_KEPT_UP = ("definition_id", "value", "numerator", "denominator", "as_of", "state", "recorded_at")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a formula came to: numerator and denominator, or decimal text where they are too large; or why nothing."""

    state: ReadingState
    numerator: int | None = None
    denominator: int | None = None
    value: str | None = None


@dataclass
class Moved:
    """What a transaction moved in a period: units' reports, lead units' tasks, readings of places by code."""

    reports: set[int] = field(default_factory=set)
    tasks: set[int] = field(default_factory=set)
    readings: set[tuple[int | None, str]] = field(default_factory=set)

    def moves(self, one: Computed, place: int | None) -> bool:
        """Tell whether a place's figure by a formula may be another now; the whole city's amounts move everywhere."""
        return (
            _among(place, one.dossiers, self.reports)
            or _among(place, one.tasks, self.tasks)
            or any((place, code) in self.readings for code in one.others)
        )


def _among(place: int | None, refs: Collection[MeasureRef], units: set[int]) -> bool:
    if not refs or not units:
        return False
    return place is None or place in units or any(ref.unit is not None for ref in refs)


def on_report(session: Session, event: ReportReceived | ReportCorrected) -> None:
    """Bring the readings of the report's unit and of the city to what the reports now say."""
    follow_reports(session, event.unit_id, event.day)


def on_reasons_added(session: Session, event: ReasonsAdded) -> None:
    """Do so where an opening was explained: it counts in the period's opening."""
    unit_id, day = session.execute(
        select(col(Report.unit_id), col(Report.day)).where(col(Report.id) == event.report_id)
    ).one()
    follow_reports(session, unit_id, day)


def follow_reports(session: Session, unit_id: int, day: date) -> None:
    """Keep a unit's sums of the periods that a day lies in, and all readings that rest on them."""
    for kind in PeriodType:
        _moved(session, period_at(day, kind)).reports.add(unit_id)


def on_task(session: Session, event: TaskCounted) -> None:
    """Bring the readings of a task's lead unit and of the city to where it is counted now."""
    day = day_of(session.info["audit_context"].at)
    for kind in PeriodType:
        _moved(session, period_at(day, kind)).tasks.add(event.lead_unit_id)


def on_reading(session: Session, event: ReadingRecorded) -> None:
    """Bring the readings to a reading that their formulas name."""
    if event.place != rules.NATIONAL:
        _moved(session, rules.period_of(event.period)).readings.add((event.unit_id, event.code))


def _moved(session: Session, period: Period) -> Moved:
    waiting: dict[Period, Moved] = session.info.setdefault(WAITING, {})
    events.at_end(session, follow)
    return waiting.setdefault(period, Moved())


def follow(session: Session) -> None:
    """Work out what a transaction moved, at its end and once.

    The city's figures rest on what all units sent: whoever writes a period's waits for the one who writes it already.
    """
    waiting: dict[Period, Moved] = session.info.pop(WAITING)
    if session.info.get(DEFERRED):
        return
    now = session.info["audit_context"].at
    every = engine.formulas(session)
    held = {period: found for period in waiting if (found := engine.holding(every, period))}
    take_period_turns(session, held)
    for period, found in held.items():
        moved = waiting[period]
        refs = engine.bare(ref for one in found for ref in one.dossiers)
        if refs and moved.reports:
            amounts.keep_units(session, sorted(moved.reports), period, refs, now)
        places = _places(session, found, moved)
        formulas = {place: engine.moved_by(found, partial(moved.moves, place=place)) for place in places}
        refresh_all(session, period, formulas, now)


def _places(session: Session, found: Sequence[Computed], moved: Moved) -> list[int | None]:
    units = moved.reports | moved.tasks | {unit_id for unit_id, _ in moved.readings if unit_id is not None}
    if any(ref.unit is not None for one in found for ref in one.refs):
        units |= {unit.id for unit in Reference.read(session).units.values()}
    return [*sorted(units), None]


def refresh(session: Session, unit_id: int | None, period: Period, found: Sequence[Computed], now: datetime) -> None:
    """Work formulas out for a place and keep what they come to; None: the city."""
    refresh_all(session, period, {unit_id: found}, now)


def refresh_all(
    session: Session, period: Period, formulas: Mapping[int | None, Sequence[Computed]], now: datetime
) -> None:
    """Work out each place's formulas for a period and keep what they come to: read and written for all at once."""
    formulas = {place: found for place, found in formulas.items() if found}
    if not formulas:
        return
    names = {unit.id: unit.code for unit in Reference.read(session).units.values()} | {None: CITY}
    typed = _typed(session, period, {one.indicator_id for found in formulas.values() for one in found}, names, formulas)
    kept = amounts.kept_of(session, formulas, period)
    rows = []
    for unit_id, found in formulas.items():
        place = names[unit_id]
        dossiers = {ref for one in found for ref in one.dossiers}
        given, newest = amounts.of_dossiers(session, unit_id, period, dossiers, kept)
        given |= amounts.of_tasks(session, unit_id, period, {ref for one in found for ref in one.tasks}, now)
        known = others(session, found, place, period)
        led = unit_id is None or (any(one.tasks for one in found) and amounts.leads(session, unit_id, period, now))
        speaking = {one.code: one for one in speaks(found, unit_id, known, reported=newest is not None, led=led)}
        for code, result in work_out(list(speaking.values()), given, known).items():
            one = speaking[code]
            as_of = newest if one.dossiers and newest else min(period.last, day_of(now))
            stands = (one.indicator_id, place) not in typed
            rows.append(reading_row(one, unit_id, place, period, result, as_of, stands, now))
    if rows:
        hot.run_many(session, _upsert(session.get_bind().dialect.name), rows)


def _typed(
    session: Session, period: Period, indicators: Collection[int], names: Mapping[int | None, str],
    places: Collection[int | None],
) -> set[tuple[int, str]]:  # fmt: skip
    """Return of which indicators, at which places, somebody recorded the reading that stands."""
    values = {f"i{n}": one for n, one in enumerate(indicators)}
    values_of_places = {f"a{n}": names[one] for n, one in enumerate(places)}
    query = _recorded(len(values), len(values_of_places))
    return {(row[0], row[1]) for row in hot.run(session, query, {"p": period.name, **values, **values_of_places})}


@lru_cache(maxsize=128)
def _recorded(indicators: int, places: int) -> Any:
    return select(_READING.c.indicator_id, _READING.c.place).where(
        _READING.c.indicator_id.in_([bindparam(f"i{n}") for n in range(indicators)]),
        _READING.c.place.in_([bindparam(f"a{n}") for n in range(places)]),
        _READING.c.period == bindparam("p"), _READING.c.number >= 1, _READING.c.standing,
    )  # fmt: skip


def speaks(
    found: Sequence[Computed], unit_id: int | None, known: Collection[str], *, reported: bool, led: bool
) -> list[Computed]:
    """Return the formulas that count anything of a place: a report received, a task led, another of its readings.

    Of the city none whose set is for units.
    """
    spoken: dict[str, Computed] = {}
    for one in found:
        if unit_id is None and one.of_units:
            continue
        if one.dossiers:
            there = reported
        elif one.tasks:
            there = led
        else:
            there = unit_id is None or any(code in known or code in spoken for code in one.others)
        if there:
            spoken[one.code] = one
    return list(spoken.values())


def work_out(found: Sequence[Computed], given: dict[Any, Any], known: dict[str, Given]) -> dict[str, Outcome]:
    """Return what formulas come to, in their order, each knowing those before; what is known beside goes first."""
    out: dict[str, Outcome] = {}
    known = dict(known)
    for one in found:
        result = evaluate(one.tree, given, known)
        known.setdefault(one.code, result)
        out[one.code] = outcome(result)
    return out


def outcome(result: Quotient | Absent) -> Outcome:
    """Return a result as it is kept: missing is not available; what cannot be worked out has no figure."""
    if isinstance(result, Absent):
        missing = result is Absent.missing
        return Outcome(ReadingState.not_available if missing else ReadingState.provisional)
    if abs(result.numerator) > LARGEST or result.denominator > LARGEST:
        return Outcome(ReadingState.provisional, value=rules.text_of(rules.rounded(result.value)))
    return Outcome(ReadingState.provisional, result.numerator, result.denominator)


def others(session: Session, found: Sequence[Computed], place: str, period: Period) -> dict[str, Given]:
    """Return the standing readings that formulas name: of those worked out with them only what somebody recorded."""
    codes = {code for one in found for code in one.others}
    if not codes:
        return {}
    own = {one.code for one in found}
    query = (
        select(col(Indicator.code), IndicatorReading, col(Definition.unit_of_measure))
        .join(IndicatorReading, col(IndicatorReading.indicator_id) == col(Indicator.id))
        .join(Definition, col(Definition.id) == col(IndicatorReading.definition_id))
        .where(
            col(Indicator.code).in_(codes), col(IndicatorReading.place) == place,
            col(IndicatorReading.period) == period.name, col(IndicatorReading.standing),
            or_(col(IndicatorReading.number) >= 1, col(Indicator.code).not_in(own)),
        )
    )  # fmt: skip
    known: dict[str, Given] = {}
    for code, row, measure in session.execute(query):
        if row.numerator is not None and row.denominator:
            known[code] = Quotient(row.numerator, row.denominator)
        else:
            figure = rules.figure(row.value, row.numerator, row.denominator, measure)
            known[code] = Absent.missing if figure is None else figure / rules.factor(measure)
    return known


def reading_row(
    one: Computed, unit_id: int | None, place: str, period: Period, found: Outcome, as_of: date, standing: bool,
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Return what a formula came to as a row of readings."""
    values: dict[str, Any] = dict.fromkeys(_COLUMNS)
    return values | {
        "indicator_id": one.indicator_id, "definition_id": one.definition_id, "place": place, "unit_id": unit_id,
        "period": period.name, "period_type": period.type.value, "first": period.first, "last": period.last,
        "number": 0, "standing": standing, "value": found.value, "numerator": found.numerator,
        "denominator": found.denominator, "as_of": as_of, "state": found.state.value,
        "origin": Origin.computed.value, "recorded_at": now, "recorded_by": BY,
    }  # fmt: skip


def _upsert(dialect: str) -> Any:
    return _UPSERTS[dialect]


def _made(dialect: str) -> Any:
    insert = upsert(dialect, _READING)
    return insert.on_conflict_do_update(
        index_elements=list(_KEY), set_={name: insert.excluded[name] for name in _KEPT_UP}
    )


_UPSERTS = {dialect: _made(dialect) for dialect in ("sqlite", "postgresql")}
