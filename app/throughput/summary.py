"""Sums over units, fields and periods: flows add up, stocks do not."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, case, cast, func, literal, or_, select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.models import (
    Adjustment,
    DayTotal,
    FieldMonthTotal,
    Obligation,
    PublishedFigure,
    Report,
    ReportLine,
    ReportReason,
    ReportRevision,
)
from app.throughput.rules import COLUMNS, FLOWS, DayOf, Figures, WarningCode, explained, period
from app.throughput.schemas import (
    Completeness,
    GroupBy,
    PublishedOut,
    SummaryOut,
    SummaryRow,
    WordsOut,
    rates_out,
    totals_out,
)
from app.units.models import Unit
from app.units.service import visible_unit

LONGEST_DAYS = 3660
_DAY = DayTotal.__table__  # type: ignore[attr-defined]
_MONTH = FieldMonthTotal.__table__  # type: ignore[attr-defined]
_ADJUSTMENT = Adjustment.__table__  # type: ignore[attr-defined]
_REPORT = Report.__table__  # type: ignore[attr-defined]
_REVISION = ReportRevision.__table__  # type: ignore[attr-defined]
_LINE = ReportLine.__table__  # type: ignore[attr-defined]
_OBLIGATION = Obligation.__table__  # type: ignore[attr-defined]
_SUMS = (*FLOWS, "post_unsplit")


@dataclass(frozen=True)
class Question:
    """What is asked of a summary."""

    first: date
    last: date
    group_by: GroupBy
    unit: Unit | None = None
    field: ProcedureField | None = None
    system: System | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class _Scope:
    """The rows that count: units, system and field of a question, as the caller may see them."""

    units: frozenset[int] | None
    system: str | None
    field_id: int | None

    def of(self, table: Any, first: date | None = None, last: date | None = None) -> list[Any]:
        """Return the conditions on a table with unit, system and day."""
        conditions = []
        if self.units is not None:
            conditions.append(table.c.unit_id.in_(self.units))
        if self.system is not None:
            conditions.append(table.c.system == self.system)
        if first is not None:
            conditions.append(table.c.day.between(first, last))
        return conditions


def summarise(session: Session, caller: Caller, question: Question, now: datetime, locale: str) -> SummaryOut:
    """Return a period's figures by group; raises Invalid for a period turned round or too long.

    Who sees one unit only gets the city's totals by day or field, but no other unit's row.
    """
    q = question
    if q.last < q.first:
        raise Invalid([Fault("?to", "period_reversed")])
    if (q.last - q.first).days >= LONGEST_DAYS:
        raise Invalid([Fault("?to", "period_too_long", {"limit": LONGEST_DAYS})])
    units: frozenset[int] | None = None
    if q.unit is not None and q.unit.id is not None:
        units = frozenset({q.unit.id})
    elif q.group_by is GroupBy.unit:
        units = caller.units
    scope = _Scope(units, q.system.value if q.system else None, q.field.id if q.field else None)
    source = _known(session, scope, q) if q.as_of is not None else _Kept(session, scope)
    rows = _rows(session, source, q, locale)
    total = source.sums(q.first, q.last, None).get(None, Figures())
    return SummaryOut(
        first=q.first,
        last=q.last,
        group_by=q.group_by,
        unit=q.unit.code if q.unit else None,
        field=q.field.code if q.field else None,
        system=q.system,
        as_of=q.as_of,
        cut_off=_cut_off(session, scope, q),
        completeness=completeness(session, scope.of(_OBLIGATION, q.first, q.last), q.as_of),
        published=_published(session, q),
        rows=rows,
        total=row_out("total", "", total),
    )


def _rows(session: Session, source: "_Kept | _Known", q: Question, locale: str) -> list[SummaryRow]:
    if q.group_by is GroupBy.unit:
        names = {u.id: (u.code, u.name, u.sort_key) for u in session.scalars(select(Unit))}
        sums = source.sums(q.first, q.last, "unit_id")
        return [
            row_out(names[key][0], names[key][1], f) for key, f in sorted(sums.items(), key=lambda kv: names[kv[0]][2])
        ]
    if q.group_by is GroupBy.field:
        fields = {f.id: f for f in session.scalars(select(ProcedureField))}
        sums = source.sums(q.first, q.last, "field_id")
        ordered = sorted(sums.items(), key=lambda kv: (fields[kv[0]].sort_order, fields[kv[0]].code))
        return [row_out(fields[k].code, getattr(fields[k], f"name_{locale}"), f) for k, f in ordered]
    if q.group_by is GroupBy.day:
        days = source.by_day(q.first, q.last)
        return [row_out(day.isoformat(), day.isoformat(), f) for day, f in sorted(days.items())]
    out = []
    for key, first, last in periods(q.first, q.last, q.group_by):
        sums = source.sums(first, last, None)
        if None in sums:
            out.append(row_out(key, key, sums[None]))
    return out


def row_out(key: str, label: str, figures: Figures) -> SummaryRow:
    """Return one group's figures as they are shown."""
    return SummaryRow(
        key=key,
        label=label,
        adjustments=figures.adjustments,
        difference=figures.difference,
        rates=rates_out(figures),
        **totals_out(figures).model_dump(),
    )


def periods(first: date, last: date, group_by: GroupBy) -> Iterable[tuple[str, date, date]]:
    """Yield the ISO weeks, months, quarters or years that a period touches, cut to it: (key, first, last)."""
    day = first
    while day <= last:
        if group_by is GroupBy.week:
            year, week, weekday = day.isocalendar()
            key, end = f"{year}-W{week:02}", day + timedelta(days=7 - weekday)
        elif group_by is GroupBy.month:
            key, end = f"{day:%Y-%m}", _month_end(day, 1)
        elif group_by is GroupBy.quarter:
            quarter = (day.month - 1) // 3 + 1
            key, end = f"{day.year}-Q{quarter}", _month_end(date(day.year, quarter * 3, 1), 1)
        else:
            key, end = str(day.year), date(day.year, 12, 31)
        yield key, day, min(end, last)
        day = end + timedelta(days=1)


def _month_end(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1) - timedelta(days=1)


class _Kept:
    """Figures as they stand now, from the kept totals; by field, stocks and broken months from the lines."""

    def __init__(self, session: Session, scope: _Scope) -> None:
        self.session, self.scope = session, scope

    def sums(self, first: date, last: date, key: str | None) -> dict[Any, Figures]:
        """Return the figures of one period by unit, by field, or as one whole (key None)."""
        by_field = key == "field_id" or self.scope.field_id is not None
        edges = (
            select(_DAY.c.unit_id, _DAY.c.system, func.min(_DAY.c.day).label("f"), func.max(_DAY.c.day).label("l"))
            .where(*self.scope.of(_DAY, first, last))
            .group_by(_DAY.c.unit_id, _DAY.c.system)
            .subquery()
        )
        table = _lines_of_days(self.scope) if by_field else _DAY
        out: dict[Any, Figures] = defaultdict(Figures)
        self._add_stocks(out, table, edges, key)
        self._add_adjustments(out, edges, key)
        if by_field:
            self._add_field_flows(out, table, first, last, key)
        else:
            self._add_flows(out, table, key, self.scope.of(table, first, last), _SUMS)
        return _with_content(out) if by_field else dict(out)

    def _add_stocks(self, out: dict[Any, Figures], table: Any, edges: Any, key: str | None) -> None:
        on = and_(edges.c.unit_id == table.c.unit_id, edges.c.system == table.c.system)
        column = table.c[key] if key else literal(None)
        opening = select(column, _total(table.c.carried_over)).join(edges, and_(on, table.c.day == edges.c.f))
        for k, value in self._grouped(opening, column, key):
            out[k].carried_over += value
        closing = select(column, _total(table.c.pending_in_time), _total(table.c.pending_overdue)).join(
            edges, and_(on, table.c.day == edges.c.l)
        )
        for k, in_time, overdue in self._grouped(closing, column, key):
            out[k].pending_in_time += in_time
            out[k].pending_overdue += overdue

    def _add_adjustments(self, out: dict[Any, Figures], edges: Any, key: str | None) -> None:
        column = _ADJUSTMENT.c[key] if key else literal(None)
        query = select(column, _total(_ADJUSTMENT.c.amount), _total(_ADJUSTMENT.c.explained)).join(
            edges,
            and_(
                edges.c.unit_id == _ADJUSTMENT.c.unit_id, edges.c.system == _ADJUSTMENT.c.system,
                _ADJUSTMENT.c.day > edges.c.f, _ADJUSTMENT.c.day <= edges.c.l,
            ),
        )  # fmt: skip
        if self.scope.field_id is not None:
            query = query.where(_ADJUSTMENT.c.field_id == self.scope.field_id)
        for k, amount, covered in self._grouped(query, column, key):
            out[k].adjustments += amount
            out[k].carried_over += covered

    def _add_flows(self, out: dict[Any, Figures], table: Any, key: str | None, where: list[Any], sums: Any) -> None:
        column = table.c[key] if key else literal(None)
        query = select(column, *(_total(table.c[c]) for c in sums)).where(*where)
        for row in self._grouped(query, column, key):
            for name, value in zip(sums, row[1:], strict=True):
                setattr(out[row[0]], name, getattr(out[row[0]], name) + value)

    def _add_field_flows(self, out: dict[Any, Figures], table: Any, first: date, last: date, key: str | None) -> None:
        """Take whole calendar months from their totals, only the broken ends from the lines."""
        start = first if first.day == 1 else _month_end(first, 1) + timedelta(days=1)
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

    def by_day(self, first: date, last: date) -> dict[date, Figures]:
        """Return each day's figures; one day has neither adjustments nor a difference."""
        table = _DAY if self.scope.field_id is None else _lines_of_days(self.scope)
        columns = (*COLUMNS, "post_unsplit")
        query = select(table.c.day, *(_total(table.c[c]) for c in columns)).group_by(table.c.day)
        rows = self.session.execute(query.where(*self.scope.of(table, first, last)))
        return {row[0]: Figures(**dict(zip(columns, row[1:], strict=True))) for row in rows}


def _total(column: Any) -> Any:
    return cast(func.sum(column), Integer)


def _known_at(as_of: datetime) -> Any:
    return and_(_REVISION.c.known_from <= as_of, or_(_REVISION.c.known_to.is_(None), _REVISION.c.known_to > as_of))


def _lines_of_days(scope: _Scope, as_of: datetime | None = None) -> Any:
    """Return the lines of received reports as a table with unit, system, day and field."""
    stands = _REVISION.c.number == _REPORT.c.version
    if as_of is not None:
        stands = _known_at(as_of)
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


class _Known:
    """Figures as they were known at a moment, from the revisions of then."""

    def __init__(
        self, scope: _Scope, days: dict[tuple[int, str], list[tuple[date, dict[int, Figures]]]], amounts: dict[Any, int]
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


def _known(session: Session, scope: _Scope, q: Question) -> _Known:
    assert q.as_of is not None
    stands = _known_at(q.as_of)
    reports = session.execute(
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day)
        .join(_REVISION, _REVISION.c.report_id == _REPORT.c.id)
        .where(stands, _REVISION.c.unavailable.is_(None), *scope.of(_REPORT, q.first, q.last))
        .order_by(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day)
    )
    found: dict[tuple[int, str, date], dict[int, Figures]] = {tuple(row): {} for row in reports}
    lines = _lines_of_days(scope, q.as_of)
    columns = (*COLUMNS, "post_unsplit")
    query = select(lines.c.unit_id, lines.c.system, lines.c.day, lines.c.field_id, *(lines.c[c] for c in columns))
    for row in session.execute(query.where(lines.c.day.between(q.first, q.last))):
        found[row[0], row[1], row[2]][row[3]] = Figures(**dict(zip(columns, row[4:], strict=True)))
    days: dict[tuple[int, str], list[tuple[date, dict[int, Figures]]]] = defaultdict(list)
    for (unit_id, system, day), fields in found.items():
        days[unit_id, system].append((day, fields))
    reason = ReportReason.__table__  # type: ignore[attr-defined]
    given = session.execute(
        select(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, reason.c.field_id, reason.c.amount)
        .join(_REVISION, _REVISION.c.report_id == _REPORT.c.id)
        .join(reason, reason.c.revision_id == _REVISION.c.id)
        .where(
            stands, reason.c.warning == WarningCode.opening_gap.value, reason.c.field_id.is_not(None),
            *scope.of(_REPORT, q.first, q.last),
        )
    )  # fmt: skip
    return _Known(scope, days, {tuple(row[:4]): row[4] or 0 for row in given})


def completeness(session: Session, scope: list[Any], as_of: datetime | None) -> Completeness:
    """Return how many owed unit-days are in, counting a unit's day once for all systems it owes."""
    # As known then: a system that was down may have sent its figures since, a waiver may be younger.
    unavailable = _REPORT.c.unavailable if as_of is None else _REVISION.c.unavailable.is_not(None)
    met = and_(_REPORT.c.first_met_at.is_not(None), ~unavailable)
    late = _REPORT.c.first_met_at > _OBLIGATION.c.due_at
    waived = _OBLIGATION.c.waived_at.is_not(None)
    if as_of is not None:
        met = and_(met, _REPORT.c.first_met_at <= as_of)
        waived = and_(waived, _OBLIGATION.c.waived_at <= as_of)
    down = and_(unavailable, ~waived)
    rows = _OBLIGATION.outerjoin(
        _REPORT,
        and_(
            _REPORT.c.unit_id == _OBLIGATION.c.unit_id, _REPORT.c.system == _OBLIGATION.c.system,
            _REPORT.c.day == _OBLIGATION.c.day,
        ),
    )  # fmt: skip
    if as_of is not None:
        rows = rows.outerjoin(_REVISION, and_(_REVISION.c.report_id == _REPORT.c.id, _known_at(as_of)))
    per_unit_day = (
        select(
            func.min(case((or_(met, waived), 1), else_=0)).label("received"),
            func.max(case((and_(met, late, ~waived), 1), else_=0)).label("late"),
            func.min(case((waived, 1), else_=0)).label("waived"),
            func.max(case((down, 1), else_=0)).label("unavailable"),
        )
        .select_from(rows)
        .where(*scope)
        .group_by(_OBLIGATION.c.unit_id, _OBLIGATION.c.day)
        .subquery()
    )
    p = per_unit_day.c
    row = session.execute(
        select(
            func.count(), _total(p.received), _total(p.received * p.late), _total(p.waived), _total(p.unavailable)
        ).select_from(per_unit_day)
    ).one()
    return Completeness(
        expected=row[0], received=row[1] or 0, late=row[2] or 0, waived=row[3] or 0, unavailable=row[4] or 0
    )


def _cut_off(session: Session, scope: _Scope, q: Question) -> datetime | None:
    stands = _REVISION.c.number == _REPORT.c.version
    if q.as_of is not None:
        stands = _known_at(q.as_of)
    joined = select(_REPORT.c.day, _REVISION.c.counted_until).join(_REVISION, _REVISION.c.report_id == _REPORT.c.id)
    rows = joined.where(stands, _REVISION.c.unavailable.is_(None), *scope.of(_REPORT, q.first, q.last))
    # Within the newest day with a report; the days before it were cut off earlier.
    newest = session.execute(rows.order_by(_REPORT.c.day.desc()).limit(1)).first()
    if newest is None:
        return None
    of_day = rows.where(_REPORT.c.day == newest.day).order_by(_REVISION.c.counted_until.desc()).limit(1)
    cut_off: datetime = session.execute(of_day).one().counted_until
    return cut_off


def _published(session: Session, q: Question) -> list[PublishedOut]:
    """Return what was published for this very period and these units."""
    if q.field is not None or q.system is not None:
        return []
    query = select(PublishedFigure, col(Unit.code)).outerjoin(Unit, col(Unit.id) == col(PublishedFigure.unit_id))
    query = query.where(col(PublishedFigure.first) == q.first, col(PublishedFigure.last) == q.last)
    if q.unit is not None:
        query = query.where(col(PublishedFigure.unit_id) == q.unit.id)
    rows = session.execute(query.order_by(col(PublishedFigure.id)))
    return [
        PublishedOut(
            as_of=p.as_of, unit=code, measure=p.measure, numerator=p.numerator, denominator=p.denominator,
            value=p.value, unit_of_measure=p.unit_of_measure,
            source=WordsOut(vi=p.source_vi, en=p.source_en, fr=p.source_fr),
            note=WordsOut(vi=p.note_vi, en=p.note_en, fr=p.note_fr),
        )
        for p, code in rows
    ]  # fmt: skip


def question(
    session: Session,
    caller: Caller,
    now: datetime,
    *,
    first: date | None,
    last: date | None,
    group_by: GroupBy,
    unit: str | None,
    field: str | None,
    system: System | None,
    as_of: datetime | None,
) -> Question:
    """Return what an address asks: this month so far unless it says otherwise; raises NotFound for a unit not seen."""
    last = last or max(day_of(now), first or date.min)
    first = first or last.replace(day=1)
    found = None
    if field is not None:
        found = session.scalars(select(ProcedureField).where(col(ProcedureField.code) == field)).one_or_none()
        if found is None:
            raise Invalid([Fault("?field", "unknown_field", {"code": field})])
    if unit is None and group_by is GroupBy.unit:
        unit = caller.unit_code if caller.units is not None else None  # its own row is the only one it may see
    seen = visible_unit(session, caller, unit) if unit else None
    return Question(first, last, group_by, seen, found, system, as_of)
