"""The clock of the daily report over real calendars: deadlines, and the states of an obligation at their edges."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendar.rules import Calendar, DayKind
from app.calendar.service import DATA
from app.core.clock import HUE
from app.procedures.rules import System
from app.throughput.timing import Deadlines, State, Times, deadlines, state, worst

TIMES = Times(time(16, 30), time(17), time(17), time(9), time(9), time(17), 3)
TICK = timedelta(microseconds=1)


def vietnam() -> Calendar:
    """Return the city's calendar of the data file."""
    with DATA.open(encoding="utf-8", newline="") as file:
        marks = [(date.fromisoformat(row["day"]), row["kind"]) for row in csv.DictReader(file)]
    off = frozenset(day for day, kind in marks if kind in (DayKind.HOLIDAY, DayKind.DAY_OFF_IN_LIEU))
    return Calendar(off, frozenset(day for day, kind in marks if kind == DayKind.SWAPPED_WORKING_DAY))


CALENDAR = vietnam()
FLOODED = Calendar(CALENDAR.days_off, CALENDAR.days_worked, frozenset({date(2026, 11, 23), date(2026, 11, 25)}))
SATURDAYS = Calendar(CALENDAR.days_off, CALENDAR.days_worked, frozenset(), ((date(2026, 11, 1), None),))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HUE).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "following", "third", "calendar"),
    [
        ("2026-11-19", "2026-11-20", "2026-11-25", CALENDAR),  # the weekend, then Culture Day on the 24th
        ("2026-11-20", "2026-11-23", "2026-11-26", CALENDAR),
        ("2026-11-21", "2026-11-23", "2026-11-26", CALENDAR),  # a Saturday reported all the same
        ("2026-11-23", "2026-11-25", "2026-11-27", CALENDAR),
        ("2026-11-24", "2026-11-25", "2026-11-27", CALENDAR),
        ("2026-11-20", "2026-11-26", "2026-11-30", FLOODED),
        ("2026-11-20", "2026-11-23", "2026-11-26", SATURDAYS),  # a Saturday of service is no working day
        ("2025-12-31", "2026-01-05", "2026-01-07", CALENDAR),  # the 2nd was swapped with the 10th
        ("2026-01-09", "2026-01-10", "2026-01-13", CALENDAR),
        ("2026-01-10", "2026-01-12", "2026-01-14", CALENDAR),
        ("2026-02-13", "2026-02-23", "2026-02-25", CALENDAR),  # Tết
        ("2026-02-17", "2026-02-23", "2026-02-25", CALENDAR),
        ("2026-04-24", "2026-04-28", "2026-05-04", CALENDAR),  # the Hùng Kings' day in lieu, then 30 April and 1 May
        ("2026-08-21", "2026-08-22", "2026-08-25", CALENDAR),
        ("2026-08-22", "2026-08-24", "2026-08-26", CALENDAR),
        ("2026-08-28", "2026-09-03", "2026-09-07", CALENDAR),  # the 31st swapped with the 22nd, National Day
    ],
)
def test_deadlines(day: str, following: str, third: str, calendar: Calendar) -> None:
    of_day = date.fromisoformat(day)
    assert deadlines(of_day, System.CITY, TIMES, calendar) == Deadlines(
        local(f"{day}T16:30"), local(f"{day}T17:00"), local(f"{following}T09:00"), local(f"{third}T17:00")
    )
    assert deadlines(of_day, System.MINISTRY, TIMES, calendar) == Deadlines(
        local(f"{day}T17:00"), local(f"{following}T09:00"), local(f"{following}T09:00"), local(f"{third}T17:00")
    )


calendars = st.builds(
    Calendar,
    *(st.frozensets(st.dates(date(2026, 1, 1), date(2026, 3, 31)), max_size=20) for _ in range(3)),
)


@given(st.dates(date(2026, 1, 1), date(2026, 3, 31)), calendars)
def test_deadlines_come_in_their_order_and_on_working_days(day: date, calendar: Calendar) -> None:
    for system in System:
        d = deadlines(day, system, TIMES, calendar)
        assert d.cut_off_at < d.due_at <= d.grace_until < d.locks_at
        assert all(m.tzinfo is UTC for m in (d.cut_off_at, d.due_at, d.grace_until, d.locks_at))
        assert calendar.is_working_day(d.grace_until.astimezone(HUE).date())
        locks_on = d.locks_at.astimezone(HUE).date()
        assert calendar.is_working_day(locks_on)
        assert calendar.working_days_between(day, locks_on) == TIMES.lock_days


@given(calendars)
def test_a_later_day_never_ends_earlier(calendar: Calendar) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(60)]
    for system in System:
        for one, other in pairwise(deadlines(d, system, TIMES, calendar) for d in days):
            assert one.cut_off_at < other.cut_off_at
            assert one.due_at <= other.due_at
            assert one.grace_until <= other.grace_until
            assert one.locks_at <= other.locks_at


DAY = deadlines(date(2026, 11, 20), System.CITY, TIMES, CALENDAR)
OPEN = {"waived": False, "met_at": None, "complete_at": None, "unavailable": False, "partial": False}


@pytest.mark.parametrize(
    ("now", "facts", "expected"),
    [
        (local("2026-11-20T00:00"), {}, State.not_due),
        (DAY.cut_off_at - TICK, {}, State.not_due),
        (DAY.cut_off_at, {}, State.due),
        (DAY.due_at, {}, State.due),
        (DAY.due_at + TICK, {}, State.late),
        (DAY.locks_at + TICK, {}, State.late),
        (DAY.cut_off_at - TICK, {"partial": True}, State.partial),
        (DAY.due_at, {"partial": True}, State.partial),
        (DAY.due_at + TICK, {"partial": True}, State.late),
        (DAY.due_at + TICK, {"met_at": DAY.due_at}, State.received_on_time),
        (DAY.due_at + TICK, {"met_at": DAY.due_at + TICK}, State.received_late),
        (DAY.locks_at, {"met_at": DAY.due_at, "complete_at": DAY.locks_at, "partial": True}, State.received_on_time),
        (DAY.due_at, {"met_at": DAY.cut_off_at, "partial": True}, State.partial),
        (DAY.locks_at, {"met_at": DAY.due_at, "partial": True}, State.late),
        (DAY.locks_at, {"met_at": DAY.due_at, "unavailable": True}, State.unavailable),
        (DAY.locks_at, {"met_at": DAY.locks_at, "unavailable": True}, State.unavailable),
        (DAY.locks_at, {"waived": True}, State.waived),
        (DAY.locks_at, {"waived": True, "met_at": DAY.locks_at, "unavailable": True}, State.waived),
    ],
)
def test_states_at_their_edges(now: datetime, facts: dict[str, object], expected: State) -> None:
    assert state(DAY, now, **(OPEN | facts)) is expected  # type: ignore[arg-type]


@given(st.lists(st.sampled_from(list(State)), min_size=1))
def test_a_unit_is_as_bad_as_its_worst_system(states: list[State]) -> None:
    order = ["late", "partial", "due", "unavailable", "not_due", "received_late", "received_on_time", "waived"]
    assert [s.value for s in State] == order
    assert order.index(worst(states)) == min(order.index(s) for s in states)


@given(st.timedeltas(timedelta(days=-1), timedelta(days=8)), st.booleans())
def test_time_alone_never_makes_a_received_report_late(after: timedelta, partial: bool) -> None:
    now = DAY.due_at + after
    met = state(
        DAY,
        now,
        waived=False,
        met_at=DAY.due_at - TICK,
        complete_at=DAY.due_at - TICK,
        unavailable=False,
        partial=partial,
    )
    assert met is State.received_on_time
    unmet = state(DAY, now, waived=False, met_at=None, complete_at=None, unavailable=False, partial=partial)
    assert (unmet is State.late) == (now > DAY.due_at)
