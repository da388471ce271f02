"""Updates, evidence, milestones and extensions at both doors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from app.core.bodies import body_or_form, is_multipart, one_of_bodies, read_form, read_model, read_upload
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.files import to_be_saved
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.tasks.acting import REFUSALS, CanKeep, CanRead, CanUpdate, acted, task_in_path
from app.tasks.detail_schemas import TaskOut
from app.tasks.models import Task
from app.tasks.pages import act_of, task_page
from app.tasks.progress import evidence, service
from app.tasks.progress.evidence import Brought
from app.tasks.progress.schemas import EvidenceIn, ExtensionIn, MilestonesIn, UpdateIn

router = APIRouter(route_class=DoorRoute, tags=["tasks"])


async def _said(request: Request, task: Annotated[Task, Depends(task_in_path)]) -> tuple[UpdateIn, Brought | None]:
    if not is_multipart(request):
        return await read_model(request, UpdateIn), None
    said, upload = await read_form(request, UpdateIn)
    return said, (upload, evidence.media_type_of(upload)) if upload else None


@router.post(
    "/tasks/{code}/updates",
    operation_id="create_update",
    response_model=TaskOut,
    status_code=201,
    responses=problems(401, 403, 404, 409, 413, 415, 422),
    openapi_extra={"requestBody": body_or_form(UpdateIn)},
)
@form("tasks/act.html", task_page, act_of)
def create_update(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    said: Annotated[tuple[UpdateIn, Brought | None], Depends(_said)],
    session: Writing,
    render: Render,
    now: Now,
) -> Response:
    """Say how a task stands, with a file where there is one: for its lead and coordinating units."""
    service.say(session, caller, task, body=said[0], brought=said[1], now=now)
    return acted(session, caller, task, render, now, created=True)


async def _brought(request: Request, task: Annotated[Task, Depends(task_in_path)]) -> Brought | EvidenceIn:
    if not is_multipart(request):
        return await read_model(request, EvidenceIn)
    upload = await read_upload(request)
    return upload, evidence.media_type_of(upload)


@router.post(
    "/tasks/{code}/evidence",
    operation_id="create_evidence",
    response_model=TaskOut,
    status_code=201,
    responses=problems(401, 403, 404, 409, 413, 415, 422),
    openapi_extra={"requestBody": one_of_bodies(EvidenceIn, title={"type": "string", "maxLength": 300})},
)
@form("tasks/act.html", task_page, act_of)
def create_evidence(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    brought: Annotated[Brought | EvidenceIn, Depends(_brought)],
    session: Writing,
    render: Render,
    now: Now,
) -> Response:
    """Bring a file, a link or a document's number as evidence; the newest stands first in the answer."""
    if isinstance(brought, EvidenceIn):
        evidence.attach_words(session, caller, task, body=brought, now=now)
    else:
        upload, media_type = brought
        title = upload.fields.get("title", "").strip() or None
        evidence.attach_file(session, caller, task, upload=upload, media_type=media_type, title=title, now=now)
    return acted(session, caller, task, render, now, created=True)


@router.get(
    "/tasks/{code}/files/{number}",
    operation_id="get_task_file",
    response_class=Response,
    responses=problems(401, 403, 404, 422) | {200: {"content": {"application/octet-stream": {}}}},
)
def get_task_file(
    caller: CanRead,
    task: Annotated[Task, Depends(task_in_path)],
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The file's number")],
    session: Reading,
) -> Response:
    """Give a file of the task's evidence, to be saved, to whoever sees the task."""
    return to_be_saved(evidence.file_of(session, task, number))


@router.put(
    "/tasks/{code}/milestones",
    operation_id="put_milestones",
    response_model=TaskOut,
    responses=problems(401, 403, 404, 412, 422, 428),
)
@form("tasks/act.html", task_page, act_of)
def put_milestones(
    request: Request,
    caller: CanKeep,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: MilestonesIn,
) -> Response:
    """Replace a task's milestones; wants the task's `If-Match`."""
    service.put_milestones(session, caller, task, values=values, if_match=request.headers.get("if-match"), now=now)
    return acted(session, caller, task, render, now)


@router.post(
    "/tasks/{code}/extensions",
    operation_id="create_extension",
    response_model=TaskOut,
    status_code=201,
    responses=REFUSALS,
)
@form("tasks/act.html", task_page, act_of)
def create_extension(
    caller: CanKeep,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: ExtensionIn,
) -> Response:
    """Approve a later deadline by a document; the original one stays beside it."""
    service.extend(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now, created=True)
