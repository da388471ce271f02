"""How complete and how fresh a period's figures are: what was owed and came, and until when it counted."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select
from sqlmodel import Session

from app.core import hot
from app.throughput.models import Obligation, Report, ReportRevision, Waiver
from app.throughput.summary.schemas import Completeness
from app.throughput.summary.sums import Scope, known_at, total_of

_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_WAIVER = hot.table(Waiver)
OBLIGATION = hot.table(Obligation)


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


@lru_cache
def cut_offs_of_day(scope: Scope, of_unit: bool) -> Any:
    """Return the statement of when each unit's reports of `:day` were cut off, and whether any of them was owed; of one
    `:unit` too.
    """
    r, o, cut = _REPORT.c, OBLIGATION.c, _REVISION.c.counted_until
    owed = exists().where(o.unit_id == r.unit_id, o.day == r.day, o.system == r.system)
    unit = [r.unit_id == bindparam("unit")] if of_unit else []
    return (
        select(r.unit_id, func.max(cut), func.max(case((owed, 1), else_=0)))
        .where(
            _REVISION.c.report_id == r.id, _REVISION.c.number == r.version, _REVISION.c.unavailable.is_(None),
            r.day == bindparam("day"), *scope.of(_REPORT), *unit,
        )
        .group_by(r.unit_id)
    )  # fmt: skip
