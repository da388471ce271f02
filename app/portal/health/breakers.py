"""The breakers in the database: asked before every call, told after it."""

import json
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import hot
from app.core.db import upsert
from app.portal.adapters.rules import ANSWERED, Endpoint, Outcome
from app.portal.health import rules
from app.portal.health.models import PortalBreaker
from app.portal.health.rules import Breaker, BreakerState


class Paused(Exception):
    """That a system is left alone for a while, because it failed again and again."""


def enter(session: Session, endpoint: Endpoint, now: datetime) -> None:
    """Let a call through or raise Paused; of several that come at once one takes the turn to probe."""
    row = held(session, endpoint)
    let = rules.entering(read(row), now)
    if let is None:
        raise Paused
    _write(row, let)


def is_closed(session: Session, endpoint: Endpoint) -> bool:
    """Tell whether all calls go through, without waiting for anybody."""
    found = session.execute(
        select(col(PortalBreaker.opened_at)).where(col(PortalBreaker.endpoint) == endpoint.value)
    ).first()
    return found is None or found[0] is None


def note(session: Session, endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    """Take down how a call ended."""
    row = held(session, endpoint)
    answered = outcome in ANSWERED
    _write(
        row, rules.succeeded(read(row)) if answered else rules.failed(read(row), now, hung=outcome is Outcome.timeout)
    )
    row.last_outcome = outcome.value
    if answered:
        row.last_success_at = now
    else:
        row.last_failure_at = now
    session.flush()


def begin(session: Session, endpoint: Endpoint, now: datetime, until: datetime) -> bool:
    """Take the turn to pull until a moment at the latest; False where another has it."""
    row = held(session, endpoint)
    if row.pulled_until is not None and row.pulled_until > now:
        return False
    row.pulled_until = until
    session.flush()
    return True


def end(session: Session, endpoint: Endpoint) -> None:
    """Give the turn to pull back."""
    held(session, endpoint).pulled_until = None
    session.flush()


def held(session: Session, endpoint: Endpoint) -> PortalBreaker:
    """Return a system's row, made where there is none, and keep others from it until the commit."""
    table = hot.table(PortalBreaker)
    new = upsert(session.get_bind().dialect.name, table).values(endpoint=endpoint.value, failures="[]", hung=0)
    session.execute(new.on_conflict_do_nothing())
    query = select(PortalBreaker).where(col(PortalBreaker.endpoint) == endpoint.value)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def read(row: PortalBreaker) -> Breaker:
    """Return a row as the rules know it."""
    moments = tuple(datetime.fromisoformat(text) for text in json.loads(row.failures))
    return Breaker(moments, row.opened_at, row.probed_at, row.hung)


def state_of(row: PortalBreaker | None) -> BreakerState:
    """Return whether a system is called; one that never was is."""
    return BreakerState.closed if row is None else read(row).state


def _write(row: PortalBreaker, breaker: Breaker) -> None:
    row.failures = json.dumps([moment.isoformat() for moment in breaker.failures])
    row.opened_at, row.probed_at, row.hung = breaker.opened_at, breaker.probed_at, breaker.hung
