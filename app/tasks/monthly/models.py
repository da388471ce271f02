"""Monthly reports to the centre: table."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.tasks.models import one_of
from app.tasks.monthly.rules import MonthlyState


class MonthlyReport(SQLModel, table=True):
    """A programme's report of one month; `content` is what was approved, the two files what was sent, to the letter."""

    __tablename__ = "monthly_reports"
    __table_args__ = (
        UniqueConstraint("programme_id", "month"),
        CheckConstraint(one_of("state", MonthlyState), name="state"),
        CheckConstraint("(state = 'draft') = (content is null)", name="content"),
        CheckConstraint("(content is null) = (sha256 is null)", name="sha256"),
        CheckConstraint("(state = 'sent') = (sent_at is not null)", name="sent"),
        CheckConstraint("(xlsx_id is null) = (docx_id is null)", name="files"),
        CheckConstraint("xlsx_id is null or state = 'sent'", name="files_sent"),
    )

    id: int = Field(default=None, primary_key=True)
    programme_id: int = Field(foreign_key="programmes.id")
    month: date
    state: str = Field(max_length=10)
    causes: str | None = Field(max_length=4000)
    difficulties: str | None = Field(max_length=4000)
    proposals: str | None = Field(max_length=4000)
    approved_at: datetime | None
    approved_by: str | None = Field(max_length=160)
    sent_at: datetime | None
    sent_by: str | None = Field(max_length=160)
    document: str | None = Field(max_length=120)
    document_on: date | None
    content: str | None = Field(sa_column=Column(Text, nullable=True))
    sha256: str | None = Field(max_length=64)
    xlsx_id: int | None = Field(foreign_key="stored_files.id")
    docx_id: int | None = Field(foreign_key="stored_files.id")
    version: int
