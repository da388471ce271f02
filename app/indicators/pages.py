"""What pages and addresses of all parts of the indicators take."""

from typing import Annotated

from fastapi import Path, Query
from sqlmodel import Session

from app.core.access import Caller, allow
from app.indicators.rules import CITY, CODE, SET_CODE
from app.units import service as units
from app.units.rules import CODE_PATTERN

CanRead = Annotated[Caller, allow("indicators:read")]
CanCite = Annotated[Caller, allow("indicators:cite")]
CanEnter = Annotated[Caller, allow("indicators:enter")]
CanKeep = Annotated[Caller, allow("indicators:keep")]
CodeInPath = Annotated[str, Path(pattern=f"^{CODE}$", max_length=40, description="The indicator's code")]
SetInPath = Annotated[str, Path(pattern=f"^{SET_CODE}$", max_length=20, description="The set's code")]
CodeQuery = Annotated[str | None, Query(pattern=f"^{CODE}$", max_length=40, description="The indicator's code")]
SetQuery = Annotated[str | None, Query(pattern=f"^{SET_CODE}$", max_length=20, description="The set's code")]
PlaceQuery = Annotated[
    str | None,
    Query(pattern=CODE_PATTERN, max_length=35, description="`city`, `national` or a unit's code; absent: the city"),
]


OwnerQuery = Annotated[
    str | None, Query(pattern=CODE_PATTERN, max_length=35, description="Code of the unit that answers for indicators")
]


def saved_at(code: str, place: str, what: str) -> str:
    """Return the page that shows what was saved of an indicator in a place, and says once that it is."""
    return f"/indicators/{code}?{'' if place == CITY else f'unit={place}&'}saved={what}"


def unit_choices(session: Session, caller: Caller) -> list[tuple[str, str]]:
    """Return the units that a reader may choose from."""
    return [
        (unit.code, unit.name) for unit in units.listing(session, None).items
        if caller.units is None or unit.code == caller.unit_code
    ]  # fmt: skip
