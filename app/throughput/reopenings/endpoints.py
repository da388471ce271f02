"""Reopening a locked day at both doors: the ward asks, the city grants or refuses."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import Day, created, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput.endpoints import CanRead, TheUnit, UnitQuery, units_to_choose
from app.throughput.forms import Reference
from app.throughput.reopenings import listing, service
from app.throughput.reopenings.rules import ReopeningState
from app.throughput.reopenings.schemas import (
    GrantIn,
    RefusalIn,
    ReopeningIn,
    ReopeningOut,
    ReopeningPage,
    ReopeningsOut,
)
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])
CanAsk = Annotated[Caller, allow("reopenings:ask")]
CanDecide = Annotated[Caller, allow("reopenings:decide")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def _of_day_again(request: Request, session: Session) -> ReopeningsOut:
    path = request.path_params
    unit = visible_unit(session, request.state.caller, path["unit"])
    return listing.of_locked_day(
        session, unit, date.fromisoformat(path["day"]), System(path["system"]), request.state.now
    )


def _one_again(request: Request, session: Session) -> ReopeningOut:
    return listing.one(session, request.state.caller, int(request.path_params["number"]), request.state.now)


def _names(request: Request, session: Session, *_: object) -> dict[str, Any]:
    return {"names": Reference.read(session).by_code}


def _choices(request: Request, session: Session, problem: object, data: ReopeningOut) -> dict[str, Any]:
    """Return what the page of one request needs besides: which fields can be granted, and their names."""
    unit = visible_unit(session, request.state.caller, data.unit)
    of_day = listing.of_locked_day(session, unit, data.day, data.system, request.state.now)
    return {"names": Reference.read(session).by_code, "choices": of_day.choices}


@router.get(
    "/reports/{unit}/{day}/{system}/reopenings", operation_id="get_reopenings_of_day", response_model=ReopeningsOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_reopenings_of_day(
    caller: CanRead, unit: TheUnit, day: Day, system: System, session: Reading, render: Render, now: Now
) -> Response:
    """Give all requests to reopen a unit's day, newest first, and whether another may be made."""
    data = listing.of_locked_day(session, unit, day, system, now)
    return render(
        data, "throughput/reopen.html", names=Reference.read(session).by_code,
        table=lambda: tables.of_models("de-nghi-mo-khoa", data.items, ReopeningOut),
    )  # fmt: skip


@router.post(
    "/reports/{unit}/{day}/{system}/reopenings", operation_id="ask_for_reopening", response_model=ReopeningOut,
    responses=created(ReopeningOut) | problems(401, 403, 404, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("throughput/reopen.html", _of_day_again, _names)
def ask_for_reopening(
    caller: CanAsk, unit: TheUnit, day: Day, system: System, session: Writing, render: Render, now: Now,
    body: ReopeningIn,
) -> Response:  # fmt: skip
    """Ask the city to reopen a locked day, for some fields or the whole; the same again is the one that waits."""
    data, new = service.ask(session, caller, unit=unit, day=day, system=system, body=body, now=now)
    to = f"/throughput/reports/{unit.code}/{day}/{system.value}/reopenings"
    at = f"/throughput/reopenings/{data.id}"
    return render.saved(data, to=to, created=new, version=data.version, location=at)


@router.get(
    "/reopenings", operation_id="list_reopenings", response_model=ReopeningPage,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def list_reopenings(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging, unit: UnitQuery = None,
    day: Day | None = None,
    state: Annotated[ReopeningState | None, Query(description="Where the request stands")] = None,
) -> Response:  # fmt: skip
    """List requests to reopen days: those that wait, those that run, then the others, newest first."""
    wanted = visible_unit(session, caller, unit) if unit else None
    find = partial(listing.listing, session, caller, now, unit=wanted, day=day, state=state)
    return render(
        find(page), "throughput/reopenings.html", units=units_to_choose(session, caller, now), unit=wanted, day=day,
        state=state, names=Reference.read(session).by_code,
        table=lambda: tables.of_models("de-nghi-mo-khoa", render.every(find), ReopeningOut),
    )  # fmt: skip


@router.get(
    "/reopenings/{number}", operation_id="get_reopening", response_model=ReopeningOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_reopening(
    request: Request, caller: CanRead, number: Number, session: Reading, render: Render, now: Now
) -> Response:
    """Give a request to reopen a day."""
    data = listing.one(session, caller, number, now)
    more = _choices(request, session, None, data)
    return render(data, "throughput/reopening.html", version=data.version, **more)


@router.put(
    "/reopenings/{number}/grant", operation_id="put_reopening_grant", response_model=ReopeningOut,
    responses=problems(401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)  # fmt: skip
@form("throughput/reopening.html", _one_again, _choices)
def put_reopening_grant(
    request: Request, caller: CanDecide, number: Number, session: Writing, render: Render, now: Now, body: GrantIn
) -> Response:
    """Open fields of a locked day for some hours from now; while it runs, it may be given others."""
    if_match = request.headers.get("if-match")
    data = service.grant(session, caller, number, body=body, if_match=if_match, now=now)
    return render.saved(data, to=f"/throughput/reopenings/{number}", version=data.version)


@router.delete(
    "/reopenings/{number}/grant", operation_id="delete_reopening_grant", status_code=204, response_model=None,
    responses=problems(401, 403, 404, 412, 428, 503),
)  # fmt: skip
@form("throughput/reopening.html", _one_again, _choices)
def delete_reopening_grant(
    request: Request, caller: CanDecide, number: Number, session: Writing, render: Render, now: Now
) -> Response:
    """Close a grant before its hour."""
    service.end(session, caller, number, if_match=request.headers.get("if-match"), now=now)
    return render.gone(to=f"/throughput/reopenings/{number}")


@router.put(
    "/reopenings/{number}/refusal", operation_id="put_reopening_refusal", response_model=ReopeningOut,
    responses=problems(401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)  # fmt: skip
@form("throughput/reopening.html", _one_again, _choices)
def put_reopening_refusal(
    request: Request, caller: CanDecide, number: Number, session: Writing, render: Render, now: Now, body: RefusalIn
) -> Response:
    """Leave a day locked, with the reason."""
    if_match = request.headers.get("if-match")
    data = service.refuse(session, caller, number, body=body, if_match=if_match, now=now)
    return render.saved(data, to=f"/throughput/reopenings/{number}", version=data.version)
