"""What an officer needs before a day is typed: fields in the usual order, openings, past values, deadlines."""

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlmodel import Session, col

from app.procedures.rules import System
from app.throughput import reading
from app.throughput.forms import Reference
from app.throughput.models import ExternalFigure
from app.throughput.rules import SYSTEMS
from app.throughput.schemas import DeadlinesOut, LineOut, ReportOut, WordsOut, deadlines_out
from app.throughput.shown import report_out
from app.throughput.timing import Deadlines
from app.units.models import Unit


class PastOut(BaseModel):
    """What was received before: on the last reported day, a week ago, on average over 30 days; null: no report."""

    yesterday: int | None
    same_weekday: int | None
    mean_30: float | None


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
    past: PastOut
    proposals: list[ProposalOut]


class SystemSheet(BaseModel):
    """One system's part of the worksheet."""

    system: Annotated[System, Field(description="Source system")]
    report: ReportOut | None
    previous_day: Annotated[date | None, Field(description="Day of the last received report before")]
    deadlines: DeadlinesOut
    locked: bool
    reason_needed: Annotated[bool, Field(description="A change wants a reason: the grace is over")]
    counted_until: Annotated[datetime, Field(description="Proposed: the cut-off, or now if earlier")]
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
    version: str
    exists: bool
    city: SystemSheet
    ministry: SystemSheet
    targets: TargetsOut


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
    )


def _sheet(session: Session, reference: Reference, unit: Unit, day: date, system: System, now: datetime) -> SystemSheet:
    assert unit.id is not None
    stored = reading.standing(session, unit.id, day, system)
    report = report_out(reference, unit, day, system, stored) if stored else None
    lines = {line.field: line for line in report.lines} if report else {}
    previous = reading.before(session, unit.id, day, system)
    closing = previous.closing if previous else {}
    overdue = previous.overdue if previous else {}
    past = reading.received_on(session, unit.id, system, [day - timedelta(days=n) for n in range(1, 31)])
    proposals = _proposals(session, unit.id, day, system)
    owed = stored.owed if stored else reading.owed(session, unit.id, day, system)
    moments = owed or reference.deadlines(unit, day, system)
    rows = []
    applicable = reference.fields.fields(unit.id, unit.kind, day, system.value)
    # A field that stands keeps its row, whatever applies by now: else a correction would drop its line.
    standing = {code: reference.by_code[code] for code in lines if code not in applicable}
    for code, info in {**applicable, **standing}.items():
        of_field = [fields.get(code, 0) for fields in past.values()]
        rows.append(
            SheetRow(
                field=code,
                names=WordsOut(vi=info.name_vi, en=info.name_en, fr=info.name_fr),
                usual=any(of_field) or bool(closing.get(code)) or code in lines,
                opening=closing.get(code, 0),
                overdue_before=overdue.get(code, 0),
                line=lines.get(code),
                past=_past(past, code, day, previous.day if previous else None),
                proposals=proposals.get(info.id, []),
            )
        )
    rows.sort(key=lambda row: not row.usual)  # stable: the catalogue's order within
    return SystemSheet(
        system=system,
        report=report,
        previous_day=previous.day if previous else None,
        deadlines=deadlines_out(moments),
        locked=now > moments.locks_at,
        reason_needed=report is not None and now > moments.grace_until,
        counted_until=_counted_until(report, moments, now),
        rows=rows,
    )


def _counted_until(report: ReportOut | None, moments: Deadlines, now: datetime) -> datetime:
    """Return the moment to propose: what stands; beyond a part of a day, the cut-off or now."""
    if report is not None and not report.partial_day:
        return report.counted_until
    return min(moments.cut_off_at, now).replace(second=0, microsecond=0)


def _past(past: dict[date, dict[str, int]], code: str, day: date, last: date | None) -> PastOut:
    week = past.get(day - timedelta(days=7))
    values = [fields.get(code, 0) for fields in past.values()]
    return PastOut(
        yesterday=past[last].get(code, 0) if last in past and last is not None else None,
        same_weekday=week.get(code, 0) if week is not None else None,
        mean_30=round(sum(values) / len(values), 1) if values else None,
    )


def _proposals(session: Session, unit_id: int, day: date, system: System) -> dict[int, list[ProposalOut]]:
    rows = session.scalars(
        select(ExternalFigure)
        .where(
            col(ExternalFigure.unit_id) == unit_id,
            col(ExternalFigure.day) == day,
            col(ExternalFigure.system) == system.value,
        )
        .order_by(col(ExternalFigure.known_at))
    )
    out: dict[int, list[ProposalOut]] = {}
    for f in rows:
        proposal = ProposalOut(source=f.source, measure=f.measure, value=f.value, known_at=f.known_at)
        out.setdefault(f.field_id, []).append(proposal)
    return out
