"""The days of a month's report, where it stands, and the centre's four words: pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.tasks.rules import Bucket

CUT_OFF, APPROVAL, BEFORE = 20, 23, 25
REMIND_AHEAD = timedelta(days=3)  # before the cut-off, so that units can still be asked


class OfficialWord(StrEnum):
    """The four words in which the Government counts progress."""

    completed = "completed"
    completed_late = "completed_late"
    in_progress = "in_progress"
    not_completed = "not_completed"


# Without a word: what the source leaves unclassified and what was given up; both are shown beside the four.
WORDS: dict[Bucket, OfficialWord | None] = {
    Bucket.cancelled: None,
    Bucket.unclassified: None,
    Bucket.completed_on_time: OfficialWord.completed,
    Bucket.completed_late: OfficialWord.completed_late,
    Bucket.regular_on_schedule: OfficialWord.in_progress,
    Bucket.regular_overdue: OfficialWord.not_completed,
    Bucket.awaiting_acceptance: OfficialWord.in_progress,
    Bucket.overdue: OfficialWord.not_completed,
    Bucket.due_soon: OfficialWord.in_progress,
    Bucket.not_started: OfficialWord.in_progress,
    Bucket.on_schedule: OfficialWord.in_progress,
}


class MonthlyState(StrEnum):
    """How far a month's report has come."""

    draft = "draft"
    approved = "approved"
    sent = "sent"


class MonthStage(StrEnum):
    """What a month's report waits for on a day."""

    collecting = "collecting"
    to_approve = "to_approve"
    approval_late = "approval_late"
    to_send = "to_send"
    sending_late = "sending_late"
    sent = "sent"


@dataclass(frozen=True, slots=True)
class MonthDays:
    """The last days for each step; none is on a day off, for then it would be done too late."""

    cut_off: date
    approval: date
    send_by: date


def days_of(month: date, is_working_day: Callable[[date], bool]) -> MonthDays:
    """Return the days of a month's report: each the working day on or before the one that is written down."""

    def on_or_before(day: date) -> date:
        while not is_working_day(day):
            day -= timedelta(days=1)
        return day

    written = (month.replace(day=number) for number in (CUT_OFF, APPROVAL, BEFORE - 1))
    return MonthDays(*(on_or_before(day) for day in written))


def stage(state: MonthlyState, days: MonthDays, day: date) -> MonthStage:
    """Return what a report waits for on a day; the last day of a step is still in time."""
    if state is MonthlyState.sent:
        return MonthStage.sent
    if day > days.send_by:
        return MonthStage.sending_late
    if state is MonthlyState.approved:
        return MonthStage.to_send
    if day > days.approval:
        return MonthStage.approval_late
    return MonthStage.to_approve if day > days.cut_off else MonthStage.collecting


def remind_until(state: MonthlyState, days: MonthDays, day: date, *, keeps: bool, accepts: bool) -> date | None:
    """Return the last day of the step that somebody is reminded of; None while it is not theirs, or not yet.

    Who keeps the tasks gathers up to the cut-off and sends what is approved; who accepts them approves.
    """
    if state is MonthlyState.sent or day < days.cut_off - REMIND_AHEAD:
        return None
    if state is MonthlyState.approved:
        return days.send_by if keeps else None
    if day <= days.cut_off:
        return days.cut_off if keeps else None
    return days.approval if accepts else None


def month_before(month: date) -> date:
    """Return the first day of the month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)
