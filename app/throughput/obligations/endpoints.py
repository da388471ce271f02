"""What is owed, and waivers, at both doors."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import Day, problems
from app.core.web import Render
from app.procedures.rules import System
from app.throughput.endpoints import TheUnit, UnitQuery, units_to_choose
from app.throughput.obligations import service as obligations
from app.throughput.obligations.schemas import ObligationOut, ObligationPage, WaiverIn
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])

CanSeeOwed = Annotated[Caller, allow("obligations:read")]
CanWaive = Annotated[Caller, allow("obligations:waive")]


@router.get(
    "/obligations",
    operation_id="list_obligations",
    response_model=ObligationPage,
    responses=problems(401, 403, 404, 422),
)
def list_obligations(
    caller: CanSeeOwed, session: Reading, render: Render, now: Now, page: Paging,
    unit: UnitQuery = None,
    day: Annotated[Day | None, Query(description="Default: today, and what is still open")] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> Response:  # fmt: skip
    """List what is owed, until when, and where it stands; late ones first unless a period is asked for."""
    wanted = obligations.Wanted(visible_unit(session, caller, unit) if unit else None, day, first, last)
    whole = first is None and last is None
    find = partial(obligations.listing, session, caller, wanted, now)
    data = find(None if whole else page)
    return render(
        data, "throughput/obligations.html", units=units_to_choose(session, caller, now), wanted=wanted,
        table=lambda: tables.of_models("nghia-vu", data.items if whole else render.every(find), ObligationOut),
    )  # fmt: skip


@router.put(
    "/obligations/{unit}/{day}/{system}/waiver", operation_id="put_waiver", response_model=ObligationOut,
    responses=problems(401, 403, 404, 409, 415, 422),
)  # fmt: skip
def put_waiver(
    caller: CanWaive,
    unit: TheUnit,
    day: Day,
    system: System,
    session: Writing,
    now: Now,
    body: WaiverIn,
    render: Render,
) -> Response:
    """Free a unit from a day's report, with the reason."""
    data = obligations.waive(session, caller, unit=unit, day=day, system=system, reason=body.reason, now=now)
    return render.saved(data, to=f"/throughput/obligations?day={day}&waiver={unit.code}.{system.value}")


@router.delete(
    "/obligations/{unit}/{day}/{system}/waiver", operation_id="delete_waiver", status_code=204, response_model=None,
    responses=problems(401, 403, 404),
)  # fmt: skip
def delete_waiver(
    caller: CanWaive, unit: TheUnit, day: Day, system: System, session: Writing, now: Now, render: Render
) -> Response:
    """End a waiver."""
    obligations.end_waiver(session, unit=unit, day=day, system=system, now=now)
    return render.gone(to=f"/throughput/obligations?day={day}&waiver={unit.code}.{system.value}")
