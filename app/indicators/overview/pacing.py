"""Whether targets will be made, by the readings of the twelve months before the newest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, bindparam, select
from sqlmodel import Session

from app.core import hot
from app.indicators.place import Place
from app.indicators.readings.figures import figure_of
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.newest import Newest, Said, measures_of
from app.indicators.targets import service as targets
from app.indicators.targets.models import Target
from app.indicators.targets.rules import Pace
from app.indicators.targets.rules import pace as pace_to

_READING = hot.table(Reading)
YEAR = timedelta(days=400)  # the day that a reading speaks of may lie before its period's last


def pace(target: Target | None, measure: str, rows: Iterable[tuple[Said, str | None]]) -> Pace | None:
    """Return the pace to a target by readings, the oldest first, each with its unit of measure; None without."""
    goal = targets.goal_of(targets.fits(target, measure))
    if target is None or goal is None:
        return None
    points: list[tuple[date, Fraction]] = [
        (min(row.last, row.as_of), value) for row, of in rows
        if of == measure and (value := figure_of(row, of)) is not None
    ]  # fmt: skip
    return pace_to(points, goal, target.last)


def on_pace(session: Session, place: Place, held: Iterable[tuple[Said, Target, str]]) -> dict[int, bool | None]:
    """Return whether targets will be made, by indicator: of newest readings with their targets; one look-up for all."""
    found = paces(session, place, held, measures_of(session))
    return {number: one.makes_it if one else None for number, one in found.items()}


@lru_cache
def _last_year(width: int) -> Any:
    """Return the statement of `paces` for so many indicators: building it costs more than running it."""
    return (
        select(*(_READING.c[name] for name in Newest._fields))
        .where(
            hot.among(_READING.c.indicator_id, "indicator", width), _READING.c.place == bindparam("place"),
            _READING.c.standing, _READING.c.last >= bindparam("since", type_=Date),
        )
        .order_by(_READING.c.last)
    )  # fmt: skip


def paces(
    session: Session, place: Place, held: Iterable[tuple[Said, Target, str]], measures: Mapping[int, str]
) -> dict[int, Pace | None]:
    """Return the paces to targets, by indicator: of newest readings with their targets; one look-up for all."""
    held = list(held)
    if not held:
        return {}
    indicators = hot.several("indicator", [row.indicator_id for row, _, _ in held])
    since = min(row.last for row, _, _ in held) - YEAR
    series: dict[int, list[tuple[Newest, str | None]]] = defaultdict(list)
    for found in hot.run(session, _last_year(len(indicators)), indicators | {"place": place.name, "since": since}):
        one = Newest(*found)
        series[one.indicator_id].append((one, measures.get(one.definition_id)))
    return {
        row.indicator_id: pace(
            target, measure, [(one, of) for one, of in series[row.indicator_id] if one.last <= row.last]
        )
        for row, target, measure in held
    }
