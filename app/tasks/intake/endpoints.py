"""Bringing an annex of tasks, at both doors."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.core import bodies, files, sheets
from app.core.access import Caller, allow
from app.core.bodies import one_of_bodies
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.files import FileOut, Upload
from app.core.forms import DoorRoute
from app.core.grids import Grid
from app.core.schemas import problems
from app.core.web import Render, form
from app.tasks import service as tasks
from app.tasks.intake import service
from app.tasks.intake.schemas import AnnexImport, KeptAnnex, UnitMeant
from app.tasks.pages import blank

router = APIRouter(route_class=DoorRoute, tags=["tasks"])
pages_router = APIRouter()  # the blank form

CanKeep = Annotated[Caller, allow("tasks:keep")]
READER = "tasks:keep"


@dataclass(frozen=True)
class Brought:
    """An annex, read: one that is brought now, or one that was kept before, with what its units mean."""

    grids: list[Grid]
    upload: Upload | None = None
    kept: FileOut | None = None
    units: list[UnitMeant] = field(default_factory=list)


async def get_annex(request: Request, caller: CanKeep) -> Brought:
    """Supply the annex of a call, or the one that was kept when it was tried: read before the session."""
    if bodies.is_multipart(request):
        upload = await bodies.read_upload(request)
        return Brought(await run_in_threadpool(sheets.from_file, upload.content), upload)
    named = await bodies.read_model(request, KeptAnnex)
    return await run_in_threadpool(_kept, request, named)


def _kept(request: Request, named: KeptAnnex) -> Brought:
    with request.app.state.database.read() as session:
        upload, kept = files.opened(session, named.file, unit_id=None, reader=READER)
    return Brought(sheets.from_file(upload.content), kept=kept, units=named.units)


@pages_router.get("/tasks/import")
def new_import(
    caller: CanKeep, session: Reading, render: Render,
    programme: Annotated[str | None, Query(max_length=30)] = None,
    directive: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    prefix: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:  # fmt: skip
    """Ask what the annex belongs to, then for its file."""
    asked = {"programme": programme, "directive": directive, "prefix": prefix}
    return render.page("tasks/import.html", data=blank(session), asked=asked)


def _again(request: Request, session: Session) -> dict[str, Any]:
    return blank(session)


def _asked(request: Request, *_: object) -> dict[str, Any]:
    query = request.query_params
    return {"asked": {name: query.get(name) for name in ("programme", "directive", "prefix")}}


@router.post(
    "/tasks/import", operation_id="import_tasks", response_model=AnnexImport,
    openapi_extra={"requestBody": one_of_bodies(KeptAnnex)},
    responses=problems(401, 403, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("tasks/import.html", _again, _asked)
def import_tasks(
    caller: CanKeep, brought: Annotated[Brought, Depends(get_annex)], session: Writing, now: Now, render: Render,
    programme: Annotated[
        str, Query(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$", max_length=30, description="A programme's code")
    ],
    directive: Annotated[int, Query(ge=1, le=2**31 - 1, description="Number of the assigning document")],
    prefix: Annotated[
        str, Query(pattern=r"^[A-Za-z0-9Đ]{1,20}$", max_length=20, description="What our codes begin with")
    ],
    dry_run: Annotated[bool, Query(description="Say what would be added, and store nothing but the file")] = False,
) -> Response:  # fmt: skip
    """Add the tasks of an annex (XLSX or CSV), all of them or none; units are matched and must be confirmed."""
    tasks.programme_by_code(session, programme, "?programme")
    file = brought.kept
    if brought.upload is not None:
        file = files.keep(session, caller, brought.upload, unit_id=None, reader=READER, now=now)
    assert file is not None
    data = service.bring(
        session, caller, brought.grids, file=file, programme=programme, directive=directive, prefix=prefix,
        meant=brought.units, dry_run=dry_run, now=now,
    )  # fmt: skip
    if dry_run:
        shown = blank(session)["units"] if render.door == "people" else []
        return render(data, "tasks/imported.html", units=shown)
    return render.saved(data, to=f"/tasks?directive={directive}&programme={programme}")
