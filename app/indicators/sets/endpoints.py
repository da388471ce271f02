"""Sets at both doors: their versions, from and to files."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.core import bodies, tables
from app.core.bodies import upload_body
from app.core.clock import Now, day_of, now_of
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.schemas import Day, problems
from app.core.web import Render, form
from app.indicators.pages import CanKeep, CanRead, SetInPath
from app.indicators.sets import files, loading, service
from app.indicators.sets.models import SetVersion
from app.indicators.sets.schemas import SetIn, SetItem, SetOut, SetPage

router = APIRouter(route_class=DoorRoute, tags=["indicators"])
VersionQuery = Annotated[int | None, Query(ge=1, le=9999, description="A version; absent: the one that holds today")]


@router.get(
    "/indicators/sets", operation_id="list_indicator_sets", response_model=SetPage,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def list_indicator_sets(
    caller: CanRead, session: Reading, render: Render, now: Now,
    on: Annotated[Day | None, Query(description="The versions that held on a day; absent: today")] = None,
) -> Response:  # fmt: skip
    """List the sets, by the version that holds."""
    found = service.listing(session, on or day_of(now))
    table = tables.of_models("bo-chi-tieu", found.items, SetItem)
    return render(found, "indicators/sets.html", table=lambda: table)


@router.post(
    "/indicators/sets", operation_id="create_indicator_set_version", response_model=SetOut, status_code=201,
    responses=problems(401, 403, 409, 422),
)  # fmt: skip
def create_indicator_set_version(caller: CanKeep, session: Writing, render: Render, now: Now, body: SetIn) -> Response:
    """Add a set, or the next version of one; readings and targets that stand stay as they are."""
    version = loading.bring(session, caller.label, values=body, now=now)
    return _added(session, version, body.code, render, now)


def _added(session: Session, version: SetVersion, code: str, render: Render, now: Now) -> Response:
    held, _ = service.version_of(session, code, version.number, day_of(now))
    at = f"/indicators/sets/{held.code}"
    to = f"{at}?version={version.number}"
    return render.saved(service.show(session, held, version), to=to, created=True, location=at)


async def get_set_file(request: Request, caller: CanKeep) -> files.SetFile:
    """Supply the set that a file holds: read before the session."""
    upload = await bodies.read_upload(request)
    return await run_in_threadpool(files.read, upload.content)


def _again(request: Request, session: Session) -> SetPage:
    return service.listing(session, day_of(now_of(request)))


@router.post(
    "/indicators/sets/import", operation_id="import_indicator_set", response_model=SetOut, status_code=201,
    openapi_extra={"requestBody": upload_body()},
    responses=problems(401, 403, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("indicators/sets.html", _again)
def import_indicator_set(
    caller: CanKeep, file: Annotated[files.SetFile, Depends(get_set_file)], session: Writing, render: Render, now: Now
) -> Response:
    """Add a set's version from a file: JSON as exported, or a table (XLSX, CSV)."""
    version = loading.bring_file(session, caller.label, file=file, now=now)
    return _added(session, version, file.values.code, render, now)


@router.get(
    "/indicators/sets/{set_code}", operation_id="get_indicator_set", response_model=SetOut,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def get_indicator_set(
    caller: CanRead, set_code: SetInPath, session: Reading, render: Render, now: Now, version: VersionQuery = None
) -> Response:
    """Give one version of a set, whole."""
    found = service.version_of(session, set_code, version, day_of(now))
    shown = service.show(session, *found)

    def table() -> tables.Table:
        return files.table_of(loading.as_sent(session, caller, *found))

    return render(shown, "indicators/set.html", table=table)


@router.get(
    "/indicators/sets/{set_code}/export", operation_id="export_indicator_set", response_model=SetIn,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def export_indicator_set(
    caller: CanRead, set_code: SetInPath, session: Reading, render: Render, now: Now, version: VersionQuery = None
) -> Response:
    """Give a version of a set as it is sent, with its targets: what comes out goes in again."""
    found = service.version_of(session, set_code, version, day_of(now))
    sent = loading.as_sent(session, caller, *found)
    context: dict[str, Any] = {"shown": service.show(session, *found)}
    return render(sent, "indicators/set_export.html", table=lambda: files.table_of(sent), **context)
