"""The ladder of reminders, officer to leader to city: which steps have come. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.calendar.rules import Calendar


class ReminderStep(StrEnum):
    """A step of the ladder; `by_hand`: the city's analyst reminded the unit."""

    officer = "officer"
    leader = "leader"
    city = "city"
    by_hand = "by_hand"


class ReminderTo(StrEnum):
    """The position that is reminded."""

    ward_officer = "ward_officer"
    ward_leader = "ward_leader"
    city_analyst = "city_analyst"


class ReminderEnd(StrEnum):
    """Why a reminder is over: it stops by itself."""

    received = "received"
    waived = "waived"
    locked = "locked"
    not_owed = "not_owed"
    explained = "explained"
    gone = "gone"
    corrected = "corrected"
    withdrawn = "withdrawn"
    overruled = "overruled"


TO = {
    ReminderStep.officer: ReminderTo.ward_officer,
    ReminderStep.leader: ReminderTo.ward_leader,
    ReminderStep.city: ReminderTo.city_analyst,
    ReminderStep.by_hand: ReminderTo.ward_officer,
}


class Ladder(NamedTuple):
    """Minutes before the deadline for the officer, after it for the leader and for the city."""

    before: int
    leader: int
    city: int


def report_steps(
    due_at: datetime, ladder: Ladder, now: datetime, today: date, unit: Calendar, city: Calendar
) -> list[ReminderStep]:
    """Return the steps that a report that is owed and not in has come to; nobody is reminded on a day off."""
    moments = (
        (ReminderStep.officer, due_at - timedelta(minutes=ladder.before)),
        (ReminderStep.leader, due_at + timedelta(minutes=ladder.leader)),
        (ReminderStep.city, due_at + timedelta(minutes=ladder.city)),
    )
    return list(_on_working_days((step for step, at in moments if now >= at), today, unit, city))


def finding_steps(due_on: date, today: date, unit: Calendar, city: Calendar, *, of_city: bool) -> list[ReminderStep]:
    """Return the steps that an open finding has come to: the day after its due day, then a working day each.

    What waits for the city reminds the city alone.
    """
    if of_city:
        reached = [ReminderStep.city] if today > due_on else []
    else:
        steps = (ReminderStep.officer, ReminderStep.leader, ReminderStep.city)
        reached = [step for n, step in enumerate(steps, 1) if today >= unit.add_working_days(due_on, n)]
    return list(_on_working_days(iter(reached), today, unit, city))


def returned_steps(on: date, today: date, unit: Calendar, city: Calendar) -> list[ReminderStep]:
    """Return the steps that a returned report has come to: its officer the same day, then a working day each."""
    steps = (ReminderStep.officer, ReminderStep.leader, ReminderStep.city)
    days = (on, unit.add_working_days(on, 1), unit.add_working_days(on, 2))
    return list(_on_working_days((s for s, day in zip(steps, days, strict=True) if today >= day), today, unit, city))


def _on_working_days(
    steps: Iterator[ReminderStep], today: date, unit: Calendar, city: Calendar
) -> Iterator[ReminderStep]:
    for step in steps:
        if (city if step is ReminderStep.city else unit).is_working_day(today):
            yield step
