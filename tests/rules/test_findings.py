"""What becomes of a finding, the range of chance, and the size of a correction."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.throughput.findings.rules import (
    Answer,
    FindingChange,
    FindingKind,
    FindingState,
    Found,
    Standing,
    after_report,
    chance_range,
    found_in,
    moved,
)
from app.throughput.rules import Line
from app.throughput.unusual import is_unusual

ODD, OTHER_FIGURES = Found(5), Found(6)
WHY, OTHER_WHY = Answer("campaign", ""), Answer("late_sync", "")


def kept(state: FindingState, answer: Answer | None = None) -> Standing:
    return Standing(state, ODD, answer)


@pytest.mark.parametrize(
    ("standing", "found", "answer", "change"),
    [
        (None, None, None, None),
        (None, ODD, None, "opened"),
        (None, ODD, WHY, None),  # answered in the very report that raises it
        (kept(FindingState.open), ODD, None, None),
        (kept(FindingState.open), OTHER_FIGURES, None, "changed"),
        (kept(FindingState.open), None, None, "gone"),
        (kept(FindingState.open), ODD, WHY, "explained"),
        (kept(FindingState.open), None, WHY, "explained"),
        (kept(FindingState.open, WHY), ODD, WHY, None),  # the city was not content with that
        (kept(FindingState.open, WHY), ODD, OTHER_WHY, "explained"),
        (kept(FindingState.open, WHY), None, WHY, "gone"),
        (kept(FindingState.explained, WHY), ODD, WHY, None),
        (kept(FindingState.explained, WHY), None, None, None),
        (kept(FindingState.explained, WHY), ODD, None, "opened"),
        (kept(FindingState.gone), ODD, None, "opened"),
        (kept(FindingState.gone), None, None, None),
    ],
)
def test_what_a_report_does_to_a_finding(
    standing: Standing | None, found: Found | None, answer: Answer | None, change: str | None
) -> None:
    assert after_report(standing, found, answer) == (FindingChange(change) if change else None)


@given(st.integers(0, 300))
def test_the_range_holds_all_but_one_day_of_a_thousand(median: int) -> None:
    mean, (low, high) = max(median, 1), chance_range(median)
    inside = sum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(low, high + 1))
    assert inside >= 0.998
    assert low <= mean <= high


@given(st.integers(0, 5000), st.integers(0, 20_000))
def test_what_is_asked_about_lies_outside_the_range(median: int, value: int) -> None:
    low, high = chance_range(median)
    if is_unusual(value, [median] * 3):
        assert not low <= value <= high


def test_questions_and_openings_become_figures() -> None:
    asked = [
        ("unusual_value", "HT", {"median": 25, "value": 200}),
        ("overdue_stock_fell", "DD", {"before": 9, "after": 2}),
        ("overdue_share", None, {"numerator": 1, "denominator": 2}),
        ("opening_gap", "CT", {"gap": 7}),
        ("all_zero", None, {}),
    ]
    assert found_in(asked, {"CT": (3, 0)}) == {
        (FindingKind.unusual_value, "HT"): Found(200, 25, 11, 45),
        (FindingKind.overdue_stock_fell, "DD"): Found(2, 9),
        (FindingKind.all_zero, None): Found(0),
        (FindingKind.opening_gap, "CT"): Found(3),
    }


def line(field: str, received: int, resolved: int) -> Line:
    return Line(field, 0, received, 0, 0, resolved, 0, 0, 0, received - resolved, 0)


@pytest.mark.parametrize(
    ("before", "after", "size"),
    [
        ({}, {}, 0),
        ({"HT": line("HT", 5, 2)}, {"HT": line("HT", 5, 2)}, 0),
        ({"HT": line("HT", 5, 2)}, {"HT": line("HT", 9, 3)}, 4),
        ({"HT": line("HT", 9, 9)}, {"HT": line("HT", 9, 2)}, 7),
        ({"HT": line("HT", 20, 0)}, {"CT": line("CT", 20, 0)}, 40),  # what changes its field leaves one, joins another
        ({}, {"CT": line("CT", 21, 1)}, 21),
    ],
)
def test_how_much_a_correction_moved(before: dict[str, Line], after: dict[str, Line], size: int) -> None:
    assert moved(before, after) == size
