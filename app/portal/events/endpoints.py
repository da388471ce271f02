"""The one-gate system's door, and what the analyst sees of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.portal.events import aside, feeds, recounting, secrecy, service
from app.portal.events.schemas import (
    AsideOut,
    AsidePage,
    DismissIn,
    EventsOut,
    FeedOut,
    FeedPage,
    PortalEventsIn,
    ReplayOut,
)

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])

CanRead = Annotated[Caller, allow("portal:read")]
SourceName = Annotated[str, Path(min_length=1, max_length=60, description="Name of the one-gate system")]


@router.post(
    "/events", operation_id="receive_portal_events", response_model=EventsOut,
    responses=problems(401, 403, 413, 415, 422, 503),
)  # fmt: skip
def receive_portal_events(
    caller: Annotated[Caller, allow("portal:events")], session: Writing, now: Now, render: Render, request: Request,
    body: PortalEventsIn,
) -> Response:  # fmt: skip
    """Take changes of dossiers' status, in any order: what speaks of persons is dropped, the dossier's code hashed."""
    keys = secrecy.keys_of(request.app.state.settings)
    return render.saved(service.receive(session, caller, body=body, now=now, keys=keys), to="/portal/events")


@router.get(
    "/events", operation_id="list_portal_feeds", response_model=FeedPage, responses=problems(401, 403, 406, 422)
)  # fmt: skip
def list_portal_feeds(caller: CanRead, session: Reading, render: Render, now: Now) -> Response:
    """List the sources of events and how they flow."""
    data = feeds.listing(session, now)
    return render(
        data, "portal/events.html", laid=aside.listing(session),
        table=lambda: tables.of_models("nguon-ho-so", data.items, FeedOut),
    )  # fmt: skip


@router.get(
    "/aside", operation_id="list_portal_aside", response_model=AsidePage, responses=problems(401, 403, 406, 422)
)  # fmt: skip
def list_portal_aside(caller: CanRead, session: Reading, render: Render) -> Response:
    """List the events that could not be counted, by source, reason and code."""
    data = aside.listing(session)
    return render(
        data, "portal/aside.html", table=lambda: tables.of_models("su-kien-chua-tinh", data.items, AsideOut)
    )  # fmt: skip


def _again(request: Request, session: Session) -> AsidePage:
    return aside.listing(session)


@router.post(
    "/aside/{source}/replay", operation_id="replay_portal_aside", response_model=ReplayOut,
    responses=problems(401, 403, 404, 413, 415, 422, 503),
)  # fmt: skip
@form("portal/aside.html", _again)
def replay_portal_aside(
    caller: Annotated[Caller, allow("portal:keep")], source: SourceName, session: Writing, now: Now, render: Render,
    request: Request,
) -> Response:  # fmt: skip
    """Count the events of a source whose unit has become known since, and refused days; again if `ready`."""
    stopped_ends = request.app.state.settings.portal_stopped_ends
    data = recounting.replay(session, caller, source, now=now, stopped_ends=stopped_ends)
    return render.saved(data, to="/portal/aside")


@router.post(
    "/aside/{source}/dismissal", operation_id="dismiss_portal_aside", response_model=AsidePage,
    responses=problems(401, 403, 404, 413, 415, 422, 503),
)  # fmt: skip
@form("portal/aside.html", _again)
def dismiss_portal_aside(
    caller: Annotated[Caller, allow("portal:keep")], source: SourceName, session: Writing, render: Render,
    request: Request, body: DismissIn,
) -> Response:  # fmt: skip
    """Take events of one reason and code off the list: the vendor was told, or nobody will give the code a meaning."""
    aside.dismiss(session, source, which=body)
    return render.saved(aside.listing(session), to="/portal/aside")
