"""The way out: one POST with all its limits, tried again with patience, each try told to whoever watches."""

import asyncio
import json
import math
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx2
import stamina

from app.portal.adapters.rules import AGAIN, Endpoint, Outcome, PortalFault, Purpose, retry_after

Result = TypeVar("Result")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
STEP = 65_536
MOST_WAIT = 30.0  # seconds between two tries of one call, whatever is asked: longer waits are the outbox's


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes that one try may take; `total` holds whatever drips.

    `until` (of `time.monotonic`) is the end of all tries together: nothing is asked after it.
    """

    connect: float
    read: float
    total: float
    max_bytes: int
    tries: int
    wait: float = 0.5  # before the second try; then twice as long, with jitter
    until: float = math.inf

    @property
    def left(self) -> float:
        """Seconds that the next try may take."""
        return min(self.total, self.until - time.monotonic())


@dataclass(frozen=True)
class Target:
    """A system's address, and whether its certificate is verified (False: this machine in the demonstration)."""

    endpoint: Endpoint
    base: str
    verified: bool
    ca_file: str | None = None


@dataclass(frozen=True)
class Exchange:
    """One try, as it is told: bodies as they went over the line."""

    endpoint: Endpoint
    purpose: Purpose
    attempt: int
    outcome: Outcome
    status: int | None
    milliseconds: int
    sent: bytes
    received: bytes | None


class Watch(Protocol):
    """Whoever may stop a call before it is made, and is told of each that was."""

    def enter(self, endpoint: Endpoint) -> None: ...
    def note(self, exchange: Exchange) -> None: ...


@dataclass
class _Got:
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None


def target(
    endpoint: Endpoint, base: str, *, hosts: frozenset[str], demonstration: bool, ca_file: str | None = None
) -> Target:  # fmt: skip
    """Return where a system is, or raise PortalFault for an address that is not on the installation's list.

    Only this machine, in the demonstration, may be called without https.
    """
    parts = urlsplit(base)
    host = parts.hostname or ""
    here = demonstration and host in LOOPBACK
    if host not in hosts or parts.username is not None or parts.query or parts.fragment:
        raise PortalFault(Outcome.unreachable, "address not allowed")
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise PortalFault(Outcome.unreachable, "https only")
    return Target(endpoint, base.rstrip("/"), not here, ca_file)


def trust(to: Target) -> ssl.SSLContext | bool:
    """Return by what a system's certificate is judged; raises OSError for authorities that cannot be read."""
    return ssl.create_default_context(cafile=to.ca_file) if to.verified else False


class Line:
    """The connection to one system."""

    def __init__(self, to: Target, limits: Limits, watch: Watch, trusted: ssl.SSLContext | bool) -> None:
        self.to = to
        self.limits = limits
        self.watch = watch
        self.trusted = trusted

    def within(self, seconds: float) -> None:
        """Let nothing more be asked after some seconds from now."""
        self.limits = replace(self.limits, until=time.monotonic() + seconds)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        read: Callable[[int, dict[str, Any]], Result],
        *,
        purpose: Purpose,
        headers: Mapping[str, str] | None = None,
    ) -> Result:
        """Send a body and return what `read(status, answer)` makes of the answer; raises PortalFault.

        What may be better the next time is tried again; what `read` refuses as expired or refused is not.
        """
        sent = json.dumps(body, ensure_ascii=False).encode()
        again = stamina.retry_context(
            on=self._patience, attempts=self.limits.tries, timeout=None, wait_initial=self.limits.wait, wait_max=5.0,
            wait_jitter=self.limits.wait,
        )  # fmt: skip
        result: list[Result] = []
        for attempt in again:
            with attempt:
                if self.limits.left <= 0:
                    raise PortalFault(Outcome.timeout, "no time left")  # not its fault: it was not asked
                self.watch.enter(self.to.endpoint)
                result.append(self._try(path, sent, read, purpose, attempt.num, headers or {}))
        return result[-1]

    def _try(
        self,
        path: str,
        sent: bytes,
        read: Callable[[int, dict[str, Any]], Result],
        purpose: Purpose,
        attempt: int,
        headers: Mapping[str, str],
    ) -> Result:
        # Until all of it is known to be good it is not: what nobody foresaw is noted as a fault, too.
        began, got, outcome = time.monotonic(), _Got(), Outcome.bad_answer
        try:
            asyncio.run(self._exchange(path, sent, headers, got))
            result = read(*_understood(got))
            outcome = Outcome.ok
            return result
        except PortalFault as fault:
            outcome, fault.purpose = fault.outcome, purpose
            raise
        finally:
            took = round((time.monotonic() - began) * 1000)
            self.watch.note(
                Exchange(self.to.endpoint, purpose, attempt, outcome, got.status, took, sent, got.body)
            )  # fmt: skip

    async def _exchange(self, path: str, sent: bytes, headers: Mapping[str, str], got: _Got) -> None:
        limits = self.limits
        wait = httpx2.Timeout(limits.read, connect=limits.connect)
        told = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(limits.left),
                # No proxy or certificate from the environment, no redirect: where it goes is a setting.
                httpx2.AsyncClient(verify=self.trusted, trust_env=False, timeout=wait) as client,
                client.stream("POST", self.to.base + path, content=sent, headers={**told, **headers}) as response,
            ):
                got.status, got.headers = response.status_code, response.headers
                await self._receive(response, got)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise PortalFault(Outcome.unreachable, type(error).__name__) from None
        except (TimeoutError, httpx2.TimeoutException):
            raise PortalFault(Outcome.timeout) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, UnicodeError) as error:
            raise PortalFault(Outcome.torn, type(error).__name__) from None

    async def _receive(self, response: httpx2.Response, got: _Got) -> None:
        length = response.headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 18 or int(length) > self.limits.max_bytes):
            raise PortalFault(Outcome.too_large)
        parts = bytearray()
        async for part in response.aiter_raw(STEP):
            parts += part
            if len(parts) > self.limits.max_bytes:
                raise PortalFault(Outcome.too_large)
        got.body = bytes(parts)

    def _patience(self, error: Exception) -> bool | float:
        """Tell stamina whether to try again; where the system names how long to wait, that long."""
        if not isinstance(error, PortalFault) or error.outcome not in AGAIN or self.limits.left <= 0:
            return False
        return True if error.retry_after is None else min(error.retry_after, MOST_WAIT, self.limits.left)


def _understood(got: _Got) -> tuple[int, dict[str, Any]]:
    assert got.status is not None
    assert got.body is not None
    if got.status in (429, 503):
        headers = got.headers or {}
        asked = retry_after(headers.get("retry-after"), headers.get("date"))
        raise PortalFault(Outcome.busy, str(got.status), asked)
    if got.status >= 500:
        raise PortalFault(Outcome.failed, str(got.status))
    try:
        answer = json.loads(got.body)
    except (ValueError, RecursionError):
        raise PortalFault(Outcome.not_json) from None
    if not isinstance(answer, dict):
        raise PortalFault(Outcome.bad_answer, "no object")
    return got.status, answer
