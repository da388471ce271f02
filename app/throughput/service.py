"""Receiving reports: judged, compared with what stands, written down, all in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.core.access import Caller
from app.core.errors import Fault, Forbidden, Invalid, NotFound, PreconditionFailed, PreconditionRequired
from app.core.versions import check_match
from app.procedures.rules import System
from app.throughput import cases, forward, reading
from app.throughput.cases import Case, broken, understood
from app.throughput.forms import Reference
from app.throughput.reopenings import service as reopenings
from app.throughput.schemas import CarriedOut, ReportIn, ReportOut, ReportsIn, ReportsOut
from app.throughput.shown import report_out
from app.throughput.writing import Saved, write
from app.units.models import Unit


@dataclass(frozen=True)
class Match:
    """The preconditions that came with a call."""

    if_match: str | None = None
    if_none_match: str | None = None


def put_report(
    session: Session,
    caller: Caller,
    *,
    unit: Unit,
    day: date,
    system: System,
    body: ReportIn,
    match: Match,
    now: datetime,
    reference: Reference | None = None,
) -> Saved:
    """Receive one report.

    Judged in the order of DAILY_REPORT.md, Writing: what stands already is answered as such even when locked; then the
    lock, the preconditions, the rules. Raises Conflict, PreconditionFailed, PreconditionRequired or Invalid.
    """
    reference = reference or Reference.read(session)
    may_send(caller, unit)
    case = understood(session, reference, unit, day, system, body, now)
    if case.is_same:
        stands = _as_it_stands(session, reference, unit, day, system)
        return Saved(lambda: stands, stands.version, created=False, changed=False)
    judge(session, reference, unit, day, case, body, match, now)
    return write(session, reference, caller, unit, day, case, now, carries=body.carry_forward)


def judge(
    session: Session, reference: Reference, unit: Unit, day: date, case: Case, body: ReportIn, match: Match,
    now: datetime,
) -> None:  # fmt: skip
    """Refuse a report that is not what stands unless it may be written: the lock, the preconditions, the rules."""
    _refuse_locked(session, unit, day, case, body, now)
    try:
        check_match(match.if_match, match.if_none_match, case.stored.version if case.stored else None)
    except PreconditionFailed as stale:
        if case.stored is not None:
            stale.extra["current"] = _as_it_stands(session, reference, unit, day, case.system)
        raise
    if faults := broken(case, now, ""):
        raise Invalid(faults)


def put_reports(
    session: Session, caller: Caller, *, unit: Unit, day: date, body: ReportsIn, match: Match, now: datetime
) -> tuple[ReportsOut, bool]:
    """Receive both systems of a day in one transaction, under one version; returns them and whether any is new.

    An absent system is not sent and stays as it is.
    """
    reference = Reference.read(session)
    may_send(caller, unit)
    judged = cases.of_day(session, reference, unit, day, body, now)
    if not judged:
        raise Invalid([Fault("", "nothing_sent")])
    changing = [case for case in judged.values() if not case.is_same]
    for case in changing:
        _refuse_locked(session, unit, day, case, body.sent[case.system], now, f"/{case.system.value}")
    if changing:
        _check_both(session, reference, unit, day, changing, match)
    if faults := [fault for case in changing for fault in broken(case, now, f"/{case.system.value}")]:
        raise Invalid(faults)
    created = False
    carried: dict[System, CarriedOut | None] = {}
    for case in changing:
        carries = body.sent[case.system].carry_forward
        saved = write(session, reference, caller, unit, day, case, now, carries=carries)
        created |= saved.created
        carried[case.system] = saved.report.carried
    out = both(session, reference, unit, day)
    for system, report in ((System.CITY, out.city), (System.MINISTRY, out.ministry)):
        if report is not None:
            report.carried = carried.get(system)
    return out, created


def carry_on(
    session: Session, caller: Caller, *, unit: Unit, day: date, system: System, match: Match, now: datetime
) -> CarriedOut:
    """Carry into the open days after a report what they do not know of its corrections yet; nothing left is no error.

    Raises Forbidden, NotFound, PreconditionFailed or PreconditionRequired; the version is that of the day carried from.
    """
    assert unit.id is not None
    may_send(caller, unit)
    reference, stored = Reference.read(session), reading.current(session, unit.id, day, system)
    if stored is None:
        raise NotFound
    touched, carried = forward.left_behind(session, reference, unit, day, system, now)
    if carried.days:
        check_match(match.if_match, match.if_none_match, stored.version)
    for later, case in forward.cases_of(session, unit, day, stored, system, touched, carried, now):
        write(session, reference, caller, unit, later, case, now, follows=True)
    return CarriedOut(days=list(carried.days), stopped_at=carried.stopped_at)


def _check_both(
    session: Session, reference: Reference, unit: Unit, day: date, changing: list[Case], match: Match
) -> None:
    standing = both(session, reference, unit, day)
    exists = standing.city is not None or standing.ministry is not None
    replaces = any(case.stored is not None for case in changing)
    if match.if_match is None and match.if_none_match is None and not replaces:
        return
    try:
        check_match(match.if_match, match.if_none_match, standing.version if exists else None)
    except PreconditionRequired:
        if replaces:
            raise
    except PreconditionFailed as stale:
        if exists:
            stale.extra["current"] = standing
        raise


def both(session: Session, reference: Reference, unit: Unit, day: date) -> ReportsOut:
    """Return both systems of a day as they stand."""
    assert unit.id is not None
    out: dict[str, ReportOut | None] = {}
    for system in System:
        stored = reading.standing(session, unit.id, day, system)
        out[system.value] = report_out(reference, unit, day, system, stored) if stored else None
    version = "-".join(str(r.version if r else 0) for r in (out["city"], out["ministry"]))
    return ReportsOut(unit=unit.code, unit_name=unit.name, day=day, version=version, **out)


def may_send(caller: Caller, unit: Unit) -> None:
    """Raise Forbidden for another unit's report."""
    if caller.unit_id is not None and caller.unit_id != unit.id:
        raise Forbidden


def _as_it_stands(session: Session, reference: Reference, unit: Unit, day: date, system: System) -> ReportOut:
    assert unit.id is not None
    stored = reading.standing(session, unit.id, day, system)
    assert stored is not None
    return report_out(reference, unit, day, system, stored)


def _refuse_locked(
    session: Session, unit: Unit, day: date, case: Case, body: ReportIn, now: datetime, at: str = ""
) -> None:
    if (refusal := reopenings.breach(session, unit, day, case, body, now, at)) is not None:
        raise refusal
