"""Writing what a source says of a unit-day: the newer beside the older, which takes an end."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, insert, select, true, update
from sqlmodel import Session

from app.core import audit, events, hot
from app.core.access import Caller
from app.procedures.rules import System
from app.throughput.figures import chains
from app.throughput.figures.batch import Counts, Item, Key
from app.throughput.figures.models import ExternalFigure, FigureDay, FigureImportDay
from app.throughput.figures.reading import DAY, FIGURE, WITHIN
from app.throughput.figures.rules import gaps
from app.throughput.figures.schemas import FiguresIn
from app.throughput.forms import Reference
from app.throughput.rules import Line
from app.throughput.schemas import ReasonIn

_DAY_TABLE, _FIGURE_TABLE, _OF = hot.table(FigureDay), hot.table(ExternalFigure), hot.table(FigureImportDay).c
_insert_days = insert(_DAY_TABLE).returning(DAY.unit_id, DAY.system, DAY.day, DAY.id)
_update_day = update(_DAY_TABLE).where(DAY.id == bindparam("which"))
_insert_figures = insert(_FIGURE_TABLE)
_FIGURE_COLUMNS = ("figure_day_id", "field_id", "measure", "version", "value", "known_at")
_end_figure = update(_FIGURE_TABLE).where(
    FIGURE.figure_day_id == bindparam("of_day"), FIGURE.field_id == bindparam("field"),
    FIGURE.measure == bindparam("named"), FIGURE.known_to.is_(None),
)  # fmt: skip
_stand_moved = update(hot.table(FigureImportDay)).where(
    _OF.figure_day_id == bindparam("of_day"), _OF.stands_as == bindparam("was")
)
_current = select(FIGURE.field_id, FIGURE.measure, FIGURE.value).where(
    FIGURE.figure_day_id == bindparam("of_day"), FIGURE.known_to.is_(None)
)


@dataclass(frozen=True)
class FiguresStored:
    """A source says something else of a unit's day than before; `alone`: for the first time, beside no whole report."""

    unit_id: int
    system: System
    day: date
    at: datetime
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What a source said last of a unit's day and system."""

    id: int
    version: int
    known_at: datetime
    digest: str
    revision_id: int | None
    since: date | None
    totals: str | None
    counted_until: datetime | None


@dataclass(frozen=True, slots=True)
class Before:
    """What stood of a unit-day in a newer version's place; `figures` by field's number and measure.

    `totals`: those since `since`, as JSON, where it counted so.
    """

    since: date | None
    totals: str | None
    counted_until: datetime | None
    figures: dict[tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class Given:
    """Which version a call gave a unit-day, or said `again`, and what stood before it.

    `stands_as`: the version that has its totals now, a newer one where other totals of the call moved the day.
    """

    figure_day: int
    version: int
    again: bool
    before: Before | None
    stands_as: int


@dataclass(frozen=True, slots=True)
class Word:
    """What a call says anew of a unit-day: as which version, in place of what."""

    item: Item
    stands: Standing | None
    version: int
    digest: str


@dataclass(frozen=True)
class Call:
    """What a call is received with."""

    session: Session
    reference: Reference
    caller: Caller
    body: FiguresIn
    now: datetime
    standing: Mapping[Key, Standing]
    reports: Mapping[Key, dict[str, Line]]
    figures: list[tuple[Any, ...]]  # to be written, all at once
    late: ReasonIn | None = None  # why a report that these figures make is corrected after the grace
    given: list[Given] = field(default_factory=list)


@lru_cache(maxsize=16)
def _standing(units: int) -> Any:
    columns = (
        DAY.unit_id, DAY.system, DAY.day, DAY.id, DAY.version, DAY.known_at, DAY.digest, DAY.revision_id, DAY.since,
        DAY.totals, DAY.counted_until,
    )  # fmt: skip
    return select(*columns).where(DAY.source == bindparam("of_source"), hot.among(DAY.unit_id, "u", units), WITHIN)


def standing(session: Session, source: str, units: Iterable[int], days: list[date]) -> dict[Key, Standing]:
    """Return what a source said last of some units, from the first to the last of some days."""
    if not days:
        return {}
    of_units = hot.several("u", sorted(units))
    values = {**of_units, "of_source": source, "first": min(days), "last": max(days)}
    rows = hot.gather(session, _standing(len(of_units)), values)
    return {(row[0], System(row[1]), row[2]): Standing(*row[3:]) for row in rows}


def store(call: Call, words: Sequence[Word]) -> None:
    """Write what is said anew of unit-days, and beside it what stood; their figures wait for `finish`."""
    heads = [_head(call, word) for word in words]
    for word, head, number in zip(words, heads, _write_heads(call, words, heads), strict=True):
        item, stands = word.item, word.stands
        unit, system, day = item.key
        stood = _write(call, number, word.version, item.of_day, head["known_at"], anew=stands is None)
        before = Before(stands.since, stands.totals, stands.counted_until, stood) if stands is not None else None
        call.given.append(Given(number, word.version, again=False, before=before, stands_as=word.version))
        assert item.unit is not None
        alone = stands is None and item.key not in call.reports
        events.publish(call.session, FiguresStored(unit, system, day, call.now, alone=alone))
        audit.record(
            call.session, "figures.received", f"figures/{item.unit.code}/{day}/{system.value}",
            after={"source": call.body.source, "version": word.version, "digest": word.digest},
        )  # fmt: skip


def _head(call: Call, word: Word) -> dict[str, Any]:
    item, since = word.item, call.body.since
    lines = call.reports.get(item.key)
    return {
        "version": word.version, "known_at": max(call.now, word.stands.known_at) if word.stands else call.now,
        "sent_by": call.caller.label, "since": since, "digest": word.digest,
        "counted_until": item.sent.counted_until, "totals": json.dumps(item.counts) if since is not None else None,
        "gaps": None if lines is None else len(gaps(lines, item.of_day)),
    }  # fmt: skip


def _write_heads(call: Call, words: Sequence[Word], heads: Sequence[dict[str, Any]]) -> list[int]:
    """Write what is kept of unit-days as a whole; returns the row numbers."""
    fresh, changed = [], []
    for word, head in zip(words, heads, strict=True):
        if word.stands is None:
            unit, system, day = word.item.key
            key = {"unit_id": unit, "system": system.value, "source": call.body.source, "day": day}
            fresh.append({**key, **head, "revision_id": None, "open_gaps": 0})
        else:
            changed.append({**head, "which": word.stands.id})
    if changed:
        hot.run_each(call.session, _update_day, changed)
    made = {tuple(key): number for *key, number in hot.run_many(call.session, _insert_days, fresh)} if fresh else {}
    return [word.stands.id if word.stands else made[word.item.key] for word in words]


def move(call: Call, later: chains.Later) -> bool:
    """Give a later day of the same totals its new differences; returns whether they are others."""
    wanted = {(code, measure): n for code, of in later.of_day.items() for measure, n in of.items()}
    codes = {info.id: code for code, info in call.reference.by_code.items()}
    stood = hot.run(call.session, _current, {"of_day": later.id})
    if {(codes[row[0]], row[1]): row[2] for row in stood} == wanted:
        return False
    now = max(call.now, later.known_at)
    lines = call.reports.get((later.unit_id, later.system, later.day))
    count = None if lines is None else len(gaps(lines, later.of_day))
    head = {"version": later.version + 1, "known_at": now, "gaps": count, "which": later.id}
    hot.run(call.session, _update_day, head)
    # The totals are still the word of the file that brought them.
    hot.run(call.session, _stand_moved, {"of_day": later.id, "was": later.version, "stands_as": later.version + 1})
    if later.is_sent:
        for n, one in enumerate(call.given):
            if one.figure_day == later.id:
                call.given[n] = replace(one, stands_as=later.version + 1)
    _write(call, later.id, later.version + 1, later.of_day, now, anew=False)
    assert later.of.unit is not None
    events.publish(call.session, FiguresStored(later.unit_id, later.system, later.day, call.now))
    audit.record(
        call.session, "figures.moved", f"figures/{later.of.unit.code}/{later.day}/{later.system.value}",
        after={"source": call.body.source, "version": later.version + 1, "with": str(later.of.sent.day)},
    )  # fmt: skip
    return True


def _write(
    call: Call, number: int, version: int, counts: Counts, now: datetime, *, anew: bool
) -> dict[tuple[int, str], int]:  # fmt: skip
    """Write a day's figures: a value that changed or went takes an end, what is new begins; returns what stood."""
    stood: dict[tuple[int, str], int] = {}
    ids = {code: call.reference.by_code[code].id for code in counts}
    wanted = [(ids[code], measure, n) for code, of in counts.items() for measure, n in of.items()]
    if not anew:
        stood = {(row[0], row[1]): row[2] for row in hot.run(call.session, _current, {"of_day": number})}
        said = {(field, measure): n for field, measure, n in wanted}
        ended = [
            {"known_to": now, "of_day": number, "field": field, "named": measure}
            for (field, measure), n in stood.items()
            if said.get((field, measure)) != n
        ]
        if ended:
            hot.run_each(call.session, _end_figure, ended)
        wanted = [(field, measure, n) for field, measure, n in wanted if stood.get((field, measure)) != n]
    call.figures.extend([(number, field, measure, version, n, now) for field, measure, n in wanted])
    return stood


def said_since(session: Session, given: Iterable[Given]) -> None:
    """Note of figures of files that the door says them as well: a file's withdrawal does not end them any more."""
    again = [one.figure_day for one in given if one.again]
    if again:
        newest = select(DAY.version).where(DAY.id == _OF.figure_day_id).scalar_subquery()
        of_files = _OF.figure_day_id.in_(again) & (_OF.stands_as == newest) & _OF.said_since.is_(False)
        session.execute(update(_OF.import_id.table).where(of_files).values(said_since=true()))


def give_back(
    call: Call, number: int, key: Key, before: Before | None, version: int, now: datetime, digest: str
) -> None:  # fmt: skip
    """Make what a source said of a unit-day before its newest version its word again, as a version after that.

    `before`: with the day's own figures, None where it said nothing. Who gives totals back sees to the days after them.
    """
    lines = call.reports.get(key)
    codes = {info.id: code for code, info in call.reference.by_code.items()}
    counts: Counts = {}
    for (of, measure), value in before.figures.items() if before is not None else ():
        counts.setdefault(codes[of], {})[measure] = value
    head = {
        "version": version + 1, "known_at": now, "sent_by": call.caller.label, "digest": digest,
        "since": before.since if before is not None else None,
        "totals": before.totals if before is not None else None,
        "counted_until": before.counted_until if before is not None else None,
        "gaps": None if lines is None else len(gaps(lines, counts)),
    }  # fmt: skip
    hot.run(call.session, _update_day, head | {"which": number})
    _write(call, number, version + 1, counts, now, anew=False)
    events.publish(call.session, FiguresStored(*key, call.now))


def finish(call: Call) -> None:
    """Write the figures of all unit-days of a call, which wait until here."""
    if call.figures:
        hot.run_rows(call.session, _insert_figures, _FIGURE_COLUMNS, call.figures)
