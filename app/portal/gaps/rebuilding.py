"""The whole ledger compared anew, for what has no event of its own; and a proof of what is kept beside it."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.core.db import take_turns
from app.portal.codes.models import PortalMonthRow, PortalPeriodRow
from app.portal.comparison.rules import Span
from app.portal.gaps.keeping import GAP, keep_days, keep_period
from app.portal.gaps.rules import GapState
from app.procedures.rules import System
from app.throughput.figures.models import FigureDay
from app.throughput.figures.reading import DAY
from app.throughput.forms import Reference

_MONTH, _PERIOD = hot.table(PortalMonthRow).c, hot.table(PortalPeriodRow).c


def rebuild(session: Session, now: datetime) -> int:
    """Compare all that both sides ever said anew; returns how many gaps changed by it.

    For what has no event of its own: another tolerance, an agency that was given another meaning.
    """
    take_turns(session, [unit.id for unit in Reference.read(session).units.values()])
    cells = [
        (unit, System(system), day)
        for unit, system, day in session.execute(select(DAY.unit_id, DAY.system, DAY.day).distinct())
    ]
    return keep_days(session, cells, now) + sum(keep_period(session, period, now) for period in _periods(session))


def _periods(session: Session) -> list[str]:
    months = session.execute(select(_MONTH.year, _MONTH.month).distinct())
    longer = session.execute(select(_PERIOD.period).distinct()).scalars()
    return sorted({f"{year}-{month:02}" for year, month in months} | set(longer))


_OPEN = (
    select(GAP.unit_id, GAP.system, GAP.first, GAP.source, func.count().label("count"))
    .where(GAP.span == Span.day.value, GAP.state == GapState.open.value)
    .group_by(GAP.unit_id, GAP.system, GAP.first, GAP.source)
    .subquery()
)


def differences(session: Session) -> list[str]:
    """Return a sentence for each unit-day whose own table tells another number of open gaps than the ledger."""
    kept, counted = DAY.open_gaps, func.coalesce(_OPEN.c.count, 0)
    query: Any = (
        select(DAY.unit_id, DAY.system, DAY.day, kept, counted)
        .select_from(hot.table(FigureDay))
        .outerjoin(
            _OPEN,
            (_OPEN.c.unit_id == DAY.unit_id) & (_OPEN.c.system == DAY.system) & (_OPEN.c.first == DAY.day)
            & (_OPEN.c.source == DAY.source),
        )
        .where(kept != counted)
    )  # fmt: skip
    return [
        f"figure_days {unit} {system} {day}: kept {of} open gaps, the ledger has {count}"
        for unit, system, day, of, count in session.execute(query)
    ]
