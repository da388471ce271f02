"""The search at both doors."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core import tables
from app.core.access import SignedIn
from app.core.clock import Now
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.schemas import BLANK_IS_NONE, problems
from app.core.web import Render
from app.search import service
from app.search.schemas import SearchHit, SearchOut

router = APIRouter(route_class=DoorRoute, tags=["search"])


@router.get(
    "/search", operation_id="search_everything", response_model=SearchOut, responses=problems(401, 403, 406, 422)
)
def search(
    request: Request, caller: SignedIn, session: Reading, render: Render, now: Now,
    q: Annotated[
        str | None, Query(max_length=80, description="A code, or words in any order; diacritics aside"), BLANK_IS_NONE
    ] = None,
) -> Response:  # fmt: skip
    """Look for units, tasks, procedures, indicators and directives that the caller may read, the nearest first."""
    found = service.search(session, caller, q, now, request.state.locale)
    return render(
        found, "search/search.html", asked=q,
        table=lambda: tables.of_models("tim-kiem", [hit for group in found.groups for hit in group.items], SearchHit),
    )  # fmt: skip
