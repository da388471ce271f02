"""A unit's days in one system, so laid out that any period is answered at once: pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import accumulate

from app.indicators.measures.rules import Kind
from app.throughput.rules import COLUMNS, FLOWS, RECEIVED, RESOLVED

# What is made of several columns, of one kind each.
SUMS: dict[str, tuple[str, ...]] = {
    "received": RECEIVED, "resolved": RESOLVED, "pending": ("pending_in_time", "pending_overdue")
}  # fmt: skip


KINDS = {column: Kind.flow if column in FLOWS else Kind.stock for column in COLUMNS} | {"carried_over": Kind.opening}
# Beside the columns, under names that no memo has: what was given a reason of the adjustments, and the day itself
# as its ordinal number.
EXPLAINED, NEWEST = "#explained", "#day"


def columns_of(name: str) -> tuple[str, ...]:
    """Return the columns that a measure adds up."""
    return SUMS.get(name, (name,))


class Ledger:
    """The received days of one unit and system, and of each column what is needed to take it over a period."""

    def __init__(self, days: Sequence[date]) -> None:
        self.days = days
        self._sums: dict[str, list[int]] = {}
        self._stocks: dict[str, Sequence[int]] = {}

    def put(self, column: str, kind: Kind, counts: Sequence[int]) -> None:
        """Keep a column's counts, one a day; for an opening, `explained` is put too."""
        if kind is Kind.flow:
            self._sums[column] = list(accumulate(counts, initial=0))
        else:
            self._stocks[column] = counts

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
        if kind is Kind.opening:
            explained = self._sums[EXPLAINED]
            return self._stocks[column][start] + explained[end] - explained[start + 1]
        sums = self._sums[column]
        return sums[end] - sums[start]

    def held(self, first: date, last: date) -> tuple[int, int]:
        """Return how many days of a period there are, and the sum of `received` over them."""
        start, end = bisect_left(self.days, first), bisect_right(self.days, last)
        sums = self._sums.get("received", [0])
        return end - start, sums[end] - sums[start]


def of_days(
    days: Sequence[date],
    columns: Iterable[Sequence[int]],
    explained: Mapping[date, int],
    memos: Mapping[str, Kind],
    counted: Mapping[tuple[date, str], int],
) -> Ledger:
    """Return the ledger of received days: the daily report's columns in their order, and memos by day."""
    ledger = Ledger(days)
    ledger.put(EXPLAINED, Kind.flow, [explained.get(day, 0) for day in days])
    ledger.put(NEWEST, Kind.stock, [day.toordinal() for day in days])
    for column, counts in zip(COLUMNS, columns, strict=False):
        ledger.put(column, KINDS[column], counts)
    for memo, kind in memos.items():
        ledger.put(memo, kind, [counted.get((day, memo), 0) for day in days])
    return ledger
