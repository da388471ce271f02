"""Requests to reopen a locked day, with what was decided and how long it held."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from app.procedures.rules import System
from app.throughput.models import one_of
from app.throughput.reopenings.rules import MOST_HOURS

# The whole system's report in place of a list of fields.
ALL = "*"


class Reopening(SQLModel, table=True):
    """That a ward asked for a locked day, and what the city said; fields are codes divided by blanks, `*` for all."""

    __tablename__ = "reopenings"
    __table_args__ = (
        CheckConstraint(one_of("system", System), name="system"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("decision in ('granted', 'refused')", name="decision"),
        CheckConstraint(
            "(decision is null) = (decided_at is null) and (decision is null) = (decided_by is null)"
            " and (decision is null) = (decision_reason is null)",
            name="decided",
        ),
        CheckConstraint(
            "(coalesce(decision, '') = 'granted') = (until is not null)"
            " and (until is null) = (hours is null) and (until is null) = (granted_fields is null)",
            name="granted",
        ),
        CheckConstraint(f"hours between 1 and {MOST_HOURS}", name="hours"),
        CheckConstraint("ended_at is null or until is not null", name="ended"),
        # A day waits for one answer at a time.
        Index("uq_reopenings_open", "unit_id", "day", "system", unique=True, sqlite_where=text("decision is null"),
              postgresql_where=text("decision is null")),
        Index("ix_reopenings_of_day", "unit_id", "day", "system"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    day: date
    system: str = Field(max_length=10)
    version: int
    asked_fields: str = Field(sa_column=Column(Text, nullable=False))
    asked_at: datetime
    asked_by: str = Field(max_length=160)
    asked_by_id: int | None
    why: str = Field(max_length=1000)
    decision: str | None = Field(default=None, max_length=10)
    decided_at: datetime | None = None
    decided_by: str | None = Field(default=None, max_length=160)
    decision_reason: str | None = Field(default=None, max_length=1000)
    granted_fields: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    hours: int | None = None
    until: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = Field(default=None, max_length=160)
