"""Where a reading or a target belongs: the city, the country, or a unit."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field as Described
from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.errors import NotFound
from app.core.schemas import Line
from app.indicators.rules import CITY, NATIONAL
from app.units import service as units
from app.units.models import Unit
from app.units.rules import CODE_PATTERN

PLACE_WORDS = "`city`, `national` (the whole country) or a unit's code"
PlaceName = Annotated[Line, Described(pattern=CODE_PATTERN, max_length=35, description=PLACE_WORDS)]


@dataclass(frozen=True, slots=True)
class Place:
    """The city, the country or a unit."""

    name: str
    unit: Unit | None = None

    @property
    def unit_id(self) -> int | None:
        """The unit's number; None for the city and the country."""
        return self.unit.id if self.unit else None


def place_of(session: Session, caller: Caller, name: str) -> Place:
    """Return the place of an address; another unit's is NotFound like a missing one."""
    if name in (CITY, NATIONAL):
        return Place(name)
    return Place(name, units.visible_unit(session, caller, name))


def named_place(session: Session, caller: Caller, name: str, pointer: str) -> Place:
    """Return the place that a body names; raises Invalid at `pointer` for one that is not there, or not seen."""
    try:
        return place_of(session, caller, name)
    except NotFound:
        units.named(session, name, pointer)
        raise


def seen(column: Any, caller: Caller) -> ColumnElement[bool] | None:
    """Return the condition that a row's `unit_id` is for the caller's eyes; None: all are."""
    if caller.units is None:
        return None
    return or_(col(column).is_(None), col(column).in_(caller.units))
