"""What is brought to be read as figures, and how what was understood is shown."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.core.files import FileId, FileOut
from app.procedures.rules import System
from app.throughput.checking.service import CheckedOut
from app.throughput.intake.layout import LayoutKind
from app.throughput.schemas import ReportsOut, WordsOut


class PastedIn(BaseModel):
    """A block copied from a spreadsheet."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "Lĩnh vực\tTrực tuyến\tTrực tiếp\tTrước hạn\tĐúng hạn\tQuá hạn\nHộ tịch\t14\t2\t9\t4\t0"}
            ]
        },
    )

    text: Annotated[str, Field(min_length=1, max_length=200_000)]
    system: Annotated[System | None, Field(description="Whose figures; absent: as the table says, else city")] = None


class KeptIn(BaseModel):
    """A file that was read before and is kept."""

    model_config = ConfigDict(extra="forbid")

    file: FileId
    system: Annotated[System | None, Field(description="Whose figures; absent: as the file says, else city")] = None


class ColumnOut(BaseModel):
    """A column and what it was taken for; null: not used."""

    place: str
    heading: str
    measure: str | None


class RowOut(BaseModel):
    """A row whose field was found, and by what: code, name, or external (another system's code)."""

    row: int
    label: str
    field: str
    by: str


class UnmatchedRow(BaseModel):
    """A row that is no field's, and why."""

    row: int
    label: str
    reason: str


class PlacedError(BaseModel):
    """What is wrong in a cell; `place` as a spreadsheet shows it."""

    pointer: str
    place: str | None
    code: str
    values: Annotated[dict[str, int | str], Field(description="What the sentence is about")]
    message: WordsOut


class DifferenceOut(BaseModel):
    """A column whose total row says another number than its rows add up to."""

    measure: str
    said: int
    sum: int


class TotalsRow(BaseModel):
    """The row of totals, and where it differs."""

    row: int
    differences: list[DifferenceOut]


class SystemRead(BaseModel):
    """One system's figures as they were understood; `lines` are as a report sends them."""

    layout: Annotated[LayoutKind, Field(description="sheet (our template), ii06a, one_gate (an export), or plain")]
    sheet: str | None
    columns: list[ColumnOut]
    rows: list[RowOut]
    lines: list[dict[str, Any]]
    unmatched: list[UnmatchedRow]
    errors: list[PlacedError]
    computed: Annotated[list[str], Field(description="Cells whose value is a formula's last result")]
    totals: TotalsRow | None


class Understood(BaseModel):
    """What a table says of a unit's day; null: nothing of that system."""

    unit: str
    unit_name: str
    day: date
    file: FileOut | None
    city: SystemRead | None
    ministry: SystemRead | None


class ImportOut(BaseModel):
    """What an import stored, or would store; with errors it stores nothing."""

    dry_run: bool
    stored: bool
    understood: Understood
    errors: list[PlacedError]
    if_match: Annotated[
        str | None, Field(description="What storing wants as If-Match, for it replaces what stands; null: nothing")
    ]
    checked: Annotated[CheckedOut | None, Field(description="What sending it would say; null: not a dry run")]
    report: Annotated[ReportsOut | None, Field(description="As it stands now; null: a dry run")]
