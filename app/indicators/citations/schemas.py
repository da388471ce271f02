"""What is sent and shown of citations."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.indicators.citations.rules import Change
from app.indicators.place import PlaceName
from app.indicators.readings.models import Origin
from app.indicators.readings.schemas import ORIGIN_WORDS, STATE_WORDS, ReadingOut
from app.indicators.rules import CITY, ReadingState
from app.indicators.schemas import Figure, PeriodName, PlaceOut
from app.indicators.sets.schemas import IndicatorDefinition
from app.tasks.schemas import Input

CHANGE_WORDS = (
    "unchanged (không đổi) | superseded (có số liệu thay thế) | recomputed (tính lại sau đính chính) | "
    "replaced (đã có số liệu chính thức) | gone (không còn số liệu)"
)


class CitationIn(Input):
    """Which figure is to be cited: the one that counts now for a place and period."""

    place: PlaceName = CITY
    period: PeriodName


class CitedOut(BaseModel):
    """A figure as it was when it was cited."""

    value: Figure | None
    numerator: int | None
    denominator: int | None
    state: Annotated[ReadingState, Described(description=STATE_WORDS)]
    origin: Annotated[Origin, Described(description=ORIGIN_WORDS)]
    as_of: date
    source: str | None
    published_on: date | None
    rank: int | None
    out_of: int | None


class CitationOut(PlaceOut):
    """A cited figure, the same for good, with today's beside it."""

    token: str
    address: Annotated[str, Described(description="The path that shows this figure for good")]
    definition: IndicatorDefinition
    period: str
    cited: CitedOut
    cited_at: datetime
    cited_by: str
    today: ReadingOut | None
    change: Annotated[Change, Described(description=CHANGE_WORDS)]
    definition_today: Annotated[int, Described(description="The set's version that holds today")]
