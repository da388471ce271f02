"""What is sent and shown of obligations and waivers."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.schemas import Prose
from app.procedures.rules import System
from app.throughput.timing import State


class ObligationOut(BaseModel):
    """That a unit owes a report, until when, and where it stands."""

    unit: str
    name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    state: Annotated[State, Field(description="Where it stands; worst first: late … waived")]
    cut_off_at: datetime
    due_at: datetime
    grace_until: datetime
    locks_at: datetime
    locked: Annotated[bool, Field(description="The lock is over, and no reopening is granted now")]
    version: Annotated[int | None, Field(description="Version of the report; null: none yet")]
    received_at: Annotated[datetime | None, Field(description="When it was met for good, or that it was down was told")]
    waiver_reason: str | None
    waived_by: str | None
    waived_at: datetime | None


class ObligationPage(BaseModel):
    """Obligations, and the cursor of the next ones."""

    items: list[ObligationOut]
    next: str | None


class WaiverIn(BaseModel):
    """Why a unit need not report a day."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Prose, Field(min_length=1, max_length=1000)]
