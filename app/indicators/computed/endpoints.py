"""Where a figure comes from, and the estimate of Decision 766, at both doors."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core import tables
from app.core.clock import Now
from app.core.db import Reading
from app.core.errors import Fault, Invalid
from app.core.forms import DoorRoute
from app.core.periods import LONGEST
from app.core.schemas import problems
from app.core.web import Render
from app.indicators.computed.estimate import estimate
from app.indicators.computed.schemas import EstimateGroup, EstimateOut, WhyOut
from app.indicators.computed.why import why
from app.indicators.pages import CanRead, CodeInPath, PlaceQuery
from app.indicators.place import place_of
from app.indicators.rules import CITY, Period, period_written
from app.indicators.schemas import PERIOD_FORMS

router = APIRouter(route_class=DoorRoute, tags=["indicators"])


@router.get(
    "/indicators/estimates/qd766", operation_id="get_estimate", response_model=EstimateOut,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def get_estimate(caller: CanRead, session: Reading, render: Render, now: Now) -> Response:
    """Estimate the points of Decision 766 of the groups with data, beside the portal's own latest score."""
    found = estimate(session, caller, now)
    return render(
        found, "indicators/estimate.html",
        table=lambda: tables.of_models("uoc-tinh-qd766", found.groups, EstimateGroup),
    )  # fmt: skip


@router.get(
    "/indicators/{indicator}/why", operation_id="explain_reading", response_model=WhyOut,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def explain_reading(
    caller: CanRead, indicator: CodeInPath, session: Reading, render: Render, now: Now, unit: PlaceQuery = None,
    period: Annotated[str | None, Query(max_length=LONGEST, description=f"{PERIOD_FORMS}. Absent: the newest")] = None,
) -> Response:  # fmt: skip
    """Say where a figure comes from: formula, inputs by unit, missing units, definition version."""
    found = why(
        session, caller, indicator, place=place_of(session, caller, unit or CITY), period=_period(period), now=now
    )  # fmt: skip

    def table() -> tables.Table:
        columns = ["unit", "name", *(one.measure for one in found.inputs)]
        rows = [[one.unit.code, one.unit.name, *one.amounts] for one in found.units]
        return tables.Table(f"vi-sao-{indicator}-{found.period}", columns, rows)

    return render(found, "indicators/why.html", table=table)


def _period(name: str | None) -> Period | None:
    try:
        return period_written(name) if name else None
    except ValueError:
        raise Invalid([Fault("?period", "bad_period")]) from None
