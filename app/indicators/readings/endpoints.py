"""Readings at both doors: listed, entered one by one, brought in a file."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.core import bodies, sheets, tables
from app.core import files as kept
from app.core.bodies import one_of_bodies
from app.core.clock import Now, day_of, now_of
from app.core.db import Reading, Writing
from app.core.files import FileOut, Upload
from app.core.forms import DoorRoute
from app.core.grids import Grid
from app.core.paging import Page, Paging
from app.core.schemas import Day, problems
from app.core.web import Render, form
from app.indicators.pages import CanEnter, CanRead, CodeInPath, CodeQuery, PlaceQuery, SetQuery, saved_at, unit_choices
from app.indicators.place import place_of
from app.indicators.readings import ageing, files, service
from app.indicators.readings.models import Origin
from app.indicators.readings.schemas import (
    ORIGIN_WORDS,
    STATE_WORDS,
    KeptReadings,
    ReadingIn,
    ReadingOut,
    ReadingPage,
    ReadingsImport,
)
from app.indicators.readings.service import Wanted
from app.indicators.rules import ReadingState
from app.indicators.sets import service as sets
from app.indicators.sets.schemas import IndicatorDefinition

router = APIRouter(route_class=DoorRoute, tags=["indicators"])
pages_router = APIRouter()  # blank forms

READER = "indicators:enter"


@router.get(
    "/indicators/readings", operation_id="list_indicator_readings", response_model=ReadingPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_indicator_readings(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging,
    first: Annotated[Day | None, Query(alias="from", description="As-of day from")] = None,
    last: Annotated[Day | None, Query(alias="to", description="As-of day until")] = None,
    indicator: CodeQuery = None, set_code: Annotated[SetQuery, Query(alias="set")] = None, unit: PlaceQuery = None,
    state: Annotated[ReadingState | None, Query(description=STATE_WORDS)] = None,
    origin: Annotated[Origin | None, Query(description=ORIGIN_WORDS)] = None,
    superseded: Annotated[bool, Query(description="Superseded readings too")] = False,
) -> Response:  # fmt: skip
    """List readings by their as-of day, the newest first, each with its parts and source."""
    place = place_of(session, caller, unit) if unit else None
    wanted = Wanted(first, last, indicator, set_code, place, state, origin, superseded)

    def read(whole: Page) -> ReadingPage:
        found = service.listing(session, caller, whole, wanted)
        old = ageing.old_ones(session, [row.id for row in found.items], day_of(now))
        for row in found.items:
            row.stale = row.id in old
        return found

    return render(
        read(page), "indicators/readings.html",
        table=lambda: tables.of_models("ket-qua-thuc-hien", render.every(read), ReadingOut),
        wanted=wanted, unit=unit, units=unit_choices(session, caller),
        sets=sets.listing(session, day_of(now)).items,
    )  # fmt: skip


@dataclass(frozen=True)
class ReadingsFile:
    """A file of readings, read: one that is brought now, or one that was kept before."""

    grids: list[Grid]
    upload: Upload | None = None
    kept: FileOut | None = None


async def get_readings_file(request: Request, caller: CanEnter) -> ReadingsFile:
    """Supply the file of a call, or the one that was kept when it was checked: read before the session."""
    if bodies.is_multipart(request):
        upload = await bodies.read_upload(request)
        return ReadingsFile(await run_in_threadpool(sheets.from_file, upload.content), upload)
    named = await bodies.read_model(request, KeptReadings)
    return await run_in_threadpool(_kept, request, named.file, caller.unit_id)


def _kept(request: Request, number: int, unit_id: int | None) -> ReadingsFile:
    with request.app.state.database.read() as session:
        upload, file = kept.opened(session, number, unit_id=unit_id, reader=READER)
    return ReadingsFile(sheets.from_file(upload.content), kept=file)


@pages_router.get("/indicators/readings/import")
def new_readings_import(caller: CanEnter, render: Render) -> Response:
    """Ask for a file of readings."""
    return render.page("indicators/import.html", data={"columns": files.COLUMNS})


@router.post(
    "/indicators/readings/import", operation_id="import_readings", response_model=ReadingsImport,
    openapi_extra={"requestBody": one_of_bodies(KeptReadings)},
    responses=problems(401, 403, 413, 415, 422, 503),
)  # fmt: skip
@form("indicators/import.html", lambda *_: {"columns": files.COLUMNS})
def import_readings(
    caller: CanEnter, brought: Annotated[ReadingsFile, Depends(get_readings_file)], session: Writing, render: Render,
    now: Now,
    dry_run: Annotated[bool, Query(description="Say what is wrong, and store nothing but the file")] = False,
) -> Response:  # fmt: skip
    """Record the readings of a file (XLSX or CSV), all of them or none."""
    file = brought.kept
    if brought.upload is not None:
        file = kept.keep(session, caller, brought.upload, unit_id=caller.unit_id, reader=READER, now=now)
    assert file is not None
    data = files.bring(session, caller, brought.grids, file=file, dry_run=dry_run, now=now)
    if dry_run:
        return render(data, "indicators/imported.html")
    return render.saved(data, to="/indicators/readings?origin=file")


def _again(request: Request, session: Session) -> IndicatorDefinition:
    found = sets.definition_of(session, request.path_params["indicator"], day_of(now_of(request)))
    return sets.definition_out(found)


def _choices(request: Request, session: Session, *_: object) -> dict[str, Any]:
    return {
        "units": unit_choices(session, request.state.caller),
        "asked": dict.fromkeys(("period", "supersedes", "place", "as_of")),
    }


@router.post(
    "/indicators/{indicator}/readings", operation_id="create_reading", response_model=ReadingOut, status_code=201,
    responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("indicators/new_reading.html", _again, _choices)
def create_reading(
    caller: CanEnter, indicator: CodeInPath, session: Writing, render: Render, now: Now, body: ReadingIn
) -> Response:
    """Record a reading; one that stands for its period is named as superseded, and stays."""
    row = service.record(session, caller, indicator, body=body, now=now)
    to = saved_at(indicator, row.place, f"reading.{row.id}")
    return render.saved(service.show(session, row), to=to, created=True, location=f"/indicators/{indicator}")
