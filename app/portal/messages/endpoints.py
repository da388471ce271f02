"""Messages on their way to other systems, at both doors."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.jobs.rules import MessageState
from app.core.paging import Page, Paging
from app.core.schemas import Line, problems
from app.core.web import Render, form
from app.portal.adapters.rules import Endpoint
from app.portal.exchanges.schemas import ENDPOINT_WORDS
from app.portal.messages import service
from app.portal.messages.schemas import (
    STATE_WORDS,
    MessageDetail,
    MessageOut,
    MessagePage,
    MessageReplayIn,
    MessagesReplayed,
)

router = APIRouter(prefix="/portal", route_class=DoorRoute, tags=["portal"])

CanRead = Annotated[Caller, allow("portal:read")]
CanKeep = Annotated[Caller, allow("portal:keep")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get(
    "/messages", operation_id="list_portal_messages", response_model=MessagePage, responses=problems(401, 403, 406, 422)
)  # fmt: skip
def list_portal_messages(
    caller: CanRead, session: Reading, render: Render, page: Paging,
    state: Annotated[MessageState | None, Query(description=STATE_WORDS)] = None,
    endpoint: Annotated[Endpoint | None, Query(description=ENDPOINT_WORDS)] = None,
    q: Annotated[Line | None, Query(min_length=2, max_length=80, description="Part of a key: unit, day")] = None,
) -> Response:  # fmt: skip
    """List what was or is to be told to other systems, the newest first."""
    wanted = service.Wanted(state, endpoint, q)
    find = partial(service.listing, session, wanted=wanted)
    return render(
        find(page), "portal/messages.html", wanted=wanted,
        table=lambda: tables.of_models("hang-cho-gui", render.every(find), MessageOut),
    )  # fmt: skip


def _list_again(request: Request, session: Session) -> MessagePage:
    first = Page(request.app.state.settings.page_size, None)
    return service.listing(session, first, service.Wanted(MessageState.parked))


def _as_parked(request: Request, session: Session, *_: object) -> dict[str, object]:
    return {"wanted": service.Wanted(MessageState.parked)}


@router.post(
    "/messages/replay", operation_id="replay_portal_messages", response_model=MessagesReplayed,
    responses=problems(401, 403, 413, 415, 422, 503),
)  # fmt: skip
@form("portal/messages.html", _list_again, _as_parked)
def replay_portal_messages(
    caller: CanKeep, session: Writing, render: Render, now: Now, body: MessageReplayIn
) -> Response:  # fmt: skip
    """Send all parked messages again, with a reason: the receiver drops what it has already."""
    return render.saved(service.replay_all(session, reason=body.reason, now=now), to="/portal/messages")


@router.get(
    "/messages/{number}", operation_id="get_portal_message", response_model=MessageDetail,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_portal_message(caller: CanRead, number: Number, session: Reading, render: Render) -> Response:
    """Give one message with its tries and what it says."""
    return render(service.one(session, number), "portal/message.html")


def _again(request: Request, session: Session) -> MessageDetail:
    return service.one(session, int(request.path_params["number"]))


@router.post(
    "/messages/{number}/replay", operation_id="replay_portal_message", response_model=MessageDetail,
    responses=problems(401, 403, 404, 409, 413, 415, 422, 503),
)  # fmt: skip
@form("portal/message.html", _again)
def replay_portal_message(
    caller: CanKeep, number: Number, session: Writing, render: Render, now: Now, body: MessageReplayIn
) -> Response:  # fmt: skip
    """Send a parked message again, with a reason; 409 where it is not parked (any more)."""
    return render.saved(
        service.replay(session, number, reason=body.reason, now=now), to=f"/portal/messages/{number}"
    )  # fmt: skip
