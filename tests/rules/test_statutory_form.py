"""Periods against the calendar, the form's columns against a table worked out by hand."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.throughput.rules import DayOf, Figures, period
from app.throughput.statutory.layout import difference, head, layout, values
from app.throughput.statutory.periods import Regime, newest, span
from app.throughput.statutory.schemas import StatutoryRow

FORM = layout("II.06a")
SPANS = [
    ("2026-10", "2026-09-15", "2026-10-14", "2026-10-01", "2026-10-31"),
    ("2026-01", "2025-12-15", "2026-01-14", "2026-01-01", "2026-01-31"),
    ("2024-02", "2024-01-15", "2024-02-14", "2024-02-01", "2024-02-29"),
    ("2026-Q1", "2025-12-15", "2026-03-14", "2026-01-01", "2026-03-31"),
    ("2026-Q4", "2026-09-15", "2026-12-14", "2026-10-01", "2026-12-31"),
    ("2026-H1", "2025-12-15", "2026-06-14", "2026-01-01", "2026-06-30"),
    ("2026-H2", "2026-06-15", "2026-12-14", "2026-07-01", "2026-12-31"),
    ("2026", "2025-12-15", "2026-12-14", "2026-01-01", "2026-12-31"),
    ("2026-11-20", "2026-11-20", "2026-11-20", "2026-11-20", "2026-11-20"),
]


@pytest.mark.parametrize(("period", "first", "last", "calendar_first", "calendar_last"), SPANS)
def test_a_period_has_its_days(period: str, first: str, last: str, calendar_first: str, calendar_last: str) -> None:
    assert span(period, Regime.statutory) == (date.fromisoformat(first), date.fromisoformat(last))
    assert span(period, Regime.calendar) == (date.fromisoformat(calendar_first), date.fromisoformat(calendar_last))


@pytest.mark.parametrize(
    "text",
    ["", "2026-13", "2026-00", "2026-Q5", "2026-H3", "26", "2026-1", "2026-02-30", "2026-W40", "1899", "2026-10 "],
)
def test_what_is_no_period_has_no_days(text: str) -> None:
    assert span(text, Regime.statutory) is None


@given(st.integers(1901, 2198), st.sampled_from(Regime))
def test_parts_of_a_year_are_the_year_without_gap(year: int, regime: Regime) -> None:
    whole = span(str(year), regime)
    assert whole is not None
    for parts in ([f"-{n:02}" for n in range(1, 13)], ["-Q1", "-Q2", "-Q3", "-Q4"], ["-H1", "-H2"]):
        spans = [span(f"{year}{part}", regime) for part in parts]
        days = [day for one in spans if one for day in one]
        assert (days[0], days[-1]) == whole
        assert all(after - before == timedelta(days=1) for before, after in zip(days[1::2], days[2::2], strict=False))
    following = span(str(year + 1), regime)
    assert following is not None
    assert following[0] - whole[1] == timedelta(days=1)


@given(st.dates(date(1901, 1, 1), date(2198, 1, 1)), st.sampled_from(Regime))
def test_the_newest_month_is_the_last_that_is_over(today: date, regime: Regime) -> None:
    period = newest(today, regime)
    days = span(period, regime)
    assert days is not None
    assert re.fullmatch(r"\d{4}-\d\d", period)
    assert days[1] < today <= days[1] + timedelta(days=31)


def test_the_columns_are_those_of_the_form() -> None:
    assert [column.key for column in FORM.columns] == [f"c{n}" for n in range(1, 14)]
    assert {column.key for column in FORM.columns} | {"field", "adjustments", "difference"} == set(
        StatutoryRow.model_fields
    )
    counted = [name for column in FORM.columns for name in column.counts]
    assert sorted(counted) == sorted(
        {"received_online", "received_counter", "received_post", "carried_over", "resolved_early", "resolved_on_time"}
        | {"resolved_overdue", "pending_in_time", "pending_overdue"}
    ), "each count once; withdrawn is a part of resolved on time"


def test_a_line_is_the_one_worked_out_by_hand() -> None:
    figures = Figures(
        carried_over=7, received_online=100, received_counter=20, received_post=3, resolved_early=60,
        resolved_on_time=30, resolved_overdue=4, withdrawn=2, pending_in_time=31, pending_overdue=5, adjustments=1,
    )  # fmt: skip
    line = values(figures, FORM)
    assert list(line.values()) == [130, 100, 23, 7, 94, 60, 30, 4, 36, 31, 5]
    assert list(line) == [f"c{n}" for n in range(3, 14)]
    assert difference(line, FORM) == 0 == figures.difference


def test_the_head_has_its_three_rows() -> None:
    rows = [[(c.label.vi, c.column, c.columns, c.rows) for c in row] for row in head(FORM.columns, FORM.groups)]
    assert rows == [
        [
            ("STT", 0, 1, 3), ("Lĩnh vực", 1, 1, 3), ("Số hồ sơ phải giải quyết", 2, 4, 1),
            ("Số hồ sơ đã giải quyết", 6, 4, 1), ("Số hồ sơ đang giải quyết", 10, 3, 1),
        ],
        [
            ("Tổng số", 2, 1, 2), ("Tiếp nhận trong kỳ", 3, 2, 1), ("Từ kỳ trước chuyển sang", 5, 1, 2),
            ("Tổng số", 6, 1, 2), ("Trước hạn", 7, 1, 2), ("Đúng hạn", 8, 1, 2), ("Quá hạn", 9, 1, 2),
            ("Tổng số", 10, 1, 2), ("Trong hạn", 11, 1, 2), ("Quá hạn", 12, 1, 2),
        ],
        [("Trực tuyến", 3, 1, 1), ("Trực tiếp, bưu chính công ích", 4, 1, 1)],
    ]  # fmt: skip


count = st.integers(0, 50)


@given(st.lists(st.tuples(count, count, count, st.integers(-20, 20), st.booleans()), min_size=1, max_size=12))
def test_the_difference_is_what_nobody_explained(days: list[tuple[int, int, int, int, bool]]) -> None:
    """Days of (received, resolved at most, first opening at most, gap, explained) as a form adds them up."""
    close: int | None = None
    of, unexplained = [], 0
    for received, resolved, start, gap, covered in days:
        opening = start if close is None else max(0, close + gap)
        moved = 0 if close is None else opening - close
        unexplained += 0 if covered else moved
        done = min(resolved, opening + received)
        close = opening + received - done
        figures = Figures(carried_over=opening, received_online=received, resolved_early=done, pending_in_time=close)
        of.append(DayOf(figures, moved, moved if covered else 0))
    whole = period(of)
    assert difference(values(whole, FORM), FORM) == unexplained == whole.difference
