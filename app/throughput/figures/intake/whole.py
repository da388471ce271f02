"""Taking back a file of totals, or one in their place: all of it with the days that rest on it, or nothing.

What a day says of itself is the difference to the totals before it, so that no part of a chain goes without the rest;
reports that were made of these figures follow as corrections, each by everybody's rules.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.core import hot
from app.core.errors import Conflict, Fault, Problem
from app.procedures.rules import System
from app.throughput.around import Many
from app.throughput.figures import confirming, storing
from app.throughput.figures.batch import Counts, Item, Key
from app.throughput.figures.chains import Later
from app.throughput.figures.intake import returning, words
from app.throughput.figures.intake.words import Word
from app.throughput.figures.models import FigureDay, FigureImportDay
from app.throughput.figures.reading import DAY, MADE
from app.throughput.figures.rules import of_the_day
from app.throughput.figures.schemas import FigureDayIn
from app.throughput.figures.storing import Before, Call
from app.throughput.rules import ReasonCode, WarningCode
from app.throughput.schemas import ReasonIn
from app.units.models import Unit

_OF = hot.table(FigureImportDay).c
_UNIT = hot.table(Unit).c
_ROWS = select(*hot.table(FigureDay).c, _UNIT.code, _UNIT.name, MADE.label("is_made")).join(
    hot.table(Unit), _UNIT.id == DAY.unit_id
)
MOST_TOLD = 50


@dataclass(frozen=True)
class _Back:
    """A unit-day that is given back: its row, the version that stands again (0: none), and what that said."""

    day: Any
    version: int
    before: Before | None


@dataclass(frozen=True)
class _Chain:
    """The totals of one unit and system since a day as they will be, and the rows of the days that stay in it."""

    unit_id: int
    system: System
    totals: dict[date, Counts]
    rows: dict[date, Any]


@dataclass(frozen=True)
class _Made:
    """A unit-day whose report was made of the figures that go, with those it is to have instead."""

    row: Any
    counts: Counts
    counted_until: datetime | None


def take_back(call: Call, number: int, said: Mapping[int, list[Word]], why: str) -> int:
    """Give back what stood before a file; returns of how many unit-days.

    Raises Conflict with a fault for each day for which it cannot be: changed or said again since, other totals rest
    on it, or a report was made of it that has nothing to go back to or may not be corrected any more.
    """
    query = _ROWS.add_columns(_OF.version.label("given"), _OF.again, _OF.stands_as).join(
        hot.table(FigureImportDay), _OF.figure_day_id == DAY.id
    )
    days = call.session.execute(query.where(_OF.import_id == number).order_by(_UNIT.code, DAY.system, DAY.day)).all()
    faults: list[Fault] = []
    backs = list(_ending(days, said, faults))
    chains = list(_chains(call, backs, faults))
    of_days = dict(_differences(chains, faults))
    nothing = (back.day for back in backs if back.before is None or not back.before.figures)
    faults += [_fault("figures_report_stays", day) for day in nothing if day.is_made]
    _refuse(faults)
    made: dict[Key, _Made] = {}
    for back in backs:
        before = _with_day(call, back.before, of_days.get(_key(back.day)))
        returning.give(call, number, back.day, back.version, before)
        if back.day.is_made and before is not None:
            made[_key(back.day)] = _Made(back.day, _counts(call, before), before.counted_until)
    first = min((back.day.day for back in backs), default=None)
    for day in (day for chain in chains for day in chain.rows.values()):
        assert first is not None
        of_day = of_days[_key(day)]
        if storing.move(call, _later(call, day, of_day, first)) and day.is_made:
            made[_key(day)] = _Made(day, of_day, day.counted_until)
    storing.finish(call)
    _correct(call, made, ReasonIn(warning=WarningCode.correction, reason=ReasonCode.source_error, note=why))
    return len(backs)


def _ending(days: Iterable[Any], said: Mapping[int, list[Word]], faults: list[Fault]) -> Iterator[_Back]:
    """Yield the days that the file's word ends; what it only said again is its word where nobody else's is left."""
    for day in days:
        is_said, stands = words.is_said(said[day.id], day.given), day.version == day.stands_as
        if not day.again and (is_said or not stands):
            faults.append(_fault("figures_changed_since", day))
        elif stands and not is_said:
            version, kept = words.before(said[day.id], day.given)
            yield _Back(day, version, returning.read(kept))


def _chains(call: Call, backs: list[_Back], faults: list[Fault]) -> Iterator[_Chain]:
    """Yield the chains in which totals go, come or change; a day that goes must not leave a hole before others."""
    since = {(*_key(b.day)[:2], day) for b in backs for day in (b.day.since, b.before and b.before.since) if day}
    own = {back.day.id: back for back in backs}
    for unit_id, system, first in sorted(since):
        rows = call.session.execute(
            _ROWS.where(
                DAY.source == call.body.source, DAY.unit_id == unit_id, DAY.system == system.value, DAY.since == first
            )
        ).all()
        totals: dict[date, Counts] = {row.day: json.loads(row.totals) for row in rows if row.id not in own}
        gone = [row for row in rows if row.id in own]
        for back in backs:
            if _key(back.day)[:2] == (unit_id, system) and back.before is not None and back.before.since == first:
                totals[back.day.day] = json.loads(back.before.totals or "{}")
        last = max(totals, default=first)
        working = set(call.reference.calendar(unit_id).working_days(first, last))
        holes = [row.day for row in gone if row.day in working and row.day not in totals]
        after = [row for row in rows if holes and row.id not in own and row.day > min(holes)]
        faults += [_fault("figures_rest_on_it", row) for row in after]
        yield _Chain(unit_id, system, totals, {row.day: row for row in rows if row.id not in own})


def _differences(chains: Iterable[_Chain], faults: list[Fault]) -> Iterator[tuple[Key, Counts]]:
    """Yield each day's own figures in its chain as it will be; totals that would shrink are told of the day."""
    for chain in chains:
        before: Counts = {}
        for day in sorted(chain.totals):
            of_day, shrunk = of_the_day(before, chain.totals[day])
            if shrunk and day in chain.rows:
                faults.append(_fault("figures_rest_on_it", chain.rows[day]))
            yield (chain.unit_id, chain.system, day), of_day
            before = chain.totals[day]


def _with_day(call: Call, before: Before | None, of_day: Counts | None) -> Before | None:
    """Return what stood before with the day's figures as the totals around it make them now."""
    if before is None or before.since is None or of_day is None:
        return before
    by_code = call.reference.by_code
    figures = {(by_code[code].id, measure): n for code, of in of_day.items() for measure, n in of.items()}
    return replace(before, figures=figures)


def _counts(call: Call, before: Before) -> Counts:
    codes = {info.id: code for code, info in call.reference.by_code.items()}
    counts: Counts = {}
    for (of, measure), value in before.figures.items():
        counts.setdefault(codes[of], {})[measure] = value
    return counts


def _later(call: Call, day: Any, of_day: Counts, because: date) -> Later:
    """Return a day that stays as one that moves with the totals before it."""
    unit, system = call.reference.units[day.code], System(day.system)
    sent = FigureDayIn.model_construct(unit=day.code, day=because, system=system, counted_until=None, lines=[])
    return Later(
        day.id, day.unit_id, system, day.day, day.version, day.known_at, day.counted_until, Item(0, sent, unit), of_day,
        is_sent=False,
    )  # fmt: skip


def _correct(call: Call, made: Mapping[Key, _Made], late: ReasonIn) -> None:
    """Let the reports that were made of the figures follow, in the order in which approvals hold reports."""
    if not made:
        return
    keys = {key: one.counts for key, one in made.items()}
    many = Many.read(call.session, keys, storing.said(call, keys))
    faults = []
    for key, one in sorted(made.items(), key=lambda turn: (turn[1].row.code, *turn[0][1:])):
        _, system, day = key
        try:
            confirming.confirm(
                call.session, call.reference, call.caller, many=many, source=call.body.source,
                unit=call.reference.units[one.row.code], day=day, system=system, counted_until=one.counted_until,
                counts=one.counts, now=call.now, is_sent=False, late=late,
            )  # fmt: skip
        except Problem as problem:
            locked = problem.code == "day_locked"
            faults.append(_fault("figures_report_locked" if locked else "figures_report_stays", one.row))
    many.later.write()
    _refuse(faults)


def _key(row: Any) -> Key:
    return row.unit_id, System(row.system), row.day


def _fault(code: str, row: Any) -> Fault:
    return Fault("", code, {"unit": row.name, "day": row.day})


def _refuse(faults: list[Fault]) -> None:
    if faults:
        told = list({(fault.code, *fault.values.values()): fault for fault in faults}.values())
        raise Conflict("totals_not_withdrawn", faults=told[:MOST_TOLD])
