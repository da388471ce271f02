"""Readings of tasks go on by mere time: while the application serves they are brought to each new day."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core import stamps
from app.core.clock import Clock, day_of, end_of
from app.core.db import Database
from app.core.recurring import repeated
from app.indicators.computed import engine
from app.indicators.computed.engine import Computed
from app.indicators.computed.service import refresh
from app.indicators.readings.models import IndicatorReading
from app.indicators.rules import CITY, Period, PeriodType, before, period_at
from app.indicators.turns import take_period_turns
from app.tasks.models import TaskState

EVERY = 600
STAMP = "readings_followed"  # moves as readings go on by time: nobody's doing, so that the audit does not tell


def follow_time(session: Session, now: datetime) -> None:
    """Bring the readings of tasks to this moment, and those of the periods before to how they ended."""
    every = engine.formulas(session)
    held: dict[Period, list[Computed]] = {}
    for kind in PeriodType:
        period = period_at(day_of(now), kind)
        for one in (before(period), period):
            found = engine.moved_by(engine.holding(every, one), lambda formula: bool(formula.tasks))
            if found and not _is_settled(session, one, found):
                held[one] = found
    take_period_turns(session, held)
    if held:
        stamps.touch(session, STAMP)
    begun = session.scalar(select(func.min(col(TaskState.from_at))))
    units = sorted(session.scalars(select(col(TaskState.lead_unit_id)).distinct()))
    for period, found in held.items():
        if begun is not None and begun <= end_of(period.last):
            for unit_id in (*units, None):
                refresh(session, unit_id, period, found, now)


def _is_settled(session: Session, period: Period, found: list[Computed]) -> bool:
    """Tell whether a period's figures were worked out after its end."""
    query = select(func.count()).where(
        col(IndicatorReading.indicator_id).in_([one.indicator_id for one in found]),
        col(IndicatorReading.place) == CITY, col(IndicatorReading.period) == period.name,
        col(IndicatorReading.number) == 0, col(IndicatorReading.recorded_at) >= end_of(period.last),
    )  # fmt: skip
    return session.scalar(query) == len(found)


def kept_up(database: Database, clock: Clock) -> AbstractAsyncContextManager[None]:
    """While the application serves, do so as it starts and on every new day."""

    def new_day(_: Session, now: datetime, last: datetime | None) -> bool:
        return last is None or day_of(last) != day_of(now)

    return repeated(follow_time, database, clock, every=EVERY, trouble="indicators_not_followed", due=new_day)
