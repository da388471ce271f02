"""What measures were for one unit and for the city, cheaply enough for the path of every report."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlmodel import Session

from app.core import hot
from app.core.clock import day_of, end_of
from app.indicators.computed.models import IndicatorInput
from app.indicators.formulas.evaluating import Absent
from app.indicators.measures import service as measures
from app.indicators.measures.rules import ALL_TASKS, BUCKETS, MeasureRef
from app.indicators.rules import CITY, Period
from app.tasks import states
from app.tasks.models import Programme, TaskState
from app.throughput.forms import Reference

_INPUT = hot.table(IndicatorInput)
Given = dict[MeasureRef, int | Absent]
Kept = dict[int, list[list[Any]]]  # by unit: measure, amount, newest day
_forget = delete(_INPUT).where(_INPUT.c.period == bindparam("p"), _INPUT.c.unit_id == bindparam("u"))
_insert = insert(_INPUT)
_sums = (
    select(_INPUT.c.measure, func.sum(_INPUT.c.amount), func.max(_INPUT.c.as_of))
    .where(_INPUT.c.period == bindparam("p"))
    .group_by(_INPUT.c.measure)
)
_own = select(_INPUT.c.measure, _INPUT.c.amount, _INPUT.c.as_of).where(
    _INPUT.c.period == bindparam("p"), _INPUT.c.unit_id == bindparam("u")
)
_of_all = select(_INPUT.c.unit_id, _INPUT.c.measure, _INPUT.c.amount, _INPUT.c.as_of).where(
    _INPUT.c.period == bindparam("p")
)
MANY = 8  # places, from which on all that is kept of a period is read at once
_STATE = hot.table(TaskState)
_of_unit = (
    select(_STATE.c.bucket, _STATE.c.programme_id, func.count())
    .where(_STATE.c.lead_unit_id == bindparam("u"), _STATE.c.from_at <= bindparam("t"), _STATE.c.to_at > bindparam("t"))
    .group_by(_STATE.c.bucket, _STATE.c.programme_id)
)


def keep_units(
    session: Session, units: Sequence[int], period: Period, refs: Collection[MeasureRef], now: datetime
) -> None:
    """Write anew what some units' reports of a period come to; they are read together."""
    found = measures.read(session, refs, units, [period], now)
    rows = []
    hot.run_each(session, _forget, [{"p": period.name, "u": unit_id} for unit_id in units])
    for unit_id in units:
        rows += input_rows(unit_id, period.name, found[unit_id, period])
    if rows:
        hot.run_many(session, _insert, rows)


def input_rows(unit_id: int, period: str, found: measures.Inputs) -> list[dict[str, Any]]:
    """Return what was found as rows of the table: no amount where it does not apply, no row where it is missing."""
    return [
        {"period": period, "measure": str(ref), "unit_id": unit_id, "as_of": found.as_of,
         "amount": None if isinstance(amount, Absent) else amount}
        for ref, amount in found.values.items()
        if amount is not Absent.missing and found.as_of is not None
    ]  # fmt: skip


def kept_of(session: Session, places: Collection[int | None], period: Period) -> Kept:
    """Return what is kept of a period's measures by unit, where many of them are asked for; of few, nothing."""
    found: Kept = {}
    if len(places) >= MANY:
        for unit_id, *row in hot.gather(session, _of_all, {"p": period.name}):
            found.setdefault(unit_id, []).append(row)
        found |= {unit_id: [] for unit_id in places if unit_id not in found and unit_id is not None}
    return found


def of_dossiers(
    session: Session, unit_id: int | None, period: Period, refs: Collection[MeasureRef], ready: Kept | None = None
) -> tuple[Given, date | None]:
    """Return the kept measures of a unit or of the city (None), and the newest day that they speak of.

    `ready`: units' rows that were read before, for many at once.
    """
    if not refs:
        return {}, None
    if ready and unit_id in ready:
        rows: Sequence[Sequence[Any]] = ready[unit_id]
    elif unit_id is None:
        rows = hot.run(session, _sums, {"p": period.name})
    else:
        rows = hot.run(session, _own, {"p": period.name, "u": unit_id})
    # What applies to no unit that has reported may yet come from another: of the city it is missing.
    nothing = Absent.missing if unit_id is None else Absent.not_applicable
    kept = {row[0]: nothing if row[1] is None else int(row[1]) for row in rows}
    given: Given = {}
    for ref in refs:
        given[ref] = kept.get(str(ref), Absent.missing) if ref.unit is None else _of_named(session, ref, period)
    newest = max((_day(row[2]) for row in rows), default=None)
    return given, newest


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _of_named(session: Session, ref: MeasureRef, period: Period) -> int | Absent:
    """Return a measure that a formula narrows to one unit, or to the city, whatever place is asked for."""
    bare = replace(ref, unit=None)
    unit = Reference.read(session).units.get(ref.unit or "")
    if unit is None and ref.unit != CITY:
        return Absent.missing
    given, _ = of_dossiers(session, unit.id if unit else None, period, [bare])
    return given[bare]


def of_tasks(
    session: Session, unit_id: int | None, period: Period, refs: Collection[MeasureRef], now: datetime
) -> Given:
    """Return how many tasks a unit leads, or the city has, in each bucket at a period's end, or now."""
    moment = min(end_of(period.last), now)
    programmes = {}
    if any(ref.programme is not None for ref in refs):
        programmes = {row.code: row.id for row in session.scalars(select(Programme))}
    given: Given = {}
    read: dict[tuple[int | None, int | None], Counter[str]] = {}  # one statement, however many buckets are named
    for ref in refs:
        place = unit_id
        if ref.unit is not None:
            named = Reference.read(session).units.get(ref.unit)
            place = named.id if named else None
        lost = ref.unit not in (None, CITY) and place is None
        lost = lost or (ref.programme is not None and ref.programme not in programmes)
        if lost or period.first > day_of(now):
            given[ref] = Absent.missing
            continue
        programme = programmes.get(ref.programme or "")
        if (place, programme) not in read:
            read[place, programme] = _tasks(session, place, programme, moment)
        wanted = list(BUCKETS.values()) if ref.name == ALL_TASKS else [BUCKETS[ref.name]]
        given[ref] = sum(read[place, programme][bucket.value] for bucket in wanted)
    return given


def _tasks(session: Session, unit_id: int | None, programme: int | None, moment: datetime) -> Counter[str]:
    if unit_id is None:
        return states.sizes(session, moment, programme)
    found: Counter[str] = Counter()
    for bucket, of, count in hot.run(session, _of_unit, {"u": unit_id, "t": moment}):
        if programme in (None, of):
            found[bucket] += count
    return found


def leads(session: Session, unit_id: int, period: Period, now: datetime) -> bool:
    """Tell whether a unit leads any task at a period's end, or now."""
    return bool(_tasks(session, unit_id, None, min(end_of(period.last), now)))
