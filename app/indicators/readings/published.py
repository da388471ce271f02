"""Figures published before this service was: every row of the data file, as printed, with source and note."""

from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.clock import day_of
from app.indicators.place import Place
from app.indicators.readings import service
from app.indicators.readings.models import IndicatorReading, Origin
from app.indicators.readings.schemas import ReadingIn
from app.indicators.readings.words import rows
from app.indicators.rules import PeriodType, ReadingState, amount_of, period_of
from app.indicators.sets import service as sets
from app.indicators.sets.models import Indicator
from app.units import service as units


def load(session: Session, now: datetime) -> int:
    """Record the published figures that are not there yet and return how many; what does not add up stays so."""
    given = select(col(Indicator.code), col(IndicatorReading.place), col(IndicatorReading.period))
    given = given.join(Indicator, col(Indicator.id) == col(IndicatorReading.indicator_id))
    known = {tuple(one) for one in session.execute(given.where(col(IndicatorReading.number) >= 1))}
    count = 0
    for row in rows():
        if (row["indicator"], row["unit_code"] or row["scope"], row["period"]) in known:
            continue  # it is there, or somebody entered it
        published_on = date.fromisoformat(row["published_on"]) if row["published_on"] else None
        if max(_as_of(row), published_on or date.min) > day_of(now):
            continue  # its day comes yet, and so does the next seed
        one = sets.definition_of(session, row["indicator"], period_of(row["period"]).last)
        unit = units.by_code(session, row["unit_code"]) if row["unit_code"] else None
        body = ReadingIn(
            period=row["period"], value=amount_of(row["value"]),
            numerator=_whole(row["numerator"]), denominator=_whole(row["denominator"]),
            as_of=_as_of(row),
            state=ReadingState.official, source=row["source_vi"],
            published_on=published_on,
            rank=_whole(row["rank"]), out_of=_whole(row["out_of"]), note=row["note_vi"] or None,
        )  # fmt: skip
        place = Place(unit.code if unit else row["scope"], unit)
        service.add(session, "Số liệu đã công bố", one, place, body=body, now=now, origin=Origin.published)
        count += 1
    return count


def _as_of(row: dict[str, str]) -> date:
    """Return the day that a figure speaks of: of a day or month its last, however late it was taken down."""
    day = day_of(datetime.fromisoformat(row["as_of"]))
    period = period_of(row["period"])
    return min(day, period.last) if period.type in (PeriodType.day, PeriodType.month) else day


def _whole(text: str) -> int | None:
    return int(text) if text else None
