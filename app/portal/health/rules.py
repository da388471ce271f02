"""The circuit breaker: when a system is left alone, and when it is asked again. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

FAILURES = 5
WINDOW = timedelta(seconds=30)
REST = timedelta(seconds=30)


class BreakerState(StrEnum):
    """Whether a system is called."""

    closed = "closed"
    open = "open"


@dataclass(frozen=True)
class Breaker:
    """The failures in the window, and since when the system is left alone; `probed_at`: when it was last asked."""

    failures: tuple[datetime, ...] = ()
    opened_at: datetime | None = None
    probed_at: datetime | None = None

    @property
    def state(self) -> BreakerState:
        """Whether the system is called."""
        return BreakerState.closed if self.opened_at is None else BreakerState.open

    @property
    def probe_from(self) -> datetime | None:
        """From when on one call is let through to see; None: all are."""
        return None if self.opened_at is None else (self.probed_at or self.opened_at) + REST


def entering(breaker: Breaker, now: datetime) -> Breaker | None:
    """Return the breaker after a call was let through, or None where it is not.

    While the system is left alone one call in 30 seconds goes through; whoever takes that turn takes it from others.
    """
    if breaker.probe_from is None:
        return breaker
    return replace(breaker, probed_at=now) if now >= breaker.probe_from else None


def succeeded(breaker: Breaker) -> Breaker:
    """Return the breaker after a call that was answered."""
    return Breaker()


def failed(breaker: Breaker, now: datetime) -> Breaker:
    """Return the breaker after a call that failed: the fifth within 30 seconds has the system left alone."""
    if breaker.opened_at is not None:
        return breaker
    recent = (*(moment for moment in breaker.failures if now - moment < WINDOW), now)[-FAILURES:]
    return Breaker(recent, now if len(recent) == FAILURES else None)
