"""All that is worked out, made anew from reports and tasks, and compared with what is kept."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, true
from sqlmodel import Session, col

from app.core import events, hot
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.indicators.computed import amounts, engine
from app.indicators.computed.models import IndicatorInput
from app.indicators.computed.service import Outcome, others, reading_row, speaks, work_out
from app.indicators.measures import service as measures
from app.indicators.measures.rules import ALL_TASKS, MeasureRef
from app.indicators.readings.models import IndicatorReading
from app.indicators.rules import CITY, Period, PeriodType, ReadingState, period_at, period_of
from app.indicators.sets.models import Definition, SetVersion
from app.indicators.turns import take_period_turns
from app.tasks.models import TaskState
from app.throughput.forms import Reference
from app.throughput.models import DayTotal

_READING = hot.table(IndicatorReading)
_INPUT = hot.table(IndicatorInput)
_TASKS = MeasureRef(ALL_TASKS)
BROUGHT = "indicators_brought"  # in a session: the day from which on a new version holds
AT_ONCE = 12  # periods read together


def periods(session: Session, now: datetime) -> list[list[Period]]:
    """Return the periods that some formula is read for, from the first report or task on, in handfuls."""
    first = min(filter(None, _begins(session)), default=None)
    if first is None:
        return []
    found: list[list[Period]] = []
    for kind in dict.fromkeys(one.period_type for one in engine.formulas(session)):
        every = _between(first, day_of(now), kind)
        found += [every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE)]
    return found


def _begins(session: Session) -> tuple[date | None, date | None]:
    begun = session.scalar(select(func.min(col(TaskState.from_at))))
    return session.scalar(select(func.min(col(DayTotal.day)))), day_of(begun) if begun else None


def _between(first: date, last: date, kind: PeriodType) -> list[Period]:
    period = period_at(first, kind)
    found = [period]
    while period.last < last:
        period = period_at(date.fromordinal(period.last.toordinal() + 1), kind)
        found.append(period)
    return found


def rebuild(session: Session, now: datetime, advance: Callable[[int], None] = lambda _: None) -> int:
    """Make all kept inputs and computed readings anew; returns how many readings there are."""
    handfuls = periods(session, now)
    take_period_turns(session, [period for handful in handfuls for period in handful])
    forget_others(session, handfuls)
    count = 0
    for handful in handfuls:
        count += rebuild_periods(session, handful, now)
        advance(len(handful))
    return count


def when_brought(session: Session, version: SetVersion) -> None:
    """Have what rests on a new version of a set made anew at the transaction's end: what units sent before counts too.

    Raises Invalid where its formulas and those of other sets, as they held at some time, name one another in a circle.
    """
    session.flush()
    found = engine.circle(engine.formulas(session), version.valid_from)
    if found is not None:
        values = {"day": found[0], "way": " → ".join(found[1])}
        raise Invalid([Fault("/valid_from", "formula_cycle_then", values)])
    with_formula = (
        select(col(Definition.id))
        .join(SetVersion, col(SetVersion.id) == col(Definition.version_id))
        .where(col(SetVersion.set_id) == version.set_id, col(Definition.formula).is_not(None))
    )
    if session.scalars(with_formula.limit(1)).first() is not None:
        session.info[BROUGHT] = min(version.valid_from, session.info.get(BROUGHT, version.valid_from))
        events.at_end(session, _bring_on)


def _bring_on(session: Session) -> None:
    first, now = session.info.pop(BROUGHT), session.info["audit_context"].at
    handfuls = [[period for period in handful if period.last >= first] for handful in periods(session, now)]
    take_period_turns(session, [period for handful in handfuls for period in handful])
    for handful in filter(None, handfuls):
        rebuild_periods(session, handful, now)


def forget_others(session: Session, handfuls: Sequence[Sequence[Period]]) -> None:
    """Drop what is kept of periods that no formula is read for."""
    names = {period.name for handful in handfuls for period in handful}
    for table, condition in ((_INPUT, true()), (_READING, _READING.c.number == 0)):
        kept = set(session.scalars(select(table.c.period).where(condition).distinct()))
        for name in sorted(kept - names):
            session.execute(delete(table).where(table.c.period == name, condition))


def rebuild_periods(session: Session, handful: Sequence[Period], now: datetime) -> int:
    """Make kept inputs and computed readings of some periods anew; returns how many readings there are."""
    take_period_turns(session, handful)
    names = [period.name for period in handful]
    session.execute(delete(_INPUT).where(_INPUT.c.period.in_(names)))
    session.execute(delete(_READING).where(_READING.c.period.in_(names), _READING.c.number == 0))
    rows = session.execute(
        select(_READING.c.indicator_id, _READING.c.place, _READING.c.period).where(
            _READING.c.standing, _READING.c.period.in_(names)
        )
    )
    inputs, readings = _made(session, handful, {tuple(row) for row in rows}, now)
    for table, made in ((_INPUT, inputs), (_READING, readings)):
        if made:
            hot.run_many(session, insert(table), made)
    return len(readings)


def _made(
    session: Session, handful: Sequence[Period], typed: set[Any], now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    every = engine.formulas(session)
    held = {period: engine.holding(every, period) for period in handful}
    refs = {ref for found in held.values() for one in found for ref in one.refs}
    kept = engine.bare(ref for ref in refs if ref.name not in engine.TASK_MEASURES)
    refs |= kept
    codes: dict[int | None, str] = {unit.id: unit.code for unit in Reference.read(session).units.values()}
    places: list[int | None] = [*codes, None]
    of_dossiers = _read(session, [r for r in refs if r.name not in engine.TASK_MEASURES], places, handful, now)
    of_tasks = _read(session, [r for r in refs if r.name in engine.TASK_MEASURES], places, handful, now)
    inputs: list[dict[str, Any]] = []
    readings: list[dict[str, Any]] = []
    for period in handful:
        for unit_id in places:
            dossiers, tasks = of_dossiers.get((unit_id, period)), of_tasks.get((unit_id, period))
            if unit_id is not None and dossiers is not None:
                named = engine.bare(ref for one in held[period] for ref in one.dossiers)
                own = measures.Inputs({ref: dossiers.values[ref] for ref in named}, dossiers.as_of)
                inputs += amounts.input_rows(unit_id, period.name, own)
            place = CITY if unit_id is None else codes[unit_id]
            given = (dossiers.values if dossiers else {}) | (tasks.values if tasks else {})
            known = others(session, held[period], place, period)
            led = unit_id is None or bool(given.get(_TASKS))
            reported = dossiers is not None and dossiers.as_of is not None
            speaking = speaks(held[period], unit_id, known, reported=reported, led=led)
            outcomes = work_out(speaking, given, known)
            for one in speaking:
                newest = dossiers.as_of if dossiers else None
                as_of = newest if one.dossiers and newest else min(period.last, day_of(now))
                stands = (one.indicator_id, place, period.name) not in typed
                readings.append(reading_row(one, unit_id, place, period, outcomes[one.code], as_of, stands, now))
    return inputs, readings


def _read(
    session: Session, refs: Sequence[MeasureRef], places: Sequence[int | None], handful: Sequence[Period],
    now: datetime,
) -> dict[Any, measures.Inputs]:  # fmt: skip
    if not refs:
        return {}
    if refs[0].name in engine.TASK_MEASURES:
        refs = [*refs, _TASKS]
    return measures.read(session, refs, places, handful, now)


def differences(session: Session, now: datetime) -> Iterator[str]:
    """Yield a sentence for every computed reading, and every kept input, that is not what a recomputation gives.

    Tasks are counted as of the moment at which the reading was worked out: by mere time they go on.
    """
    codes = {row.id: row.code for row in Reference.read(session).units.values()}
    indicators = {one.indicator_id: one for one in engine.formulas(session)}
    kept_inputs = {(r.period, r.measure, r.unit_id): r.amount for r in session.execute(select(_INPUT))}
    kept = {
        (row.indicator_id, row.place, row.period): row
        for row in session.execute(select(_READING).where(_READING.c.number == 0))
        if row.state != ReadingState.not_available
    }
    for handful in periods(session, now):
        inputs, readings = _made(session, handful, set(), now)
        right_inputs = {(r["period"], r["measure"], r["unit_id"]): r["amount"] for r in inputs}
        names = {period.name for period in handful}
        mine = {key for key in kept_inputs if key[0] in names}
        for key in sorted(mine | right_inputs.keys()):
            if kept_inputs.get(key) != right_inputs.get(key):
                period, measure, unit = key
                yield (
                    f"input {measure} of {codes[unit]} in {period}: kept {kept_inputs.get(key)}, "
                    f"the reports say {right_inputs.get(key)}"
                )
        for row in readings:
            if row["state"] == ReadingState.not_available:
                continue
            key3 = (row["indicator_id"], row["place"], row["period"])
            found, one = kept.pop(key3, None), indicators[row["indicator_id"]]
            if one.tasks:
                continue
            if found is None or (found.numerator, found.denominator, found.value) != (
                row["numerator"], row["denominator"], row["value"]
            ):  # fmt: skip
                yield f"reading {one.code} of {row['place']} in {row['period']}: not what the reports say"
    yield from _task_differences(session)
    for indicator_id, place, name in sorted(key for key in kept if not indicators[key[0]].tasks):
        yield f"reading {indicators[indicator_id].code} of {place} in {name}: nothing says so"


def _task_differences(session: Session) -> Iterator[str]:
    by_definition = {one.definition_id: one for one in engine.formulas(session) if one.tasks}
    rows = session.execute(
        select(_READING).where(_READING.c.number == 0, _READING.c.definition_id.in_(list(by_definition)))
    ).all()
    for row in rows:
        one, period = by_definition[row.definition_id], period_of(row.period)
        given, _ = amounts.of_dossiers(session, row.unit_id, period, one.dossiers)
        tasks = amounts.of_tasks(session, row.unit_id, period, one.tasks, row.recorded_at)
        right: Outcome = work_out([one], given | tasks, others(session, [one], row.place, period))[one.code]
        if (row.numerator, row.denominator, row.value) != (right.numerator, right.denominator, right.value):
            yield f"reading {one.code} of {row.place} in {row.period}: not what the tasks say"
