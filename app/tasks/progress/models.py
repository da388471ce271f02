"""Updates, evidence, milestones and extensions of a task: tables."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.tasks.models import one_of
from app.tasks.rules import PercentSource, Precision


class TaskUpdate(SQLModel, table=True):
    """What a unit said of a task on a day; rows are only added."""

    __tablename__ = "task_updates"
    __table_args__ = (
        CheckConstraint("percent is null or percent between 0 and 100", name="percent"),
        CheckConstraint("(percent is null) = (percent_source is null)", name="percent_source"),
        CheckConstraint(f"percent_source is null or {one_of('percent_source', PercentSource)}", name="source"),
        Index("ix_task_updates_task_at", "task_id", "at"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    at: datetime
    day: date
    unit_id: int | None = Field(foreign_key="units.id")
    by: str = Field(max_length=160)
    done: str | None = Field(max_length=4000)
    causes: str | None = Field(max_length=2000)
    difficulties: str | None = Field(max_length=2000)
    proposals: str | None = Field(max_length=2000)
    help: str | None = Field(max_length=2000)
    percent: int | None
    percent_source: str | None = Field(max_length=12)


class TaskEvidence(SQLModel, table=True):
    """Proof of work: a kept file, a link, or a document's number; `update_id` or `act_id` say what it came with."""

    __tablename__ = "task_evidence"
    __table_args__ = (
        CheckConstraint("file_id is not null or link is not null or document is not null", name="something"),
        UniqueConstraint("task_id", "file_id"),
        Index("ix_task_evidence_task", "task_id", "at"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    at: datetime
    by: str = Field(max_length=160)
    unit_id: int | None = Field(foreign_key="units.id")
    title: str = Field(max_length=300)
    file_id: int | None = Field(foreign_key="stored_files.id", index=True)
    link: str | None = Field(max_length=1000)
    document: str | None = Field(max_length=120)
    document_on: date | None
    update_id: int | None = Field(foreign_key="task_updates.id", index=True)
    act_id: int | None = Field(foreign_key="task_acts.id", index=True)


class TaskMilestone(SQLModel, table=True):
    """A step of a task with its weight; its percent is the weights reached."""

    __tablename__ = "task_milestones"
    __table_args__ = (
        UniqueConstraint("task_id", "number"),
        CheckConstraint("weight between 1 and 1000", name="weight"),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    number: int
    title: str = Field(max_length=300)
    weight: int
    due: date | None
    done_on: date | None


class TaskExtension(SQLModel, table=True):
    """A later deadline, with the document that approves it; the original one stays beside it."""

    __tablename__ = "task_extensions"
    __table_args__ = (
        CheckConstraint(one_of("precision", Precision), name="precision"),
        CheckConstraint("deadline > before", name="later"),
        Index("ix_task_extensions_task", "task_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    at: datetime
    by: str = Field(max_length=160)
    before: date
    deadline: date
    precision: str = Field(max_length=10)
    document: str = Field(max_length=120)
    document_on: date
    link: str | None = Field(max_length=1000)
    reason: str | None = Field(max_length=1000)
