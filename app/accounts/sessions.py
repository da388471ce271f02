"""Signed-in browsers: opened, found by their secret, ended."""

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update
from sqlmodel import Session, col

from app.accounts.models import SessionOut, SessionPage, User, UserSession
from app.accounts.rules import REMEMBERING, Role, device, rights_of, session_ends, units_of
from app.core import audit, hot
from app.core.access import Caller
from app.core.errors import NotFound
from app.core.settings import Settings
from app.units.models import Unit

TOUCH_EVERY = timedelta(minutes=1)


def hash_secret(clear: str) -> str:
    """Return what is kept of a random secret: it has 256 bits, so a plain hash is enough."""
    return hashlib.sha256(clear.encode()).hexdigest()


def open_session(
    session: Session, user: User, *, now: datetime, settings: Settings, remember: bool, user_agent: str, address: str
) -> tuple[UserSession, str]:
    """Begin a session and return it with its secret, which is not kept."""
    remembered = remember and settings.remember_device_days > 0 and user.role in REMEMBERING
    idle_expires_at, expires_at = session_ends(
        now,
        remembered=remembered,
        idle=settings.session_idle,
        absolute=settings.session_absolute,
        remember_days=settings.remember_device_days,
    )
    session.execute(delete(UserSession).where(col(UserSession.user_id) == user.id, ended(now)))
    clear = secrets.token_urlsafe(32)
    row = UserSession(
        token_hash=hash_secret(clear),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        idle_expires_at=idle_expires_at,
        expires_at=expires_at,
        remembered=remembered,
        device=device(user_agent),
        address=address,
    )
    session.add(row)
    session.flush()
    # Nobody was known when the request began; now somebody is.
    session.info["audit_context"] = replace(
        session.info["audit_context"], user_id=user.id, user_name=user.user_name, token_id=None
    )
    audit.record(
        session,
        "session.created",
        f"sessions/{row.id}",
        after={"user": user.user_name, "address": address, "device": row.device, "remembered": remembered},
    )
    return row, clear


def ended(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a session's time is over."""
    return or_(col(UserSession.idle_expires_at) <= now, col(UserSession.expires_at) <= now)


_held, _user, _unit = hot.table(UserSession).c, hot.table(User).c, hot.table(Unit).c
# Built once: every page begins with it.
_find = (
    select(
        _held.id, _held.remembered, _held.last_seen_at, _held.idle_expires_at, _held.expires_at,
        _user.id.label("user_id"), _user.user_name, _user.label, _user.role, _user.unit_id, _user.demonstration,
        _unit.code, _unit.name,
    )
    .select_from(hot.table(UserSession))
    .join(hot.table(User), _user.id == _held.user_id)
    .outerjoin(hot.table(Unit), _unit.id == _user.unit_id)
    .where(
        _held.token_hash == bindparam("hash"),
        _held.idle_expires_at > bindparam("now", type_=_held.expires_at.type),
        _held.expires_at > bindparam("now", type_=_held.expires_at.type),
        _user.disabled_at.is_(None),
    )
)  # fmt: skip


class _Found(NamedTuple):
    """What a page begins with: a session, whose it is, the unit they act for."""

    id: int
    remembered: bool
    last_seen_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    user_id: int
    user_name: str
    label: str
    role: str
    unit_id: int | None
    demonstration: bool
    unit_code: str | None
    unit_name: str | None


def find_caller(source: hot.Source, clear: str, *, now: datetime, settings: Settings) -> tuple[Caller, bool] | None:
    """Return who holds a session's secret, and whether its last use is to be noted; None when it is over."""
    rows = [_Found(*row) for row in hot.run(source, _find, {"hash": hash_secret(clear), "now": now})]
    if not rows:
        return None
    row = rows[0]
    if (row.demonstration and not settings.demonstration) or (row.remembered and not settings.remember_device_days):
        return None
    role = Role(row.role)
    caller = Caller(
        id=row.user_id,
        user_name=row.user_name,
        label=row.label,
        role=row.role,
        unit_id=row.unit_id,
        unit_code=row.unit_code,
        rights=rights_of(role, row.unit_id),
        units=units_of(role, row.unit_id),
        session_id=row.id,
        demonstration=bool(row.demonstration),
        unit_name=row.unit_name,
        ends_at=min(row.idle_expires_at, row.expires_at),
    )
    return caller, now - row.last_seen_at >= TOUCH_EVERY


def touch(session: Session, session_id: int, *, now: datetime, settings: Settings) -> None:
    """Note that a session is in use, and put off its idle end."""
    of_this = update(UserSession).where(col(UserSession.id) == session_id)
    session.execute(of_this.values(last_seen_at=now))
    session.execute(
        of_this.where(col(UserSession.remembered).is_(False)).values(idle_expires_at=now + settings.session_idle)
    )


def list_sessions(session: Session, caller: Caller, *, now: datetime) -> SessionPage:
    """Return the caller's sessions that are not over, the last used first."""
    rows = session.execute(
        select(UserSession)
        .where(col(UserSession.user_id) == caller.id, ~ended(now))
        .order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id).desc())
    ).scalars()
    items = [
        SessionOut(**row.model_dump(include=set(SessionOut.model_fields)), current=row.id == caller.session_id)
        for row in rows
    ]
    return SessionPage(items=items, next=None)


def end_session(session: Session, caller: Caller, *, session_id: int) -> None:
    """End one of the caller's own sessions; raises NotFound for anybody else's."""
    if not end_sessions(session, caller.id, only=session_id):
        raise NotFound


def end_sessions(session: Session, user_id: int, *, only: int | None = None, but: int | None = None) -> int:
    """End a user's sessions (only one, or all but one) and return how many."""
    wanted = select(UserSession).where(col(UserSession.user_id) == user_id)
    if only is not None:
        wanted = wanted.where(col(UserSession.id) == only)
    if but is not None:
        wanted = wanted.where(col(UserSession.id) != but)
    rows = session.execute(wanted).scalars().all()
    for row in rows:
        audit.record(session, "session.ended", f"sessions/{row.id}", before={"user": row.user_id, "device": row.device})
        session.delete(row)
    session.flush()
    return len(rows)
