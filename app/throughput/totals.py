"""The totals kept beside the reports: written with each report, rebuilt by a command, proved by another."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import sub
from typing import Any

from sqlalchemy import bindparam, delete, select, text
from sqlmodel import Session, col

from app.core import hot, stamps
from app.core.db import upsert
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput import neighbours, reading
from app.throughput.models import Adjustment, DayTotal, FieldMonthTotal, Report, ReportRevision
from app.throughput.rules import FLOWS, Figures, Line, adjustments, explained, figures_of

STAMP = "totals"  # moves when they are rebuilt, which is no change of the reports
AT_ONCE = 500  # reports
_DAY_COLUMNS = ("carried_over", *FLOWS, "pending_in_time", "pending_overdue", "post_unsplit")
_MONTH_COLUMNS = (*FLOWS, "post_unsplit")
_MONTH_NAMES = ("unit_id", "system", "field_id", "month", *_MONTH_COLUMNS)
_DAY = hot.table(DayTotal)
_MONTH = hot.table(FieldMonthTotal)
_ADJUSTMENT = hot.table(Adjustment)
_insert_adjustments = _ADJUSTMENT.insert()
_forget_day = delete(_ADJUSTMENT).where(
    _ADJUSTMENT.c.unit_id == bindparam("u"), _ADJUSTMENT.c.system == bindparam("s"), _ADJUSTMENT.c.day == bindparam("d")
)


# Built once a database kind: building such a statement costs more than running it.
@lru_cache
def _day_statement(dialect: str) -> Any:
    insert = upsert(dialect, _DAY)
    columns = {c: insert.excluded[c] for c in _DAY_COLUMNS}
    return insert.on_conflict_do_update(index_elements=["unit_id", "system", "day"], set_=columns)


@lru_cache
def _month_statement(dialect: str) -> Any:
    insert = upsert(dialect, _MONTH)
    columns = {c: _MONTH.c[c] + insert.excluded[c] for c in _MONTH_COLUMNS}
    return insert.on_conflict_do_update(index_elements=["unit_id", "system", "field_id", "month"], set_=columns)


def keep(
    session: Session,
    unit_id: int,
    system: System,
    day: date,
    later: hot.Later,
    *,
    old: dict[str, Line] | None,
    new: dict[str, Line] | None,
    field_ids: dict[str, int],
    gaps: dict[str, int],
    amounts: dict[str, int],
    figures: Figures | None = None,
) -> None:
    """Bring the totals of one unit, system and day from the old lines to the new (None: no received report).

    `later`: where the sums wait for those of other reports. `gaps` are the day's adjustments by field, `amounts` how
    much of each was given a reason. `figures`: the new lines' sums, where they are known.
    """
    keep_day(session, unit_id, system, day, new, later, figures)
    keep_months(session, unit_id, system, day, old or {}, new or {}, field_ids, later)
    if gaps or old is not None:
        keep_adjustments(session, unit_id, system, day, gaps, amounts, field_ids)


def keep_day(
    session: Session, unit_id: int, system: System, day: date, lines: dict[str, Line] | None, later: hot.Later,
    figures: Figures | None = None,
) -> None:  # fmt: skip
    """Write the sums of a received report, or take them away."""
    key = {"unit_id": unit_id, "system": system.value, "day": day}
    if lines is None:
        session.execute(delete(_DAY).where(*(_DAY.c[k] == v for k, v in key.items())))
        return
    figures = figures or figures_of(lines.values())
    values = {c: getattr(figures, c) for c in _DAY_COLUMNS}
    later.put(_day_statement(session.get_bind().dialect.name), [key | values])


def keep_months(
    session: Session,
    unit_id: int,
    system: System,
    day: date,
    old: dict[str, Line],
    new: dict[str, Line],
    field_ids: dict[str, int],
    later: hot.Later,
) -> None:
    """Add what the new lines have over the old to the month's flows of each field."""
    statement, month = _month_statement(session.get_bind().dialect.name), day.replace(day=1)
    for code in {**old, **new}:
        delta = month_delta(old.get(code), new.get(code))
        if any(delta):
            later.add(statement, _MONTH_NAMES, (unit_id, system.value, field_ids[code], month), delta)


def month_delta(old: Line | None, new: Line | None) -> tuple[int, ...]:
    """Return new − old for the columns of a field's month."""
    return tuple(map(sub, _flows(new), _flows(old)))


_NOTHING = (0,) * len(_MONTH_COLUMNS)


def _flows(line: Line | None) -> tuple[int, ...]:
    if line is None:
        return _NOTHING
    return (
        line.received_online, line.received_counter, line.received_post or 0, line.resolved_early,
        line.resolved_on_time, line.resolved_overdue, line.withdrawn, line.received_post is None,
    )  # fmt: skip


def keep_adjustments(
    session: Session,
    unit_id: int,
    system: System,
    day: date,
    gaps: dict[str, int],
    amounts: dict[str, int],
    field_ids: dict[str, int],
) -> None:
    """Write a day's adjustments anew, with how much of each its reasons explain."""
    hot.run(session, _forget_day, {"u": unit_id, "s": system.value, "d": day})
    if gaps:
        rows = [
            {
                "unit_id": unit_id, "system": system.value, "day": day, "field_id": field_ids[code], "amount": gap,
                "explained": explained(gap, amounts.get(code, 0)),
            }
            for code, gap in gaps.items()
        ]  # fmt: skip
        hot.run_many(session, _insert_adjustments, rows)


@dataclass(frozen=True, slots=True)
class Following:
    """The report after a changed one: its adjustments as they are now, how much of each is explained, its reasons."""

    day: date
    gaps: dict[str, tuple[int, int]]
    reasons: list[reading.Reason]


def refresh_next(
    session: Session,
    unit_id: int,
    system: System,
    day: date,
    closing: dict[str, int] | None,
    field_ids: dict[str, int],
) -> Following | None:
    """Judge the next report's adjustments again after this day's closing changed; None where there is no next one.

    `closing` None: the day is no received report any more, so the one before it is the next one's previous close.
    """
    following = neighbours.after(session, unit_id, day, system)
    if following is None:
        return None
    if closing is None:
        earlier = neighbours.before(session, unit_id, following.day, system)
        gaps = adjustments(following.opening, earlier.closing) if earlier else {}
    else:
        gaps = adjustments(following.opening, closing)
    stored = reading.current(session, unit_id, following.day, system)
    assert stored is not None
    amounts = reading.amounts_of(stored.reasons)
    keep_adjustments(session, unit_id, system, following.day, gaps, amounts, field_ids)
    judged = {code: (gap, explained(gap, amounts.get(code, 0))) for code, gap in gaps.items()}
    return Following(following.day, judged, stored.reasons)


def _computed(session: Session) -> Iterator[tuple[Any, dict[str, Line], dict[str, int], dict[str, int]]]:
    """Yield every received report in order of unit, system, day with its lines, adjustments and explained amounts."""
    report = hot.table(Report).c
    revision = hot.table(ReportRevision).c
    rows = session.execute(
        select(report.unit_id, report.system, report.day, revision.id)
        .join(hot.table(ReportRevision), (revision.report_id == report.id) & (revision.number == report.version))
        .where(report.unavailable.is_(False))
        .order_by(report.unit_id, report.system, report.day)
    ).all()
    before: tuple[int, str] | None = None
    closing: dict[str, int] = {}
    for row in rows:
        lines = reading.lines_of(session, row.id)
        gaps: dict[str, int] = {}
        if before == (row.unit_id, row.system):
            gaps = adjustments({code: line.carried_over for code, line in lines.items()}, closing)
        amounts: dict[str, int] = {}
        if gaps:
            stored = reading.current(session, row.unit_id, row.day, System(row.system))
            assert stored is not None
            amounts = reading.amounts_of(stored.reasons)
        before, closing = (row.unit_id, row.system), {code: line.pending for code, line in lines.items()}
        yield row, lines, gaps, amounts


def field_ids(session: Session) -> dict[str, int]:
    """Return the fields' row numbers by code."""
    rows = session.execute(select(col(ProcedureField.code), col(ProcedureField.id)))
    return {code: number for code, number in rows if number is not None}


def rebuild(session: Session) -> int:
    """Compute all totals anew from the lines; returns how many reports they hold."""
    if session.get_bind().dialect.name == "postgresql":  # on SQLite a writer is alone anyway
        session.execute(text("lock table reports in share row exclusive mode"))
    for table in (_DAY, _MONTH, _ADJUSTMENT):
        session.execute(delete(table))
    ids, count, later = field_ids(session), 0, hot.Later(session)
    for row, lines, gaps, amounts in _computed(session):
        keep(
            session, row.unit_id, System(row.system), row.day, later,
            old=None, new=lines, field_ids=ids, gaps=gaps, amounts=amounts,
        )  # fmt: skip
        count += 1
        if count % AT_ONCE == 0:
            later.write()
    later.write()
    stamps.touch(session, STAMP)
    return count


def differences(session: Session) -> Iterator[str]:
    """Yield a sentence for every kept total that does not equal what the lines say."""
    ids = field_ids(session)
    days: dict[tuple[int, str, date], tuple[int, ...]] = {}
    months: dict[tuple[int, str, int, date], list[int]] = {}
    gaps_expected: dict[tuple[int, str, date, int], tuple[int, ...]] = {}
    for row, lines, gaps, amounts in _computed(session):
        figures: Figures = figures_of(lines.values())
        days[row.unit_id, row.system, row.day] = tuple(getattr(figures, c) for c in _DAY_COLUMNS)
        for code, line in lines.items():
            sums = months.setdefault((row.unit_id, row.system, ids[code], row.day.replace(day=1)), [0] * 8)
            for index, value in enumerate(month_delta(None, line)):
                sums[index] += value
        for code, gap in gaps.items():
            covered = explained(gap, amounts.get(code, 0))
            gaps_expected[row.unit_id, row.system, row.day, ids[code]] = (gap, covered)
    yield from _compare(session, _DAY, ("unit_id", "system", "day"), _DAY_COLUMNS, days)
    kept_months = {key: tuple(sums) for key, sums in months.items() if any(sums)}
    yield from _compare(session, _MONTH, ("unit_id", "system", "field_id", "month"), _MONTH_COLUMNS, kept_months)
    key = ("unit_id", "system", "day", "field_id")
    yield from _compare(session, _ADJUSTMENT, key, ("amount", "explained"), gaps_expected)


def _compare(
    session: Session, table: Any, key: tuple[str, ...], columns: tuple[str, ...], expected: dict[Any, tuple[int, ...]]
) -> Iterator[str]:
    kept = {
        tuple(row[: len(key)]): tuple(row[len(key) :])
        for row in session.execute(select(*(table.c[c] for c in (*key, *columns))))
    }
    for place in sorted({*kept, *expected}, key=str):
        was, should = kept.get(place), expected.get(place)
        # A month whose corrections came back to nothing may keep a row of zeros.
        if was != should and not (should is None and was is not None and not any(was)):
            where = " ".join(str(part) for part in place)
            yield f"{table.name} {where}: kept {was}, the lines say {should}"
