"""Which days something is owed for: pages open there, not on a day off."""

from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.throughput.models import Obligation

_DAY = hot.table(Obligation).c.day


def last_owed(session: Session, until: date) -> date:
    """Return the last day up to one for which anybody owes something; that day itself where none does."""
    found: date | None = session.execute(select(func.max(_DAY)).where(until >= _DAY)).scalar()
    return found or until


def owed_before(session: Session, day: date) -> date | None:
    """Return the day before one for which something is owed."""
    found: date | None = session.execute(select(func.max(_DAY)).where(day > _DAY)).scalar()
    return found


def owed_after(session: Session, day: date) -> date | None:
    """Return the day after one for which something is owed."""
    found: date | None = session.execute(select(func.min(_DAY)).where(day < _DAY)).scalar()
    return found
