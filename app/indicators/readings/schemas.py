"""What is sent and shown of readings."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.errors import Words
from app.core.files import FileId, FileOut
from app.core.schemas import Day, Line, Prose
from app.indicators.place import PlaceName
from app.indicators.readings.models import Origin
from app.indicators.rules import CITY, ReadingState
from app.indicators.schemas import Amount, Figure, PeriodName, PlaceOut
from app.tasks.schemas import Input, RowId

STATE_WORDS = "provisional (sơ bộ) | official (chính thức) | not_available (chưa có số liệu)"
ORIGIN_WORDS = "typed (nhập tay) | file (từ tệp) | published (đã công bố) | computed (hệ thống tính)"
WORDS_WORDS = "Of figures that came with the service; others are in the words they were entered in"
Part = Annotated[int, Described(strict=True, ge=-(10**15), le=10**15)]
Base = Annotated[int, Described(strict=True, ge=0, le=10**15)]


class ReadingIn(Input):
    """What an indicator was for a period: the value as its source prints it, or numerator and denominator, or both."""

    place: PlaceName = CITY
    period: PeriodName
    value: Amount | None = None
    numerator: Part | None = None
    denominator: Base | None = None
    as_of: Annotated[Day, Described(description="The day that the figure speaks of")]
    state: Annotated[ReadingState, Described(description=STATE_WORDS)] = ReadingState.provisional
    source: Annotated[Line, Described(min_length=1, max_length=500)]
    published_on: Day | None = None
    rank: Annotated[int | None, Described(strict=True, ge=1, le=100_000)] = None
    out_of: Annotated[int | None, Described(strict=True, ge=1, le=100_000)] = None
    note: Annotated[Prose | None, Described(max_length=1000)] = None
    supersedes: Annotated[RowId | None, Described(description="The reading of this period that stands")] = None


class ReadingOut(PlaceOut):
    """A reading.

    `value` is what the source prints, or worked out from the parts. Where both are given and the parts say something
    else, `gap` is by how much.
    """

    id: int
    indicator: str
    name_vi: str
    name_en: str
    name_fr: str
    unit_of_measure: str
    set_version: int
    period: str
    value: Figure | None
    numerator: int | None
    denominator: int | None
    worked_out: Annotated[Figure | None, Described(description="What numerator and denominator say")]
    gap: Annotated[Figure | None, Described(description="worked_out − value, where rounding does not explain it")]
    as_of: date
    state: Annotated[ReadingState, Described(description=STATE_WORDS)]
    origin: Annotated[Origin, Described(description=ORIGIN_WORDS)]
    source: str | None
    source_en: Annotated[str | None, Described(description=WORDS_WORDS)] = None
    source_fr: str | None = None
    published_on: date | None
    rank: int | None
    out_of: int | None
    note: str | None
    note_en: str | None = None
    note_fr: str | None = None
    outside_share: Annotated[bool, Described(description="A percentage below 0 or above 100: look at it again")] = False
    number: Annotated[int, Described(description="Its place in the chain of its period; 0: worked out here")]
    supersedes: int | None
    standing: Annotated[bool, Described(description="Whether it is the one that counts for its period")]
    stale: Annotated[bool, Described(description="The newest of its indicator here, and older than it may be")] = False
    recorded_at: datetime
    recorded_by: str


class ReadingPage(BaseModel):
    """Readings, the newest as-of first."""

    items: list[ReadingOut]
    next: str | None


class ReadingsError(BaseModel):
    """What is wrong in a file, and where."""

    pointer: str
    place: Annotated[str, Described(description="The cell as a spreadsheet names it")]
    code: str
    message: Words


class KeptReadings(BaseModel):
    """A file of readings that was checked before and is kept."""

    model_config = ConfigDict(extra="forbid")

    file: FileId


class ReadingsImport(BaseModel):
    """What a file of readings brings; all of it is stored, or nothing."""

    dry_run: bool
    stored: bool
    file: FileOut
    rows: int
    errors: list[ReadingsError]
    warnings: Annotated[list[ReadingsError], Described(description="Stored all the same")]
