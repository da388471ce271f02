"""Whose turn it is to do what one of all workers does, such as every night."""

from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlmodel import Session

from app.core import hot
from app.core.clock import at, day_of
from app.core.db import upsert
from app.core.jobs.models import JobTurn

_TABLE = hot.table(JobTurn)
_J = _TABLE.c
AGAIN = timedelta(minutes=30)


def last_night(now: datetime, clock: time) -> datetime:
    """Return the last moment at which the hands stood so in Huế."""
    today = at(day_of(now), clock)
    return today if today <= now else at(day_of(now) - timedelta(days=1), clock)


def is_due(session: Session, name: str, now: datetime, *, since: datetime) -> bool:
    """Tell, without waiting for anybody, whether the turn may be taken."""
    known = session.execute(select(_J.name).where(_J.name == name)).first() is not None
    free = select(_J.name).where(*_wanted(name, now, since))
    return not known or session.execute(free).first() is not None


def begin(session: Session, name: str, worker: str, now: datetime, *, since: datetime, lease: timedelta) -> bool:
    """Take the turn, unless it was done `since`, somebody has it, or it failed half an hour ago; tells whether."""
    session.execute(upsert(session.get_bind().dialect.name, _TABLE).values(name=name).on_conflict_do_nothing())
    taken = (
        update(_TABLE)
        .where(*_wanted(name, now, since))
        .values(claimed_by=worker, claimed_until=now + lease, tried_at=now)
    )
    return session.execute(taken.returning(_J.name)).first() is not None


def end(session: Session, name: str, worker: str, now: datetime, *, done: bool) -> None:
    """Give the turn back, and note that the work is done for this night."""
    values = {"claimed_by": None, "claimed_until": None} | ({"done_at": now} if done else {})
    session.execute(update(_TABLE).where(_J.name == name, _J.claimed_by == worker).values(values))


def _wanted(name: str, now: datetime, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        _J.name == name,
        or_(_J.done_at.is_(None), _J.done_at < since),
        or_(_J.claimed_until.is_(None), _J.claimed_until <= now),
        or_(_J.tried_at.is_(None), _J.tried_at <= now - AGAIN),
    )
