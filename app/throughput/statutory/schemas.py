"""What is shown of a statutory form."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.throughput.statutory.layout import FormLayout
from app.throughput.statutory.periods import Regime
from app.throughput.summary.schemas import Completeness
from app.units.models import KIND_WORDS
from app.units.rules import UnitKind


class StatutoryRow(BaseModel):
    """One field's line, or the total."""

    field: Annotated[str | None, Field(description="Code of the field; null: the total")]
    c1: int | None
    c2: str
    c3: Annotated[int, Field(description="4 + 5 + 6")]
    c4: int
    c5: int
    c6: Annotated[int, Field(description="The first opening, and the explained adjustments after it")]
    c7: Annotated[int, Field(description="8 + 9 + 10")]
    c8: int
    c9: int
    c10: int
    c11: Annotated[int, Field(description="12 + 13: the last closing")]
    c12: int
    c13: int
    adjustments: Annotated[int, Field(description="Opening − previous close on the days after the first")]
    difference: Annotated[int, Field(description="(7 + 11) − 3: the adjustments without a reason")]


class Lack(StrEnum):
    """Why a form's figures are not final."""

    period_not_over = "period_not_over"
    reports_missing = "reports_missing"
    difference = "difference"
    unsplit = "unsplit"


class LackOut(BaseModel):
    """One thing that is lacking, and of how many."""

    code: Annotated[
        Lack,
        Field(
            description="`period_not_over`: days to come; `reports_missing`: unit-days without complete reports;"
            " `difference`: dossiers between days without a reason; `unsplit`: dossiers not split by field"
        ),
    ]
    n: int


class UnitOfForm(BaseModel):
    """One of several units whose figures stand together."""

    code: str
    name: str


class StatutoryFormOut(BaseModel):
    """A statutory form of a period; a reference layout, to be checked against the rules in force."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    form: str
    version: str
    period: Annotated[str | None, Field(description="ISO period that was asked for; null: days")]
    regime: Annotated[Regime | None, Field(description="Where the period begins and ends; null: days were asked for")]
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    unit: Annotated[str | None, Field(description="null: several units together")]
    unit_name: str | None
    units: Annotated[list[UnitOfForm], Field(description="The units that were picked; empty: one, a kind's, or all")]
    kind: Annotated[UnitKind | None, Field(description=f"All units of a kind: {KIND_WORDS}")]
    as_of: Annotated[datetime | None, Field(description="The figures as known then; null: now")]
    cut_off: Annotated[datetime | None, Field(description="Latest moment until which any report counted")]
    completeness: Completeness
    complete: Annotated[bool, Field(description="Nothing is lacking: it may be frozen")]
    lacks: Annotated[list[LackOut], Field(description="Why it is not complete")]
    layout: Annotated[FormLayout, Field(description="The form's words and columns")]
    rows: list[StatutoryRow]
    total: StatutoryRow
