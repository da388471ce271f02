"""Bringing a day's figures as a pasted block or a file, at both doors."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.core import bodies, files, sheets
from app.core.clock import Now
from app.core.db import Looking, Reading, Writing
from app.core.errors import Fault, Invalid
from app.core.files import Upload
from app.core.forms import DoorRoute
from app.core.schemas import Day, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput import intake, intake_import, intake_template, worksheet
from app.throughput.endpoints import CanRead, CanSend, TheMatch, TheUnit
from app.throughput.evidence import READER
from app.throughput.forms import Reference
from app.throughput.intake_schemas import ImportOut, KeptIn, PastedIn, Understood
from app.throughput.intake_template import TemplateOut
from app.units.models import Unit
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])
pages_router = APIRouter(prefix="/throughput")

_SYSTEM = {"system": {"type": "string", "enum": [s.value for s in System]}}
DryRun = Annotated[bool, Query(description="Say what storing would say, and store nothing but the file")]


@dataclass(frozen=True)
class Brought:
    """A table that came with a call, read; `upload` is the file it came in, `kept` the number of one kept before."""

    grids: list[sheets.Grid]
    system: System | None
    upload: Upload | None = None
    kept: int | None = None


async def get_brought(request: Request, caller: CanSend, unit: TheUnit) -> Brought:
    """Supply the file, or the pasted block, of a call: read before the session, after the caller and the unit."""
    if bodies.is_multipart(request):
        return await _uploaded(request)
    pasted = await bodies.read_model(request, PastedIn)
    return Brought([await run_in_threadpool(sheets.from_text, pasted.text)], pasted.system)


async def get_brought_file(request: Request, caller: CanSend, unit: TheUnit) -> Brought:
    """Supply the file of a call, or the one that was kept when it was read."""
    if bodies.is_multipart(request):
        return await _uploaded(request)
    named = await bodies.read_model(request, KeptIn)
    return await run_in_threadpool(_kept, request, unit, named)


async def _uploaded(request: Request) -> Brought:
    upload = await bodies.read_upload(request)
    system = upload.fields.get("system") or None
    if system is not None and system not in set(System):
        raise Invalid([Fault("/system", "not_a_choice", {"choices": ", ".join(System)})])
    grids = await run_in_threadpool(sheets.from_file, upload.content)
    return Brought(grids, System(system) if system else None, upload)


def _kept(request: Request, unit: Unit, named: KeptIn) -> Brought:
    with request.app.state.database.read() as session:
        upload = files.opened(session, named.file, unit_id=unit.id, reader=READER)
    return Brought(sheets.from_file(upload.content), named.system, kept=named.file)


def _understood(session: Session, caller: Any, unit: Unit, day: date, brought: Brought, now: Any) -> Understood:
    file = None
    if brought.upload is not None:
        file = files.keep(session, caller, brought.upload, unit_id=unit.id, reader=READER, now=now)
    elif brought.kept is not None:
        file = files.of_unit(session, [brought.kept], unit_id=unit.id, reader=READER)[brought.kept]
    reference = Reference.read(session)
    return intake.understand(session, reference, unit, day, brought.grids, system=brought.system, file=file)


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
    data = _understood(session, caller, unit, day, brought, now)
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
    understood = _understood(session, caller, unit, day, brought, now)
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
    return render.page("throughput/worksheet.html", data=data, typed=typed)
