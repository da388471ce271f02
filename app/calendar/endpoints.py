"""The working calendar at both doors."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from app.calendar import service
from app.calendar.models import (
    DayIn,
    DayOut,
    PeriodOut,
    SaturdayService,
    ServiceIn,
    ServiceList,
    ServiceOut,
)
from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Reading, Writing
from app.core.errors import NotFound
from app.core.forms import DoorRoute
from app.core.schemas import Day, created, problems
from app.core.web import Render, form, see_other
from app.units import service as units
from app.units.models import Unit
from app.units.pages import with_units
from app.units.rules import CODE_PATTERN

router = APIRouter(route_class=DoorRoute, tags=["calendar"])

pages_router = APIRouter()  # what a client has no use for

DayInPath = Annotated[Day, Path(description="A day, `2026-11-24`")]


def unit_asked_for(
    session: Reading,
    unit: Annotated[
        str | None, Query(pattern=CODE_PATTERN, max_length=35, description="A unit's code; absent: the whole city")
    ] = None,
) -> Unit | None:
    """Supply the unit whose calendar is meant; None for the city's."""
    return units.named(session, unit, "?unit") if unit else None


UnitAskedFor = Annotated[Unit | None, Depends(unit_asked_for)]


@router.get(
    "/calendar/days",
    operation_id="list_calendar_days",
    response_model=PeriodOut,
    responses=problems(401, 403, 406, 422),
)
def list_days(
    caller: Annotated[Caller, allow("calendar:read")],
    session: Reading,
    unit: UnitAskedFor,
    now: Now,
    render: Render,
    first: Annotated[Day | None, Query(alias="from", description="Absent: 1 January of the year meant")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Absent: 31 December; at most 400 days")] = None,
) -> Response:
    """List every day of a period: worked or not, and why."""
    first = first or date((last or day_of(now)).year, 1, 1)
    period = service.period(session, first=first, last=last or date(first.year, 12, 31), unit=unit)
    return render(
        period,
        "calendar/days.html",
        table=lambda: tables.of_models("calendar", period.days, DayOut),
        units=units.valid_units(session, period.last) if render.door == "people" else [],
        services=service.saturday_services(session, unit),
    )


@pages_router.get("/calendar/find-day")
def find_day(
    request: Request,
    caller: Annotated[Caller, allow("calendar:read")],
    day: Annotated[Day, Query()],
    unit: Annotated[str | None, Query(pattern=CODE_PATTERN, max_length=35)] = None,
) -> Response:
    """Lead from a form to the page of the day that was chosen in it."""
    return see_other(request, f"/calendar/days/{day}" + (f"?unit={unit}" if unit else ""))


@router.get(
    "/calendar/days/{day}",
    operation_id="get_calendar_day",
    response_model=DayOut,
    responses=problems(401, 403, 422),
)
def get_day(
    caller: Annotated[Caller, allow("calendar:read")],
    day: DayInPath,
    unit: UnitAskedFor,
    session: Reading,
    render: Render,
) -> Response:
    """Show one day; with `unit`, the mark of the unit itself."""
    shown = service.show(session, day, unit)
    return render(shown, "calendar/day.html", version=shown.version or 0)


def _day_again(request: Request, session: Session) -> DayOut:
    code = request.query_params.get("unit")
    try:
        day = date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise NotFound from None
    return service.show(session, day, units.by_code(session, code) if code else None)


@router.put(
    "/calendar/days/{day}",
    operation_id="put_calendar_day",
    response_model=DayOut,
    responses=created(DayOut) | problems(401, 403, 412, 422, 428),
)
@form("calendar/day.html", _day_again)
def put_day(
    request: Request,
    caller: Annotated[Caller, allow("calendar:edit")],
    day: DayInPath,
    unit: UnitAskedFor,
    session: Writing,
    render: Render,
    values: DayIn,
) -> Response:
    """Mark a day, for the whole city or (a closure) for one unit; a changed mark wants `If-Match`."""
    shown, created = service.mark(
        session, caller, day=day, unit=unit, values=values, if_match=request.headers.get("if-match")
    )
    return render.saved(
        shown,
        to=_period_of(day, unit),
        created=created,
        version=shown.version,
        location=f"/calendar/days/{day}" + (f"?unit={unit.code}" if unit else ""),
    )


@router.delete(
    "/calendar/days/{day}",
    operation_id="delete_calendar_day",
    status_code=204,
    response_model=None,
    responses=problems(401, 403, 404, 412, 422, 428),
)
def delete_day(
    request: Request,
    caller: Annotated[Caller, allow("calendar:edit")],
    day: DayInPath,
    unit: UnitAskedFor,
    session: Writing,
    render: Render,
) -> Response:
    """Take a day's mark away, so that it is again what its weekday says; wants `If-Match`."""
    service.unmark(session, caller, day=day, unit=unit, if_match=request.headers.get("if-match"))
    return render.gone(to=_period_of(day, unit))


def _period_of(day: date, unit: Unit | None) -> str:
    return f"/calendar/days?from={day.year}-01-01" + (f"&unit={unit.code}" if unit else "")


@router.get(
    "/calendar/saturday-services",
    operation_id="list_saturday_services",
    response_model=ServiceList,
    responses=problems(401, 403, 406, 422),
)
def list_saturday_services(
    caller: Annotated[Caller, allow("calendar:read")], session: Reading, unit: UnitAskedFor, render: Render
) -> Response:
    """List the spans in which units receive on Saturdays."""
    found = service.saturday_services(session, unit)
    return render(
        found,
        "calendar/saturday_services.html",
        table=lambda: tables.of_models("saturday_services", found.items, ServiceOut),
        units=units.choices(session) if render.door == "people" and caller.may("calendar:edit") else [],
    )


def _services_again(request: Request, session: Session) -> ServiceList:
    return service.saturday_services(session)


@router.post(
    "/calendar/saturday-services",
    operation_id="create_saturday_service",
    response_model=ServiceOut,
    status_code=201,
    responses=problems(401, 403, 422),
)
@form("calendar/saturday_services.html", _services_again, with_units)
def create_saturday_service(
    caller: Annotated[Caller, allow("calendar:edit")], session: Writing, render: Render, values: ServiceIn
) -> Response:
    """Add a unit's Saturday service: it may report then, is not nagged, and the day counts in no term."""
    added = service.add_saturday_service(session, caller, values=values)
    return render.saved(added, to="/calendar/saturday-services", created=True, version=added.version)


def service_in_path(
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The service's `id`")], session: Reading
) -> SaturdayService:
    """Supply the Saturday service that the address names."""
    return service.saturday_service(session, number)


@router.delete(
    "/calendar/saturday-services/{number}",
    operation_id="delete_saturday_service",
    status_code=204,
    response_model=None,
    responses=problems(401, 403, 404, 412, 422, 428),
)
def delete_saturday_service(
    request: Request,
    caller: Annotated[Caller, allow("calendar:edit")],
    row: Annotated[SaturdayService, Depends(service_in_path)],
    session: Writing,
    render: Render,
) -> Response:
    """Take a unit's Saturday service away; wants `If-Match`."""
    service.remove_saturday_service(session, caller, row, if_match=request.headers.get("if-match"))
    return render.gone(to="/calendar/saturday-services")
