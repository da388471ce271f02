"""Targets: a table whose rows are only added."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel


class Target(SQLModel, table=True):
    """What an indicator is to reach in a place by the end of a period, in one version of the target.

    `place` is `city`, `national` or the unit's code. Amounts are decimal text: SQLite keeps no decimals. Comparator and
    unit of measure are those that it was set under: a later definition does not change what was to be reached.
    """

    __tablename__ = "indicator_targets"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("last >= first", name="period"),
        CheckConstraint("low is not null or high is not null", name="bound"),
        CheckConstraint("(unit_id is null) = (place in ('city', 'national'))", name="place"),
        Index("uq_indicator_targets_period", "indicator_id", "place", "version", "first", unique=True),
    )

    id: int = Field(default=None, primary_key=True)
    indicator_id: int = Field(foreign_key="indicators.id")
    place: str = Field(max_length=35)
    unit_id: int | None = Field(foreign_key="units.id", index=True)
    period: str = Field(max_length=10)
    first: date
    last: date
    version: int
    comparator: str = Field(max_length=10)
    unit_of_measure: str = Field(max_length=30)
    low: str | None = Field(max_length=30)
    high: str | None = Field(max_length=30)
    document: str = Field(max_length=300)
    document_on: date | None
    set_at: datetime
    set_by: str = Field(max_length=160)
