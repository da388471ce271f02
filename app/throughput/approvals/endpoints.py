"""Approvals at both doors: the list of what is to be approved, one report, many at once."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import Day, problems
from app.core.web import Render, form
from app.procedures.rules import System
from app.throughput.approvals import listing, service
from app.throughput.approvals.rules import Stage
from app.throughput.approvals.schemas import (
    ApprovalIn,
    ApprovalItem,
    ApprovalPage,
    ApprovalsOut,
    ApprovedMany,
    ApproveManyIn,
    ReturnIn,
)
from app.throughput.approvals.service import Terms
from app.throughput.endpoints import CanRead, TheUnit, UnitQuery, units_to_choose
from app.throughput.forms import Reference
from app.throughput.reopenings import listing as reopenings
from app.units.models import Unit
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])
StageQuery = Annotated[Stage | None, Query(description="Whose view; default: the ward's for who sees one unit")]


def terms_of(request: Request) -> Terms:
    """Supply what the installation asks of approvals."""
    settings = request.app.state.settings
    return Terms(by_another=settings.approval_by_another, ward_first=settings.approval_ward_first)


TheTerms = Annotated[Terms, Depends(terms_of)]


def _review_again(request: Request, session: Session) -> ApprovalsOut:
    path, caller = request.path_params, request.state.caller
    return _review(
        session, caller, visible_unit(session, caller, path["unit"]), date.fromisoformat(path["day"]),
        System(path["system"]), Stage(path["stage"]), terms_of(request),
    )  # fmt: skip


def _review(
    session: Session, caller: Caller, unit: Unit, day: date, system: System, stage: Stage | None, terms: Terms
) -> ApprovalsOut:
    stage = stage or service.stage_of(caller)
    return listing.review(session, caller, unit=unit, day=day, system=system, stage=stage, terms=terms)


@router.get(
    "/approvals", operation_id="list_approvals", response_model=ApprovalPage, responses=problems(401, 403, 404, 422)
)
def list_approvals(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging, terms: TheTerms,
    day: Annotated[
        Day | None,
        Query(description="Default: the last with reports; for who sees one unit, whatever waits of the last 14 days"),
    ] = None,
    stage: StageQuery = None,
    unit: UnitQuery = None,
    waits: Annotated[bool | None, Query(description="Only what waits for the stage's word, or only the rest")] = None,
) -> Response:  # fmt: skip
    """List the reports that a stage approves, what is unusual first."""
    day = listing.last_day(session, now) if day is None and caller.units is None else day
    find = partial(
        listing.listing, session, caller, stage=stage or service.stage_of(caller), day=day, now=now, terms=terms,
        unit=visible_unit(session, caller, unit) if unit else None, waits=waits,
    )  # fmt: skip
    return render(
        find(page), "throughput/approvals.html", units=units_to_choose(session, caller, now), unit=unit, waits=waits,
        table=lambda: tables.of_models("duyet-bao-cao", render.every(find), ApprovalItem),
    )  # fmt: skip


@router.post(
    "/approvals", operation_id="approve_daily_reports", response_model=ApprovedMany,
    responses=problems(401, 403, 413, 415, 422, 503),
)  # fmt: skip
def approve_daily_reports(
    caller: CanRead, session: Writing, render: Render, now: Now, terms: TheTerms, body: ApproveManyIn
) -> Response:
    """Approve many reports at one stage, each for itself: one that is refused stops no other."""
    data = service.approve_many(session, caller, stage=body.stage, items=body.items, terms=terms, now=now)
    return render(data, "throughput/approved.html")


@router.get(
    "/reports/{unit}/{day}/{system}/approvals", operation_id="get_approvals", response_model=ApprovalsOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_approvals(
    caller: CanRead, unit: TheUnit, day: Day, system: System, session: Reading, render: Render, terms: TheTerms,
    now: Now, stage: StageQuery = None,
) -> Response:  # fmt: skip
    """Give a report as its reviewer sees it: what changed since the stage's last approval, and all that was said."""
    data = _review(session, caller, unit, day, system, stage, terms)
    return render(
        data, "throughput/review.html", names=Reference.read(session).by_code,
        reopenings=reopenings.of_day(session, unit, day, system, now),
        following=partial(listing.following, session, caller, stage=data.stage, day=day, now=now, terms=terms),
    )  # fmt: skip


def _shown_again(request: Request, session: Session, *_: object) -> dict[str, object]:
    return {"names": Reference.read(session).by_code, "reopenings": [], "following": None}


@router.put(
    "/reports/{unit}/{day}/{system}/approvals/{stage}", operation_id="put_approval", response_model=ApprovalsOut,
    responses=problems(401, 403, 404, 409, 412, 413, 415, 422, 503),
)  # fmt: skip
@form("throughput/review.html", _review_again, _shown_again)
def put_approval(
    caller: CanRead, unit: TheUnit, day: Day, system: System, stage: Stage, session: Writing, render: Render,
    now: Now, terms: TheTerms, body: ApprovalIn,
) -> Response:  # fmt: skip
    """Approve the revision that was looked at; 412 with the report as it stands when there is a newer one."""
    service.approve(
        session, caller, unit=unit, day=day, system=system, stage=stage, version=body.version, terms=terms, now=now
    )
    data = _review(session, caller, unit, day, system, stage, terms)
    return render.saved(data, to=_at(unit, day, system))


@router.post(
    "/reports/{unit}/{day}/{system}/approvals/{stage}/return", operation_id="return_daily_report",
    response_model=ApprovalsOut, responses=problems(401, 403, 404, 409, 412, 413, 415, 422, 503),
)  # fmt: skip
@form("throughput/review.html", _review_again, _shown_again)
def return_daily_report(
    caller: CanRead, unit: TheUnit, day: Day, system: System, stage: Stage, session: Writing, render: Render,
    now: Now, terms: TheTerms, body: ReturnIn,
) -> Response:  # fmt: skip
    """Return a report to the ward with a reason; it stands until a new revision comes."""
    service.give_back(
        session, caller, unit=unit, day=day, system=system, stage=stage, reason=body.reason, version=body.version,
        now=now,
    )  # fmt: skip
    data = _review(session, caller, unit, day, system, stage, terms)
    return render.saved(data, to=_at(unit, day, system))


@router.post(
    "/reports/{unit}/{day}/{system}/approvals/{stage}/withdrawal", operation_id="withdraw_approval",
    response_model=ApprovalsOut, responses=problems(401, 403, 404, 409, 412, 413, 415, 422, 503),
)  # fmt: skip
@form("throughput/review.html", _review_again, _shown_again)
def withdraw_approval(
    caller: CanRead, unit: TheUnit, day: Day, system: System, stage: Stage, session: Writing, render: Render,
    now: Now, terms: TheTerms, body: ReturnIn,
) -> Response:  # fmt: skip
    """Take back what a stage said of what stands, with a reason."""
    service.withdraw(
        session, caller, unit=unit, day=day, system=system, stage=stage, reason=body.reason, version=body.version,
        now=now,
    )  # fmt: skip
    data = _review(session, caller, unit, day, system, stage, terms)
    return render.saved(data, to=_at(unit, day, system))


def _at(unit: Unit, day: date, system: System) -> str:
    return f"/throughput/reports/{unit.code}/{day}/{system.value}/approvals"
