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

    Each attempt is noted and committed before it counts the others, so of any number at once no more than the limit pass.
    """
    of_name = col(SignInAttempt.name_key) == attempt.name_key
    last_success = (
        select(func.coalesce(func.max(SignInAttempt.id), 0))
        .where(of_name, col(SignInAttempt.succeeded))
        .scalar_subquery()
    )
    waits = [
        _wait(session, attempt, settings, settings.sign_in_attempts, noted, of_name, col(SignInAttempt.id) > last_success),
        _wait(session, attempt, settings, settings.sign_in_attempts_per_address, noted,
              col(SignInAttempt.address) == attempt.address),  # fmt: skip
    ]
    return max((wait for wait in waits if wait), default=None)


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


def _wait(
    session: Session, attempt: Attempt, settings: Settings, limit: int, noted: int | None, *which: ColumnElement[bool]
) -> datetime | None:
    """Return when the `limit`-th latest of the other failures leaves the window."""
    others = (
        select(col(SignInAttempt.at))
        .where(*which, ~col(SignInAttempt.succeeded), col(SignInAttempt.at) > attempt.at - _window(settings))
        .order_by(col(SignInAttempt.at).desc())
        .offset(limit - 1)
        .limit(1)
    )
    if noted is not None:
        others = others.where(col(SignInAttempt.id) != noted)
    at = session.execute(others).scalar_one_or_none()
    return at + _window(settings) if at else None


def _window(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.sign_in_window_minutes)
