"""Programmes of tasks at both doors."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.schemas import created, problems
from app.core.web import Render, form
from app.tasks import programmes
from app.tasks.pages import programme_again
from app.tasks.programme_schemas import ProgrammeIn, ProgrammeList, ProgrammeOut

router = APIRouter(route_class=DoorRoute, tags=["tasks"])
pages_router = APIRouter()  # blank forms: nothing that a client could want

ProgrammeCodeInPath = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$", max_length=30, description="The programme's code")
]


@router.get(
    "/tasks/programmes", operation_id="list_programmes", response_model=ProgrammeList, responses=problems(401, 403)
)
def list_programmes(caller: Annotated[Caller, allow("tasks:read")], session: Reading, render: Render) -> Response:
    """List the programmes that tasks are followed under."""
    found = programmes.listing(session)
    return render(
        found, "tasks/programmes.html", table=lambda: tables.of_models("programmes", found.items, ProgrammeOut)
    )


@pages_router.get("/tasks/programmes/{programme}")
def edit_programme(
    caller: Annotated[Caller, allow("tasks:keep")],
    programme: ProgrammeCodeInPath,
    session: Reading,
    render: Render,
) -> Response:
    """Show a programme's form."""
    return render.page("tasks/programme.html", data=programmes.shown(session, programmes.by_code(session, programme)))


@router.put(
    "/tasks/programmes/{programme}",
    operation_id="put_programme",
    response_model=ProgrammeOut,
    responses=created(ProgrammeOut) | problems(401, 403, 409, 412, 422, 428),
)
@form("tasks/programme.html", programme_again)
def put_programme(
    request: Request,
    caller: Annotated[Caller, allow("tasks:keep")],
    programme: ProgrammeCodeInPath,
    session: Writing,
    render: Render,
    now: Now,
    values: ProgrammeIn,
) -> Response:
    """Add a programme, or replace all of one; wants `If-Match` where it is there already."""
    shown, new = programmes.put(
        session, caller, programme, values=values, if_match=request.headers.get("if-match"), now=now
    )
    return render.saved(shown, to="/tasks/programmes", created=new, version=shown.version)
