"""What other systems say: days with their differences, changes since a moment, one day cell by cell; the sources."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select, tuple_
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import SETTLED, Page, cut
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.figures.models import ExternalFigure, FigureDay, FigureSender, FigureSource
from app.throughput.figures.reading import DAY, FIELD, FIGURE, reported
from app.throughput.figures.rules import MEASURES, Basis, gaps
from app.throughput.figures.schemas import (
    FigureCellOut,
    FigureDayOut,
    FigureDayPage,
    ProposedLineOut,
    UnitFiguresOut,
)
from app.units.models import Unit

_UNIT, _SOURCE, _SENDER = hot.table(Unit).c, hot.table(FigureSource).c, hot.table(FigureSender).c


def newest_day(session: Session, caller: Caller, unit: Unit | None) -> date | None:
    """Return the newest day of which a source spoke, as far as the caller may see."""
    query = select(func.max(DAY.day))
    if caller.units is not None:
        query = query.where(DAY.unit_id.in_(caller.units))
    if unit is not None:
        query = query.where(DAY.unit_id == unit.id)
    found: date | None = session.execute(query).scalar_one()
    return found


def listing(
    session: Session,
    caller: Caller,
    page: Page,
    *,
    now: datetime,
    unit: Unit | None = None,
    day: date | None = None,
    first: date | None = None,
    last: date | None = None,
    system: System | None = None,
    source: str | None = None,
    updated_since: datetime | None = None,
) -> FigureDayPage:
    """Return what sources say; of one day the largest differences first, else the newest day first.

    Without day, span and `updated_since`: of the newest day there is.
    """
    if day is None and first is None and last is None and updated_since is None:
        day = newest_day(session, caller, unit)
    query = select(*hot.table(FigureDay).c, _UNIT.code, _UNIT.name).join(hot.table(Unit), _UNIT.id == DAY.unit_id)
    rank = case((DAY.gaps.is_(None), -1), else_=DAY.gaps)
    place = (rank, DAY.id) if day is not None else (DAY.day, DAY.id)
    query = query.order_by(*(p.desc() for p in place))
    if caller.units is not None:
        query = query.where(DAY.unit_id.in_(caller.units))
    for column, wanted in (
        (DAY.unit_id, unit.id if unit else None), (DAY.day, day), (DAY.source, source),
        (DAY.system, system.value if system else None),
    ):  # fmt: skip
        if wanted is not None:
            query = query.where(column == wanted)
    if first is not None:
        query = query.where(DAY.day >= first)
    if last is not None:
        query = query.where(DAY.day <= last)
    if updated_since is not None:
        query = query.where(DAY.known_at >= updated_since)
    if page.after is not None:
        query = query.where(tuple_(*place) < tuple_(*_after(page.after, of_day=day is not None)))
    rows = list(session.execute(query.limit(page.limit + 1)))
    rows, following = cut(
        rows, page, lambda r: [-1 if r.gaps is None else r.gaps, r.id] if day is not None else [r.day.isoformat(), r.id]
    )
    lines = _lines(session, [row.id for row in rows])
    return FigureDayPage(
        day=day, items=[_item(row, lines.get(row.id, {})) for row in rows], next=following, complete_until=now - SETTLED
    )


def _after(after: list[Any], *, of_day: bool) -> tuple[Any, int]:
    match after:
        case [int(rank), int(number)] if of_day:
            return rank, number
        case [str(day), int(number)] if not of_day:
            try:
                return date.fromisoformat(day), number
            except ValueError:
                pass
    raise Invalid([Fault("?cursor", "bad_cursor")])


def _lines(session: Session, days: list[int]) -> dict[int, dict[str, dict[str, int]]]:
    found: dict[int, dict[str, dict[str, int]]] = {}
    if days:
        rows = session.execute(
            select(FIGURE.figure_day_id, FIELD.code, FIGURE.measure, FIGURE.value)
            .select_from(hot.table(ExternalFigure))
            .join(hot.table(ProcedureField), FIELD.id == FIGURE.field_id)
            .where(FIGURE.figure_day_id.in_(days), FIGURE.known_to.is_(None))
            .order_by(FIELD.sort_order, FIELD.code)
        )
        for number, code, measure, value in rows:
            found.setdefault(number, {}).setdefault(code, {})[measure] = value
    return found


def _item(row: Any, lines: dict[str, dict[str, int]]) -> FigureDayOut:
    return FigureDayOut(
        unit=row.code, name=row.name, day=row.day, system=System(row.system), source=row.source, version=row.version,
        known_at=row.known_at, sent_by=row.sent_by, counted_until=row.counted_until,
        basis=Basis.daily if row.since is None else Basis.cumulative, since=row.since, differences=row.gaps,
        confirmed=row.revision_id is not None,
        lines=[ProposedLineOut(field=code, **{m: of.get(m) for m in MEASURES}) for code, of in lines.items()],
    )  # fmt: skip


def of_unit(session: Session, unit: Unit, day: date) -> UnitFiguresOut:
    """Return all that sources say of a unit's day, cell by cell beside the report that stands, older values too."""
    assert unit.id is not None
    rows = session.execute(
        select(DAY.system, DAY.source, FIELD.code, FIGURE.measure, FIGURE.value, FIGURE.known_at, FIGURE.known_to)
        .select_from(hot.table(FigureDay))
        .join(hot.table(ExternalFigure), FIGURE.figure_day_id == DAY.id)
        .join(hot.table(ProcedureField), FIELD.id == FIGURE.field_id)
        .where(DAY.unit_id == unit.id, DAY.day == day)
        .order_by(DAY.system, DAY.source, FIELD.sort_order, FIELD.code, FIGURE.version.desc())
    )
    cells: dict[tuple[str, str, str, str], list[Any]] = defaultdict(list)
    for row in rows:
        cells[row.system, row.source, row.code, row.measure].append(row)
    stand = reported(session, [unit.id], day, day)
    found = []
    order = {measure: n for n, measure in enumerate(MEASURES)}
    for (system, source, code, measure), values in cells.items():
        lines = stand.get((unit.id, System(system), day))
        newest = values[0]
        value = newest.value if newest.known_to is None else None
        whole = {(m, c): v[0].value for (sy, so, c, m), v in cells.items()
                 if (sy, so, c) == (system, source, code) and v[0].known_to is None}  # fmt: skip
        said, differs = None, False
        if lines is not None and value is not None:
            gap = {g.measure: g for g in gaps(lines, {code: {m: n for (m, _), n in whole.items()}})}.get(measure)
            line = lines.get(code)
            said = gap.said if gap else (getattr(line, measure) or 0) if line else 0
            differs = gap is not None
        found.append(
            FigureCellOut(
                system=System(system), source=source, field=code, measure=measure, value=value,
                known_at=newest.known_at if value is not None else newest.known_to, said=said, differs=differs,
                superseded=[v.value for v in values[1 if value is not None else 0 :]],
            )
        )  # fmt: skip
    fields = {code: n for n, code in enumerate(dict.fromkeys(cell.field for cell in found))}
    found.sort(key=lambda c: (c.system, c.source, fields[c.field], order[c.measure]))
    differences = sum(cell.differs for cell in found)
    return UnitFiguresOut(unit=unit.code, unit_name=unit.name, day=day, differences=differences, cells=found)
