"""Who owes which report until when: the states of what is owed, and waivers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, tuple_, update
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, NotFound
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.models import Obligation, Report, Waiver
from app.throughput.obligations.schemas import ObligationOut, ObligationPage
from app.throughput.reopenings import service as reopenings
from app.throughput.timing import Deadlines, State, is_met, state
from app.units.models import Unit

_OBLIGATION = hot.table(Obligation)
_WAIVER = hot.table(Waiver)
_REPORT = hot.table(Report)
_UNIT = hot.table(Unit)
_with_report = _OBLIGATION.outerjoin(
    _REPORT,
    and_(
        _REPORT.c.unit_id == _OBLIGATION.c.unit_id,
        _REPORT.c.day == _OBLIGATION.c.day,
        _REPORT.c.system == _OBLIGATION.c.system,
    ),
)


@dataclass(frozen=True)
class Wanted:
    """Which obligations are asked for."""

    unit: Unit | None = None
    day: date | None = None
    first: date | None = None
    last: date | None = None


def listing(session: Session, caller: Caller, wanted: Wanted, now: datetime, page: Page | None) -> ObligationPage:
    """Return obligations with their states.

    Without a day or period: today's, and what is still open of the days before; late ones first then.
    """
    query = (
        select(
            _OBLIGATION, _UNIT.c.code, _UNIT.c.name, _REPORT.c.first_met_at, _REPORT.c.first_complete_at,
            _REPORT.c.partial, _REPORT.c.unavailable, _REPORT.c.version, _REPORT.c.updated_at,
            reopenings.is_open(_OBLIGATION.c, now).label("reopened"),
        )
        .select_from(_with_report.join(_UNIT, _UNIT.c.id == _OBLIGATION.c.unit_id))
        .order_by(_OBLIGATION.c.day, _OBLIGATION.c.unit_id, _OBLIGATION.c.system)
    )  # fmt: skip
    if caller.units is not None:
        query = query.where(_OBLIGATION.c.unit_id.in_(caller.units))
    if wanted.unit is not None:
        query = query.where(_OBLIGATION.c.unit_id == wanted.unit.id)
    today = day_of(now)
    if wanted.day is not None:
        query = query.where(_OBLIGATION.c.day == wanted.day)
    elif wanted.first is not None or wanted.last is not None:
        query = query.where(
            _OBLIGATION.c.day.between(wanted.first or date(2000, 1, 1), wanted.last or date(2199, 12, 31))
        )
    else:
        still_open = and_(
            _OBLIGATION.c.day < today,
            _OBLIGATION.c.waived_at.is_(None),
            or_(_REPORT.c.first_met_at.is_(None), and_(_REPORT.c.partial, _REPORT.c.first_complete_at.is_(None))),
            or_(_OBLIGATION.c.locks_at >= now, reopenings.is_open(_OBLIGATION.c, now)),
        )
        query = query.where(or_(_OBLIGATION.c.day == today, still_open))
    if page is not None:
        if page.after is not None:
            query = query.where(tuple_(_OBLIGATION.c.day, _OBLIGATION.c.id) > reading.after_key(page))
        query = query.order_by(None).order_by(_OBLIGATION.c.day, _OBLIGATION.c.id).limit(page.limit + 1)
    rows = list(session.execute(query))
    following = None
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row.day.isoformat(), row.id])
    items = [_out(row, now) for row in rows]
    if page is None:
        order = {s: n for n, s in enumerate(State)}
        items.sort(key=lambda o: (order[o.state], o.due_at, o.unit, o.system.value))
    return ObligationPage(items=items, next=following)


def _out(row: Any, now: datetime) -> ObligationOut:
    moments = Deadlines(row.cut_off_at, row.due_at, row.grace_until, row.locks_at)
    return ObligationOut(
        unit=row.code,
        name=row.name,
        day=row.day,
        system=System(row.system),
        state=state(
            moments, now, waived=row.waived_at is not None, met_at=row.first_met_at, complete_at=row.first_complete_at,
            unavailable=bool(row.unavailable), partial=bool(row.partial),
        ),
        cut_off_at=row.cut_off_at,
        due_at=row.due_at,
        grace_until=row.grace_until,
        locks_at=row.locks_at,
        locked=now > row.locks_at and not row.reopened,
        version=row.version,
        received_at=(row.updated_at if row.unavailable else row.first_met_at)
        if is_met(row.first_met_at, row.first_complete_at, partial=bool(row.partial))
        else None,
        waiver_reason=row.waiver_reason,
        waived_by=row.waived_by,
        waived_at=row.waived_at,
    )  # fmt: skip


def one(session: Session, unit: Unit, day: date, system: System, now: datetime) -> ObligationOut:
    """Return one obligation; raises NotFound where nothing is owed."""
    row = session.execute(
        select(
            _OBLIGATION, _UNIT.c.code, _UNIT.c.name, _REPORT.c.first_met_at, _REPORT.c.first_complete_at,
            _REPORT.c.partial, _REPORT.c.unavailable, _REPORT.c.version, _REPORT.c.updated_at,
            reopenings.is_open(_OBLIGATION.c, now).label("reopened"),
        )
        .select_from(_with_report.join(_UNIT, _UNIT.c.id == _OBLIGATION.c.unit_id))
        .where(_OBLIGATION.c.unit_id == unit.id, _OBLIGATION.c.day == day, _OBLIGATION.c.system == system.value)
    ).first()  # fmt: skip
    if row is None:
        raise NotFound
    return _out(row, now)


def waive(
    session: Session, caller: Caller, *, unit: Unit, day: date, system: System, reason: str, now: datetime
) -> ObligationOut:
    """Free a unit from a day's report, with the reason and who said so; raises Conflict when it is reported already."""
    was = one(session, unit, day, system, now)
    if was.received_at is not None:
        raise Conflict("already_reported")
    if was.waiver_reason != reason:
        _set_waiver(session, unit, day, system, now, caller.label, reason)
        place = f"obligations/{unit.code}/{day}/{system.value}"
        audit.record(session, "obligation.waived", place, before=was.waiver_reason, after=reason, reason=reason)
    return one(session, unit, day, system, now)


def end_waiver(session: Session, *, unit: Unit, day: date, system: System, now: datetime) -> None:
    """End a waiver; raises NotFound where there is none."""
    was = one(session, unit, day, system, now)
    if was.waiver_reason is None:
        raise NotFound
    _set_waiver(session, unit, day, system, now, None, None)
    audit.record(
        session, "obligation.waiver_ended", f"obligations/{unit.code}/{day}/{system.value}", before=was.waiver_reason
    )


def _set_waiver(
    session: Session, unit: Unit, day: date, system: System, now: datetime, by: str | None, reason: str | None
) -> None:
    """End the waiver that stands and begin another, with a reason; without one there is none from now on."""
    key = {"unit_id": unit.id, "day": day, "system": system.value}
    stands = [*(_WAIVER.c[k] == v for k, v in key.items()), _WAIVER.c.known_to.is_(None)]
    was = session.execute(select(_WAIVER.c.known_from).where(*stands)).scalar()
    at = max(now, was) if was else now
    session.execute(update(_WAIVER).where(*stands).values(known_to=at))
    if reason is not None:
        session.execute(insert(_WAIVER).values(**key, reason=reason, waived_by=by, known_from=at))
    session.execute(
        update(_OBLIGATION)
        .where(*(_OBLIGATION.c[k] == v for k, v in key.items()))
        .values(waived_at=at if reason is not None else None, waived_by=by, waiver_reason=reason)
    )
