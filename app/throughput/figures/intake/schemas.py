"""What is brought with a file of unit-days, and what it became or would become."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import ProblemError, Words
from app.core.files import FileId, FileOut
from app.core.schemas import Day, Prose
from app.procedures.rules import System
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import BASIS_WORDS, ConfirmationStatus, FigureResultOut, Source
from app.throughput.rules import ReasonCode


class FiguresFileIn(BaseModel):
    """Whose figures a file has, and how they are counted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"source": "one-gate"}]})

    source: Source
    basis: Annotated[Basis, Field(description=BASIS_WORDS)] = Basis.daily
    since: Annotated[Day | None, Field(description="cumulative: the day from which on is counted")] = None
    file: Annotated[FileId | None, Field(description="Number of a file that was tried before and is kept")] = None
    reason: Annotated[
        ReasonCode | None,
        Field(description="Why reports that it makes are corrected after the grace; a person's are not without it"),
    ] = None
    note: Annotated[Prose, Field(max_length=1000, description="Required when the reason is `other`")] = ""


class FiguresColumnOut(BaseModel):
    """A column of the file: its name, its heading, whether it must be filled in."""

    name: str
    heading: str
    needed: bool


class FiguresTemplateOut(BaseModel):
    """The columns of a file of unit-days; as a file it has a row for each unit, system and field of the day."""

    day: date
    columns: list[FiguresColumnOut]


class FiguresCellError(BaseModel):
    """What is wrong in a cell or row; `place` as a spreadsheet shows it."""

    pointer: str
    place: str | None
    code: str
    values: Annotated[dict[str, int | str], Field(description="What the sentence is about")]
    message: Words


class FiguresOfDayOut(BaseModel):
    """What a file does to one day of a system, in unit-days; `confirmed` became a report without a person."""

    day: date
    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    units: int
    accepted: int
    unchanged: int
    confirmed: int
    not_confirmed: int


class ConfirmingOut(BaseModel):
    """A unit-day of a file whose unit takes this source's figures as its report without a person."""

    unit: str
    name: str
    day: date
    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    status: Annotated[ConfirmationStatus, Field(description="What becomes of the report; in a preview: would become")]
    code: Annotated[str | None, Field(description="Why it is refused; null otherwise")]
    errors: list[ProblemError]


class WithdrawalIn(BaseModel):
    """Why a file is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Nhầm tệp của ngày khác"}]})

    reason: Annotated[Prose, Field(min_length=1, max_length=1000)]


class BroughtOut(BaseModel):
    """A file of unit-days that was stored, in unit-days; and that it was withdrawn."""

    id: int
    source: str
    basis: Annotated[Basis, Field(description="How the source counted")]
    at: datetime
    by: str
    file: FileOut
    accepted: Annotated[int, Field(description="That it gave new figures")]
    standing: Annotated[int, Field(description="Of those that are still the source's newest word")]
    confirmed: Annotated[int, Field(description="Of those that are reports by now")]
    ending: Annotated[
        int, Field(description="That its withdrawal would end: said by nobody else since, no report unless `whole`")
    ]
    taken_back: int
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    reason: Annotated[str | None, Field(description="Why it was withdrawn")]
    may_withdraw: Annotated[bool, Field(description="Not withdrawn")]
    whole: Annotated[bool, Field(description="Of totals or in their place: it goes whole, its reports with it")]


class BroughtPage(BaseModel):
    """The files that were brought, the newest first, and the cursor of the next ones."""

    items: list[BroughtOut]
    next: str | None


class FiguresImportOut(BaseModel):
    """What a file did, or would do; with errors it does nothing."""

    number: Annotated[int | None, Field(description="By which it can be withdrawn; null where nothing was stored")]
    dry_run: bool
    stored: bool
    file: FileOut
    source: str
    basis: Annotated[Basis, Field(description="How the source counted")]
    since: date | None
    rows: Annotated[int, Field(description="With counts")]
    accepted: int
    unchanged: int
    days: list[FiguresOfDayOut]
    confirming: Annotated[
        list[ConfirmingOut], Field(description="Which become reports, or are refused as such and kept beside")
    ]
    results: Annotated[list[FigureResultOut], Field(description="As the door's, one a unit-day; empty with errors")]
    errors: list[FiguresCellError]
