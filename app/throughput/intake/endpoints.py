"""Bringing a day's figures as a pasted block or a file, at both doors."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.core import bodies, files, sheets
from app.core.access import Caller
from app.core.clock import Now
from app.core.db import Looking, Reading, Writing
from app.core.errors import Fault, Invalid
from app.core.files import FileOut, Upload
from app.core.forms import DoorRoute
from app.core.grids import Grid
from app.core.schemas import Day, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput import evidence, worksheet
from app.throughput.endpoints import CanRead, CanSend, TheMatch, TheUnit
from app.throughput.evidence import READER
from app.throughput.forms import Reference
from app.throughput.intake import service as intake
from app.throughput.intake import storing as intake_import
from app.throughput.intake import template as intake_template
from app.throughput.intake.schemas import ImportOut, KeptIn, PastedIn, Understood
from app.throughput.intake.template import TemplateOut
from app.units.models import Unit
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])
pages_router = APIRouter(prefix="/throughput")

_SYSTEM = {"system": {"type": "string", "enum": [s.value for s in System]}}
DryRun = Annotated[bool, Query(description="Say what storing would say, and store nothing but the file")]


@dataclass(frozen=True)
class Brought:
    """A table that came with a call, understood; `upload` is the file it came in, `kept` one that was kept before."""

    understood: Understood
    upload: Upload | None = None
    kept: FileOut | None = None


async def get_brought(request: Request, caller: CanSend, unit: TheUnit, day: Day) -> Brought:
    """Supply what a call brings, understood before its session: nobody waits while a file is read."""
    if bodies.is_multipart(request):
        return await _uploaded(request, unit, day)
    pasted = await bodies.read_model(request, PastedIn)
    return await run_in_threadpool(
        lambda: Brought(_understood(request, unit, day, [sheets.from_text(pasted.text)], pasted.system))
    )


async def get_brought_file(request: Request, caller: CanSend, unit: TheUnit, day: Day) -> Brought:
    """Supply the file of a call, or the one that was kept when it was read."""
    if bodies.is_multipart(request):
        return await _uploaded(request, unit, day)
    named = await bodies.read_model(request, KeptIn)
    return await run_in_threadpool(_kept, request, unit, day, named)


async def _uploaded(request: Request, unit: Unit, day: date) -> Brought:
    upload = await bodies.read_upload(request)
    said = upload.fields.get("system") or None
    if said is not None and said not in set(System):
        raise Invalid([Fault("/system", "not_a_choice", {"choices": ", ".join(System)})])
    system = System(said) if said else None
    return await run_in_threadpool(
        lambda: Brought(_understood(request, unit, day, sheets.from_file(upload.content), system), upload)
    )


def _kept(request: Request, unit: Unit, day: date, named: KeptIn) -> Brought:
    with request.app.state.database.read() as session:
        upload, kept = files.opened(session, named.file, unit_id=unit.id, reader=READER)
    grids = sheets.from_file(upload.content)
    return Brought(_understood(request, unit, day, grids, named.system), kept=kept)


def _understood(request: Request, unit: Unit, day: date, grids: list[Grid], system: System | None) -> Understood:
    with request.app.state.database.read() as session:
        return intake.understand(session, Reference.read(session), unit, day, grids, system=system)


def _with_file(session: Session, caller: Caller, unit: Unit, brought: Brought, now: datetime) -> Understood:
    file = brought.kept
    if brought.upload is not None:
        file = files.keep(session, caller, brought.upload, unit_id=unit.id, reader=READER, now=now)
    return brought.understood.model_copy(update={"file": file})


def _template_again(request: Request, session: Session) -> TemplateOut:
    path = request.path_params
    unit = visible_unit(session, request.state.caller, path["unit"])
    return intake_template.template(session, unit, date.fromisoformat(path["day"]), request.state.now)


@router.get(
    "/reports/{unit}/{day}/template", operation_id="get_report_template", response_model=TemplateOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_report_template(
    caller: CanRead, unit: TheUnit, day: Day, session: Reading, render: Render, now: Now
) -> Response:
    """Give the template of a day, to be filled in and brought back: `.xlsx` or `.csv` for the file."""
    data = intake_template.template(session, unit, day, now)
    return render(data, "throughput/template.html", table=lambda: intake_template.as_table(data))


@router.post(
    "/reports/{unit}/{day}/reading", operation_id="read_report_table", response_model=Understood,
    openapi_extra={"requestBody": bodies.one_of_bodies(PastedIn, **_SYSTEM)},
    responses=problems(401, 403, 404, 413, 415, 422, 503),
)  # fmt: skip
@form("throughput/template.html", _template_again)
def read_report_table(
    caller: CanSend, unit: TheUnit, day: Day, brought: Annotated[Brought, Depends(get_brought)], session: Writing,
    now: Now, render: Render,
) -> Response:  # fmt: skip
    """Say how a pasted block or a file is understood; no figure is stored, the file is kept as evidence."""
    data = _with_file(session, caller, unit, brought, now)
    return render(data, "throughput/understood.html", names=Reference.read(session).by_code)


@router.post(
    "/reports/{unit}/{day}/import", operation_id="import_report_file", response_model=ImportOut,
    openapi_extra={"requestBody": bodies.one_of_bodies(KeptIn, **_SYSTEM)},
    responses=problems(401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)  # fmt: skip
@form("throughput/template.html", _template_again)
def import_report_file(
    caller: CanSend, unit: TheUnit, day: Day, brought: Annotated[Brought, Depends(get_brought_file)],
    session: Writing, match: TheMatch, now: Now, render: Render, dry_run: DryRun = False,
) -> Response:  # fmt: skip
    """Store a file as the day's reports, all of it or nothing; the file is kept as evidence."""
    understood = _with_file(session, caller, unit, brought, now)
    if dry_run:
        data = intake_import.rehearse(session, unit=unit, day=day, understood=understood, now=now)
        return render(data, "throughput/imported.html", names=Reference.read(session).by_code)
    data, created = intake_import.store(
        session, caller, unit=unit, day=day, understood=understood, match=match, now=now
    )  # fmt: skip
    at = f"/throughput/reports/{unit.code}/{day}"
    assert data.report is not None
    return render.saved(data, to=f"{at}/receipt", created=created, version=data.report.version, location=at)


@pages_router.post("/reports/{unit}/{day}/fill")
def fill_worksheet(
    request: Request, caller: CanSend, unit: TheUnit, day: Day, session: Looking, now: Now, render: Render
) -> Response:
    """Draw the day's form with what was understood as if it had been typed."""
    data = worksheet.worksheet(session, unit, day, now)
    typed = intake_template.filled(data, request.scope["state"].get("typed", {}))
    brought = evidence.typed_in(session, unit.id, typed)
    return render.page("throughput/worksheet.html", data=data, typed=typed, brought=brought)
