"""Reminds of the report to the centre whoever has its next step: for the head of every page and the reminders."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.calendar.service import calendar_for
from app.core.access import Caller
from app.core.clock import day_of
from app.tasks.models import Programme, Task
from app.tasks.monthly.models import MonthlyReport
from app.tasks.monthly.rules import MonthlyState, MonthStage, days_of, month_before, remind_until, stage

REPORTED = "centre"  # the programme whose report leaves the city


@dataclass(frozen=True, slots=True)
class MonthlyOwed:
    """A month's report that waits for the caller, and the last day for its next step."""

    programme: str
    month: str
    stage: MonthStage
    until: date
    late: bool


def owed(session: Session, caller: Caller, now: datetime) -> list[MonthlyOwed]:
    """Return the reports of this month and the one before whose next step is the caller's."""
    if caller.units is not None or not (caller.may("tasks:keep") or caller.may("tasks:accept")):
        return []
    programme = session.scalars(select(Programme).where(col(Programme.code) == REPORTED)).one_or_none()
    if programme is None:
        return []
    began = session.scalar(select(func.min(col(Task.created_at))).where(col(Task.programme_id) == programme.id))
    if began is None:
        return []  # nothing to report
    day = day_of(now)
    months = [month_before(day), day.replace(day=1)]
    rows = {
        month: MonthlyState(state)
        for month, state in session.execute(
            select(col(MonthlyReport.month), col(MonthlyReport.state)).where(
                col(MonthlyReport.programme_id) == programme.id, col(MonthlyReport.month).in_(months)
            )
        )
    }
    is_working_day = calendar_for(session).is_working_day
    found = []
    for month in months:
        state, days = rows.get(month, MonthlyState.draft), days_of(month, is_working_day)
        if days.cut_off < day_of(began):
            continue
        until = remind_until(state, days, day, keeps=caller.may("tasks:keep"), accepts=caller.may("tasks:accept"))
        if until is not None:
            found.append(MonthlyOwed(REPORTED, f"{month:%Y-%m}", stage(state, days, day), until, until < day))
    return found
