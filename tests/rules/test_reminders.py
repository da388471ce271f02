"""The ladder of reminders: which steps have come, never on a day off."""

from datetime import date, datetime

import pytest

from app.calendar.rules import Calendar
from app.throughput.reminders.rules import Ladder, finding_steps, report_steps

LADDER = Ladder(30, 15, 60)
WORKED = Calendar()
FLOOD = Calendar(closures=frozenset({date(2026, 11, 20)}))
DUE = datetime.fromisoformat("2026-11-20T17:00:00+07:00")


@pytest.mark.parametrize(
    ("now", "unit", "city", "steps"),
    [
        ("2026-11-20T16:29:59", WORKED, WORKED, []),
        ("2026-11-20T16:30:00", WORKED, WORKED, ["officer"]),
        ("2026-11-20T17:14:59", WORKED, WORKED, ["officer"]),
        ("2026-11-20T17:15:00", WORKED, WORKED, ["officer", "leader"]),
        ("2026-11-20T18:00:00", WORKED, WORKED, ["officer", "leader", "city"]),
        ("2026-11-20T18:00:00", FLOOD, WORKED, ["city"]),
        ("2026-11-20T18:00:00", WORKED, FLOOD, ["officer", "leader"]),
        ("2026-11-21T08:00:00", WORKED, WORKED, []),  # a Saturday: all of it waits for Monday
        ("2026-11-23T00:00:00", WORKED, WORKED, ["officer", "leader", "city"]),
    ],
)
def test_the_steps_of_a_report(now: str, unit: Calendar, city: Calendar, steps: list[str]) -> None:
    moment = datetime.fromisoformat(now + "+07:00")
    assert report_steps(DUE, LADDER, moment, moment.date(), unit, city) == steps


@pytest.mark.parametrize(
    ("today", "of_city", "steps"),
    [
        ("2026-11-19", False, []),
        ("2026-11-20", False, ["officer"]),
        ("2026-11-22", False, []),  # a Sunday
        ("2026-11-23", False, ["officer", "leader"]),
        ("2026-11-24", False, ["officer", "leader", "city"]),
        ("2026-11-19", True, []),
        ("2026-11-20", True, ["city"]),
    ],
)
def test_the_steps_of_a_finding(today: str, of_city: bool, steps: list[str]) -> None:
    day = date.fromisoformat(today)
    assert finding_steps(date(2026, 11, 19), day, WORKED, WORKED, of_city=of_city) == steps
