"""Tables of tasks: programmes, the task, its units and tags, what was known of it when, how many stand where by day."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.search import ordered_text
from app.tasks.rules import Act, Bucket, Headline, PercentSource, Precision, Rhythm, RollUp, TaskKind, TaskRole
from app.tasks.rules import TaskStatus as Status

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
WORD_LENGTH = 60  # of a word that is looked up; longer ones are found by their beginning


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """Return the condition that a column holds one of some words."""
    return f"{column} in ({', '.join(repr(v.value) for v in values)})"


class Programme(SQLModel, table=True):
    """A plan that tasks are followed under; it says by which deadline its headline counts."""

    __tablename__ = "programmes"
    __table_args__ = (CheckConstraint(one_of("headline", Headline), name="headline"),)

    id: int = Field(default=None, primary_key=True)
    code: str = Field(sa_column=Column(ordered_text(30), nullable=False, unique=True))
    name_vi: str = Field(max_length=300)
    name_en: str = Field(max_length=300)
    name_fr: str = Field(max_length=300)
    headline: str = Field(max_length=10)
    sort_order: int
    version: int


class ProgrammePhase(SQLModel, table=True):
    """A stretch of a programme with its own name."""

    __tablename__ = "programme_phases"
    __table_args__ = (
        UniqueConstraint("programme_id", "code"),
        CheckConstraint("first is null or last is null or first <= last", name="days"),
    )

    id: int | None = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programmes.id")
    code: str = Field(max_length=30)
    name_vi: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    name_fr: str = Field(max_length=200)
    first: date | None
    last: date | None
    sort_order: int


class Task(SQLModel, table=True):
    """One task as it stands now; `deadline` is the original one, `approved` the last extension's."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint(one_of("kind", TaskKind), name="kind"),
        CheckConstraint(one_of("status", Status), name="status"),
        CheckConstraint(one_of("roll_up", RollUp), name="roll_up"),
        CheckConstraint(f"rhythm is null or {one_of('rhythm', Rhythm)}", name="rhythm"),
        CheckConstraint("(kind = 'regular') = (rhythm is not null)", name="rhythm_of_kind"),
        CheckConstraint(f"precision is null or {one_of('precision', Precision)}", name="precision"),
        CheckConstraint("(deadline is null) = (precision is null)", name="deadline_precision"),
        CheckConstraint("(approved is null) = (approved_precision is null)", name="approved_precision"),
        CheckConstraint("approved is null or deadline is not null", name="approved_deadline"),
        CheckConstraint(
            "(status in ('completed', 'awaiting_acceptance')) <= (proposed_on is not null)", name="proposed_on"
        ),
        CheckConstraint("weight between 1 and 1000", name="weight"),
        CheckConstraint("percent is null or percent between 0 and 100", name="percent"),
        CheckConstraint("(percent is null) = (percent_source is null)", name="percent_source"),
        CheckConstraint(f"percent_source is null or {one_of('percent_source', PercentSource)}", name="source"),
        CheckConstraint("parent_id is null or parent_id <> id", name="parent"),
        Index("ix_tasks_programme_code", "programme_id", "code"),
        Index("ix_tasks_directive_code", "directive_id", "code"),
        Index("ix_tasks_deadline", "deadline", "code"),
    )

    id: int = Field(default=None, primary_key=True)
    code: str = Field(sa_column=Column(ordered_text(60), nullable=False, unique=True))
    title: str = Field(max_length=1000)
    programme_id: int = Field(foreign_key="programmes.id")
    phase_id: int | None = Field(foreign_key="programme_phases.id", index=True)
    directive_id: int = Field(foreign_key="directives.id")
    clause_id: int | None = Field(foreign_key="directive_clauses.id", index=True)
    parent_id: int | None = Field(foreign_key="tasks.id", index=True)
    roll_up: str = Field(max_length=10)
    lead_unit_id: int = Field(foreign_key="units.id", index=True)
    accountable_position: str | None = Field(max_length=200)
    responsible_position: str | None = Field(max_length=200)
    product: str | None = Field(max_length=1000)
    authority: str | None = Field(max_length=500)
    kind: str = Field(max_length=10)
    rhythm: str | None = Field(max_length=10)
    deadline: date | None
    precision: str | None = Field(max_length=10)
    approved: date | None
    approved_precision: str | None = Field(max_length=10)
    centre_code: str | None = Field(sa_column=Column(ordered_text(60), nullable=True, index=True))
    weight: int
    status: str = Field(max_length=20)
    proposed_on: date | None
    accepted_at: datetime | None
    rhythm_from: date | None  # the day from which the next update of a regular task is owed
    percent: int | None
    percent_source: str | None = Field(max_length=12)
    last_update_at: datetime | None
    demonstration: bool = False
    search_key: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime
    updated_at: datetime = Field(index=True)
    version: int


class TaskUnit(SQLModel, table=True):
    """A unit that leads or coordinates a task; exactly one leads."""

    __tablename__ = "task_units"
    __table_args__ = (
        CheckConstraint(one_of("role", TaskRole), name="role"),
        Index("ix_task_units_unit_role", "unit_id", "role", "task_id"),
        Index("uq_task_units_one_lead", "task_id", unique=True,
              sqlite_where=text("role = 'lead'"), postgresql_where=text("role = 'lead'")),
    )  # fmt: skip

    task_id: int = Field(foreign_key="tasks.id", primary_key=True)
    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    role: str = Field(max_length=12)


class TaskTag(SQLModel, table=True):
    """A word by which tasks are gathered across programmes."""

    __tablename__ = "task_tags"
    __table_args__ = (Index("ix_task_tags_tag", "tag", "task_id"),)

    task_id: int = Field(foreign_key="tasks.id", primary_key=True)
    tag: str = Field(max_length=40, primary_key=True)


class TaskEdition(SQLModel, table=True):
    """What was written of a task from one moment until another; the open one says what the task itself says."""

    __tablename__ = "task_editions"
    __table_args__ = (
        UniqueConstraint("task_id", "from_at"),
        CheckConstraint("from_at < to_at", name="moments"),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    from_at: datetime
    to_at: datetime
    title: str = Field(max_length=1000)
    directive_id: int = Field(foreign_key="directives.id")
    clause: str | None = Field(max_length=60)
    phase: str | None = Field(max_length=30)
    parent_id: int | None = Field(foreign_key="tasks.id", index=True)
    roll_up: str = Field(max_length=10)
    accountable_position: str | None = Field(max_length=200)
    responsible_position: str | None = Field(max_length=200)
    product: str | None = Field(max_length=1000)
    authority: str | None = Field(max_length=500)
    rhythm: str | None = Field(max_length=10)
    precision: str | None = Field(max_length=10)
    centre_code: str | None = Field(max_length=60)
    weight: int
    milestones: str = Field(sa_column=Column(Text, nullable=False))  # as JSON: shown whole, never searched
    search_key: str = Field(sa_column=Column(Text, nullable=False))


class TaskMark(SQLModel, table=True):
    """A tag, a coordinating unit or a folded word to be found by, that a task had from one moment until another."""

    __tablename__ = "task_marks"
    __table_args__ = (
        CheckConstraint(
            "case when tag is null then 0 else 1 end + case when unit_id is null then 0 else 1 end"
            " + case when word is null then 0 else 1 end = 1",
            name="one",
        ),
        CheckConstraint("from_at <= to_at", name="moments"),
        Index("ix_task_marks_task", "task_id", "from_at"),
        Index("ix_task_marks_tag", "tag", "task_id"),
        Index("ix_task_marks_unit", "unit_id", "task_id"),
        Index("ix_task_marks_word", "word", "to_at", "task_id", "from_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    tag: str | None = Field(max_length=40)
    unit_id: int | None = Field(foreign_key="units.id")
    word: str | None = Field(sa_column=Column(ordered_text(WORD_LENGTH), nullable=True))
    from_at: datetime
    to_at: datetime


class TaskPercent(SQLModel, table=True):
    """How far a task was from a moment on, and who says so; rows are only added."""

    __tablename__ = "task_percents"
    __table_args__ = (
        CheckConstraint("percent is null or percent between 0 and 100", name="percent"),
        CheckConstraint("(percent is null) = (source is null)", name="percent_source"),
        CheckConstraint(f"source is null or {one_of('source', PercentSource)}", name="source"),
        Index("ix_task_percents_task", "task_id", "at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    at: datetime
    percent: int | None
    source: str | None = Field(max_length=12)


class TaskState(SQLModel, table=True):
    """Where a task is counted from one moment until another; written ahead while nobody touches it.

    What lies in the past is never changed, so that any moment is answered as it was known then.
    """

    __tablename__ = "task_states"
    __table_args__ = (
        CheckConstraint(one_of("bucket", Bucket), name="bucket"),
        CheckConstraint(one_of("status", Status), name="status"),
        CheckConstraint(one_of("kind", TaskKind), name="kind"),
        CheckConstraint("from_at <= to_at", name="moments"),
        Index("ix_task_states_task_from", "task_id", "from_at"),
        Index("ix_task_states_bucket", "bucket", "to_at", "from_at", "task_id"),
        Index("ix_task_states_lead", "lead_unit_id", "to_at", "from_at", "bucket"),
        Index("ix_task_states_from", "from_at", "programme_id", "top", "bucket"),
        Index("ix_task_states_to", "to_at", "programme_id", "top", "bucket"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    from_at: datetime
    to_at: datetime
    bucket: str = Field(max_length=20)
    status: str = Field(max_length=20)
    kind: str = Field(max_length=10)
    deadline: date | None
    approved: date | None
    proposed_on: date | None
    update_due: date | None
    lead_unit_id: int = Field(foreign_key="units.id")
    programme_id: int = Field(foreign_key="programmes.id")
    top: bool


class TaskCount(SQLModel, table=True):
    """By how much a bucket of a programme grew in a month or on a day, tasks without a parent.

    Whole months and the days of one add up to its size at any moment, however long the history.
    """

    __tablename__ = "task_counts"
    __table_args__ = (CheckConstraint("span in ('day', 'month')", name="span"),)

    span: str = Field(max_length=5, primary_key=True)
    first: date = Field(primary_key=True)
    programme_id: int = Field(foreign_key="programmes.id", primary_key=True)
    bucket: str = Field(max_length=20, primary_key=True)
    moved: int


class TaskAct(SQLModel, table=True):
    """One step of a task's life, in order; rows are only added."""

    __tablename__ = "task_acts"
    __table_args__ = (
        CheckConstraint(one_of("act", Act), name="act"),
        CheckConstraint(one_of("status", Status), name="status"),
        Index("ix_task_acts_task_at", "task_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    at: datetime
    act: str = Field(max_length=12)
    status: str = Field(max_length=20)
    day: date
    by: str = Field(max_length=160)
    unit_id: int | None = Field(foreign_key="units.id")
    note: str | None = Field(max_length=2000)
