"""The evidence of exchanges at both doors."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import Day, Line, problems
from app.core.web import Render
from app.portal.adapters.rules import Endpoint, Outcome, Purpose
from app.portal.exchanges import service
from app.portal.exchanges.schemas import (
    ENDPOINT_WORDS,
    OUTCOME_WORDS,
    PURPOSE_WORDS,
    ExchangeDetail,
    ExchangeOut,
    ExchangePage,
)

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])

CanRead = Annotated[Caller, allow("portal:read")]


@router.get(
    "/exchanges", operation_id="list_portal_exchanges", response_model=ExchangePage,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def list_portal_exchanges(
    caller: CanRead, session: Reading, render: Render, page: Paging,
    endpoint: Annotated[Endpoint | None, Query(description=ENDPOINT_WORDS)] = None,
    purpose: Annotated[Purpose | None, Query(description=PURPOSE_WORDS)] = None,
    outcome: Annotated[Outcome | None, Query(description=OUTCOME_WORDS)] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    q: Annotated[Line | None, Query(min_length=2, max_length=80, description="Part of a body or of its hash")] = None,
) -> Response:  # fmt: skip
    """List what was exchanged with other systems, the newest first."""
    wanted = service.Wanted(endpoint, purpose, outcome, first, last, q)
    find = partial(service.listing, session, wanted=wanted)
    return render(
        find(page), "portal/exchanges.html", wanted=wanted,
        table=lambda: tables.of_models("nhat-ky-trao-doi", render.every(find), ExchangeOut),
    )  # fmt: skip


@router.get(
    "/exchanges/{number}", operation_id="get_portal_exchange", response_model=ExchangeDetail,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_portal_exchange(
    caller: CanRead, number: Annotated[int, Path(ge=1, le=2**31 - 1)], session: Reading, render: Render
) -> Response:
    """Give one exchange with its masked bodies."""
    return render(service.one(session, number), "portal/exchange.html")
