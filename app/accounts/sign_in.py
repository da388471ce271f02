"""Guessing is limited: attempts counted per user name and per address, whatever becomes of the request."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlmodel import Session, col

from app.accounts.models import SignInAttempt, User
from app.accounts.rules import fold_user_name
from app.core.settings import Settings


@dataclass(frozen=True)
class Credential:
    """Whose password is checked, and what is kept of it; nobody's looks the same until the end."""

    user_id: int | None
    hash: str | None


@dataclass(frozen=True)
class Attempt:
    """Who tries, from where, when."""

    name_key: str
    address: str
    at: datetime


def attempt_of(user_name: str, address: str, now: datetime) -> Attempt:
    """Return an attempt as it is counted."""
    return Attempt(hashlib.sha256(fold_user_name(user_name).encode()).hexdigest(), address, now)


def note(session: Session, attempt: Attempt, settings: Settings) -> int:
    """Write an attempt down as failed, before its password is looked at, and forget those whose window is over."""
    session.execute(delete(SignInAttempt).where(col(SignInAttempt.at) <= attempt.at - _window(settings)))
    row = SignInAttempt(name_key=attempt.name_key, address=attempt.address, at=attempt.at)
    session.add(row)
    session.flush()
    return row.id


def allowed_from(
    session: Session, attempt: Attempt, settings: Settings, *, noted: int | None = None
) -> datetime | None:
    """Return when a throttled attempt may be made again, or None when it may now.

    Each attempt is noted and committed before it counts the others: of any number at once no more than the limit pass.
    """
    of_name = col(SignInAttempt.name_key) == attempt.name_key
    of_address = col(SignInAttempt.address) == attempt.address
    last_success = select(func.coalesce(func.max(SignInAttempt.id), 0)).where(of_name, col(SignInAttempt.succeeded))
    since_success = col(SignInAttempt.id) > last_success.scalar_subquery()
    waits = [
        _latest(session, attempt, settings, noted, settings.sign_in_attempts, of_name, since_success),
        _latest(session, attempt, settings, noted, settings.sign_in_attempts_per_address, of_address),
    ]
    return max((at + _window(settings) for at in waits if at), default=None)


def forget(session: Session, noted: int) -> None:
    """Take back an attempt whose password was never looked at: waiting must not grow by asking."""
    session.execute(delete(SignInAttempt).where(col(SignInAttempt.id) == noted))


def succeed(session: Session, noted: int) -> None:
    """Mark an attempt as good; the user's failures before it no longer count."""
    session.get_one(SignInAttempt, noted).succeeded = True


def credential(session: Session, user_name: str, *, demonstration: bool) -> Credential:
    """Return what to check a password against; nobody's for who is not there, disabled, or of a demonstration past."""
    user = session.scalars(select(User).where(col(User.user_name) == fold_user_name(user_name))).one_or_none()
    if user is None or not may_sign_in(user, demonstration=demonstration):
        return Credential(None, None)
    return Credential(user.id, user.password_hash)


def may_sign_in(user: User, *, demonstration: bool) -> bool:
    """Tell whether an account is open; those of the demonstration are so only in demonstration mode."""
    return user.disabled_at is None and (demonstration or not user.demonstration)


def _latest(
    session: Session, attempt: Attempt, settings: Settings, noted: int | None, limit: int, *which: ColumnElement[bool]
) -> datetime | None:
    """Return when the `limit`-th latest of the other failures in the window was: once it is out, there is room."""
    others = (
        select(col(SignInAttempt.at))
        .where(*which, ~col(SignInAttempt.succeeded), col(SignInAttempt.at) > attempt.at - _window(settings))
        .order_by(col(SignInAttempt.at).desc())
        .offset(limit - 1)
        .limit(1)
    )
    if noted is not None:
        others = others.where(col(SignInAttempt.id) != noted)
    return session.execute(others).scalar_one_or_none()


def _window(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.sign_in_window_minutes)
