"""How the connections are shown."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.portal.adapters.rules import Endpoint, Outcome
from app.portal.exchanges.schemas import ENDPOINT_WORDS, OUTCOME_WORDS
from app.portal.health.rules import BreakerState

BREAKER_WORDS = "closed (called) | open (tạm ngắt kết nối: one call in 30 seconds goes through to see)"


class ConnectionOut(BaseModel):
    """One system that is called, and how it is."""

    endpoint: Annotated[Endpoint, Described(description=ENDPOINT_WORDS)]
    connected: Annotated[bool, Described(description="The settings name its address")]
    host: Annotated[str | None, Described(description="Where it is")]
    codes_version: Annotated[str, Described(description="Of its words and code lists")]
    breaker: Annotated[BreakerState, Described(description=BREAKER_WORDS)]
    opened_at: Annotated[datetime | None, Described(description="Since when it is left alone")]
    probe_from: Annotated[datetime | None, Described(description="From when on one call goes through to see")]
    last_outcome: Annotated[Outcome | None, Described(description=OUTCOME_WORDS)]
    last_success_at: datetime | None
    last_failure_at: datetime | None
    exchanges: Annotated[int, Described(description="Tries in the last 24 hours")]
    failures: Annotated[int, Described(description="Of them those that failed")]
    queued: Annotated[int, Described(description="Messages that wait to be sent there")]
    oldest_queued_at: Annotated[datetime | None, Described(description="Since when the oldest of them waits")]
    parked: Annotated[int, Described(description="Messages that are left to a person")]


class HealthOut(BaseModel):
    """All connections."""

    items: list[ConnectionOut]
