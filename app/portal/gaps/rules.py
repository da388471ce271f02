"""How two systems' counts of a month are compared: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

TOLERANCE, SHARE = 2, 0.01  # dossiers, or of the larger of both, whichever is more


class Measure(StrEnum):
    """What the portal publishes and our reports count."""

    received = "received"
    online = "online"
    direct = "direct"
    post = "post"
    on_time = "on_time"
    overdue = "overdue"


Counts = dict[Measure, int | None]  # None: not said, which is not zero


@dataclass(frozen=True, slots=True)
class Gap:
    """How two systems differ in one measure; positive: we have more."""

    measure: Measure
    ours: int
    theirs: int

    @property
    def size(self) -> int:
        """What we have more, or (negative) less."""
        return self.ours - self.theirs

    @property
    def is_beyond(self) -> bool:
        """Whether it is more than what two systems differ by as a rule."""
        return abs(self.size) > max(TOLERANCE, SHARE * max(self.ours, self.theirs))


def our_counts(online: int, counter: int, post: int, on_time: int, overdue: int, *, is_split: bool) -> Counts:
    """Return what our reports say; where some count post with the counter neither of the two can be compared."""
    return {
        Measure.received: online + counter + post,
        Measure.online: online,
        Measure.direct: counter if is_split else None,
        Measure.post: post if is_split else None,
        Measure.on_time: on_time,
        Measure.overdue: overdue,
    }


def together(parts: Iterable[Counts]) -> Counts:
    """Return the sums of several agencies that are one unit of ours; what one of them does not say is not said."""
    sums: Counts = dict.fromkeys(Measure, 0)
    for part in parts:
        for measure in Measure:
            sum_, count = sums[measure], part[measure]
            sums[measure] = None if sum_ is None or count is None else sum_ + count
    return sums


def compared(ours: Counts, theirs: Counts) -> list[Gap]:
    """Return the measures that differ, of those that both systems say."""
    return [
        Gap(measure, one, other)
        for measure in Measure
        if (one := ours[measure]) is not None and (other := theirs[measure]) is not None and one != other
    ]
