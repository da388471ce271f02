"""How messages are shown, and why one is sent again."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from app.core.jobs.rules import MessageState
from app.core.schemas import Prose
from app.portal.adapters.rules import Endpoint
from app.portal.exchanges.schemas import ENDPOINT_WORDS, OUTCOME_WORDS
from app.procedures.rules import System

STATE_WORDS = (
    "waiting (chờ gửi) | sent | parked (chờ xử lý thủ công) | superseded (a newer one took its place) | "
    "cancelled (the approval was taken back before anything was sent)"
)


class TryOutcome(StrEnum):
    """How a try to send a message ended."""

    ok = "ok"
    known = "known"
    older = "older"
    refused = "refused"
    expired = "expired"
    busy = "busy"
    failed = "failed"
    unreachable = "unreachable"
    timeout = "timeout"
    torn = "torn"
    too_large = "too_large"
    not_json = "not_json"
    bad_answer = "bad_answer"
    paused = "paused"


TRY_WORDS = (
    f"{OUTCOME_WORDS} | known (it had come before) | older (a later message of the same day had come before) | "
    "paused (the connection was left alone, nothing was sent)"
)


class MessageOut(BaseModel):
    """A message about the approved counts of one unit, day and system."""

    id: int
    key: Annotated[str, Described(description="unit.day.system.revision.number: sent again it is the same one")]
    endpoint: Annotated[Endpoint, Described(description=ENDPOINT_WORDS)]
    unit: Annotated[str, Described(description="Code of the unit")]
    name: Annotated[str, Described(description="Name of the unit")]
    day: date
    system: Annotated[System, Described(description="city | ministry")]
    revision: int
    withdrawn: Annotated[bool, Described(description="It says that the day's counts are approved no more")]
    state: Annotated[MessageState, Described(description=STATE_WORDS)]
    attempts: int
    last_outcome: Annotated[TryOutcome | None, Described(description=TRY_WORDS)]
    created_at: datetime
    due_at: Annotated[datetime | None, Described(description="When it is tried next; null: it is not")]
    ended_at: Annotated[datetime | None, Described(description="Since when it is sent, parked, or not to be sent")]


class TryOut(BaseModel):
    """One try to send a message; no outcome: under way, or whoever tried ended in the middle of it."""

    number: int
    at: datetime
    ended_at: datetime | None
    worker: str
    outcome: Annotated[TryOutcome | None, Described(description=TRY_WORDS)]


class MessageDetail(MessageOut):
    """A message with its tries and what it says."""

    give_up_at: Annotated[datetime, Described(description="After this, the next failure parks it")]
    tries: list[TryOut]
    content: Annotated[dict[str, Any], Described(description="What is sent, in our own words; counts alone")]


class MessagePage(BaseModel):
    """Messages, the newest first."""

    items: list[MessageOut]
    parked: Annotated[int, Described(description="How many are parked in all")]
    next: str | None


class MessageReplayIn(BaseModel):
    """Why parked messages are sent again."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Prose, Described(min_length=1, max_length=1000)]


class MessagesReplayed(BaseModel):
    """How many parked messages wait to be sent again."""

    replayed: int
