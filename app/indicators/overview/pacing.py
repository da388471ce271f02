"""Whether targets will be made, by the readings of the twelve months before the newest."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlmodel import Session, col

from app.indicators.place import Place
from app.indicators.readings.figures import figure_of
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.newest import measures_of
from app.indicators.targets import service as targets
from app.indicators.targets.models import Target
from app.indicators.targets.rules import Pace
from app.indicators.targets.rules import pace as pace_to

YEAR = timedelta(days=400)  # the day that a reading speaks of may lie before its period's last


def pace(target: Target | None, measure: str, rows: Iterable[tuple[Reading, str]]) -> Pace | None:
    """Return the pace to a target by readings, the oldest first, each with its unit of measure; None without."""
    goal = targets.goal_of(targets.fits(target, measure))
    if target is None or goal is None:
        return None
    points: list[tuple[date, Fraction]] = [
        (min(row.last, row.as_of), value) for row, of in rows
        if of == measure and (value := figure_of(row, of)) is not None
    ]  # fmt: skip
    return pace_to(points, goal, target.last)


def on_pace(session: Session, place: Place, held: Iterable[tuple[Reading, Target, str]]) -> dict[int, bool | None]:
    """Return whether targets will be made, by indicator: of newest readings with their targets; one look-up for all."""
    return {number: one.makes_it if one else None for number, one in paces(session, place, held).items()}


def paces(session: Session, place: Place, held: Iterable[tuple[Reading, Target, str]]) -> dict[int, Pace | None]:
    """Return the paces to targets, by indicator: of newest readings with their targets; one look-up for all."""
    held = list(held)
    if not held:
        return {}
    found = session.scalars(
        select(Reading)
        .where(
            col(Reading.indicator_id).in_([row.indicator_id for row, _, _ in held]),
            col(Reading.place) == place.name, col(Reading.standing),
            col(Reading.last) >= min(row.last for row, _, _ in held) - YEAR,
        )
        .order_by(col(Reading.last))
    ).all()  # fmt: skip
    measures = measures_of(session, found)
    series: dict[int, list[tuple[Reading, str]]] = defaultdict(list)
    for one in found:
        series[one.indicator_id].append((one, measures[one.definition_id]))
    return {
        row.indicator_id: pace(
            target, measure, [(one, of) for one, of in series[row.indicator_id] if one.last <= row.last]
        )
        for row, target, measure in held
    }
