"""A unit's days in one system, so laid out that any period is answered at once: pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate

from app.indicators.measures.rules import Kind
from app.throughput.rules import RECEIVED, RESOLVED

# What is made of several columns, of one kind each.
SUMS: dict[str, tuple[str, ...]] = {
    "received": RECEIVED, "resolved": RESOLVED, "pending": ("pending_in_time", "pending_overdue")
}  # fmt: skip


def columns_of(name: str) -> tuple[str, ...]:
    """Return the columns that a measure adds up."""
    return SUMS.get(name, (name,))


class Ledger:
    """The received days of one unit and system, and of each column what is needed to take it over a period."""

    def __init__(self, days: Sequence[date]) -> None:
        self.days = days
        self._sums: dict[str, list[int]] = {}
        self._stocks: dict[str, Sequence[int]] = {}

    def flow(self, column: str, counts: Iterable[int]) -> None:
        """Keep a flow's counts, one a day, as running sums."""
        self._sums[column] = list(accumulate(counts, initial=0))

    def stock(self, column: str, counts: Sequence[int]) -> None:
        """Keep a stock's counts, one a day."""
        self._stocks[column] = counts

    def opening(self, counts: Sequence[int], explained: Iterable[int]) -> None:
        """Keep each day's opening, and how much of its adjustment was given a reason."""
        self._stocks["carried_over"] = counts
        self._sums["carried_over"] = list(accumulate(explained, initial=0))

    def taken(self, column: str, kind: Kind, first: date, last: date) -> int | None:
        """Return a column over a period; None where no day of it was received.

        Flows add up. A stock is that of the last day received. The opening is the first one's, with the explained
        adjustments on the days after it: column 6 of form II.06a.
        """
        start, end = bisect_left(self.days, first), bisect_right(self.days, last)
        if start == end:
            return None
        if kind is Kind.stock:
            return self._stocks[column][end - 1]
        sums = self._sums[column]
        if kind is Kind.opening:
            return self._stocks[column][start] + sums[end] - sums[start + 1]
        return sums[end] - sums[start]

    def newest(self, first: date, last: date) -> date | None:
        """Return the last day of a period that was received."""
        end = bisect_right(self.days, last)
        return self.days[end - 1] if bisect_left(self.days, first) < end else None

    def held(self, first: date, last: date) -> tuple[int, int]:
        """Return how many days of a period there are, and the sum of `received` over them."""
        start, end = bisect_left(self.days, first), bisect_right(self.days, last)
        sums = self._sums.get("received", [0])
        return end - start, sums[end] - sums[start]
