"""Where indicators stand: many of one place, one with its series, units beside each other."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page, encode
from app.core.search import column_has_words
from app.indicators import rules
from app.indicators.citations import listing as citations
from app.indicators.overview import pacing
from app.indicators.overview.schemas import IndicatorItem, IndicatorPage, LatestOut, StandingCount
from app.indicators.place import Place
from app.indicators.readings.ageing import is_old
from app.indicators.readings.figures import figure_of, shown_of
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.models import Origin
from app.indicators.readings.newest import Newest, Said, measures_of, newest_at
from app.indicators.rules import CITY, NATIONAL, Comparator, ReadingState, SetScope, Standing, period_of
from app.indicators.schemas import GoalOut, number
from app.indicators.sets import service as sets
from app.indicators.sets.models import Definition, Indicator, IndicatorSet
from app.indicators.sets.service import Defined
from app.indicators.targets import service as targets
from app.indicators.targets.models import Target
from app.indicators.targets.rules import standing as standing_of
from app.indicators.targets.service import Targets
from app.tasks.schemas import UnitName
from app.units.models import Unit
from app.units.rules import COMMUNAL_KINDS


@dataclass(frozen=True, slots=True)
class Filters:
    """Which indicators of a list."""

    q: str | None = None
    set: str | None = None
    owner: Unit | None = None
    standing: Standing | None = None
    stale: bool | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """An indicator in a place: its newest reading, in the measure it was recorded in, its target, how the two stand."""

    one: Defined
    reading: Newest | None
    measure: str
    target: Target | None
    standing: Standing
    small_base: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class Aims:
    """What a place's readings are held against on a day: targets, by definition its measure, and what came of it."""

    goals: Targets
    measures: dict[int, str]
    stood: dict[int, Held] = field(default_factory=dict)


def unit_name(place: Place) -> UnitName | None:
    """Return a place's unit as it is shown."""
    return UnitName(code=place.unit.code, name=place.unit.name) if place.unit else None


def aims_of(session: Session, found: list[Defined]) -> Aims:
    """Return what readings of indicators are held against: one look-up for all."""
    return Aims(targets.of_indicators(session, [one.indicator.id for one in found]), measures_of(session))


def held(session: Session, found: list[Defined], place: Place, day: date, aims: Aims | None = None) -> list[Held]:
    """Return how indicators stand in a place: one look-up for all readings; `aims`: of this place and day, if known."""
    newest = newest_at(session, place.name, day)
    if aims is None or any(row.definition_id not in aims.measures for row in newest.values()):
        aims = aims_of(session, found)  # definitions may come while readings are read: never before them
    kept = {number: here for number, here in dict(aims.stood).items() if here.reading == newest.get(number)}
    fresh = [one for one in found if one.indicator.id not in kept]
    for here in _judged(session, fresh, newest, place, day, aims):
        kept[here.one.indicator.id] = here
        if here.target is None or here.target.comparator != Comparator.growth:  # growth rests on another reading, too
            aims.stood[here.one.indicator.id] = here
    return [kept[one.indicator.id] for one in found]


def _judged(
    session: Session, found: list[Defined], newest: Mapping[int, Newest], place: Place, day: date, aims: Aims
) -> list[Held]:
    goals, measures = aims.goals, aims.measures
    pairs = [(one, newest.get(one.indicator.id)) for one in found]
    wanted = [
        targets.target_for(goals, one.indicator.id, place.name, period_of(row.period) if row else None, day)
        for one, row in pairs
    ]
    grown = [row for (_, row), t in zip(pairs, wanted, strict=True) if row and t and t.comparator == Comparator.growth]
    earlier = year_before(session, grown, measures)
    out = []
    for (one, row), target in zip(pairs, wanted, strict=True):
        d = one.definition
        measure = measures[row.definition_id] if row else d.unit_of_measure
        standing = standing_of(
            figure_of(row, measure), targets.goal_of(targets.fits(target, measure)),
            earlier.get(row.id) if row else None, is_due=targets.is_due(target, day),
        )  # fmt: skip
        small = bool(row and row.denominator is not None and row.denominator < (d.minimum_base or 0))
        out.append(Held(one, row, measure, target, standing, small, is_old(row, d, day)))
    return out


def year_before(session: Session, rows: Sequence[Said], measures: dict[int, str]) -> dict[int, Fraction | None]:
    """Return what the readings of the same place said a year earlier, by the later reading; none of another measure."""
    if not rows:
        return {}
    key = (col(Reading.indicator_id), col(Reading.place), col(Reading.period))
    wanted = {(r.indicator_id, r.place, rules.year_before(period_of(r.period)).name): r for r in rows}
    found = list(session.scalars(select(Reading).where(tuple_(*key).in_(list(wanted)), col(Reading.standing))))
    before: dict[int, Fraction | None] = {}
    for one in found:
        row = wanted[one.indicator_id, one.place, one.period]
        if measures.get(one.definition_id) == measures[row.definition_id]:
            before[row.id] = figure_of(one, measures[row.definition_id])
    return before


def listing(
    session: Session, caller: Caller, page: Page | None, *, place: Place, filters: Filters, now: datetime
) -> IndicatorPage:
    """Return indicators in the order of their sets, with how many stand how.

    Of a unit only those that speak of it: with a reading, or a target of its own.
    """
    day = day_of(now)
    every = of_place(session, place, filters, day)
    counts = Counter(h.standing for h in every)
    stale = sum(h.stale for h in every)
    shown = [
        h for h in every
        if (filters.standing is None or h.standing is filters.standing)
        and (filters.stale is None or h.stale is filters.stale)
    ]  # fmt: skip
    kept, following = _cut(shown, page, lambda h: h.one.indicator.code)
    paces = pacing.on_pace(
        session, place,
        [(h.reading, h.target, h.measure) for h in kept if h.standing is Standing.not_due and h.reading and h.target],
    )  # fmt: skip
    return IndicatorPage(
        place=place.name, unit=unit_name(place), on=day,
        counts=[StandingCount(standing=s, count=counts[s]) for s in Standing], stale=stale,
        items=[item(h, paces.get(h.one.indicator.id)) for h in kept], next=following,
    )  # fmt: skip


def of_place(session: Session, place: Place, filters: Filters, day: date) -> list[Held]:
    """Return how the indicators of a set, an owner or some words stand in a place, in the order of their sets."""
    return speaking_of(place, held(session, defined_at(session, place, filters, day), place, day))


def defined_at(session: Session, place: Place, filters: Filters, day: date) -> list[Defined]:
    """Return the indicators of a set, an owner or some words that hold on a day, in the order of their sets."""
    # A set for units has nothing to say of the city; who looks for it by name finds it all the same.
    named = filters.set is not None or filters.q is not None
    query = sets.definitions_query().where(sets.holds_on(day)) if named else _holding(day, place)
    if filters.set is not None:
        query = query.where(col(IndicatorSet.code) == filters.set)
    if filters.owner is not None:
        query = query.where(col(Definition.owner_unit_id) == filters.owner.id)
    if filters.q is not None:
        query = query.where(column_has_words(col(Definition.search_key), filters.q))
    return sets.defined(session, query)


def speaking_of(place: Place, every: list[Held]) -> list[Held]:
    """Return those that speak of a place: of a unit and the country only with a reading, or a target of its own."""
    if place.unit is not None or place.name == NATIONAL:
        every = [h for h in every if h.reading is not None or (h.target is not None and h.target.place == place.name)]
    return every


def looked_up(
    session: Session, words: str, choose: Callable[[list[Any]], list[Any]], *, now: datetime
) -> tuple[list[Held], bool]:
    """Return how the city stands in those indicators with some words that `choose` takes; and whether it left any.

    `choose` is given rows of `id, code, name_vi, name_en, name_fr`: only what it takes is read whole.
    """
    day, d = day_of(now), Definition
    query = sets.definitions_query().where(sets.holds_on(day), column_has_words(col(d.search_key), words))
    names = (col(d.id), col(Indicator.code), col(d.name_vi), col(d.name_en), col(d.name_fr))
    found = list(session.execute(query.with_only_columns(*names, maintain_column_froms=True)))
    kept = [row.id for row in choose(found)]
    whole = {
        one.definition.id: one for one in sets.defined(session, sets.definitions_query().where(col(d.id).in_(kept)))
    }
    return held(session, [whole[one] for one in kept], Place(CITY), day), len(found) > len(kept)


def _holding(day: date, place: Place) -> Any:
    """Return the query of the indicators that hold on a day in sets that speak of a place."""
    query = sets.definitions_query().where(sets.holds_on(day))
    return query if place.unit is not None else query.where(col(IndicatorSet.scope) != SetScope.unit.value)


def missed(session: Session, place: Place, now: datetime) -> int:
    """Return how many indicators of the city or the country missed their target, as the list counts them.

    Nothing is missed before a target's day, so that only indicators with one in the past are read, and none is shown.
    """
    day = day_of(now)
    due = select(col(Target.indicator_id)).where(
        col(Target.last) < day, col(Target.place).in_({place.name, CITY, NATIONAL})
    )
    query = _holding(day, place).where(col(Indicator.id).in_(due))
    found = held(session, sets.defined(session, query), place, day)
    return sum(one.standing is Standing.not_met for one in found)


def _cut(rows: list[Held], page: Page | None, key: Callable[[Held], str]) -> tuple[list[Held], str | None]:
    if page is None:
        return rows, None
    start = 0
    if page.after is not None:
        codes = [key(row) for row in rows]
        if len(page.after) != 1 or page.after[0] not in codes:
            raise Invalid([Fault("?cursor", "bad_cursor")])
        start = codes.index(page.after[0]) + 1
    kept = rows[start : start + page.limit]
    more = len(rows) > start + page.limit
    return kept, encode([key(kept[-1])]) if more else None


def item(h: Held, makes_it: bool | None = None) -> IndicatorItem:
    """Return an indicator with where it stands, as it is shown."""
    return IndicatorItem(
        **dict(sets.definition_out(h.one)), reading=latest_out(h.reading, h.measure), goal=goal_out(h.target),
        standing=h.standing, small_base=h.small_base,
        stale=h.stale, makes_it=makes_it if h.standing is Standing.not_due else None,
    )  # fmt: skip


def latest_out(row: Newest | None, measure: str) -> LatestOut | None:
    """Return the reading that counts as it is shown beside its indicator."""
    if row is None:
        return None
    return LatestOut(
        id=row.id, period=row.period, unit_of_measure=measure, value=shown_of(row, measure),
        numerator=row.numerator, denominator=row.denominator, as_of=row.as_of,
        state=ReadingState(row.state), origin=Origin(row.origin),
        source=row.source, rank=row.rank, out_of=row.out_of,
    )  # fmt: skip


def goal_out(target: Target | None) -> GoalOut | None:
    """Return a target as it is shown beside a reading."""
    if target is None:
        return None
    return GoalOut(
        place=target.place, comparator=Comparator(target.comparator), unit_of_measure=target.unit_of_measure,
        low=number(target.low), high=number(target.high), period=target.period, version=target.version,
        document=target.document,
    )  # fmt: skip


def answered_for(session: Session, caller: Caller, now: datetime) -> tuple[int, int, int] | None:
    """Return how many indicators the caller's unit answers for, how many of them are out of date in the city, and how
    many citations of them show another figure than today's; None where it answers for none.
    """
    unit = session.get(Unit, caller.unit_id) if caller.unit_id is not None else None
    if unit is None:
        return None
    day = day_of(now)
    query = sets.definitions_query().where(sets.holds_on(day), col(Definition.owner_unit_id) == unit.id)
    owned = held(session, sets.defined(session, query), Place(CITY), day)
    return (len(owned), sum(h.stale for h in owned), citations.changed(session, caller, unit, day)) if owned else None


def has_own_card(session: Session, caller: Caller) -> bool:
    """Tell whether the caller is of a ward: its own card is what such an officer looks for first."""
    if caller.units is None or caller.unit_id is None:
        return False
    return session.get_one(Unit, caller.unit_id).kind in COMMUNAL_KINDS


def city_standing(session: Session, codes: list[str], day: date) -> list[Held]:
    """Return how the city stands in some indicators."""
    query = sets.definitions_query().where(sets.holds_on(day), col(Indicator.code).in_(codes))
    return held(session, sets.defined(session, query), Place(CITY), day)
