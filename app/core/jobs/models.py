"""The outbox: messages, the tries at each, and whose turn the nightly work is."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlmodel import Field, SQLModel

from app.core.jobs.rules import MessageState

_STATES = ", ".join(repr(one.value) for one in MessageState)


class OutboxMessage(SQLModel, table=True):
    """Something to be told to another system, written in the transaction of what it tells.

    Of one subject the one with the highest `sequence` counts; older ones that did not go out are superseded. While
    `claimed_until` lies ahead, the worker `claimed_by` holds it.
    After `give_up_at` the next failure leaves it to a person.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (
        CheckConstraint(f"state in ({_STATES})", name="state"),
        CheckConstraint("sequence >= 1 and attempts >= 0", name="counts"),
        CheckConstraint("(claimed_by is null) = (claimed_until is null)", name="claimed"),
        CheckConstraint("(state = 'waiting') = (ended_at is null)", name="ended"),
        Index("uq_outbox_messages_key", "key", unique=True),
        Index("uq_outbox_messages_subject", "subject", "sequence", unique=True),
        Index("ix_outbox_messages_due", "state", "destination", "due_at", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    key: str = Field(max_length=120)
    destination: str = Field(max_length=10)
    subject: str = Field(max_length=100)
    sequence: int
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(max_length=10)
    created_at: datetime
    due_at: datetime
    give_up_at: datetime
    attempts: int
    claimed_by: str | None = Field(max_length=80)
    claimed_until: datetime | None
    last_outcome: str | None = Field(max_length=20)
    ended_at: datetime | None


class OutboxAttempt(SQLModel, table=True):
    """One try; without an outcome it is under way, or whoever tried ended in the middle of it."""

    __tablename__ = "outbox_attempts"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)

    message_id: int = Field(primary_key=True, foreign_key="outbox_messages.id")
    number: int = Field(primary_key=True)
    at: datetime
    worker: str = Field(max_length=80)
    outcome: str | None = Field(max_length=20)
    ended_at: datetime | None


class JobTurn(SQLModel, table=True):
    """Work that one of all workers does: who does it now and until when at the latest, and when it last was done."""

    __tablename__ = "job_turns"
    __table_args__ = (CheckConstraint("(claimed_by is null) = (claimed_until is null)", name="claimed"),)

    name: str = Field(primary_key=True, max_length=40)
    claimed_by: str | None = Field(max_length=80)
    claimed_until: datetime | None
    tried_at: datetime | None
    done_at: datetime | None
