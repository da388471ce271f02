"""Citations at both doors, under their short address."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.clock import Now, day_of, now_of
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Page, Paging
from app.core.schemas import problems
from app.core.web import Render, form
from app.indicators.citations import listing, service
from app.indicators.citations.schemas import CitationIn, CitationItem, CitationOut, CitationPage
from app.indicators.overview import one
from app.indicators.overview.schemas import IndicatorOut
from app.indicators.pages import CanCite, CanRead, CodeInPath, CodeQuery, OwnerQuery, PlaceQuery, unit_choices
from app.indicators.place import Place, place_of
from app.indicators.rules import CITY
from app.units import service as units

router = APIRouter(route_class=DoorRoute, tags=["indicators"])


def _again(request: Request, session: Session) -> IndicatorOut:
    indicator = request.path_params["indicator"]
    return one.show(session, request.state.caller, indicator, place=Place(CITY), now=now_of(request))


@router.post(
    "/indicators/{indicator}/citations", operation_id="create_citation", response_model=CitationOut, status_code=201,
    responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("indicators/indicator.html", _again, lambda *_: {"units": []})
def create_citation(
    caller: CanCite, indicator: CodeInPath, session: Writing, render: Render, now: Now, body: CitationIn
) -> Response:
    """Give the figure that counts now an address that shows it for good; one that has an address keeps it (200)."""
    row, new = service.cite(session, caller, indicator, body=body, now=now)
    at = f"/c/{row.token}"
    return render.saved(service.show(session, caller, row, now), to=at, created=new, location=at)


@router.get(
    "/indicators/citations", operation_id="list_citations", response_model=CitationPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_citations(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging, indicator: CodeQuery = None,
    unit: PlaceQuery = None, owner: OwnerQuery = None,
    changed: Annotated[
        bool | None, Query(description="Only those of which today's figure is another, or only the others")
    ] = None,
) -> Response:  # fmt: skip
    """List citations, the newest first, each with what became of its figure."""
    asked = listing.Asked(
        indicator, place_of(session, caller, unit) if unit else None,
        units.named(session, owner, "?owner") if owner else None, changed,
    )  # fmt: skip

    def read(whole: Page) -> CitationPage:
        return listing.listing(session, caller, whole, asked, day_of(now))

    return render(
        read(page), "indicators/citations.html",
        table=lambda: tables.of_models("trich-dan", render.every(read), CitationItem),
        wanted={"indicator": indicator, "unit": unit, "owner": owner, "changed": changed},
        units=unit_choices(session, caller),
    )  # fmt: skip


@router.get(
    "/c/{token}", operation_id="get_citation", response_model=CitationOut, responses=problems(401, 403, 404, 422)
)
def get_citation(
    caller: CanRead, token: Annotated[str, Path(pattern="^[a-z2-7]{10}$", max_length=10)], session: Reading,
    render: Render, now: Now,
) -> Response:  # fmt: skip
    """Give a cited figure as it was, today's beside it, and why the two differ."""
    row = service.by_token(session, caller, token)
    shown = service.show(session, caller, row, now)
    return render(shown, "indicators/citation.html", base=render.request.base_url)
