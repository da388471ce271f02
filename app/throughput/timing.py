"""The clock of the daily report: deadlines from calendar and form, states of an obligation. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache

from app.calendar.rules import Calendar
from app.core.clock import at
from app.procedures.rules import System


@dataclass(frozen=True, slots=True)
class Times:
    """The clock times of the form, in Huế: `due_next_day` False means the same working day."""

    city_cut_off: time
    city_due: time
    ministry_cut_off: time
    ministry_due: time
    grace: time
    lock: time
    lock_days: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The moments of one unit's day and system, in UTC."""

    cut_off_at: datetime
    due_at: datetime
    grace_until: datetime
    locks_at: datetime


class State(StrEnum):
    """The states of an obligation, worst first."""

    late = "late"
    partial = "partial"
    due = "due"
    unavailable = "unavailable"
    not_due = "not_due"
    received_late = "received_late"
    received_on_time = "received_on_time"
    waived = "waived"


_RANK = {state: rank for rank, state in enumerate(State)}


@lru_cache(maxsize=4096)
def deadlines(day: date, system: System, times: Times, calendar: Calendar) -> Deadlines:
    """Return when a day's report of a system is cut off, due, free of reasons no more, and locked.

    City: due the same day. Ministry: due the next working day. Grace ends the next working day, the lock falls on the
    third working day (DAILY_REPORT.md, The clock).
    """
    following = calendar.add_working_days(day, 1)
    if system == System.CITY:
        cut_off, due = at(day, times.city_cut_off), at(day, times.city_due)
    else:
        cut_off, due = at(day, times.ministry_cut_off), at(following, times.ministry_due)
    locks_on = calendar.add_working_days(day, times.lock_days)
    return Deadlines(cut_off, due, at(following, times.grace), at(locks_on, times.lock))


def is_met(met_at: datetime | None, complete_at: datetime | None, *, partial: bool) -> bool:
    """Tell whether a duty is met, given the first receipt that met it and the first complete one.

    That the system was down meets it until figures come; when they are but a part of the day, it is open again.
    """
    return complete_at is not None or (met_at is not None and not partial)


def state(
    deadline: Deadlines,
    now: datetime,
    *,
    waived: bool,
    met_at: datetime | None,
    complete_at: datetime | None,
    unavailable: bool,
    partial: bool,
) -> State:
    """Return an obligation's state.

    `met_at`: the first complete (or unavailable) receipt, which decides timeliness for good. A partial report never
    meets an obligation: once the deadline is over it counts as late.
    """
    if waived:
        return State.waived
    if met_at is not None and is_met(met_at, complete_at, partial=partial):
        if unavailable:
            return State.unavailable
        return State.received_on_time if met_at <= deadline.due_at else State.received_late
    if now > deadline.due_at:
        return State.late
    if partial:
        return State.partial
    return State.due if now >= deadline.cut_off_at else State.not_due


def worst(states: Iterable[State]) -> State:
    """Return the worst of a unit's states: that of the unit."""
    return min(states, key=lambda s: _RANK[s])
