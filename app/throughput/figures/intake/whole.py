"""Taking back a file of totals, or one in their place: all of it with the days that rest on it, or nothing.

What a day says of itself is the difference to the totals before it, so that no part of a chain goes without the rest;
reports that were made of these figures follow as corrections, each by everybody's rules.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.core import hot, i18n
from app.core.errors import Conflict, Fault, Problem
from app.procedures.rules import System
from app.throughput.figures import confirming, storing
from app.throughput.figures.batch import Counts, Item, Key
from app.throughput.figures.chains import Later
from app.throughput.figures.confirming import Confirming
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
MOST_TOLD, MORE_DAYS = 50, "figures_more_days"
# What having the day reopened helps against; anything else is told with its own code.
_LOCKED = ("day_locked", "grant_over", "grant_field", "grant_whole")


@dataclass(frozen=True)
class _Back:
    """A unit-day that is given back: its row, the version that stands again (0: none), and what that said."""

    day: Any
    version: int
    before: Before | None


@dataclass(frozen=True)
class _Chain:
    """The totals of one unit and system since a day: the rows as they are, and what is given back to it."""

    unit_id: int
    rows: dict[date, Any]
    backs: dict[date, _Back]


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
    changed = list(_changed(call, backs, faults))
    of_days = {_key(row): of_day for row, of_day in changed}
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
    ending = {back.day.id for back in backs}
    for row, of_day in changed:
        if row.id not in ending:
            assert first is not None
            if storing.move(call, _later(call, row, of_day, first)) and row.is_made:
                made[_key(row)] = _Made(row, of_day, row.counted_until)
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


def _chains(call: Call, backs: list[_Back]) -> list[_Chain]:
    """Return the chains in which totals go, come or change, all read at once."""
    entering: dict[tuple[int, System, date], dict[date, _Back]] = defaultdict(dict)
    for back in backs:
        if back.day.since is not None:
            entering[*_key(back.day)[:2], back.day.since] |= {}
        if back.before is not None and back.before.since is not None:
            entering[*_key(back.day)[:2], back.before.since][back.day.day] = back
    if not entering:
        return []
    units, firsts = {unit for unit, _, _ in entering}, {first for *_, first in entering}
    query = _ROWS.where(DAY.source == call.body.source, DAY.unit_id.in_(units), DAY.since.in_(firsts))
    rows: dict[tuple[int, System, date], dict[date, Any]] = defaultdict(dict)
    for row in call.session.execute(query):
        rows[*_key(row)[:2], row.since][row.day] = row
    return [_Chain(key[0], rows[key], given) for key, given in sorted(entering.items())]


def _changed(call: Call, backs: list[_Back], faults: list[Fault]) -> Iterator[tuple[Any, Counts]]:
    """Yield the days whose own figures the withdrawal may make others, with those: given back, or after such a one.

    Days of which neither the totals nor those before them change cost nothing. What would leave a hole before other
    totals, or have totals shrink, is told of the day.
    """
    ending = {back.day.id for back in backs}
    for chain in _chains(call, backs):
        totals = {day: row.totals for day, row in chain.rows.items() if row.id not in ending}
        totals |= {day: (back.before and back.before.totals) or "{}" for day, back in chain.backs.items()}
        hole = _hole(call, chain, totals)
        was_before, before = "{}", "{}"
        for day in sorted({*chain.rows, *totals}):
            if day in totals:
                back = chain.backs.get(day)
                row = chain.rows[day] if back is None else back.day
                is_shrunk = False
                if back is not None or was_before != before:
                    of_day, shrunk = of_the_day(json.loads(before), json.loads(totals[day]))
                    is_shrunk = bool(shrunk)
                    yield row, of_day
                if is_shrunk or (hole is not None and day > hole):
                    faults.append(_fault("figures_rest_on_it" if back is None else "figures_before_changed", row))
                before = totals[day]
            was_before = chain.rows[day].totals if day in chain.rows else was_before


def _hole(call: Call, chain: _Chain, totals: Mapping[date, str]) -> date | None:
    """Return the first working day that goes from a chain and leaves it without totals."""
    gone = [day for day in chain.rows if day not in totals]
    if not gone:
        return None
    working = set(call.reference.calendar(chain.unit_id).working_days(min(gone), max(gone)))
    return min((day for day in gone if day in working), default=None)


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
    """Let the reports that were made of the figures follow, in the order in which approvals hold reports.

    As for all that a source sends: only where the unit's setting lets its figures become the report.
    """
    asked = confirming.asked(call.session, call.body.source)
    keys = {key: one.counts for key, one in made.items() if (key[0], key[1].value) in asked}
    faults = [_fault("figures_not_confirmed", one.row) for key, one in made.items() if key not in keys]
    if keys:
        followed = Confirming(replace(call, late=late), keys)
        for key, one in sorted(made.items(), key=lambda turn: (turn[1].row.code, *turn[0][1:])):
            _, system, day = key
            if key not in keys:
                continue
            unit = call.reference.units[one.row.code]
            try:
                followed.confirm(unit, day, system, one.counted_until, one.counts, is_sent=False)
            except Problem as problem:
                faults.append(_refused(problem, one.row))
        followed.write()
    _refuse(faults)


def _refused(problem: Problem, row: Any) -> Fault:
    """Return why a report may not follow: with the very code, for only of a lock everybody knows what to do."""
    if problem.code in _LOCKED:
        return _fault("figures_report_locked", row)
    words_of = f"throughput.figures_kept_why.{problem.code}"
    why = i18n.Named((words_of if i18n.has(words_of) else "throughput.figures_kept_why.other",))
    refusal = ", ".join(sorted({fault.code for fault in problem.faults})) or problem.code
    return _fault("figures_report_refused", row, why=why, refusal=refusal)


def _key(row: Any) -> Key:
    return row.unit_id, System(row.system), row.day


def _fault(code: str, row: Any, **more: Any) -> Fault:
    system = i18n.Named((f"throughput.state_of_{row.system}",))
    return Fault("", code, {"unit": row.name, "unit_code": row.code, "system": system, "day": row.day} | more)


def _refuse(faults: list[Fault]) -> None:
    """Raise Conflict with each fault once; of very many the first, and how many unit-days are not named."""
    if faults:
        told = list({(fault.code, *fault.values.values()): fault for fault in faults}.values())
        if left := told[MOST_TOLD:]:
            more = {(fault.values["unit_code"], fault.values["system"], fault.values["day"]) for fault in left}
            told = [*told[:MOST_TOLD], Fault("", MORE_DAYS, {"n": len(more)})]
        raise Conflict("totals_not_withdrawn", faults=told)
