"""Where indicators stand: many of one place, one with its series, units beside each other."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page, encode
from app.core.search import column_has_words
from app.indicators import rules
from app.indicators.overview.schemas import IndicatorItem, IndicatorPage, LatestOut, StandingCount
from app.indicators.place import Place
from app.indicators.readings import service as readings
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.models import Origin
from app.indicators.rules import CITY, NATIONAL, Comparator, ReadingState, Standing, period_of
from app.indicators.schemas import GoalOut, number
from app.indicators.sets import service as sets
from app.indicators.sets.models import Definition, Indicator, IndicatorSet
from app.indicators.sets.service import Defined
from app.indicators.targets import service as targets
from app.indicators.targets.models import Target
from app.tasks.schemas import UnitName
from app.units.models import Unit


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
    """An indicator in a place: its newest reading, its target, and how the two stand."""

    one: Defined
    reading: Reading | None
    target: Target | None
    standing: Standing
    small_base: bool
    stale: bool


def unit_name(place: Place) -> UnitName | None:
    """Return a place's unit as it is shown."""
    return UnitName(code=place.unit.code, name=place.unit.name) if place.unit else None


def figure_of(row: Reading | None, measure: str) -> Fraction | None:
    """Return what a reading says, exactly."""
    return None if row is None else rules.figure(row.value, row.numerator, row.denominator, measure)


def held(session: Session, found: list[Defined], place: Place, day: date) -> list[Held]:
    """Return how indicators stand in a place: one look-up for all readings, one for all targets."""
    ids = [one.indicator.id for one in found]
    newest = readings.latest(session, ids, [place.name], day)
    goals = targets.of_indicators(session, ids)
    earlier = _year_before(session, found, newest, place)
    out = []
    for one in found:
        row = newest.get((one.indicator.id, place.name))
        d = one.definition
        target = targets.target_for(goals, one.indicator.id, place.name, period_of(row.period) if row else None, day)
        standing = rules.standing(
            figure_of(row, d.unit_of_measure), targets.goal_of(target, d.comparator),
            figure_of(earlier.get(one.indicator.id), d.unit_of_measure),
        )  # fmt: skip
        small = bool(row and row.denominator is not None and row.denominator < (d.minimum_base or 0))
        stale = (d.ends_on is None or d.ends_on >= day) and rules.is_stale(
            row.as_of if row else None, d.expected_age, day
        )
        out.append(Held(one, row, target, standing, small, stale and place.unit is None))
    return out


def _year_before(
    session: Session, found: list[Defined], newest: dict[tuple[int, str], Reading], place: Place
) -> dict[int, Reading]:
    """Return the readings a year earlier of what is held against its growth."""
    wanted = {
        one.indicator.id: rules.year_before(period_of(row.period)).name
        for one in found
        if one.definition.comparator == Comparator.growth
        and (row := newest.get((one.indicator.id, place.name))) is not None
    }
    if not wanted:
        return {}
    rows = session.scalars(
        select(Reading).where(
            col(Reading.indicator_id).in_(list(wanted)), col(Reading.place) == place.name,
            col(Reading.period).in_(list(wanted.values())), col(Reading.standing),
        )
    )  # fmt: skip
    return {row.indicator_id: row for row in rows if wanted[row.indicator_id] == row.period}


def listing(
    session: Session, caller: Caller, page: Page | None, *, place: Place, filters: Filters, now: datetime
) -> IndicatorPage:
    """Return indicators in the order of their sets, with how many stand how.

    Of a unit only those that speak of it: with a reading, or a target of its own.
    """
    day = day_of(now)
    query = sets.definitions_query().where(sets.holds_on(day))
    if filters.set is not None:
        query = query.where(col(IndicatorSet.code) == filters.set)
    if filters.owner is not None:
        query = query.where(col(Definition.owner_unit_id) == filters.owner.id)
    if filters.q is not None:
        query = query.where(column_has_words(col(Definition.search_key), filters.q))
    every = held(session, sets.defined(session, query), place, day)
    if place.unit is not None or place.name == NATIONAL:
        every = [h for h in every if h.reading is not None or (h.target is not None and h.target.place == place.name)]
    counts = Counter(h.standing for h in every)
    stale = sum(h.stale for h in every)
    shown = [
        h for h in every
        if (filters.standing is None or h.standing is filters.standing)
        and (filters.stale is None or h.stale is filters.stale)
    ]  # fmt: skip
    kept, following = _cut(shown, page, lambda h: h.one.indicator.code)
    return IndicatorPage(
        place=place.name, unit=unit_name(place), on=day,
        counts=[StandingCount(standing=s, count=counts[s]) for s in Standing], stale=stale,
        items=[item(h) for h in kept], next=following,
    )  # fmt: skip


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


def item(h: Held) -> IndicatorItem:
    """Return an indicator with where it stands, as it is shown."""
    return IndicatorItem(
        **dict(sets.definition_out(h.one)), reading=latest_out(h.reading, h.one.definition.unit_of_measure),
        goal=goal_out(h.target, h.one.definition.comparator), standing=h.standing, small_base=h.small_base,
        stale=h.stale,
    )  # fmt: skip


def latest_out(row: Reading | None, measure: str) -> LatestOut | None:
    """Return the reading that counts as it is shown beside its indicator."""
    if row is None:
        return None
    return LatestOut(
        id=row.id, period=row.period, value=number(figure_of(row, measure)), numerator=row.numerator,
        denominator=row.denominator, as_of=row.as_of, state=ReadingState(row.state), origin=Origin(row.origin),
        source=row.source, rank=row.rank, out_of=row.out_of,
    )  # fmt: skip


def goal_out(target: Target | None, comparator: str) -> GoalOut | None:
    """Return a target as it is shown beside a reading."""
    if target is None:
        return None
    return GoalOut(
        comparator=Comparator(comparator), low=number(target.low), high=number(target.high), period=target.period,
        version=target.version, document=target.document,
    )  # fmt: skip


def city_standing(session: Session, codes: list[str], day: date) -> list[Held]:
    """Return how the city stands in some indicators."""
    query = sets.definitions_query().where(sets.holds_on(day), col(Indicator.code).in_(codes))
    return held(session, sets.defined(session, query), Place(CITY), day)
