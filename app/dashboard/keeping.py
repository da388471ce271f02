"""What the process keeps of the dashboard: leaders look at the same numbers all morning, while wards send.

A report or a waiver of a day moves what is said of that day and of later ones; any other change, whatever it is, moves
what does not rest on reports alone. Which came since is in the audit (`throughput/changes.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pydantic import BaseModel
from sqlmodel import Session

from app.core.recent import Recent
from app.throughput.changes import Changes, seen
from app.throughput.forms import Reference

Value = TypeVar("Value")
Part = TypeVar("Part", int, date)
MOST = 2000
MOST_MOVED = 10  # units or days read one by one: more are read with all others


@dataclass(frozen=True, slots=True)
class _Found:
    era: object
    number: int
    mark: Any
    value: Any

    def is_of(self, changes: Changes, mark: Any) -> bool:
        """Tell whether only entries of the audit may have moved it since."""
        return self.era is changes.era and bool(self.mark == mark)


_kept: WeakKeyDictionary[Any, Recent[Any, _Found]] = WeakKeyDictionary()


class Keeper:
    """What is kept, with one look at what has changed since.

    A key says all that a value depends on besides the data: what the caller may see, what was asked. A `mark` says what
    goes on by itself, as the day does: of each key only the newest is kept. Nobody may change a value.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, changes = session, seen(session)
        # Some answers are as at the reader's moment: where a change came after it, they are not those of its number.
        is_past = changes is not None and changes.at is not None and changes.at > now
        self._changes = None if is_past else changes
        self._kept = _kept.setdefault(session.connection().engine.pool, Recent(MOST))

    def while_nothing_changes(self, key: Any, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, until there is any new entry."""
        return self._get(key, mark, work, lambda changes, number: number == changes.number)

    def while_only_reports_come(self, key: Any, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, until an entry that is not of a day's report or waiver."""
        return self._get(key, mark, work, lambda changes, number: number >= changes.beside)

    def while_days_stand(self, key: Any, last: date, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, read of reports, waivers and obligations of days up to `last`.

        A report moves nothing before its day, but may move the opening that follows, whichever day that is: it stands
        until one of its days, or one before, has changed.
        """

        def stands(changes: Changes, number: int) -> bool:
            return not any(day <= last and change > number for day, change in changes.days.items())

        return self._get(key, mark, work, stands)

    def by_unit(
        self, key: Any, last: date, read: Callable[[int | None], dict[int, Value]], mark: Any = None
    ) -> dict[int, Value]:
        """Return by unit what `read` gave for a key, of all (None) or of one, as `while_days_stand`.

        What is said of a unit rests on its own days alone: only those that had a change are read again.
        """

        def moved(changes: Changes, number: int) -> set[int]:
            days = (units for day, units in changes.units.items() if day <= last and changes.days[day] > number)
            codes = {code for units in days for code, change in units.items() if change > number}
            return {Reference.read(self._session).units[code].id or 0 for code in codes}

        return self._get_parts(key, mark, read, moved)

    def by_day(
        self, key: Any, first: date, last: date, read: Callable[[date | None], dict[date, Value]]
    ) -> dict[date, Value]:
        """Return by day what `read` gave for a key, of all (None) or of one.

        What is said of a day here rests on that day alone: only those that had a change are read again.
        """

        def moved(changes: Changes, number: int) -> set[date]:
            return {day for day, change in changes.days.items() if first <= day <= last and change > number}

        return self._get_parts(key, None, read, moved)

    def while_duties_stand(self, key: Any, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, read of the moments of obligations, until these are made anew."""
        return self._get(key, mark, work, lambda changes, number: True)

    def _get_parts(
        self, key: Any, mark: Any, read: Callable[[Part | None], dict[Part, Value]],
        moved: Callable[[Changes, int], set[Part]],
    ) -> dict[Part, Value]:  # fmt: skip
        changes, found = self._changes, self._kept.get(key)
        if changes is None:
            return read(None)
        parts = moved(changes, found.number) if found is not None and found.is_of(changes, mark) else None
        if found is None or parts is None or len(parts) > MOST_MOVED:
            value = read(None)
        else:
            value = {part: said for part, said in found.value.items() if part not in parts}
            for part in parts:
                value |= read(part)
        self._kept.put(key, _Found(changes.era, changes.number, mark, value))
        return value

    def _get(self, key: Any, mark: Any, work: Callable[[], Value], stands: Callable[[Changes, int], bool]) -> Value:
        changes = self._changes
        if changes is None:
            return work()
        found = self._kept.get(key)
        if found is None or not found.is_of(changes, mark) or not stands(changes, found.number):
            value: Any = work()
            # An answer that says the same to the letter stays the same object: what was drawn of it still holds.
            if found is not None and isinstance(value, BaseModel) and _is_same(value, found.value):
                value = found.value
            # Read now, it is at least as new as the audit was when looked at: a later change voids it.
            found = _Found(changes.era, changes.number, mark, value)
            self._kept.put(key, found)
        kept: Value = found.value
        return kept


def _is_same(one: BaseModel, other: BaseModel) -> bool:
    # Equal first, which is soon told of what differs; then as they are written, for 1.0 is equal to 1.00.
    return one == other and one.model_dump_json() == other.model_dump_json()
