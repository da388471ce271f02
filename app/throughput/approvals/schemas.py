"""What is sent and shown of approvals."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from app.core.schemas import Day, Flag, Line, Prose
from app.procedures.rules import System
from app.throughput.approvals.rules import ReportStatus, Stage, Unusual, Word
from app.throughput.listing import FieldChangeOut
from app.throughput.schemas import ReportOut, TotalsOut, WordsOut

Version = Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="The revision that was looked at")]
Why = Annotated[Prose, Field(min_length=1, max_length=1000)]


class ApprovalIn(BaseModel):
    """The revision that is approved."""

    model_config = ConfigDict(extra="forbid")

    version: Version


class ReturnIn(BaseModel):
    """Why a report is returned, or an approval taken back; with a version, only while that one stands."""

    model_config = ConfigDict(extra="forbid")

    reason: Why
    version: Version | None = None


class ApproveItem(BaseModel):
    """One report of many, with the revision that was looked at."""

    model_config = ConfigDict(extra="forbid")
    # In a form, a row whose box is not ticked is no row.
    form_key: ClassVar[tuple[str, ...]] = ("unit", "day", "system", "version")

    unit: Annotated[Line, Field(max_length=35)]
    day: Day
    system: Annotated[System, Field(description="Source system")]
    version: Version
    approve: Annotated[Flag, Field(description="A form's tick; false is skipped")] = True


class ApproveManyIn(BaseModel):
    """Many reports to be approved at one stage."""

    model_config = ConfigDict(extra="forbid")

    stage: Annotated[Stage, Field(description="Who approves")]
    items: Annotated[list[ApproveItem], Field(max_length=500)] = []


class SaidOut(BaseModel):
    """What a stage said of a revision, and whether it took it back."""

    stage: Annotated[Stage, Field(description="Who spoke")]
    word: Annotated[Word, Field(description="Approved or returned")]
    version: int
    at: datetime
    by: str
    reason: str | None
    ended_at: Annotated[datetime | None, Field(description="Taken back, or another word on the same revision")]
    ended_by: str | None
    end_reason: str | None


class ApprovalsOut(BaseModel):
    """A report as a reviewer sees it: what changed since the stage's last approval, and all that was said."""

    unit: str
    unit_name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    stage: Annotated[Stage, Field(description="Whose view this is")]
    version: int
    status: Annotated[ReportStatus, Field(description="How far what stands has come")]
    ward: Annotated[SaidOut | None, Field(description="What the ward says of what stands")]
    city: Annotated[SaidOut | None, Field(description="What the city says of what stands")]
    since: Annotated[SaidOut | None, Field(description="The stage's last approval of an earlier revision")]
    relied_on: Annotated[
        SaidOut | None,
        Field(description="The stage's newest approval, of an earlier revision: it can still be taken back"),
    ]
    changes: Annotated[list[FieldChangeOut], Field(description="Cells that differ from it; none without it")]
    unusual: list[Unusual]
    may_approve: Annotated[bool, Field(description="The caller may approve what stands, at this stage, now")]
    is_own: Annotated[bool, Field(description="The caller typed what stands")]
    history: Annotated[list[SaidOut], Field(description="Newest first")]
    report: ReportOut


class ApprovalItem(BaseModel):
    """A report in the list of what is to be approved."""

    unit: str
    name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    version: int
    receipt: str
    status: Annotated[ReportStatus, Field(description="How far what stands has come")]
    waits: Annotated[bool, Field(description="The stage has neither approved nor returned what stands")]
    unusual: list[Unusual]
    open_warnings: Annotated[int, Field(description="Questions without a reason")]
    received_at: datetime
    sent_by: str
    is_own: Annotated[bool, Field(description="The caller typed what stands: somebody else has to approve it")]
    approved_at: Annotated[datetime | None, Field(description="When the stage approved what stands")]
    approved_by: str | None
    returned_reason: Annotated[str | None, Field(description="Why it was returned; null: it is not, or not any more")]
    totals: Annotated[TotalsOut | None, Field(description="null: the source system was unavailable")]


class WaitingDay(BaseModel):
    """How many reports of a day wait for a stage's word."""

    day: date
    waiting: int


class ApprovalPage(BaseModel):
    """What is to be approved: what is unusual first, what is done last."""

    stage: Annotated[Stage, Field(description="Whose list this is")]
    day: Annotated[date | None, Field(description="null: whatever waits of the last 14 days")]
    waiting: Annotated[int, Field(description="How many wait for the stage's word, of all pages")]
    unusual: Annotated[int, Field(description="How many of those have something unusual")]
    approved: Annotated[int, Field(description="How many the stage has approved, of all pages")]
    other_days: Annotated[
        list[WaitingDay], Field(description="Of a day's list the other days of the last 14 on which some wait")
    ]
    items: list[ApprovalItem]
    next: str | None


class ApprovedOne(BaseModel):
    """What became of one report of many."""

    unit: str
    name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    version: int
    ok: bool
    code: Annotated[str | None, Field(description="Why not; the codes of a single call")]
    message: WordsOut | None


class ApprovedMany(BaseModel):
    """What became of each report, in the order of the call."""

    stage: Annotated[Stage, Field(description="Who approved")]
    approved: int
    refused: int
    items: list[ApprovedOne]


class ReturnedOut(BaseModel):
    """A report that was returned and has no new revision yet."""

    day: date
    system: Annotated[System, Field(description="Source system")]
    stage: Annotated[Stage, Field(description="Who returned it")]
    reason: str
    at: datetime
    by: str
    locked: Annotated[bool, Field(description="Its day is locked: a reopening has to be asked for")]
