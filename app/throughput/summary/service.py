"""Sums over units, fields and periods: flows add up, stocks do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.models import PublishedFigure
from app.throughput.rules import Figures
from app.throughput.schemas import WordsOut, rates_out, totals_out
from app.throughput.summary.owed import OBLIGATION, completeness, cut_off
from app.throughput.summary.schemas import GroupBy, PublishedOut, SummaryOut, SummaryRow
from app.throughput.summary.sums import Kept, Known, Scope, known, month_end
from app.units.models import Unit
from app.units.service import visible_unit

LONGEST_DAYS = 3660
# Each week is a question of its own, and what was known then is summed from the lines: 160 weeks, 400 days.
LONGEST_WEEKS = 159 * 7 + 1
LONGEST_AS_OF = 400


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
