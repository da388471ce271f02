"""Where a question stands, how old a blocker is, how high it may still go."""

from datetime import date

import pytest

from app.tasks.asking.rules import BlockerLevel, QuestionState, age, higher, question_state

DUE = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("answered", "day", "state"),
    [
        (False, DUE, QuestionState.open),
        (False, date(2026, 11, 21), QuestionState.overdue),
        (True, date(2026, 12, 31), QuestionState.answered),
    ],
)
def test_the_due_day_still_counts(answered: bool, day: date, state: QuestionState) -> None:
    assert question_state(answered=answered, due_on=DUE, day=day) is state


def test_a_blocker_goes_up_only() -> None:
    assert higher(BlockerLevel.unit) == (BlockerLevel.department, BlockerLevel.city)
    assert higher(BlockerLevel.department) == (BlockerLevel.city,)
    assert higher(BlockerLevel.city) == ()


def test_a_cleared_blocker_grows_no_older() -> None:
    assert age(date(2026, 11, 1), None, date(2026, 11, 21)) == 20
    assert age(date(2026, 11, 1), date(2026, 11, 4), date(2026, 11, 21)) == 3
