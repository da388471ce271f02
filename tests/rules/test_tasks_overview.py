"""A task counts once for each of its positions; a month has what ends in it; a bar stays within its line."""

from datetime import date

from app.tasks.overview.rules import by_month, by_position, place, span, ticks
from app.tasks.rules import Bucket


def test_a_task_counts_once_for_each_position() -> None:
    rows = [("A", "B", "overdue", 2), ("A", "A", "overdue", 1), (None, "B", "due_soon", 3), (None, None, "overdue", 9)]
    found = by_position(rows)
    assert {name: dict(counts) for name, counts in found.items()} == {
        "A": {Bucket.overdue: 3}, "B": {Bucket.overdue: 2, Bucket.due_soon: 3},
    }  # fmt: skip


def test_a_month_has_what_ends_in_it() -> None:
    months = by_month([(date(2026, 12, 31), "overdue", 2), (date(2027, 1, 1), "overdue", 5)], 2026)
    assert [counts.total() for counts in months] == [0] * 11 + [2]


def test_a_timeline_covers_whole_months() -> None:
    assert span([date(2026, 12, 5), date(2026, 2, 9)]) == (date(2026, 2, 1), date(2027, 1, 1))
    assert span([]) is None
    assert place(date(2026, 2, 1), date(2026, 2, 1), date(2026, 3, 1)) == 34
    assert place(date(2026, 2, 15), date(2026, 2, 1), date(2026, 3, 1)) == 66
    assert place(date(2030, 1, 1), date(2026, 2, 1), date(2026, 3, 1)) == 98


def test_lines_of_time_stay_few_enough_to_be_read() -> None:
    assert ticks(date(2026, 2, 1), date(2027, 1, 1)) == [date(2026, m, 1) for m in (4, 7, 10)]
    assert ticks(date(2024, 1, 1), date(2026, 1, 1)) == [date(y, m, 1) for y in (2024, 2025) for m in (1, 7)]
    assert ticks(date(2024, 1, 1), date(2027, 1, 1)) == [date(y, 1, 1) for y in (2024, 2025, 2026)]
    assert len(ticks(date(1950, 1, 1), date(2150, 1, 1))) <= 5
