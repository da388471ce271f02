"""Reading the calendar, marking days, and Saturday services."""

import csv
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, or_, select
from sqlmodel import Session, col

from app.calendar.models import (
    CalendarChanged,
    CalendarDay,
    CalendarMonthOut,
    DayIn,
    DayOut,
    PeriodOut,
    SaturdayService,
    ServiceIn,
    ServiceList,
    ServiceOut,
)
from app.calendar.rules import Calendar, DayKind
from app.core import audit, events, versions
from app.core.access import Caller
from app.core.errors import Fault, Invalid, NotFound
from app.units import service as units
from app.units.models import Unit

DATA = Path(__file__).parent / "data" / "days.csv"
LONGEST_PERIOD = 400


def calendar_for(session: Session, unit_id: int | None = None) -> Calendar:
    """Return the working calendar of a unit, or of the city."""
    return calendars_for(session, () if unit_id is None else (unit_id,))[unit_id]


def calendars_for(session: Session, unit_ids: Sequence[int]) -> dict[int | None, Calendar]:
    """Return the calendars of many units, read at once; None stands for the city."""
    marks = session.execute(select(col(CalendarDay.day), col(CalendarDay.kind), col(CalendarDay.unit_id))).all()
    worked = frozenset(m.day for m in marks if m.kind == DayKind.SWAPPED_WORKING_DAY)
    shut = frozenset(m.day for m in marks if m.kind == DayKind.LOCAL_CLOSURE and m.unit_id is None)
    off = frozenset(m.day for m in marks if m.kind in (DayKind.HOLIDAY, DayKind.DAY_OFF_IN_LIEU))
    own: dict[int, set[date]] = {}
    for mark in marks:
        if mark.unit_id is not None:
            own.setdefault(mark.unit_id, set()).add(mark.day)
    calendars: dict[int | None, Calendar] = {None: Calendar(off, worked, shut)}
    if not unit_ids:
        return calendars
    saturdays: dict[int, list[tuple[date, date | None]]] = {}
    for service in session.scalars(select(SaturdayService)):
        saturdays.setdefault(service.unit_id, []).append((service.valid_from, service.valid_to))
    for unit_id in unit_ids:
        closures = shut | own.get(unit_id, set())
        calendars[unit_id] = Calendar(off, worked, closures, tuple(saturdays.get(unit_id, ())))
    return calendars


def names_of_days_off(session: Session) -> dict[date, tuple[str, str, str]]:
    """Return the names of the city's days off in Vietnamese, English and French; of units' own closures none."""
    c = CalendarDay
    rows = session.execute(
        select(col(c.day), col(c.name_vi), col(c.name_en), col(c.name_fr)).where(
            col(c.unit_id).is_(None), col(c.kind) != DayKind.SWAPPED_WORKING_DAY
        )
    )
    return {day: (vi, en, fr) for day, vi, en, fr in rows}


def period(session: Session, *, first: date, last: date, unit: Unit | None) -> PeriodOut:
    """Return every day from `first` to `last`, both included; raises Invalid for a period turned round or too long."""
    if last < first:
        raise Invalid([Fault("?to", "period_reversed")])
    if (last - first).days >= LONGEST_PERIOD:
        raise Invalid([Fault("?to", "period_too_long", {"limit": LONGEST_PERIOD})])
    calendar = calendar_for(session, unit.id if unit else None)
    marks = session.execute(_marks().where(col(CalendarDay.day).between(first, last))).all()
    effective = {mark.day: (mark, code) for mark, code in marks if mark.unit_id is None}
    if unit is not None:
        effective |= {mark.day: (mark, code) for mark, code in marks if mark.unit_id == unit.id}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    worked = Counter(f"{day:%Y-%m}" for day in calendar.working_days(first, last))
    return PeriodOut.model_validate(
        {
            "from": first,
            "to": last,
            "unit": unit.code if unit else None,
            "working_days": worked.total(),
            "months": [
                CalendarMonthOut(month=month, working_days=worked[month])
                for month in dict.fromkeys(f"{d:%Y-%m}" for d in days)
            ],
            "days": [_shown(calendar, day, *effective.get(day, (None, None))) for day in days],
            "unit_closures": [_closure(m, c) for m, c in marks if m.unit_id is not None and unit is None],
        }
    )


def marked(session: Session, day: date, unit: Unit | None) -> CalendarDay | None:
    """Return the mark that a day bears for the city, or that a unit itself has set on it."""
    own = col(CalendarDay.unit_id).is_(None) if unit is None else col(CalendarDay.unit_id) == unit.id
    return session.scalars(select(CalendarDay).where(col(CalendarDay.day) == day, own)).one_or_none()


def show(session: Session, day: date, unit: Unit | None) -> DayOut:
    """Return one day as the calendar knows it: a unit's day shows its own mark only, else the city's view."""
    calendar = calendar_for(session, unit.id if unit else None)
    return _shown(calendar, day, marked(session, day, unit), unit.code if unit else None)


def mark(
    session: Session, caller: Caller, *, day: date, unit: Unit | None, values: DayIn, if_match: str | None
) -> tuple[DayOut, bool]:
    """Mark a day, or change its mark; returns the day and whether the mark is new."""
    if unit is not None and values.kind is not DayKind.LOCAL_CLOSURE:
        raise Invalid([Fault("/kind", "only_closures_by_unit")])
    row = marked(session, day, unit)
    before = show(session, day, unit) if row else None
    if row is None:
        versions.check_match(if_match, None, None)
        row = CalendarDay(
            day=day, unit_id=unit.id if unit else None, kind="", name_vi="", name_en="", name_fr="",
            legal_reference="", version=0,
        )  # fmt: skip
    else:
        session.refresh(row, with_for_update=True)
        if all(getattr(row, name) == value for name, value in _columns(values).items()):
            return show(session, day, unit), False
        versions.check_match(if_match, None, row.version, lambda: before)
    for name, value in _columns(values).items():
        setattr(row, name, value)
    row.version += 1
    session.add(row)
    session.flush()
    after = show(session, day, unit)
    _changed(session, "calendar.day_marked", day, unit, before, after)
    return after, before is None


def unmark(session: Session, caller: Caller, *, day: date, unit: Unit | None, if_match: str | None) -> None:
    """Take a day's mark away; raises NotFound where there is none."""
    row = marked(session, day, unit)
    if row is None:
        raise NotFound
    session.refresh(row, with_for_update=True)
    before = show(session, day, unit)
    versions.check_match(if_match, None, row.version, lambda: before)
    session.delete(row)
    session.flush()
    _changed(session, "calendar.day_unmarked", day, unit, before, None)


def saturday_services(session: Session, unit: Unit | None = None) -> ServiceList:
    """Return the Saturday services of all units, or of one."""
    query = (
        select(SaturdayService, col(Unit.code), col(Unit.name))
        .join(Unit, col(Unit.id) == col(SaturdayService.unit_id))
        .order_by(col(Unit.sort_key), col(Unit.code), col(SaturdayService.valid_from))
    )
    if unit is not None:
        query = query.where(col(SaturdayService.unit_id) == unit.id)
    return ServiceList(items=[_service(*row) for row in session.execute(query)])


def saturday_service(session: Session, service_id: int) -> SaturdayService:
    """Return a Saturday service; raises NotFound."""
    row = session.get(SaturdayService, service_id)
    if row is None:
        raise NotFound
    return row


def add_saturday_service(session: Session, caller: Caller, *, values: ServiceIn) -> ServiceOut:
    """Add a unit's Saturday service; raises Invalid when it meets another of the unit."""
    unit = units.named(session, values.unit, "/unit")
    if values.valid_to is not None and values.valid_to < values.valid_from:
        raise Invalid([Fault("/valid_to", "ends_before_start")])
    meets = select(col(SaturdayService.id)).where(
        col(SaturdayService.unit_id) == unit.id,
        or_(col(SaturdayService.valid_to).is_(None), col(SaturdayService.valid_to) >= values.valid_from),
    )
    if values.valid_to is not None:
        meets = meets.where(col(SaturdayService.valid_from) <= values.valid_to)
    if session.scalars(meets).first() is not None:
        raise Invalid([Fault("/valid_from", "saturday_service_overlaps")])
    row = SaturdayService(
        unit_id=unit.id,
        valid_from=values.valid_from,
        valid_to=values.valid_to,
        legal_reference=values.legal_reference,
        version=1,
    )
    session.add(row)
    session.flush()
    after = _service(row, unit.code, unit.name)
    audit.record(
        session, "calendar.saturday_service_added", f"saturday-services/{row.id}", after=after.model_dump(mode="json")
    )
    events.publish(session, CalendarChanged(row.valid_from, unit.id))
    return after


def remove_saturday_service(session: Session, caller: Caller, row: SaturdayService, *, if_match: str | None) -> None:
    """Take a unit's Saturday service away."""
    session.refresh(row, with_for_update=True)
    unit = session.get_one(Unit, row.unit_id)
    before = _service(row, unit.code, unit.name)
    versions.check_match(if_match, None, row.version, lambda: before)
    session.delete(row)
    session.flush()
    audit.record(
        session, "calendar.saturday_service_removed", f"saturday-services/{before.id}",
        before=before.model_dump(mode="json"),
    )  # fmt: skip
    events.publish(session, CalendarChanged(before.valid_from, unit.id))


def load_days(session: Session, now: datetime) -> int:
    """Mark the city's days of the data file that bear no mark yet and return how many; what was edited stays."""
    session.info.setdefault("audit_context", audit.Context(at=now, user_id=None, user_name="system", door="command"))
    known = set(session.scalars(select(col(CalendarDay.day)).where(col(CalendarDay.unit_id).is_(None))))
    with DATA.open(encoding="utf-8", newline="") as file:
        new = [
            CalendarDay(**_typed(row)) for row in csv.DictReader(file) if date.fromisoformat(row["day"]) not in known
        ]
    session.add_all(new)
    session.flush()
    if new:
        days = [row.day.isoformat() for row in new]
        audit.record(session, "calendar.loaded", "calendar/days", after={"days": days})
        events.publish(session, CalendarChanged(min(row.day for row in new)))
    return len(new)


def _typed(row: dict[str, str]) -> dict[str, Any]:
    return {**row, "day": date.fromisoformat(row["day"]), "unit_id": None, "version": 1}


def _marks() -> Select[CalendarDay, str]:
    return (
        select(CalendarDay, col(Unit.code))
        .outerjoin(Unit, col(Unit.id) == col(CalendarDay.unit_id))
        .order_by(col(CalendarDay.day), col(Unit.sort_key))
    )


def _shown(calendar: Calendar, day: date, row: CalendarDay | None, unit_code: str | None) -> DayOut:
    return DayOut(
        day=day,
        working=calendar.is_working_day(day),
        served=calendar.may_serve(day),
        kind=DayKind(row.kind) if row else None,
        unit=unit_code if row else None,
        name_vi=row.name_vi if row else None,
        name_en=row.name_en if row else None,
        name_fr=row.name_fr if row else None,
        legal_reference=row.legal_reference if row else None,
        version=row.version if row else None,
    )


def _closure(row: CalendarDay, unit_code: str | None) -> DayOut:
    return _shown(Calendar(closures=frozenset({row.day})), row.day, row, unit_code)


def _service(row: SaturdayService, unit_code: str, unit_name: str) -> ServiceOut:
    return ServiceOut(unit=unit_code, unit_name=unit_name, **row.model_dump(exclude={"unit_id"}))


def _columns(values: DayIn) -> dict[str, str]:
    return {
        "kind": values.kind.value,
        "name_vi": values.name_vi,
        "name_en": values.name_en or values.name_vi,
        "name_fr": values.name_fr or values.name_vi,
        "legal_reference": values.legal_reference,
    }


def _changed(
    session: Session, action: str, day: date, unit: Unit | None, before: DayOut | None, after: DayOut | None
) -> None:
    entity = f"calendar/days/{day}" + (f"?unit={unit.code}" if unit else "")
    audit.record(
        session,
        action,
        entity,
        before=before.model_dump(mode="json") if before else None,
        after=after.model_dump(mode="json") if after else None,
    )
    events.publish(session, CalendarChanged(day, unit.id if unit else None))
