"""How reports differ from other systems' figures, counted anew: to prove what is kept beside each unit-day."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlmodel import Session

from app.core import hot
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.figures.batch import Counts
from app.throughput.figures.models import ExternalFigure, FigureDay
from app.throughput.figures.reading import DAY, FIELD, FIGURE, keep_count, reported
from app.throughput.figures.rules import gaps
from app.units.models import Unit

_UNIT = hot.table(Unit).c


def rebuild(session: Session) -> int:
    """Write down anew in how many cells each report differs from its sources; returns how many counts were wrong."""
    wrong = list(_wrong(session))
    for number, _, _, count in wrong:
        keep_count(session, number, count)
    return len(wrong)


def differences(session: Session) -> Iterator[str]:
    """Yield a sentence for every unit-day of a source whose kept count of differences is not what the figures say."""
    for _, where, kept, count in _wrong(session):
        yield f"figure_days {where}: kept {kept}, the report and the source say {count}"


def _wrong(session: Session) -> Iterator[tuple[int, str, int | None, int | None]]:
    days = session.execute(
        select(DAY.id, DAY.unit_id, DAY.system, DAY.day, DAY.source, DAY.gaps, _UNIT.code)
        .join(hot.table(Unit), _UNIT.id == DAY.unit_id)
        .order_by(DAY.day, DAY.id)
    ).all()
    by_month: dict[date, list[int]] = defaultdict(list)
    for place, row in enumerate(days):
        by_month[row.day.replace(day=1)].append(place)
    for places in by_month.values():  # a month at a time: ten years are many lines
        of_month = [days[place] for place in places]
        first, last = of_month[0].day, of_month[-1].day
        said = _said(session, first, last)
        stands = reported(session, {row.unit_id for row in of_month}, first, last)
        for row in of_month:
            lines = stands.get((row.unit_id, System(row.system), row.day))
            count = None if lines is None else len(gaps(lines, said.get(row.id, {})))
            if count != row.gaps:
                yield row.id, f"{row.code} {row.system} {row.day} {row.source}", row.gaps, count


def _said(session: Session, first: date, last: date) -> dict[int, Counts]:
    found: dict[int, Counts] = {}
    rows = session.execute(
        select(FIGURE.figure_day_id, FIELD.code, FIGURE.measure, FIGURE.value)
        .select_from(hot.table(ExternalFigure))
        .join(hot.table(FigureDay), DAY.id == FIGURE.figure_day_id)
        .join(hot.table(ProcedureField), FIELD.id == FIGURE.field_id)
        .where(DAY.day.between(first, last), FIGURE.known_to.is_(None))
    )
    for number, code, measure, value in rows:
        found.setdefault(number, {}).setdefault(code, {})[measure] = value
    return found
