"""The days of a month's report by the working calendar, its stages, and the four words."""

from datetime import date

import pytest

from app.tasks.monthly.rules import (
    WORDS,
    MonthDays,
    MonthlyState,
    MonthStage,
    OfficialWord,
    days_of,
    month_before,
    remind_until,
    stage,
)
from app.tasks.rules import Bucket

NOVEMBER = date(2026, 11, 1)
DAYS = MonthDays(date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 23))


def test_a_day_off_moves_to_the_working_day_before() -> None:
    off = {date(2026, 11, 24)}  # a public holiday
    assert days_of(NOVEMBER, lambda day: day.weekday() < 5 and day not in off) == DAYS
    december = days_of(date(2026, 12, 1), lambda day: day.weekday() < 5)
    assert december == MonthDays(date(2026, 12, 18), date(2026, 12, 23), date(2026, 12, 24))


@pytest.mark.parametrize(
    ("state", "day", "expected"),
    [
        (MonthlyState.draft, date(2026, 11, 20), MonthStage.collecting),
        (MonthlyState.draft, date(2026, 11, 21), MonthStage.to_approve),
        (MonthlyState.draft, date(2026, 11, 24), MonthStage.sending_late),
        (MonthlyState.approved, date(2026, 11, 23), MonthStage.to_send),
        (MonthlyState.approved, date(2026, 11, 24), MonthStage.sending_late),
        (MonthlyState.sent, date(2026, 12, 31), MonthStage.sent),
    ],
)
def test_what_a_report_waits_for(state: MonthlyState, day: date, expected: MonthStage) -> None:
    assert stage(state, DAYS, day) is expected


def test_approval_is_late_before_sending_is() -> None:
    days = MonthDays(date(2026, 12, 18), date(2026, 12, 23), date(2026, 12, 24))
    assert stage(MonthlyState.draft, days, date(2026, 12, 24)) is MonthStage.approval_late


def test_every_bucket_has_its_word_or_says_that_none_fits() -> None:
    assert set(WORDS) == set(Bucket)
    assert {bucket for bucket, word in WORDS.items() if word is None} == {Bucket.cancelled, Bucket.unclassified}
    assert WORDS[Bucket.overdue] is OfficialWord.not_completed
    assert WORDS[Bucket.awaiting_acceptance] is OfficialWord.in_progress


def test_the_month_before_january_is_december() -> None:
    assert month_before(date(2026, 1, 15)) == date(2025, 12, 1)


@pytest.mark.parametrize(
    ("state", "day", "keeps", "accepts", "until"),
    [
        (MonthlyState.draft, date(2026, 11, 16), True, True, None),
        (MonthlyState.draft, date(2026, 11, 17), True, False, DAYS.cut_off),
        (MonthlyState.draft, date(2026, 11, 20), False, True, None),
        (MonthlyState.draft, date(2026, 11, 21), True, False, None),
        (MonthlyState.draft, date(2026, 11, 21), False, True, DAYS.approval),
        (MonthlyState.draft, date(2026, 11, 30), False, True, DAYS.approval),
        (MonthlyState.approved, date(2026, 11, 23), False, True, None),
        (MonthlyState.approved, date(2026, 11, 23), True, False, DAYS.send_by),
        (MonthlyState.approved, date(2026, 12, 2), True, False, DAYS.send_by),
        (MonthlyState.sent, date(2026, 11, 24), True, True, None),
    ],
)
def test_who_has_the_next_step_is_reminded_of_it(
    state: MonthlyState, day: date, keeps: bool, accepts: bool, until: date | None
) -> None:
    assert remind_until(state, DAYS, day, keeps=keeps, accepts=accepts) == until
