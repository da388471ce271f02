"""How gaps are shown."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.portal.gaps.rules import Measure

MEASURE_WORDS = "received | online | direct | post | on_time (early ones included) | overdue"


class PortalGapOut(BaseModel):
    """A count of a unit's month in which the portal and our reports differ."""

    unit: Annotated[str, Described(description="Our code")]
    name: str
    measure: Annotated[Measure, Described(description=MEASURE_WORDS)]
    ours: Annotated[int, Described(description="Sum of the unit's reports, of both systems")]
    theirs: Annotated[int, Described(description="Published by the portal")]
    gap: Annotated[int, Described(description="Ours less theirs")]
    beyond: Annotated[bool, Described(description="More than the tolerance")]
    through: Annotated[date, Described(description="The last day that the unit reported of this month")]
    known_at: Annotated[datetime, Described(description="When the portal was asked")]


class PortalGapPage(BaseModel):
    """Where the portal's figures of a month differ from our reports, the largest gap first."""

    month: str
    tolerance: Annotated[int, Described(description="So many dossiers, or `tolerance_percent` of the larger count")]
    tolerance_percent: int
    compared: Annotated[int, Described(description="Units of which both systems have figures")]
    beyond: Annotated[int, Described(description="Gaps that are more than the tolerance")]
    unpublished: Annotated[list[str], Described(description="Units that reported, of which the portal says nothing")]
    unreported: Annotated[list[str], Described(description="Units that the portal publishes and that have no report")]
    unmapped: Annotated[list[str], Described(description="Agencies of the portal that are no unit of ours yet")]
    items: list[PortalGapOut]
