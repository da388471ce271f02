"""Lists of reports, and one report's revisions as differences."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import and_, select, tuple_
from sqlmodel import Session, col

from app.core import hot
from app.core.access import Caller
from app.core.errors import NotFound
from app.core.paging import SETTLED, Page, cut
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.approvals import pins
from app.throughput.approvals.rules import ReportStatus, status_of
from app.throughput.forms import Reference
from app.throughput.models import DayTotal, Report, ReportRevision
from app.throughput.reading import Stored
from app.throughput.rules import COLUMNS, Figures, Line
from app.throughput.schemas import ReportOut, TotalsOut, totals_out
from app.throughput.shown import receipt_number, report_out
from app.units.models import Unit

_DAY = hot.table(DayTotal)


class ReportItem(BaseModel):
    """A report in a list."""

    unit: str
    name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    version: int
    receipt: str
    status: Annotated[ReportStatus, Field(description="How far it has come")]
    partial_day: bool
    unavailable: bool
    first_received_at: datetime
    updated_at: datetime
    sent_by: str
    door: str
    totals: Annotated[TotalsOut | None, Field(description="null: the source system was unavailable")]


class ReportPage(BaseModel):
    """Reports, newest day first, and the cursor of the next ones."""

    items: list[ReportItem]
    next: str | None
    complete_until: Annotated[
        datetime | None,
        Field(
            description="Ask for `updated_since` this moment the next time: nothing is missed then; "
            "null without `updated_since`"
        ),
    ]


class FieldChangeOut(BaseModel):
    """One cell that a revision changed; null: there was no line."""

    field: str
    column: str
    before: int | None
    after: int | None


class RevisionOut(BaseModel):
    """One revision: known when, by whom, and what it changed against the one before."""

    number: int
    known_from: datetime
    known_to: datetime | None
    changes: list[FieldChangeOut]
    report: ReportOut


class RevisionsOut(BaseModel):
    """All revisions of a report, newest first."""

    unit: str
    unit_name: str
    day: date
    system: Annotated[System, Field(description="Source system")]
    items: list[RevisionOut]


def reports(
    session: Session,
    caller: Caller,
    page: Page | None,
    *,
    unit: Unit | None = None,
    first: date | None = None,
    last: date | None = None,
    system: System | None = None,
    status: ReportStatus | None = None,
    updated_since: datetime | None = None,
    now: datetime,
) -> ReportPage:
    """Return reports that the caller may see, newest day first."""
    city, ward = pins.words_on(col(Report.id), col(Report.version))
    shown = (Report, ReportRevision.sent_by, ReportRevision.door, col(Unit.code), col(Unit.name), _DAY)
    query = (
        select(*shown, city.label("city_says"), ward.label("ward_says"))  # type: ignore[call-overload]
        .join(
            ReportRevision,
            and_(col(ReportRevision.report_id) == col(Report.id), col(ReportRevision.number) == col(Report.version)),
        )
        .join(Unit, col(Unit.id) == col(Report.unit_id))
        .outerjoin(
            _DAY,
            and_(
                _DAY.c.unit_id == col(Report.unit_id),
                _DAY.c.system == col(Report.system),
                _DAY.c.day == col(Report.day),
            ),
        )
        .order_by(col(Report.day).desc(), col(Report.id).desc())
    )
    if caller.units is not None:
        query = query.where(col(Report.unit_id).in_(caller.units))
    if unit is not None:
        query = query.where(col(Report.unit_id) == unit.id)
    if first is not None:
        query = query.where(col(Report.day) >= first)
    if last is not None:
        query = query.where(col(Report.day) <= last)
    if system is not None:
        query = query.where(col(Report.system) == system.value)
    if status is not None:
        query = query.where(pins.has_status(status, col(Report.id), col(Report.version)))
    if updated_since is not None:
        query = query.where(col(Report.updated_at) >= updated_since)
    if page is not None:
        if page.after is not None:
            query = query.where(tuple_(col(Report.day), col(Report.id)) < reading.after_key(page))
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    following = None
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row[0].day.isoformat(), row[0].id])
    complete_until = now - SETTLED if updated_since is not None else None
    return ReportPage(items=[_item(row) for row in rows], next=following, complete_until=complete_until)


def _item(row: Any) -> ReportItem:
    report: Report = row[0]
    figures = None
    if row.carried_over is not None:
        figures = Figures(**{c: getattr(row, c) for c in (*COLUMNS, "post_unsplit")})
    system = System(report.system)
    return ReportItem(
        unit=row.code,
        name=row.name,
        day=report.day,
        system=system,
        version=report.version,
        receipt=receipt_number(row.code, report.day, system, report.version),
        status=status_of(row.city_says, row.ward_says),
        partial_day=report.partial,
        unavailable=report.unavailable,
        first_received_at=report.first_received_at,
        updated_at=report.updated_at,
        sent_by=row.sent_by,
        door=row.door,
        totals=totals_out(figures) if figures else None,
    )


def revisions(session: Session, unit: Unit, day: date, system: System) -> RevisionsOut:
    """Return every revision of a report, newest first, each with what it changed; raises NotFound without a report."""
    assert unit.id is not None
    stored = reading.all_revisions(session, unit.id, day, system)
    if not stored:
        raise NotFound
    reference = Reference.read(session)
    items = []
    before: Stored | None = None
    for one in stored:
        items.append(
            RevisionOut(
                number=one.number,
                known_from=one.known_from,
                known_to=one.known_to,
                changes=changes_of(before.lines, one.lines) if before else [],
                report=report_out(reference, unit, day, system, one),
            )
        )
        before = one
    return RevisionsOut(unit=unit.code, unit_name=unit.name, day=day, system=system, items=items[::-1])


def changes_of(old: dict[str, Line], new: dict[str, Line]) -> list[FieldChangeOut]:
    """Return the cells that differ between two revisions."""
    changes = []
    for code in sorted({*old, *new}):
        was, now = old.get(code), new.get(code)
        for column in COLUMNS:
            before = getattr(was, column) if was else None
            after = getattr(now, column) if now else None
            if (before or 0) != (after or 0) or (was and now and before != after):
                changes.append(FieldChangeOut(field=code, column=column, before=before, after=after))
    return changes
