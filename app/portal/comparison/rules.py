"""How two systems' counts of a day or a period are compared: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Measure(StrEnum):
    """What other systems publish and our reports count."""

    received = "received"
    online = "online"
    direct = "direct"
    post = "post"
    on_time = "on_time"
    overdue = "overdue"


class Span(StrEnum):
    """How long what is compared lasts: a day with the one-gate system, the others with the portal."""

    day = "day"
    month = "month"
    quarter = "quarter"
    year = "year"


Counts = dict[Measure, int | None]  # None: not said, which is not zero
Said = Mapping[str, Mapping[str, int]]  # what a source names of a day: by field, by column


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What two systems may differ by: so many dossiers, or a share of the larger count, whichever is more."""

    dossiers: int
    hundredths: int  # of a per cent
    version: int = 0


USUAL = Tolerance(2, 100)


@dataclass(frozen=True, slots=True)
class Gap:
    """How two systems' counts of one measure stand to each other; positive: we have more."""

    measure: Measure
    ours: int
    theirs: int

    @property
    def size(self) -> int:
        """What we have more, or (negative) less."""
        return self.ours - self.theirs

    def is_beyond(self, tolerance: Tolerance) -> bool:
        """Whether it is more than what two systems may differ by; in whole numbers, so that no rounding decides."""
        share = tolerance.hundredths * max(self.ours, self.theirs)
        return abs(self.size) > tolerance.dossiers and 10_000 * abs(self.size) > share


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


def said_counts(said: Said) -> Counts:
    """Return what a source says of a day, over its fields; a column that one of them has not is not said.

    Dossiers by post are counted with the counter where the source does not tell them apart.
    """

    def sum_of(*columns: str) -> int | None:
        if any(column not in of for of in said.values() for column in columns):
            return None
        return sum(of[column] for of in said.values() for column in columns)

    online, counter, post = sum_of("received_online"), sum_of("received_counter"), sum_of("received_post")
    received = None if online is None or counter is None else online + counter
    if received is not None:
        received += sum(of.get("received_post", 0) for of in said.values())
    return {
        Measure.received: received,
        Measure.online: online,
        Measure.direct: None if post is None else counter,
        Measure.post: None if counter is None else post,
        Measure.on_time: sum_of("resolved_early", "resolved_on_time"),
        Measure.overdue: sum_of("resolved_overdue"),
    }


def together(parts: Iterable[Counts]) -> Counts:
    """Return the sums of several agencies that are one unit of ours; what one of them does not say is not said."""
    sums: Counts = dict.fromkeys(Measure, 0)
    for part in parts:
        for measure in Measure:
            sum_, count = sums[measure], part[measure]
            sums[measure] = None if sum_ is None or count is None else sum_ + count
    return sums


def both_said(ours: Counts, theirs: Counts) -> list[Gap]:
    """Return the measures that both systems say."""
    return [
        Gap(measure, one, other)
        for measure in Measure
        if (one := ours[measure]) is not None and (other := theirs[measure]) is not None
    ]


def compared(ours: Counts, theirs: Counts) -> list[Gap]:
    """Return the measures that differ, of those that both systems say."""
    return [gap for gap in both_said(ours, theirs) if gap.size]


def period_code(span: Span, first: date) -> str:
    """Return the code of the span that begins on a day: `2026-11-20`, `2026-11`, `2026-Q4`, `2026`."""
    return {
        Span.day: f"{first}",
        Span.month: f"{first:%Y-%m}",
        Span.quarter: f"{first.year}-Q{(first.month + 2) // 3}",
        Span.year: f"{first.year}",
    }[span]


def span_of(code: str) -> Span:
    """Return how long a period lasts, by its code."""
    return {4: Span.year, 7: Span.quarter if "Q" in code else Span.month}.get(len(code), Span.day)


def bounds(span: Span, day: date) -> tuple[date, date]:
    """Return the first and last day of the span of the calendar that a day lies in."""
    months = {Span.day: 0, Span.month: 1, Span.quarter: 3, Span.year: 12}[span]
    if not months:
        return day, day
    before = (day.month - 1) // months * months
    first = date(day.year, before + 1, 1)
    after = before + months
    return first, date(day.year + after // 12, after % 12 + 1, 1) - timedelta(days=1)
