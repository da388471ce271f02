"""Citations: a figure copied as it was, under a short address."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.search import ordered_text


class Citation(SQLModel, table=True):
    """One figure with its indicator, place, period, definition and as-of; never changed."""

    __tablename__ = "indicator_citations"
    __table_args__ = (UniqueConstraint("token"),)

    id: int = Field(default=None, primary_key=True)
    token: str = Field(sa_column=Column(ordered_text(16), nullable=False))
    digest: str = Field(max_length=64, index=True)
    indicator_id: int = Field(foreign_key="indicators.id", index=True)
    definition_id: int = Field(foreign_key="indicator_definitions.id")
    place: str = Field(max_length=35)
    unit_id: int | None = Field(foreign_key="units.id")
    period: str = Field(max_length=10)
    number: int
    value: str | None = Field(max_length=30)
    numerator: int | None = Field(sa_type=BigInteger)
    denominator: int | None = Field(sa_type=BigInteger)
    state: str = Field(max_length=15)
    origin: str = Field(max_length=10)
    as_of: date
    source: str | None = Field(max_length=500)
    published_on: date | None
    rank: int | None
    out_of: int | None
    cited_at: datetime
    cited_by: str = Field(max_length=160)
