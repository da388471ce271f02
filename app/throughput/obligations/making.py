"""Who owes which report until when: a table made from calendar, validity and form, and kept ahead."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session, col

from app.calendar.models import CalendarChanged
from app.calendar.service import calendars_for
from app.core import hot, stamps, versions
from app.core.clock import Clock, day_of
from app.core.db import Database
from app.core.recurring import repeated
from app.core.settings import Settings
from app.procedures.rules import System
from app.throughput.forms import DAILY, owes, times_of
from app.throughput.models import Obligation, ReportForm
from app.throughput.rules import SYSTEMS
from app.throughput.timing import Deadlines, deadlines
from app.units.models import Unit, UnitChanged

_OBLIGATION = hot.table(Obligation)
EVERY = 3600
STAMP = "obligations"  # moves when they are made or made anew: nobody's doing, so that the audit does not tell


def extend(session: Session, now: datetime, horizon_days: int, first: date | None = None) -> int:
    """Make the obligations that are missing up to the horizon; returns how many.

    From a week back, and for whoever owed before; a `first` that is named is a past to be loaded: then all of it.
    """
    today, named = day_of(now), first is not None
    first = first or today - timedelta(days=7)
    last = today + timedelta(days=horizon_days)
    made = list(_expected(session, first, last))
    known = {
        tuple(row)
        for row in session.execute(
            select(_OBLIGATION.c.unit_id, _OBLIGATION.c.day, _OBLIGATION.c.system).where(
                _OBLIGATION.c.day.between(first, last)
            )
        )
    }
    owing_since = _owing_since(session)
    rows = [
        row
        for row in made
        if (row["unit_id"], row["day"], row["system"]) not in known and (named or _may_be_new(row, owing_since, now))
    ]
    if rows:
        session.execute(insert(_OBLIGATION), rows)
        stamps.touch(session, STAMP)
    return len(rows)


def _owing_since(session: Session) -> dict[tuple[int, str], date]:
    first = select(_OBLIGATION.c.unit_id, _OBLIGATION.c.system, func.min(_OBLIGATION.c.day))
    rows = session.execute(first.group_by(_OBLIGATION.c.unit_id, _OBLIGATION.c.system))
    return {(unit_id, system): day for unit_id, system, day in rows}


def _may_be_new(row: dict[str, Any], since: dict[tuple[int, str], date], now: datetime) -> bool:
    """Tell whether an obligation may be written down: nobody who owed nothing yet is late from the start.

    A new installation has no past, so its first days are owed whole.
    """
    return row["due_at"] > now or not since or since.get((row["unit_id"], row["system"]), date.max) <= row["day"]


def _expected(
    session: Session, first: date, last: date, unit_ids: Iterable[int] | None = None
) -> Iterable[dict[str, Any]]:
    """Yield the obligations of a period as calendar, validity and form say."""
    form = session.get_one(ReportForm, DAILY)
    times = times_of(form)
    wanted = None if unit_ids is None else set(unit_ids)
    units = {
        unit.id: unit
        for unit in session.scalars(select(Unit).where(col(Unit.valid_from) <= last))
        if owes(form, unit) and (wanted is None or unit.id in wanted)
    }
    by_calendar: dict[Any, dict[tuple[date, System], Deadlines]] = {}
    for unit_id, calendar in calendars_for(session, list(units)).items():
        if unit_id is None:
            continue
        # Most units share one calendar: its moments are worked out once.
        moments = by_calendar.setdefault(calendar, {})
        for day in calendar.working_days(first, last):
            if not units[unit_id].is_valid(day):
                continue
            for system in SYSTEMS:
                if (day, system) not in moments:
                    moments[day, system] = deadlines(day, system, times, calendar)
                d = moments[day, system]
                yield {
                    "unit_id": unit_id, "day": day, "system": system.value, "cut_off_at": d.cut_off_at,
                    "due_at": d.due_at, "grace_until": d.grace_until, "locks_at": d.locks_at,
                }  # fmt: skip


def remake(
    session: Session, first: date, unit_ids: Iterable[int] | None = None, open_at: datetime | None = None
) -> None:
    """Judge the obligations from a day on again, after calendar or unit changed.

    What is no longer owed goes, unless it was waived. What is due already keeps its times of day, whatever the form
    says by now. With `open_at`, only what was not due by then, before or after the change, is touched.
    """
    now = session.info["audit_context"].at
    wanted = None if unit_ids is None else list(unit_ids)
    scope = [_OBLIGATION.c.day >= first]
    if wanted is not None:
        scope.append(_OBLIGATION.c.unit_id.in_(wanted))
    existing = {(row.unit_id, row.day, row.system): row for row in session.execute(select(_OBLIGATION).where(*scope))}
    if not existing:
        return
    stamps.touch(session, STAMP)
    last = max(day for _, day, _ in existing)
    expected = {(r["unit_id"], r["day"], r["system"]): r for r in _expected(session, first, last, wanted)}
    if open_at is not None:
        shut = {key for key, row in existing.items() if row.due_at <= open_at}
        shut |= {key for key, row in expected.items() if row["due_at"] <= open_at}
        existing = {key: row for key, row in existing.items() if key not in shut}
        expected = {key: row for key, row in expected.items() if key not in shut}
    gone = [row.id for key, row in existing.items() if key not in expected and row.waived_at is None]
    if gone:
        session.execute(delete(_OBLIGATION).where(_OBLIGATION.c.id.in_(gone)))
    owing_since = _owing_since(session)
    moments = ("cut_off_at", "due_at", "grace_until", "locks_at")
    for key, row in expected.items():
        old = existing.get(key)
        if old is None:
            if _may_be_new(row, owing_since, now):
                session.execute(insert(_OBLIGATION), [row])
            continue
        was = {m: getattr(old, m) for m in moments}
        moved = {
            m: row[m] for m, at in was.items() if at != row[m] and (was["due_at"] > now or day_of(at) != day_of(row[m]))
        }
        if moved:
            session.execute(update(_OBLIGATION).where(_OBLIGATION.c.id == old.id).values(moved))


def follow_form(session: Session, first: date, now: datetime) -> None:
    """Have the obligations that are not due yet follow a changed form; those that are stay as they judged."""
    remake(session, first, open_at=now)


def on_calendar_changed(session: Session, event: CalendarChanged) -> None:
    """Judge again what a changed day may have moved: deadlines reach at most some working days back."""
    remake(session, event.from_day - timedelta(days=15))


def on_unit_changed(session: Session, event: UnitChanged) -> None:
    """Make or end the obligations of a changed unit from its first open day on."""
    now = session.info["audit_context"].at
    remake(session, day_of(now) - timedelta(days=7), [event.unit_id])
    row = session.execute(select(_OBLIGATION.c.day).order_by(_OBLIGATION.c.day.desc()).limit(1)).first()
    if row is not None:
        extend(session, now, (row.day - day_of(now)).days)


def kept_ahead(database: Database, clock: Clock, settings: Settings) -> AbstractAsyncContextManager[None]:
    """While the application serves, make the coming days' obligations and forget old answers: now and every hour."""

    def act(session: Session, now: datetime) -> None:
        extend(session, now, settings.obligations_horizon_days)
        versions.forget_answers(session, now - timedelta(hours=settings.idempotency_hours))

    return repeated(act, database, clock, every=EVERY, trouble="obligations_not_extended")
