"""What is sent and shown of citations."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.indicators.citations.rules import Change, Differs
from app.indicators.place import PlaceName
from app.indicators.readings.models import Origin
from app.indicators.readings.schemas import ORIGIN_WORDS, STATE_WORDS, ReadingOut
from app.indicators.rules import CITY, ReadingState
from app.indicators.schemas import Figure, PeriodName, PlaceOut
from app.indicators.sets.schemas import IndicatorDefinition
from app.tasks.schemas import Input

CHANGE_WORDS = (
    "unchanged (không đổi) | superseded (có số liệu thay thế) | recomputed (đã tính lại) | "
    "replaced (đã có số liệu nhập) | gone (không còn số liệu)"
)
DIFFERS_WORDS = (
    "In what today's differs: figure (số liệu) | as_of (ngày số liệu) | state (mức độ chính thức) | rank (thứ hạng) | "
    "source (nguồn) | definition (phiên bản định nghĩa)"
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
    differs: Annotated[list[Differs], Described(description=DIFFERS_WORDS)]
    definition_today: Annotated[int, Described(description="The set's version that holds today")]


class CitationItem(PlaceOut):
    """A citation in a list: the figure as it was cited, today's, and what became of it."""

    token: str
    address: str
    indicator: str
    name_vi: str
    name_en: str
    name_fr: str
    period: str
    unit_of_measure: str
    value: Figure | None
    numerator: int | None
    denominator: int | None
    as_of: date
    change: Annotated[Change, Described(description=CHANGE_WORDS)]
    differs: Annotated[list[Differs], Described(description=DIFFERS_WORDS)]
    today: Figure | None
    today_unit_of_measure: str | None
    cited_at: datetime
    cited_by: str


class CitationPage(BaseModel):
    """Citations, the newest first."""

    items: list[CitationItem]
    next: str | None
