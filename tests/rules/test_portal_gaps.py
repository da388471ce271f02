"""What becomes of a gap, whatever came before: it stands by the figures of now; its ages and its explanations."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendar.rules import Calendar
from app.portal.comparison.rules import USUAL, Gap, Measure
from app.portal.gaps.rules import (
    BY_HAND,
    AgeGroup,
    Episode,
    Explaining,
    GapChange,
    GapOutcome,
    GapState,
    Standing,
    Step,
    age,
    age_group,
    episodes,
    explaining,
    followed,
)

MONDAY = date(2026, 11, 16)
WEEKS = Calendar()
gaps = st.none() | st.builds(Gap, st.just(Measure.received), st.integers(0, 30), st.integers(0, 30))


def gap(ours: int, theirs: int) -> Gap:
    return Gap(Measure.received, ours, theirs)


@given(st.lists(gaps, max_size=8), gaps)
def test_whether_a_gap_stands_follows_from_the_figures_of_now_alone(before: list[Gap | None], now: Gap | None) -> None:
    standing: Standing | None = None
    for found in [*before, now]:
        step = followed(standing, found, USUAL)
        standing = standing if step is None else step[1]
        assert followed(standing, found, USUAL) is None, "the same again is no news"
    stands = standing is not None and standing.state is GapState.open
    assert stands == (now is not None and now.is_beyond(USUAL))
    if now is not None and standing is not None and stands:
        assert (standing.ours, standing.theirs) == (now.ours, now.theirs)


def test_a_reason_holds_for_the_same_direction_and_no_larger() -> None:
    explained = Standing(GapState.explained, 20, 10, explained=10)
    assert followed(explained, gap(18, 10), USUAL) == (
        GapChange.changed, Standing(GapState.explained, 18, 10, explained=10)
    )  # fmt: skip
    for other in (gap(21, 10), gap(10, 20)):
        step = followed(explained, other, USUAL)
        assert step is not None
        assert step == (GapChange.reopened, Standing(GapState.open, other.ours, other.theirs))


@pytest.mark.parametrize("outcome", BY_HAND)
def test_what_the_analyst_closed_stays_closed_for_that_difference(outcome: GapOutcome) -> None:
    closed = Standing(GapState.closed, 20, 10, outcome)
    assert followed(closed, gap(20, 10), USUAL) is None
    assert followed(closed, gap(30, 20), USUAL) == (
        GapChange.changed, Standing(GapState.closed, 30, 20, outcome)
    ), "the same difference of other counts"  # fmt: skip
    assert followed(closed, gap(21, 10), USUAL) == (GapChange.reopened, Standing(GapState.open, 21, 10))
    matched = followed(closed, gap(20, 20), USUAL)
    assert matched == (GapChange.matched, Standing(GapState.closed, 20, 20, GapOutcome.matched))
    assert followed(matched[1], gap(20, 10), USUAL) == (GapChange.reopened, Standing(GapState.open, 20, 10))


def test_one_side_that_says_nothing_any_more_ends_a_gap() -> None:
    ended = followed(Standing(GapState.open, 9, 1), None, USUAL)
    assert ended == (GapChange.gone, Standing(GapState.closed, None, None, GapOutcome.gone))
    assert followed(None, None, USUAL) is None
    assert followed(None, gap(9, 8), USUAL) is None


@pytest.mark.parametrize(
    ("days", "group"),
    [(0, "to_1"), (1, "to_1"), (2, "to_3"), (3, "to_3"), (4, "to_7"), (7, "to_7"), (8, "more"), (90, "more")],
)
def test_ages_have_four_groups(days: int, group: str) -> None:
    assert age_group(days) is AgeGroup(group)


def test_an_age_is_of_working_days() -> None:
    assert age(WEEKS, MONDAY, MONDAY) == 0
    assert age(WEEKS, MONDAY, MONDAY + timedelta(days=4)) == 4
    assert age(WEEKS, MONDAY + timedelta(days=4), MONDAY + timedelta(days=7)) == 1, "a weekend counts nothing"
    assert age(WEEKS, MONDAY, MONDAY - timedelta(days=3)) == 0


@given(st.lists(st.sampled_from(GapChange), max_size=12))
def test_episodes_lie_one_after_the_other(changes: list[GapChange]) -> None:
    history = [Step(MONDAY + timedelta(days=n), change) for n, change in enumerate(changes)]
    found = list(episodes(history))
    assert all(one.ended_on is not None and one.ended_on <= other.opened_on for one, other in pairwise(found))
    assert all(one.explained_on is None or one.opened_on < one.explained_on for one in found)
    begun = sum(change in (GapChange.opened, GapChange.reopened) for change in changes)
    assert len(found) == begun


def test_an_end_by_the_analysts_word_is_an_explanation_and_one_by_itself_none() -> None:
    tuesday = MONDAY + timedelta(days=1)
    by_hand, by_itself = (
        next(episodes([Step(MONDAY, GapChange.opened), Step(tuesday, end)]))
        for end in (GapChange.closed, GapChange.matched)
    )
    assert (by_hand.explained_on, by_itself.explained_on) == (tuesday, None)
    assert explaining(by_hand, WEEKS, tuesday) is Explaining.in_time


@pytest.mark.parametrize(
    ("explained", "ended", "until", "told"),
    [
        (3, None, 3, Explaining.in_time), (4, None, 4, Explaining.late), (None, None, 3, Explaining.not_due),
        (None, None, 4, Explaining.late), (None, 2, 9, Explaining.over_before), (None, 8, 9, Explaining.late),
        (1, 2, 9, Explaining.in_time),
    ],
)  # fmt: skip
def test_three_working_days_to_explain(explained: int | None, ended: int | None, until: int, told: Explaining) -> None:
    def day(n: int | None) -> date | None:
        return None if n is None else WEEKS.add_working_days(MONDAY, n) if n else MONDAY

    one = Episode(MONDAY, day(explained), day(ended))
    assert explaining(one, WEEKS, WEEKS.add_working_days(MONDAY, until)) is told
