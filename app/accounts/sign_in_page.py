"""The sign-in page, and the form it carries along when a session ended before the form was sent."""

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from app.accounts.demonstration import ACCOUNTS, PASSWORD, DemoAccount
from app.core.bodies import is_multipart, read_words
from app.core.coming import local_path
from app.core.errors import Fault, Invalid, Problem
from app.core.forms import HIDDEN, MAX_FIELDS
from app.core.settings import Settings
from app.core.web import Renderer

MOST = MAX_FIELDS - 20  # the sign-in form has fields of its own


@dataclass(frozen=True)
class Kept:
    """A form that was not sent: where it was to go, its pairs, but no password, and the name of its file.

    A browser never gives a file a second time by itself: it has to be chosen again.
    """

    action: str
    pairs: tuple[tuple[str, str], ...]
    file: str | None = None


@dataclass(frozen=True)
class SignInPage:
    """What the sign-in page shows beside its fields."""

    to: str
    remember_days: int
    accounts: tuple[DemoAccount, ...]
    password: str
    kept: Kept | None
    session_over: bool


@dataclass(frozen=True)
class Unsent:
    """A form to be sent again by who has just signed in, and the page to begin anew."""

    kept: Kept
    to: str


def sign_in_page(request: Request, session: object = None) -> SignInPage:
    """Return what the sign-in page shows; where the visitor wanted to go comes from the form or the address."""
    typed = getattr(request.state, "form", None) or request.query_params
    to, action, pairs, file = (typed.get(name) for name in ("to", "kept_for", "kept", "kept_file"))
    try:
        kept = read_kept(
            action if isinstance(action, str) else None, pairs if isinstance(pairs, list) else None,
            file if isinstance(file, str) else None,
        )  # fmt: skip
    except Invalid:
        kept = None
    return _page(request, local_path(to if isinstance(to, str) else None, ""), kept)


async def session_ended(request: Request) -> Response:
    """Answer a change that nobody is signed in for: the sign-in page, which keeps what was typed."""
    file = None
    if is_multipart(request):
        # Nobody has read it yet: who calls is known before what is brought.
        try:
            request.state.pairs, file = await read_words(request)
        except Problem:
            request.state.pairs = []
    return await run_in_threadpool(_ask_to_sign_in, request, file)


def _ask_to_sign_in(request: Request, file: str | None) -> Response:
    to = _page_of(request.app, request.scope["path"])
    data = _page(request, to, _unsent(request, file), session_over=True)
    return Renderer(request).page("accounts/sign_in.html", status=401, data=data, session_ended=True)


def read_kept(action: str | None, written: list[str] | None, file: str | None = None) -> Kept | None:
    """Return the form that the sign-in form carries; raises Invalid for one that would go elsewhere."""
    if action is None:
        return None
    if local_path(action, "") != action:
        raise Invalid([Fault("/kept_for", "invalid_value")])
    pairs = []
    for one in written or []:
        name, equals, value = one.partition("=")
        if not equals:
            raise Invalid([Fault("/kept", "invalid_value")])
        pairs.append((name, value))
    return Kept(action, _without_passwords(pairs), file or None)


def _unsent(request: Request, file: str | None) -> Kept | None:
    """Return the form of a request; None without one, or where nothing is left of it but what the page put there."""
    typed: list[tuple[str, str]] = getattr(request.state, "pairs", [])
    pairs = _without_passwords([(name, value) for name, value in typed if "=" not in name])
    lost = len(pairs) < len(typed)
    if not (pairs or file) or len(pairs) > MOST or (lost and all(name in HIDDEN for name, _ in pairs)):
        return None
    query = request.scope["query_string"].decode("latin-1")
    return Kept(quote(request.scope["path"]) + (f"?{query}" if query else ""), pairs, file)


def _without_passwords(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs if "password" not in name.lower())


def _page_of(app: FastAPI, path: str) -> str:
    """Return the page that a form came from: its own below what it changes, or what it changes, or the first page."""
    routes = [route for route in iter_route_contexts(app.routes) if "GET" in (route.methods or ())]
    for own in ("/worksheet", "/edit", "/new", ""):
        for route in routes:
            pattern = route.path or ""
            if pattern.endswith(own) and compile_path(pattern)[0].match(path + own):
                return quote(path + own)
    return "/"


def _page(request: Request, to: str, kept: Kept | None, *, session_over: bool = False) -> SignInPage:
    settings: Settings = request.app.state.settings
    return SignInPage(
        to=to,
        remember_days=settings.remember_device_days,
        accounts=ACCOUNTS if settings.demonstration else (),
        password=PASSWORD if settings.demonstration else "",
        kept=kept,
        session_over=session_over,
    )
