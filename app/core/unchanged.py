"""Answers 304 before anything else is done, where the same question was answered a moment ago and nothing has changed.

For the few addresses that are asked again and again: boards on walls ask every five seconds, leaders all morning.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import audit, hot, stamps
from app.core.access import Caller
from app.core.db import Database
from app.core.handlers import on_database
from app.core.recent import Recent
from app.core.versions import WITHOUT_CONTENT, named

MOST = 2000
NOT_ASKED = (b"if-none-match", b"x-request-id")  # what differs from one time to the next
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was answered: by which mark of the database, until when it stands at most, its tag and headers."""

    mark: object
    until: datetime
    tag: str
    headers: list[tuple[bytes, bytes]]


class Unchanged:
    """ASGI middleware: a question is the same when its address and every header are, the caller's secret among them."""

    def __init__(self, app: ASGIApp, addresses: frozenset[str]) -> None:
        self.app = app
        self.addresses = addresses
        self._answers: Recent[bytes, _Answer] = Recent(MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in self.addresses:
            await self.app(scope, receive, send)
            return
        state = scope["app"].state
        try:
            # The mark first: what is read after it is at least as new, and nothing it stands for is later than now.
            mark = await run_in_threadpool(_mark, state.database)
        except (OperationalError, PoolTimeout) as error:
            await (await on_database(Request(scope), error))(scope, receive, send)
            return
        now: datetime = state.clock.now()
        scope["state"]["now"] = now  # the request's moment, should it go on
        key, asked = _question(scope), named(Headers(scope=scope).get("if-none-match")) or ()
        found = self._answers.get(key)
        if found is not None and found.mark == mark and now < found.until and found.tag in asked:
            await send({"type": "http.response.start", "status": 304, "headers": list(found.headers)})
            await send({"type": "http.response.body", "body": b""})
            return

        async def keeping(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._keep(key, mark, now, scope, message)
            await send(message)

        await self.app(scope, receive, keeping)

    def _keep(self, key: bytes, mark: object, now: datetime, scope: Scope, message: Message) -> None:
        headers = Headers(raw=message["headers"])
        tags = named(headers.get("etag"))
        caller: Caller | None = scope["state"].get("caller")
        lacks = scope["state"].get("lacks", False)
        if message["status"] not in (200, 304) or not tags or caller is None or "set-cookie" in headers or lacks:
            self._answers.drop(key)
            return
        # Deadlines lie on whole minutes, and move some of it at their moment, some after (what ends at any second, as a
        # reopening, shows so within the minute); and nobody is known longer than their session is.
        minute = now.replace(second=0, microsecond=0)
        minute = minute + MINUTE if now > minute else minute
        kept = [(name, value) for name, value in message["headers"] if name.decode("latin-1") in WITHOUT_CONTENT]
        self._answers.put(key, _Answer(mark, min(minute, caller.ends_at or minute), tags[0], kept))


def _mark(database: Database) -> Any:
    """Return what differs after every change: each has an entry of the audit or a stamp, in its own transaction."""
    with hot.glance(database.engine) as connection:
        return audit.head(connection), stamps.versions(connection)


def _question(scope: Scope) -> bytes:
    told: list[Any] = [scope["scheme"], scope["path"], scope["query_string"], scope["state"].get("format")]
    told += [pair for pair in scope["headers"] if pair[0] not in NOT_ASKED]
    return hashlib.sha256(repr(told).encode()).digest()
