"""Totals since a day, told apart by days: those of one unit and system hang together, and stand or fall as one."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Integer, bindparam, select
from sqlmodel import Session

from app.core import hot
from app.core.errors import Fault
from app.procedures.rules import System
from app.throughput.figures.batch import Counts, Item, Key, unbalanced
from app.throughput.figures.reading import DAY
from app.throughput.figures.rules import first_missing, of_the_day
from app.throughput.figures.schemas import FiguresIn
from app.throughput.forms import Reference

_CHAIN = select(DAY.id, DAY.day, DAY.version, DAY.known_at, DAY.totals, DAY.counted_until).where(
    DAY.source == bindparam("source"), DAY.unit_id == bindparam("unit", type_=Integer),
    DAY.system == bindparam("system"), DAY.since == bindparam("since", type_=Date),
)  # fmt: skip
_BEFORE = _CHAIN.where(DAY.day < bindparam("first", type_=Date)).order_by(DAY.day.desc()).limit(1)
_WITHIN = _CHAIN.where(DAY.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date)))
_AFTER = _CHAIN.where(DAY.day > bindparam("last", type_=Date)).order_by(DAY.day).limit(1)
_COUNTED = select(DAY.day).where(
    DAY.source == bindparam("source"), DAY.unit_id == bindparam("unit", type_=Integer),
    DAY.system == bindparam("system"), DAY.since == bindparam("since", type_=Date),
)  # fmt: skip


@dataclass
class Later:
    """A day received before whose difference may change, because the totals before it did (`of`: by which item).

    `is_sent`: the item is of that day itself.
    """

    id: int
    unit_id: int
    system: System
    day: date
    version: int
    known_at: datetime
    counted_until: datetime | None
    of: Item
    of_day: Counts
    is_sent: bool

    @property
    def key(self) -> Key:
        """The unit's row number, the system and the day."""
        return self.unit_id, self.system, self.day


def judge(session: Session, reference: Reference, body: FiguresIn, items: list[Item]) -> list[Later]:
    """Work out each item's own day from its totals and those before it; returns the later days that this changes.

    A working day without totals between two would be counted in the next one: it is asked for. Where one item of a
    unit and system is refused, the others would hang in the air: all of them are.
    """
    by_chain: dict[tuple[int, System], list[Item]] = defaultdict(list)
    for item in items:
        if item.unit is not None:
            by_chain[item.key[:2]].append(item)
    moved: list[Later] = []
    for chain in by_chain.values():
        if not any(item.faults for item in chain):
            moved += _walk(session, reference, body, sorted(chain, key=lambda item: item.sent.day))
            for item in chain:
                item.faults += unbalanced(item)
        if any(item.faults for item in chain):
            for item in chain:
                if not item.faults:
                    item.faults.append(Fault(item.at, "totals_refused"))
    return moved


def _walk(session: Session, reference: Reference, body: FiguresIn, chain: list[Item]) -> list[Later]:
    unit, system, first = chain[0].key
    assert body.since is not None
    key = {"source": body.source, "unit": unit, "system": system.value, "since": body.since}
    last = chain[-1].sent.day
    rows = [
        *hot.run(session, _BEFORE, key | {"first": first}),
        *hot.run(session, _WITHIN, key | {"first": first, "last": last}),
        *hot.run(session, _AFTER, key | {"last": last}),
    ]
    stored: dict[date, Any] = {row[1]: row for row in rows}
    sent = {item.sent.day: item for item in chain}
    counted = {row[0] for row in hot.run(session, _COUNTED, key)} | sent.keys()
    missing = first_missing(reference.calendar(unit).working_days(body.since, last), counted)
    if missing is not None:
        next_one = next(item for item in chain if item.sent.day > missing)
        next_one.faults.append(Fault(next_one.at, "total_day_missing", {"day": missing}))
        return []
    before: Counts = {}
    moving: Item | None = None
    moved = []
    for day in sorted({*stored, *sent}):
        item = sent.get(day)
        totals = item.counts if item is not None else json.loads(stored[day][4])
        blamed = item or moving
        of_day, shrunk = of_the_day(before, totals)
        if blamed is not None:
            blamed.faults += [
                Fault(f"{blamed.at}/lines", "total_shrank",
                      {"field": s.field, "before": s.before, "after": s.after, "day": day})
                for s in shrunk
            ]  # fmt: skip
        if item is not None:
            item.of_day = of_day
        if blamed is not None and day in stored:
            row = stored[day]
            known = row[0], unit, system, day, row[2], row[3], row[5]
            moved.append(Later(*known, blamed, of_day, is_sent=item is not None))
        before, moving = totals, item
    return moved
