"""The outbox in the database: putting, claiming with a lease, what became of a try, parking and sending again.

A worker claims in one short transaction, sends outside of any, and notes the end in another. One that dies in between
leaves a lease that runs out: then another sends the same message, by the same key.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, insert, or_, select, update
from sqlmodel import Session

from app.core import hot
from app.core.jobs import rules
from app.core.jobs.models import OutboxAttempt, OutboxMessage
from app.core.jobs.rules import Ending, MessageState

PARKED_AT_ONCE = 200  # each stands in the audit log by its key
_TABLE, _TRIES = hot.table(OutboxMessage), hot.table(OutboxAttempt)
_M, _T = _TABLE.c, _TRIES.c
_OTHER = _TABLE.alias("other")
_NOW = bindparam("now", type_=_M.due_at.type)
_ASKED = _M.destination.in_(bindparam("asked", expanding=True))
_FREE = or_(_M.claimed_until.is_(None), _M.claimed_until <= _NOW)
_ELDER_HELD = exists().where(_OTHER.c.subject == _M.subject, _OTHER.c.id != _M.id, _OTHER.c.claimed_until > _NOW)
_WAITING = _M.state == MessageState.waiting.value
_CLAIMABLE = and_(_WAITING, _ASKED, _M.due_at <= _NOW, _FREE, ~_ELDER_HELD)
_OVERDUE = and_(_WAITING, _ASKED, _M.give_up_at <= _NOW, _FREE)
# Built once: a worker runs them for every message.
_DUE = select(_M.id).where(_CLAIMABLE).limit(1)
_OVER = select(_M.id).where(_OVERDUE).limit(1)
_NEXT = (
    select(_M.id, _M.key, _M.destination, _M.body, _M.attempts)
    .where(_CLAIMABLE).order_by(_M.due_at, _M.id).limit(1).with_for_update(skip_locked=True)
)  # fmt: skip
_TAKE = (
    update(_TABLE).where(_M.id == bindparam("which"), _CLAIMABLE)
    .values(claimed_by=bindparam("worker"), claimed_until=bindparam("until"), attempts=_M.attempts + 1)
)  # fmt: skip
_BEGUN = insert(_TRIES)
_PARK = (
    update(_TABLE).where(_M.id.in_(select(_M.id).where(_OVERDUE).order_by(_M.id).limit(PARKED_AT_ONCE)), _OVERDUE)
    .values(state=MessageState.parked.value, ended_at=_NOW).returning(_M.key)
)  # fmt: skip
_WAKE = update(_TABLE).where(_M.id == bindparam("which"), _WAITING).values(due_at=_NOW)
_OPEN = (MessageState.waiting.value, MessageState.parked.value)


@dataclass(frozen=True)
class Held:
    """A message that a worker holds until its lease ends; `attempt`: which try this is."""

    id: int
    key: str
    destination: str
    body: str
    attempt: int
    worker: str


@dataclass(frozen=True)
class Ended:
    """How a try ended: for the outbox, in the other system's own word, and how long it asked to be left alone."""

    ending: Ending
    outcome: str
    seconds: float | None = None


def put(
    session: Session, *, destination: str, subject: str, now: datetime, make: Callable[[int], tuple[str, str]]
) -> None:
    """Add a message about a subject, in the caller's transaction; `make` gives key and body for its place in the row.

    Whatever was to be said of the subject before and is not out yet will not be said any more. The caller sees to it
    that nobody else speaks of the same subject meanwhile.
    """
    _close(session, subject, MessageState.superseded, now)
    sequence = (session.scalar(select(func.max(_M.sequence)).where(_M.subject == subject)) or 0) + 1
    key, body = make(sequence)
    values = {
        "key": key, "destination": destination, "subject": subject, "sequence": sequence, "body": body,
        "state": MessageState.waiting.value, "created_at": now, "due_at": now, "give_up_at": now + rules.PATIENCE,
        "attempts": 0,
    }  # fmt: skip
    session.execute(insert(_TABLE).values(values))


def cancel(session: Session, subject: str, now: datetime) -> bool:
    """Take back what was to be said of a subject; False: somebody may have been told already."""
    _close(session, subject, MessageState.cancelled, now)  # first: from here on nobody begins to send it
    tried = select(_M.id).where(_M.subject == subject, _M.attempts > 0).limit(1)
    return session.scalar(tried) is None


def last(session: Session, subject: str) -> OutboxMessage | None:
    """Return the newest message about a subject."""
    query = select(OutboxMessage).where(_M.subject == subject).order_by(_M.sequence.desc()).limit(1)
    return session.scalars(query).first()


def _close(session: Session, subject: str, state: MessageState, now: datetime) -> None:
    waiting = (_M.subject == subject, _M.state.in_(_OPEN))
    session.execute(update(_TABLE).where(*waiting).values(state=state.value, ended_at=now))


def waits(session: Session, now: datetime, *, ready: Collection[str], resting: Collection[str]) -> bool:
    """Tell, without waiting for anybody, whether there is something to claim or to park."""
    due = session.scalar(_DUE, {"now": now, "asked": list(ready)})
    return due is not None or session.scalar(_OVER, {"now": now, "asked": list(resting)}) is not None


def claim(
    session: Session, worker: str, now: datetime, lease: timedelta, *, ready: Collection[str]
) -> Held | None:  # fmt: skip
    """Take the next message to one of the `ready` destinations, or None; nobody else has it until the lease ends.

    A message whose older one about the same subject is still held by somebody has to wait for it.
    """
    row = session.execute(_NEXT, {"now": now, "asked": list(ready)}).first()
    if row is None:
        return None
    mine = {"now": now, "asked": list(ready), "which": row.id, "worker": worker, "until": now + lease}
    if session.connection().execute(_TAKE, mine).rowcount != 1:
        return None
    attempt = row.attempts + 1
    session.execute(_BEGUN, {"message_id": row.id, "number": attempt, "at": now, "worker": worker})
    return Held(row.id, row.key, row.destination, row.body, attempt, worker)


def settle(session: Session, held: Held, ended: Ended, now: datetime, *, chance: float) -> MessageState | None:
    """Note how a try ended, and return the state in which the message ended by it, if it did.

    What was superseded meanwhile and failed is not tried again.
    """
    row = session.get(OutboxMessage, held.id, with_for_update=True, populate_existing=True)
    assert row is not None
    before = row.state
    mine = _T.message_id == held.id, _T.number == held.attempt
    is_held = (row.claimed_by, row.attempts) == (held.worker, held.attempt)
    if ended.ending is Ending.not_tried and is_held:
        session.execute(delete(_TRIES).where(*mine))
        row.attempts -= 1
    else:
        session.execute(update(_TRIES).where(*mine).values(outcome=ended.outcome, ended_at=now))
        row.last_outcome = ended.outcome
    if is_held:
        row.claimed_by = row.claimed_until = None
    if ended.ending is Ending.done and row.state != MessageState.sent:
        # Whoever holds it by now sends a copy, which is dropped there.
        row.state, row.ended_at = MessageState.sent.value, now
        row.claimed_by = row.claimed_until = None
        if row.attempts > 1:
            _wake(session, row.destination, now)
    elif is_held and row.state == MessageState.waiting:
        _put_off(session, row, ended, now, chance)
    session.flush()
    return MessageState(row.state) if row.state != before else None


def _put_off(session: Session, row: OutboxMessage, ended: Ended, now: datetime, chance: float) -> None:
    is_over = ended.ending is Ending.again and now >= row.give_up_at
    if ended.ending is Ending.never or is_over:
        row.state, row.ended_at = MessageState.parked.value, now
    elif ended.ending is Ending.again:
        row.due_at = rules.next_try(now, _tries_since(session, row), chance, ended.seconds)
    else:
        row.due_at = now + timedelta(seconds=ended.seconds or rules.FIRST)


def _tries_since(session: Session, row: Any) -> int:
    """Return how often a message was tried since it was put or last sent again by a person: so its waits begin anew."""
    begun = row.give_up_at - rules.PATIENCE
    if begun <= row.created_at:
        return int(row.attempts)
    query = select(func.count()).where(_T.message_id == row.id, _T.at >= begun)
    return max(1, session.scalar(query) or 0)


def _wake(session: Session, destination: str, now: datetime) -> None:
    """Let what failed before go out now, for the system answers again; what it asked to wait for waits on."""
    asleep = (_M.state == MessageState.waiting, _M.destination == destination, _M.due_at > now, _M.attempts > 0)
    last = and_(_T.message_id == _M.id, _T.number == _M.attempts)
    what = (_M.id, _M.attempts, _M.created_at, _M.give_up_at, _M.due_at, _T.ended_at)
    found = session.execute(select(*what).join_from(_TABLE, _TRIES, last).where(*asleep).order_by(_M.id)).all()
    woken = [
        {"which": row.id, "now": now}
        for row in found
        if row.ended_at is None or not rules.is_asked(row.ended_at, row.due_at, _tries_since(session, row))
    ]
    if woken:
        session.connection().execute(_WAKE, woken)


def park_overdue(session: Session, now: datetime, *, resting: Collection[str]) -> list[str]:
    """Leave to a person what has waited its 24 hours for a system that is not asked now.

    Returns the keys, `PARKED_AT_ONCE` at most; the rest the next time.
    """
    return sorted(session.execute(_PARK, {"now": now, "asked": list(resting)}).scalars())


def replay(session: Session, now: datetime, *which: ColumnElement[bool]) -> list[str]:
    """Let parked messages go out again, with another 24 hours; returns their keys."""
    again = {"state": MessageState.waiting.value, "ended_at": None, "due_at": now, "give_up_at": now + rules.PATIENCE}
    parked = update(_TABLE).where(_M.state == MessageState.parked, *which).values(again)
    return sorted(session.execute(parked.returning(_M.key)).scalars())


def queues(session: Session) -> dict[str, tuple[int, datetime | None, int]]:
    """Return for each destination how many messages wait, since when the oldest does, and how many are parked."""
    grouped = (
        select(_M.destination, _M.state, func.count(), func.min(_M.created_at))
        .where(_M.state.in_(_OPEN))
        .group_by(_M.destination, _M.state)
    )
    found: dict[str, Any] = {}
    for destination, state, count, oldest in session.execute(grouped):
        waiting, since, parked = found.get(destination, (0, None, 0))
        is_waiting = state == MessageState.waiting
        found[destination] = (count, oldest, parked) if is_waiting else (waiting, since, count)
    return found
