"""What is far from the usual of a weekday: one count, up to where none is, and a day without anything. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

DAYS_NEEDED = 3
FACTOR = 4
DISTANCE = 20
NEVER_NONE = 10


class Usual(NamedTuple):
    """The median of the same weekdays, and the least and largest count that raises no question."""

    median: int
    low: int
    high: int


def is_unusual(value: int, same_weekday: Sequence[int]) -> tuple[int, int] | None:
    """Return (median, value) when a day's count is far from the same weekday's, else None.

    Far: at least four times the median, or a quarter of it, and at least 20 dossiers away; or none where ten or more
    are usual. Three past days are needed.
    """
    median = _median(same_weekday)
    if median is None:
        return None
    far = value >= FACTOR * max(median, 1) or value * FACTOR <= median
    none = value == 0 and median >= NEVER_NONE
    return (median, value) if none or (far and abs(value - median) >= DISTANCE) else None


def had_some(same_weekday: Sequence[int]) -> bool:
    """Tell whether a day without anything is unlike the same weekdays: most of those known had something."""
    return sum(1 for count in same_weekday if count) * 2 > len(same_weekday)


def usual_range(same_weekday: Sequence[int]) -> Usual | None:
    """Return between which counts `is_unusual` is silent; None where it always is, too few days being known."""
    median = _median(same_weekday)
    if median is None:
        return None
    too_many = max(FACTOR * max(median, 1), median + DISTANCE)
    too_few = max(min(median // FACTOR, median - DISTANCE), 0 if median >= NEVER_NONE else -1)
    return Usual(median, max(0, too_few + 1), too_many - 1)


def _median(values: Sequence[int]) -> int | None:
    return sorted(values)[len(values) // 2] if len(values) >= DAYS_NEEDED else None
