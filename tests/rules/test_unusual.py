"""What is usual of a weekday: the range shown beside a cell is the one in which no question comes."""

from hypothesis import given
from hypothesis import strategies as st

from app.throughput.unusual import is_unusual, usual_range

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
