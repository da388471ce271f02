"""One indicator in one place with all that belongs to it, and units beside each other."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.paging import Page
from app.indicators import rules
from app.indicators.citations import listing as citations
from app.indicators.linked.service import tasks_of
from app.indicators.overview import pacing
from app.indicators.overview.schemas import (
    ComparedPoint,
    ComparedUnit,
    ComparisonOut,
    IndicatorOut,
    PaceOut,
    PartOut,
    PartsOut,
)
from app.indicators.overview.service import Held, goal_out, held, item, unit_name
from app.indicators.place import Place
from app.indicators.readings import service as readings
from app.indicators.readings.ageing import is_old
from app.indicators.readings.figures import figure_of, shown_of
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.newest import Said, measures_of
from app.indicators.readings.service import may_enter
from app.indicators.rules import CITY, SetScope, period_of
from app.indicators.schemas import number, worked
from app.indicators.sets import service as sets
from app.indicators.sets.models import Definition
from app.indicators.sets.schemas import SetVersionOut
from app.indicators.sets.service import Defined
from app.indicators.targets import service as targets
from app.indicators.targets.rules import Pace
from app.indicators.targets.rules import standing as standing_of
from app.tasks.schemas import UnitName
from app.units import service as units

SERIES = 60  # periods drawn; the list of readings has all
COMPARED = 12
CITED = 20  # newest citations on an indicator's page; their list has all


def show(session: Session, caller: Caller, code: str, *, place: Place, now: datetime) -> IndicatorOut:
    """Return an indicator in a place: where it stands, its series, targets and what belongs to it."""
    day = day_of(now)
    one = sets.definition_of(session, code, day)
    (here,) = held(session, [one], place, day)
    rows = series(session, one, place)
    goals = targets.of_indicators(session, [one.indicator.id])
    of_place = [row for (_, name), found in goals.items() for row in found if name in (place.name, CITY, "national")]
    kept = {row.id for found in goals.values() for row in targets.in_force(found)}
    pace = pacing.pace(here.target, here.measure, [(row[0], row[2].unit_of_measure) for row in rows])
    may = [
        right for right in ("enter", "keep")
        if caller.may(f"indicators:{right}") and (right == "keep" or may_enter(caller, one))
    ]  # fmt: skip
    return IndicatorOut(
        place=place.name, unit=unit_name(place), indicator=item(here, pace.makes_it if pace else None),
        scope=SetScope(one.set.scope), series=[readings.shown(*row) for row in rows],
        targets=[
            targets.shown(row, one, place.unit if row.unit_id else None, row.id in kept)
            for row in sorted(of_place, key=lambda row: (row.last, row.place, row.version))
        ],
        pace=pace_out(here, pace), parts=_parts(session, here, place),
        tasks=tasks_of(session, caller, one.indicator.id, now),
        citations=citations.listing(
            session, caller, Page(CITED, None), citations.Asked(indicator=code, place=place), day
        ).items,
        versions=_versions(session, one), may=may,
    )  # fmt: skip


def series(session: Session, one: Defined, place: Place) -> list[Any]:
    """Return the readings that count of the newest periods, the oldest first, as `readings.shown` takes them."""
    query = (
        readings.readings_query()
        .where(
            col(Reading.indicator_id) == one.indicator.id, col(Reading.place) == place.name, col(Reading.standing)
        )
        .order_by(col(Reading.last).desc())
        .limit(SERIES)
    )  # fmt: skip
    return list(session.execute(query))[::-1]


def pace_out(here: Held, found: Pace | None) -> PaceOut | None:
    """Return a pace as it is shown; None without one."""
    if found is None or here.target is None:
        return None
    return PaceOut(
        due=here.target.last, months_left=found.months_left, needed=worked(found.needed), actual=number(found.actual),
        since=found.since, until=found.until, readings=found.readings, expected=number(found.expected),
        makes_it=found.makes_it,
    )  # fmt: skip


def _parts(session: Session, here: Held, place: Place) -> PartsOut | None:
    """Return the parts of a whole for the period of its reading; None where it has none."""
    if here.reading is None:
        return None
    query = sets.definitions_query().where(
        col(Definition.part_of_id) == here.one.indicator.id, col(Definition.version_id) == here.one.version.id
    )
    found = sets.defined(session, query)
    rows = {
        row.indicator_id: row
        for row in session.scalars(
            select(Reading).where(
                col(Reading.indicator_id).in_([one.indicator.id for one in found]),
                col(Reading.place) == place.name, col(Reading.period) == here.reading.period, col(Reading.standing),
            )
        )
    }  # fmt: skip
    measures = measures_of(session)
    whole = _count(here.reading, here.measure)
    parts = [
        (one, _count(rows[one.indicator.id], measures[rows[one.indicator.id].definition_id]))
        for one in found
        if one.indicator.id in rows
    ]
    known = [(one, value) for one, value in parts if value is not None]
    if whole is None or len(known) < 2:
        return None
    total = sum((value for _, value in known), Fraction(0))
    return PartsOut(
        as_of=here.reading.as_of, whole=worked(whole), sum=worked(total), gap=worked(whole - total),
        parts=[
            PartOut(
                code=one.indicator.code, name_vi=one.definition.name_vi, name_en=one.definition.name_en,
                name_fr=one.definition.name_fr, value=worked(value),
            )
            for one, value in known
        ],
    )  # fmt: skip


def _count(row: Said, measure: str) -> Fraction | None:
    """Return how much a reading counts of its whole: of a share its numerator."""
    if row.numerator is not None:
        return Fraction(row.numerator)
    return figure_of(row, measure)


def _versions(session: Session, one: Defined) -> list[SetVersionOut]:
    query = sets.definitions_query().where(col(Definition.indicator_id) == one.indicator.id)
    found = sorted({d.version.number: d.version for d in sets.defined(session, query)}.items())
    return [SetVersionOut(version=n, valid_from=v.valid_from, valid_to=v.valid_to, source=v.source) for n, v in found]


def compare(session: Session, caller: Caller, code: str, *, now: datetime) -> ComparisonOut:
    """Return the units that the caller sees beside each other: the last twelve periods on one scale."""
    day: date = day_of(now)
    one = sets.definition_of(session, code, day)
    measure = one.definition.unit_of_measure
    known = [u for u in units.valid_units(session, day) if caller.sees(u.id)]
    newest = session.scalars(
        select(col(Reading.period))
        .where(
            col(Reading.indicator_id) == one.indicator.id, col(Reading.standing),
            col(Reading.place).in_([unit.code for unit in known]),
        )
        .distinct()
    )  # fmt: skip
    periods = sorted(newest, key=lambda name: period_of(name).first)[-COMPARED:]
    wanted = {*periods, *(rules.year_before(period_of(name)).name for name in periods)}
    rows: dict[str, dict[str, Reading]] = {}
    for row in session.scalars(
        select(Reading).where(
            col(Reading.indicator_id) == one.indicator.id, col(Reading.standing), col(Reading.period).in_(wanted),
            col(Reading.unit_id).is_not(None),
        )
    ):  # fmt: skip
        rows.setdefault(row.place, {})[row.period] = row
    measures = measures_of(session)

    def comparable(row: Reading | None) -> Reading | None:
        return row if row is not None and measures[row.definition_id] == measure else None

    def figure(row: Reading | None) -> Fraction | None:
        return figure_of(comparable(row), measure)

    goals = targets.of_indicators(session, [one.indicator.id])
    items = []
    for unit in known:
        mine = rows.get(unit.code, {})
        shown = [name for name in periods if name in mine]
        if not shown:
            continue
        last = mine[shown[-1]]
        period = period_of(last.period)
        target = targets.target_for(goals, one.indicator.id, unit.code, period, day)
        items.append(
            ComparedUnit(
                place=unit.code, unit=UnitName(code=unit.code, name=unit.name),
                value=shown_of(comparable(last), measure), period=last.period,
                numerator=last.numerator, denominator=last.denominator,
                standing=standing_of(
                    figure(last), targets.goal_of(targets.fits(target, measure)),
                    figure(mine.get(rules.year_before(period).name)), is_due=targets.is_due(target, day),
                ),
                stale=is_old(last, one.definition, day),
                small_base=bool(last.denominator is not None and last.denominator < (one.definition.minimum_base or 0)),
                points=[
                    ComparedPoint(
                        period=name, value=shown_of(comparable(row), measure), numerator=row.numerator if row else None,
                        denominator=row.denominator if row else None,
                    )
                    for name in periods
                    for row in [mine.get(name)]
                ],
            )
        )  # fmt: skip
    city = targets.target_for(goals, one.indicator.id, CITY, period_of(periods[-1]) if periods else None, day)
    return ComparisonOut(
        indicator=sets.definition_out(one), periods=periods, goal=goal_out(targets.fits(city, measure)),
        items=items,
    )  # fmt: skip
