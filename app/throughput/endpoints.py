"""Daily reports, obligations and summaries at both doors."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Reading, Writing
from app.core.errors import Fault, Invalid, NotFound, Problem
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import AsOf, Day, created, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput import definition, evidence, listing, reading, redrawn, service, tabular, worksheet
from app.throughput.approvals.rules import ReportStatus
from app.throughput.definition import FormIn, FormOut
from app.throughput.forms import Reference
from app.throughput.listing import ReportItem, ReportPage, RevisionsOut
from app.throughput.reopenings import listing as reopenings
from app.throughput.schemas import ReportIn, ReportOut, ReportsIn, ReportsOut
from app.throughput.shown import report_out
from app.throughput.untouched import NOTHING_TYPED, put_off, untouched
from app.throughput.worksheet import WorksheetOut
from app.units.models import Unit
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])

CanRead = Annotated[Caller, allow("reports:read")]
CanReadForm = Annotated[Caller, allow("catalogue:read")]
CanEditForm = Annotated[Caller, allow("catalogue:edit")]
CanSend = Annotated[Caller, allow("reports:send")]
CanSum = Annotated[Caller, allow("summary:read")]
UnitQuery = Annotated[str | None, Query(max_length=35, description="Code of a unit")]


def get_unit(unit: str, request: Request) -> Unit:
    """Supply the unit of the path as far as the caller may see it; another's is 404, whatever was sent.

    It is looked up before the writers' gate, in a reading of its own.
    """
    caller = request.state.caller
    if caller is None:
        raise NotFound
    with request.app.state.database.read() as session:
        return visible_unit(session, caller, unit)


async def get_own_unit(unit: str, request: Request) -> str:
    """Supply the code of a unit that the caller may see; its own is known with the caller, and costs no look."""
    if request.state.caller is None or request.state.caller.unit_code != unit:
        await run_in_threadpool(get_unit, unit, request)
    return unit


def units_to_choose(session: Session, caller: Caller, now: datetime) -> list[tuple[str, str]]:
    """Return the units for a filter's list, or none where there are too many to look through, or one only."""
    if caller.units is not None:
        return []
    units = Reference.read(session).communal(day_of(now))
    return units if len(units) <= 120 else []


async def get_match(request: Request) -> service.Match:
    """Supply the preconditions of a change."""
    return service.Match(request.headers.get("if-match"), request.headers.get("if-none-match"))


async def ask_about_untouched(request: Request) -> list[Fault]:
    """Refuse a form of whose system nothing was typed, so that it is asked: only a form looks filled in unseen.

    What was answered with "later" before is returned instead: left out, and asked about only if nothing else is new.
    """
    pairs, typed = dict(getattr(request.state, "pairs", [])), getattr(request.state, "form", {})
    found = untouched(typed, pairs.get("_fresh", "").split())
    later = put_off(found, typed, request.headers.get("if-match"), pairs.get("_later", "").split())
    if len(later) < len(found):
        raise Invalid(found)
    return later


TheUnit = Annotated[Unit, Depends(get_unit)]
TheUnitCode = Annotated[str, Depends(get_own_unit)]
TheMatch = Annotated[service.Match, Depends(get_match)]


def _load_worksheet(request: Request, session: Session) -> WorksheetOut:
    path = request.path_params
    unit = visible_unit(session, request.state.caller, path["unit"])
    return worksheet.worksheet(session, unit, date.fromisoformat(path["day"]), request.state.now)


def _redraw_worksheet(request: Request, session: Session, problem: Problem, sheet: WorksheetOut) -> dict[str, Any]:
    unit = visible_unit(session, request.state.caller, sheet.unit)
    typed = getattr(request.state, "typed", {})
    of_body = bool(typed and problem.faults and all(fault.pointer.startswith("/") for fault in problem.faults))
    if of_body or redrawn.is_clash(problem):
        # Judged before the version was: drawn again with the version of now, it would pass over what another sent.
        seen, typed = redrawn.meanwhile(session, unit, sheet, typed, request.headers.get("if-match"))
        brought = evidence.typed_in(session, unit.id, typed)
        if seen or not of_body:
            return {"clash": seen, "typed": typed, "brought": brought}
        found = redrawn.faults(session, unit, sheet.day, request.state.form, request.state.now)
        untyped = [fault for fault in problem.faults if fault.code == NOTHING_TYPED]
        return {"faults": found or untyped, "brought": brought}
    return {}


@router.get("/reports", operation_id="list_daily_reports", response_model=ReportPage, responses=problems(401, 403, 422))
def list_daily_reports(
    caller: CanRead,
    session: Reading,
    render: Render,
    now: Now,
    page: Paging,
    unit: UnitQuery = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    system: System | None = None,
    status: Annotated[ReportStatus | None, Query(description="How far what stands has come")] = None,
    updated_since: Annotated[AsOf | None, Query(description="Only reports changed since")] = None,
) -> Response:
    """List reports, newest day first."""
    wanted = visible_unit(session, caller, unit) if unit else None
    find = partial(
        listing.reports, session, caller,
        unit=wanted, first=first, last=last, system=system, status=status, updated_since=updated_since,
        now=now,
    )  # fmt: skip
    return render(
        find(page), "throughput/reports.html", units=units_to_choose(session, caller, now),
        unit=wanted, first=first, last=last, system=system, come=status,
        table=lambda: tables.of_models("bao-cao-ngay", render.every(find), ReportItem),
    )  # fmt: skip


@router.get(
    "/reports/{unit}/{day}/worksheet", operation_id="get_worksheet", response_model=WorksheetOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_worksheet(caller: CanRead, unit: TheUnit, day: Day, session: Reading, render: Render, now: Now) -> Response:
    """Give what an entry of a day needs, before a report exists."""
    return render(worksheet.worksheet(session, unit, day, now), "throughput/worksheet.html")


@router.get(
    "/reports/{unit}/{day}", operation_id="get_daily_reports", response_model=ReportsOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_daily_reports(caller: CanRead, unit: TheUnit, day: Day, session: Reading, render: Render, now: Now) -> Response:
    """Give both systems' reports of a day."""
    data = standing_reports(session, unit, day)
    reference = Reference.read(session)
    return render(
        data, "throughput/report.html", version=data.version, names=reference.by_code,
        states={s.value: reopenings.lock_state(session, unit, day, s, now) for s in System},
        table=lambda: tabular.of_reports([data.city, data.ministry], reference.memos),
    )  # fmt: skip


def standing_reports(session: Session, unit: Unit, day: date) -> ReportsOut:
    """Return both systems' reports of a day; raises NotFound when neither was sent."""
    data = service.both(session, Reference.read(session), unit, day)
    if data.city is None and data.ministry is None:
        raise NotFound
    return data


@router.put(
    "/reports/{unit}/{day}", operation_id="put_daily_reports", response_model=ReportsOut,
    responses=created(ReportsOut) | problems(401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)  # fmt: skip
@form("throughput/worksheet.html", _load_worksheet, _redraw_worksheet)
def put_daily_reports(
    caller: CanSend,
    unit: TheUnit,
    day: Day,
    later: Annotated[list[Fault], Depends(ask_about_untouched)],
    session: Writing,
    match: TheMatch,
    now: Now,
    body: ReportsIn,
    render: Render,
) -> Response:
    """Send both systems' reports of a day at once; an absent one is not sent."""
    body = body.model_copy(update={fault.pointer[1:]: None for fault in later})
    data, created = service.put_reports(session, caller, unit=unit, day=day, body=body, match=match, now=now)
    if later and data.version in (match.if_match or ""):
        raise Invalid(later)
    at = f"/throughput/reports/{unit.code}/{day}"
    return render.saved(data, to=f"{at}/receipt", created=created, version=data.version, location=at)


@router.get(
    "/reports/{unit}/{day}/{system}", operation_id="get_daily_report", response_model=ReportOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_daily_report(
    caller: CanRead, unit: TheUnit, day: Day, system: System, session: Reading, render: Render,
    as_of: Annotated[AsOf | None, Query(description="A moment, or a day: its end in Huế")] = None,
) -> Response:  # fmt: skip
    """Give one system's report of a day, as it stands or as it was known at a moment."""
    assert unit.id is not None
    stored = (
        reading.standing(session, unit.id, day, system)
        if as_of is None
        else reading.at_moment(session, unit.id, day, system, as_of)
    )
    if stored is None:
        raise NotFound
    reference = Reference.read(session)
    data = report_out(reference, unit, day, system, stored)
    version = data.version if as_of is None else None
    return render(
        data, "throughput/one.html", version=version, unit=unit, as_of=as_of, names=reference.by_code,
        table=lambda: tabular.of_reports([data], reference.memos),
    )  # fmt: skip


@router.put(
    "/reports/{unit}/{day}/{system}", operation_id="put_daily_report", response_model=ReportOut,
    responses=created(ReportOut) | problems(401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)  # fmt: skip
def put_daily_report(
    caller: CanSend, unit: TheUnitCode, day: Day, system: System, session: Writing, match: TheMatch, now: Now,
    body: ReportIn, render: Render,
) -> Response:  # fmt: skip
    """Send one system's report of a day; the same again is answered as before, a change wants If-Match."""
    reference = Reference.read(session)
    saved = service.put_report(
        session, caller, reference=reference, unit=reference.units[unit], day=day, system=system, body=body,
        match=match, now=now,
    )  # fmt: skip
    at = f"/throughput/reports/{unit}/{day}"
    return render.saved(
        saved.report, to=f"{at}/receipt", created=saved.created, version=saved.report.version,
        location=f"{at}/{system.value}",
    )  # fmt: skip


@router.get(
    "/reports/{unit}/{day}/{system}/revisions", operation_id="list_daily_report_revisions",
    response_model=RevisionsOut, responses=problems(401, 403, 404, 422),
)  # fmt: skip
def list_daily_report_revisions(
    caller: CanRead, unit: TheUnit, day: Day, system: System, session: Reading, render: Render
) -> Response:
    """List a report's revisions, newest first, each with what it changed."""
    data = listing.revisions(session, unit, day, system)
    names = Reference.read(session).by_code
    return render(data, "throughput/revisions.html", names=names, table=lambda: tabular.of_revisions(data))


@router.get("/forms/daily", operation_id="get_daily_form", response_model=FormOut, responses=problems(401, 403))
def get_daily_form(caller: CanReadForm, session: Reading, render: Render) -> Response:
    """Give the definition of the daily report: who owes it, to whom, until when, on what legal basis; its targets."""
    data = definition.show(session)
    return render(data, "throughput/definition.html", version=data.version)


def _load_daily_form(request: Request, session: Session) -> FormOut:
    return definition.show(session)


@router.put(
    "/forms/daily", operation_id="put_daily_form", response_model=FormOut,
    responses=problems(401, 403, 412, 413, 415, 422, 428),
)  # fmt: skip
@form("throughput/definition.html", _load_daily_form)
def put_daily_form(
    caller: CanEditForm, session: Writing, match: TheMatch, now: Now, body: FormIn, render: Render
) -> Response:
    """Replace the definition of the daily report; what is not due yet follows, what is due stays; wants If-Match."""
    data = definition.change(session, caller, values=body, if_match=match.if_match, now=now)
    return render.saved(data, to="/throughput/forms/daily", version=data.version)
