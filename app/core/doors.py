"""What happens to every request before routing: its door, language and format, the cross-site check, forms, headers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from asgi_correlation_id import correlation_id
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import forms, i18n
from app.core.bodies import too_large
from app.core.errors import Fault, Invalid, NotFound, Problem
from app.core.forms import FORM_OVERHEAD
from app.core.handlers import answer, answer_defect, answer_in_thread
from app.core.past import reading_past
from app.core.settings import Settings
from app.core.web import API

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PRINTED = "/c/"  # an address that stands in papers: a program that shows its token is answered as at its own door
FORMATS = ("csv", "xlsx", "json")
READ_PAST = 64  # times what a file may have: a phone's largest photo, a short film
_UNTOUCHED = ("/static/", "/api/docs", "/api/openapi.json")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Doors:
    """ASGI middleware that prepares a request for its door."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send, started = _with_security_headers(scope, send, self.settings)
        state: dict[str, Any] = scope.setdefault("state", {})
        headers = Headers(scope=scope)
        path: str = scope["path"]
        if path.startswith(PRINTED) and headers.get("authorization", "").lower().startswith("bearer "):
            path = API + path
            scope = {**scope, "path": path, "raw_path": path.encode()}
        state["door"] = "api" if path.startswith("/api/") else "people"
        state["format"] = None
        state["request_id"] = correlation_id.get()
        request = Request(scope)
        state["locale"] = i18n.choose(
            # People read Vietnamese until they choose otherwise: an old PC's browser often asks for English.
            request.cookies.get("lang") if state["door"] == "people" else None,
            headers.get("accept-language") if state["door"] == "api" else None,
            self.settings.default_locale,
        )
        stem, _, suffix = path.rpartition(".")
        if stem and suffix in FORMATS and not path.startswith(_UNTOUCHED):
            state["format"] = suffix
            scope = {**scope, "path": stem, "raw_path": stem.encode()}
        if state["door"] == "people" and scope["query_string"]:
            # An unfilled filter of a form is sent as a blank and means: not asked.
            given = [pair for pair in scope["query_string"].split(b"&") if not pair.endswith(b"=")]
            scope = {**scope, "query_string": b"&".join(given)}
        try:
            # No address, code or name holds a NUL, and PostgreSQL takes none.
            if "\0" in path:
                raise NotFound
            if b"%00" in scope["query_string"]:
                raise Invalid([Fault("?", "bad_text")])
            receive = self._within_limits(headers, receive, state["door"])
            if state["door"] == "people" and scope["method"] not in SAFE_METHODS:
                _refuse_cross_site(headers)
                scope, receive = await self._understand_form(scope, headers, receive)
        except Problem as problem:
            request = Request(scope)
            shown = await answer_in_thread(request, problem) if problem.status == 413 else answer(request, problem)
            await shown(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            # Answered here: further out, the answer would have neither headers nor the request's number.
            if started():
                raise
            await (await answer_defect(Request(scope), error))(scope, receive, send)

    def _within_limits(self, headers: Headers, receive: Receive, door: str) -> Receive:
        content_type, most = headers.get("content-type", ""), self.settings.max_file_bytes + FORM_OVERHEAD
        if content_type.split(";")[0].strip().lower() != "multipart/form-data":
            return _limited(headers, receive, self.settings.max_body_bytes)
        if door == "api":
            return _limited(headers, receive, most)
        # A person's photo is often too large: it is read past, so that the words beside it are not lost.
        refusal = too_large(self.settings)
        receive = _limited(headers, receive, self.settings.max_file_bytes * READ_PAST, refusal)
        return _limited(Headers(), reading_past(content_type, receive, most), most + FORM_OVERHEAD, refusal)

    async def _understand_form(self, scope: Scope, headers: Headers, receive: Receive) -> tuple[Scope, Receive]:
        """Read a form: its hidden fields become method and headers, the rest waits for the endpoint's schema."""
        if headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            return scope, receive
        body = await _read(receive)
        pairs = forms.parse_pairs(body)
        hidden = {name: value for name, value in pairs if name in forms.HIDDEN and value}
        scope = {**scope, "headers": list(scope["headers"])}
        scope["state"]["pairs"] = pairs
        scope["state"]["form"] = forms.nest(pairs)
        scope["state"]["typed"] = forms.nest([(name, value) for name, value in pairs if name != "_only"])
        scope["state"]["moved"] = {}
        if scope["method"] == "POST" and hidden.get("_method") in ("PUT", "PATCH", "DELETE"):
            scope["method"] = hidden["_method"]
        for field, header in (
            ("_if_match", b"if-match"),
            ("_if_none_match", b"if-none-match"),
            ("_idempotency_key", b"idempotency-key"),
        ):
            if field in hidden:
                value = hidden[field]
                if header == b"if-match" and value != "*":
                    value = '"' + value.strip('"') + '"'
                scope["headers"].append((header, value.encode("latin-1", "replace")))
        return scope, forms.replaying(body)


def _refuse_cross_site(headers: Headers) -> None:
    """Refuse a form that another site sent: `Sec-Fetch-Site` where the browser says it, else `Origin`."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Problem("cross_site", status=403)
        return
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        raise Problem("cross_site", status=403)


def _limited(headers: Headers, receive: Receive, limit: int, refusal: Problem | None = None) -> Receive:
    """Count what arrives: a body in chunks says no length. (FastAPI's own limit answers in plain text.)"""
    refusal = refusal or Problem("body_too_large", status=413)
    told = headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise refusal
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise refusal
        return message

    return receive_limited


async def _read(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem("malformed_form", status=422)
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _with_security_headers(scope: Scope, send: Send, settings: Settings) -> tuple[Send, Callable[[], bool]]:
    started = False

    async def send_with_headers(message: Message) -> None:
        nonlocal started
        if message["type"] == "http.response.start":
            started = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if scope.get("scheme") == "https":
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            if scope["path"].startswith("/static/") and b"v=" in scope.get("query_string", b""):
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
            else:
                headers.setdefault("Cache-Control", "private, no-cache")
        await send(message)

    return send_with_headers, lambda: started
