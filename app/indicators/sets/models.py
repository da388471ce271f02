"""Sets of indicators and their versions: tables."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from app.core.search import ordered_text
from app.indicators.rules import PLAIN, Direction, PeriodType, SetScope
from app.tasks.models import one_of


class IndicatorSet(SQLModel, table=True):
    """A set by its code, whatever its versions say."""

    __tablename__ = "indicator_sets"
    __table_args__ = (CheckConstraint(one_of("scope", SetScope), name="scope"),)

    id: int = Field(default=None, primary_key=True)
    code: str = Field(sa_column=Column(ordered_text(20), nullable=False, unique=True))
    scope: str = Field(max_length=10)
    sort_order: int


class SetVersion(SQLModel, table=True):
    """What a set says from one day on; rows are only added, an earlier one is ended by the next."""

    __tablename__ = "indicator_set_versions"
    __table_args__ = (
        UniqueConstraint("set_id", "number"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        CheckConstraint("number >= 1", name="number"),
    )

    id: int = Field(default=None, primary_key=True)
    set_id: int = Field(foreign_key="indicator_sets.id")
    number: int
    name_vi: str = Field(max_length=300)
    name_en: str = Field(max_length=300)
    name_fr: str = Field(max_length=300)
    source: str = Field(max_length=500)
    note: str | None = Field(max_length=2000)
    valid_from: date
    valid_to: date | None
    made_at: datetime
    made_by: str = Field(max_length=160)


class IndicatorGroup(SQLModel, table=True):
    """A group of a version, with its maximum where it is scored."""

    __tablename__ = "indicator_groups"
    __table_args__ = (
        UniqueConstraint("version_id", "code"),
        CheckConstraint("max_score is null or max_score > 0", name="max_score"),
    )

    id: int = Field(default=None, primary_key=True)
    version_id: int = Field(foreign_key="indicator_set_versions.id")
    code: str = Field(max_length=20)
    name_vi: str = Field(max_length=300)
    name_en: str = Field(max_length=300)
    name_fr: str = Field(max_length=300)
    max_score: int | None
    sort_order: int


class Indicator(SQLModel, table=True):
    """An indicator by its code: what its readings, targets and citations belong to, whatever version defines it."""

    __tablename__ = "indicators"

    id: int = Field(default=None, primary_key=True)
    code: str = Field(sa_column=Column(ordered_text(40), nullable=False, unique=True))
    set_id: int = Field(foreign_key="indicator_sets.id", index=True)


class Definition(SQLModel, table=True):
    """What an indicator means in one version of its set; `strict`: the bound itself does not do (>, <)."""

    __tablename__ = "indicator_definitions"
    __table_args__ = (
        UniqueConstraint("version_id", "indicator_id"),
        CheckConstraint(one_of("direction", Direction), name="direction"),
        CheckConstraint(f"comparator in ({', '.join(repr(str(one)) for one in PLAIN)})", name="comparator"),
        CheckConstraint(one_of("period_type", PeriodType), name="period_type"),
        CheckConstraint("minimum_base is null or minimum_base >= 0", name="minimum_base"),
        CheckConstraint("expected_age is null or expected_age > 0", name="expected_age"),
        CheckConstraint("part_of_id is null or part_of_id <> indicator_id", name="part_of"),
        Index("ix_indicator_definitions_indicator", "indicator_id", "version_id"),
    )

    id: int = Field(default=None, primary_key=True)
    indicator_id: int = Field(foreign_key="indicators.id")
    version_id: int = Field(foreign_key="indicator_set_versions.id")
    group_id: int = Field(foreign_key="indicator_groups.id", index=True)
    name_vi: str = Field(max_length=300)
    name_en: str = Field(max_length=300)
    name_fr: str = Field(max_length=300)
    meaning: str | None = Field(max_length=4000)
    unit_of_measure: str = Field(max_length=30)
    direction: str = Field(max_length=10)
    comparator: str = Field(max_length=10)
    strict: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    period_type: str = Field(max_length=10)
    minimum_base: int | None
    source: str | None = Field(max_length=500)
    legal_basis: str | None = Field(max_length=500)
    owner_unit_id: int | None = Field(foreign_key="units.id", index=True)
    rhythm: str | None = Field(max_length=10)
    expected_age: int | None
    ends_on: date | None
    formula: str | None = Field(max_length=1000)
    examples: str | None = Field(sa_column=Column(Text))
    part_of_id: int | None = Field(foreign_key="indicators.id", index=True)
    search_key: str = Field(max_length=1400)
    sort_order: int
