"""Citations at both doors, under their short address."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from app.core.clock import Now, now_of
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.indicators.citations import service
from app.indicators.citations.schemas import CitationIn, CitationOut
from app.indicators.overview import one
from app.indicators.overview.schemas import IndicatorOut
from app.indicators.pages import CanCite, CanRead, CodeInPath
from app.indicators.place import Place
from app.indicators.rules import CITY

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
    "/c/{token}", operation_id="get_citation", response_model=CitationOut, responses=problems(401, 403, 404, 422)
)
def get_citation(
    caller: CanRead, token: Annotated[str, Path(pattern="^[a-z2-7]{10}$", max_length=10)], session: Reading,
    render: Render, now: Now,
) -> Response:  # fmt: skip
    """Give a cited figure as it was, today's beside it, and why the two differ."""
    row = service.by_token(session, caller, token)
    return render(service.show(session, caller, row, now), "indicators/citation.html")
