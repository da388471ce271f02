"""What is sent and shown of sets and definitions."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.core.schemas import Day, Line, Prose
from app.indicators.formulas.schemas import FormulaExample
from app.indicators.place import PlaceName
from app.indicators.rules import CITY, SET_CODE, Comparator, Direction, PeriodType, SetScope
from app.indicators.schemas import MEASURE, Amount, IndicatorCode, PeriodName
from app.tasks.schemas import Input, UnitName
from app.units.models import UnitCode

SetCode = Annotated[str, Described(pattern=f"^{SET_CODE}$", max_length=20, examples=["NQ57"])]
Name = Annotated[Line, Described(min_length=1, max_length=300)]
Document = Annotated[Line, Described(min_length=1, max_length=500)]
SCOPE_WORDS = "national (quốc gia) | city (thành phố) | unit (từng đơn vị)"
DIRECTION_WORDS = "up (càng cao càng tốt) | down (càng thấp càng tốt) | none (không xét)"
COMPARATOR_WORDS = (
    "at_least (≥) | more_than (>) | at_most (≤) | less_than (<) | equal (=) | range (trong khoảng) | "
    "growth (% tăng so với cùng kỳ)"
)
PERIOD_WORDS = "day (ngày) | month (tháng) | quarter (quý) | year (năm)"


class SeedTarget(Input):
    """A target that comes with its set."""

    place: PlaceName = CITY
    period: PeriodName
    low: Amount | None = None
    high: Amount | None = None
    document: Annotated[Line, Described(min_length=1, max_length=300)]
    document_on: Day | None = None


class IndicatorIn(Input):
    """An indicator as its set defines it."""

    code: IndicatorCode
    name_vi: Name
    name_en: Name
    name_fr: Name
    meaning: Annotated[Prose | None, Described(max_length=4000, description="What is counted, and how")] = None
    unit_of_measure: Annotated[str, Described(pattern=MEASURE, max_length=30, examples=["percent"])]
    direction: Annotated[Direction, Described(description=DIRECTION_WORDS)] = Direction.up
    comparator: Annotated[Comparator, Described(description=COMPARATOR_WORDS)] = Comparator.at_least
    period_type: Annotated[PeriodType, Described(description=PERIOD_WORDS)]
    minimum_base: Annotated[int | None, Described(strict=True, ge=0, le=1_000_000_000)] = None
    source: Document | None = None
    legal_basis: Document | None = None
    owner_unit: UnitCode | None = None
    rhythm: Annotated[PeriodType | None, Described(description="How often a new reading is expected")] = None
    expected_age: Annotated[int | None, Described(strict=True, ge=1, le=3660, description="Days")] = None
    ends_on: Day | None = None
    formula: Annotated[Prose | None, Described(min_length=1, max_length=1000)] = None
    examples: Annotated[
        list[FormulaExample],
        Described(default_factory=list, max_length=20, description="Run when the formula is kept"),
    ]
    part_of: IndicatorCode | None = None
    targets: Annotated[list[SeedTarget], Described(default_factory=list, max_length=200)]


class GroupIn(Input):
    """A group with its indicators."""

    code: Annotated[Line, Described(min_length=1, max_length=20)]
    name_vi: Name
    name_en: Name
    name_fr: Name
    max_score: Annotated[int | None, Described(strict=True, ge=1, le=1000)] = None
    indicators: Annotated[list[IndicatorIn], Described(max_length=300)]


class SetIn(Input):
    """One version of a set, whole: the first, or the next of a set that is there."""

    code: SetCode
    scope: Annotated[SetScope, Described(description=SCOPE_WORDS)]
    name_vi: Name
    name_en: Name
    name_fr: Name
    source: Document
    note: Annotated[Prose | None, Described(max_length=2000)] = None
    valid_from: Day
    groups: Annotated[list[GroupIn], Described(min_length=1, max_length=60)]


class SetItem(BaseModel):
    """A set, by the version that holds on a day."""

    code: str
    version: int
    scope: Annotated[SetScope, Described(description=SCOPE_WORDS)]
    name_vi: str
    name_en: str
    name_fr: str
    source: str
    valid_from: date
    valid_to: date | None
    indicators: int


class SetPage(BaseModel):
    """Sets in their order."""

    items: list[SetItem]
    next: str | None


class SetVersionOut(BaseModel):
    """One version of a set among the others."""

    version: int
    valid_from: date
    valid_to: date | None
    source: str


class IndicatorDefinition(BaseModel):
    """An indicator as one version of its set defines it."""

    code: str
    set: str
    set_version: int
    group: str
    name_vi: str
    name_en: str
    name_fr: str
    meaning: str | None
    unit_of_measure: str
    direction: Annotated[Direction, Described(description=DIRECTION_WORDS)]
    comparator: Annotated[Comparator, Described(description=COMPARATOR_WORDS)]
    period_type: Annotated[PeriodType, Described(description=PERIOD_WORDS)]
    minimum_base: int | None
    source: str | None
    legal_basis: str | None
    owner_unit: UnitName | None
    rhythm: PeriodType | None
    expected_age: int | None
    ends_on: date | None
    formula: str | None
    examples: list[FormulaExample]
    part_of: str | None


class GroupOut(BaseModel):
    """A group with its indicators."""

    code: str
    name_vi: str
    name_en: str
    name_fr: str
    max_score: int | None
    indicators: list[IndicatorDefinition]


class SetOut(BaseModel):
    """One version of a set, whole, and which others there are."""

    code: str
    version: int
    scope: Annotated[SetScope, Described(description=SCOPE_WORDS)]
    name_vi: str
    name_en: str
    name_fr: str
    source: str
    note: str | None
    valid_from: date
    valid_to: date | None
    groups: list[GroupOut]
    versions: list[SetVersionOut]
