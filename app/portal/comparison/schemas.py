"""How both sides of a period are shown."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from app.portal.comparison.rules import Measure, Span

MEASURE_WORDS = "received | online | direct | post | on_time (early ones included) | overdue"
PERIOD_WORDS = "A month (2026-11), quarter (2026-Q4) or year (2026); default: this month"


class PortalDifferenceOut(BaseModel):
    """A count of a unit's period in which the portal and our reports differ."""

    unit: Annotated[str, Described(description="Our code")]
    name: str
    measure: Annotated[Measure, Described(description=MEASURE_WORDS)]
    ours: Annotated[int, Described(description="Sum of the unit's reports of both systems, to the portal's cut-off")]
    theirs: Annotated[int, Described(description="Published by the portal")]
    gap: Annotated[int, Described(description="Ours less theirs")]
    beyond: Annotated[bool, Described(description="More than the tolerance: it stands in the ledger")]
    through: Annotated[date, Described(description="The last day that the unit reported of this, to that cut-off")]
    known_at: Annotated[datetime, Described(description="When the portal was asked")]


class PortalComparison(BaseModel):
    """Where the portal's figures of a period differ from our reports, the largest gap first."""

    period: str
    span: Annotated[Span, Described(description="month | quarter | year")]
    tolerance: Annotated[int, Described(description="So many dossiers, or `tolerance_share` of the larger count")]
    tolerance_share: float
    compared: Annotated[int, Described(description="Units of which both systems have figures")]
    beyond: Annotated[int, Described(description="Differences that are more than the tolerance")]
    unpublished: Annotated[list[str], Described(description="Units that reported, of which the portal says nothing")]
    unreported: Annotated[list[str], Described(description="Units that the portal publishes and that have no report")]
    unmapped: Annotated[list[str], Described(description="Agencies of the portal that are no unit of ours yet")]
    items: list[PortalDifferenceOut]


class DerivedDayOut(BaseModel):
    """A unit's days since the portal was asked before: our count, and the difference of two of the portal's totals."""

    day: Annotated[date, Described(description="To which the portal's total counts")]
    since: Annotated[date | None, Described(description="To which the total before counts; null: it begins the month")]
    measure: Annotated[Measure, Described(description=MEASURE_WORDS)]
    ours: Annotated[int | None, Described(description="Of our reports after `since`, up to `day`; null: not split")]
    total: Annotated[int | None, Described(description="The portal's, of the month to date")]
    theirs: Annotated[int | None, Described(description="Derived: this total less the one before")]
    gap: Annotated[int | None, Described(description="Ours less theirs")]
    derived: Annotated[bool, Described(description="Always true: the portal publishes no day, and mends earlier ones")]
    known_at: datetime


class DerivedDayPage(BaseModel):
    """A unit's month by the days on which the portal was asked; derived, never published."""

    unit: str
    name: str
    month: str
    items: list[DerivedDayOut]
