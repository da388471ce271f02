"""Targets: set with a document, never changed; a later version speaks in place of an earlier one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Invalid
from app.core.paging import Page, cut
from app.indicators.place import Place, named_place, seen
from app.indicators.rules import (
    BELOW,
    CITY,
    NATIONAL,
    Comparator,
    Period,
    PeriodType,
    SetScope,
    is_within,
    period_of,
    text_of,
)
from app.indicators.schemas import number
from app.indicators.sets import service as sets
from app.indicators.sets.models import Definition, Indicator, IndicatorSet
from app.indicators.sets.service import Defined
from app.indicators.targets.models import Target
from app.indicators.targets.rules import Goal
from app.indicators.targets.schemas import IndicatorTarget, TargetIn, TargetPage
from app.tasks.schemas import UnitName
from app.units.models import Unit

Targets = dict[tuple[int, str], list[Target]]  # by indicator and place


def set_target(session: Session, caller: Caller, code: str, *, body: TargetIn, now: datetime) -> Target:
    """Set what an indicator is to reach; raises Invalid for bounds that do not fit, Conflict where targets overlap."""
    one = sets.definition_of(session, code, day_of(now))
    place = named_place(session, caller, body.place, "/place")
    d = one.definition
    return add(
        session, caller.label, one.indicator, sets.comparator_of(d), d.unit_of_measure, place, body=body, now=now
    )  # fmt: skip


def add(
    session: Session, by: str, indicator: Indicator, comparator: Comparator, unit_of_measure: str, place: Place, *,
    body: TargetIn, now: datetime,
) -> Target:  # fmt: skip
    """Add a target after its rules."""
    session.refresh(indicator, with_for_update=True)  # two targets of one indicator are judged one after the other
    faults = _bounds(comparator, body.low, body.high)
    held = session.get_one(IndicatorSet, indicator.set_id)
    if not is_within(SetScope(held.scope), place.name, target=True):
        faults.insert(0, Fault("/place", "place_outside_scope", {"code": held.code}))
    if faults:
        raise Invalid(faults)
    period = period_of(body.period)
    standing = list(
        session.scalars(select(Target).where(col(Target.indicator_id) == indicator.id, col(Target.place) == place.name))
    )
    if body.version > max((t.version for t in standing), default=0) + 1:
        raise Invalid([Fault("/version", "target_version_skips")])
    for other in standing:
        if other.version == body.version and other.first <= period.last and other.last >= period.first:
            raise Conflict("target_overlaps", values={"period": other.period, "version": other.version})
    row = Target(
        indicator_id=indicator.id, place=place.name, unit_id=place.unit_id, period=period.name, first=period.first,
        last=period.last, version=body.version, comparator=comparator.value, unit_of_measure=unit_of_measure,
        low=_text(body.low), high=_text(body.high), document=body.document, document_on=body.document_on, set_at=now,
        set_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, "indicator.target", f"indicators/{indicator.code}", after=body.model_dump(mode="json"))
    return row


def _bounds(comparator: Comparator, low: Decimal | None, high: Decimal | None) -> list[Fault]:
    needs_high = comparator in BELOW or comparator is Comparator.range
    faults = []
    if (low is None) == (comparator not in BELOW):
        faults.append(Fault("/low", "required" if low is None else "bound_not_used"))
    if (high is None) == needs_high:
        faults.append(Fault("/high", "required" if high is None else "bound_not_used"))
    if low is not None and high is not None and high < low:
        faults.append(Fault("/high", "bounds_swapped"))
    return faults


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else text_of(amount)


def of_indicators(session: Session, ids: Iterable[int]) -> Targets:
    """Return the targets of indicators, by indicator and place."""
    found: Targets = defaultdict(list)
    query = select(Target).where(col(Target.indicator_id).in_(list(ids))).order_by(col(Target.id))
    for row in session.scalars(query):
        found[row.indicator_id, row.place].append(row)
    return found


def in_force(rows: Sequence[Target]) -> list[Target]:
    """Return the targets of one indicator and place that no later version of the same period replaces, by their end."""
    newest: dict[str, Target] = {}
    for row in sorted(rows, key=lambda row: row.version):
        newest[row.period] = row
    return sorted(newest.values(), key=lambda row: (row.last, row.first))


def target_for(found: Targets, indicator_id: int, place: str, period: Period | None, day: date) -> Target | None:
    """Return the target that a period is held against: the shortest in which it lies, else that of the next year.

    A month's or quarter's target speaks of that month or quarter alone; a year's is to be reached by its end. A unit
    without one is held against the city's, the city against the country's.
    """
    first, last = (period.first, period.last) if period else (day, day)
    for name in dict.fromkeys((place, CITY, NATIONAL) if place != NATIONAL else (NATIONAL,)):
        rows = in_force(found.get((indicator_id, name), ()))
        own = [row for row in rows if row.first <= first and last <= row.last]
        if own:
            return min(own, key=lambda row: row.last - row.first)
        years = [row for row in rows if row.first > last and period_of(row.period).type is PeriodType.year]
        if years:
            return years[0]
    return None


def goal_of(target: Target | None) -> Goal | None:
    """Return a target as a goal."""
    if target is None:
        return None
    low, high = (None if bound is None else Fraction(bound) for bound in (target.low, target.high))
    return Goal(Comparator(target.comparator), low, high)


def is_due(target: Target | None, day: date) -> bool:
    """Tell whether the period of a target is over."""
    return target is not None and target.last < day


def fits(target: Target | None, measure: str) -> Target | None:
    """Return the target where it is in the unit of measure of what is held against it; another says nothing of it."""
    return target if target is not None and target.unit_of_measure == measure else None


def listing(
    session: Session, caller: Caller, page: Page | None, *, code: str | None, place: Place | None, now: datetime
) -> TargetPage:
    """Return targets, later versions and replaced ones too, by indicator, place, period and version."""
    key = (col(Indicator.code), col(Target.place), col(Target.first), col(Target.version), col(Target.id))
    query: Any = (
        select(Target, Indicator, Unit)
        .join(Indicator, col(Indicator.id) == col(Target.indicator_id))
        .outerjoin(Unit, col(Unit.id) == col(Target.unit_id))
        .order_by(*key)
    )
    condition = seen(Target.unit_id, caller)
    query = query if condition is None else query.where(condition)
    if code is not None:
        query = query.where(col(Indicator.code) == code)
    if place is not None:
        query = query.where(col(Target.place) == place.name)
    following = None
    if page is not None:
        if page.after is not None:
            after = page.after
            if len(after) != 5 or [type(part) for part in after] != [str, str, str, int, int]:
                raise Invalid([Fault("?cursor", "bad_cursor")])
            try:
                first = date.fromisoformat(after[2])
            except ValueError:
                raise Invalid([Fault("?cursor", "bad_cursor")]) from None
            query = query.where(tuple_(*key) > tuple_(after[0], after[1], first, after[3], after[4]))
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(
            rows, page, lambda r: [r[1].code, r[0].place, r[0].first.isoformat(), r[0].version, r[0].id]
        )
    every = of_indicators(session, {row.indicator_id for row, _, _ in rows})
    kept = {row.id for rows_of in every.values() for row in in_force(rows_of)}
    names = newest(session, {row.indicator_id for row, _, _ in rows})
    items = [shown(row, names[row.indicator_id], unit, row.id in kept) for row, _, unit in rows]
    return TargetPage(items=items, next=following)


def newest(session: Session, ids: Iterable[int]) -> dict[int, Defined]:
    """Return indicators by number, each with its newest definition."""
    query = sets.definitions_query().where(col(Definition.indicator_id).in_(list(ids)))
    rows = sorted(sets.defined(session, query), key=lambda one: one.version.number)
    return {one.indicator.id: one for one in rows}


def shown(row: Target, one: Defined, unit: Unit | None, stands: bool) -> IndicatorTarget:
    """Return a target as it is shown."""
    d = one.definition
    return IndicatorTarget(
        id=row.id, indicator=one.indicator.code, name_vi=d.name_vi, name_en=d.name_en, name_fr=d.name_fr,
        unit_of_measure=row.unit_of_measure, comparator=row.comparator, place=row.place,
        unit=UnitName(code=unit.code, name=unit.name) if unit else None, period=row.period, version=row.version,
        low=number(row.low), high=number(row.high), document=row.document, document_on=row.document_on,
        in_force=stands, set_at=row.set_at, set_by=row.set_by,
    )  # fmt: skip
