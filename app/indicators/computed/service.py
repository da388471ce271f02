"""Readings that follow reports and tasks in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from app.core import hot
from app.core.clock import day_of
from app.core.db import upsert
from app.indicators import rules
from app.indicators.computed import amounts, engine
from app.indicators.computed.engine import Computed
from app.indicators.formulas.evaluating import Absent, Given, Quotient, evaluate, rounded
from app.indicators.readings.events import ReadingRecorded
from app.indicators.readings.models import IndicatorReading, Origin
from app.indicators.rules import CITY, Period, PeriodType, ReadingState, period_at
from app.indicators.sets.models import Definition, Indicator
from app.tasks.events import TaskCounted
from app.throughput.forms import Reference
from app.throughput.models import Report
from app.throughput.writing import ReasonsAdded, ReportCorrected, ReportReceived

DEFERRED = "indicators_deferred"  # in a session: somebody rebuilds all of it afterwards
BY = "tiendo57"
LARGEST = 2**62
_READING = hot.table(IndicatorReading)
_COLUMNS = tuple(column.name for column in _READING.columns if column.name != "id")
_KEY = ("indicator_id", "place", "period", "number")
_KEPT_UP = ("definition_id", "value", "numerator", "denominator", "as_of", "state", "recorded_at")
_typed = select(_READING.c.indicator_id, _READING.c.place).where(
    _READING.c.period == bindparam("p"), _READING.c.place.in_([bindparam("a"), bindparam("b")]), _READING.c.number >= 1,
    _READING.c.standing,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a formula came to: numerator and denominator, or decimal text where they are too large; or why nothing."""

    state: ReadingState
    numerator: int | None = None
    denominator: int | None = None
    value: str | None = None


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
    if session.info.get(DEFERRED):
        return
    now = session.info["audit_context"].at
    for period, found in _of_day(session, day):
        refs = {ref for one in found for ref in one.dossiers}
        if refs:
            amounts.keep_unit(session, unit_id, period, refs, now)
            refresh(session, [unit_id, None], period, engine.moved_by(found, dossiers=True), now)


def on_task(session: Session, event: TaskCounted) -> None:
    """Bring the readings of a task's lead unit and of the city to where it is counted now."""
    if session.info.get(DEFERRED):
        return
    now = session.info["audit_context"].at
    for period, found in _of_day(session, day_of(now)):
        moved = engine.moved_by(found, tasks=True)
        refresh(session, [event.lead_unit_id, None], period, moved, now)


def on_reading(session: Session, event: ReadingRecorded) -> None:
    """Bring the readings to a reading that their formulas name."""
    now = session.info["audit_context"].at
    period = rules.period_of(event.period)
    found = engine.moved_by(engine.holding(engine.formulas(session), period), code=event.code)
    if event.place != rules.NATIONAL:
        refresh(session, [event.unit_id], period, found, now)


def _of_day(session: Session, day: date) -> list[tuple[Period, list[Computed]]]:
    """Return the periods of a day that some formula is read for."""
    every = engine.formulas(session)
    periods = [period_at(day, kind) for kind in PeriodType]
    held = [(period, engine.holding(every, period)) for period in periods]
    return [(period, found) for period, found in held if found]


def refresh(
    session: Session, places: Sequence[int | None], period: Period, found: Sequence[Computed], now: datetime
) -> None:
    """Work formulas out for some places and keep what they come to; None: the city."""
    if not found:
        return
    names = _names(session, places)
    typed = {tuple(row) for row in hot.run(session, _typed, {"p": period.name, "a": names[0], "b": names[-1]})}
    rows = []
    for unit_id, place in zip(places, names, strict=True):
        dossiers = {ref for one in found for ref in one.dossiers}
        given, newest = amounts.of_dossiers(session, unit_id, period, dossiers)
        tasks = amounts.of_tasks(session, unit_id, period, {ref for one in found for ref in one.tasks}, now)
        outcomes = work_out(found, given | tasks, others(session, found, place, period))
        for one in found:
            as_of = newest if one.dossiers and newest else min(period.last, day_of(now))
            standing = (one.indicator_id, place) not in typed
            rows.append(reading_row(one, unit_id, place, period, outcomes[one.code], as_of, standing, now))
    hot.run_many(session, _upsert(session.get_bind().dialect.name), rows)


def _names(session: Session, places: Sequence[int | None]) -> list[str]:
    codes = {unit.id: unit.code for unit in Reference.read(session).units.values()}
    return [CITY if unit_id is None else codes[unit_id] for unit_id in places]


def work_out(found: Sequence[Computed], given: dict[Any, Any], known: dict[str, Given]) -> dict[str, Outcome]:
    """Return what formulas come to, in their order, each knowing those before."""
    out: dict[str, Outcome] = {}
    known = dict(known)
    for one in found:
        result = evaluate(one.tree, given, known)
        known[one.code] = result
        out[one.code] = outcome(result)
    return out


def outcome(result: Quotient | Absent) -> Outcome:
    """Return a result as it is kept: missing is not available; what cannot be worked out has no figure."""
    if isinstance(result, Absent):
        missing = result is Absent.missing
        return Outcome(ReadingState.not_available if missing else ReadingState.provisional)
    if abs(result.numerator) > LARGEST or result.denominator > LARGEST:
        return Outcome(ReadingState.provisional, value=rules.text_of(rounded(result.value)))
    return Outcome(ReadingState.provisional, result.numerator, result.denominator)


def others(session: Session, found: Sequence[Computed], place: str, period: Period) -> dict[str, Given]:
    """Return the standing readings that formulas name and that are not worked out with them."""
    codes = {code for one in found for code in one.others} - {one.code for one in found}
    if not codes:
        return {}
    query = (
        select(col(Indicator.code), IndicatorReading, col(Definition.unit_of_measure))
        .join(IndicatorReading, col(IndicatorReading.indicator_id) == col(Indicator.id))
        .join(Definition, col(Definition.id) == col(IndicatorReading.definition_id))
        .where(
            col(Indicator.code).in_(codes), col(IndicatorReading.place) == place,
            col(IndicatorReading.period) == period.name, col(IndicatorReading.standing),
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
