"""Figures by unit, field or as a whole over a period: as they stand, from the kept totals, or as known at a moment."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, cast, func, literal, or_, select
from sqlmodel import Session

from app.core import hot
from app.throughput.models import (
    Adjustment,
    DayTotal,
    FieldMonthTotal,
    Report,
    ReportLine,
    ReportReason,
    ReportRevision,
)
from app.throughput.rules import COLUMNS, FLOWS, DayOf, Figures, WarningCode, explained, period

_DAY = hot.table(DayTotal)
_MONTH = hot.table(FieldMonthTotal)
_ADJUSTMENT = hot.table(Adjustment)
_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_LINE = hot.table(ReportLine)
_SUMS = (*FLOWS, "post_unsplit")
_COUNTED = (*COLUMNS, "post_unsplit")


class GapOf(NamedTuple):
    """An opening that is not the close of the day before, and how much of it reasons explain."""

    unit_id: int
    system: str
    day: date
    field_id: int
    amount: int
    explained: int


@dataclass(frozen=True)
class Scope:
    """The rows that count: units, system and field of a question, as the caller may see them."""

    units: frozenset[int] | None
    system: str | None
    field_id: int | None

    def of(self, table: Any, first: date | None = None, last: date | None = None) -> list[Any]:
        """Return the conditions on a table with unit, system and day."""
        conditions = []
        if self.units is not None:
            # Of one unit as what can be prepared: most who ask have one.
            one = next(iter(self.units), None) if len(self.units) == 1 else None
            conditions.append(table.c.unit_id.in_(self.units) if one is None else table.c.unit_id == one)
        if self.system is not None:
            conditions.append(table.c.system == self.system)
        if first is not None:
            conditions.append(table.c.day.between(first, last))
        return conditions


def month_end(day: date, months: int) -> date:
    """Return the last day before the month that begins `months` after a day's."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1) - timedelta(days=1)


class Kept:
    """Figures as they stand now, from the kept totals; by field, stocks and broken months from the lines."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session, self.scope = session, scope

    def sums(self, first: date, last: date, key: str | None) -> dict[Any, Figures]:
        """Return the figures of one period by unit, by field, or as one whole (key None)."""
        by_field = key == "field_id" or self.scope.field_id is not None
        edges = self._edges(first, last)
        table = _lines_of_days(self.scope) if by_field else _DAY
        out: dict[Any, Figures] = defaultdict(Figures)
        self._add_stocks(out, table, edges, key)
        self._add_adjustments(out, edges, key)
        if by_field:
            self._add_field_flows(out, table, first, last, key)
        else:
            self._add_flows(out, table, key, self.scope.of(table, first, last), _SUMS)
        return _with_content(out) if by_field else dict(out)

    def _edges(self, first: date, last: date) -> Any:
        """Return by unit and system the first and the last day of a period with a report."""
        return (
            select(_DAY.c.unit_id, _DAY.c.system, func.min(_DAY.c.day).label("f"), func.max(_DAY.c.day).label("l"))
            .where(*self.scope.of(_DAY, first, last))
            .group_by(_DAY.c.unit_id, _DAY.c.system)
            .subquery()
        )

    def _add_stocks(self, out: dict[Any, Figures], table: Any, edges: Any, key: str | None) -> None:
        on = and_(edges.c.unit_id == table.c.unit_id, edges.c.system == table.c.system)
        column = table.c[key] if key else literal(None)
        opening = select(column, total_of(table.c.carried_over)).join(edges, and_(on, table.c.day == edges.c.f))
        for k, value in self._grouped(opening, column, key):
            out[k].carried_over += value
        closing = select(column, total_of(table.c.pending_in_time), total_of(table.c.pending_overdue)).join(
            edges, and_(on, table.c.day == edges.c.l)
        )
        for k, in_time, overdue in self._grouped(closing, column, key):
            out[k].pending_in_time += in_time
            out[k].pending_overdue += overdue

    def _add_adjustments(self, out: dict[Any, Figures], edges: Any, key: str | None) -> None:
        column = _ADJUSTMENT.c[key] if key else literal(None)
        query = select(column, total_of(_ADJUSTMENT.c.amount), total_of(_ADJUSTMENT.c.explained)).join(
            edges, _within(edges)
        )
        if self.scope.field_id is not None:
            query = query.where(_ADJUSTMENT.c.field_id == self.scope.field_id)
        for k, amount, covered in self._grouped(query, column, key):
            out[k].adjustments += amount
            out[k].carried_over += covered

    def _add_flows(self, out: dict[Any, Figures], table: Any, key: str | None, where: list[Any], sums: Any) -> None:
        column = table.c[key] if key else literal(None)
        query = select(column, *(total_of(table.c[c]) for c in sums)).where(*where)
        for row in self._grouped(query, column, key):
            for name, value in zip(sums, row[1:], strict=True):
                setattr(out[row[0]], name, getattr(out[row[0]], name) + value)

    def _add_field_flows(self, out: dict[Any, Figures], table: Any, first: date, last: date, key: str | None) -> None:
        """Take whole calendar months from their totals, only the broken ends from the lines."""
        start = first if first.day == 1 else month_end(first, 1) + timedelta(days=1)
        after = (last + timedelta(days=1)).replace(day=1)
        if start >= after:
            self._add_flows(out, table, key, [table.c.day.between(first, last)], _SUMS)
            return
        months = [_MONTH.c.month >= start, _MONTH.c.month < after, *self.scope.of(_MONTH)]
        if self.scope.field_id is not None:
            months.append(_MONTH.c.field_id == self.scope.field_id)
        self._add_flows(out, _MONTH, key, months, _SUMS)
        if first < start:
            self._add_flows(out, table, key, [table.c.day >= first, table.c.day < start], _SUMS)
        if after <= last:
            self._add_flows(out, table, key, [table.c.day >= after, table.c.day <= last], _SUMS)

    def _grouped(self, query: Select[Any], column: Any, key: str | None) -> Iterable[Any]:
        rows = self.session.execute(query.group_by(column) if key else query)
        return (row for row in rows if row[1] is not None)  # the sum over no rows at all is null, not zero

    def gaps(self, first: date, last: date) -> list[GapOf]:
        """Return the openings of a period that are not the day's before, its first day apart."""
        edges = self._edges(first, last)
        a = _ADJUSTMENT.c
        query = select(a.unit_id, a.system, a.day, a.field_id, a.amount, a.explained)
        return [GapOf(*row) for row in self.session.execute(query.join(edges, _within(edges)))]

    def by_day(self, first: date, last: date) -> dict[date, Figures]:
        """Return each day's figures; one day has neither adjustments nor a difference."""
        rows = hot.run(self.session, _of_days(self.scope), {"first": first, "last": last})
        return {row[0]: Figures(**dict(zip(_COUNTED, row[1:], strict=True))) for row in rows}


@lru_cache
def _of_days(scope: Scope) -> Any:
    """Return the statement of each day's figures, `:first` to `:last`: building it costs more than running it."""
    table = _DAY if scope.field_id is None else _lines_of_days(scope)
    between = table.c.day.between(bindparam("first"), bindparam("last"))
    query = select(table.c.day, *(total_of(table.c[c]) for c in _COUNTED)).group_by(table.c.day)
    return query.where(between, *scope.of(table))


def _within(edges: Any) -> Any:
    """Return the condition that an adjustment lies within a period: on its first day nothing came before."""
    return and_(
        edges.c.unit_id == _ADJUSTMENT.c.unit_id, edges.c.system == _ADJUSTMENT.c.system,
        _ADJUSTMENT.c.day > edges.c.f, _ADJUSTMENT.c.day <= edges.c.l,
    )  # fmt: skip


def total_of(column: Any) -> Any:
    """Return the sum over a column as a whole number: PostgreSQL's own would be a decimal."""
    return cast(func.sum(column), BigInteger)


def known_at(as_of: datetime | ColumnElement[datetime], table: Any = _REVISION) -> Any:
    """Return the condition that a revision, or another row of that kind, was the known one at a moment."""
    return and_(table.c.known_from <= as_of, or_(table.c.known_to.is_(None), table.c.known_to > as_of))


def _lines_of_days(scope: Scope, as_of: datetime | None = None) -> Any:
    """Return the lines of received reports as a table with unit, system, day and field."""
    stands = _REVISION.c.number == _REPORT.c.version
    if as_of is not None:
        stands = known_at(as_of)
    query = (
        select(
            _REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _LINE.c.field_id, _REVISION.c.id.label("revision_id"),
            *(func.coalesce(_LINE.c[c], 0).label(c) for c in COLUMNS),
            case((_LINE.c.received_post.is_(None), 1), else_=0).label("post_unsplit"),
        )
        .join(_REVISION, _REVISION.c.report_id == _REPORT.c.id)
        .join(_LINE, _LINE.c.revision_id == _REVISION.c.id)
        .where(stands, *scope.of(_REPORT))
    )  # fmt: skip
    if scope.field_id is not None:
        query = query.where(_LINE.c.field_id == scope.field_id)
    return query.subquery()


def _with_content(sums: dict[Any, Figures]) -> dict[Any, Figures]:
    """Return the sums without the rows of a field that nobody counted anything in; a report of zeros has its row."""
    return {key: figures for key, figures in sums.items() if figures != Figures()}


class Known:
    """Figures as they were known at a moment, from the revisions of then."""

    def __init__(
        self, scope: Scope, days: dict[tuple[int, str], list[tuple[date, dict[int, Figures]]]], amounts: dict[Any, int]
    ) -> None:
        self.scope, self.days, self.amounts = scope, days, amounts

    def sums(self, first: date, last: date, key: str | None) -> dict[Any, Figures]:
        """Return the figures of one period by unit, by field, or as one whole."""
        by_field = key == "field_id" or self.scope.field_id is not None
        out: dict[Any, Figures] = defaultdict(Figures)
        for (unit_id, system), all_days in self.days.items():
            days = [(day, fields) for day, fields in all_days if first <= day <= last]
            if days and not by_field:
                out[unit_id if key else None].add(Figures())
            for field_id in {f for _, fields in days for f in fields}:
                figures = period(list(self._days_of(unit_id, system, days, field_id)))
                out[unit_id if key == "unit_id" else field_id if key == "field_id" else None].add(figures)
        return _with_content(out) if by_field else dict(out)

    def _days_of(
        self, unit_id: int, system: str, days: list[tuple[date, dict[int, Figures]]], field_id: int
    ) -> Iterable[DayOf]:
        before: int | None = None
        for day, fields in days:
            figures = fields.get(field_id, Figures())
            gap = 0 if before is None else figures.carried_over - before
            yield DayOf(figures, gap, explained(gap, self.amounts.get((unit_id, system, day, field_id), 0)))
            before = figures.pending

    def gaps(self, first: date, last: date) -> list[GapOf]:
        """Return the openings of a period that are not the day's before, its first day apart."""
        found = []
        for (unit_id, system), all_days in self.days.items():
            days = [(day, fields) for day, fields in all_days if first <= day <= last]
            for field_id in {f for _, fields in days for f in fields}:
                for (day, _), of in zip(days, self._days_of(unit_id, system, days, field_id), strict=True):
                    if of.adjustment:
                        found.append(GapOf(unit_id, system, day, field_id, of.adjustment, of.explained))
        return found

    def by_day(self, first: date, last: date) -> dict[date, Figures]:
        """Return each day's figures."""
        out: dict[date, Figures] = defaultdict(Figures)
        for all_days in self.days.values():
            for day, fields in all_days:
                if first <= day <= last and (fields or self.scope.field_id is None):
                    out[day].add(Figures())
                    for figures in fields.values():
                        out[day].add(figures)
        return dict(out)


def known(session: Session, scope: Scope, first: date, last: date, as_of: datetime) -> Known:
    """Return the reports of a period as they were known at a moment."""
    stands = known_at(as_of)
    reports = session.execute(
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day)
        .join(_REVISION, _REVISION.c.report_id == _REPORT.c.id)
        .where(stands, _REVISION.c.unavailable.is_(None), *scope.of(_REPORT, first, last))
        .order_by(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day)
    )
    found: dict[tuple[int, str, date], dict[int, Figures]] = {tuple(row): {} for row in reports}
    lines = _lines_of_days(scope, as_of)
    columns = (*COLUMNS, "post_unsplit")
    query = select(lines.c.unit_id, lines.c.system, lines.c.day, lines.c.field_id, *(lines.c[c] for c in columns))
    for row in session.execute(query.where(lines.c.day.between(first, last))):
        found[row[0], row[1], row[2]][row[3]] = Figures(**dict(zip(columns, row[4:], strict=True)))
    days: dict[tuple[int, str], list[tuple[date, dict[int, Figures]]]] = defaultdict(list)
    for (unit_id, system, day), fields in found.items():
        days[unit_id, system].append((day, fields))
    reason = hot.table(ReportReason)
    given = session.execute(
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, reason.c.field_id, reason.c.amount)
        .join(_REVISION, _REVISION.c.report_id == _REPORT.c.id)
        .join(reason, reason.c.revision_id == _REVISION.c.id)
        .where(
            stands, reason.c.warning == WarningCode.opening_gap.value, reason.c.field_id.is_not(None),
            *scope.of(_REPORT, first, last),
        )
    )  # fmt: skip
    return Known(scope, days, {tuple(row[:4]): row[4] or 0 for row in given})
