"""Fields and procedures, where fields apply, and the shapes in which they are sent and shown."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described
from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.schemas import Day, Flag, Line
from app.core.search import ordered_text
from app.procedures.rules import PROCEDURE_CODE, Level, OnlineLevel, System
from app.units.models import UnitCode
from app.units.rules import CODE_PATTERN, UnitKind

SYSTEM_WORDS = "city (hệ thống một cửa của thành phố) | ministry (hệ thống của bộ, ngành)"
LEVEL_WORDS = "city (cấp thành phố) | commune (cấp xã)"
ONLINE_WORDS = "full (toàn trình) | partial (một phần) | information (chỉ cung cấp thông tin)"


def _one_of(column: str, values: type[System | Level | OnlineLevel | UnitKind]) -> CheckConstraint:
    return CheckConstraint(f"{column} in ({', '.join(repr(v.value) for v in values)})", name=column)


class ProcedureField(SQLModel, table=True):
    """A field (lĩnh vực): the heading under which procedures are grouped and dossiers counted."""

    __tablename__ = "fields"
    __table_args__ = (
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        CheckConstraint("successor_id is null or successor_id <> id", name="successor"),
    )

    id: int = Field(default=None, primary_key=True)
    code: str = Field(sa_column=Column(ordered_text(35), nullable=False, unique=True))
    name_vi: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    name_fr: str = Field(max_length=200)
    short_name: str = Field(max_length=40)
    valid_from: date
    valid_to: date | None
    successor_id: int | None = Field(foreign_key="fields.id", index=True)
    sort_order: int
    search_key: str = Field(max_length=2500)
    version: int


@dataclass(frozen=True, slots=True)
class FieldChanged:
    """A field was added, or its validity, names or applicability changed; published in the changing transaction."""

    code: str


class FieldApplicability(SQLModel, table=True):
    """The rule that units of a kind count a field in a system; a pair that has no row does not."""

    __tablename__ = "field_applicability"
    __table_args__ = (_one_of("system", System), _one_of("unit_kind", UnitKind))

    field_id: int = Field(foreign_key="fields.id", primary_key=True)
    system: str = Field(max_length=10, primary_key=True)
    unit_kind: str = Field(max_length=20, primary_key=True)


class UnitFieldException(SQLModel, table=True):
    """A rule for one unit, stronger than the one for its kind."""

    __tablename__ = "unit_field_exceptions"
    __table_args__ = (_one_of("system", System),)

    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    field_id: int = Field(foreign_key="fields.id", primary_key=True, index=True)
    system: str = Field(max_length=10, primary_key=True)
    applies: bool


class Procedure(SQLModel, table=True):
    """An administrative procedure (thủ tục hành chính)."""

    __tablename__ = "procedures"
    __table_args__ = (
        _one_of("level", Level),
        _one_of("online_level", OnlineLevel),
        CheckConstraint("days_allowed is null or days_allowed >= 0", name="days_allowed"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
    )

    id: int = Field(default=None, primary_key=True)
    code: str = Field(sa_column=Column(ordered_text(20), nullable=False, unique=True))
    name: str = Field(max_length=500)
    field_id: int = Field(foreign_key="fields.id", index=True)
    level: str = Field(max_length=10)
    days_allowed: int | None
    online_level: str = Field(max_length=12)
    non_boundary: bool
    valid_from: date
    valid_to: date | None
    search_key: str = Field(max_length=2000)
    version: int


@dataclass(frozen=True, slots=True)
class ExternalCodeChanged:
    """Another system's code means something else than before, or nothing; published in the changing transaction.

    `units`: whom it meant before, and whom it means now.
    """

    source: str
    search_key: str
    units: frozenset[int]


class ExternalCode(SQLModel, table=True):
    """What another system calls one of our units or fields."""

    __tablename__ = "external_codes"
    __table_args__ = (
        UniqueConstraint("source", "kind", "search_key"),
        CheckConstraint("kind in ('unit', 'field')", name="kind"),
        CheckConstraint(
            "(kind = 'unit') = (unit_id is not null) and (kind = 'field') = (field_id is not null)", name="target"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(sa_column=Column(ordered_text(60), nullable=False))
    kind: str = Field(max_length=10)
    code: str = Field(sa_column=Column(ordered_text(200), nullable=False))
    search_key: str = Field(max_length=400)
    unit_id: int | None = Field(default=None, foreign_key="units.id", index=True)
    field_id: int | None = Field(default=None, foreign_key="fields.id", index=True)


FieldCode = Annotated[Line, Described(pattern=CODE_PATTERN, max_length=35, examples=["HT"])]
FieldName = Annotated[Line, Described(min_length=1, max_length=200)]
Kinds = Annotated[list[UnitKind], Described(max_length=len(UnitKind))]


class Applies(BaseModel):
    """The kinds of units that count a field, by system."""

    model_config = ConfigDict(extra="forbid")

    city: Annotated[Kinds, Described(description="In the city's one-gate system")] = []
    ministry: Annotated[Kinds, Described(description="In a ministry's system")] = []


class FieldIn(BaseModel):
    """All of a field but its code, as sent by who keeps the catalogue."""

    model_config = ConfigDict(extra="forbid")

    name_vi: FieldName
    name_en: FieldName
    name_fr: FieldName
    short_name: Annotated[Line, Described(min_length=1, max_length=40)]
    valid_from: Day
    valid_to: Annotated[Day | None, Described(description="The last day on which dossiers are counted under it")] = None
    successor: Annotated[FieldCode | None, Described(description="Code of the field that takes over")] = None
    sort_order: Annotated[int, Described(strict=True, ge=0, le=100_000)] = 0
    applies: Annotated[Applies, Described(description="Rules by unit kind; exceptions of units stay")] = Applies()


class FieldNew(FieldIn):
    """A field as it is added."""

    code: FieldCode


class ExceptionIn(BaseModel):
    """A rule for one unit as it is added."""

    model_config = ConfigDict(extra="forbid")

    unit: UnitCode
    system: Annotated[System, Described(description=SYSTEM_WORDS)]
    applies: Flag


class ExceptionOut(BaseModel):
    """A rule for one unit as it is shown."""

    unit: str
    unit_name: str
    system: System
    applies: bool


class AppliesOut(BaseModel):
    """The kinds of units that count a field, by system, as shown."""

    city: list[UnitKind]
    ministry: list[UnitKind]


class FieldOut(BaseModel):
    """A field as it is shown."""

    code: str
    name_vi: str
    name_en: str
    name_fr: str
    short_name: str
    valid_from: date
    valid_to: date | None
    successor: str | None
    sort_order: int
    applies: AppliesOut
    exceptions: list[ExceptionOut]
    version: int


class FieldList(BaseModel):
    """Fields in the order in which forms show them."""

    items: list[FieldOut]


ProcedureCode = Annotated[Line, Described(pattern=PROCEDURE_CODE, max_length=20, examples=["1.004194"])]


class ProcedureIn(BaseModel):
    """All of a procedure but its code, as sent by who keeps the catalogue."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Described(min_length=1, max_length=500)]
    field: FieldCode
    level: Annotated[Level, Described(description=LEVEL_WORDS)]
    days_allowed: Annotated[
        int | None, Described(strict=True, ge=0, le=1000, description="Working days; absent: no term")
    ] = None
    online_level: Annotated[OnlineLevel, Described(description=ONLINE_WORDS)]
    non_boundary: Annotated[Flag, Described(description="May be filed anywhere in the city")] = False
    valid_from: Day
    valid_to: Annotated[Day | None, Described(description="The last day on which it may be filed")] = None


class ProcedureNew(ProcedureIn):
    """A procedure as it is added."""

    code: ProcedureCode


class ProcedureOut(BaseModel):
    """A procedure as it is shown."""

    code: str
    name: str
    field: str
    field_name_vi: str
    field_name_en: str
    field_name_fr: str
    level: Annotated[Level, Described(description=LEVEL_WORDS)]
    days_allowed: int | None
    online_level: Annotated[OnlineLevel, Described(description=ONLINE_WORDS)]
    non_boundary: bool
    valid_from: date
    valid_to: date | None
    version: int


class ProcedurePage(BaseModel):
    """Some procedures by code, and the cursor of the next ones."""

    items: list[ProcedureOut]
    next: str | None
