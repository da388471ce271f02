"""Counting by position and by month, and where a day lies on a timeline: pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from app.tasks.rules import Bucket

Rows = Iterable[Any]  # (accountable, responsible, bucket, count)


def by_position(rows: Rows) -> dict[str, Counter[Bucket]]:
    """Return how many tasks each position answers for by bucket: accountable or responsible, each task once."""
    found: dict[str, Counter[Bucket]] = {}
    for accountable, responsible, bucket, count in rows:
        for position in {accountable, responsible} - {None}:
            assert position is not None
            found.setdefault(position, Counter())[Bucket(bucket)] += count
    return found


def by_month(rows: Iterable[Any], year: int) -> list[Counter[Bucket]]:
    """Return how many tasks end in each month of a year, by bucket."""
    months: list[Counter[Bucket]] = [Counter() for _ in range(12)]
    for day, bucket, count in rows:
        if day.year == year:
            months[day.month - 1][Bucket(bucket)] += count
    return months


def span(days: Iterable[date]) -> tuple[date, date] | None:
    """Return the first day of the first month and the first day after the last month; None without days."""
    found = sorted(days)
    if not found:
        return None
    last = found[-1]
    return found[0].replace(day=1), date(last.year + last.month // 12, last.month % 12 + 1, 1)


LINE = (34, 64)  # where the line of a timeline begins, and its length, in percent of the drawing
TICKS = 5  # lines with their words that a phone still shows apart


def ticks(first: date, end: date) -> list[date]:
    """Return the first days of the quarters between two days, of the half years or years where they are too many."""
    months = [date(year, month, 1) for year in range(first.year, end.year + 1) for month in (1, 4, 7, 10)]
    found = [day for day in months if first <= day < end]
    for every in ((1, 7), (1,)):
        if len(found) > TICKS:
            found = [day for day in found if day.month in every]
    return found[:: -(-len(found) // TICKS)] if found else []


def place(day: date, first: date, end: date) -> float:
    """Return where a day lies between two days, in percent of a drawing that keeps its left third for words."""
    return LINE[0] + round(max(0.0, min(1.0, (day - first).days / max(1, (end - first).days))) * LINE[1], 1)
