"""Working days: the marked days of 2026, and the laws of counting."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendar.rules import Calendar, DayKind
from app.core import clock

FILE = Path(__file__).parents[2] / "app/calendar/data/days.csv"


def _calendar() -> Calendar:
    with FILE.open(encoding="utf-8", newline="") as file:
        marks = [(date.fromisoformat(row["day"]), row["kind"]) for row in csv.DictReader(file)]
    worked = frozenset(day for day, kind in marks if kind == DayKind.SWAPPED_WORKING_DAY)
    return Calendar(frozenset(day for day, _ in marks) - worked, worked)


HUE = _calendar()
days = st.dates(date(2025, 7, 1), date(2027, 12, 31))
some_days = st.frozensets(days, max_size=30)
calendars = st.builds(Calendar, some_days, some_days, some_days)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-01-01", False),
        ("2026-01-02", False),
        ("2026-01-09", True),
        ("2026-01-10", True),
        ("2026-01-11", False),
        ("2026-02-13", True),
        ("2026-02-16", False),
        ("2026-02-20", False),
        ("2026-02-21", False),
        ("2026-02-23", True),
        ("2026-04-27", False),
        ("2026-04-30", False),
        ("2026-05-01", False),
        ("2026-08-22", True),
        ("2026-08-31", False),
        ("2026-09-01", False),
        ("2026-09-02", False),
        ("2026-09-03", True),
        ("2026-11-23", True),
        ("2026-11-24", False),
        ("2026-11-25", True),
        ("2026-11-28", False),
    ],
)
def test_days_of_2026(day: str, worked: bool) -> None:
    assert HUE.is_working_day(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        ("2026-02-13", 1, "2026-02-23"),
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-02-23", -1, "2026-02-13"),
        ("2026-01-09", 1, "2026-01-10"),
        ("2026-01-10", 1, "2026-01-12"),
        ("2025-12-31", 1, "2026-01-05"),
        ("2026-08-21", 1, "2026-08-22"),
        ("2026-08-28", 1, "2026-09-03"),
        ("2026-11-23", 1, "2026-11-25"),
        ("2026-11-21", 3, "2026-11-26"),
        ("2026-11-20", 0, "2026-11-20"),
    ],
)
def test_terms_pass_over_days_off(day: str, n: int, expected: str) -> None:
    assert HUE.add_working_days(date.fromisoformat(day), n) == date.fromisoformat(expected)


def test_a_month_with_tet_and_one_with_a_new_holiday() -> None:
    assert len(list(HUE.working_days(date(2026, 2, 1), date(2026, 2, 28)))) == 15
    assert len(list(HUE.working_days(date(2026, 11, 1), date(2026, 11, 30)))) == 20
    assert len(list(HUE.working_days(date(2026, 8, 1), date(2026, 8, 31)))) == 21


def test_a_closure_is_stronger_than_a_swapped_day() -> None:
    flooded = Calendar(HUE.days_off, HUE.days_worked, frozenset({date(2026, 1, 10), date(2026, 11, 20)}))
    assert not flooded.is_working_day(date(2026, 1, 10))
    assert not flooded.may_serve(date(2026, 11, 20))
    assert flooded.next_working_day(date(2026, 11, 19)) == date(2026, 11, 23)


def test_saturday_service_may_report_but_is_no_working_day() -> None:
    span = (date(2026, 11, 1), date(2026, 11, 30))
    calendar = Calendar(HUE.days_off | {date(2026, 11, 14)}, HUE.days_worked, frozenset({date(2026, 11, 7)}), (span,))
    assert calendar.may_serve(date(2026, 11, 21))
    assert not calendar.is_working_day(date(2026, 11, 21))
    assert calendar.next_working_day(date(2026, 11, 20)) == date(2026, 11, 23)
    assert not calendar.may_serve(date(2026, 11, 22)), "Sunday"
    assert not calendar.may_serve(date(2026, 11, 7)), "closed by the flood"
    assert not calendar.may_serve(date(2026, 11, 14)), "a holiday on a Saturday"
    assert not calendar.may_serve(date(2026, 12, 5)), "after the service's end"
    assert not HUE.may_serve(date(2026, 11, 21)), "a unit without the service"


@given(calendars, days, st.integers(1, 40))
def test_what_is_added_is_what_is_counted(calendar: Calendar, day: date, n: int) -> None:
    end = calendar.add_working_days(day, n)
    assert calendar.is_working_day(end)
    assert calendar.working_days_between(day, end) == n
    assert len(list(calendar.working_days(day + timedelta(days=1), end))) == n


@given(calendars, days, st.integers(1, 40))
def test_going_back_leads_home_from_a_working_day(calendar: Calendar, day: date, n: int) -> None:
    start = calendar.next_working_day(day)
    assert calendar.is_working_day(start)
    assert calendar.add_working_days(calendar.add_working_days(start, n), -n) == start
    assert calendar.add_working_days(calendar.next_working_day(start), -1) == start


@given(calendars, days, days, days)
def test_counts_of_neighbouring_spans_add_up(calendar: Calendar, a: date, b: date, c: date) -> None:
    between = calendar.working_days_between
    assert between(a, b) + between(b, c) == between(a, c)
    assert between(a, b) == -between(b, a)


@given(calendars, days)
def test_whoever_works_may_serve(calendar: Calendar, day: date) -> None:
    assert calendar.may_serve(day) or not calendar.is_working_day(day)


def test_a_day_in_hue_begins_at_seventeen_hours_utc() -> None:
    assert clock.day_of(datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC)) == date(2026, 11, 20)
    assert clock.day_of(datetime(2026, 11, 20, 17, 0, tzinfo=UTC)) == date(2026, 11, 21)
    assert clock.end_of(date(2026, 11, 20)) == datetime(2026, 11, 20, 16, 59, 59, 999999, tzinfo=UTC)
    assert clock.at(date(2026, 11, 20), time(16, 30)) == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
