"""The log of reminders, and what is shown of it."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Shown
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.procedures.rules import System
from app.throughput.models import one_of
from app.throughput.reminders.rules import ReminderEnd, ReminderStep, ReminderTo


class Reminder(SQLModel, table=True):
    """That somebody was reminded; `key` says of what and by which step, so that each comes exactly once.

    `approval_id`: the word by which the report was returned. Whether it is over is not kept: the report, the waiver or
    the finding says so.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        CheckConstraint(one_of("system", System), name="system"),
        CheckConstraint(one_of("step", ReminderStep), name="step"),
        CheckConstraint(one_of("to_role", ReminderTo), name="to_role"),
        Index("ix_reminders_unit", "unit_id", "day", "system"),
        Index("ix_reminders_to", "to_role", "day"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=120, unique=True)
    unit_id: int = Field(foreign_key="units.id")
    day: date
    system: str = Field(max_length=10)
    finding_id: int | None = Field(default=None, foreign_key="findings.id", index=True)
    approval_id: int | None = Field(default=None, foreign_key="approvals.id", index=True)
    step: str = Field(max_length=10)
    to_role: str = Field(max_length=20)
    made_at: datetime
    made_by: str | None = Field(default=None, max_length=160)


class ReminderOut(BaseModel):
    """A reminder: of what, to whom, when, and how it ended."""

    id: int
    unit: str
    name: str
    day: date
    system: Annotated[System, Shown(description="Source system")]
    finding: Annotated[int | None, Shown(description="The finding to be explained; null: it is about a report")]
    returned: Annotated[bool, Shown(description="The report was returned: to be corrected, not to be sent first")]
    step: Annotated[ReminderStep, Shown(description="Which step of the ladder, or by hand")]
    to: Annotated[ReminderTo, Shown(description="The position that is reminded")]
    made_at: datetime
    made_by: Annotated[str | None, Shown(description="null: by itself")]
    due_at: Annotated[datetime | None, Shown(description="When the report is due; null: of a finding, or not owed")]
    is_open: bool
    locked: Annotated[bool, Shown(description="Its day is locked: nothing can be sent before it is reopened")]
    ended: Annotated[ReminderEnd | None, Shown(description="Why it is over; null: it is not")]
    ended_at: datetime | None


class ToDoFold(BaseModel):
    """What units are reminded of together: a day's report of a system, its return or its findings."""

    units: int
    n: Annotated[int, Shown(description="Reports, returns or findings; a unit may have several findings of a day")]
    shown: Annotated[list[ReminderOut], Shown(description="Of the first units; the list with `open=true` has all")]


class ToDoOut(BaseModel):
    """What waits for the caller now."""

    waiting: Annotated[int, Shown(description="As the mark in the page's head counts, reports to the centre aside")]
    folds: Annotated[list[ToDoFold], Shown(description="Each once, oldest day first")]
    reopenings: Annotated[
        int | None, Shown(description="Requests to reopen a day without an answer; null: not the caller's to answer")
    ]


class ReminderPage(BaseModel):
    """Reminders, newest first, and the cursor of the next ones."""

    items: list[ReminderOut]
    next: str | None
    to_do: Annotated[ToDoOut | None, Shown(description="null: beside a filter, or on a later page")]


class RemindedOut(BaseModel):
    """Whom a reminder to all reached: reports that are owed, and of how many units."""

    day: date
    system: Annotated[System | None, Shown(description="null: both")]
    reminded: int
    units: int
    recently: Annotated[int, Shown(description="Passed over: reminded by hand a moment ago")]
    day_off: Annotated[int, Shown(description="Passed over: the unit's day off")]
