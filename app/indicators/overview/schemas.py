"""What is shown of many indicators, and of one with all that belongs to it."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.indicators.citations.schemas import CitationItem
from app.indicators.linked.schemas import LinkedTask
from app.indicators.readings.models import Origin
from app.indicators.readings.schemas import ORIGIN_WORDS, STATE_WORDS, ReadingOut
from app.indicators.rules import ReadingState, SetScope, Standing
from app.indicators.schemas import Figure, GoalOut, PlaceOut
from app.indicators.sets.schemas import SCOPE_WORDS, IndicatorDefinition, SetVersionOut
from app.indicators.targets.schemas import IndicatorTarget

STANDING_WORDS = (
    "exceeded (vượt) | met (đạt) | near (gần đạt) | not_due (chưa đến hạn) | not_met (chưa đạt) | "
    "no_target (chưa có mục tiêu) | no_data (chưa có số liệu)"
)


class LatestOut(BaseModel):
    """The reading that counts of the newest period."""

    id: int
    period: str
    unit_of_measure: Annotated[str, Described(description="Of the definition that it was recorded under")]
    value: Figure | None
    numerator: int | None
    denominator: int | None
    as_of: date
    state: Annotated[ReadingState, Described(description=STATE_WORDS)]
    origin: Annotated[Origin, Described(description=ORIGIN_WORDS)]
    source: str | None
    rank: int | None
    out_of: int | None


class IndicatorItem(IndicatorDefinition):
    """An indicator with where it stands."""

    reading: LatestOut | None
    goal: GoalOut | None
    standing: Annotated[Standing, Described(description=STANDING_WORDS)]
    small_base: Annotated[bool, Described(description="The denominator is under the minimum base")]
    stale: Annotated[bool, Described(description="Older than the indicator's expected age")]
    makes_it: Annotated[
        bool | None, Described(description="Of a target not yet due: whether the pace of twelve months makes it")
    ]


class StandingCount(BaseModel):
    """How many indicators stand so."""

    standing: Annotated[Standing, Described(description=STANDING_WORDS)]
    count: int


class IndicatorPage(PlaceOut):
    """Indicators of one place in the order of their sets, with how many stand how."""

    on: date
    counts: list[StandingCount]
    stale: int
    items: list[IndicatorItem]
    next: str | None


class PartOut(BaseModel):
    """An indicator that is part of another."""

    code: str
    name_vi: str
    name_en: str
    name_fr: str
    value: Figure


class PartsOut(BaseModel):
    """The parts of a whole as of one day; `gap` is what they lack to the whole, 0 where they add up."""

    as_of: date
    whole: Figure
    parts: list[PartOut]
    sum: Figure
    gap: Figure


class PaceOut(BaseModel):
    """Whether the target will be made at the pace of the last twelve months; amounts a month, with their sign."""

    due: date
    months_left: int
    needed: Figure
    actual: Figure | None
    since: Annotated[date | None, Described(description="The actual pace rests on the readings from this day …")]
    until: Annotated[date, Described(description="… to this one")]
    readings: Annotated[int, Described(description="How many readings that are")]
    expected: Figure | None
    makes_it: bool | None


class MissedTarget(BaseModel):
    """An indicator whose target is missed, or will be at the pace of the last twelve months; and what it would need."""

    indicator: IndicatorItem
    pace: Annotated[PaceOut | None, Described(description="null: the goal is no bound, so that no pace leads to it")]


class IndicatorOut(PlaceOut):
    """One indicator in one place: how it stands, its series, targets, and what belongs to it."""

    indicator: IndicatorItem
    scope: Annotated[SetScope, Described(description=f"{SCOPE_WORDS}; of `unit` there is no figure of the city")]
    series: Annotated[list[ReadingOut], Described(description="The readings that count, the oldest period first")]
    targets: list[IndicatorTarget]
    pace: PaceOut | None
    parts: PartsOut | None
    tasks: list[LinkedTask]
    citations: Annotated[list[CitationItem], Described(description="The newest of this place")]
    versions: list[SetVersionOut]
    may: Annotated[list[str], Described(description="What the caller may do: enter | keep")]


class ComparedPoint(BaseModel):
    """One period of a unit's line; `value` only in the unit of measure of today's definition, like all on the scale."""

    period: str
    value: Figure | None
    numerator: int | None
    denominator: int | None


class ComparedUnit(PlaceOut):
    """One unit's line, with its newest value and how it stands."""

    value: Figure | None
    period: str | None
    numerator: int | None
    denominator: int | None
    standing: Annotated[Standing, Described(description=STANDING_WORDS)]
    small_base: bool
    stale: Annotated[bool, Described(description="Older than the indicator's expected age")]
    points: list[ComparedPoint]


class ComparisonOut(BaseModel):
    """Units beside each other on one indicator; the periods are the same for all."""

    indicator: IndicatorDefinition
    periods: list[str]
    goal: GoalOut | None
    items: list[ComparedUnit]
