"""What the board shows."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.procedures.rules import System
from app.throughput.approvals.rules import ReportStatus, Stage
from app.throughput.schemas import RatesOut, TotalsOut
from app.throughput.summary.schemas import Completeness
from app.throughput.timing import State


class BoardSystem(BaseModel):
    """One system's part of a unit's day."""

    system: Annotated[System, Field(description="Source system")]
    state: Annotated[State | None, Field(description="Where it stands; null: sent without being owed")]
    due_at: Annotated[datetime | None, Field(description="null: not owed")]
    received_at: Annotated[
        datetime | None,
        Field(description="When it was met for good, or that it was down was told; null: still owed, or waived"),
    ]
    reminded_at: Annotated[datetime | None, Field(description="When it was last asked for; null: not, or not owed now")]
    status: Annotated[ReportStatus | None, Field(description="How far what stands has come; null: not sent")]
    corrected_since: Annotated[bool, Field(description="A later revision undid an approval")]


class BoardItem(BaseModel):
    """A unit's day."""

    unit: str
    name: str
    state: Annotated[State | None, Field(description="The worst of its systems; null: nothing is owed")]
    systems: Annotated[list[BoardSystem], Field(description="Those owed or sent: city first")]
    received_at: Annotated[datetime | None, Field(description="When the last of it came; null: something is owed")]
    totals: Annotated[TotalsOut | None, Field(description="Of all systems received; null: no figures")]
    approved: Annotated[
        Stage | None,
        Field(description="Who has approved all that was sent: the city, or at least the ward; null: nobody"),
    ]
    version: Annotated[str, Field(description="Versions of both reports, `city-ministry`; 0: not sent")]


class StateCount(BaseModel):
    """How many units are in a state."""

    state: Annotated[State, Field(description="The worst of a unit's systems")]
    units: int


class SystemCount(BaseModel):
    """How many units a source system's reports are in of; one that was down is not in."""

    system: Annotated[System, Field(description="Source system")]
    expected: int
    received: Annotated[int, Field(description="Complete, or waived")]
    late: Annotated[int, Field(description="Past the deadline; 0 while what is missing is not due")]


class Missing(BaseModel):
    """A unit that still owes something for the day."""

    unit: str
    name: str
    systems: list[System]


class BoardTotal(TotalsOut):
    """The day's sums over all units, partial reports included."""

    rates: RatesOut


class BoardOut(BaseModel):
    """A day of all units that the caller sees; what is not in `items` is the same on every page and in every state."""

    day: date
    cut_off: Annotated[
        datetime | None, Field(description="Latest moment until which any report counted; null: no figures have come")
    ]
    completeness: Completeness
    counts: Annotated[list[StateCount], Field(description="Worst first; states that no unit is in are left out")]
    systems: list[SystemCount]
    items: Annotated[list[BoardItem], Field(description="Worst first, then by name")]
    next: str | None
    total: Annotated[
        BoardTotal,
        Field(description="Of the reports that have come; while `cut_off` is null none has, and its zeros say nothing"),
    ]
    missing_count: Annotated[int, Field(description="Units that still owe something, due or not")]
    missing: Annotated[list[Missing], Field(description="They, worst first; of many the first 200")]


class BoardTextOut(BaseModel):
    """The board as one line for the chat group."""

    text: str
