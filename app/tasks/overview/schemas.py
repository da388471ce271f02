"""What is shown of positions, deadlines and timelines."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.tasks.rules import Bucket
from app.tasks.schemas import BUCKET_WORDS, UnitName


class PositionItem(BaseModel):
    """A position and the tasks it answers for: those that `/tasks?position=` lists."""

    position: str
    total: int
    completed: int
    regular: int
    awaiting_acceptance: int
    overdue: int
    due_soon: int
    not_started: int
    on_schedule: int
    regular_overdue: int


class PositionPage(BaseModel):
    """Positions by name, and the cursor of the next ones."""

    as_of: datetime
    items: list[PositionItem]
    next: str | None


class DeadlineMonth(BaseModel):
    """A month and the tasks whose original deadline lies in it: those that `/tasks?deadline=` lists."""

    month: str
    total: int
    completed: int
    awaiting_acceptance: int
    overdue: int
    due_soon: int
    open: Annotated[int, Described(description="Not started or on schedule")]


class DeadlineYear(BaseModel):
    """The twelve months of a year."""

    year: int
    as_of: datetime
    total: int
    items: list[DeadlineMonth]


class TimelineItem(BaseModel):
    """A task along time."""

    code: str
    title: str
    lead_unit: UnitName
    bucket: Annotated[Bucket, Described(description=BUCKET_WORDS)]
    begins: Annotated[date, Described(description="Day of the assigning document")]
    deadline: Annotated[date | None, Described(description="The original one")]
    approved: Annotated[date | None, Described(description="The last extension's")]
    done_on: Annotated[date | None, Described(description="The day the lead unit says it was done")]


class TimelinePage(BaseModel):
    """Tasks along time by code, and the cursor of the next ones."""

    day: date
    items: list[TimelineItem]
    next: str | None
