"""The daily estimate of Decision 766: what our figures say of its groups, beside what the portal published."""

from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.indicators.computed.models import IndicatorInput
from app.indicators.computed.schemas import EstimateGroup, EstimateOut, RaisingUnit
from app.indicators.readings import service as readings
from app.indicators.readings.ageing import aged, is_old
from app.indicators.readings.figures import figure_of, shown_of
from app.indicators.readings.newest import latest
from app.indicators.rules import CITY, PeriodType, period_at
from app.indicators.schemas import worked
from app.indicators.sets import service as sets
from app.indicators.sets.models import IndicatorSet
from app.tasks.schemas import UnitName
from app.units.models import Unit

SET, TOTAL = "QD766", "QD766-TONG"
MOST = 10


def estimate(session: Session, caller: Caller, now: datetime) -> EstimateOut:
    """Return the estimate of the month that runs, or of the newest there is."""
    day = day_of(now)
    found = sets.defined(session, sets.definitions_query().where(sets.holds_on(day), col(IndicatorSet.code) == SET))
    newest = latest(session, [one.indicator.id for one in found], [CITY], day)
    groups: list[EstimateGroup] = []
    known: list[Fraction] = []
    most = 0
    published, total = None, None
    period, as_of = period_at(day, PeriodType.month).name, None
    for group in dict.fromkeys(one.group.id for one in found):
        members = [one for one in found if one.group.id == group]
        first = members[0].group
        typed = next((one for one in members if one.definition.formula is None), None)
        ours = next((one for one in members if one.definition.formula is not None), None)
        said = newest.get((typed.indicator.id, CITY)) if typed else None
        row = newest.get((ours.indicator.id, CITY)) if ours else None
        if typed is not None and typed.indicator.code == TOTAL:
            total = said
            continue
        value = figure_of(row, "points")
        if row is not None and value is not None:
            period, as_of = row.period, max(as_of or date.min, row.as_of)
            known.append(value)
            most += first.max_score or 0
        groups.append(
            EstimateGroup(
                code=first.code, name_vi=first.name_vi, name_en=first.name_en, name_fr=first.name_fr,
                max_score=first.max_score or 0, estimate=shown_of(row, "points"),
                indicator=ours.indicator.code if ours else None, numerator=row.numerator if row else None,
                denominator=row.denominator if row else None, published=shown_of(said, "points"),
                published_as_of=said.as_of if said else None,
                stale=ours is not None and is_old(row, ours.definition, day),
                published_stale=typed is not None and is_old(said, typed.definition, day),
            )
        )  # fmt: skip
    if total is not None:
        published = aged(session, readings.show(session, total), day)
    return EstimateOut(
        period=period, as_of=as_of, points=worked(sum(known, Fraction(0))) if known else None,
        of_points=most, groups=groups, published=published,
        raising=_raising(session, period) if caller.units is None else [],
    )  # fmt: skip


def _raising(session: Session, period: str) -> list[RaisingUnit]:
    """Return what costs points of this month, and need not in the next, by unit, the largest first.

    Dossiers received on paper: each costs twelve points over all received. Dossiers that are late and open: each costs
    twenty over all that was to be resolved. Neither can be won back this month: a late one resolved stays late.
    """
    wanted = ("pending_overdue", "received", "received_online", "carried_over")
    sums: dict[str, int] = dict.fromkeys(wanted, 0)
    own: dict[str, dict[str, int]] = {}
    units: dict[str, Unit] = {}
    for measure, amount, unit in session.execute(
        select(col(IndicatorInput.measure), col(IndicatorInput.amount), Unit)
        .join(Unit, col(Unit.id) == col(IndicatorInput.unit_id))
        .where(
            col(IndicatorInput.period) == period, col(IndicatorInput.measure).in_(wanted),
            col(IndicatorInput.amount).is_not(None),
        )
    ):  # fmt: skip
        sums[measure] += amount
        own.setdefault(unit.code, dict.fromkeys(wanted, 0))[measure] = amount
        units[unit.code] = unit
    found = []
    for code, of_unit in own.items():
        name = UnitName(code=code, name=units[code].name)
        paper, late = of_unit["received"] - of_unit["received_online"], of_unit["pending_overdue"]
        if paper > 0:
            found.append(
                RaisingUnit(kind="paper", unit=name, open=paper, gain=worked(Fraction(12 * paper, sums["received"])))
            )
        if late:
            base = sums["received"] + sums["carried_over"]
            found.append(RaisingUnit(kind="late", unit=name, open=late, gain=worked(Fraction(20 * late, base))))
    return sorted(found, key=lambda one: (-one.gain, one.unit.code))[:MOST]
