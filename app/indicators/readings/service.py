"""Readings: recorded by one set of rules whatever door they came through, superseded, never changed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, tuple_, update
from sqlmodel import Session, col

from app.core import audit, events, periods
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Forbidden, Invalid
from app.core.paging import Page, cut
from app.indicators import rules
from app.indicators.place import Place, named_place, seen
from app.indicators.readings.events import ReadingRecorded
from app.indicators.readings.models import IndicatorReading as Reading
from app.indicators.readings.models import Origin
from app.indicators.readings.schemas import ReadingIn, ReadingOut, ReadingPage
from app.indicators.readings.words import translated
from app.indicators.rules import Period, PeriodType, ReadingState, SetScope, period_of, text_of
from app.indicators.schemas import number, shown_value
from app.indicators.sets import service as sets
from app.indicators.sets.models import Definition, Indicator, IndicatorSet, SetVersion
from app.indicators.sets.service import Defined
from app.indicators.turns import take_period_turns
from app.tasks.schemas import UnitName
from app.units.models import Unit


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readings of a list."""

    first: date | None = None
    last: date | None = None
    indicator: str | None = None
    set: str | None = None
    place: Place | None = None
    state: ReadingState | None = None
    origin: Origin | None = None
    superseded: bool = False


def may_enter(caller: Caller, one: Defined) -> bool:
    """Tell whether a caller with the right works for the whole city or owns the indicator."""
    return caller.units is None or one.definition.owner_unit_id in caller.units


def record(
    session: Session, caller: Caller, code: str, *, body: ReadingIn, now: datetime, origin: Origin = Origin.typed
) -> Reading:
    """Record a reading; raises Invalid where it breaks a rule, Conflict where another stands that it does not name."""
    one = sets.definition_of(session, code, day_of(now))
    if not may_enter(caller, one):
        raise Forbidden("not_the_owner")
    # A late figure means what its indicator meant at the end of its period, not what a later version made of it.
    one = sets.definition_of(session, code, min(period_of(body.period).last, day_of(now)))
    place = named_place(session, caller, body.place, "/place")
    return add(session, caller.label, one, place, body=body, now=now, origin=origin)


def add(
    session: Session, by: str, one: Defined, place: Place, *, body: ReadingIn, now: datetime, origin: Origin
) -> Reading:
    """Add a reading after its rules; the one before stays, and says no longer what counts."""
    period = period_of(body.period)
    faults = _faults(one, period, body, day_of(now))
    if not rules.is_within(SetScope(one.set.scope), place.name):
        faults.insert(0, Fault("/place", "place_outside_scope", {"code": one.set.code}))
    if faults:
        raise Invalid(faults)
    take_period_turns(session, [period])  # readings of one period come one after the other
    standing = _superseded(session, one.indicator.id, place, period, body.supersedes)
    row = Reading(
        indicator_id=one.indicator.id, definition_id=one.definition.id, place=place.name, unit_id=place.unit_id,
        period=period.name, period_type=period.type.value, first=period.first, last=period.last,
        number=standing.number + 1 if standing else 1, standing=True,
        value=_value(body, one.definition.unit_of_measure), numerator=body.numerator, denominator=body.denominator,
        as_of=body.as_of, state=body.state.value, origin=origin.value,
        source=body.source, published_on=body.published_on, rank=body.rank, out_of=body.out_of, note=body.note,
        supersedes_id=standing.id if standing else None, recorded_at=now, recorded_by=by,
    )  # fmt: skip
    # What was worked out here stands back too.
    session.execute(
        update(Reading)
        .where(*_of(one.indicator.id, place.name, period.name), col(Reading.standing))
        .values(standing=False)
        .execution_options(synchronize_session="fetch")
    )
    session.add(row)
    session.flush()
    audit.record(
        session, "indicator.reading", f"indicators/{one.indicator.code}",
        before={"reading": standing.id} if standing else None,
        after={"reading": row.id, **body.model_dump(mode="json", exclude_none=True)},
    )  # fmt: skip
    events.publish(session, ReadingRecorded(one.indicator.code, place.name, place.unit_id, period.name))
    return row


def _value(body: ReadingIn, measure: str) -> str | None:
    """Return the value as given; of a count with its base, given as parts alone, the count."""
    if body.value is None and body.numerator is not None and measure not in rules.DIVIDED:
        return str(body.numerator)
    return None if body.value is None else text_of(body.value)


def _of(indicator_id: int, place: str, period: str) -> list[Any]:
    return [col(Reading.indicator_id) == indicator_id, col(Reading.place) == place, col(Reading.period) == period]


def _superseded(
    session: Session, indicator_id: int, place: Place, period: Period, supersedes: int | None
) -> Reading | None:
    query = select(Reading).where(*_of(indicator_id, place.name, period.name), col(Reading.number) >= 1)
    chain = list(session.scalars(query.order_by(col(Reading.number))))
    if supersedes is None:
        if chain:
            raise Conflict("reading_exists", values={"number": chain[-1].id, "period": period.name})
        return None
    named = next((row for row in chain if row.id == supersedes), None)
    if named is None:
        raise Invalid([Fault("/supersedes", "unknown_reading", {"number": supersedes})])
    if named is not chain[-1]:
        raise Conflict("reading_superseded", values={"number": supersedes, "by": chain[-1].id})
    return named


def _faults(one: Defined, period: Period, body: ReadingIn, day: date) -> list[Fault]:
    faults = []
    wanted = PeriodType(one.definition.period_type)
    if period.type != wanted:
        example = periods.written(rules.period_at(period.first, wanted).name)
        faults.append(Fault("/period", "wrong_period_type", {"example": example}))
    if period.first > day:
        faults.append(Fault("/period", "period_in_future"))
    if one.definition.ends_on is not None and period.first > one.definition.ends_on:
        faults.append(Fault("/period", "indicator_ended", {"day": one.definition.ends_on}))
    if body.as_of > day:
        faults.append(Fault("/as_of", "as_of_in_future"))
    elif body.as_of < period.first and not faults:
        faults.append(Fault("/as_of", "as_of_before_period", {"day": period.first}))
    if body.published_on is not None and body.published_on > day:
        faults.append(Fault("/published_on", "as_of_in_future"))
    missing = body.value is None and body.numerator is None
    if body.state is ReadingState.not_available:
        if not missing or body.denominator is not None or body.rank is not None:
            faults.append(Fault("/state", "not_available_with_figure"))
    elif missing:
        faults.append(Fault("/value", "reading_empty"))
    elif body.value is None and body.denominator is None:
        faults.append(Fault("/denominator", "required"))
    if body.numerator is not None and body.denominator is None and body.value is not None:
        faults.append(Fault("/denominator", "required"))
    if body.numerator and body.denominator == 0:
        faults.append(Fault("/denominator", "part_of_nothing"))
    if (body.rank is None) != (body.out_of is None):
        faults.append(Fault("/rank" if body.rank is None else "/out_of", "required"))
    elif body.rank is not None and body.out_of is not None and body.rank > body.out_of:
        faults.append(Fault("/rank", "rank_beyond"))
    return faults


def listing(session: Session, caller: Caller, page: Page | None, wanted: Wanted) -> ReadingPage:
    """Return readings, the newest as-of first; superseded ones only where they are asked for."""
    query = _narrowed(readings_query(), caller, wanted).order_by(col(Reading.as_of).desc(), col(Reading.id).desc())
    following = None
    if page is not None:
        if page.after is not None:
            query = query.where(tuple_(col(Reading.as_of), col(Reading.id)) < tuple_(*_key(page.after)))
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row[0].as_of.isoformat(), row[0].id])
    return ReadingPage(items=[shown(*row) for row in rows], next=following)


def readings_query() -> Any:
    """Return the query whose rows `shown` takes."""
    return (
        select(Reading, col(Indicator.code), Definition, col(SetVersion.number), Unit)
        .join(Indicator, col(Indicator.id) == col(Reading.indicator_id))
        .join(Definition, col(Definition.id) == col(Reading.definition_id))
        .join(SetVersion, col(SetVersion.id) == col(Definition.version_id))
        .outerjoin(Unit, col(Unit.id) == col(Reading.unit_id))
    )


def _narrowed(query: Any, caller: Caller, wanted: Wanted) -> Any:
    condition = seen(Reading.unit_id, caller)
    query = query if condition is None else query.where(condition)
    if wanted.first is not None:
        query = query.where(col(Reading.as_of) >= wanted.first)
    if wanted.last is not None:
        query = query.where(col(Reading.as_of) <= wanted.last)
    if wanted.indicator is not None:
        query = query.where(col(Indicator.code) == wanted.indicator)
    if wanted.set is not None:
        query = query.join(IndicatorSet, col(IndicatorSet.id) == col(Indicator.set_id)).where(
            col(IndicatorSet.code) == wanted.set
        )
    if wanted.place is not None:
        query = query.where(col(Reading.place) == wanted.place.name)
    if wanted.state is not None:
        query = query.where(col(Reading.state) == wanted.state.value)
    if wanted.origin is not None:
        query = query.where(col(Reading.origin) == wanted.origin.value)
    return query if wanted.superseded else query.where(col(Reading.standing))


def _key(after: list[Any]) -> tuple[date, int]:
    try:
        day, row = after
        if type(row) is not int:
            raise ValueError(row)
        return date.fromisoformat(day), row
    except (ValueError, TypeError):
        raise Invalid([Fault("?cursor", "bad_cursor")]) from None


def shown(row: Reading, code: str, definition: Definition, version: int, unit: Unit | None) -> ReadingOut:
    """Return a reading as it is shown."""
    parts = (row.numerator, row.denominator, definition.unit_of_measure)
    words = translated(row.source, row.note) if row.origin == Origin.published.value else {}
    return ReadingOut(
        id=row.id, indicator=code, name_vi=definition.name_vi, name_en=definition.name_en,
        name_fr=definition.name_fr, unit_of_measure=definition.unit_of_measure, set_version=version, place=row.place,
        unit=UnitName(code=unit.code, name=unit.name) if unit else None, period=row.period,
        value=shown_value(row.value, *parts), numerator=row.numerator, denominator=row.denominator,
        worked_out=number(rules.worked_out(*parts) if row.number == 0 else rules.of_parts(*parts)),
        gap=number(rules.gap(row.value, *parts)), as_of=row.as_of,
        state=ReadingState(row.state), origin=Origin(row.origin), source=row.source, published_on=row.published_on,
        rank=row.rank, out_of=row.out_of, note=row.note, number=row.number, supersedes=row.supersedes_id,
        standing=row.standing, recorded_at=row.recorded_at, recorded_by=row.recorded_by,
        outside_share=row.number >= 1 and rules.is_outside_share(rules.figure(row.value, *parts), parts[2]),
        source_en=words.get("source_en"), source_fr=words.get("source_fr"), note_en=words.get("note_en"),
        note_fr=words.get("note_fr"),
    )  # fmt: skip


def show(session: Session, row: Reading) -> ReadingOut:
    """Return one reading as it is shown."""
    return shown(*session.execute(readings_query().where(col(Reading.id) == row.id)).one())


def count(session: Session) -> int:
    """Return how many readings there are."""
    return session.scalar(select(func.count()).select_from(Reading)) or 0
