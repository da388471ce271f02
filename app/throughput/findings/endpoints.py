"""Findings at both doors: listed, explained, asked for again."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.errors import NotFound
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import Day, problems
from app.core.web import Render, form
from app.throughput.endpoints import UnitQuery, units_to_choose
from app.throughput.findings import service
from app.throughput.findings.models import (
    ExplanationIn,
    FindingItem,
    FindingOut,
    FindingPage,
    FindingReopeningIn,
)
from app.throughput.findings.rules import FindingKind, FindingOwner, FindingState
from app.throughput.forms import Reference
from app.units.service import visible_unit

router = APIRouter(prefix="/throughput", route_class=DoorRoute, tags=["throughput"])

CanSee = Annotated[Caller, allow("findings:read")]
CanExplain = Annotated[Caller, allow("findings:explain")]
CanReopen = Annotated[Caller, allow("findings:reopen")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The finding's id")]


def get_number(number: Number, request: Request) -> int:
    """Supply the number of a finding that the caller may see; another ward's is 404, whatever was sent."""
    if request.state.caller is None:
        raise NotFound
    with request.app.state.database.read() as session:
        service.exists(session, request.state.caller, number)
    return number


TheNumber = Annotated[int, Depends(get_number)]


def _load(request: Request, session: Session) -> FindingOut:
    return service.one(session, request.state.caller, int(request.path_params["number"]), request.state.now)


def _names(request: Request, session: Session, *_: object) -> dict[str, object]:
    return {"names": Reference.read(session).by_code}


@router.get(
    "/findings", operation_id="list_findings", response_model=FindingPage, responses=problems(401, 403, 404, 422)
)
def list_findings(
    caller: CanSee, session: Reading, render: Render, now: Now, page: Paging,
    unit: UnitQuery = None,
    kind: Annotated[FindingKind | None, Query(description="What is odd")] = None,
    state: Annotated[FindingState | None, Query(description="Where it stands")] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    owner: Annotated[FindingOwner | None, Query(description="Who is to explain it")] = None,
) -> Response:  # fmt: skip
    """List what is to be explained about reports, and what became of it; open ones first, by due day."""
    wanted = service.Wanted(visible_unit(session, caller, unit) if unit else None, kind, state, owner, first, last)
    find = partial(service.listing, session, caller, wanted, now)
    reference = Reference.read(session)
    return render(
        find(page), "throughput/findings.html", wanted=wanted, names=reference.by_code, fitting=service.FITTING,
        units=units_to_choose(session, caller, now),
        table=lambda: tables.of_models("noi-dung-can-giai-trinh", render.every(find), FindingItem),
    )  # fmt: skip


@router.get(
    "/findings/{number}", operation_id="get_finding", response_model=FindingOut, responses=problems(401, 403, 404, 422)
)
def get_finding(caller: CanSee, number: TheNumber, session: Reading, render: Render, now: Now) -> Response:
    """Give one finding: its figures, the normal range, who is to explain it until when, and its history."""
    data = service.one(session, caller, number, now)
    return render(data, "throughput/finding.html", names=Reference.read(session).by_code)


@router.post(
    "/findings/{number}/explanation", operation_id="explain_finding", response_model=FindingOut,
    responses=problems(401, 403, 404, 409, 415, 422),
)  # fmt: skip
@form("throughput/finding.html", _load, _names)
def explain_finding(
    caller: CanExplain, number: TheNumber, session: Writing, now: Now, body: ExplanationIn, render: Render
) -> Response:
    """Explain a finding; the reason goes into its report, whose figures stay as they are, locked or not."""
    data = service.explain(session, caller, number=number, body=body, now=now)
    return render.saved(data, to=f"/throughput/findings?explained={number}")


@router.post(
    "/findings/{number}/reopening", operation_id="reopen_finding", response_model=FindingOut,
    responses=problems(401, 403, 404, 409, 415, 422),
)  # fmt: skip
@form("throughput/finding.html", _load, _names)
def reopen_finding(
    caller: CanReopen, number: TheNumber, session: Writing, now: Now, body: FindingReopeningIn, render: Render
) -> Response:
    """Ask for an explanation again, with the reason."""
    data = service.reopen(session, caller, number=number, body=body, now=now)
    return render.saved(data, to=f"/throughput/findings/{number}")
