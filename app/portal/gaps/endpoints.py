"""The ledger of gaps at both doors: listed, explained, handed on, closed; its ages; the tolerance."""

from datetime import timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.coming import came_with
from app.core.db import Reading, Writing
from app.core.errors import NotFound
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import AsOf, Day, problems
from app.core.web import Render, form
from app.portal.comparison.rules import Measure, Span
from app.portal.comparison.schemas import MEASURE_WORDS
from app.portal.gaps import ageing, listing, recounting, service, tolerances
from app.portal.gaps.rules import GapOwner, GapState, GapSystem
from app.portal.gaps.schemas import (
    OWNER_WORDS,
    SPAN_WORDS,
    STATE_WORDS,
    SYSTEM_WORDS,
    AgeingBy,
    AgeingPage,
    AgeingRow,
    GapClosureIn,
    GapExplanationIn,
    GapOwnerIn,
    PortalGapItem,
    PortalGapOut,
    PortalGapPage,
    ToleranceIn,
    ToleranceOut,
    TolerancePage,
)
from app.throughput.endpoints import UnitQuery, units_to_choose
from app.throughput.summary.service import judge_period
from app.units.service import visible_unit

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])

CanSee = Annotated[Caller, allow("gaps:read")]
CanExplain = Annotated[Caller, allow("gaps:explain")]
CanKeep = Annotated[Caller, allow("portal:keep")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The gap's id")]
FILTERS = ("unit", "state", "span", "system", "measure", "owner", "from", "to")
REFUSALS = problems(401, 403, 404, 409, 412, 413, 415, 422, 428, 503)


def get_number(number: Number, request: Request) -> int:
    """Supply the number of a gap that the caller may see; another ward's is 404, whatever was sent."""
    if request.state.caller is None:
        raise NotFound
    with request.app.state.database.read() as session:
        listing.visible(session, request.state.caller, number)
    return number


TheNumber = Annotated[int, Depends(get_number)]


def _filters(request: Request) -> str:
    """Return the list's filters in an address, as a query: a gap's page keeps them for the way back."""
    return urlencode(_told(request))


def _told(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query_params.multi_items() if name in FILTERS]


def _told_before(request: Request) -> list[tuple[str, str]]:
    """Return the filters with which a form was sent: its own address has them, or the page on which it stood."""
    return _told(request) or came_with(request, FILTERS)


def _filters_before(request: Request, *_: object) -> dict[str, object]:
    return {"kept": urlencode(_told_before(request))}


def _page_of(request: Request, number: int) -> str:
    told = urlencode(_told_before(request))
    return f"/portal/gaps/{number}" + (f"?{told}" if told else "")


def _load(request: Request, session: Session) -> PortalGapOut:
    return listing.one(session, request.state.caller, int(request.path_params["number"]), request.state.now)


@router.get(
    "/gaps", operation_id="list_portal_gaps", response_model=PortalGapPage, responses=problems(401, 403, 404, 422)
)
def list_portal_gaps(
    request: Request, caller: CanSee, session: Reading, render: Render, now: Now, page: Paging, unit: UnitQuery = None,
    state: Annotated[GapState | None, Query(description=f"{STATE_WORDS}; default: those that stand")] = None,
    span: Annotated[Span | None, Query(description=SPAN_WORDS)] = None,
    system: Annotated[GapSystem | None, Query(description=SYSTEM_WORDS)] = None,
    measure: Annotated[Measure | None, Query(description=MEASURE_WORDS)] = None,
    owner: Annotated[GapOwner | None, Query(description=OWNER_WORDS)] = None,
    first: Annotated[Day | None, Query(alias="from", description="Their day or period ends on it or later")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Their day or period begins on it or earlier")] = None,
) -> Response:  # fmt: skip
    """List where our reports and other systems differ beyond the tolerance, the oldest first."""
    found = visible_unit(session, caller, unit) if unit else None
    wanted = listing.Wanted(found, state, span, system, measure, owner, first, last)
    find = partial(listing.listing, session, caller, wanted, now)
    return render(
        find(page), "portal/gaps.html", wanted=wanted, units=units_to_choose(session, caller, now),
        tolerance=tolerances.current(session), kept=_filters(request),
        table=lambda: tables.of_models("chenh-lech-so-lieu", render.every(find), PortalGapItem),
    )  # fmt: skip


@router.get(
    "/gaps/ageing", operation_id="get_portal_gap_ageing", response_model=AgeingPage,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_portal_gap_ageing(
    caller: CanSee, session: Reading, render: Render, now: Now, unit: UnitQuery = None,
    first: Annotated[Day | None, Query(alias="from", description="Default: 30 days before `to`")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Default: the day of the cut-off")] = None,
    group_by: Annotated[AgeingBy, Query(description="unit | month (in which gaps began)")] = AgeingBy.unit,
    as_of: Annotated[AsOf | None, Query(description="A moment, or a day: its end in Huế; default: now")] = None,
) -> Response:  # fmt: skip
    """Say how old standing gaps are, and which share was explained within three working days, by unit or month."""
    found = visible_unit(session, caller, unit) if unit else None
    until = now if as_of is None else min(as_of, now)
    end = last or day_of(until)
    begin = first or end - timedelta(days=30)
    judge_period(begin, end, None)
    data = ageing.report(session, caller, first=begin, last=end, unit=found, group_by=group_by, until=until)
    return render(
        data, "portal/ageing.html", unit=unit, units=units_to_choose(session, caller, now),
        table=lambda: tables.of_models("tuoi-chenh-lech", [*data.rows, data.total], AgeingRow),
    )  # fmt: skip


@router.get(
    "/gaps/tolerance", operation_id="get_portal_tolerance", response_model=TolerancePage,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def get_portal_tolerance(caller: CanSee, session: Reading, render: Render) -> Response:
    """Give what two systems may differ by, with its versions."""
    data = tolerances.page(session)
    return render(
        data, "portal/tolerance.html", version=data.version,
        table=lambda: tables.of_models("nguong-cho-phep", data.items, ToleranceOut),
    )  # fmt: skip


@router.put(
    "/gaps/tolerance", operation_id="put_portal_tolerance", response_model=TolerancePage, responses=REFUSALS,
)  # fmt: skip
@form("portal/tolerance.html", lambda _, session: tolerances.page(session))
def put_portal_tolerance(
    request: Request, caller: CanKeep, session: Writing, now: Now, render: Render, body: ToleranceIn
) -> Response:
    """Set what two systems may differ by; the whole ledger is judged anew by it, a large one while others write."""
    if tolerances.put(session, caller, values=body, if_match=request.headers.get("if-match"), now=now):
        recounting.begin(session, tolerances.current(session).version, now)
    data = tolerances.page(session)
    return render.saved(data, to="/portal/gaps/tolerance", version=data.version)


@router.get(
    "/gaps/{number}", operation_id="get_portal_gap", response_model=PortalGapOut, responses=problems(401, 403, 404, 422)
)
def get_portal_gap(
    request: Request, caller: CanSee, number: TheNumber, session: Reading, render: Render, now: Now
) -> Response:
    """Give a gap with its history."""
    data = listing.one(session, caller, number, now)
    return render(data, "portal/gap.html", version=data.version, kept=_filters(request))


@router.post(
    "/gaps/{number}/explanation", operation_id="explain_portal_gap", response_model=PortalGapOut, responses=REFUSALS
)
@form("portal/gap.html", _load, _filters_before)
def explain_portal_gap(
    request: Request, caller: CanExplain, number: TheNumber, session: Writing, now: Now, render: Render,
    body: GapExplanationIn,
) -> Response:  # fmt: skip
    """Give a gap its reason, and the same to other measures of its day or period (`also`, each with its version)."""
    if_match = request.headers.get("if-match")
    data = service.explain(session, caller, number, body=body, if_match=if_match, now=now)
    told = urlencode([*_told_before(request), ("explained", number)])
    return render.saved(data, to=f"/portal/gaps?{told}", version=data.version)


@router.put(
    "/gaps/{number}/owner", operation_id="put_portal_gap_owner", response_model=PortalGapOut, responses=REFUSALS
)
@form("portal/gap.html", _load, _filters_before)
def put_portal_gap_owner(
    request: Request, caller: CanKeep, number: TheNumber, session: Writing, now: Now, render: Render, body: GapOwnerIn
) -> Response:
    """Hand a gap on to another position."""
    data = service.assign(session, caller, number, body=body, if_match=request.headers.get("if-match"), now=now)
    return render.saved(data, to=_page_of(request, number), version=data.version)


@router.put(
    "/gaps/{number}/closure", operation_id="put_portal_gap_closure", response_model=PortalGapOut, responses=REFUSALS
)
@form("portal/gap.html", _load, _filters_before)
def put_portal_gap_closure(
    request: Request, caller: CanKeep, number: TheNumber, session: Writing, now: Now, render: Render, body: GapClosureIn
) -> Response:
    """End a gap that still stands, with outcome and reason; another difference opens it again."""
    data = service.close(session, caller, number, body=body, if_match=request.headers.get("if-match"), now=now)
    return render.saved(data, to=_page_of(request, number), version=data.version)
