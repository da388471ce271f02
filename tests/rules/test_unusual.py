"""What is usual of a weekday: the range shown beside a cell is the one in which no question comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.throughput.unusual import had_some, is_unusual, usual_range

count = st.integers(0, 400)


@given(st.lists(count, max_size=8), count)
def test_the_range_is_where_no_question_comes(past: list[int], value: int) -> None:
    usual = usual_range(past)
    if usual is None:
        assert len(past) < 3
        assert is_unusual(value, past) is None
    else:
        assert (is_unusual(value, past) is None) == (usual.low <= value <= usual.high)
        assert usual.low <= usual.median <= usual.high


@given(st.lists(count, min_size=3, max_size=8))
def test_the_ends_of_the_range_are_sharp(past: list[int]) -> None:
    usual = usual_range(past)
    assert usual is not None
    assert is_unusual(usual.high + 1, past) == (usual.median, usual.high + 1)
    if usual.low:
        assert is_unusual(usual.low - 1, past) == (usual.median, usual.low - 1)


@pytest.mark.parametrize(
    ("value", "median", "asked"), [(0, 12, True), (0, 9, False), (1, 12, False), (0, 10, True), (5, 24, False)]
)
def test_none_is_asked_about_where_ten_are_usual(value: int, median: int, asked: bool) -> None:
    assert (is_unusual(value, [median] * 4) is not None) == asked


@pytest.mark.parametrize(
    ("days", "asked"), [([], False), ([3], True), ([0], False), ([0, 0, 4], False), ([0, 5, 4], True), ([0, 4], False)]
)
def test_a_day_of_nothing_is_asked_about_where_most_days_had_something(days: list[int], asked: bool) -> None:
    assert had_some(days) == asked
