"""What is sent and shown of scope changes and comparisons."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel
from pydantic import Field as Described

from app.core.schemas import Line, Prose
from app.tasks.detail_schemas import ScopeChangeOut
from app.tasks.rules import Bucket, Rhythm, TaskKind
from app.tasks.schemas import BUCKET_WORDS, KIND_WORDS, RHYTHM_WORDS, DocumentIn, Input, LeadUnit, Period, TaskCode
from app.tasks.scope.rules import Cause

Document = Annotated[
    DocumentIn | None, Described(description="The document that says so: without one nothing of the base changes")
]
Note = Annotated[Prose | None, Described(max_length=1000)]


class CancellationIn(Input):
    """A task is given up."""

    document: Document = None
    note: Note = None


class MergerIn(Input):
    """A task goes on as a part of another one."""

    into: Annotated[TaskCode, Described(description="The task that takes it over")]
    document: Document = None
    note: Note = None


class PartIn(Input):
    """One of the tasks that a task is split into; what is left out is as in the whole."""

    form_key: ClassVar[tuple[str, ...]] = ()

    code: TaskCode
    title: Annotated[Line, Described(min_length=1, max_length=1000)]
    lead_unit: LeadUnit | None = None
    deadline: Period | None = None


class SplitIn(Input):
    """A task goes on as several."""

    parts: Annotated[list[PartIn], Described(min_length=2, max_length=20)]
    document: Document = None
    note: Note = None


class ReclassificationIn(Input):
    """A dated task becomes a regular one, or the other way round."""

    kind: Annotated[TaskKind, Described(description=KIND_WORDS)]
    rhythm: Annotated[Rhythm | None, Described(description=f"Of a regular task: {RHYTHM_WORDS}")] = None
    deadline: Annotated[Period | None, Described(description="Of a dated task that had none")] = None
    document: Document = None
    note: Note = None


class LedgerPage(BaseModel):
    """Entries of the scope ledger, newest first, and the cursor of the next ones."""

    items: list[ScopeChangeOut]
    next: str | None


class ComparedBucket(BaseModel):
    """A bucket at both moments, on each base."""

    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    old: Annotated[int, Described(description="Old base at `from`")]
    new: Annotated[int, Described(description="New base at `to`")]
    difference: int
    common_before: Annotated[int, Described(description="Tasks of both bases, at `from`")]
    common_after: Annotated[int, Described(description="Tasks of both bases, at `to`")]
    explained: Annotated[int, Described(description="What the moves amount to: always the difference")]


class MoveOut(BaseModel):
    """So many tasks counted elsewhere than before, by one cause."""

    before: Annotated[Bucket | None, Described(description="null: not in the old base")]
    after: Annotated[Bucket | None, Described(description="null: not in the new base")]
    cause: Annotated[
        Cause,
        Described(
            description="added (bổ sung) | merged (gộp) | split (tách) | cancelled (dừng) | reclassified (chuyển loại) "
            "| extended (gia hạn) | progress (thực hiện) | edited (sửa nội dung) | time (thời gian trôi qua)"
        ),
    ]
    count: int
    tasks: list[str]


class CompareOut(BaseModel):
    """Two moments of the base: old, new and common, and what explains the whole difference."""

    from_: Annotated[datetime, Described(alias="from")]
    to: datetime
    programme: str | None
    old_total: int
    new_total: int
    common_total: int
    added: Annotated[int, Described(description="New tasks; one that came in by what is written of it is none")]
    buckets: list[ComparedBucket]
    moves: list[MoveOut]
    ledger: Annotated[list[ScopeChangeOut], Described(description="The documents between the two moments")]

    model_config = {"populate_by_name": True}
