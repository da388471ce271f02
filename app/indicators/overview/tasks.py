"""What a task moves: its indicators, with how the city stands in each, and the percentage that one gives it."""

from datetime import datetime

from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.indicators.linked.schemas import LinkedIndicator
from app.indicators.linked.service import giving_percent, indicators_of
from app.indicators.overview.service import Held, city_standing, goal_out
from app.indicators.readings.figures import figure_of, shown_of
from app.indicators.targets import service as targets
from app.indicators.targets.rules import reached
from app.tasks.events import TasksShown
from app.tasks.schemas import IndicatorPercent


def indicators_of_task(session: Session, caller: Caller, task_id: int, now: datetime) -> list[LinkedIndicator]:
    """Return the indicators that a task moves, for who may read indicators; the caller sees the task."""
    codes = indicators_of(session, task_id) if caller.may("indicators:read") else {}
    return [
        LinkedIndicator(
            code=h.one.indicator.code, name_vi=h.one.definition.name_vi, name_en=h.one.definition.name_en,
            name_fr=h.one.definition.name_fr, unit_of_measure=h.measure,
            value=shown_of(h.reading, h.measure),
            period=h.reading.period if h.reading else None, goal=goal_out(h.target), standing=h.standing,
            stale=h.stale,
            gives_percent=codes[h.one.indicator.code],
            percent=_percent(h),
        )
        for h in (city_standing(session, list(codes), day_of(now)) if codes else [])
    ]  # fmt: skip


def on_tasks_shown(session: Session, event: TasksShown) -> None:
    """Add the percentage that an indicator gives a task, for who may read indicators."""
    given = giving_percent(session, event.items.keys()) if event.caller.may("indicators:read") else {}
    if not given:
        return
    standing = city_standing(session, sorted(set(given.values())), day_of(event.now))
    percents = {h.one.indicator.code: _percent(h) for h in standing}
    for task_id, code in given.items():
        percent = percents.get(code)
        if percent is not None:
            event.items[task_id].indicator_percent = IndicatorPercent(indicator=code, value=percent)


def _percent(here: Held) -> int | None:
    goal = targets.goal_of(targets.fits(here.target, here.measure))
    return reached(figure_of(here.reading, here.measure), goal, here.measure)
