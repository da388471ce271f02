"""Reports, their revisions, a ward's days and month as rows for spreadsheets."""

from collections.abc import Iterable

from app.core.tables import Cell, Table
from app.throughput.desk.month import UnitMonthOut
from app.throughput.desk.today import TodayOut
from app.throughput.listing import RevisionsOut
from app.throughput.rules import COLUMNS, SYSTEMS
from app.throughput.schemas import ReportOut, TotalsOut


def of_reports(reports: Iterable[ReportOut | None], memos: Iterable[str]) -> Table:
    """Return the lines of a day's reports; one without lines (zeros, or a system that was down) has a row too."""
    memos = list(memos)
    columns = ["unit", "day", "system", "revision", "unavailable", "field", *COLUMNS, *memos]
    rows: list[list[Cell]] = []
    for report in reports:
        if report is None:
            continue
        head: list[Cell] = [report.unit, report.day, report.system.value, report.revision]
        head.append(report.unavailable.reason if report.unavailable else None)
        for line in report.lines:
            counts = [getattr(line, column) for column in COLUMNS]
            rows.append([*head, line.field, *counts, *(line.memo.get(memo, 0) for memo in memos)])
        if not report.lines:
            rows.append([*head, *[None] * (len(columns) - len(head))])
    return Table("bao-cao", columns, rows)


def of_revisions(data: RevisionsOut) -> Table:
    """Return a row for every cell that a revision changed; a revision that changed none has a row all the same."""
    columns = ["number", "known_from", "known_to", "sent_by", "field", "column", "before", "after"]
    rows: list[list[Cell]] = []
    for revision in data.items:
        head: list[Cell] = [revision.number, revision.known_from, revision.known_to, revision.report.sent_by]
        rows += [[*head, c.field, c.column, c.before, c.after] for c in revision.changes]
        if not revision.changes:
            rows.append([*head, None, None, None, None])
    return Table("lich-su-chinh-sua", columns, rows)


def of_today(data: TodayOut) -> Table:
    """Return a row for every system of the days that a unit owes or has just done."""
    columns = ["day", "is_open", "system", "state", "due_at", "locks_at", "locked", "received_at"]
    rows: list[list[Cell]] = []
    for item in data.items:
        for one in item.systems:
            totals = one.totals.model_dump() if one.totals else {}
            moments: list[Cell] = [one.due_at, one.locks_at, one.locked, one.received_at]
            sums = [totals.get(column) for column in TotalsOut.model_fields]
            rows.append([item.day, item.is_open, one.system.value, one.state.value, *moments, *sums])
    return Table("viec-hom-nay", [*columns, *TotalsOut.model_fields], rows)


def of_month(data: UnitMonthOut) -> Table:
    """Return a row for every day of a unit's month."""
    columns = ["day", "is_working_day", "state", *(f"{s.value}_state" for s in SYSTEMS)]
    rows: list[list[Cell]] = []
    for one in data.days:
        by_system = {part.system: part.state.value for part in one.systems}
        states: list[Cell] = [one.state and one.state.value, *(by_system.get(system) for system in SYSTEMS)]
        rows.append([one.day, one.is_working_day, *states, one.received, one.resolved, one.pending])
    return Table(f"thang-{data.month}", [*columns, "received", "resolved", "pending"], rows)
