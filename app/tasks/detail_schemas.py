"""One task as it is shown with all that belongs to it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.tasks.rules import Act, Bucket, Headline, RollUp, TaskStatus, TaskTimeliness
from app.tasks.schemas import HEADLINE_WORDS, DeadlineOut, PercentOut, TaskItem, UnitName


class TimelinessOut(BaseModel):
    """How the task stands to both its deadlines; the programme's headline counts by `headline`."""

    headline: Annotated[Headline, Described(description=HEADLINE_WORDS)]
    original: TaskTimeliness | None
    approved: TaskTimeliness | None


class ExtensionOut(BaseModel):
    """A later deadline with its document."""

    at: datetime
    before: date
    deadline: DeadlineOut
    document: str
    document_on: date
    link: str | None
    reason: str | None
    by: str


class EvidenceOut(BaseModel):
    """A proof: a file that is kept, a link, or a document's number."""

    id: int
    title: str
    file: Annotated[int | None, Described(description="Read at `/tasks/{code}/files/{id}`")]
    file_name: str | None
    file_size: int | None
    link: str | None
    document: str | None
    document_on: date | None
    at: datetime
    by: str
    unit: str | None


class UpdateOut(BaseModel):
    """What a unit said of the task on a day."""

    id: int
    at: datetime
    day: date
    by: str
    unit: str | None
    done: str | None
    causes: str | None
    difficulties: str | None
    proposals: str | None
    help: str | None
    percent: PercentOut | None
    evidence: list[EvidenceOut]


class ActOut(BaseModel):
    """A step of the task's life."""

    at: datetime
    act: Act
    status: TaskStatus
    day: date
    by: str
    unit: str | None
    note: str | None
    evidence: list[EvidenceOut]


class MilestoneOut(BaseModel):
    """A step with its weight."""

    number: int
    title: str
    weight: int
    due: date | None
    done_on: date | None


class ScopeChangeOut(BaseModel):
    """One entry of the scope ledger."""

    id: int
    task: str
    title: str
    lead_unit: Annotated[UnitName, Described(description="Who leads the task, as known at the moment asked about")]
    kind: str
    at: datetime
    day: date
    document: str
    document_on: date
    link: str | None
    into: Annotated[str | None, Described(description="The task it was merged into")]
    split_from: Annotated[str | None, Described(description="The task it is a part of")]
    before: str | None
    after: str | None
    note: str | None
    by: str


class ChildOut(BaseModel):
    """A child task in short."""

    code: str
    title: str
    lead_unit: UnitName
    status: TaskStatus
    bucket: Bucket
    weight: int
    percent: PercentOut | None


class TaskOut(TaskItem):
    """A task with all that belongs to it."""

    as_of: Annotated[datetime | None, Described(description="null: as it stands now; else what was known then")]

    programme_name_vi: str
    programme_name_en: str
    programme_name_fr: str
    directive_title: str
    directive_issued_on: date
    directive_link: str | None
    clause_text: str | None
    coordinating_units: list[UnitName]
    responsible_position: str | None
    product: str | None
    authority: str | None
    tags: list[str]
    weight: int
    roll_up: Annotated[RollUp, Described(description="own (theo đơn vị chủ trì) | children (theo các nhiệm vụ con)")]
    timeliness: TimelinessOut
    proposed_on: Annotated[date | None, Described(description="The day the lead unit says it was done")]
    accepted_at: datetime | None
    extensions: Annotated[list[ExtensionOut], Described(description="Oldest first")]
    milestones: list[MilestoneOut]
    children: list[ChildOut]
    evidence: Annotated[list[EvidenceOut], Described(description="Newest first")]
    updates: Annotated[list[UpdateOut], Described(description="Newest first, the last 50")]
    acts: Annotated[list[ActOut], Described(description="Oldest first")]
    scope: Annotated[list[ScopeChangeOut], Described(description="Oldest first")]
    questions_open: Annotated[int, Described(description="Requests for an explanation that wait for an answer")]
    blockers_open: Annotated[int, Described(description="What stands in its way")]
    may: Annotated[list[str], Described(description="What the caller may do to it now")]
    demonstration: bool
    created_at: datetime
    updated_at: datetime
