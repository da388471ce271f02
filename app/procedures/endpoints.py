"""Fields and procedures at both doors."""

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
from app.procedures import catalogue, service
from app.procedures.models import (
    LEVEL_WORDS,
    ONLINE_WORDS,
    SYSTEM_WORDS,
    ExceptionIn,
    FieldIn,
    FieldList,
    FieldNew,
    FieldOut,
    Procedure,
    ProcedureField,
    ProcedureIn,
    ProcedureNew,
    ProcedureOut,
    ProcedurePage,
)
from app.procedures.rules import PROCEDURE_CODE, Level, OnlineLevel, System
from app.units import service as units
from app.units.pages import with_units
from app.units.rules import CODE_PATTERN

router = APIRouter(route_class=DoorRoute, tags=["catalogue"])
pages_router = APIRouter()  # blank forms: nothing that a client could want

FieldCodeInPath = Annotated[str, Path(pattern=CODE_PATTERN, max_length=35, description="The field's code")]
UnitCodeInPath = Annotated[str, Path(pattern=CODE_PATTERN, max_length=35, description="A unit's code")]
ProcedureCodeInPath = Annotated[str, Path(pattern=PROCEDURE_CODE, max_length=20, description="The procedure's code")]


def field_in_path(code: FieldCodeInPath, session: Reading) -> ProcedureField:
    """Supply the field that the address names."""
    return service.field_by_code(session, code)


def procedure_in_path(code: ProcedureCodeInPath, session: Reading) -> Procedure:
    """Supply the procedure that the address names."""
    return catalogue.by_code(session, code)


@router.get("/fields", operation_id="list_fields", response_model=FieldList, responses=problems(401, 403, 406, 422))
def list_fields(
    caller: Annotated[Caller, allow("catalogue:read")],
    session: Reading,
    render: Render,
    unit: Annotated[
        str | None, Query(pattern=CODE_PATTERN, max_length=35, description="Only fields that this unit counts")
    ] = None,
    system: Annotated[System | None, Query(description=SYSTEM_WORDS)] = None,
    day: Annotated[Day | None, Query(description="Only fields valid on this day")] = None,
) -> Response:
    """List the fields in the order in which forms show them."""
    counting = units.named(session, unit, "?unit") if unit else None
    found = service.fields(session, unit=counting, system=system, day=day)
    return render(
        found,
        "procedures/fields.html",
        table=lambda: tables.of_models("fields", found.items, FieldOut),
        filters={"unit": unit, "system": system and system.value, "day": day},
        units=units.listing(session, None).items if render.door == "people" else [],
    )


@pages_router.get("/fields/new")
def new_field(caller: Annotated[Caller, allow("catalogue:edit")], render: Render) -> Response:
    """Show the blank form."""
    return render.page("procedures/new_field.html")


@router.get("/fields/{code}", operation_id="get_field", response_model=FieldOut, responses=problems(401, 403, 404, 422))
def get_field(
    caller: Annotated[Caller, allow("catalogue:read")],
    field: Annotated[ProcedureField, Depends(field_in_path)],
    session: Reading,
    render: Render,
) -> Response:
    """Show one field, where it applies, and the units that differ from their kind."""
    offered = units.choices(session) if render.door == "people" and caller.may("catalogue:edit") else []
    return render(service.show_field(session, field), "procedures/field.html", version=field.version, units=offered)


@router.post(
    "/fields",
    operation_id="create_field",
    response_model=FieldOut,
    status_code=201,
    responses=problems(401, 403, 409, 422),
)
@form("procedures/new_field.html")
def create_field(
    caller: Annotated[Caller, allow("catalogue:edit")], session: Writing, render: Render, values: FieldNew
) -> Response:
    """Add a field."""
    field = service.add_field(session, caller, values=values)
    to = f"/fields/{field.code}"
    return render.saved(field, to=to, created=True, version=field.version, location=to)


def _field_again(request: Request, session: Session) -> FieldOut:
    return service.show_field(session, service.field_by_code(session, request.path_params["code"]))


@router.put(
    "/fields/{code}",
    operation_id="put_field",
    response_model=FieldOut,
    responses=problems(401, 403, 404, 412, 422, 428),
)
@form("procedures/field.html", _field_again, with_units)
def put_field(
    request: Request,
    caller: Annotated[Caller, allow("catalogue:edit")],
    field: Annotated[ProcedureField, Depends(field_in_path)],
    session: Writing,
    render: Render,
    values: FieldIn,
) -> Response:
    """Replace all of a field but its code and the exceptions of units; wants `If-Match`."""
    shown = service.change_field(session, caller, field, values=values, if_match=request.headers.get("if-match"))
    return render.saved(shown, to=f"/fields/{shown.code}", version=shown.version)


@router.post(
    "/fields/{code}/exceptions",
    operation_id="create_field_exception",
    response_model=FieldOut,
    responses=problems(401, 403, 404, 422),
)
@form("procedures/field.html", _field_again, with_units)
def create_exception(
    caller: Annotated[Caller, allow("catalogue:edit")],
    field: Annotated[ProcedureField, Depends(field_in_path)],
    session: Writing,
    render: Render,
    values: ExceptionIn,
) -> Response:
    """Say for one unit and system that a field applies or not, whatever its kind; a second word replaces the first."""
    shown = service.add_exception(session, caller, field, values=values)
    return render.saved(shown, to=f"/fields/{shown.code}", version=shown.version)


@router.delete(
    "/fields/{code}/exceptions/{unit}/{system}",
    operation_id="delete_field_exception",
    status_code=204,
    response_model=None,
    responses=problems(401, 403, 404, 422),
)
def delete_exception(
    caller: Annotated[Caller, allow("catalogue:edit")],
    field: Annotated[ProcedureField, Depends(field_in_path)],
    unit: UnitCodeInPath,
    system: Annotated[System, Path(description=SYSTEM_WORDS)],
    session: Writing,
    render: Render,
) -> Response:
    """Take a unit's exception away, so that the rule for its kind holds again."""
    service.remove_exception(session, caller, field, units.by_code(session, unit), system)
    return render.gone(to=f"/fields/{field.code}")


@router.get(
    "/procedures", operation_id="list_procedures", response_model=ProcedurePage, responses=problems(401, 403, 406, 422)
)
def list_procedures(
    caller: Annotated[Caller, allow("catalogue:read")],
    session: Reading,
    render: Render,
    page: Paging,
    q: Annotated[
        str | None, Query(max_length=80, description="Words of a name or code, diacritics aside"), BLANK_IS_NONE
    ] = None,
    field: Annotated[str | None, Query(pattern=CODE_PATTERN, max_length=35, description="A field's code")] = None,
    level: Annotated[Level | None, Query(description=LEVEL_WORDS)] = None,
    online_level: Annotated[OnlineLevel | None, Query(description=ONLINE_WORDS)] = None,
) -> Response:
    """List procedures by code."""
    found = catalogue.listing(session, page, q=q, field=field, level=level, online_level=online_level)
    return render(
        found,
        "procedures/list.html",
        table=lambda: tables.of_models(
            "procedures",
            catalogue.listing(session, None, q=q, field=field, level=level, online_level=online_level).items,
            ProcedureOut,
        ),
        filters={
            "q": q,
            "field": field,
            "level": level and level.value,
            "online_level": online_level and online_level.value,
        },
        fields=service.fields(session).items if render.door == "people" else [],
    )


@pages_router.get("/procedures/new")
def new_procedure(caller: Annotated[Caller, allow("catalogue:edit")], render: Render) -> Response:
    """Show the blank form."""
    return render.page("procedures/new.html")


@router.get(
    "/procedures/{code}",
    operation_id="get_procedure",
    response_model=ProcedureOut,
    responses=problems(401, 403, 404, 422),
)
def get_procedure(
    caller: Annotated[Caller, allow("catalogue:read")],
    procedure: Annotated[Procedure, Depends(procedure_in_path)],
    session: Reading,
    render: Render,
) -> Response:
    """Show one procedure."""
    return render(catalogue.show(session, procedure), "procedures/procedure.html", version=procedure.version)


@router.post(
    "/procedures",
    operation_id="create_procedure",
    response_model=ProcedureOut,
    status_code=201,
    responses=problems(401, 403, 409, 422),
)
@form("procedures/new.html")
def create_procedure(
    caller: Annotated[Caller, allow("catalogue:edit")], session: Writing, render: Render, values: ProcedureNew
) -> Response:
    """Add a procedure."""
    procedure = catalogue.add(session, caller, values=values)
    to = f"/procedures/{procedure.code}"
    return render.saved(procedure, to=to, created=True, version=procedure.version, location=to)


def _procedure_again(request: Request, session: Session) -> ProcedureOut:
    return catalogue.show(session, catalogue.by_code(session, request.path_params["code"]))


@router.put(
    "/procedures/{code}",
    operation_id="put_procedure",
    response_model=ProcedureOut,
    responses=problems(401, 403, 404, 412, 422, 428),
)
@form("procedures/procedure.html", _procedure_again)
def put_procedure(
    request: Request,
    caller: Annotated[Caller, allow("catalogue:edit")],
    procedure: Annotated[Procedure, Depends(procedure_in_path)],
    session: Writing,
    render: Render,
    values: ProcedureIn,
) -> Response:
    """Replace all of a procedure but its code; wants `If-Match`."""
    shown = catalogue.change(session, caller, procedure, values=values, if_match=request.headers.get("if-match"))
    return render.saved(shown, to=f"/procedures/{shown.code}", version=shown.version)
