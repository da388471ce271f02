"""The kept totals of many days at once, as ledgers: a few statements, however many units and periods."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Date, bindparam, func, or_, select
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

    def values(self) -> dict[str, Any]:
        """Return these as the statements name them."""
        units = hot.several("u", sorted(self.units)) if self.units else {}
        return {"first": self.first, "last": self.last, **units}


def ledgers(session: Session, wanted: Wanted, measures: Collection[Measure], field_id: int | None) -> dict[Key, Ledger]:
    """Return the ledgers that hold some measures, of one field or of all together.

    A day counts where a report was received; a field that has no line in it is zero, stocks too.
    """
    memos = {measure.name: measure.kind for measure in measures if measure.name not in COLUMNS}
    columns: tuple[str, ...] = tuple(STORED) if len(memos) < len(measures) else ()
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


def _read(session: Session, statement: Callable[..., Any], wanted: Wanted, *about: Any, **more: Any) -> list[Any]:
    """Return the rows of a statement that is built once for so many units, in the order of unit, system and day."""
    if wanted.units is not None and not wanted.units:
        return []
    values = wanted.values()
    width = None if wanted.units is None else len(values) - 2
    return sorted(hot.gather(session, statement(width, *about), values | more), key=itemgetter(0, 1, 2))


def _days_of(table: Any, width: int | None) -> list[Any]:
    """Return the conditions on a table with unit and day."""
    days = table.c.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date))
    return [days] if width is None else [days, hot.among(table.c.unit_id, "u", width)]


def _totals(session: Session, wanted: Wanted, columns: tuple[str, ...]) -> _ByDay:
    return _by_day(_read(session, _of_totals, wanted, columns))


@lru_cache(maxsize=64)
def _of_totals(width: int | None, columns: tuple[str, ...]) -> Any:
    counts = (_DAY.c[column] for column in columns)
    return select(_DAY.c.unit_id, _DAY.c.system, _DAY.c.day, *counts).where(*_days_of(_DAY, width))


def _lines(session: Session, wanted: Wanted, field_id: int) -> _ByDay:
    return _by_day(_read(session, _of_lines, wanted, field_id=field_id))


@lru_cache(maxsize=64)
def _of_lines(width: int | None) -> Any:
    columns = [func.coalesce(_LINE.c[column], 0) for column in STORED]
    return (
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, *columns)
        .select_from(_current().join(_LINE, _LINE.c.revision_id == _REVISION.c.id))
        .where(_LINE.c.field_id == bindparam("field_id"), *_days_of(_REPORT, width))
    )


def _by_day(rows: Any) -> _ByDay:
    found: _ByDay = defaultdict(dict)
    for row in rows:
        found[row[0], row[1]][row[2]] = row[3:]
    return found


def _current() -> Any:
    """Return reports joined with the revision that stands."""
    return _REPORT.join(_REVISION, (_REVISION.c.report_id == _REPORT.c.id) & (_REVISION.c.number == _REPORT.c.version))


def _explained(session: Session, wanted: Wanted, field_id: int | None) -> dict[Key, dict[date, int]]:
    found: dict[Key, dict[date, int]] = defaultdict(dict)
    of_field = {} if field_id is None else {"field_id": field_id}
    for unit, system, day, amount in _read(session, _of_explained, wanted, bool(of_field), **of_field):
        found[unit, system][day] = amount
    return found


@lru_cache(maxsize=64)
def _of_explained(width: int | None, narrowed: bool) -> Any:
    a = _ADJUSTMENT.c
    query = select(a.unit_id, a.system, a.day, total_of(a.explained)).where(*_days_of(_ADJUSTMENT, width))
    if narrowed:
        query = query.where(a.field_id == bindparam("field_id"))
    return query.group_by(a.unit_id, a.system, a.day)


def _memos(
    session: Session, wanted: Wanted, field_id: int | None, names: Collection[str]
) -> dict[Key, dict[tuple[date, str], int]]:
    found: dict[Key, dict[tuple[date, str], int]] = defaultdict(dict)
    of_field = {} if field_id is None else {"field_id": field_id}
    rows = _read(session, _of_memos, wanted, tuple(sorted(names)), bool(of_field), **of_field)
    for unit, system, day, memo, count in rows:
        found[unit, system][day, memo] = count
    return found


@lru_cache(maxsize=64)
def _of_memos(width: int | None, names: tuple[str, ...], narrowed: bool) -> Any:
    query = (
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _MEMO.c.memo, total_of(_MEMO.c.count))
        .select_from(_current().join(_MEMO, _MEMO.c.revision_id == _REVISION.c.id))
        .where(or_(*(_MEMO.c.memo == name for name in names)), *_days_of(_REPORT, width))
    )
    if narrowed:
        query = query.where(_MEMO.c.field_id == bindparam("field_id"))
    return query.group_by(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _MEMO.c.memo)
