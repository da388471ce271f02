"""Versions of rows (ETag, If-Match) and calls that are safe to repeat (Idempotency-Key)."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Column, LargeBinary, UniqueConstraint, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from app.core.errors import Fault, Invalid, PreconditionFailed, PreconditionRequired

WITHOUT_CONTENT = frozenset({"etag", "vary", "link", "cache-control", "set-cookie"})  # headers that a 304 has too
_SHOWN_AT = re.compile(rb'<time class="shown-at">[^<]*</time>')
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


class IdempotencyRecord(SQLModel, table=True):
    """The answer given to a call with an `Idempotency-Key`, kept with the change it answers."""

    __tablename__ = "idempotency_records"
    __table_args__ = (UniqueConstraint("caller", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    caller: str = Field(max_length=80)
    key: str = Field(max_length=200)
    request_hash: str = Field(max_length=64)
    created_at: datetime = Field(index=True)
    status: int | None
    headers: str | None = Field(max_length=2000)
    body: bytes | None = Field(sa_column=Column(LargeBinary))


class Replayed(Exception):
    """Not an error: the same call was answered before, and this is that answer."""

    def __init__(self, response: Response) -> None:
        self.response = response


def etag(version: int | str, content: bytes | memoryview | None = None) -> str:
    """Return the entity tag of a version; with the content as read, a mark of that after a dot.

    What is drawn with a row may change while its version stands: the mark tells a reader so, and a change never looks
    at it.
    """
    return f'"{version}"' if content is None else f'"{version}.{hashlib.sha256(content).hexdigest()[:8]}"'


def content_tag(body: bytes | memoryview) -> str:
    """Return the weak tag of what is shown: when it was shown, which stands at a page's foot, is no change of it."""
    return f'W/"{hashlib.sha256(_SHOWN_AT.sub(b"", body)).hexdigest()[:24]}"'


def named(header: str | None) -> list[str] | None:
    """Return the tags of an `If-Match` or `If-None-Match` header; None when absent; `*` stands for itself."""
    if header is None:
        return None
    return ["*"] if header.strip() == "*" else [tag for tag in _ETAG.findall(header) if tag != "*"]


def _versions(name: str, header: str | None) -> list[str] | None:
    tags = named(header)
    if tags == []:
        # `3` without its quotation marks would otherwise be told that it is stale.
        raise Invalid([Fault(name, "bad_etag")])
    return None if tags is None else [tag.partition(".")[0] for tag in tags]


def check_match(
    if_match: str | None,
    if_none_match: str | None,
    current: int | str | None,
    row: Callable[[], Any] | None = None,
) -> None:
    """Judge the preconditions of a change against the current version (None: no such row yet).

    `row` gives what stands now, to be sent with the refusal of a stale change.
    Raises PreconditionFailed for a stale or impossible one, PreconditionRequired where a change has none, Invalid for
    one that is no entity tag.
    """
    wanted, unwanted = _versions("If-Match", if_match), _versions("If-None-Match", if_none_match)
    if current is None:
        if wanted is not None:
            raise PreconditionFailed("no_such_version")
        return
    if unwanted is not None and ("*" in unwanted or str(current) in unwanted):
        raise PreconditionFailed("already_exists")
    if wanted is None:
        raise PreconditionRequired
    if "*" not in wanted and str(current) not in wanted:
        raise PreconditionFailed(extra={"current": row()} if row else None)


def replay(request: Request, session: Session) -> None:
    """Answer a repeated call as the first time.

    The key is claimed by an insert: while the first call still runs, the second waits for it on either database.
    Raises Replayed with the first answer, Invalid when the key was used for another call.
    """
    key = request.headers.get("idempotency-key")
    if not key:
        return
    if len(key) > 200 or not key.isprintable():
        raise Invalid([Fault("Idempotency-Key", "bad_idempotency_key")])
    caller = request.state.caller
    who = f"{caller.id}:{caller.token_id or ''}" if caller else "-"
    fingerprint = _fingerprint(request)
    claim = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(IdempotencyRecord)
    claimed = session.execute(
        claim.values(caller=who, key=key, request_hash=fingerprint, created_at=request.app.state.clock.now())
        .on_conflict_do_nothing()
        .returning(col(IdempotencyRecord.id))  # psycopg's row count is -1 either way
    )
    if claimed.first():
        request.state.idempotency = (who, key)
        return
    row = session.execute(
        select(IdempotencyRecord).where(IdempotencyRecord.caller == who, IdempotencyRecord.key == key)  # type: ignore[arg-type]
    ).scalar_one()
    if row.request_hash != fingerprint:
        raise Invalid([Fault("Idempotency-Key", "idempotency_key_reused")])
    response = Response(row.body or b"", row.status or 200)
    for line in (row.headers or "").splitlines():
        name, _, value = line.partition(": ")
        response.headers[name] = value
    response.headers["Idempotency-Replayed"] = "true"
    raise Replayed(response)


def keep_answer(request: Request, session: Session) -> None:
    """Store the answer of a call with a key, in the transaction of its change."""
    claim = getattr(request.state, "idempotency", None)
    answer: Response | None = getattr(request.state, "answer", None)
    if claim is None or answer is None:
        return
    kept = ("content-type", "etag", "location", "link", "hx-redirect")
    session.execute(
        update(IdempotencyRecord)
        .where(IdempotencyRecord.caller == claim[0], IdempotencyRecord.key == claim[1])
        .values(
            status=answer.status_code,
            body=bytes(answer.body),
            headers="\n".join(f"{k}: {v}" for k, v in answer.headers.items() if k in kept),
        )
    )


def forget_answers(session: Session, before: datetime) -> int:
    """Delete answers older than a moment and return how many."""
    result = session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at < before))  # type: ignore[arg-type]
    return int(result.rowcount)  # type: ignore[attr-defined]


def _fingerprint(request: Request) -> str:
    caller = request.state.caller
    scope = f"{caller.role}:{caller.unit_id}" if caller else ""
    preconditions = [request.headers.get("if-match", ""), request.headers.get("if-none-match", "")]
    parts = [request.method, request.url.path, request.url.query, *preconditions, scope]
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + getattr(request, "_body", b"")).hexdigest()
