"""Questions about tasks and blockers: tables."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.tasks.asking.rules import BlockerLevel, BlockerStep
from app.tasks.models import one_of


class TaskQuestion(SQLModel, table=True):
    """A request to explain how a task stands, with its one answer."""

    __tablename__ = "task_questions"
    __table_args__ = (
        CheckConstraint("(answer is null) = (answered_at is null)", name="answered"),
        CheckConstraint("(answer is null) = (answered_by is null)", name="answered_by"),
        Index("ix_task_questions_task", "task_id", "at"),
        Index("ix_task_questions_due", "due_on", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    at: datetime
    by: str = Field(max_length=160)
    text: str = Field(max_length=2000)
    due_on: date
    answer: str | None = Field(max_length=4000)
    answered_at: datetime | None
    answered_by: str | None = Field(max_length=160)
    unit_id: int | None = Field(foreign_key="units.id", index=True)  # that answered


class Blocker(SQLModel, table=True):
    """What stands in a task's way: who must clear it, how high it was taken, what came of it."""

    __tablename__ = "blockers"
    __table_args__ = (
        CheckConstraint(one_of("level", BlockerLevel), name="level"),
        CheckConstraint("(outcome is null) = (resolved_at is null)", name="resolved"),
        Index("ix_blockers_task", "task_id", "at"),
        Index("ix_blockers_open", "resolved_at", "at", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    at: datetime
    by: str = Field(max_length=160)
    text: str = Field(max_length=2000)
    owner_position: str = Field(max_length=200)
    level: str = Field(max_length=12)
    outcome: str | None = Field(max_length=2000)
    resolved_at: datetime | None


class BlockerMove(SQLModel, table=True):
    """One step of a blocker's history; rows are only added."""

    __tablename__ = "blocker_moves"
    __table_args__ = (
        CheckConstraint(one_of("step", BlockerStep), name="step"),
        CheckConstraint(one_of("level", BlockerLevel), name="level"),
        Index("ix_blocker_moves_blocker", "blocker_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    blocker_id: int = Field(foreign_key="blockers.id")
    at: datetime
    by: str = Field(max_length=160)
    step: str = Field(max_length=12)
    level: str = Field(max_length=12)
    owner_position: str = Field(max_length=200)
    note: str | None = Field(max_length=2000)
