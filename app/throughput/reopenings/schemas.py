"""What is sent and shown of requests to reopen a locked day."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.schemas import Prose
from app.procedures.rules import System
from app.throughput.reopenings.rules import MOST_HOURS, ReopeningState
from app.throughput.schemas import FieldCode

Fields = Annotated[
    list[FieldCode] | None, Field(max_length=200, description="Codes of fields; absent or null: the whole report")
]
Why = Annotated[Prose, Field(min_length=1, max_length=1000)]


class ReopeningIn(BaseModel):
    """What a ward wants to correct of a locked day, and why."""

    model_config = ConfigDict(extra="forbid")

    fields: Fields = None
    why: Why


class GrantIn(BaseModel):
    """Which fields may be corrected, for how many hours from now, and on what grounds."""

    model_config = ConfigDict(extra="forbid")

    fields: Fields = None
    hours: Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS)]
    reason: Why


class RefusalIn(BaseModel):
    """Why a day stays locked."""

    model_config = ConfigDict(extra="forbid")

    reason: Why


class ReopeningOut(BaseModel):
    """A request to reopen a day, and what became of it."""

    id: int
    version: int
    unit: str
    unit_name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    state: Annotated[ReopeningState, Field(description="`over`: its hours are; `ended`: the city closed it before")]
    fields: Annotated[list[str] | None, Field(description="What was asked for; null: the whole report")]
    why: str
    asked_at: datetime
    asked_by: str
    granted_fields: Annotated[list[str] | None, Field(description="What was granted; null: the whole, or nothing")]
    hours: int | None
    until: datetime | None
    decision_reason: str | None
    decided_at: datetime | None
    decided_by: str | None
    ended_at: datetime | None
    ended_by: str | None


class ReopeningPage(BaseModel):
    """Requests, what waits first, and the cursor of the next ones."""

    items: list[ReopeningOut]
    next: str | None
    open: Annotated[int, Field(description="How many wait for an answer, whatever is filtered for")]


class ReopeningsOut(BaseModel):
    """All requests for a unit's day, newest first, and whether another may be made now."""

    unit: str
    unit_name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    locks_at: datetime
    locked: Annotated[bool, Field(description="It takes no report, but for what a grant that runs covers")]
    may_ask: Annotated[bool, Field(description="It is locked, nothing waits and nothing is granted")]
    choices: Annotated[list[str], Field(description="Fields that a request may name; none while nothing was sent")]
    items: list[ReopeningOut]
