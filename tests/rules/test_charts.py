"""Where the marks of charts lie: within the drawing, in the order of the values, parts as wide as the whole."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.core import charts

VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=40)
COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=11)


def points(path: str) -> list[tuple[int, int]]:
    """Return the points of a path."""
    return [(int(x), int(y)) for x, y in re.findall(r"[ML](-?\d+) (-?\d+)", path)]


@given(VALUES)
def test_a_line_has_a_point_for_each_figure_within_the_drawing_the_larger_the_higher(
    values: list[float | None],
) -> None:
    known = [value for value in values if value is not None]
    found = points(charts.line(values, charts.scale(values)))
    assert len(found) == len(known)
    assert all(0 <= x <= charts.WIDTH and 10 <= y <= 110 for x, y in found)
    for (_, above), one in zip(found, known, strict=True):
        for (_, below), other in zip(found, known, strict=True):
            assert one < other or above <= below


@given(VALUES)
def test_a_line_breaks_where_a_figure_is_missing_and_a_lone_one_is_a_dot(values: list[float | None]) -> None:
    of = charts.scale(values)
    runs = "".join("x" if value is not None else " " for value in values).split()
    assert charts.line(values, of).count("M") == len(runs)
    assert charts.lone(values, of).count("h0") == sum(len(run) == 1 for run in runs)


def test_the_ends_of_a_line_are_those_of_the_drawing_and_ahead_leaves_room() -> None:
    of = charts.scale([0, 10], 0, 10, 0, 200)
    assert charts.line([0, 5, None, 10], of) == "M0 200L200 100M600 0"
    assert points(charts.line([1, 2], of, ahead=2)) == [(0, 180), (200, 160)]
    assert charts.scale([3, 3]).y(3) == 110, "all alike: on the floor"
    assert charts.scale([None]).y(0) == 110


@given(st.lists(st.none() | st.floats(0, 1e9), min_size=0, max_size=5))
def test_the_top_of_a_scale_is_round_and_no_lower_than_the_largest(values: list[float | None]) -> None:
    top, most = charts.ceiling(values), max([value for value in values if value is not None] or [0])
    assert max(most, 10) <= top <= max(10, most * 1.6)
    assert top / 10 ** (len(str(top)) - 1) in charts.STEPS


@given(COUNTS)
def test_parts_lie_side_by_side_and_are_together_the_whole(counts: list[int]) -> None:
    found = charts.shares(counts)
    assert len(found) == len(counts)
    for (begin, width), (following, _) in pairwise(found):
        assert abs(begin + width - following) < 0.011
    if sum(counts):
        assert abs(sum(found[-1]) - 100) < 0.011
        assert all(abs(width - 100 * n / sum(counts)) <= 0.011 for (_, width), n in zip(found, counts, strict=True))
    else:
        assert all(width == 0 for _, width in found)


@given(st.integers(1, 100))
def test_bars_stand_apart_within_the_drawing(count: int) -> None:
    found = charts.slots(count)
    assert len(found) == count
    assert found[0][0] >= 0
    assert sum(found[-1]) <= 100
    assert all(begin + width < following for (begin, width), (following, _) in pairwise(found))


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_cell_is_empty_or_full_only_of_none_or_all(part: int, whole: int) -> None:
    found = charts.level(part, whole)
    assert 0 <= found <= charts.LEVELS
    if 0 < part < whole:
        assert 0 < found < charts.LEVELS
    elif whole:
        assert found == (charts.LEVELS if part else 0)


def test_a_missing_figure_has_no_height_and_nought_neither() -> None:
    assert (charts.percent(None, 10), charts.percent(0, 10), charts.percent(5, 10), charts.percent(5, 0)) == (
        0,
        0,
        50,
        0,
    )
