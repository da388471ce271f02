"""What a locked day still takes, and what may be done with a request: pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_HOURS = 240


class ReopeningState(StrEnum):
    """Where a request stands, what waits first."""

    asked = "asked"
    granted = "granted"
    refused = "refused"
    over = "over"
    ended = "ended"


class Breach(StrEnum):
    """Why a locked day does not take a report; each is the code of its refusal."""

    day_locked = "day_locked"
    grant_over = "grant_over"
    grant_field = "grant_field"


@dataclass(frozen=True, slots=True)
class Grant:
    """That a locked day may be corrected: some fields, or all (None), until a moment."""

    fields: frozenset[str] | None
    until: datetime
    ended_at: datetime | None = None

    def runs(self, now: datetime) -> bool:
        """Tell whether it still holds."""
        return self.ended_at is None and now <= self.until

    def covers(self, field: str) -> bool:
        """Tell whether a field may be changed."""
        return self.fields is None or field in self.fields


def state(decision: str | None, until: datetime | None, ended_at: datetime | None, now: datetime) -> ReopeningState:
    """Return where a request stands: a grant closes itself at its hour."""
    if decision is None:
        return ReopeningState.asked
    if decision == "refused" or until is None:
        return ReopeningState.refused
    if ended_at is not None:
        return ReopeningState.ended
    return ReopeningState.granted if now <= until else ReopeningState.over


def running(grants: Iterable[Grant], now: datetime) -> Grant | None:
    """Return the grant that holds now."""
    return next((grant for grant in grants if grant.runs(now)), None)


def breach(
    grants: Collection[Grant], changed: Collection[str], *, whole: bool, now: datetime
) -> tuple[Breach, list[str]] | None:
    """Return why a locked day does not take a report that changes some fields, and which of them; None: it does.

    `whole`: it changes what is no field's, that the source was unavailable or that the day is partial.
    """
    grant = running(grants, now)
    if grant is None:
        return (Breach.grant_over if grants else Breach.day_locked), []
    outside = sorted(code for code in changed if not grant.covers(code))
    if outside or (whole and grant.fields is not None):
        return Breach.grant_field, outside
    return None
