"""What a task moves: its indicators, with how the city stands in each."""

from datetime import datetime

from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.indicators.linked.schemas import LinkedIndicator
from app.indicators.linked.service import indicators_of
from app.indicators.overview.service import city_standing
from app.indicators.readings.figures import figure_of, shown_of
from app.indicators.targets import service as targets
from app.indicators.targets.rules import reached


def indicators_of_task(session: Session, caller: Caller, task_id: int, now: datetime) -> list[LinkedIndicator]:
    """Return the indicators that a task moves, for who may read indicators; the caller sees the task."""
    codes = indicators_of(session, task_id) if caller.may("indicators:read") else {}
    return [
        LinkedIndicator(
            code=h.one.indicator.code, name_vi=h.one.definition.name_vi, name_en=h.one.definition.name_en,
            name_fr=h.one.definition.name_fr, unit_of_measure=h.measure,
            value=shown_of(h.reading, h.measure),
            period=h.reading.period if h.reading else None, standing=h.standing, stale=h.stale,
            gives_percent=codes[h.one.indicator.code],
            percent=reached(
                figure_of(h.reading, h.measure), targets.goal_of(targets.fits(h.target, h.measure)), h.measure
            ),
        )
        for h in (city_standing(session, list(codes), day_of(now)) if codes else [])
    ]  # fmt: skip
