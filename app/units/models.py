"""Organisation units, what they are also called, and the shapes in which they are sent and shown."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described
from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.schemas import Day, Flag, Line
from app.core.search import ordered_text
from app.units import rules
from app.units.rules import CODE_PATTERN, UnitKind

KIND_WORDS = (
    "ward (phường) | commune (xã) | special_zone (đặc khu) | department (sở, ngành) | party_body (cơ quan Đảng) | "
    "city_centre (trung tâm phục vụ hành chính công thành phố)"
)


class AliasKind(StrEnum):
    """Why a unit has another name: it, or a part of it, was called so before a merger; or people call it so."""

    FORMER_NAME = "former_name"
    OTHER = "other"


class Unit(SQLModel, table=True):
    """An organisation that reports or answers for tasks; its code is its identity."""

    __tablename__ = "units"
    __table_args__ = (
        CheckConstraint(f"kind in ({', '.join(repr(k.value) for k in UnitKind)})", name="kind"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        CheckConstraint("successor_id is null or successor_id <> id", name="successor"),
    )

    id: int = Field(default=None, primary_key=True)
    code: str = Field(sa_column=Column(ordered_text(35), nullable=False, unique=True))
    name: str = Field(max_length=120)
    full_name: str = Field(max_length=200)
    kind: str = Field(max_length=20)
    valid_from: date
    valid_to: date | None
    successor_id: int | None = Field(foreign_key="units.id", index=True)
    search_key: str = Field(max_length=1200)
    sort_key: str = Field(sa_column=Column(ordered_text(1200), nullable=False))
    sort_order: int
    owes_reports: bool | None
    version: int

    def is_valid(self, day: date) -> bool:
        """Tell whether the unit exists on a day."""
        return rules.is_valid(day, self.valid_from, self.valid_to)


class UnitAlias(SQLModel, table=True):
    """Another name under which people look for a unit."""

    __tablename__ = "unit_aliases"
    __table_args__ = (
        CheckConstraint(f"kind in ({', '.join(repr(k.value) for k in AliasKind)})", name="kind"),
        UniqueConstraint("unit_id", "alias"),
    )

    id: int = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    alias: str = Field(max_length=120)
    search_key: str = Field(max_length=400)
    kind: str = Field(max_length=20)


@dataclass(frozen=True, slots=True)
class UnitChanged:
    """A unit was added, or its validity, kind or duty changed; published in the changing transaction."""

    unit_id: int


Name = Annotated[Line, Described(min_length=1, max_length=120)]
UnitCode = Annotated[Line, Described(pattern=CODE_PATTERN, max_length=35, examples=["19753"])]


class UnitIn(BaseModel):
    """All of a unit but its code, as sent by who keeps the catalogue."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    full_name: Annotated[Line, Described(min_length=1, max_length=200)]
    kind: Annotated[UnitKind, Described(description=KIND_WORDS)]
    valid_from: Day
    valid_to: Annotated[Day | None, Described(description="The last day on which the unit exists")] = None
    successor: Annotated[UnitCode | None, Described(description="Code of the unit that takes over")] = None
    owes_reports: Annotated[
        Flag | None, Described(description="Owes daily reports; null: as the report's definition says of its kind")
    ] = None
    sort_order: Annotated[int, Described(strict=True, ge=0, le=100_000)] = 0
    former_names: Annotated[list[Name], Described(max_length=60)] = []
    other_names: Annotated[list[Name], Described(max_length=60)] = []


class UnitNew(UnitIn):
    """A unit as it is added."""

    code: UnitCode


class UnitOut(BaseModel):
    """A unit as it is shown."""

    code: str
    name: str
    full_name: str
    kind: Annotated[UnitKind, Described(description=KIND_WORDS)]
    valid_from: date
    valid_to: date | None
    successor: str | None
    owes_reports: bool | None
    sort_order: int
    former_names: list[str]
    other_names: list[str]
    version: int


class UnitPage(BaseModel):
    """Some units in Vietnamese order, and the cursor of the next ones."""

    items: list[UnitOut]
    next: str | None
