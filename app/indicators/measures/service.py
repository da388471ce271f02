"""What measures were, of many places and periods at once, with how complete they are; and what there is to name."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from app.core import hot
from app.core.clock import day_of, end_of
from app.indicators.formulas.evaluating import MISSING, NOT_APPLICABLE, Absent
from app.indicators.measures import reading, tasks
from app.indicators.measures.ledger import NEWEST, Ledger, columns_of
from app.indicators.measures.rules import (
    ALL_TASKS,
    BUCKETS,
    CITY,
    OF_TASKS,
    Catalogue,
    Filter,
    Kind,
    MeasureRef,
    measures,
)
from app.procedures.rules import System
from app.tasks.models import Programme
from app.tasks.rules import Bucket
from app.throughput.forms import Reference, owes
from app.throughput.models import Obligation
from app.throughput.summary.owed import unit_days
from app.units.models import Unit

Place = int | None  # a unit's row number, or the whole city
Amount = int | Absent


class Stretch(Protocol):
    """A period: anything with a first and a last day that can be a key."""

    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


@dataclass(frozen=True, slots=True)
class Inputs:
    """What measures were for a place and a period.

    `as_of`: the newest day that a figure speaks of, None where there is none.
    """

    values: dict[MeasureRef, Amount]
    as_of: date | None


def catalogue(session: Session) -> Catalogue:
    """Return what a formula may name now, with the codes that filters may say."""
    reference = Reference.read(session)
    programmes = session.scalars(select(col(Programme.code)).order_by(col(Programme.sort_order)))
    codes: dict[Filter, Collection[str]] = {
        Filter.unit: (CITY, *reference.units), Filter.field: tuple(reference.by_code),
        Filter.system: tuple(system.value for system in System), Filter.programme: tuple(programmes),
    }  # fmt: skip
    return Catalogue(measures(reference.memos), codes)


def read(
    session: Session, refs: Iterable[MeasureRef], places: Sequence[Place], periods: Sequence[Stretch], now: datetime
) -> dict[tuple[Place, Stretch], Inputs]:
    """Return what measures were for every place and period, as it stands now.

    A few statements, however many there are; the cost is that of the days read. A measure narrowed to a unit is that
    unit's for every place. Of a period that still runs, what there is so far; tasks as they stood at its end, or now.
    """
    if not places or not periods:
        return {}
    sources = _Sources(session, list(dict.fromkeys(refs)), places, periods, now)
    found: dict[tuple[Place, Stretch], Inputs] = {}
    for place in places:
        for period in periods:
            values = {ref: sources.amount(ref, place, period) for ref in sources.refs}
            found[place, period] = Inputs(values, sources.as_of(place, period))
    return found


@dataclass
class _Sources:
    """All that was read for a question, and how an amount is taken from it."""

    session: Session
    refs: list[MeasureRef]
    places: Sequence[Place]
    periods: Sequence[Stretch]
    now: datetime
    _ledgers: dict[str | None, dict[Place, list[tuple[str, Ledger]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reference = Reference.read(self.session)
        self.known = measures(self.reference.memos)
        self.units = {unit.id: unit for unit in self.reference.units.values()}
        self.programmes: dict[str, int] = {}
        if any(ref.programme is not None for ref in self.refs):
            self.programmes = {p.code: p.id for p in self.session.scalars(select(Programme))}
        there = [ref for ref in self.refs if self._is_there(ref)]
        self.there = frozenset(there)
        of_dossiers = [ref for ref in there if self.known[ref.name].filters is not OF_TASKS]
        of_tasks = [ref for ref in there if self.known[ref.name].filters is OF_TASKS]
        for code in dict.fromkeys(ref.field for ref in of_dossiers):
            self._ledgers[code] = self._read(code, [ref for ref in of_dossiers if ref.field == code])
        self.tasks = tasks.TaskCounts()
        if of_tasks:
            moments = [self._moment(period) for period in self.periods]
            self.tasks = tasks.counts(self.session, {self._place(r, p) for r in of_tasks for p in self.places}, moments)
        self.only_tasks = not of_dossiers

    def _is_there(self, ref: MeasureRef) -> bool:
        """Tell whether all that a measure names is there still: a formula outlives what it was checked by."""
        return (
            ref.name in self.known
            and (ref.unit in (None, CITY) or ref.unit in self.reference.units)
            and (ref.field is None or ref.field in self.reference.by_code)
            and (ref.programme is None or ref.programme in self.programmes)
        )

    def _read(self, code: str | None, refs: list[MeasureRef]) -> dict[Place, list[tuple[str, Ledger]]]:
        asked = {self._place(ref, place) for ref in refs for place in self.places} | set(self.places)
        units = None if None in asked else frozenset(place for place in asked if place is not None)
        first, last = min(p.first for p in self.periods), max(p.last for p in self.periods)
        field_id = None if code is None else self.reference.by_code[code].id
        which, wanted = reading.Wanted(units, first, last), {self.known[ref.name] for ref in refs}
        found = reading.ledgers(self.session, which, wanted, field_id)
        by_place: dict[Place, list[tuple[str, Ledger]]] = defaultdict(list)
        for (unit, system), ledger in found.items():
            by_place[unit].append((system, ledger))
            by_place[None].append((system, ledger))
        return by_place

    def _place(self, ref: MeasureRef, place: Place) -> Place:
        """Return whom a measure speaks of: whom it is narrowed to, else the place that is asked for."""
        if ref.unit is None:
            return place
        return None if ref.unit == CITY else self.reference.units[ref.unit].id

    def _moment(self, period: Stretch) -> datetime:
        return min(end_of(period.last), self.now)

    def amount(self, ref: MeasureRef, place: Place, period: Stretch) -> Amount:
        """Return a measure for a place and a period; missing where what it names is gone."""
        if ref not in self.there:
            return MISSING
        measure, place = self.known[ref.name], self._place(ref, place)
        if measure.filters is OF_TASKS:
            return self._tasks(ref, place, period)
        found = None
        for system, ledger in self._ledgers[ref.field].get(place, ()):
            if ref.system is not None and system != ref.system:
                continue
            for column in columns_of(ref.name):
                taken = ledger.taken(column, measure.kind, period.first, period.last)
                if taken is not None:
                    found = taken + (found or 0)
        if found:
            return found
        if place is None and ref.field is not None:
            # Zero of the city is that of a unit whose field it is.
            parts = (self.amount(replace(ref, unit=None), unit_id, period) for unit_id in self.units)
            return 0 if any(not isinstance(part, Absent) for part in parts) else MISSING
        if found is None and place is not None and not owes(self.reference.form, self.units[place]):
            return NOT_APPLICABLE
        if not self._applies(ref, place, period):
            return NOT_APPLICABLE  # no line came of a field that is not the unit's: that is no zero
        return MISSING if found is None else found

    def _applies(self, ref: MeasureRef, place: Place, period: Stretch) -> bool:
        """Tell whether a unit would ever count this in a period: whether the field is its own."""
        if place is None or ref.field is None:
            return True
        unit, info = self.units[place], self.reference.by_code[ref.field]
        systems = [ref.system] if ref.system is not None else [system.value for system in System]
        return any(
            self.reference.fields.applies(info, place, unit.kind, day, system)
            for day in (period.first, period.last) for system in systems
        )  # fmt: skip

    def _tasks(self, ref: MeasureRef, place: Place, period: Stretch) -> Amount:
        if period.first > day_of(self.now):
            return MISSING
        buckets = [bucket.value for bucket in Bucket] if ref.name == ALL_TASKS else [BUCKETS[ref.name].value]
        programme = self.programmes[ref.programme] if ref.programme is not None else None
        moment = self._moment(period)
        return sum(self.tasks.at(place, bucket, programme, moment) for bucket in buckets)

    def as_of(self, place: Place, period: Stretch) -> date | None:
        """Return the newest day that the figures of a place speak of within a period."""
        if self.only_tasks:
            return None if period.first > day_of(self.now) else day_of(self._moment(period))
        days = [
            day
            for by_place in self._ledgers.values()
            for _, ledger in by_place.get(place, ())
            if (day := ledger.taken(NEWEST, Kind.stock, period.first, period.last)) is not None
        ]
        return date.fromordinal(max(days)) if days else None


def completeness(
    session: Session, places: Sequence[Place], periods: Sequence[Stretch], now: datetime, *, due: bool = False
) -> dict[tuple[Place, Stretch], tuple[int, int]]:
    """Return how many unit-days were owed up to now, and how many of them are in, by place and period.

    `due`: only those whose time to send is over.
    """
    obligation = hot.table(Obligation)
    last = min(max(period.last for period in periods), day_of(now))
    conditions: list[ColumnElement[bool]] = [obligation.c.day.between(min(period.first for period in periods), last)]
    if None not in places:
        conditions.append(obligation.c.unit_id.in_([place for place in places if place is not None]))
    if due:
        conditions.append(obligation.c.due_at <= now)
    days: dict[Place, list[tuple[date, int]]] = defaultdict(list)
    for row in session.execute(unit_days(conditions, None)):
        days[row.unit_id].append((row.day, row.received))
        days[None].append((row.day, row.received))
    ledgers = {}
    for place, of_place in days.items():
        of_place.sort()
        ledgers[place] = Ledger([day for day, _ in of_place])
        ledgers[place].put("received", Kind.flow, [received for _, received in of_place])
    nothing = Ledger([])
    found: dict[tuple[Place, Stretch], tuple[int, int]] = {}
    for place in places:
        ledger = ledgers.get(place, nothing)
        for period in periods:
            found[place, period] = ledger.held(period.first, period.last)
    return found


def missing_units(session: Session, period: Stretch, now: datetime) -> list[tuple[Unit, int]]:
    """Return the units of which days are not in though they were due, with how many, in the order of the catalogue."""
    reference = Reference.read(session)
    units = list(reference.units.values())
    held = completeness(session, [unit.id for unit in units], [period], now, due=True)
    lacking = [(unit, held[unit.id, period][0] - held[unit.id, period][1]) for unit in units]
    return [(unit, days) for unit, days in lacking if days]
