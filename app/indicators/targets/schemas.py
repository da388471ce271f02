"""What is sent and shown of targets."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.core.schemas import Day, Line
from app.indicators.place import PlaceName
from app.indicators.rules import CITY
from app.indicators.schemas import Amount, Figure, PeriodName, PlaceOut
from app.tasks.schemas import Input

BOUND_WORDS = "`low` is the bound of ≥, >, = and growth, `high` that of ≤ and <; a range has both"


class TargetIn(Input):
    """What is to be reached in a place by the end of a period, with the document that says so."""

    place: PlaceName = CITY
    period: PeriodName
    low: Annotated[Amount | None, Described(description=BOUND_WORDS)] = None
    high: Annotated[Amount | None, Described(description=BOUND_WORDS)] = None
    version: Annotated[int, Described(strict=True, ge=1, le=999, description="A later one replaces an earlier")] = 1
    document: Annotated[Line, Described(min_length=1, max_length=300)]
    document_on: Day | None = None


class IndicatorTarget(PlaceOut):
    """A target; `in_force`: no later version speaks of its period."""

    id: int
    indicator: str
    name_vi: str
    name_en: str
    name_fr: str
    unit_of_measure: str
    comparator: str
    period: str
    version: int
    low: Figure | None
    high: Figure | None
    document: str
    document_on: date | None
    in_force: bool
    set_at: datetime
    set_by: str


class TargetPage(BaseModel):
    """Targets by indicator, place, period and version."""

    items: list[IndicatorTarget]
    next: str | None
