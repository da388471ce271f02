"""A one-gate system of the demonstration: what it says of the newest days of a few units, beside their reports."""

from dataclasses import replace
from datetime import date, datetime

from sqlmodel import Session

from app.core.access import Caller
from app.demo.afterwards import LACKING, LACKING_FIELD, OWN
from app.procedures.rules import System
from app.throughput import neighbours, reading
from app.throughput.figures import service
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import FigureDayIn, FigureLineIn, FiguresIn
from app.throughput.forms import Reference
from app.throughput.rules import RESOLVED, Line

SOURCE = "Hệ thống một cửa"
UNITS = ("19789", "19753", "19774", "19804", "19867", "20035")
_ASIDE = 2  # dossiers that one unit in three has not in its report


def speak(session: Session, days: list[date], now: datetime) -> int:
    """Have the one-gate system speak of some days, and return of how many unit-days.

    It says what the report says, but in one field of two units in three (of one of them on the first of the days only)
    and in that for which a report was returned; where none is in yet, what the last one said, with no more resolved
    than there is.
    """
    reference = Reference.read(session)
    items = []
    for day in days:
        for number, code in enumerate(UNITS):
            unit = reference.units[code]
            stored = reading.current(session, unit.id, day, System.CITY)
            owed = stored is None
            if stored is None:
                before = neighbours.before(session, unit.id, day, System.CITY)
                stored = reading.current(session, unit.id, before.day, System.CITY) if before else None
            if stored is None:
                continue
            applicable = reference.applicable(unit, day, System.CITY)
            told = [_again(line) if owed else line for line in stored.lines.values() if line.field in applicable]
            lines = [line_said(line) for line in told]
            if number % 3 == 1 and lines:
                lines[0].received_online = (lines[0].received_online or 0) + _ASIDE
            if number % 3 == 2 and lines and day == days[0]:
                lines[-1].pending_overdue = (lines[-1].pending_overdue or 0) + 1
            for line in lines:
                if (code, line.field, day) == (OWN, LACKING_FIELD, days[0]):
                    line.received_online = (line.received_online or 0) + LACKING
            items.append(FigureDayIn(unit=code, day=day, system=System.CITY, lines=lines))
    if not items:
        return 0
    body = FiguresIn(source=SOURCE, basis=Basis.daily, items=items)
    return service.put(session, machine(), body=body, now=now, dry_run=False).accepted


def machine() -> Caller:
    """Return the one-gate system as who sends."""
    return Caller(
        id=0, user_name="minh-hoa", label="Hệ thống một cửa, minh họa", role="machine", unit_id=None, unit_code=None,
        rights=frozenset({"figures:send"}), units=None,
    )  # fmt: skip


def _again(line: Line) -> Line:
    """Return the same counts for the day after, whose stock the day has left."""
    left = line.pending_in_time + line.received
    counts = {}
    for measure in RESOLVED:
        counts[measure] = min(getattr(line, measure), left)
        left -= counts[measure]
    return replace(line, **counts)


def line_said(line: Line) -> FigureLineIn:
    """Return a line as a system counts it that does not tell post from counter, nor knows what was open before."""
    return FigureLineIn(
        field=line.field, received_online=line.received_online,
        received_counter=line.received_counter + (line.received_post or 0), resolved_early=line.resolved_early,
        resolved_on_time=line.resolved_on_time, resolved_overdue=line.resolved_overdue,
        pending_overdue=line.pending_overdue,
    )  # fmt: skip
