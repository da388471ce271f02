"""What the day's form shows when it was refused: all that is wrong in one round, and what another changed meanwhile."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from app.core.errors import Fault, Problem
from app.core.forms import to_json_value
from app.procedures.rules import System
from app.throughput import cases, clash, reading
from app.throughput.checking.service import ReportsTyped, all_faults
from app.throughput.clash import Cell, Merged, Opening
from app.throughput.forms import Reference
from app.throughput.rules import SYSTEMS
from app.throughput.shown import report_out
from app.throughput.worksheet import SystemSheet, WorksheetOut
from app.units.models import Unit

CLASHES = ("stale", "precondition_required", "idempotency_key_reused")


@dataclass(frozen=True)
class ChangedBy:
    """Who changed a system's report meanwhile, and when."""

    system: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Clash:
    """What two people made of one day, by the names of the form's inputs."""

    base: str
    current: str
    by: list[ChangedBy]
    both: dict[str, Cell]
    theirs: dict[str, Cell]
    mine: dict[str, Cell]


def faults(session: Session, unit: Unit, day: date, form: dict[str, Any], now: datetime) -> list[Fault]:
    """Return everything wrong with a form, unreadable cells and broken rules together."""
    body = ReportsTyped.model_validate(to_json_value(form, ReportsTyped))
    reference = Reference.read(session)
    judged = cases.of_day(session, reference, unit, day, body, now)
    return all_faults(session, unit, day, body, judged, now)


def is_clash(problem: Problem) -> bool:
    """Tell whether a refusal means that the day is no more what the form was filled in from."""
    return problem.code in CLASHES or any(fault.code in CLASHES for fault in problem.faults)


def meanwhile(
    session: Session, unit: Unit, sheet: WorksheetOut, typed: dict[str, Any], if_match: str | None
) -> tuple[Clash | None, dict[str, Any]]:
    """Return what another changed since the form was drawn, and what was typed with their other cells filled in."""
    base = (if_match or "0-0").strip('"').partition(".")[0]
    numbers = base.split("-")
    if len(numbers) != len(SYSTEMS) or not all(n.isdecimal() and len(n) < 9 for n in numbers):
        return None, typed
    merged, by, out = Merged(), [], typed
    for system, number in zip(SYSTEMS, map(int, numbers), strict=True):
        part: SystemSheet = getattr(sheet, system.value)
        mine = typed.get(system.value)
        if part.report is None or part.report.version == number or not isinstance(mine, dict):
            continue
        by.append(ChangedBy(system.value, part.report.sent_by, part.report.received_at))
        if part.report.unavailable is not None or "lines" not in mine:
            continue
        found = _merged(session, unit, sheet.day, system, part, number, mine)
        out = clash.filled(out, found)
        for kind in ("both", "theirs", "mine"):
            getattr(merged, kind).update(getattr(found, kind))
    if not by:
        return None, typed
    return Clash(base, sheet.version, by, merged.both, merged.theirs, merged.mine), out


def _merged(
    session: Session, unit: Unit, day: date, system: System, part: SystemSheet, number: int, mine: dict[str, Any]
) -> Merged:
    assert unit.id is not None
    reference = Reference.read(session)
    revisions = reading.all_revisions(session, unit.id, day, system)
    then = next((one for one in revisions if one.number == number), None)
    openings = {row.field: Opening(row.opening, row.overdue_before) for row in part.rows}
    memos = tuple(reference.memos)
    was = report_out(reference, unit, day, system, then) if then else None
    typed, names = clash.of_form(system.value, mine, openings)
    base, theirs = (clash.of_report(report, openings, memos) for report in (was, part.report))
    return clash.merge(system.value, base, theirs, typed, names)
