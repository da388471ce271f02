"""Asking for a locked day, granting and refusing it, and judging a report that comes after the lock."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, exists, func, select
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.core.versions import check_match
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.cases import Case
from app.throughput.forms import Reference
from app.throughput.reopenings import rules
from app.throughput.reopenings.models import ALL, Reopening
from app.throughput.reopenings.rules import Breach, Grant, ReopeningState
from app.throughput.reopenings.schemas import (
    GrantIn,
    RefusalIn,
    ReopeningIn,
    ReopeningOut,
)
from app.throughput.schemas import ReportIn
from app.units.models import Unit

_ROW = hot.table(Reopening).c
_GRANTS = select(_ROW.granted_fields, _ROW.until, _ROW.ended_at).where(
    _ROW.unit_id == bindparam("unit", type_=Integer), _ROW.day == bindparam("day", type_=_ROW.day.type),
    _ROW.system == bindparam("system"), _ROW.decision == "granted",
)  # fmt: skip


def grants(session: Session, unit_id: int, day: date, system: System) -> list[Grant]:
    """Return what was ever granted of a day."""
    rows = hot.run(session, _GRANTS, {"unit": unit_id, "day": day, "system": system.value})
    return [Grant(_as_set(fields), until, ended) for fields, until, ended in rows]


def is_open(of: Any, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a grant runs for the unit, day and system of a query's row."""
    same = (_ROW.unit_id == of.unit_id, _ROW.day == of.day, _ROW.system == of.system)
    return exists().where(*same, _ROW.decision == "granted", _ROW.ended_at.is_(None), _ROW.until >= now)


def last_end(of: Any) -> Any:
    """Return as a column when the last grant for the unit, day and system of a query's row was, or will be, over."""
    same = (_ROW.unit_id == of.unit_id, _ROW.day == of.day, _ROW.system == of.system)
    over = func.max(func.coalesce(_ROW.ended_at, _ROW.until), type_=_ROW.until.type)
    return select(over).where(*same, _ROW.decision == "granted").scalar_subquery()


def running(session: Session, unit_id: int, day: date, system: System, now: datetime) -> Grant | None:
    """Return the grant that holds for a day now."""
    return rules.running(grants(session, unit_id, day, system), now)


def breach(
    session: Session, unit: Unit, day: date, judged: Case, body: ReportIn, now: datetime, at: str = ""
) -> Conflict | None:
    """Return why a report may not be written any more; None while the day is open, or inside what is granted.

    The one place that says so: for sending, checking, importing, and whatever brings figures. `at`: where the body
    stands in what was sent.
    """
    if now <= judged.deadlines.locks_at:
        return None
    assert unit.id is not None
    stored, draft = judged.stored, judged.draft
    was = stored.lines if stored else {}
    changed = {code for code in {*was, *draft.lines} if was.get(code) != draft.lines.get(code)}
    unavailable = (draft.unavailable is None) != (stored is None or stored.unavailable is None)
    whole = unavailable or draft.partial != (stored is not None and stored.partial)
    found = rules.breach(grants(session, unit.id, day, judged.system), changed, whole=whole, now=now)
    if found is None:
        return None
    code, fields = found
    if code is not Breach.grant_field:
        return Conflict(code.value, faults=[Fault(at, code.value)])
    rows = {line.field: f"/lines/{number}" for number, line in enumerate(body.lines or [])}
    faults = [Fault(at + rows.get(field, ""), "grant_field", {"field": field}) for field in fields]
    return (
        Conflict("grant_field", faults=faults) if faults else Conflict("grant_whole", faults=[Fault(at, "grant_whole")])
    )


def ask(
    session: Session, caller: Caller, *, unit: Unit, day: date, system: System, body: ReopeningIn, now: datetime
) -> tuple[ReopeningOut, bool]:
    """Ask for a locked day and return the request, and whether it is new: the same words again are the one that waits.

    Raises Conflict for a day that is open, one that waits for an answer, or is granted; Invalid for fields not known.
    """
    assert unit.id is not None
    reference = Reference.read(session)
    if now <= locks_at(session, reference, unit, day, system):
        raise Conflict("day_not_locked")
    _check_fields(session, reference, unit, day, system, body.fields)
    of_day = (_ROW.unit_id == unit.id, _ROW.day == day, _ROW.system == system.value)
    for row in session.scalars(select(Reopening).where(*of_day)):
        standing = rules.state(row.decision, row.until, row.ended_at, now)
        if standing is ReopeningState.asked:
            if (row.asked_fields, row.why) == (_as_text(body.fields), body.why):
                return out(row, unit, now), False
            raise Conflict("reopening_waits")
        if standing is ReopeningState.granted:
            raise Conflict("reopening_granted")
    row = Reopening(
        unit_id=unit.id, day=day, system=system.value, version=1, asked_fields=_as_text(body.fields), asked_at=now,
        asked_by=caller.label, asked_by_id=caller.id if caller.id > 0 else None, why=body.why,
    )  # fmt: skip
    session.add(row)
    session.flush()
    made = out(row, unit, now)
    audit.record(session, "reopening.asked", f"reopenings/{row.id}", after=_told(made), reason=body.why)
    return made, True


def grant(
    session: Session, caller: Caller, number: int, *, body: GrantIn, if_match: str | None, now: datetime
) -> ReopeningOut:
    """Open a day's fields for some hours from now; a grant that runs may be given other fields and hours.

    The same again has no effect. Raises Conflict once it is refused, over or ended.
    """
    row, unit = _held(session, caller, number)
    reference = Reference.read(session)
    standing = rules.state(row.decision, row.until, row.ended_at, now)
    wanted = (_as_text(body.fields), body.hours, body.reason)
    if standing is ReopeningState.granted and wanted == (row.granted_fields, row.hours, row.decision_reason):
        return out(row, unit, now)
    check_match(if_match, None, row.version, lambda: out(row, unit, now))
    if standing not in (ReopeningState.asked, ReopeningState.granted):
        raise Conflict("reopening_decided")
    _check_fields(session, reference, unit, row.day, System(row.system), body.fields)
    before = _told(out(row, unit, now))
    row.granted_fields, row.hours, row.until = wanted[0], body.hours, now + timedelta(hours=body.hours)
    return _decided(session, caller, row, unit, "granted", body.reason, now, before)


def refuse(
    session: Session, caller: Caller, number: int, *, body: RefusalIn, if_match: str | None, now: datetime
) -> ReopeningOut:
    """Leave a day locked, with the reason; the same again has no effect."""
    row, unit = _held(session, caller, number)
    if row.decision == "refused" and row.decision_reason == body.reason:
        return out(row, unit, now)
    check_match(if_match, None, row.version, lambda: out(row, unit, now))
    if row.decision is not None:
        raise Conflict("reopening_decided")
    return _decided(session, caller, row, unit, "refused", body.reason, now, _told(out(row, unit, now)))


def end(session: Session, caller: Caller, number: int, *, if_match: str | None, now: datetime) -> ReopeningOut:
    """Close a grant before its hour; raises NotFound where none runs."""
    row, unit = _held(session, caller, number)
    if rules.state(row.decision, row.until, row.ended_at, now) is not ReopeningState.granted:
        raise NotFound
    check_match(if_match, None, row.version, lambda: out(row, unit, now))
    before = _told(out(row, unit, now))
    row.ended_at, row.ended_by, row.version = now, caller.label, row.version + 1
    session.flush()
    audit.record(session, "reopening.ended", f"reopenings/{row.id}", before=before, after=_told(out(row, unit, now)))
    return out(row, unit, now)


def _held(session: Session, caller: Caller, number: int) -> tuple[Reopening, Unit]:
    """Return a request as it stands, held until the transaction ends: of two who decide the second sees the first."""
    return visible(session, caller, select(Reopening).where(_ROW.id == number).with_for_update())


def visible(session: Session, caller: Caller, query: Any) -> tuple[Reopening, Unit]:
    """Return the request that a query names, with its unit; raises NotFound for another unit's."""
    row = session.scalars(query).one_or_none()
    if row is None or not caller.sees(row.unit_id):
        raise NotFound
    return row, session.get_one(Unit, row.unit_id)


def _decided(
    session: Session, caller: Caller, row: Reopening, unit: Unit, decision: str, reason: str, now: datetime, before: Any
) -> ReopeningOut:
    row.decision, row.decision_reason, row.decided_at, row.decided_by = decision, reason, now, caller.label
    row.version += 1
    session.flush()
    made = out(row, unit, now)
    audit.record(
        session, f"reopening.{decision}", f"reopenings/{row.id}", before=before, after=_told(made), reason=reason
    )
    return made


def locks_at(session: Session, reference: Reference, unit: Unit, day: date, system: System) -> datetime:
    """Return when a day is locked, as was written down when it was owed."""
    assert unit.id is not None
    owed = reading.owed(session, unit.id, day, system)
    return (owed or reference.deadlines(unit, day, system)).locks_at


def _check_fields(
    session: Session, reference: Reference, unit: Unit, day: date, system: System, fields: list[str] | None
) -> None:
    """Raise Invalid for fields that are not known, or that alone cannot make a first report."""
    if fields is None:
        return
    assert unit.id is not None
    faults = [
        Fault(f"/fields/{n}", "unknown_field", {"code": code})
        for n, code in enumerate(fields)
        if not reference.knows_field(code)
    ]
    if not fields:
        faults.append(Fault("/fields", "required"))
    elif reading.current(session, unit.id, day, system) is None:
        faults.append(Fault("/fields", "fields_without_report"))
    if faults:
        raise Invalid(faults)


def _as_text(fields: list[str] | None) -> str:
    return ALL if fields is None else " ".join(sorted(set(fields)))


def _as_set(text: str | None) -> frozenset[str] | None:
    return None if text is None or text == ALL else frozenset(text.split())


def _as_list(text: str | None) -> list[str] | None:
    found = _as_set(text)
    return None if found is None else sorted(found)


def _told(made: ReopeningOut) -> dict[str, Any]:
    return made.model_dump(mode="json", exclude={"unit_name", "state"})


def out(row: Reopening, unit: Unit, now: datetime) -> ReopeningOut:
    """Return a request as it is shown."""
    assert row.id is not None
    return ReopeningOut(
        id=row.id, version=row.version, unit=unit.code, unit_name=unit.name, day=row.day, system=System(row.system),
        state=rules.state(row.decision, row.until, row.ended_at, now), fields=_as_list(row.asked_fields), why=row.why,
        asked_at=row.asked_at, asked_by=row.asked_by, granted_fields=_as_list(row.granted_fields), hours=row.hours,
        until=row.until, decision_reason=row.decision_reason, decided_at=row.decided_at, decided_by=row.decided_by,
        ended_at=row.ended_at, ended_by=row.ended_by,
    )  # fmt: skip
