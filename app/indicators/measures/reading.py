"""The kept totals of many days at once, as ledgers: a few statements, however many units and periods."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.indicators.measures.ledger import Ledger, of_days
from app.indicators.measures.rules import COLUMNS, Measure
from app.throughput.models import Adjustment, DayTotal, Report, ReportLine, ReportMemo, ReportRevision
from app.throughput.rules import COLUMNS as STORED
from app.throughput.summary.sums import total_of

_DAY = hot.table(DayTotal)
_ADJUSTMENT = hot.table(Adjustment)
_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_LINE = hot.table(ReportLine)
_MEMO = hot.table(ReportMemo)
Key = tuple[int, str]  # unit, system
_ByDay = dict[Key, dict[date, Any]]


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
    memos = {measure.name: measure.kind for measure in measures if measure.name not in COLUMNS}
    columns = STORED if len(memos) < len(measures) else ()
    rows = _totals(session, wanted, columns if field_id is None else ())
    explained: Mapping[Key, Mapping[date, int]] = {}
    if columns:
        explained = _explained(session, wanted, field_id)
    counted = _memos(session, wanted, field_id, memos) if memos else {}
    lines = _lines(session, wanted, field_id) if columns and field_id is not None else {}
    nothing = (0,) * len(columns)
    found = {}
    for key, of_unit in rows.items():
        if columns and field_id is not None:
            of_field = lines.get(key, {})
            of_unit = {day: of_field.get(day, nothing) for day in of_unit}
        found[key] = of_days(
            list(of_unit), list(zip(*of_unit.values(), strict=True)), explained.get(key, {}), memos,
            counted.get(key, {}),
        )  # fmt: skip
    return found


def _totals(session: Session, wanted: Wanted, columns: Collection[str]) -> _ByDay:
    query = select(_DAY.c.unit_id, _DAY.c.system, _DAY.c.day, *(_DAY.c[c] for c in columns)).where(*wanted.of(_DAY))
    return _by_day(session.execute(query.order_by(_DAY.c.unit_id, _DAY.c.system, _DAY.c.day)))


def _lines(session: Session, wanted: Wanted, field_id: int) -> _ByDay:
    columns = [func.coalesce(_LINE.c[column], 0) for column in STORED]
    query = (
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, *columns)
        .select_from(_current().join(_LINE, _LINE.c.revision_id == _REVISION.c.id))
        .where(_LINE.c.field_id == field_id, *wanted.of(_REPORT))
    )
    return _by_day(session.execute(query))


def _by_day(rows: Any) -> _ByDay:
    found: _ByDay = defaultdict(dict)
    for row in rows:
        found[row[0], row[1]][row[2]] = row[3:]
    return found


def _current() -> Any:
    """Return reports joined with the revision that stands."""
    return _REPORT.join(_REVISION, (_REVISION.c.report_id == _REPORT.c.id) & (_REVISION.c.number == _REPORT.c.version))


def _explained(session: Session, wanted: Wanted, field_id: int | None) -> dict[Key, dict[date, int]]:
    a = _ADJUSTMENT.c
    query = select(a.unit_id, a.system, a.day, total_of(a.explained)).where(*wanted.of(_ADJUSTMENT))
    if field_id is not None:
        query = query.where(a.field_id == field_id)
    found: dict[Key, dict[date, int]] = defaultdict(dict)
    for unit, system, day, amount in session.execute(query.group_by(a.unit_id, a.system, a.day)):
        found[unit, system][day] = amount
    return found


def _memos(
    session: Session, wanted: Wanted, field_id: int | None, names: Collection[str]
) -> dict[Key, dict[tuple[date, str], int]]:
    query = (
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _MEMO.c.memo, total_of(_MEMO.c.count))
        .select_from(_current().join(_MEMO, _MEMO.c.revision_id == _REVISION.c.id))
        .where(_MEMO.c.memo.in_(names), *wanted.of(_REPORT))
    )
    if field_id is not None:
        query = query.where(_MEMO.c.field_id == field_id)
    found: dict[Key, dict[tuple[date, str], int]] = defaultdict(dict)
    rows = session.execute(query.group_by(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _MEMO.c.memo))
    for unit, system, day, memo, count in rows:
        found[unit, system][day, memo] = count
    return found
