"""What is shown of how a figure came about, and of the estimate of Decision 766."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel
from pydantic import Field as Described

from app.indicators.readings.schemas import ReadingOut
from app.indicators.schemas import Figure, PlaceOut
from app.indicators.sets.schemas import IndicatorDefinition
from app.tasks.schemas import UnitName
from app.throughput.schemas import WordsOut


class InputOut(BaseModel):
    """A measure that the formula names, and what it was."""

    measure: Annotated[str, Described(description="As the formula names it")]
    title: WordsOut
    unit_of_measure: str
    amount: Annotated[int | None, Described(description="null: nothing has come")]


class InputsOfUnit(BaseModel):
    """One unit's part of a figure of the city."""

    unit: UnitName
    as_of: date | None
    amounts: Annotated[list[int | None], Described(description="In the order of the inputs")]


class MissingUnit(BaseModel):
    """A unit of which days are not in."""

    unit: UnitName
    days: int


class WhyOut(PlaceOut):
    """Where a figure comes from: formula, inputs, missing units, definition version; or its source, and what it
    superseded.
    """

    definition: IndicatorDefinition
    period: str
    reading: ReadingOut
    formula: Annotated[str | None, Described(description="null: the figure was entered")]
    inputs: list[InputOut]
    units: Annotated[list[InputsOfUnit], Described(description="Of a figure of the city from reports")]
    missing: list[MissingUnit]
    chain: Annotated[list[ReadingOut], Described(description="What was entered for this period, the oldest first")]
    computed: Annotated[ReadingOut | None, Described(description="What this service works out beside an entered one")]


class EstimateGroup(BaseModel):
    """A group of Decision 766: what our figures estimate of it, and what the portal published."""

    code: str
    name_vi: str
    name_en: str
    name_fr: str
    max_score: int
    estimate: Annotated[Figure | None, Described(description="null: our figures say nothing of this group")]
    indicator: Annotated[str | None, Described(description="The indicator that estimates it")]
    numerator: int | None
    denominator: int | None
    published: Annotated[Figure | None, Described(description="The portal's latest score of the group")]
    published_as_of: date | None
    stale: Annotated[bool, Described(description="The estimate is older than it may be")]
    published_stale: Annotated[bool, Described(description="So is the portal's score")]


class RaisingUnit(BaseModel):
    """What costs a unit, and with it the city, points of this month, and need not cost them next month."""

    kind: Annotated[
        Literal["paper", "late"],
        Described(description="paper (hồ sơ chưa nộp trực tuyến) | late (hồ sơ đang quá hạn, còn kéo sang tháng sau)"),
    ]
    unit: UnitName
    open: Annotated[int, Described(description="Dossiers")]
    gain: Annotated[
        Figure, Described(description="Points of the city's estimate: lost this month, to be had again in the next")
    ]


class EstimateOut(BaseModel):
    """The daily estimate of Decision 766: points of the groups with data, never a total of 100."""

    period: str
    as_of: date | None
    points: Annotated[Figure | None, Described(description="Estimated, of the groups with data")]
    of_points: Annotated[int, Described(description="Maximum of the groups with data")]
    groups: list[EstimateGroup]
    published: Annotated[ReadingOut | None, Described(description="The portal's latest published overall score")]
    raising: Annotated[
        list[RaisingUnit], Described(description="What costs points now and need not next month, most first")
    ]
