"""Sums over units, fields and periods: flows add up, stocks do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select
from sqlmodel import Session, col

from app.core import hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.models import (
    Obligation,
    PublishedFigure,
    Report,
    ReportRevision,
    Waiver,
)
from app.throughput.rules import Figures
from app.throughput.schemas import WordsOut, rates_out, totals_out
from app.throughput.summary.schemas import Completeness, GroupBy, PublishedOut, SummaryOut, SummaryRow
from app.throughput.summary.sums import Kept, Known, Scope, known, known_at, month_end, total_of
from app.units.models import Unit
from app.units.service import visible_unit

LONGEST_DAYS = 3660
# Each week is a question of its own, and what was known then is summed from the lines: 160 weeks, 400 days.
LONGEST_WEEKS = 159 * 7 + 1
LONGEST_AS_OF = 400
_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_WAIVER = hot.table(Waiver)
OBLIGATION = hot.table(Obligation)


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


def summarise(session: Session, caller: Caller, question: Question, now: datetime, locale: str) -> SummaryOut:
    """Return a period's figures by group; raises Invalid for a period turned round or too long.

    Who sees one unit only gets the city's totals by day or field, but no other unit's row.
    """
    q = question
    judge_period(q.first, q.last, q.as_of, LONGEST_WEEKS if q.group_by is GroupBy.week else LONGEST_DAYS)
    units: frozenset[int] | None = None
    if q.unit is not None and q.unit.id is not None:
        units = frozenset({q.unit.id})
    elif q.group_by is GroupBy.unit:
        units = caller.units
    scope = Scope(units, q.system.value if q.system else None, q.field.id if q.field else None)
    source = source_of(session, scope, q.first, q.last, q.as_of)
    rows = _rows(session, source, q, locale)
    total = whole(source, q.first, q.last)
    return SummaryOut(
        first=q.first,
        last=q.last,
        group_by=q.group_by,
        unit=q.unit.code if q.unit else None,
        field=q.field.code if q.field else None,
        system=q.system,
        as_of=q.as_of,
        cut_off=cut_off(session, scope, q.first, q.last, q.as_of),
        completeness=completeness(session, scope.of(OBLIGATION, q.first, q.last), q.as_of),
        published=_published(session, q),
        rows=rows,
        total=row_out("total", "", total),
    )


def judge_period(first: date, last: date, as_of: datetime | None, limit: int = LONGEST_DAYS, at: str = "?") -> None:
    """Raise Invalid for a period turned round or longer than can be summed; `at`: an address (`?`), a body (`/`)."""
    if last < first:
        raise Invalid([Fault(f"{at}to", "period_reversed")])
    if as_of is not None:
        limit = min(limit, LONGEST_AS_OF)
    if (last - first).days >= limit:
        raise Invalid([Fault(f"{at}to", "period_too_long", {"limit": limit})])


def source_of(session: Session, scope: Scope, first: date, last: date, as_of: datetime | None) -> Kept | Known:
    """Return where the figures of a period come from: the kept totals, or the revisions of then."""
    return Kept(session, scope) if as_of is None else known(session, scope, first, last, as_of)


def whole(source: Kept | Known, first: date, last: date) -> Figures:
    """Return the figures of a period as one; zeros where nothing was reported."""
    found: Figures = source.sums(first, last, None).get(None, Figures())
    return found


def _rows(session: Session, source: Kept | Known, q: Question, locale: str) -> list[SummaryRow]:
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
            key, end = f"{day:%Y-%m}", month_end(day, 1)
        elif group_by is GroupBy.quarter:
            quarter = (day.month - 1) // 3 + 1
            key, end = f"{day.year}-Q{quarter}", month_end(date(day.year, quarter * 3, 1), 1)
        else:
            key, end = str(day.year), date(day.year, 12, 31)
        yield key, day, min(end, last)
        day = end + timedelta(days=1)


def completeness(session: Session, scope: list[Any], as_of: datetime | None) -> Completeness:
    """Return how many owed unit-days are in, counting a unit's day once for all systems it owes."""
    p = unit_days(scope, as_of).subquery().c
    row = session.execute(
        select(
            func.count(),
            total_of(p.received),
            total_of(p.received * p.late),
            total_of(p.waived),
            total_of(p.unavailable),
        )
    ).one()
    return Completeness(
        expected=row[0], received=row[1] or 0, late=row[2] or 0, waived=row[3] or 0, unavailable=row[4] or 0
    )


def owed_by_day(session: Session, scope: Scope, first: date, last: date) -> dict[date, Completeness]:
    """Return how complete each day is that anything is owed for: a unit owes each by itself, so that they add up."""
    rows = hot.run(session, _owed_by_day(scope), {"first": first, "last": last})
    return {
        row[0]: Completeness(expected=row[1], received=row[2], late=row[3], waived=row[4], unavailable=row[5])
        for row in rows
    }


@lru_cache
def _owed_by_day(scope: Scope) -> Any:
    """Return the statement of that, between `:first` and `:last`: building it costs more than running it."""
    between = OBLIGATION.c.day.between(bindparam("first"), bindparam("last"))
    p = unit_days([between, *scope.of(OBLIGATION)], None).subquery().c
    counts = (func.count(), *map(total_of, (p.received, p.received * p.late, p.waived, p.unavailable)))
    return select(p.day, *counts).group_by(p.day)


def unit_days(scope: list[Any], as_of: datetime | None) -> Select[Any]:
    """Return the query of owed unit-days: whether each is received, late, waived, or its system was down (1 or 0)."""
    # As known then: a system that was down may have sent its figures since, a waiver may be younger.
    unavailable = _REPORT.c.unavailable if as_of is None else _REVISION.c.unavailable.is_not(None)
    partial = _REPORT.c.partial if as_of is None else _REVISION.c.partial
    # Corrected to a part of the day, a report stays as timely as it was, but the day's figures are not in.
    met = and_(_REPORT.c.first_met_at.is_not(None), ~unavailable, ~partial)
    late = _REPORT.c.first_met_at > OBLIGATION.c.due_at
    waived: ColumnElement[bool] = OBLIGATION.c.waived_at.is_not(None)
    if as_of is not None:
        met = and_(met, _REPORT.c.first_met_at <= as_of)
        waived = exists().where(
            _WAIVER.c.unit_id == OBLIGATION.c.unit_id, _WAIVER.c.day == OBLIGATION.c.day,
            _WAIVER.c.system == OBLIGATION.c.system, known_at(as_of, _WAIVER),
        )  # fmt: skip
    down = and_(unavailable, ~waived)
    rows = OBLIGATION.outerjoin(
        _REPORT,
        and_(
            _REPORT.c.unit_id == OBLIGATION.c.unit_id, _REPORT.c.system == OBLIGATION.c.system,
            _REPORT.c.day == OBLIGATION.c.day,
        ),
    )  # fmt: skip
    if as_of is not None:
        rows = rows.outerjoin(_REVISION, and_(_REVISION.c.report_id == _REPORT.c.id, known_at(as_of)))
    return (
        select(
            OBLIGATION.c.unit_id,
            OBLIGATION.c.day,
            func.min(case((or_(met, waived), 1), else_=0)).label("received"),
            func.max(case((and_(met, late, ~waived), 1), else_=0)).label("late"),
            func.min(case((waived, 1), else_=0)).label("waived"),
            func.max(case((down, 1), else_=0)).label("unavailable"),
        )
        .select_from(rows)
        .where(*scope)
        .group_by(OBLIGATION.c.unit_id, OBLIGATION.c.day)
    )


def cut_off(session: Session, scope: Scope, first: date, last: date, as_of: datetime | None) -> datetime | None:
    """Return the latest moment until which a report of a period's newest day counted; None without a report.

    The newest day that was owed: what one unit reports of a Sunday says nothing of how fresh the city's figures are.
    """
    values: dict[str, Any] = {"first": first, "last": last} | ({} if as_of is None else {"as_of": as_of})
    newest_owed, newest, latest_of = _cutting(scope, as_of is not None)
    # Within the newest day with a report; the days before it were cut off earlier.
    days = hot.run(session, newest_owed, values) or hot.run(session, newest, values)
    if not days:
        return None
    ((latest,),) = hot.run(session, latest_of, values | {"first": days[0][0], "last": days[0][0]})
    found: datetime = latest
    return found


@lru_cache
def _cutting(scope: Scope, past: bool) -> tuple[Any, Any, Any]:
    """Return the statements of the newest day owed with a report, of the newest with one, and of the latest moment of
    such days, between `:first` and `:last`: building them costs more than running them.
    """
    r, o, cut = _REPORT.c, OBLIGATION.c, _REVISION.c.counted_until
    moment = bindparam("as_of", type_=_REVISION.c.known_from.type)
    stands = known_at(moment) if past else _REVISION.c.number == r.version
    between = r.day.between(bindparam("first"), bindparam("last"))
    whole = [_REVISION.c.report_id == r.id, stands, _REVISION.c.unavailable.is_(None), between, *scope.of(_REPORT)]
    newest = select(r.day).where(*whole).order_by(r.day.desc()).limit(1)
    owed = exists().where(o.unit_id == r.unit_id, o.day == r.day, o.system == r.system)
    return newest.where(owed), newest, select(cut).where(*whole).order_by(cut.desc()).limit(1)


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
    group_by: GroupBy | None,
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
    if group_by is None:
        group_by = GroupBy.unit if caller.units is None else GroupBy.field
    if unit is None and group_by is GroupBy.unit:
        unit = caller.unit_code if caller.units is not None else None  # its own row is the only one it may see
    seen = visible_unit(session, caller, unit) if unit else None
    return Question(first, last, group_by, seen, found, system, as_of)
