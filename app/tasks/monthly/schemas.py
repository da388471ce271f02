"""What is sent and shown of monthly reports."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.core.files import FileOut
from app.core.schemas import Prose
from app.tasks.monthly.rules import MonthlyState, MonthStage, OfficialWord
from app.tasks.rules import Bucket, Rhythm
from app.tasks.schemas import BUCKET_WORDS, RHYTHM_WORDS, DocumentIn, Input
from app.tasks.scope.rules import Cause
from app.tasks.summary.schemas import BucketCount

WORD_WORDS = (
    "completed (đã hoàn thành) | completed_late (đã hoàn thành quá hạn) | in_progress (đang thực hiện) | "
    "not_completed (chưa hoàn thành); null: cancelled or unclassified"
)
STAGE_WORDS = (
    "collecting (tổng hợp) | to_approve (chờ duyệt) | approval_late (chậm duyệt) | to_send (chờ gửi) | "
    "sending_late (chậm gửi) | sent (đã gửi)"
)
Words = Annotated[Prose | None, Described(max_length=4000)]


class MonthlyIn(Input):
    """What the city itself says in the report; the tasks' own words come from their updates."""

    causes: Words = None
    difficulties: Words = None
    proposals: Words = None


class DispatchIn(Input):
    """The document with which the report left."""

    document: DocumentIn


class MonthlyWithdrawalIn(Input):
    """Why an approved report is opened again."""

    reason: Annotated[Prose, Described(min_length=1, max_length=1000)]


class MonthlyRow(BaseModel):
    """A task in the centre's columns."""

    number: int
    code: str
    centre_code: str | None
    title: str
    document: str
    lead_unit: str
    coordinating_units: str
    product: str | None
    deadline: Annotated[str | None, Described(description="As a period; null: a regular task")]
    rhythm: Annotated[Rhythm | None, Described(description=f"Of a regular task: {RHYTHM_WORDS}")] = None
    result: Annotated[str | None, Described(description="Of the last update that says one")]
    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    word: Annotated[OfficialWord | None, Described(description=WORD_WORDS)]
    causes: str | None
    difficulties: str | None
    proposals: str | None
    before: Annotated[Bucket | None, Described(description="Bucket at the month before's cut-off, where it differs")]
    cause: Annotated[Cause | None, Described(description="Why it differs")]


class WordCount(BaseModel):
    """One of the four words and how many tasks it counts; null: none of them fits."""

    word: Annotated[OfficialWord | None, Described(description=WORD_WORDS)]
    count: int


class MonthlyContent(BaseModel):
    """The whole report: this is what is approved, sent, and kept with its fingerprint."""

    programme: str
    programme_name: str
    month: str
    as_of: datetime
    total: int
    words: list[WordCount]
    buckets: list[BucketCount]
    total_before: Annotated[int, Described(description="At the month before's cut-off")]
    added: int
    moved: int
    causes: str | None
    difficulties: str | None
    proposals: str | None
    rows: list[MonthlyRow]


class MonthlyItem(BaseModel):
    """A month's report in the list."""

    month: str
    state: Annotated[MonthlyState, Described(description="draft | approved | sent")]
    stage: Annotated[MonthStage, Described(description=STAGE_WORDS)]
    cut_off: date
    approval: date
    send_by: date
    sent_at: datetime | None
    document: str | None
    sha256: str | None


class MonthlyOwedOut(BaseModel):
    """A month's report whose next step is the caller's, and the last day for it."""

    programme: str
    month: str
    stage: Annotated[MonthStage, Described(description=STAGE_WORDS)]
    until: date
    late: bool


class MonthlyList(BaseModel):
    """The last twelve months of a programme, newest first."""

    programme: str
    owed: Annotated[list[MonthlyOwedOut], Described(description="Reports to the centre that wait for the caller")]
    items: list[MonthlyItem]


class MonthlyOut(MonthlyItem):
    """A month's report with its content: worked out now for a draft, kept for the others."""

    programme: str
    approved_at: datetime | None
    approved_by: str | None
    sent_by: str | None
    document_on: date | None
    files: Annotated[
        list[FileOut], Described(description="Workbook and document as they were sent, each read at `/files/{id}`")
    ]
    version: Annotated[int, Described(description="0: nobody has written to it")]
    content: MonthlyContent
