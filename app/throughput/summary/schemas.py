"""What is shown of a period: its sums, how complete they are, what was published beside them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.procedures.rules import System
from app.throughput.schemas import RatesOut, TotalsOut, WordsOut


class Completeness(BaseModel):
    """How many unit-days the figures hold of those that were owed."""

    model_config = ConfigDict(frozen=True)

    expected: int
    received: Annotated[int, Field(description="Every system owed is received complete, or waived")]
    late: Annotated[int, Field(description="Of the received: after the deadline in some system")]
    waived: Annotated[int, Field(description="Of the received: waived in every system")]
    unavailable: Annotated[int, Field(description="Not received: a source system was down")]


class GroupBy(StrEnum):
    """What a row of a summary stands for."""

    unit = "unit"
    field = "field"
    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"
    year = "year"


class SummaryRow(TotalsOut):
    """One group's figures: flows added up, column 6 in `carried_over`, the last closing in the pending columns."""

    key: str
    label: str
    adjustments: Annotated[int, Field(description="Opening − previous close on the days after the first")]
    difference: Annotated[int, Field(description="(7 + 11) − 3: the adjustments without a reason")]
    rates: RatesOut


class PublishedOut(BaseModel):
    """A published figure with its source; numerator and denominator where the source gives them."""

    as_of: datetime
    unit: str | None
    measure: str
    numerator: int | None
    denominator: int | None
    value: str
    unit_of_measure: Annotated[str, Field(description="`dossiers`, or `%`")]
    source: WordsOut
    note: Annotated[WordsOut, Field(description="Empty where nothing was to be said")]


class SummaryOut(BaseModel):
    """The throughput of a period, grouped."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    group_by: Annotated[GroupBy, Field(description="What a row stands for")]
    unit: str | None
    field: str | None
    system: Annotated[System | None, Field(description="null: both")]
    as_of: Annotated[datetime | None, Field(description="The figures as known then; null: now")]
    cut_off: Annotated[datetime | None, Field(description="Latest moment until which any report counted")]
    completeness: Completeness
    published: Annotated[list[PublishedOut], Field(description="Figures published for this very period")]
    rows: list[SummaryRow]
    total: SummaryRow
