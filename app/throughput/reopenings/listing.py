"""Requests to reopen days as they are shown: one, a day's, and the list; and where a locked day stands."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, func, select, tuple_
from sqlmodel import Session, col

from app.core import hot
from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.forms import Reference
from app.throughput.reopenings.models import Reopening
from app.throughput.reopenings.rules import ReopeningState
from app.throughput.reopenings.schemas import ReopeningOut, ReopeningPage, ReopeningsOut
from app.throughput.reopenings.service import locks_at, out, running, visible
from app.units.models import Unit

_ROW = hot.table(Reopening).c


@dataclass(frozen=True)
class LockState:
    """Where a day past its lock stands: what is granted now, and the last request."""

    locked: bool
    open_until: datetime | None
    open_fields: list[str] | None
    reopening: ReopeningOut | None


def one(session: Session, caller: Caller, number: int, now: datetime) -> ReopeningOut:
    """Return a request; raises NotFound for another unit's."""
    return out(*visible(session, caller, select(Reopening).where(_ROW.id == number)), now)


def of_day(session: Session, unit: Unit, day: date, system: System, now: datetime) -> list[ReopeningOut]:
    """Return all requests for a day, newest first."""
    query = select(Reopening).where(_ROW.unit_id == unit.id, _ROW.day == day, _ROW.system == system.value)
    return [out(row, unit, now) for row in session.scalars(query.order_by(_ROW.id.desc()))]


def running_now(session: Session, unit: Unit, now: datetime) -> list[ReopeningOut]:
    """Return the grants that a unit may still use, the first to close first."""
    query = select(Reopening).where(_ROW.unit_id == unit.id, _in_state(ReopeningState.granted, now))
    return [out(row, unit, now) for row in session.scalars(query.order_by(_ROW.until))]


def latest(session: Session, unit: Unit, day: date, system: System, now: datetime) -> ReopeningOut | None:
    """Return the last request for a day, whatever became of it."""
    rows = of_day(session, unit, day, system, now)
    return rows[0] if rows else None


def lock_state(session: Session, unit: Unit, day: date, system: System, now: datetime) -> LockState | None:
    """Return where a day stands after its lock; None before."""
    assert unit.id is not None
    if now <= locks_at(session, Reference.read(session), unit, day, system):
        return None
    grant = running(session, unit.id, day, system, now)
    return LockState(
        locked=grant is None,
        open_until=grant.until if grant else None,
        open_fields=sorted(grant.fields) if grant and grant.fields is not None else None,
        reopening=latest(session, unit, day, system, now),
    )


def of_locked_day(session: Session, unit: Unit, day: date, system: System, now: datetime) -> ReopeningsOut:
    """Return what was asked for a day, and whether and for what may be asked now."""
    assert unit.id is not None
    reference, items = Reference.read(session), of_day(session, unit, day, system, now)
    at = locks_at(session, reference, unit, day, system)
    busy = any(item.state in (ReopeningState.asked, ReopeningState.granted) for item in items)
    stored = reading.current(session, unit.id, day, system)
    choices = {**reference.applicable(unit, day, system), **stored.lines} if stored else {}
    return ReopeningsOut(
        unit=unit.code, unit_name=unit.name, day=day, system=system, locks_at=at, locked=now > at,
        may_ask=now > at and not busy, choices=list(choices), items=items,
    )  # fmt: skip


def listing(
    session: Session,
    caller: Caller,
    now: datetime,
    page: Page | None,
    *,
    unit: Unit | None = None,
    day: date | None = None,
    state: ReopeningState | None = None,
) -> ReopeningPage:
    """Return requests that the caller may see: those that wait, those that run, then the others, newest first."""
    place = case((_ROW.decision.is_(None), 0), (_in_state(ReopeningState.granted, now), 1), else_=2)
    scope = [] if caller.units is None else [_ROW.unit_id.in_(caller.units)]
    query = select(Reopening, Unit, place.label("place")).join(Unit, col(Unit.id) == _ROW.unit_id).where(*scope)
    if unit is not None:
        query = query.where(_ROW.unit_id == unit.id)
    if day is not None:
        query = query.where(_ROW.day == day)
    if state is not None:
        query = query.where(_in_state(state, now))
    query = query.order_by(place, _ROW.id.desc())
    if page is not None:
        if page.after is not None:
            if [type(part) for part in page.after] != [int, int]:
                raise Invalid([Fault("?cursor", "bad_cursor")])
            query = query.where(tuple_(place, -_ROW.id) > tuple_(*page.after))
        query = query.limit(page.limit + 1)
    rows, following = list(session.execute(query)), None
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row.place, -row[0].id])
    return ReopeningPage(
        items=[out(row[0], row[1], now) for row in rows], next=following, open=waiting(session, caller)
    )


def waiting(session: Session, caller: Caller) -> int:
    """Return how many requests wait for an answer, of the units that a caller sees."""
    scope = [] if caller.units is None else [_ROW.unit_id.in_(caller.units)]
    count: int = session.execute(select(func.count(_ROW.id)).where(*scope, _ROW.decision.is_(None))).scalar_one()
    return count


def _in_state(state: ReopeningState, now: datetime) -> Any:
    granted, running = _ROW.decision == "granted", and_(_ROW.ended_at.is_(None), _ROW.until >= now)
    return {
        ReopeningState.asked: _ROW.decision.is_(None),
        ReopeningState.granted: and_(granted, running),
        ReopeningState.refused: _ROW.decision == "refused",
        ReopeningState.over: and_(granted, _ROW.ended_at.is_(None), _ROW.until < now),
        ReopeningState.ended: and_(granted, _ROW.ended_at.is_not(None)),
    }[state]
