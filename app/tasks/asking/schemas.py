"""What is sent and shown of questions, blockers and shortcomings."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.core.schemas import Day, Line, Prose
from app.tasks.asking.rules import BlockerLevel, BlockerState, BlockerStep, QuestionState, Shortcoming
from app.tasks.rules import Bucket, Point
from app.tasks.schemas import BUCKET_WORDS, Input, UnitName

LEVEL_WORDS = "unit (đơn vị) | department (sở, ngành) | city (lãnh đạo thành phố)"
STATE_WORDS = "open (chờ giải trình) | overdue (quá hạn giải trình) | answered (đã giải trình)"
SHORT_WORDS = "overdue (quá hạn) | update_owed (chậm cập nhật) | six_clear (thiếu 6 rõ) | question (chưa giải trình)"
OwnerPosition = Annotated[Line, Described(min_length=1, max_length=200, description="A position, never a name")]


class TaskQuestionIn(Input):
    """What is to be explained, and until when."""

    text: Annotated[Prose, Described(min_length=1, max_length=2000)]
    due_on: Annotated[Day, Described(description="Last day for the answer")]


class AnswerIn(Input):
    """The lead unit's explanation."""

    answer: Annotated[Prose, Described(min_length=1, max_length=4000)]


class BlockerIn(Input):
    """What stands in the way, and who must clear it."""

    text: Annotated[Prose, Described(min_length=1, max_length=2000)]
    owner_position: OwnerPosition
    level: Annotated[BlockerLevel, Described(description=LEVEL_WORDS)] = BlockerLevel.unit


class EscalationIn(Input):
    """A blocker is taken higher."""

    level: Annotated[BlockerLevel, Described(description=LEVEL_WORDS)]
    owner_position: OwnerPosition
    note: Annotated[Prose | None, Described(max_length=2000)] = None


class OutcomeIn(Input):
    """How a blocker was cleared."""

    outcome: Annotated[Prose, Described(min_length=1, max_length=2000)]


class TaskQuestionOut(BaseModel):
    """A request for an explanation and its answer."""

    id: int
    task: str
    title: str
    lead_unit: UnitName
    at: datetime
    by: str
    text: str
    due_on: date
    state: Annotated[QuestionState, Described(description=STATE_WORDS)]
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None


class TaskQuestionPage(BaseModel):
    """Requests for an explanation: what waits first, by due day; the answered ones after."""

    items: list[TaskQuestionOut]
    next: str | None


class BlockerMoveOut(BaseModel):
    """One step of a blocker's history."""

    at: datetime
    by: str
    step: Annotated[BlockerStep, Described(description="raised | escalated | resolved")]
    level: Annotated[BlockerLevel, Described(description=LEVEL_WORDS)]
    owner_position: str
    note: str | None


class BlockerItem(BaseModel):
    """What stands in a task's way."""

    id: int
    task: str
    title: str
    lead_unit: UnitName
    at: datetime
    by: str
    text: str
    owner_position: str
    level: Annotated[BlockerLevel, Described(description=LEVEL_WORDS)]
    state: Annotated[BlockerState, Described(description="open | resolved")]
    age: Annotated[int, Described(description="Days since it was raised; of a resolved one, until then")]
    outcome: str | None
    resolved_at: datetime | None


class BlockerPage(BaseModel):
    """Blockers, the oldest open ones first."""

    items: list[BlockerItem]
    next: str | None


class BlockerOut(BlockerItem):
    """A blocker with its history."""

    history: Annotated[list[BlockerMoveOut], Described(description="Oldest first")]
    may_go: Annotated[list[BlockerLevel], Described(description="Levels it can still be taken to")]


class AskingOut(BaseModel):
    """All that is asked about a task, and what stands in its way."""

    task: str
    title: str
    lead_unit: UnitName
    may: Annotated[list[str], Described(description="What the caller may do here: ask | answer | clear | block")]
    questions: Annotated[list[TaskQuestionOut], Described(description="Newest first")]
    blockers: Annotated[list[BlockerOut], Described(description="Newest first")]


class ShortcomingItem(BaseModel):
    """A task and all that it lacks today."""

    unit: UnitName
    task: str
    title: str
    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    overdue_days: Annotated[int | None, Described(description="Since the counted deadline")]
    update_owed_days: Annotated[int | None, Described(description="Since the rhythm's update was due")]
    missing: Annotated[list[Point], Described(description="Of the six clear points")]
    missing_points: int
    questions: Annotated[int, Described(description="Not answered yet")]
    question_due_on: Annotated[date | None, Described(description="Of the first of them")]
    blockers: Annotated[int, Described(description="Open ones: for whoever urges, no shortcoming of their own")]


class UnitShortcomings(BaseModel):
    """A unit and how many of its tasks lack what."""

    unit: UnitName
    tasks: int
    overdue: int
    update_owed: int
    six_clear: int
    question: int


class ShortcomingPage(BaseModel):
    """The day's shortcomings: sums by lead unit, then the tasks by unit and code."""

    day: date
    kind: Annotated[Shortcoming | None, Described(description=SHORT_WORDS)]
    total: Annotated[int, Described(description="Tasks that lack something, all of them")]
    units: Annotated[list[UnitShortcomings], Described(description="Of all kinds")]
    items: list[ShortcomingItem]
    next: str | None
