"""How long a message waits between two tries, and when it is left to a person: pure."""

from datetime import datetime, timedelta
from enum import StrEnum

FIRST, MOST = 1.0, 900.0  # seconds before the second try, and before any later one at the most
PATIENCE = timedelta(hours=24)


class MessageState(StrEnum):
    """How far a message has come."""

    waiting = "waiting"
    sent = "sent"
    parked = "parked"
    superseded = "superseded"
    cancelled = "cancelled"


class Ending(StrEnum):
    """How a try ended for the outbox."""

    done = "done"
    again = "again"
    never = "never"
    not_tried = "not_tried"


def wait(attempt: int, chance: float) -> float:
    """Return the seconds to wait after a try that failed, the first being 1: twice as long each time, with jitter.

    `chance` (0 to 1) takes up to a quarter off, so that what failed together does not come together again.
    """
    whole = min(MOST, FIRST * 2.0 ** min(attempt - 1, 20))
    return max(FIRST, whole * (1 - chance / 4))


def next_try(now: datetime, attempt: int, chance: float, asked: float | None = None) -> datetime:
    """Return when a message is tried again; `asked`: the seconds that the other side wants to be left alone.

    A wait that was asked for is longer than any of our own after so many tries: by that it is known (`is_asked`).
    """
    return now + timedelta(seconds=max(wait(attempt, 0) + 1, asked) if asked else wait(attempt, chance))


def is_asked(ended_at: datetime, due_at: datetime, attempt: int) -> bool:
    """Tell whether the other side asked for the wait after a try that ended so."""
    return (due_at - ended_at).total_seconds() > wait(attempt, 0)
