"""The kept totals of many days at once, as ledgers: a statement a kind of total, however many units and periods."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.indicators.measures.ledger import Ledger
from app.indicators.measures.rules import COLUMNS, Kind, Measure
from app.throughput.models import Adjustment, DayTotal, Report, ReportLine, ReportMemo, ReportRevision
from app.throughput.rules import COLUMNS as STORED
from app.throughput.rules import STOCKS
from app.throughput.summary.sums import total_of

_DAY = hot.table(DayTotal)
_ADJUSTMENT = hot.table(Adjustment)
_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_LINE = hot.table(ReportLine)
_MEMO = hot.table(ReportMemo)
Key = tuple[int, str]  # unit, system


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which days of whom are read: units (None: all), from the first day to the last."""

    units: frozenset[int] | None
    first: date
    last: date

    def of(self, table: Any) -> list[Any]:
        """Return the conditions on a table with unit and day."""
        found = [table.c.day.between(self.first, self.last)]
        return found if self.units is None else [*found, table.c.unit_id.in_(self.units)]


def ledgers(session: Session, wanted: Wanted, measures: Collection[Measure], field_id: int | None) -> dict[Key, Ledger]:
    """Return the ledgers that hold some measures, of one field or of all together.

    A day counts where a report was received; a field that has no line in it is zero, stocks too.
    """
    days: dict[Key, list[date]] = defaultdict(list)
    stored = STORED if field_id is None else ()
    rows: dict[Key, list[Any]] = defaultdict(list)
    query = select(_DAY.c.unit_id, _DAY.c.system, _DAY.c.day, *(_DAY.c[c] for c in stored)).where(*wanted.of(_DAY))
    for row in session.execute(query.order_by(_DAY.c.unit_id, _DAY.c.system, _DAY.c.day)):
        days[row[0], row[1]].append(row[2])
        rows[row[0], row[1]].append(row[3:])
    found = {key: Ledger(of_unit) for key, of_unit in days.items()}
    names = {measure.name for measure in measures}
    if names & set(COLUMNS):
        if field_id is not None:
            _fill_in(rows, days, _lines(session, wanted, field_id), (0,) * len(STORED))
        _keep_columns(found, rows, _explained(session, wanted, field_id, days))
    memos = [measure for measure in measures if measure.name not in COLUMNS]
    if memos:
        counted = _memos(session, wanted, field_id, [memo.name for memo in memos])
        for memo in memos:
            for key, ledger in found.items():
                counts = [counted.get((*key, day, memo.name), 0) for day in ledger.days]
                if memo.kind is Kind.stock:
                    ledger.stock(memo.name, counts)
                else:
                    ledger.flow(memo.name, counts)
    return found


def _fill_in(
    rows: dict[Key, list[Any]], days: dict[Key, list[date]], lines: dict[tuple[int, str, date], Any], nothing: Any
) -> None:
    for key, of_unit in days.items():
        rows[key] = [lines.get((*key, day), nothing) for day in of_unit]


def _keep_columns(found: dict[Key, Ledger], rows: dict[Key, list[Any]], explained: dict[Key, list[int]]) -> None:
    for key, ledger in found.items():
        for column, counts in zip(STORED, zip(*rows[key], strict=True), strict=True):
            if column == "carried_over":
                ledger.opening(counts, explained[key])
            elif column in STOCKS:
                ledger.stock(column, counts)
            else:
                ledger.flow(column, counts)


def _current() -> Any:
    """Return reports joined with the revision that stands."""
    return _REPORT.join(_REVISION, (_REVISION.c.report_id == _REPORT.c.id) & (_REVISION.c.number == _REPORT.c.version))


def _lines(session: Session, wanted: Wanted, field_id: int) -> dict[tuple[int, str, date], Any]:
    columns = [func.coalesce(_LINE.c[column], 0) for column in STORED]
    query = (
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, *columns)
        .select_from(_current().join(_LINE, _LINE.c.revision_id == _REVISION.c.id))
        .where(_LINE.c.field_id == field_id, *wanted.of(_REPORT))
    )
    return {(row[0], row[1], row[2]): row[3:] for row in session.execute(query)}


def _explained(
    session: Session, wanted: Wanted, field_id: int | None, days: dict[Key, list[date]]
) -> dict[Key, list[int]]:
    a = _ADJUSTMENT.c
    query = select(a.unit_id, a.system, a.day, total_of(a.explained)).where(*wanted.of(_ADJUSTMENT))
    if field_id is not None:
        query = query.where(a.field_id == field_id)
    rows = session.execute(query.group_by(a.unit_id, a.system, a.day))
    amounts = {(row[0], row[1], row[2]): row[3] for row in rows}
    return {key: [amounts.get((*key, day), 0) for day in of_unit] for key, of_unit in days.items()}


def _memos(
    session: Session, wanted: Wanted, field_id: int | None, names: Iterable[str]
) -> dict[tuple[int, str, date, str], int]:
    query = (
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _MEMO.c.memo, total_of(_MEMO.c.count))
        .select_from(_current().join(_MEMO, _MEMO.c.revision_id == _REVISION.c.id))
        .where(_MEMO.c.memo.in_(list(names)), *wanted.of(_REPORT))
    )
    if field_id is not None:
        query = query.where(_MEMO.c.field_id == field_id)
    rows = session.execute(query.group_by(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _MEMO.c.memo))
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}
