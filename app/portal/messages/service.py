"""Messages as they are shown, and sending parked ones again."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core import audit, hot
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.core.jobs import service as outbox
from app.core.jobs.models import OutboxAttempt, OutboxMessage
from app.core.jobs.rules import MessageState
from app.core.paging import Page, cut
from app.portal.adapters.rules import Endpoint
from app.portal.messages.schemas import MessageDetail, MessageOut, MessagePage, MessagesReplayed, TryOut
from app.units.models import Unit

_M, _U = hot.table(OutboxMessage).c, hot.table(Unit).c


@dataclass(frozen=True)
class Wanted:
    """Which messages are asked for; None: all."""

    state: MessageState | None = None
    endpoint: Endpoint | None = None
    text: str | None = None


def listing(session: Session, page: Page, wanted: Wanted) -> MessagePage:
    """Return messages, the newest first; raises Invalid for a cursor that is not of this list."""
    query = select(hot.table(OutboxMessage)).order_by(_M.id.desc())
    if wanted.state is not None:
        query = query.where(_M.state == wanted.state.value)
    if wanted.endpoint is not None:
        query = query.where(_M.destination == wanted.endpoint.value)
    if wanted.text is not None:
        query = query.where(_M.key.contains(wanted.text, autoescape=True))
    if page.after is not None:
        if [type(part) for part in page.after] != [int]:
            raise Invalid([Fault("?cursor", "bad_cursor")])
        query = query.where(_M.id < page.after[0])
    rows, following = cut(list(session.execute(query.limit(page.limit + 1))), page, lambda row: [row.id])
    names = _names(session)
    parked = session.scalar(select(func.count()).where(_M.state == MessageState.parked)) or 0
    return MessagePage(
        items=[MessageOut(**_shown(row, json.loads(row.body), names)) for row in rows], parked=parked, next=following
    )


def one(session: Session, number: int) -> MessageDetail:
    """Return a message with its tries; raises NotFound."""
    row = session.get(OutboxMessage, number)
    if row is None:
        raise NotFound
    tries = select(OutboxAttempt).where(col(OutboxAttempt.message_id) == number).order_by(col(OutboxAttempt.number))
    content = json.loads(row.body)
    return MessageDetail(
        **_shown(row, content, _names(session)), give_up_at=row.give_up_at, content=content,
        tries=[TryOut(**one.model_dump(exclude={"message_id"})) for one in session.scalars(tries)],
    )  # fmt: skip


def replay(session: Session, number: int, *, reason: str, now: datetime) -> MessageDetail:
    """Send a parked message again; raises NotFound, or Conflict where it is not parked (any more)."""
    row = session.get(OutboxMessage, number)
    if row is None:
        raise NotFound
    if not outbox.replay(session, now, _M.id == number):
        raise Conflict("message_not_parked")
    audit.record(session, "portal.message_replayed", f"portal/messages/{row.key}", reason=reason)
    session.expire(row)
    return one(session, number)


def number_of(session: Session, key: str) -> int:
    """Return the number of a message by its key; raises NotFound."""
    found = session.scalar(select(_M.id).where(_M.key == key))
    if found is None:
        raise NotFound
    return int(found)


def replay_all(session: Session, *, reason: str, now: datetime) -> MessagesReplayed:
    """Send all parked messages again; a call without any has no effect."""
    keys = outbox.replay(session, now)
    for key in keys:
        audit.record(session, "portal.message_replayed", f"portal/messages/{key}", reason=reason)
    return MessagesReplayed(replayed=len(keys))


def _names(session: Session) -> dict[str, str]:
    return {row.code: row.name for row in session.execute(select(_U.code, _U.name))}


def _shown(row: Any, content: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    waits = row.state == MessageState.waiting
    return {
        "id": row.id, "key": row.key, "endpoint": row.destination, "unit": content["agency"],
        "name": names.get(content["agency"], content["agency"]), "day": content["day"], "system": content["system"],
        "revision": content["revision"], "withdrawn": content["withdrawn"], "state": row.state,
        "attempts": row.attempts, "last_outcome": row.last_outcome, "created_at": row.created_at,
        "due_at": row.due_at if waits else None, "ended_at": row.ended_at,
    }  # fmt: skip
