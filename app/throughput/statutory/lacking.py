"""What a statutory form lacks, row by row: the reports that are missing, the openings that nothing explains."""

from bisect import bisect_right
from collections import defaultdict
from contextlib import suppress
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, tuple_
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput.forms import Reference
from app.throughput.models import Obligation
from app.throughput.statutory.service import Wanted, units_of
from app.throughput.summary.owed import unit_days
from app.throughput.summary.service import source_of
from app.throughput.summary.sums import GapOf, Scope
from app.units.models import Unit

_UNIT, _OBLIGATION = hot.table(Unit), hot.table(Obligation)


class MissingDayOut(BaseModel):
    """A unit's day without complete figures of all that it owes."""

    unit: str
    name: str
    day: date
    unavailable: Annotated[bool, Field(description="Its source system was down: that was told, and no figures yet")]


class UnexplainedOut(BaseModel):
    """An opening that differs from the close before by more than its reasons explain."""

    unit: str
    name: str
    day: date
    system: Annotated[System, Field(description="In whose software the dossiers lie")]
    field: str
    adjustment: Annotated[int, Field(description="Opening − previous close")]
    difference: Annotated[int, Field(description="What of it no reason explains; over a field the form's own")]


class _OfForm(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    next: str | None


class MissingDayPage(_OfForm):
    """The days that a form lacks, by unit, and the cursor of the next ones; of the units that the caller sees."""

    items: list[MissingDayOut]


class UnexplainedPage(_OfForm):
    """The unexplained openings of the fields whose figures do not add up, by unit, and the cursor of the next ones."""

    items: list[UnexplainedOut]


def missing(session: Session, caller: Caller, asked: Wanted, page: Page) -> MissingDayPage:
    """Return the unit-days that a form counts as missing, of the units that the caller sees."""
    scope = _scope(session, caller, asked)
    days = unit_days(scope.of(_OBLIGATION, asked.first, asked.last), asked.as_of).subquery().c
    place = (_UNIT.c.sort_key, _UNIT.c.code, days.day)
    query = (
        select(_UNIT.c.sort_key, _UNIT.c.code, _UNIT.c.name, days.day, days.unavailable)
        .join(_UNIT, _UNIT.c.id == days.unit_id)
        .where(days.received == 0)
        .order_by(*place)
        .limit(page.limit + 1)
    )
    if page.after is not None:
        sort_key, code, day = _place(page, 3)
        query = query.where(tuple_(*place) > tuple_(sort_key, code, date.fromisoformat(day)))
    rows, following = cut(list(session.execute(query)), page, lambda row: [row.sort_key, row.code, row.day.isoformat()])
    items = [MissingDayOut(unit=r.code, name=r.name, day=r.day, unavailable=bool(r.unavailable)) for r in rows]
    return MissingDayPage(first=asked.first, last=asked.last, items=items, next=following)


def unexplained(session: Session, caller: Caller, asked: Wanted, page: Page) -> UnexplainedPage:
    """Return the unexplained openings of the fields in which a form has a difference, of the units the caller sees.

    In a field in which they make one another good the form has none: those are not asked for. That is so of all its
    units, seen or not.
    """
    reference = Reference.read(session)
    scope = Scope(units_of(reference, asked), None, None)
    gaps = source_of(session, scope, asked.first, asked.last, asked.as_of).gaps(asked.first, asked.last)
    by_field: dict[int, int] = defaultdict(int)
    for gap in gaps:
        by_field[gap.field_id] += gap.amount - gap.explained
    units = {unit.id: unit for unit in reference.units.values()}
    codes = {info.id: info.code for info in reference.by_code.values()}

    def place(gap: GapOf) -> tuple[str, str, str, str, str]:
        unit = units[gap.unit_id]
        return unit.sort_key, unit.code, gap.day.isoformat(), gap.system, codes[gap.field_id]

    open_gaps = (g for g in gaps if g.amount != g.explained and by_field[g.field_id] and caller.sees(g.unit_id))
    lacking = sorted(open_gaps, key=place)
    begin = bisect_right(lacking, _place(page, 5), key=place) if page.after is not None else 0
    shown, following = cut(lacking[begin : begin + page.limit + 1], page, lambda gap: list(place(gap)))
    items = [
        UnexplainedOut(
            unit=units[gap.unit_id].code, name=units[gap.unit_id].name, day=gap.day, system=System(gap.system),
            field=codes[gap.field_id], adjustment=gap.amount, difference=gap.amount - gap.explained,
        )
        for gap in shown
    ]  # fmt: skip
    return UnexplainedPage(first=asked.first, last=asked.last, items=items, next=following)


def _scope(session: Session, caller: Caller, asked: Wanted) -> Scope:
    """Return whose rows are listed: the form's units, as far as the caller sees them."""
    units = units_of(Reference.read(session), asked)
    if caller.units is not None:
        units = caller.units if units is None else units & caller.units
    return Scope(units, None, None)


def _place(page: Page, parts: int) -> tuple[str, ...]:
    """Return the row that a page begins after; raises Invalid for a cursor of something else."""
    match page.after:
        case [str(), str(), str(day), *rest] if len(rest) == parts - 3 and all(isinstance(one, str) for one in rest):
            with suppress(ValueError):
                date.fromisoformat(day)
                return tuple(page.after)
    raise Invalid([Fault("?cursor", "bad_cursor")])
