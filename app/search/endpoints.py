"""The search at both doors."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core import tables
from app.core.access import SignedIn
from app.core.clock import Now
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.schemas import BLANK_IS_NONE, problems
from app.core.tables import Table
from app.core.web import Render
from app.search import service
from app.search.schemas import SearchHit, SearchOut

router = APIRouter(route_class=DoorRoute, tags=["search"])

ASKED = "A code, or words in any order, of a unit as they follow one another; diacritics aside"


@router.get(
    "/search", operation_id="search_everything", response_model=SearchOut, responses=problems(401, 403, 406, 422)
)
def search(
    request: Request, caller: SignedIn, session: Reading, render: Render, now: Now,
    q: Annotated[str | None, Query(max_length=80, description=ASKED), BLANK_IS_NONE] = None,
) -> Response:  # fmt: skip
    """Look for units, tasks, procedures, indicators and directives that the caller may read, the nearest first."""
    found = service.search(session, caller, q, now, request.state.locale)
    return render(found, "search/search.html", asked=q, table=lambda: _as_table(found))


def _as_table(found: SearchOut) -> Table:
    """Return a row a find, with whether its group has further ones, and where."""
    hits = tables.of_models("tim-kiem", [hit for group in found.groups for hit in group.items], SearchHit)
    groups = [group for group in found.groups for _ in group.items]
    rows = [[*row, group.more, group.see_all] for row, group in zip(hits.rows, groups, strict=True)]
    return Table(hits.name, [*hits.columns, "more", "see_all"], rows)
