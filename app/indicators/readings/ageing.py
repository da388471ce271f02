"""Which readings are out of date: the newest of their indicator and place, older than it lets them be."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from app.indicators.readings.models import IndicatorReading
from app.indicators.readings.newest import Said, latest
from app.indicators.readings.schemas import ReadingOut
from app.indicators.rules import is_stale
from app.indicators.sets import service as sets
from app.indicators.sets.models import Definition

AT_ONCE = 500  # a file has more rows than a statement takes numbers


def is_old(row: Said | None, definition: Definition, day: date) -> bool:
    """Tell whether an indicator's newest reading in a place is out of date; one that has ended never is."""
    if row is None or (definition.ends_on is not None and definition.ends_on < day):
        return False
    return is_stale(row.as_of, definition.expected_age, day)


def old_ones(session: Session, numbers: Sequence[int], day: date) -> set[int]:
    """Return which of some readings are the newest of their indicator and place, and out of date.

    How old one may be is said by the definition that holds on the day, not by the one it was recorded under.
    """
    ageing = select(col(Definition.indicator_id)).where(col(Definition.expected_age).is_not(None))
    found: list[IndicatorReading] = []
    for first in range(0, len(numbers), AT_ONCE):
        query = select(IndicatorReading).where(
            col(IndicatorReading.id).in_(numbers[first : first + AT_ONCE]), col(IndicatorReading.standing),
            col(IndicatorReading.indicator_id).in_(ageing),
        )  # fmt: skip
        found += session.scalars(query)
    today = sets.definitions_of(session, {row.indicator_id for row in found}, day)
    aged = [row for row in found if is_old(row, today[row.indicator_id].definition, day)]
    newest = latest(session, sorted({row.indicator_id for row in aged}), sorted({row.place for row in aged}), day)
    return {row.id for row in aged} & {row.id for row in newest.values()}


def aged(session: Session, shown: ReadingOut, day: date) -> ReadingOut:
    """Return a reading as it is shown, marked where it is out of date."""
    shown.stale = shown.id in old_ones(session, [shown.id], day)
    return shown
