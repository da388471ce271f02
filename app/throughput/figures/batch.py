"""What a call says of each unit-day, our codes found for the source's, and what is wrong with it."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.text import search_key
from app.procedures import codes
from app.procedures.codes import CodeKind
from app.procedures.rules import FieldInfo, System
from app.throughput.figures.rules import Basis, off_balance, together
from app.throughput.figures.schemas import FigureDayIn, FigureLineIn, FiguresIn
from app.throughput.forms import Reference
from app.throughput.rules import MAX_COUNT
from app.units.models import Unit

Key = tuple[int, System, date]
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
Counts = dict[str, dict[str, int]]  # by field, by measure


@dataclass
class Item:
    """One unit-day of a call: what was sent, what it means with us, what is wrong with it.

    `counts` are as they were sent, `of_day` those of the day alone.
    """

    index: int
    sent: FigureDayIn
    unit: Unit | None = None
    counts: Counts = field(default_factory=dict)
    of_day: Counts = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @cached_property
    def key(self) -> Key:
        """The unit's row number, the system and the day."""
        assert self.unit is not None
        assert self.unit.id is not None
        return self.unit.id, self.sent.system, self.sent.day

    @property
    def at(self) -> str:
        """The item's JSON pointer."""
        return f"/items/{self.index}"

    def digest(self, since: date | None) -> str:
        """Return by what the same again is known."""
        until = self.sent.counted_until.isoformat() if self.sent.counted_until else None
        said = [str(since), until, self.counts]
        return hashlib.sha256(_CANONICAL.encode(said).encode()).hexdigest()


def understood(session: Session, reference: Reference, caller: Caller, body: FiguresIn, now: datetime) -> list[Item]:
    """Return the items that could be read, our codes found for theirs and each judged by itself.

    Raises Invalid where the call as a whole does not say what it counts.
    """
    if body.basis is Basis.cumulative and body.since is None:
        raise Invalid([Fault("/since", "since_missing")])
    if body.basis is Basis.daily and body.since is not None:
        raise Invalid([Fault("/since", "since_with_daily")])
    known = _Codes(session, reference, body.source)
    items = [_item(known, caller, body, n, sent, now) for n, sent in zip(body.places, body.items, strict=True)]
    times = Counter(item.key for item in items if item.unit is not None)
    for item in items:
        if item.unit is not None and times[item.key] > 1:
            # Which of them counts is not said: none does.
            item.faults.append(Fault(item.at, "duplicate_item", {"unit": item.unit.name, "day": item.sent.day}))
    return items


class _Codes:
    """A source's codes and ours, each looked up once a call."""

    def __init__(self, session: Session, reference: Reference, source: str) -> None:
        self.reference = reference
        self.source = source
        self._theirs = codes.of_source(session, source)
        self._fields: dict[str, str | None] = {}

    def unit(self, code: str) -> Unit | None:
        """Return the unit that a code means: ours first."""
        ours = code if code in self.reference.units else self._theirs[CodeKind.unit].get(search_key(code), "")
        return self.reference.units.get(ours)

    def field(self, code: str) -> str | None:
        """Return our code of a field."""
        if code not in self._fields:
            known = self.reference.knows_field(code)
            self._fields[code] = code if known else self._theirs[CodeKind.field].get(search_key(code))
        return self._fields[code]


def _item(known: _Codes, caller: Caller, body: FiguresIn, index: int, sent: FigureDayIn, now: datetime) -> Item:
    item = Item(index, sent)
    unit = known.unit(sent.unit)
    if unit is None:
        item.faults.append(Fault(f"{item.at}/unit", "unknown_unit", {"code": sent.unit}))
        return item
    assert unit.id is not None
    if not caller.sees(unit.id):
        item.faults.append(Fault(f"{item.at}/unit", "unit_not_allowed", {"code": sent.unit}))
        return item
    item.unit = unit
    if sent.day > day_of(now):
        item.faults.append(Fault(f"{item.at}/day", "day_in_future", {"day": sent.day}))
    elif not unit.is_valid(sent.day):
        item.faults.append(Fault(f"{item.at}/day", "unit_closed", {"unit": unit.name, "day": sent.day}))
    if body.since is not None and sent.day < body.since:
        item.faults.append(Fault(f"{item.at}/day", "before_since", {"day": body.since}))
    if sent.counted_until is not None and sent.counted_until > now:
        item.faults.append(Fault(f"{item.at}/counted_until", "counted_in_future"))
    elif sent.counted_until is not None and day_of(sent.counted_until) < sent.day:
        item.faults.append(Fault(f"{item.at}/counted_until", "counted_before_day", {"day": sent.day}))
    _count(known, item, unit)
    return item


def _count(known: _Codes, item: Item, unit: Unit) -> None:
    applicable = known.reference.applicable(unit, item.sent.day, item.sent.system)
    seen: set[str] = set()
    for number, line in enumerate(item.sent.lines):
        counts, ours = line.counts, known.field(line.field)
        fault = _broken(ours, applicable, line, seen, counts)
        if fault is not None:
            item.faults.append(Fault(f"{item.at}/lines/{number}{fault.pointer}", fault.code, fault.values))
            continue
        seen.add(line.field)
        assert ours is not None
        if ours not in item.counts:
            item.counts[ours] = counts
            continue
        # Several of theirs may be one of ours.
        item.counts[ours] = together((item.counts[ours], counts))
        item.faults += [
            Fault(f"{item.at}/lines/{number}/{measure}", "number_too_large", {"limit": MAX_COUNT})
            for measure, count in item.counts[ours].items()
            if count > MAX_COUNT
        ]


def _broken(
    ours: str | None, applicable: dict[str, FieldInfo], line: FigureLineIn, seen: set[str], counts: dict[str, int]
) -> Fault | None:
    if ours is None:
        return Fault("/field", "unknown_field", {"code": line.field})
    if ours not in applicable:
        return Fault("/field", "field_not_applicable", {"field": ours, "code": line.field})
    if line.field in seen:
        return Fault("/field", "duplicate_line", {"field": ours})
    if not counts:
        return Fault("", "required")
    withdrawn, on_time = counts.get("withdrawn", 0), counts.get("resolved_on_time")
    if on_time is not None and withdrawn > on_time:
        return Fault("/withdrawn", "withdrawn_over", {"limit": on_time, "field": ours})
    return None


def unbalanced(item: Item) -> list[Fault]:
    """Return the fields whose day, given whole, does not add up."""
    faults = []
    for code, counts in item.of_day.items():
        if (off := off_balance(counts)) is not None:
            values = {"field": code, "n": abs(off[0] - off[1]), "total": off[0], "accounted": off[1]}
            faults.append(Fault(f"{item.at}/lines", "unbalanced", values))
    return faults
