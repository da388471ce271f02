"""The readings that count now: the newest of each indicator and place, and what each was measured in."""

from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Date, String, bindparam, column, select, true, values
from sqlmodel import Session, col

from app.core import hot
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.sets.models import Definition, Indicator


def measures_of(session: Session) -> dict[int, str]:
    """Return by number the units of measure of all definitions, that no longer hold too: readings name theirs."""
    return dict(session.execute(select(col(Definition.id), col(Definition.unit_of_measure))).all())


def latest(
    session: Session, indicator_ids: list[int], places: list[str], day: date | None = None
) -> dict[tuple[int, str], Reading]:
    """Return the standing reading of the newest period by indicator and place; `day`: of periods begun by then.

    One look-up in the index for each pair, however many years lie behind.
    """
    if not indicator_ids or not places:
        return {}
    newer = hot.table(Reading).alias("newer")
    named = values(column("place", String), name="named").data([(place,) for place in places]).cte("named")
    pick = (
        select(newer.c.id)
        .where(newer.c.indicator_id == col(Indicator.id), newer.c.place == named.c.place, newer.c.standing)
        .order_by(newer.c.last.desc())
        .limit(1)
    )
    if day is not None:
        pick = pick.where(newer.c.first <= day)
    newest = pick.correlate(Indicator, named).scalar_subquery()
    query = (
        select(Reading)
        .select_from(Indicator)
        .join(named, true())
        .join(Reading, col(Reading.id) == newest)
        .where(col(Indicator.id).in_(indicator_ids))
    )
    return {(row.indicator_id, row.place): row for row in session.scalars(query)}


class Newest(NamedTuple):
    """What a reading says, as a value: two are equal as long as they say the same."""

    id: int
    indicator_id: int
    definition_id: int
    period: str
    place: str
    last: date
    value: str | None
    numerator: int | None
    denominator: int | None
    as_of: date
    state: str
    origin: str
    source: str | None
    rank: int | None
    out_of: int | None


Said = Reading | Newest


@lru_cache
def _newest() -> Any:
    """Return the statement of `newest_at`: building it costs more than running it."""
    reading, newer, of = hot.table(Reading), hot.table(Reading).alias("newer"), hot.table(Indicator)
    newest = (
        select(newer.c.id)
        .where(
            newer.c.indicator_id == of.c.id, newer.c.place == bindparam("place"), newer.c.standing,
            newer.c.first <= bindparam("day", type_=Date),
        )
        .order_by(newer.c.last.desc())
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )  # fmt: skip
    return select(*(reading.c[name] for name in Newest._fields)).select_from(of).join(reading, reading.c.id == newest)


def newest_at(session: Session, place: str, day: date) -> dict[int, Newest]:
    """Return by indicator the standing reading of the newest period begun by a day, at one place."""
    rows = hot.run(session, _newest(), {"place": place, "day": day})
    return {(found := Newest(*row)).indicator_id: found for row in rows}
