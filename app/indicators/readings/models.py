"""Readings: one table, whether somebody typed them or they were worked out."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.indicators.rules import PeriodType, ReadingState
from app.tasks.models import one_of


class Origin(StrEnum):
    """How a reading came: typed, from a file, published before this service was, or worked out."""

    typed = "typed"
    file = "file"
    published = "published"
    computed = "computed"


class IndicatorReading(SQLModel, table=True):
    """What an indicator was for a place and a period.

    `number` counts a chain from 1 on, each superseding the one before; the reading that the service works out itself is
    number 0 and is kept up, like every sum. A published value stands in `value` to the letter.
    """

    __tablename__ = "indicator_readings"
    __table_args__ = (
        UniqueConstraint("indicator_id", "place", "period", "number"),
        UniqueConstraint("supersedes_id"),
        CheckConstraint(one_of("period_type", PeriodType), name="period_type"),
        CheckConstraint(one_of("state", ReadingState), name="state"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("(origin = 'computed') = (number = 0)", name="number"),
        CheckConstraint("(number > 1) = (supersedes_id is not null)", name="chain"),
        CheckConstraint("last >= first", name="period"),
        CheckConstraint("denominator is null or denominator >= 0", name="denominator"),
        CheckConstraint(
            "(state = 'not_available') = (value is null and numerator is null) or origin = 'computed'", name="available"
        ),
        CheckConstraint("(rank is null and out_of is null) or (rank >= 1 and out_of >= rank)", name="rank"),
        CheckConstraint("(unit_id is null) = (place in ('city', 'national'))", name="place"),
        # SQLite takes a partial index only where its condition is the statement's to the letter.
        Index("ix_indicator_readings_standing", "indicator_id", "place", "last", sqlite_where=text("standing = 1"),
              postgresql_where=text("standing")),
        Index("uq_indicator_readings_standing", "indicator_id", "place", "period", unique=True,
              sqlite_where=text("standing"), postgresql_where=text("standing")),
        Index("ix_indicator_readings_as_of", "as_of", "id"),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True)
    indicator_id: int = Field(foreign_key="indicators.id")
    definition_id: int = Field(foreign_key="indicator_definitions.id", index=True)
    place: str = Field(max_length=35)
    unit_id: int | None = Field(foreign_key="units.id", index=True)
    period: str = Field(max_length=10)
    period_type: str = Field(max_length=10)
    first: date
    last: date
    number: int
    standing: bool
    value: str | None = Field(max_length=30)
    numerator: int | None = Field(sa_type=BigInteger)
    denominator: int | None = Field(sa_type=BigInteger)
    as_of: date
    state: str = Field(max_length=15)
    origin: str = Field(max_length=10)
    source: str | None = Field(max_length=500)
    published_on: date | None
    rank: int | None
    out_of: int | None
    note: str | None = Field(max_length=1000)
    supersedes_id: int | None = Field(foreign_key="indicator_readings.id")
    recorded_at: datetime
    recorded_by: str = Field(max_length=160)
