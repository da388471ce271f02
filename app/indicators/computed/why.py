"""Where a figure comes from."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import NotFound
from app.indicators.computed import amounts, engine
from app.indicators.computed.models import IndicatorInput
from app.indicators.computed.schemas import InputOut, InputsOfUnit, MissingUnit, WhyOut
from app.indicators.formulas.evaluating import Absent
from app.indicators.formulas.service import title
from app.indicators.formulas.tree import text_of
from app.indicators.measures import service as measures
from app.indicators.measures.rules import MeasureRef
from app.indicators.place import Place
from app.indicators.readings import service as readings
from app.indicators.readings.ageing import aged
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.newest import latest
from app.indicators.rules import CITY, Period, period_of
from app.indicators.sets import service as sets
from app.tasks.schemas import UnitName
from app.units.models import Unit


def why(session: Session, caller: Caller, code: str, *, place: Place, period: Period | None, now: datetime) -> WhyOut:
    """Return where a figure comes from, of the newest period where none is named; raises NotFound where there is none.

    What tasks were is shown as of when the figure was worked out.
    """
    one = sets.definition_of(session, code, day_of(now))
    name = period.name if period else _newest(session, one.indicator.id, place)
    query = (
        readings.readings_query()
        .where(
            col(Reading.indicator_id) == one.indicator.id, col(Reading.place) == place.name, col(Reading.period) == name
        )
        .order_by(col(Reading.number))
    )  # fmt: skip
    rows = list(session.execute(query))
    standing = next((row for row in rows if row[0].standing), None)
    if standing is None:
        raise NotFound
    row: Reading = standing[0]
    unit = UnitName(code=place.unit.code, name=place.unit.name) if place.unit else None
    shown = [readings.shown(*r) for r in rows]
    out = WhyOut(
        place=place.name, unit=unit, definition=sets.definition_out(sets.by_definition(session, row.definition_id)),
        period=row.period, reading=aged(session, readings.shown(*standing), day_of(now)), formula=None,
        inputs=[], units=[], missing=[],
        chain=[r for r in shown if r.number >= 1],
        computed=next((r for r in shown if r.number == 0 and not r.standing), None),
    )  # fmt: skip
    formula = next((f for f in engine.formulas(session) if f.definition_id == row.definition_id), None)
    if row.number == 0 and formula is not None:
        _explain(session, caller, out, formula, row, now)
    return out


def _newest(session: Session, indicator_id: int, place: Place) -> str:
    row = latest(session, [indicator_id], [place.name]).get((indicator_id, place.name))
    if row is None:
        raise NotFound
    return row.period


def _explain(
    session: Session, caller: Caller, out: WhyOut, formula: engine.Computed, row: Reading, now: datetime
) -> None:
    period = period_of(row.period)
    given, _ = amounts.of_dossiers(session, row.unit_id, period, formula.dossiers)
    given |= amounts.of_tasks(session, row.unit_id, period, formula.tasks, row.recorded_at)
    known = measures.catalogue(session).measures
    refs = sorted(given, key=lambda ref: (list(known).index(ref.name), str(ref)))
    out.formula = text_of(formula.tree)
    out.inputs = [
        InputOut(
            measure=str(ref), title=title(known[ref.name]), unit_of_measure=known[ref.name].unit_of_measure,
            amount=None if isinstance(value := given[ref], Absent) else value,
        )
        for ref in refs
    ]  # fmt: skip
    if out.place != CITY or not formula.dossiers:
        return
    if caller.units is not None:
        return  # what others have sent, and what not, is not for a unit's eyes
    lacking = measures.missing_units(session, period, now)
    out.missing = [MissingUnit(unit=UnitName(code=u.code, name=u.name), days=days) for u, days in lacking]
    out.units = _by_unit(session, refs, period)


def _by_unit(session: Session, refs: list[MeasureRef], period: Period) -> list[InputsOfUnit]:
    names = [str(ref) for ref in refs]
    query = (
        select(IndicatorInput, Unit)
        .join(Unit, col(Unit.id) == col(IndicatorInput.unit_id))
        .where(col(IndicatorInput.period) == period.name, col(IndicatorInput.measure).in_(names))
        .order_by(col(Unit.sort_order), col(Unit.code))
    )
    units: dict[str, InputsOfUnit] = {}
    for one, unit in session.execute(query):
        found = units.setdefault(
            unit.code,
            InputsOfUnit(unit=UnitName(code=unit.code, name=unit.name), as_of=one.as_of, amounts=[None] * len(names)),
        )
        found.amounts[names.index(one.measure)] = one.amount
    return list(units.values())
