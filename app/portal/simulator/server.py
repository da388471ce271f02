"""The simulator's server: it holds the connection itself, so that it can drip, tear and cut as real ones do.

`/legacy` takes the envelope, `/rest/…` the newer style; `/control` switches faults on and tells what was asked.
"""

import json
import secrets
import socket
import struct
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from app.portal.simulator.mutating import mutated
from app.portal.simulator.receiving import Received, legacy_push, rest_push, said
from app.portal.simulator.rules import (
    SESSION_ENDED,
    SUCCESS,
    UNKNOWN_SERVICE,
    WRONG_LOGIN,
    Content,
    Fault,
    disturbed,
    legacy_rows,
    rest_rows,
)

# No secrets: the simulator is for this machine, and its sign-in is in the guide.
USER, PASSWORD = "mo-phong", "mo-phong"
HUGE = 100 * 1024 * 1024
MAX_BODY = 1024 * 1024
GENERATIONS = ("legacy", "rest")
HTML = "<!doctype html><html><body><h1>502 Bad Gateway</h1><p>Liên hệ quản trị.</p></body></html>"


@dataclass
class Switch:
    """A fault that is on: for how many answers still (None: until switched off), and with which numbers."""

    fault: Fault
    times: int | None
    seconds: float


@dataclass
class State:
    """What the simulator knows and remembers, one for all its connections."""

    content: Content
    switches: dict[str, Switch] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)
    received: Received = field(default_factory=Received)
    lock: Lock = field(default_factory=Lock)

    def next_fault(self, generation: str) -> Switch | None:
        """Return the fault of the next answer, one fewer to come."""
        with self.lock:
            switch = self.switches.get(generation)
            if switch is not None and switch.times is not None:
                switch.times -= 1
                if switch.times <= 0:
                    del self.switches[generation]
            return switch

    def opened(self) -> str:
        """Return a new session or token."""
        made = secrets.token_hex(16)
        with self.lock:
            self.sessions.add(made)
        return made

    def counted(self, what: str) -> None:
        """Note that something was asked."""
        with self.lock:
            self.calls[what] += 1


class Simulator(ThreadingHTTPServer):
    """The server with its state."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], content: Content) -> None:
        self.state = State(content)
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "tiendo57-portal-simulator"
    timeout = 60
    server: Simulator

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: what was asked is told at `/control`."""

    def do_GET(self) -> None:
        """Tell at `/control` which faults are on and what was asked; at `/control/received`, what days it has."""
        if self.path == "/control/received":
            self._answer(200, self.server.state.received.whole())
            return
        if self.path != "/control":
            self._answer(404, said("NOT_FOUND", self.path[:80]))
            return
        state = self.server.state
        with state.lock:
            on = {
                g: {"fault": s.fault.value, "times": s.times, "seconds": s.seconds} for g, s in state.switches.items()
            }
            told = {"faults": on, "calls": dict(state.calls), "received": state.received.counts()}
        self._answer(200, told)

    def do_PUT(self) -> None:
        """Switch a fault on, or off with `fault: null`; `generation` absent means both."""
        asked = self._body()
        if self.path != "/control" or asked is None:
            self._answer(404, said("NOT_FOUND", "PUT /control"))
            return
        try:
            fault = None if asked.get("fault") is None else Fault(asked["fault"])
            times = None if asked.get("times") is None else int(asked["times"])
            seconds = float(asked.get("seconds", 15))
            wanted = [asked["generation"]] if asked.get("generation") else list(GENERATIONS)
        except (TypeError, ValueError):
            self._answer(422, said("INVALID", ", ".join(Fault)))
            return
        state = self.server.state
        with state.lock:
            if asked.get("forget"):
                state.calls.clear()
                state.sessions.clear()
                state.received.forget()
            for generation in wanted:
                state.switches.pop(generation, None)
                if fault is not None:
                    state.switches[generation] = Switch(fault, times, seconds)
        self._answer(200, said("OK", ""))

    def do_POST(self) -> None:
        """Answer a call of either generation."""
        asked = self._body()
        generation = "legacy" if self.path == "/legacy" else "rest" if self.path.startswith("/rest/") else None
        if generation is None or asked is None:
            self._answer(404 if generation is None else 400, said("NOT_FOUND", ""))
            return
        switch = self.server.state.next_fault(generation)
        if generation == "legacy":
            status, answer = self._legacy(asked, switch)
        else:
            status, answer = self._rest(self.path.removeprefix("/rest"), asked, switch)
        self._send(status, answer, switch)

    def _legacy(self, asked: dict[str, Any], switch: Switch | None) -> tuple[int, dict[str, Any]]:
        state = self.server.state
        if "username" in asked:
            state.counted("legacy login")
            if (asked.get("username"), asked.get("password")) != (USER, PASSWORD):
                return 200, {"error_code": WRONG_LOGIN, "message": "Sai tài khoản"}
            return 200, {"error_code": SUCCESS, "session": state.opened()}
        service = str(asked.get("service"))[:40]
        state.counted(f"legacy {service}")
        if self._has_ended(str(asked.get("session")), switch):
            return 200, {"error_code": SESSION_ENDED, "message": "Phiên làm việc hết hạn"}
        if service == "DongBoSoLieuNgay":
            return legacy_push(state.received, asked, switch.fault if switch else None)
        rows = legacy_rows(state.content, service, asked)
        if rows is None:
            return 200, {"error_code": UNKNOWN_SERVICE, "message": f"Không có dịch vụ {service}"}
        return 200, {"error_code": SUCCESS, "result": disturbed(rows, switch.fault if switch else None)}

    def _rest(self, path: str, asked: dict[str, Any], switch: Switch | None) -> tuple[int, dict[str, Any]]:
        state = self.server.state
        state.counted(f"rest {path[:40]}")
        if path == "/token":
            if (asked.get("client_id"), asked.get("client_secret")) != (USER, PASSWORD):
                return 401, said("UNAUTHORIZED", "Sai thông tin ứng dụng")
            return 201, said("OK", "", {"access_token": state.opened(), "expires_in": 3600})
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._has_ended(token, switch):
            return 401, said("UNAUTHORIZED", "Token hết hạn")
        if path == "/statistics/daily":
            return rest_push(state.received, asked, switch.fault if switch else None)
        rows = rest_rows(state.content, path, asked)
        if rows is None:
            return 404, said("NOT_FOUND", path[:80])
        size = max(1, min(int(asked.get("pageSize") or 100), 500))
        first = (max(1, int(asked.get("currentPage") or 1)) - 1) * size
        page = disturbed(rows[first : first + size], switch.fault if switch else None)[:size]
        return 201, said("OK", "", {"rows": page, "total": len(rows)})

    def _has_ended(self, session: str, switch: Switch | None) -> bool:
        state = self.server.state
        with state.lock:
            if switch is not None and switch.fault is Fault.expired:
                state.sessions.clear()
            return session not in state.sessions

    def _send(self, status: int, answer: dict[str, Any], switch: Switch | None) -> None:
        fault = switch.fault if switch else None
        seconds = switch.seconds if switch else 0.0
        if fault is Fault.slow:
            time.sleep(seconds)
        if fault in (Fault.too_many, Fault.unavailable):
            retry = {"Retry-After": f"{seconds:.0f}"}
            code = 429 if fault is Fault.too_many else 503
            self._answer(code, said("BUSY", ""), retry)
        elif fault is Fault.html:
            self._write(200, HTML.encode(), {"Content-Type": "text/html; charset=utf-8"})
        elif fault is Fault.huge:
            self._huge()
        elif fault is Fault.mutated and not _is_sign_in(answer):
            number = self.server.state.calls.total()
            self._write(status, mutated(answer, number), {"Content-Type": "application/json"})
        elif fault in (Fault.drip, Fault.reset, Fault.half, Fault.cut):
            self._broken(status, json.dumps(answer, ensure_ascii=False).encode(), fault, seconds)
        else:
            self._answer(status, answer)

    def _broken(self, status: int, body: bytes, fault: Fault, seconds: float) -> None:
        middle = len(body) // 2
        if fault is Fault.cut:
            self._write(status, body[:middle], {"Content-Type": "application/json"})
            return
        self._head(status, len(body), {"Content-Type": "application/json"})
        self.close_connection = True
        if fault is Fault.drip:
            until = time.monotonic() + seconds
            for byte in body[:-1]:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if time.monotonic() > until:
                    return
                time.sleep(0.05)
            return
        self.wfile.write(body[:middle])
        self.wfile.flush()
        if fault is Fault.reset:
            # With nothing to linger for, closing sends RST in place of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _huge(self) -> None:
        self._head(200, HUGE, {"Content-Type": "application/json"})
        self.close_connection = True
        part = b'{"rows": [' + b" " * 65_526
        for _ in range(HUGE // len(part)):
            self.wfile.write(part)

    def _answer(self, status: int, answer: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self._write(status, body, {"Content-Type": "application/json", **(headers or {})})

    def _write(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self._head(status, len(body), headers)
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _body(self) -> dict[str, Any] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return None
        try:
            read = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return None
        return read if isinstance(read, dict) else None

    def handle(self) -> None:
        """Serve the connection; a caller that hangs up in the middle is what faults are for."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True


def _is_sign_in(answer: dict[str, Any]) -> bool:
    """Tell whether an answer holds a session: without one nothing else could be asked."""
    return "session" in answer or "access_token" in (answer.get("data") or {})
