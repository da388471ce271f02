"""Reminds of the report to the centre whoever has its next step: for the head of every page and the reminders."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, exists, literal, select, union_all
from sqlmodel import Session, col

from app.calendar.rules import Calendar
from app.core.access import Caller
from app.core.clock import day_of, end_of
from app.tasks.models import Programme, Task
from app.tasks.monthly.models import MonthlyReport
from app.tasks.monthly.rules import MonthDays, MonthlyState, days_of, month_before, remind_until, stage
from app.tasks.monthly.schemas import MonthlyOwedOut

REPORTED = "centre"  # the programme whose report leaves the city


def owed(session: Session, caller: Caller, now: datetime, calendar: Callable[[], Calendar]) -> list[MonthlyOwedOut]:
    """Return the reports of this month and the one before whose next step is the caller's.

    It stands in the head of every page: one statement, and none while no state of a report could ask for anything.
    `calendar` gives the city's, which the process keeps.
    """
    keeps, accepts = caller.may("tasks:keep"), caller.may("tasks:accept")
    if caller.units is not None or not (keeps or accepts):
        return []
    day, is_working_day = day_of(now), calendar().is_working_day
    months = {month: days_of(month, is_working_day) for month in (month_before(day), day.replace(day=1))}
    asked = [
        month
        for month, days in months.items()
        if any(remind_until(state, days, day, keeps=keeps, accepts=accepts) for state in MonthlyState)
    ]
    if not asked:
        return []
    found = []
    for month, state in session.execute(_standing(months, asked)):
        days, stands = months[month], MonthlyState(state or MonthlyState.draft)
        until = remind_until(stands, days, day, keeps=keeps, accepts=accepts)
        if until is not None:
            next_step = stage(stands, days, day)
            found.append(
                MonthlyOwedOut(
                    programme=REPORTED, month=f"{month:%Y-%m}", stage=next_step, until=until, late=until < day
                )
            )  # fmt: skip
    return found


def _standing(months: dict[date, MonthDays], asked: list[date]) -> Any:
    """Return the statement that gives the months that had a task by their cut-off, and their reports' states."""
    parts = []
    for month in asked:
        begun = exists().where(
            col(Task.programme_id) == col(Programme.id), col(Task.created_at) <= end_of(months[month].cut_off)
        )
        named = literal(month, Date).label("month")
        parts.append(
            select(named, col(MonthlyReport.state))
            .select_from(Programme)
            .outerjoin(
                MonthlyReport,
                (col(MonthlyReport.programme_id) == col(Programme.id)) & (col(MonthlyReport.month) == month),
            )
            .where(col(Programme.code) == REPORTED, begun.correlate(Programme))
        )
    return union_all(*parts).order_by("month")
