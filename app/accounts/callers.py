"""Who calls: at the people's door by cookie and nothing else, at the API door by bearer token and nothing else."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from fastapi import Request, Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from app.accounts import sessions, tokens
from app.core import hot
from app.core.access import Caller
from app.core.clock import now_of
from app.core.db import Database
from app.core.settings import Settings

log = structlog.get_logger()
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def provide(request: Request) -> Caller | None:
    """Return who calls, or None; notes the use at most once a minute, in a transaction of its own."""
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    now = now_of(request)
    if request.state.door == "people":
        secret = request.cookies.get(cookie_name(request))
        if not secret:
            return None
        with hot.glance(database.engine) as connection:
            found = sessions.find_caller(connection, secret, now=now, settings=settings)
        if found is None:
            return None
        caller, due = found
        if due and caller.session_id is not None:
            held = caller.session_id
            _note(database, lambda s: sessions.touch(s, held, now=now, settings=settings))
        return caller
    return _by_token(request, database, settings, now)


def _by_token(request: Request, database: Database, settings: Settings, now: datetime) -> Caller | None:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        return None
    with hot.glance(database.engine) as connection:
        found = tokens.find_caller(connection, secret.strip(), now=now, settings=settings)
    if found is None:
        return None
    caller, due = found
    if due and caller.token_id is not None:
        held = caller.token_id
        _note(database, lambda s: tokens.touch(s, held, now=now))
    return caller


def _note(database: Database, work: Callable[[Session], None]) -> None:
    # A busy database must not turn a page away because its visit could not be noted.
    try:
        with database.write(patient=False) as session:
            work(session)
    except (OperationalError, PoolTimeout) as error:
        log.debug("last_use_not_noted", error=type(error).__name__)


def cookie_name(request: Request) -> str:
    """Return the session cookie's name: `__Host-` binds it to https and this host, plain is for where there is none."""
    return "__Host-session" if _secure(request) else "session"


def _secure(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    demonstration_here = settings.demonstration and request.url.scheme == "http" and host in _LOOPBACK
    return settings.secure_cookies and not demonstration_here


def put_cookie(request: Request, response: Response, secret: str, *, remembered: bool) -> None:
    """Give the browser its session."""
    settings: Settings = request.app.state.settings
    response.set_cookie(
        cookie_name(request),
        secret,
        max_age=settings.remember_device_days * 86_400 if remembered else None,
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(request: Request, response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(cookie_name(request), path="/", secure=_secure(request), httponly=True, samesite="lax")


def put_language(request: Request, response: Response, locale: str) -> None:
    """Remember the chosen language for a year."""
    response.set_cookie("lang", locale, max_age=31_536_000, path="/", secure=_secure(request), samesite="lax")
