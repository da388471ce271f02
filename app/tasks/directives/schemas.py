"""What is sent and shown of directives."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.schemas import Day, Flag, Line
from app.tasks.directives.rules import DirectiveKind, Secrecy
from app.tasks.rules import Bucket, TaskStatus
from app.tasks.schemas import (
    BUCKET_WORDS,
    STATUS_WORDS,
    DeadlineOut,
    Link,
    PercentOut,
    Period,
    Position,
    ProgrammeCode,
    Tag,
    TaskCode,
    UnitName,
)
from app.units.models import UnitCode
from app.units.rules import UnitKind

DIRECTIVE_WORDS = (
    "resolution (nghị quyết) | plan (kế hoạch) | conclusion (thông báo kết luận) | decision (quyết định) | directive "
    "(chỉ thị) | official_letter (công văn) | urgent_telegram (công điện)"
)


class ClauseIn(BaseModel):
    """A part of the document that tasks come from."""

    model_config = ConfigDict(extra="forbid")

    form_key: ClassVar[tuple[str, ...]] = ()

    label: Annotated[Line, Described(min_length=1, max_length=60, examples=["Mục II.3"])]
    text: Annotated[Line, Described(min_length=1, max_length=2000)]


class DirectiveIn(BaseModel):
    """All of a directive but its file."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[Line, Described(min_length=1, max_length=80, examples=["98/KH-BCĐ"])]
    issuer: Annotated[Line, Described(min_length=1, max_length=200)]
    issued_on: Day
    title: Annotated[Line, Described(min_length=1, max_length=1000)]
    kind: Annotated[DirectiveKind, Described(description=DIRECTIVE_WORDS)]
    party: Annotated[Flag, Described(description="A Party document: metadata and a link, never a file")] = False
    secrecy: Annotated[Secrecy, Described(description="Anything but `none` is refused")] = Secrecy.none
    link: Link | None = None
    clauses: Annotated[list[ClauseIn], Described(max_length=200)] = []


class ClauseOut(BaseModel):
    """A clause, and how many tasks come from it."""

    label: str
    text: str
    tasks: int


class DirectiveItem(BaseModel):
    """A directive in a list."""

    id: int
    number: str
    issuer: str
    issued_on: date
    title: str
    kind: Annotated[DirectiveKind, Described(description=DIRECTIVE_WORDS)]
    party: bool
    link: str | None
    file: Annotated[int | None, Described(description="Read at `/directives/{id}/file`")]
    tasks: Annotated[int, Described(description="Tasks that come from it, children not counted")]
    version: int


class DirectiveOut(DirectiveItem):
    """A directive with its clauses."""

    clauses: list[ClauseOut]
    demonstration: bool
    updated_at: datetime


class DirectivePage(BaseModel):
    """Directives, newest first, and the cursor of the next ones."""

    items: list[DirectiveItem]
    next: str | None


class HandOutIn(BaseModel):
    """One act that hands a task to many units: a parent, and a child for each unit."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[TaskCode, Described(description="Of the parent; a child adds its unit's code: `KH98-5.19753`")]
    title: Annotated[Line, Described(min_length=1, max_length=1000)]
    programme: ProgrammeCode
    clause: Annotated[Line | None, Described(max_length=60)] = None
    lead_unit: Annotated[UnitCode, Described(description="Who watches over the whole: leads the parent")]
    kinds: Annotated[list[UnitKind], Described(max_length=len(UnitKind), description="All units of these kinds")] = []
    units: Annotated[list[UnitCode], Described(max_length=200, description="And these")] = []
    deadline: Period
    product: Annotated[Line | None, Described(max_length=1000)] = None
    authority: Annotated[Line | None, Described(max_length=500)] = None
    accountable_position: Position | None = None
    responsible_position: Position | None = None
    tags: Annotated[list[Tag], Described(max_length=20)] = []


class MatrixRow(BaseModel):
    """A unit's child task."""

    unit: UnitName
    code: str
    status: Annotated[TaskStatus, Described(description=STATUS_WORDS)]
    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    percent: PercentOut | None
    proposed_on: date | None
    last_update_at: datetime | None
    last_word: Annotated[str | None, Described(description="What the unit said last")]
    evidence: Annotated[int, Described(description="Pieces of evidence")]


class MatrixOut(BaseModel):
    """Who has done what was handed to many."""

    code: str
    title: str
    deadline: DeadlineOut | None
    as_of: datetime
    total: int
    done: int
    awaiting: int
    late: int
    items: list[MatrixRow]
