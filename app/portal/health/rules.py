"""The circuit breaker: when a system is left alone, and when it is asked again. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

FAILURES = 5
WINDOW = timedelta(seconds=30)
REST = timedelta(seconds=30)
HANGING = 3  # a call that hangs takes longer than the window has room for


class BreakerState(StrEnum):
    """Whether a system is called."""

    closed = "closed"
    open = "open"


@dataclass(frozen=True)
class Breaker:
    """The failures in the window, and since when the system is left alone; `probed_at`: when it was last asked.

    `hung`: how many of the last calls, one after the other, waited in vain.
    """

    failures: tuple[datetime, ...] = ()
    opened_at: datetime | None = None
    probed_at: datetime | None = None
    hung: int = 0

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


def failed(breaker: Breaker, now: datetime, *, hung: bool = False) -> Breaker:
    """Return the breaker after a call that failed.

    The fifth within 30 seconds has the system left alone, and so has the third in a row that waited in vain.
    """
    if breaker.opened_at is not None:
        return breaker
    recent = (*(moment for moment in breaker.failures if now - moment < WINDOW), now)[-FAILURES:]
    waited = breaker.hung + 1 if hung else 0
    return Breaker(recent, now if len(recent) == FAILURES or waited >= HANGING else None, hung=waited)
