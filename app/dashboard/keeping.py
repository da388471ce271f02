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

from app.throughput.changes import seen

Value = TypeVar("Value")
MOST = 2000


@dataclass(frozen=True, slots=True)
class _Found:
    era: object
    number: int
    mark: Any
    value: Any


_kept: WeakKeyDictionary[Any, dict[Any, _Found]] = WeakKeyDictionary()


class Keeper:
    """What is kept, with one look at what has changed since.

    A key says all that a value depends on besides the data: what the caller may see, what was asked. A `mark` says what
    goes on by itself, as the minute does: of each key only the newest is kept. Nobody may change a value.
    """

    def __init__(self, session: Session) -> None:
        changes = seen(session)
        assert changes is not None, "who changes something keeps nothing"
        self._changes, self._kept = changes, _kept.setdefault(session.connection().engine.pool, {})

    def while_nothing_changes(self, key: Any, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, until there is any new entry."""
        return self._get(key, mark, work, lambda number: number == self._changes.number)

    def while_only_reports_come(self, key: Any, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, until an entry that is not of a day's report or waiver."""
        return self._get(key, mark, work, lambda number: number >= self._changes.beside)

    def while_days_stand(self, key: Any, last: date, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, read of reports, waivers and obligations of days up to `last`.

        A report moves nothing before its day, but may move the opening that follows, whichever day that is: it stands
        until one of its days, or one before, has changed.
        """

        def stands(number: int) -> bool:
            return not any(day <= last and change > number for day, change in self._changes.days.items())

        return self._get(key, mark, work, stands)

    def _get(self, key: Any, mark: Any, work: Callable[[], Value], stands: Callable[[int], bool]) -> Value:
        found = self._kept.get(key)
        if found is None or found.era is not self._changes.era or found.mark != mark or not stands(found.number):
            value: Any = work()
            # An answer that says the same to the letter stays the same object: what was drawn of it still holds.
            if found is not None and isinstance(value, BaseModel) and repr(value) == repr(found.value):
                value = found.value
            # Read now, it is at least as new as the audit was when looked at: a later change voids it.
            found = _Found(self._changes.era, self._changes.number, mark, value)
            self._keep(key, found)
        kept: Value = found.value
        return kept

    def _keep(self, key: Any, found: _Found) -> None:
        # Others ask at the same time: what goes is gone already, what came is as good.
        while len(self._kept) >= MOST and key not in self._kept:
            self._kept.pop(next(iter(self._kept), None), None)
        self._kept[key] = found


def minute(now: datetime) -> tuple[datetime, bool]:
    """Return what goes on by itself for all that knows deadlines: these lie on whole minutes, and move some of it at
    their moment, some after it.
    """
    whole = now.replace(second=0, microsecond=0)
    return whole, now > whole
