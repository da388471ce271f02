"""Directives, and one act handed to many units, at both doors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.bodies import read_upload, upload_body
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.files import Upload, to_be_saved
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import BLANK_IS_NONE, problems
from app.core.web import Render, form
from app.tasks.asked import AtMoment, ProgrammeQuery, TaskCodeInPath
from app.tasks.detail_schemas import TaskOut
from app.tasks.directives import handing_out, service
from app.tasks.directives.models import Directive
from app.tasks.directives.rules import DirectiveKind
from app.tasks.directives.schemas import (
    DIRECTIVE_WORDS,
    DirectiveIn,
    DirectiveItem,
    DirectiveOut,
    DirectivePage,
    HandOutIn,
    MatrixOut,
    MatrixRow,
)
from app.tasks.models import Task
from app.tasks.pages import blank
from app.tasks.progress.evidence import media_type_of
from app.tasks.service import by_code, programme_by_code
from app.tasks.shown import show

router = APIRouter(route_class=DoorRoute, tags=["tasks"])
pages_router = APIRouter()

NumberInPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="The directive's number here")]


def directive_in_path(
    caller: Annotated[Caller, allow("tasks:read")], number: NumberInPath, session: Reading
) -> Directive:
    """Supply the directive that the address names, within what the caller may see."""
    return service.by_id(session, caller, number)


async def _document(
    request: Request, directive: Annotated[Directive, Depends(directive_in_path)]
) -> tuple[Upload, str]:
    upload = await read_upload(request)
    return upload, media_type_of(upload)


@router.get(
    "/directives", operation_id="list_directives", response_model=DirectivePage, responses=problems(401, 403, 406, 422)
)
def list_directives(
    caller: Annotated[Caller, allow("tasks:read")],
    session: Reading,
    render: Render,
    page: Paging,
    q: Annotated[
        str | None, Query(max_length=80, description="Words of number, title, issuer; diacritics aside"), BLANK_IS_NONE
    ] = None,
    kind: Annotated[DirectiveKind | None, Query(description=DIRECTIVE_WORDS)] = None,
    programme: ProgrammeQuery = None,
) -> Response:
    """List the documents that tasks come from, newest first."""
    of = programme_by_code(session, programme, "?programme") if programme else None
    found = service.listing(session, caller, page, q=q, kind=kind, programme=of)
    return render(
        found,
        "tasks/directives.html",
        table=lambda: tables.of_models(
            "directives",
            render.every(lambda whole: service.listing(session, caller, whole, q=q, kind=kind, programme=of)),
            DirectiveItem,
        ),
        filters={"q": q, "kind": kind and kind.value, "programme": programme},
    )


@pages_router.get("/directives/new")
def new_directive(caller: Annotated[Caller, allow("tasks:keep")], render: Render) -> Response:
    """Show the blank form."""
    return render.page("tasks/new_directive.html")


@router.post(
    "/directives",
    operation_id="create_directive",
    response_model=DirectiveOut,
    status_code=201,
    responses=problems(401, 403, 409, 422),
)
@form("tasks/new_directive.html")
def create_directive(
    caller: Annotated[Caller, allow("tasks:keep")], session: Writing, render: Render, now: Now, values: DirectiveIn
) -> Response:
    """Add a document that gives tasks."""
    row = service.add(session, caller, values=values, now=now)
    to = f"/directives/{row.id}"
    return render.saved(service.show(session, row), to=to, created=True, version=row.version, location=to)


@router.get(
    "/directives/{number}",
    operation_id="get_directive",
    response_model=DirectiveOut,
    responses=problems(401, 403, 404, 422),
)
def get_directive(
    caller: Annotated[Caller, allow("tasks:read")],
    directive: Annotated[Directive, Depends(directive_in_path)],
    session: Reading,
    render: Render,
) -> Response:
    """Show one document with its clauses."""
    return render(service.show(session, directive), "tasks/directive.html", version=directive.version)


def _again(request: Request, session: Session) -> DirectiveOut:
    return service.show(session, service.by_id(session, request.state.caller, int(request.path_params["number"])))


@pages_router.get("/directives/{number}/edit")
def edit_directive(
    caller: Annotated[Caller, allow("tasks:keep")],
    directive: Annotated[Directive, Depends(directive_in_path)],
    session: Reading,
    render: Render,
) -> Response:
    """Show a directive's form."""
    return render.page("tasks/directive_edit.html", data=service.show(session, directive))


@pages_router.get("/directives/{number}/hand-out")
def new_hand_out(
    caller: Annotated[Caller, allow("tasks:keep")],
    directive: Annotated[Directive, Depends(directive_in_path)],
    session: Reading,
    render: Render,
) -> Response:
    """Show the blank form of one act for many units."""
    return render.page("tasks/hand_out.html", data=service.show(session, directive), offers=blank(session))


@router.put(
    "/directives/{number}",
    operation_id="put_directive",
    response_model=DirectiveOut,
    responses=problems(401, 403, 404, 409, 412, 422, 428),
)
@form("tasks/directive_edit.html", _again)
def put_directive(
    request: Request,
    caller: Annotated[Caller, allow("tasks:keep")],
    directive: Annotated[Directive, Depends(directive_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: DirectiveIn,
) -> Response:
    """Replace all of a directive but its file; wants `If-Match`."""
    row = service.change(session, caller, directive, values=values, if_match=request.headers.get("if-match"), now=now)
    return render.saved(service.show(session, row), to=f"/directives/{row.id}", version=row.version)


@router.post(
    "/directives/{number}/file",
    operation_id="put_directive_file",
    response_model=DirectiveOut,
    responses=problems(401, 403, 404, 409, 413, 415, 422),
    openapi_extra={"requestBody": upload_body()},
)
@form("tasks/directive.html", _again)
def put_directive_file(
    caller: Annotated[Caller, allow("tasks:keep")],
    directive: Annotated[Directive, Depends(directive_in_path)],
    document: Annotated[tuple[Upload, str], Depends(_document)],
    session: Writing,
    render: Render,
    now: Now,
) -> Response:
    """Keep the document itself; Party documents and files with a secrecy level are refused."""
    upload, media_type = document
    row = service.keep_file(session, caller, directive, upload=upload, media_type=media_type, now=now)
    return render.saved(service.show(session, row), to=f"/directives/{row.id}", version=row.version)


@router.get(
    "/directives/{number}/file",
    operation_id="get_directive_file",
    response_class=Response,
    responses=problems(401, 403, 404, 422) | {200: {"content": {"application/octet-stream": {}}}},
)
def get_directive_file(
    caller: Annotated[Caller, allow("tasks:read")],
    directive: Annotated[Directive, Depends(directive_in_path)],
    session: Reading,
) -> Response:
    """Give the document itself, to be saved."""
    return to_be_saved(service.file_of(session, directive))


@router.post(
    "/directives/{number}/hand-outs",
    operation_id="hand_out",
    response_model=TaskOut,
    status_code=201,
    responses=problems(401, 403, 404, 409, 422),
)
@form("tasks/hand_out.html", _again, lambda request, session, problem, data: {"offers": blank(session)})
def hand_out(
    caller: Annotated[Caller, allow("tasks:keep")],
    directive: Annotated[Directive, Depends(directive_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: HandOutIn,
) -> Response:
    """Hand one task to all or chosen units (giao đồng loạt): a parent that follows its children, a child for each."""
    task = handing_out.hand_out(session, caller, directive, body=values, now=now)
    return render.saved(
        show(session, caller, task, now), to=f"/tasks/{task.code}/matrix", created=True, version=task.version,
        location=f"/tasks/{task.code}",
    )  # fmt: skip


@router.get(
    "/tasks/{code}/matrix", operation_id="get_matrix", response_model=MatrixOut, responses=problems(401, 403, 404, 422)
)
def get_matrix(
    caller: Annotated[Caller, allow("tasks:read")],
    code: TaskCodeInPath,
    session: Reading,
    render: Render,
    now: Now,
    as_of: AtMoment = None,
) -> Response:
    """Show who has done what was handed to many, or had at a moment; 404 for one before it was there."""
    task: Task = by_code(session, caller, code)
    found = handing_out.matrix(session, caller, task, as_of=as_of, now=now)
    return render(
        found,
        "tasks/matrix.html",
        wanted={"as_of": as_of},
        table=lambda: tables.of_models(f"matrix-{task.code}", found.items, MatrixRow),
    )
