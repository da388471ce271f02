"""Units at both doors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import BLANK_IS_NONE, Day, problems
from app.core.web import Render, form
from app.units import service
from app.units.models import KIND_WORDS, Unit, UnitIn, UnitNew, UnitOut, UnitPage
from app.units.pages import with_units
from app.units.rules import CODE_PATTERN, UnitKind

router = APIRouter(route_class=DoorRoute, tags=["units"])
pages_router = APIRouter()  # blank forms: nothing that a client could want

CodeInPath = Annotated[str, Path(pattern=CODE_PATTERN, max_length=35, description="The unit's code")]


def unit_in_path(code: CodeInPath, session: Reading) -> Unit:
    """Supply the unit that the address names."""
    return service.by_code(session, code)


@router.get("/units", operation_id="list_units", response_model=UnitPage, responses=problems(401, 403, 406, 422))
def list_units(
    caller: Annotated[Caller, allow("units:read")],
    session: Reading,
    render: Render,
    page: Paging,
    q: Annotated[
        str | None, Query(max_length=80, description="Words of a name, code or former name; đ as d"), BLANK_IS_NONE
    ] = None,
    kind: Annotated[UnitKind | None, Query(description=KIND_WORDS)] = None,
    day: Annotated[Day | None, Query(description="Only units that exist on this day")] = None,
) -> Response:
    """List the units in Vietnamese order; names and codes are public, so every caller sees all."""
    found = service.listing(session, page, q=q, kind=kind, day=day)
    return render(
        found,
        "units/list.html",
        table=lambda: tables.of_models("units", service.listing(session, None, q=q, kind=kind, day=day).items, UnitOut),
        filters={"q": q, "kind": kind and kind.value, "day": day},
    )


@pages_router.get("/units/new")
def new_unit(caller: Annotated[Caller, allow("units:edit")], session: Reading, render: Render) -> Response:
    """Show the blank form."""
    return render.page("units/new.html", units=service.choices(session))


@router.get("/units/{code}", operation_id="get_unit", response_model=UnitOut, responses=problems(401, 403, 404, 422))
def get_unit(
    caller: Annotated[Caller, allow("units:read")],
    unit: Annotated[Unit, Depends(unit_in_path)],
    session: Reading,
    render: Render,
) -> Response:
    """Show one unit."""
    offered = service.choices(session) if render.door == "people" and caller.may("units:edit") else []
    return render(service.show(session, unit), "units/unit.html", version=unit.version, units=offered)


@router.post(
    "/units",
    operation_id="create_unit",
    response_model=UnitOut,
    status_code=201,
    responses=problems(401, 403, 409, 422),
)
@form("units/new.html", lambda *_: None, with_units)
def create_unit(
    caller: Annotated[Caller, allow("units:edit")], session: Writing, render: Render, values: UnitNew
) -> Response:
    """Add a unit."""
    unit = service.add(session, caller, values=values)
    to = f"/units/{unit.code}"
    return render.saved(unit, to=to, created=True, version=unit.version, location=to)


def _shown_again(request: Request, session: Session) -> UnitOut:
    return service.show(session, service.by_code(session, request.path_params["code"]))


@router.put(
    "/units/{code}",
    operation_id="put_unit",
    response_model=UnitOut,
    responses=problems(401, 403, 404, 412, 422, 428),
)
@form("units/unit.html", _shown_again, with_units)
def put_unit(
    request: Request,
    caller: Annotated[Caller, allow("units:edit")],
    unit: Annotated[Unit, Depends(unit_in_path)],
    session: Writing,
    render: Render,
    values: UnitIn,
) -> Response:
    """Replace all of a unit but its code; wants `If-Match`."""
    shown = service.change(session, caller, unit, values=values, if_match=request.headers.get("if-match"))
    return render.saved(shown, to=f"/units/{shown.code}", version=shown.version)
