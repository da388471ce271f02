"""A file stored as a unit's day: all of it or nothing, what is wrong told by row and column."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from pydantic import ValidationError
from sqlmodel import Session

from app.core import i18n
from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.procedures.rules import System
from app.throughput import cases, reading, service
from app.throughput.checking import service as check
from app.throughput.checking.service import CheckedOut, FaultOut, ReportsTyped
from app.throughput.forms import Reference
from app.throughput.intake.layout import MERGED
from app.throughput.intake.schemas import ImportOut, PlacedError, SystemRead, Understood
from app.throughput.intake.service import cell_of, place_of, placed
from app.throughput.rules import COLUMNS, WarningCode
from app.throughput.schemas import LineIn, ReportIn, ReportsIn
from app.throughput.service import Match
from app.units.models import Unit


def rehearse(session: Session, *, unit: Unit, day: date, understood: Understood, now: datetime) -> ImportOut:
    """Return what storing would say, and store nothing."""
    body = ReportsTyped.model_validate(_body(session, unit, day, understood, now))
    checked = check.check(
        session, unit=unit, day=day, body=body, now=now, placed=lambda pointer: _in_table(understood, pointer)
    )
    read = [error for _, of_system in _systems(understood) for error in of_system.errors]
    # What is missing was told of its cell or column.
    judged = [fault for fault in _faults_of(checked) if not (fault.code == "required" and "/rows/" in fault.pointer)]
    errors = [*read, *map(placed, faults_in(understood)), *map(_told, judged)]
    standing = dict(zip((System.CITY, System.MINISTRY), checked.version.split("-"), strict=True))
    replaces = any(
        standing[system] != "0" and not one.same
        for system, one in ((System.CITY, checked.city), (System.MINISTRY, checked.ministry))
        if one is not None
    )
    return ImportOut(
        dry_run=True, stored=False, understood=understood, errors=_once(errors),
        if_match=f'"{checked.version}"' if replaces else None, checked=checked, report=None,
    )  # fmt: skip


def store(
    session: Session, caller: Caller, *, unit: Unit, day: date, understood: Understood, match: Match, now: datetime
) -> tuple[ImportOut, bool]:
    """Store what was understood as the day's reports; raises Invalid with the cells where anything is wrong."""
    if faults := [*_read_faults(understood), *faults_in(understood)]:
        raise Invalid(faults)
    try:
        body = ReportsIn.model_validate(_body(session, unit, day, understood, now))
        report, created = service.put_reports(session, caller, unit=unit, day=day, body=body, match=match, now=now)
    except Invalid as invalid:
        faults = [Fault(_in_table(understood, f.pointer), f.code, f.values) for f in invalid.faults]
        raise Invalid(faults) from None
    stored = ImportOut(
        dry_run=False, stored=True, understood=understood, errors=[], if_match=None, checked=None, report=report
    )
    return stored, created


def _body(session: Session, unit: Unit, day: date, understood: Understood, now: datetime) -> dict[str, object]:
    """Return the reports that a table stands for; a system whose counts are those that stand is said as it stands."""
    files = [understood.file.id] if understood.file else []
    return {
        name: _as_it_stands(session, unit, day, System(name), read, now)
        or {"lines": read.lines, "evidence": files, "reasons": _why_late(session, unit, day, System(name))}
        for name, read in _systems(understood)
    }


def _as_it_stands(
    session: Session, unit: Unit, day: date, system: System, read: SystemRead, now: datetime
) -> dict[str, object] | None:
    """Return what stands of a system in its own words where a table says the same counts: no change, no evidence."""
    try:
        body = ReportIn.model_validate({"lines": read.lines})
    except ValidationError:
        return None
    case = cases.understood(session, Reference.read(session), unit, day, system, body, now)
    stored = case.stored
    if stored is None or stored.unavailable is not None or case.draft.faults or case.draft.lines != stored.lines:
        return None
    return {
        "lines": read.lines, "note": stored.note, "partial_day": stored.partial,
        "reasons": _in_words(stored.reasons),
    }  # fmt: skip


def _why_late(session: Session, unit: Unit, day: date, system: System) -> list[dict[str, object]]:
    """Return what was said of the day's lateness: other figures change nothing of it, and a table cannot say it."""
    assert unit.id is not None
    stored = reading.current(session, unit.id, day, system)
    return _in_words(r for r in (stored.reasons if stored else []) if r.warning == WarningCode.late)


def _in_words(reasons: Iterable[reading.Reason]) -> list[dict[str, object]]:
    return [
        {"warning": r.warning, "field": r.field, "reason": r.reason, "counterpart": r.counterpart, "note": r.note}
        for r in reasons
    ]


def _systems(understood: Understood) -> list[tuple[str, SystemRead]]:
    found = ((s.value, getattr(understood, s.value)) for s in System)
    return [(name, read) for name, read in found if read is not None]


def faults_in(understood: Understood) -> list[Fault]:
    """Return what a person would see on the page of what was understood, and a program must be told."""
    faults = []
    for name, read in _systems(understood):
        where = {c.measure: c.place for c in read.columns}
        there = where.keys() | ({"received_counter"} if MERGED in where else set())
        early = {"resolved_early"} if "resolved_on_time" in where else set()
        missing = (c for c in COLUMNS if LineIn.model_fields[c].is_required() and c not in there | early)
        headings = (i18n.translate(f"throughput.column.{column}", "vi") for column in missing)
        faults += [Fault(f"/{name}", "column_missing", {"text": heading}) for heading in headings]
        unmatched = (row for row in read.unmatched if row.reason != "no_figures")
        faults += [Fault(f"/rows/{row.row}", "rows_unmatched", {"label": row.label}) for row in unmatched]
        if (totals := read.totals) is not None:
            faults += [
                Fault(f"/rows/{totals.row}/{where[d.measure]}", "totals_differ", {"said": d.said, "sum": d.sum})
                for d in totals.differences
            ]
    return faults


def _read_faults(understood: Understood) -> list[Fault]:
    errors = [error for _, read in _systems(understood) for error in read.errors]
    return [Fault(error.pointer, error.code, dict(error.values)) for error in errors]


def _in_table(understood: Understood, pointer: str) -> str:
    """Return the cell or row of the table that a place of the body came from."""
    found = re.fullmatch(r"/(city|ministry)/lines/(\d+)(?:/(\w+))?.*", pointer)
    if found is None:
        return pointer
    read: SystemRead = getattr(understood, found[1])
    return cell_of(read, int(found[2]), found[3] or "")


def _faults_of(checked: CheckedOut) -> list[FaultOut]:
    return [*checked.faults, *(f for one in (checked.city, checked.ministry) if one is not None for f in one.faults)]


def _told(fault: FaultOut) -> PlacedError:
    place = place_of(fault.pointer)
    return PlacedError(pointer=fault.pointer, place=place, code=fault.code, values={}, message=fault.message)


def _once(errors: list[PlacedError]) -> list[PlacedError]:
    return list({(error.pointer, error.code, error.message.vi): error for error in errors}.values())
