"""Whose turn it is to write the readings of a period."""

from collections.abc import Iterable

from sqlmodel import Session

from app.core.db import PERIOD_LOCK, take_turns
from app.indicators.rules import Period, PeriodType

_TYPES = tuple(PeriodType)


def take_period_turns(session: Session, periods: Iterable[Period]) -> None:
    """Wait until nobody else writes readings of some periods; a transaction asks once, for all that it will need."""
    numbers = [period.first.toordinal() * len(_TYPES) + _TYPES.index(period.type) for period in periods]
    take_turns(session, numbers, kind=PERIOD_LOCK)
