"""What an officer needs before a day is typed: fields in the usual order, openings, past values, deadlines."""

from datetime import date, datetime, time
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlmodel import Session

from app.core.clock import at, day_of
from app.procedures.rules import System
from app.throughput import evidence, forward, neighbours, questions, reading
from app.throughput.approvals import listing as approvals
from app.throughput.approvals.schemas import ReturnedOut
from app.throughput.days import days_off_until, unsent_between
from app.throughput.figures import reading as figures
from app.throughput.forms import Reference
from app.throughput.past import ExpectedOut, Past, PastOut
from app.throughput.reopenings import listing as reopenings
from app.throughput.reopenings.schemas import ReopeningOut
from app.throughput.rules import SYSTEMS, ReasonCode, WarningCode
from app.throughput.schemas import DayOffOut, DeadlinesOut, LineOut, ReportOut, WordsOut, deadlines_out
from app.throughput.shown import report_out
from app.throughput.timing import Deadlines
from app.units.models import Unit


class ProposalOut(BaseModel):
    """A figure that a machine proposes for a cell."""

    source: str
    measure: str
    value: int
    known_at: datetime


class SheetRow(BaseModel):
    """One field to be filled in: its opening, what stands, what was."""

    field: str
    names: WordsOut
    usual: Annotated[bool, Field(description="It had figures within the last 30 days, or stock")]
    opening: Annotated[int, Field(description="Previous close, which an absent opening means")]
    overdue_before: Annotated[int, Field(description="Of the previous close: overdue already")]
    line: LineOut | None
    past: Annotated[PastOut, Field(description="Received before")]
    past_resolved: Annotated[PastOut, Field(description="Resolved before")]
    expected: Annotated[ExpectedOut | None, Field(description="Of received; null: too few same weekdays to tell")]
    proposals: list[ProposalOut]


class LaterOut(BaseModel):
    """A received day that a change of this one's close touches."""

    day: date
    version: Annotated[int, Field(description="Of that day's report in this system")]
    locked: Annotated[bool, Field(description="It stays as it is: the change shows there as an adjustment")]
    carried: Annotated[
        bool,
        Field(description="`carry_forward` takes a change into it: open, some field opening as closed until there"),
    ]


class SystemSheet(BaseModel):
    """One system's part of the worksheet."""

    system: Annotated[System, Field(description="Source system")]
    report: ReportOut | None
    previous_day: Annotated[date | None, Field(description="Day of the last received report before")]
    unsent_before: Annotated[
        list[date], Field(description="Days owed since then of which nothing came: the openings lie further back")
    ]
    unsent_locked: Annotated[list[date], Field(description="Of these: locked, and nothing is granted")]
    left_for_later: Annotated[
        bool,
        Field(description="Without figures though a person began the day with the other system: the form asked why"),
    ]
    deadlines: DeadlinesOut
    days_off: Annotated[list[DayOffOut], Field(description="That the deadline passes over")]
    locked: Annotated[bool, Field(description="Nothing can be sent: the lock is over and nothing is granted")]
    open_until: Annotated[datetime | None, Field(description="After the lock: until when a grant holds; null: none")]
    open_fields: Annotated[list[str] | None, Field(description="What a grant covers; null: all, or there is none")]
    reopening: Annotated[ReopeningOut | None, Field(description="After the lock: the last request")]
    returned: Annotated[ReturnedOut | None, Field(description="Why what stands was returned; null: it is not")]
    reason_needed: Annotated[bool, Field(description="A change wants a reason: the grace is over")]
    is_late: Annotated[
        bool,
        Field(
            description="Owed, met late or not met with its deadline over, and nobody has said why: sending asks why. "
            "A reason of lateness that stands in `report` is sent again with a correction, else it is asked anew"
        ),
    ]
    counted_until: Annotated[datetime, Field(description="Proposed: the cut-off, or now if earlier")]
    later: Annotated[list[LaterOut], Field(description="Until the first that is locked")]
    open_gaps: Annotated[int, Field(description="Sums that differ from another system's and have no reason yet")]
    rows: list[SheetRow]


class TargetsOut(BaseModel):
    """Targets of the rates as shares, with their source."""

    online: float
    on_time: float
    overdue: float
    source: str


class WorksheetOut(BaseModel):
    """All that an entry of a unit's day needs."""

    unit: str
    unit_name: str
    day: date
    is_working_day: bool
    is_future: Annotated[bool, Field(description="The day has not begun: nothing can be sent yet")]
    opens_at: Annotated[datetime, Field(description="From when on it can be sent")]
    version: str
    exists: bool
    city: SystemSheet
    ministry: SystemSheet
    targets: TargetsOut
    fitting: Annotated[
        dict[WarningCode, list[ReasonCode]], Field(description="The typed reasons that fit a question, likeliest first")
    ]


def worksheet(session: Session, unit: Unit, day: date, now: datetime) -> WorksheetOut:
    """Return the worksheet of a unit's day; it exists before any report does."""
    assert unit.id is not None
    reference = Reference.read(session)
    sheets = {system.value: _sheet(session, reference, unit, day, system, now) for system in SYSTEMS}
    reports = [sheets[system.value].report for system in SYSTEMS]
    form = reference.form
    return WorksheetOut(
        unit=unit.code,
        unit_name=unit.name,
        day=day,
        is_future=day > day_of(now),
        opens_at=at(day, time(0)),
        is_working_day=reference.calendar(unit.id).is_working_day(day),
        version="-".join(str(r.version if r else 0) for r in reports),
        exists=any(reports),
        city=sheets["city"],
        ministry=sheets["ministry"],
        targets=TargetsOut(
            online=form.target_online / 10_000,
            on_time=form.target_on_time / 10_000,
            overdue=form.target_overdue / 10_000,
            source=form.target_source,
        ),
        fitting={code: list(reasons) for code, reasons in questions.FITTING.items()},
    )


def _sheet(session: Session, reference: Reference, unit: Unit, day: date, system: System, now: datetime) -> SystemSheet:
    assert unit.id is not None
    stored = reading.standing(session, unit.id, day, system)
    report = report_out(reference, unit, day, system, stored) if stored else None
    lines = {line.field: line for line in report.lines} if report else {}
    previous = neighbours.before(session, unit.id, day, system)
    closing = previous.closing if previous else {}
    overdue = previous.overdue if previous else {}
    past = Past.read(session, unit.id, system, day, previous.day if previous else None)
    unsent = unsent_between(session, unit.id, system, previous.day, day, now) if previous else {}
    has_figures = reference.has_figures(unit.id, system)
    proposals = _proposals(session, unit.id, day, system) if has_figures else {}
    owed = stored.owed if stored else reading.owed(session, unit.id, day, system)
    moments = owed or reference.deadlines(unit, day, system)
    before = forward.close_of(stored, previous)
    after_lock = now > moments.locks_at
    lock = reopenings.lock_state(session, unit, day, system, now) if after_lock else None
    open_fields = lock.open_fields if lock else None
    returned = [one for one in approvals.returned(session, unit, now, day) if one.system is system] if stored else []
    rows = []
    applicable = reference.applicable(unit, day, system)
    # A field that stands keeps its row, whatever applies by now: else a correction would drop its line.
    standing = {code: reference.by_code[code] for code in lines if code not in applicable}
    for code, info in {**applicable, **standing}.items():
        rows.append(
            SheetRow(
                field=code,
                names=WordsOut(vi=info.name_vi, en=info.name_en, fr=info.name_fr),
                usual=past.had(code) or bool(closing.get(code)) or code in lines
                if open_fields is None
                else code in open_fields,
                opening=closing.get(code, 0),
                overdue_before=overdue.get(code, 0),
                line=lines.get(code),
                past=past.received(code),
                past_resolved=past.resolved(code),
                expected=past.expected(code),
                proposals=proposals.get(code, []),
            )
        )
    rows.sort(key=lambda row: not row.usual)  # stable: the catalogue's order within
    return SystemSheet(
        system=system,
        report=report,
        previous_day=previous.day if previous else None,
        unsent_before=list(unsent),
        left_for_later=_left_for_later(session, unit.id, day, system, stored),
        unsent_locked=[one for one, locked in unsent.items() if locked],
        deadlines=deadlines_out(moments),
        days_off=days_off_until(reference, unit.id, day, moments.due_at),
        locked=lock is not None and lock.locked,
        open_until=lock.open_until if lock else None,
        open_fields=open_fields,
        reopening=lock.reopening if lock else None,
        returned=returned[0] if returned else None,
        reason_needed=report is not None and now > moments.grace_until,
        is_late=owed is not None and _is_late(stored, owed, now),
        counted_until=_counted_until(report, moments, now),
        later=[
            LaterOut(day=one.day, version=one.stored.version, locked=one.is_locked, carried=one.follows)
            for one in forward.later(session, reference, unit, day, system, before, now)
        ],
        open_gaps=figures.open_gaps(session, unit.id, day, system) if has_figures else 0,
        rows=rows,
    )


def _is_late(stored: reading.Stored | None, owed: Deadlines, now: datetime) -> bool:
    """Tell whether figures sent now are asked why they are late: as `questions.ask`, until a revision has said it."""
    if stored is None:
        return now > owed.due_at
    met_at = stored.first_met_at if stored.is_met else None
    return (met_at or now) > owed.due_at and all(one.warning != WarningCode.late for one in stored.reasons)


def _left_for_later(session: Session, unit_id: int, day: date, system: System, stored: reading.Stored | None) -> bool:
    """Tell whether a person said of a system that it comes later: the day's form asks who sends the other one alone.

    Programs, files and what follows from another day are not asked: the other report's first revision tells.
    """
    if stored is not None:
        return stored.unavailable is not None  # said in so many words
    (other,) = set(SYSTEMS) - {system}
    first = session.execute(
        select(reading.REVISION.id, reading.REVISION.door).where(
            reading.REPORT.id == reading.REVISION.report_id, reading.REPORT.unit_id == unit_id,
            reading.REPORT.day == day, reading.REPORT.system == other.value, reading.REVISION.number == 1,
        )
    ).one_or_none()  # fmt: skip
    return first is not None and first.door == "people" and not evidence.of_revision(session, first.id)


def _counted_until(report: ReportOut | None, moments: Deadlines, now: datetime) -> datetime:
    """Return the moment to propose: what stands; beyond a part of a day, the cut-off or now."""
    if report is not None and not report.partial_day:
        return report.counted_until
    return min(moments.cut_off_at, now).replace(second=0, microsecond=0)


def _proposals(session: Session, unit_id: int, day: date, system: System) -> dict[str, list[ProposalOut]]:
    out: dict[str, list[ProposalOut]] = {}
    for f in figures.proposed(session, unit_id, day, system):
        proposal = ProposalOut(source=f.source, measure=f.measure, value=f.value, known_at=f.known_at)
        out.setdefault(f.field, []).append(proposal)
    return out
