"""The audit log: who changed what, when, through which door, chained by hashes and never edited."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fastapi import Request
from sqlalchemy import BigInteger, CheckConstraint, Column, Text, bindparam, insert, select, update
from sqlmodel import Field, Session, SQLModel

from app.core import hot

GENESIS = "0" * 64
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


class AuditEntry(SQLModel, table=True):
    """One change, in the same transaction as the change itself."""

    __tablename__ = "audit_entries"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime
    user_id: int | None
    user_name: str = Field(max_length=80)
    door: str = Field(max_length=10)
    token_id: int | None
    request_id: str | None = Field(max_length=64)
    action: str = Field(max_length=60)
    entity: str = Field(max_length=160, index=True)
    before: str | None = Field(sa_column=Column(Text))
    after: str | None = Field(sa_column=Column(Text))
    reason: str | None = Field(max_length=2000)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditHead(SQLModel, table=True):
    """The end of the chain: one row, so that a cut-off tail is noticed and writers take turns."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    hash: str = Field(max_length=64)


_HEAD = AuditHead.__table__  # type: ignore[attr-defined]
_read_head = select(_HEAD.c.number, _HEAD.c.hash).with_for_update()
_of_head = select(_HEAD.c.number, _HEAD.c.hash)
_ENTRY = hot.table(AuditEntry).c
_since = select(_ENTRY.number, _ENTRY.hash, _ENTRY.entity, _ENTRY.at).where(_ENTRY.number >= bindparam("number"))
_move_head = update(_HEAD).values(number=bindparam("new_number"), hash=bindparam("new_hash"))
_insert_entries = insert(AuditEntry.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Context:
    """Who and how, kept with the session so that services need not pass it on."""

    at: datetime
    user_id: int | None
    user_name: str
    door: str
    token_id: int | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, request: Request) -> "Context":
        """Return the context of a request."""
        caller = getattr(request.state, "caller", None)
        return cls(
            at=getattr(request.state, "now", None) or request.app.state.clock.now(),
            user_id=caller.id if caller and caller.id > 0 else None,  # a machine's token is nobody's own
            user_name=caller.user_name if caller else "",
            door=request.state.door,
            token_id=caller.token_id if caller else None,
            request_id=request.scope.get("state", {}).get("request_id"),
        )


def record(
    session: Session, action: str, entity: str, *, before: Any = None, after: Any = None, reason: str | None = None
) -> None:
    """Note a change; it is written when the transaction commits.

    `entity` names the row as its address does (`reports/19753/2026-11-20/city`); `before` and `after` are plain data.
    """
    session.info.setdefault("audit", []).append((session.info["audit_context"], action, entity, before, after, reason))


def write(session: Session) -> None:
    """Write the noted changes to the chain; called once, right before the commit, while the head row is held."""
    noted = session.info.pop("audit", [])
    if not noted:
        return
    ((number, tip),) = hot.run(session, _read_head, {})
    rows = []
    for context, action, entity, before, after, reason in noted:
        number += 1
        row = {
            "number": number,
            "at": context.at,
            "user_id": context.user_id,
            "user_name": context.user_name,
            "door": context.door,
            "token_id": context.token_id,
            "request_id": context.request_id,
            "action": action,
            "entity": entity,
            "before": _plain(before),
            "after": _plain(after),
            "reason": reason,
            "previous_hash": tip,
        }
        tip = row["hash"] = chain_hash(row)
        rows.append(row)
    hot.run_many(session, _insert_entries, rows)
    hot.run(session, _move_head, {"new_number": number, "new_hash": tip})


def head(source: hot.Source) -> tuple[int, str]:
    """Return the number and hash of the last entry: who reads it first and the data after, has them no older.

    Writers take turns at it, so that it moves with each commit, whatever order they came in. No two states of the data
    have the same hash, a restored backup's included.
    """
    rows = hot.run(source, _of_head, {})
    return (int(rows[0][0]), rows[0][1]) if rows else (0, "")


class Made(NamedTuple):
    """An entry: its number and hash, what was changed as the audit names it, and when."""

    number: int
    hash: str
    entity: str
    at: datetime


def since(session: Session, number: int) -> list[Made]:
    """Return the entries from one of that number on, in no order."""
    return [Made(*row) for row in hot.run(session, _since, {"number": number})]


def chain_hash(row: dict[str, Any]) -> str:
    """Return SHA-256 over the previous hash and every other column in one canonical form."""
    values = {k: v for k, v in row.items() if k != "hash"}
    values["at"] = values["at"].astimezone(UTC).isoformat()
    return hashlib.sha256(_plain(values, always=True).encode()).hexdigest()


def broken_links(session: Session) -> Iterator[str]:
    """Walk the whole chain and yield a sentence for every break."""
    tip, expected = GENESIS, 0
    for entry in session.execute(
        select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)  # type: ignore[arg-type]
    ).scalars():
        expected += 1
        if entry.number != expected:
            yield f"audit entry {expected} is missing"
            expected = entry.number
        if entry.previous_hash != tip:
            yield f"audit entry {entry.number} does not follow the one before"
        if entry.hash != chain_hash(entry.model_dump()):
            yield f"audit entry {entry.number} was altered"
        tip = entry.hash
    head = session.execute(select(AuditHead.number, AuditHead.hash)).one_or_none()  # type: ignore[call-overload]
    if head is None:
        yield "the head of the audit chain is missing"
    elif (head.number, head.hash) != (expected, tip):
        yield f"the chain ends at {expected}, its head says {head.number}"


def _plain(value: Any, always: bool = False) -> Any:
    if value is None and not always:
        return None
    return _CANONICAL.encode(value)
