"""What the stages said of a report's revisions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel


class Approval(SQLModel, table=True):
    """That a stage approved one revision of a report, or returned it; a later revision is another matter.

    It ends when it is taken back, or when the stage says something else of the same revision.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("stage in ('ward', 'city')", name="stage"),
        CheckConstraint("word in ('approved', 'returned')", name="word"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(word = 'returned') = (reason is not null)", name="reason"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended"),
        CheckConstraint("ended_at is not null or end_reason is null", name="end_reason"),
        # A stage says one thing of one revision.
        Index("uq_approvals_standing", "report_id", "stage", "version", unique=True,
              sqlite_where=text("ended_at is null"), postgresql_where=text("ended_at is null")),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="reports.id", index=True)
    stage: str = Field(max_length=10)
    word: str = Field(max_length=10)
    version: int
    at: datetime
    by: str = Field(max_length=160)
    user_id: int | None
    reason: str | None = Field(default=None, max_length=1000)
    ended_at: datetime | None = None
    ended_by: str | None = Field(default=None, max_length=160)
    end_reason: str | None = Field(default=None, max_length=1000)
