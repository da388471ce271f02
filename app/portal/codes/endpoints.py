"""What the portal publishes, at both doors."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from app.core import audit, tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Looking, Reading
from app.core.forms import DoorRoute
from app.core.paging import Page, Paging
from app.core.schemas import problems
from app.core.web import Render, form
from app.portal.codes import pulling, service
from app.portal.codes.rules import CodeOf, Match
from app.portal.codes.schemas import (
    KIND_WORDS,
    MATCH_WORDS,
    PortalCodeOut,
    PortalCodePage,
    PortalMonthOut,
    PortalMonthPage,
    PulledOut,
)
from app.throughput.endpoints import UnitQuery
from app.units.service import visible_unit

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])

CanRead = Annotated[Caller, allow("portal:read")]
MONTH = r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$"


def _again(request: Request, session: Session) -> PortalCodePage:
    return service.listing(session, Page(request.app.state.settings.page_size, None), kind=None, match=None)


@router.get(
    "/codes", operation_id="list_portal_codes", response_model=PortalCodePage, responses=problems(401, 403, 406, 422)
)  # fmt: skip
def list_portal_codes(
    caller: CanRead, session: Reading, render: Render, page: Paging,
    kind: Annotated[CodeOf | None, Query(description=KIND_WORDS)] = None,
    match: Annotated[Match | None, Query(description=MATCH_WORDS)] = None,
) -> Response:  # fmt: skip
    """List the portal's codes with ours; those that are not mapped are the analyst's to-do list."""
    find = partial(service.listing, session, kind=kind, match=match)
    return render(
        find(page), "portal/codes.html", wanted={"kind": kind, "match": match}, source=service.SOURCE,
        table=lambda: tables.of_models("ma-cua-cong", render.every(find), PortalCodeOut),
    )  # fmt: skip


@router.post(
    "/codes/pull", operation_id="pull_from_portal", response_model=PulledOut,
    responses=problems(401, 403, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("portal/codes.html", _again, lambda *_: {"wanted": {"kind": None, "match": None}, "source": service.SOURCE})
def pull_from_portal(
    caller: Annotated[Caller, allow("portal:keep")], session: Looking, render: Render, request: Request
) -> Response:
    """Ask the portal for its lists, figures and scores now, each once; what fails leaves what stood."""
    state = request.app.state
    pulled = pulling.pull(
        state.database, state.settings, state.clock, by=audit.Context.of(request), tries=1, seconds=pulling.BY_HAND
    )
    changes = sum(one.added + one.changed + one.gone for one in pulled.lists)
    told = f"{changes}.{pulled.months or 0}.{pulled.scores or 0}.{len(pulled.failed)}"
    return render.saved(pulled, to=f"/portal/codes?pulled={told}")


@router.get(
    "/months", operation_id="list_portal_months", response_model=PortalMonthPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_portal_months(
    caller: CanRead, session: Reading, render: Render, now: Now, unit: UnitQuery = None,
    month: Annotated[str | None, Query(pattern=MONTH, description="Default: this month")] = None,
) -> Response:  # fmt: skip
    """List what the portal publishes of a month, by unit, with its latest score by QĐ 766."""
    first = day_of(now).replace(day=1) if month is None else date.fromisoformat(f"{month}-01")
    data = service.month(session, first, visible_unit(session, caller, unit) if unit else None)
    return render(
        data, "portal/months.html", unit=unit,
        table=lambda: tables.of_models(f"so-lieu-cua-cong-{data.month}", data.items, PortalMonthOut),
    )  # fmt: skip
