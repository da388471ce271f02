"""The state of the connections at both doors."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from app.core import audit, tables
from app.core.access import Caller, allow
from app.core.clock import Now, now_of
from app.core.db import Looking, Reading
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.portal.adapters.rules import Endpoint
from app.portal.health import service
from app.portal.health.schemas import ConnectionOut, HealthOut

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])


def _again(request: Request, session: Session) -> HealthOut:
    return service.health(session, request.app.state.settings, now_of(request))


@router.get(
    "/health", operation_id="get_portal_health", response_model=HealthOut, responses=problems(401, 403, 406, 422)
)  # fmt: skip
def get_portal_health(
    caller: Annotated[Caller, allow("portal:read")], session: Reading, render: Render, now: Now, request: Request
) -> Response:
    """Give the state of every connection."""
    data = service.health(session, request.app.state.settings, now)
    return render(
        data, "portal/health.html", table=lambda: tables.of_models("tinh-trang-ket-noi", data.items, ConnectionOut)
    )  # fmt: skip


@router.post(
    "/health/{endpoint}/check", operation_id="check_portal_connection", response_model=HealthOut,
    responses=problems(401, 403, 404, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("portal/health.html", _again)
def check_portal_connection(
    caller: Annotated[Caller, allow("portal:keep")], endpoint: Endpoint, session: Looking, render: Render, now: Now,
    request: Request,
) -> Response:  # fmt: skip
    """Ask a system now, once: how that ended is its `last_outcome`."""
    state = request.app.state
    service.check(state.database, state.settings, state.clock, endpoint, audit.Context.of(request))
    return render.saved(service.health(session, state.settings, now), to="/portal/health")
