"""The ledger of the base: table."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.tasks.models import one_of
from app.tasks.scope.rules import ScopeKind


class ScopeChange(SQLModel, table=True):
    """A task that was added, merged, split, cancelled or reclassified, with the document that says so."""

    __tablename__ = "scope_changes"
    __table_args__ = (
        CheckConstraint(one_of("kind", ScopeKind), name="kind"),
        CheckConstraint("(kind = 'merged') = (into_id is not null)", name="into"),
        Index("ix_scope_changes_at", "at"),
        Index("ix_scope_changes_task", "task_id", "at"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="tasks.id")
    kind: str = Field(max_length=12)
    at: datetime
    day: date
    by: str = Field(max_length=160)
    document: str = Field(max_length=120)
    document_on: date
    link: str | None = Field(max_length=1000)
    into_id: int | None = Field(foreign_key="tasks.id", index=True)
    split_from_id: int | None = Field(foreign_key="tasks.id", index=True)
    before: str | None = Field(max_length=200)
    after: str | None = Field(max_length=200)
    note: str | None = Field(max_length=1000)
