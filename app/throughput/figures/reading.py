"""Reading other systems' figures: what they propose for a unit's day, and how a report differs from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Date, Integer, bindparam, func, select, update
from sqlmodel import Session

from app.core import hot
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.figures.batch import Counts, Key
from app.throughput.figures.models import ExternalFigure, FigureDay
from app.throughput.figures.rules import Gap
from app.throughput.models import Report, ReportLine, ReportRevision
from app.throughput.rules import COLUMNS, Line

DAY = hot.table(FigureDay).c
FIGURE = hot.table(ExternalFigure).c
FIELD = hot.table(ProcedureField).c
_of_day = (
    (DAY.unit_id == bindparam("unit", type_=Integer))
    & (DAY.system == bindparam("system"))
    & (DAY.day == bindparam("day", type_=Date))
)
_PROPOSED = (
    select(DAY.id, DAY.source, FIELD.code, FIGURE.measure, FIGURE.value, FIGURE.known_at)
    .select_from(hot.table(FigureDay))
    .join(hot.table(ExternalFigure), FIGURE.figure_day_id == DAY.id)
    .join(hot.table(ProcedureField), FIELD.id == FIGURE.field_id)
    .where(_of_day, FIGURE.known_to.is_(None))
    .order_by(DAY.known_at, DAY.id, FIGURE.known_at)
)
_SAID = (
    select(DAY.id, DAY.source, FIELD.code, FIGURE.measure, FIGURE.value)
    .select_from(hot.table(FigureDay))
    .outerjoin(hot.table(ExternalFigure), (FIGURE.figure_day_id == DAY.id) & FIGURE.known_to.is_(None))
    .outerjoin(hot.table(ProcedureField), FIELD.id == FIGURE.field_id)
    .where(_of_day)
)
WITHIN = DAY.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date))
_OPEN = select(func.sum(DAY.open_gaps)).where(_of_day)
_keep_open = update(hot.table(FigureDay)).where(
    DAY.unit_id == bindparam("of_unit", type_=Integer), DAY.system == bindparam("of_system"),
    DAY.day == bindparam("of_day", type_=Date), DAY.source == bindparam("of_source"),
)  # fmt: skip
_keep_gaps = update(hot.table(FigureDay)).where(DAY.id == bindparam("which"))


class Said(NamedTuple):
    """What another system says of a unit's day: the row of its word, its name, its figures by field and measure."""

    number: int
    source: str
    counts: Counts


class Own(NamedTuple):
    """The row of what a call's source says of a unit-day, and the report's revision that was made of it last."""

    number: int
    revision_id: int | None


class Proposed(NamedTuple):
    """A figure that a source gives now."""

    figure_day: int
    source: str
    field: str
    measure: str
    value: int
    known_at: datetime


def proposed(session: Session, unit_id: int, day: date, system: System) -> list[Proposed]:
    """Return what every source says of a unit's day, the one that spoke last at the end."""
    rows = hot.run(session, _PROPOSED, {"unit": unit_id, "system": system.value, "day": day})
    return [Proposed(*row) for row in rows]


def worst(differences: Iterable[Sequence[Gap]]) -> list[Gap]:
    """Return the cells in which a report differs from its sources, of several the largest difference."""
    found: dict[tuple[str, str], Gap] = {}
    for gap in chain.from_iterable(differences):
        key = gap.field, gap.measure
        if key not in found or abs(gap.said - gap.proposed) > abs(found[key].said - found[key].proposed):
            found[key] = gap
    return list(found.values())


def keep_gaps(later: hot.Later, counts: Mapping[int, int | None]) -> None:
    """Write down in how many cells the report that stands now differs from each source; None: none to compare."""
    later.put(_keep_gaps, [{"gaps": count, "which": number} for number, count in counts.items()])


def keep_count(session: Session, number: int, count: int | None) -> None:
    """Write down in how many cells a report differs from one source's day; None: there is none to compare."""
    hot.run(session, _keep_gaps, {"gaps": count, "which": number})


def keep_open(session: Session, unit_id: int, day: date, system: System, source: str, count: int) -> None:
    """Write down how many sums of a source's day want a reason in the ledger of gaps, which is kept above us."""
    hot.run(
        session, _keep_open,
        {"open_gaps": count, "of_unit": unit_id, "of_system": system.value, "of_day": day, "of_source": source},
    )  # fmt: skip


def open_gaps(session: Session, unit_id: int, day: date, system: System) -> int:
    """Return how many sums of a unit's day want a reason, by what its own table says."""
    ((count,),) = hot.run(session, _OPEN, {"unit": unit_id, "system": system.value, "day": day})
    return count or 0


def said_of(session: Session, unit_id: int, day: date, system: System) -> list[Said]:
    """Return what each source says of a unit's day; as a report waits for it, nothing more."""
    found: dict[int, Said] = {}
    values = {"unit": unit_id, "system": system.value, "day": day}
    for number, source, field, measure, value in hot.gather(session, _SAID, values):
        of_source = found.setdefault(number, Said(number, source, {}))
        if field is not None:
            of_source.counts.setdefault(field, {})[measure] = value
    return list(found.values())


@lru_cache(maxsize=16)
def _words(units: int) -> Any:
    columns = DAY.id, DAY.unit_id, DAY.system, DAY.day, DAY.source, DAY.revision_id
    return select(*columns).where(hot.among(DAY.unit_id, "u", units), WITHIN)


def said(session: Session, source: str, own: Mapping[Key, Counts]) -> tuple[dict[Key, list[Said]], dict[Key, Own]]:
    """Return what each source says of unit-days: one's own are given as they are, others' are read."""
    units, days = {unit for unit, _, _ in own}, sorted({day for *_, day in own})
    of_units = hot.several("u", sorted(units))
    values = {**of_units, "first": days[0], "last": days[-1]}
    found: dict[Key, list[Said]] = {}
    mine: dict[Key, Own] = {}
    rows_of: dict[int, Counts] = {}
    for number, unit, system, day, of_source, revision in hot.gather(session, _words(len(of_units)), values):
        key = unit, System(system), day
        if key in own:
            counts = own[key] if of_source == source else rows_of.setdefault(number, {})
            found.setdefault(key, []).append(Said(number, of_source, counts))
            if of_source == source:
                mine[key] = Own(number, revision)
    if rows_of:
        query = select(FIGURE.figure_day_id, FIELD.code, FIGURE.measure, FIGURE.value).join(
            FIELD.code.table, FIELD.id == FIGURE.field_id
        )
        of_others = FIGURE.figure_day_id.in_(rows_of) & FIGURE.known_to.is_(None)
        for number, code, measure, value in session.execute(query.where(of_others)):
            rows_of[number].setdefault(code, {})[measure] = value
    return found, mine


REPORT = hot.table(Report).c
REVISION = hot.table(ReportRevision).c
LINE = hot.table(ReportLine).c
# Of what a source says now the report was made that stands; none of another's, nor one that differs in any cell.
MADE = (DAY.gaps == 0) & (
    select(REVISION.id)
    .join(REPORT.id.table, (REPORT.id == REVISION.report_id) & (REPORT.version == REVISION.number))
    .where(REVISION.id == DAY.revision_id)
    .exists()
)


def reported(
    session: Session, units: Collection[int], first: date, last: date
) -> dict[tuple[int, System, date], dict[str, Line]]:
    """Return the lines of the whole reports that stand in a span of days: those to compare figures with."""
    rows = session.execute(
        select(REPORT.unit_id, REPORT.system, REPORT.day, FIELD.code, *(LINE[c] for c in COLUMNS))
        .select_from(hot.table(Report))
        .join(hot.table(ReportRevision), (REVISION.report_id == REPORT.id) & (REVISION.number == REPORT.version))
        .outerjoin(hot.table(ReportLine), LINE.revision_id == REVISION.id)
        .outerjoin(hot.table(ProcedureField), FIELD.id == LINE.field_id)
        .where(
            REPORT.unit_id.in_(list(units)), REPORT.day.between(first, last), REPORT.unavailable.is_(False),
            REPORT.partial.is_(False),
        )
    )  # fmt: skip
    found: dict[tuple[int, System, date], dict[str, Line]] = {}
    for unit, system, day, code, *counts in rows:
        lines = found.setdefault((unit, System(system), day), {})
        if code is not None:
            lines[code] = Line(code, *counts)
    return found
