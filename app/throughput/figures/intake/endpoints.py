"""Bringing another system's figures of many unit-days as a file, at both doors."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.core import bodies, files, sheets, tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Reading, Writing
from app.core.errors import Fault, Invalid
from app.core.files import FileOut, Upload
from app.core.forms import DoorRoute
from app.core.paging import Page, Paging
from app.core.schemas import Day, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput.endpoints import UnitQuery
from app.throughput.evidence import READER
from app.throughput.figures.intake import service, template, withdrawing
from app.throughput.figures.intake.rules import Found
from app.throughput.figures.intake.schemas import (
    BroughtOut,
    BroughtPage,
    FiguresFileIn,
    FiguresImportOut,
    FiguresTemplateOut,
    WithdrawalIn,
)
from app.throughput.figures.schemas import ConfirmationStatus
from app.throughput.questions import FITTING
from app.throughput.rules import ReasonCode, WarningCode
from app.units.service import visible_unit

CanImport = Annotated[Caller, allow("figures:import")]

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])


@dataclass(frozen=True)
class Brought:
    """A file of unit-days and what is said of it: one that is brought now, or one that was kept before."""

    said: FiguresFileIn
    sheet: Found
    upload: Upload | None = None
    kept: FileOut | None = None


async def get_brought(request: Request, caller: CanImport) -> Brought:
    """Supply the file of a call, or the one that was kept when it was tried: read before the session."""
    if bodies.is_multipart(request):
        said, upload = await bodies.read_form(request, FiguresFileIn)
        if upload is None:
            raise Invalid([Fault("/file", "required")])
        return await run_in_threadpool(
            lambda: Brought(said, service.sheet_of(sheets.from_file(upload.content)), upload)
        )
    said = await bodies.read_model(request, FiguresFileIn)
    if said.file is None:
        raise Invalid([Fault("/file", "required")])
    return await run_in_threadpool(_kept, request, said, said.file, caller.unit_id)


def _kept(request: Request, said: FiguresFileIn, number: int, unit_id: int | None) -> Brought:
    with request.app.state.database.read() as session:
        upload, kept = files.opened(session, number, unit_id=unit_id, reader=READER)
    return Brought(said, service.sheet_of(sheets.from_file(upload.content)), kept=kept)


def _template_again(request: Request, session: Session) -> FiguresTemplateOut:
    return template.columns(template.usual_day(session, request.state.caller, day_of(request.state.now)))


@router.get(
    "/figures/template", operation_id="get_figures_template", response_model=FiguresTemplateOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_figures_template(
    caller: CanImport, session: Reading, render: Render, now: Now, unit: UnitQuery = None,
    day: Annotated[Day | None, Query(description="Of its rows; default: today, or the last working day")] = None,
    system: System | None = None,
) -> Response:  # fmt: skip
    """Give the columns of a file of unit-days; as `.xlsx` or `.csv` with a row for each unit, system and field."""
    data = template.columns(day or template.usual_day(session, caller, day_of(now)))
    of_unit = visible_unit(session, caller, unit) if unit else None
    return render(
        data, "throughput/figures_template.html",
        table=lambda: template.as_table(session, caller, data.day, of_unit, system),
    )  # fmt: skip


@router.post(
    "/figures/import", operation_id="import_figures", response_model=FiguresImportOut,
    openapi_extra={
        "requestBody": bodies.one_of_bodies(
            FiguresFileIn, source={"type": "string", "maxLength": 60},
            basis={"type": "string", "enum": ["daily", "cumulative"]}, since={"type": "string", "format": "date"},
            reason={"type": "string", "enum": [reason.value for reason in ReasonCode]},
            note={"type": "string", "maxLength": 1000},
        )
    },
    responses=problems(401, 403, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("throughput/figures_template.html", _template_again)
def import_figures(
    caller: CanImport, brought: Annotated[Brought, Depends(get_brought)], session: Writing, now: Now,
    render: Render,
    dry_run: Annotated[bool, Query(description="Say what storing would say, and store nothing but the file")] = False,
) -> Response:  # fmt: skip
    """Take another system's figures of many unit-days from a file, all of it or nothing; the file is kept."""
    file = brought.kept
    if brought.upload is not None:
        file = files.keep(session, caller, brought.upload, unit_id=caller.unit_id, reader=READER, now=now)
    assert file is not None
    data = service.bring(session, caller, brought.sheet, said=brought.said, file=file, now=now, dry_run=dry_run)
    if dry_run:
        return render(data, "throughput/figures_imported.html", reasons=FITTING[WarningCode.correction])
    first, last = min(one.day for one in data.days), max(one.day for one in data.days)
    at = f"/throughput/figures?from={first}&to={last}&source={quote(data.source)}"
    return render.saved(data, to=f"{at}&imported={data.accepted}{_became(data)}")


@router.get(
    "/figures/imports",
    operation_id="list_figure_imports",
    response_model=BroughtPage,
    responses=problems(401, 403, 422),
)
def list_figure_imports(caller: CanImport, session: Reading, render: Render, page: Paging) -> Response:
    """List the files of unit-days that were stored, with what is left of each."""
    data = withdrawing.listing(session, caller, page)
    find = partial(withdrawing.listing, session, caller)
    return render(
        data, "throughput/figures_imports.html",
        table=lambda: tables.of_models("tep-so-lieu", render.every(find), BroughtOut),
    )  # fmt: skip


def _imports_again(request: Request, session: Session) -> BroughtPage:
    """Return the newest files; where the one that was not withdrawn lies further back, those from it on."""
    data = withdrawing.listing(session, request.state.caller, Page(50, None))
    refused = int(request.path_params["number"])
    if data.next is None or refused >= data.items[-1].id:
        return data
    return withdrawing.listing(session, request.state.caller, Page(50, [refused + 1]))


@router.post(
    "/figures/imports/{number}/withdrawal", operation_id="withdraw_figure_import", response_model=BroughtOut,
    responses=problems(401, 403, 404, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("throughput/figures_imports.html", _imports_again)
def withdraw_figure_import(
    caller: CanImport, number: Annotated[int, Path(ge=1, le=2**31 - 1)], session: Writing, render: Render, now: Now,
    body: WithdrawalIn,
) -> Response:  # fmt: skip
    """Take a file back: what it said ends, what stood before stands again; of one that goes `whole` reports follow.

    Of a file of days, what became a report stays. One of totals, or in their place (`whole`), goes with all its days
    and the reports that were made of it are corrected; else it stays and `errors` name the days in the way.
    """
    data = withdrawing.withdraw(session, caller, number, body=body, now=now)
    return render.saved(data, to=f"/throughput/figures/imports?withdrawn={number}")


def _became(data: FiguresImportOut) -> str:
    """Return for the address of the list how many reports a file made, and how many it did not and why."""
    tried = [one.confirmation for one in data.results if one.confirmation is not None]
    made = sum(one.status is ConfirmationStatus.confirmed for one in tried)
    kept = Counter(one.code for one in tried if one.status is ConfirmationStatus.refused)
    parts = [f"confirmed={made}"] if made else []
    return "".join(f"&{part}" for part in parts + [f"kept={code}.{n}" for code, n in sorted(kept.items()) if code])
