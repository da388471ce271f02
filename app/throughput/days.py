"""Which days something is owed for: pages open there, not on a day off; and which days off a deadline passes over."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, bindparam, func, not_, select, union
from sqlmodel import Session

from app.core import hot
from app.core.clock import at, day_of
from app.procedures.rules import System
from app.throughput.forms import Reference
from app.throughput.models import Obligation, Report
from app.throughput.reopenings.service import is_open
from app.throughput.schemas import DayOffOut, WordsOut

_OBLIGATION = hot.table(Obligation)
_REPORT = hot.table(Report)
_DAY = _OBLIGATION.c.day
AHEAD = timedelta(days=31)  # no deadline lies further behind its day, holidays included
_DUE = _OBLIGATION.c.due_at
_last_until = select(func.max(_DAY)).where(bindparam("day", type_=_DAY.type) >= _DAY)
_last_before = select(func.max(_DAY)).where(bindparam("day", type_=_DAY.type) > _DAY)
_last_past = (
    select(_DAY)
    .where(bindparam("day", type_=_DAY.type) >= _DAY, bindparam("now", type_=_DUE.type) >= _DUE)
    .order_by(_DAY.desc())
    .limit(1)
)
_moments = union(
    *(
        select(moment).where(
            _DAY.between(bindparam("first"), bindparam("last")), moment >= bindparam("begin", type_=_DUE.type),
            moment < bindparam("end", type_=_DUE.type),
        )
        for moment in (_DUE, _OBLIGATION.c.cut_off_at)
    )
)  # fmt: skip


def days_off_until(reference: Reference, unit_id: int, day: date, due_at: datetime) -> list[DayOffOut]:
    """Return the days off between a day and its deadline, which lies behind them for that reason."""
    calendar = reference.calendar(unit_id)
    between = [day + timedelta(days=n) for n in range(1, (day_of(due_at) - day).days)]
    return [_day_off(reference, one) for one in between if not calendar.is_working_day(one)]


def _day_off(reference: Reference, day: date) -> DayOffOut:
    names = reference.days_off.get(day)
    return DayOffOut(day=day, name=WordsOut(vi=names[0], en=names[1], fr=names[2]) if names else None)


def unsent_between(
    session: Session, unit_id: int, system: System, after: date, before: date, now: datetime
) -> dict[date, bool]:
    """Return the days between two that a unit owes and of which nothing was received, and whether each is locked.

    Oldest first; a day that was reopened is not locked.
    """
    c = _OBLIGATION.c
    same = (_REPORT.c.unit_id == c.unit_id) & (_REPORT.c.day == c.day) & (_REPORT.c.system == c.system)
    query = (
        select(c.day, and_(c.locks_at < now, not_(is_open(c, now))))
        .select_from(_OBLIGATION.outerjoin(_REPORT, same))
        .where(
            c.unit_id == unit_id, c.system == system.value, c.day > after, c.day < before, c.waived_at.is_(None),
            _REPORT.c.id.is_(None),
        )
        .order_by(c.day)
    )  # fmt: skip
    return {day: bool(locked) for day, locked in session.execute(query)}


def last_owed(session: Session, until: date) -> date:
    """Return the last day up to one for which anybody owes something; that day itself where none does."""
    ((found,),) = hot.run(session, _last_until, {"day": until})
    return found or until


def last_due(session: Session, now: datetime) -> date | None:
    """Return the newest day of which somebody's deadline has passed; None before the first."""
    found = hot.run(session, _last_past, {"day": day_of(now), "now": now})
    return found[0][0] if found else None


def moments_of(session: Session, day: date) -> list[datetime]:
    """Return when on a day a state may move by the clock alone: a deadline is over, or a day's figures are due."""
    ends = {"first": day - AHEAD, "last": day, "begin": at(day, time()), "end": at(day + timedelta(days=1), time())}
    return sorted(row[0] for row in hot.run(session, _moments, ends))


def owed_before(session: Session, day: date) -> date | None:
    """Return the day before one for which something is owed."""
    ((last,),) = hot.run(session, _last_before, {"day": day})
    found: date | None = last
    return found


def owed_after(session: Session, day: date) -> date | None:
    """Return the day after one for which something is owed."""
    found: date | None = session.execute(select(func.min(_DAY)).where(day < _DAY)).scalar()
    return found
