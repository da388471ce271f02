"""The gaps between the portal and our reports at both doors."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render
from app.portal.codes.endpoints import MONTH
from app.portal.gaps import service
from app.portal.gaps.schemas import PortalGapOut, PortalGapPage
from app.throughput.endpoints import UnitQuery
from app.units.service import visible_unit

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])


@router.get(
    "/gaps", operation_id="list_portal_gaps", response_model=PortalGapPage, responses=problems(401, 403, 404, 406, 422)
)  # fmt: skip
def list_portal_gaps(
    caller: Annotated[Caller, allow("portal:read")], session: Reading, render: Render, now: Now,
    unit: UnitQuery = None,
    month: Annotated[str | None, Query(pattern=MONTH, description="Default: this month")] = None,
    everything: Annotated[bool, Query(description="Those within the tolerance, too")] = False,
) -> Response:  # fmt: skip
    """List where the portal's figures of a month and the units' reports differ, the largest gap first."""
    first = day_of(now).replace(day=1) if month is None else date.fromisoformat(f"{month}-01")
    found = visible_unit(session, caller, unit) if unit else None
    data = service.month(session, first, found, everything=everything)
    return render(
        data, "portal/gaps.html", unit=unit, everything=everything,
        table=lambda: tables.of_models(f"doi-soat-voi-cong-{data.month}", data.items, PortalGapOut),
    )  # fmt: skip
