"""Callers at both doors, for tests."""

import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.support.page import audit

# Every call asks for it, and to look for what is not installed takes longer than most of a call.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

OFFICER = "ward_officer"
DAY = "2026-11-20"
WARD = "19789"
OTHER = "19753"


class SetClock:
    """A clock that tests set."""

    def __init__(self, at: str) -> None:
        self.set(at)

    def set(self, at: str) -> None:
        """Set the time, written with its zone."""
        moment = datetime.fromisoformat(at)
        assert moment.tzinfo is not None
        self._now = moment.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time that was set."""
        return self._now


class _Parts(httpx2.AsyncByteStream):
    """A body that comes in parts."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


class InLoop(httpx2.BaseTransport):
    """Carries a request into the event loop in one step: that of Starlette's client goes there and back seven times."""

    def __init__(self, app: FastAPI, *, raise_server_exceptions: bool) -> None:
        self._within = httpx2.ASGITransport(app, raise_server_exceptions, client=("testclient", 50000))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return its answer, read whole."""
        assert TestClient.portal is not None, "conftest.py opens the loop"
        return TestClient.portal.call(self._answer, request)

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            parts = _Parts(request.stream)
            request = httpx2.Request(request.method, request.url, headers=request.headers, stream=parts)
        answer = await self._within.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        whole = b"".join([part async for part in answer.stream])
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(whole))


class Client(TestClient):
    """A client of the application, as Starlette's but quicker: its answers are packed only where that is asked for."""

    def __init__(self, app: FastAPI, *, raise_server_exceptions: bool = True, **options: Any) -> None:
        headers = {"accept-encoding": "identity"} | dict(options.pop("headers", {}))
        super().__init__(app, headers=headers, **options)
        self._transport = InLoop(app, raise_server_exceptions=raise_server_exceptions)


class PageClient(Client):
    """A person's browser without script: every page it gets is audited."""

    locale = "vi"

    def request(self, method: str, url: Any, *args: Any, **options: Any) -> Response:
        """Send a request and audit the page that comes back."""
        headers = dict(options.pop("headers", None) or {})
        if method not in ("GET", "HEAD"):
            headers.setdefault("sec-fetch-site", "same-origin")
        response = super().request(method, url, *args, headers=headers, **options)
        if response.headers.get("content-type", "").startswith("text/html") and "hx-request-type" not in headers:
            faults = audit(response.text, self.locale)
            assert not faults, f"{method} {url}: {faults}"
        return response


def line(field: str = "HT", **counts: Any) -> dict[str, Any]:
    """Return a balanced line of a report; columns not named are 0, computed stocks are left out."""
    base: dict[str, Any] = {
        "field": field, "received_online": 0, "received_counter": 0, "received_post": 0, "resolved_early": 0,
        "resolved_on_time": 0, "resolved_overdue": 0, "pending_overdue": 0,
    }  # fmt: skip
    return base | counts


def report(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the body of a report."""
    return {"lines": list(lines)} | more
