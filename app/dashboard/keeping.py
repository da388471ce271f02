"""What the process keeps of the dashboard: leaders look at the same numbers all morning, while wards send.

Every change is an entry of the audit, written in its own transaction, so that the entries since the last look say what
has changed: a report or a waiver of a day moves what is said of that day and of later ones; any other entry moves
whatever does not rest on reports alone. What changes without an entry has a stamp, and voids all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pydantic import BaseModel
from sqlmodel import Session

from app.core import audit, stamps
from app.indicators.computed.keeping import STAMP as FOLLOWED
from app.throughput import totals
from app.throughput.forms import Reference
from app.throughput.obligations import making

Value = TypeVar("Value")
MOST = 2000
MOST_ENTRIES = 2000
STAMPS = (totals.STAMP, making.STAMP, FOLLOWED)  # of what changes without an entry


@dataclass(frozen=True, slots=True)
class _Seen:
    """How far the audit was read, and the number at which each day, and anything beside the days, changed last.

    What is of another `era` is void.
    """

    era: object
    number: int
    marks: tuple[object, ...]
    days: dict[date, int]
    beside: int


@dataclass(frozen=True, slots=True)
class _Found:
    era: object
    number: int
    mark: Any
    value: Any


_seen: WeakKeyDictionary[Any, _Seen] = WeakKeyDictionary()
_kept: WeakKeyDictionary[Any, dict[Any, _Found]] = WeakKeyDictionary()


class Keeper:
    """What is kept, with one look at what has changed since.

    A key says all that a value depends on besides the data: what the caller may see, what was asked. A `mark` says what
    goes on by itself, as the minute does: of each key only the newest is kept. Nobody may change a value.
    """

    def __init__(self, session: Session) -> None:
        pool = session.connection().engine.pool
        self._seen = _seen[pool] = _looked(session, _seen.get(pool))
        self._kept = _kept.setdefault(pool, {})

    def while_nothing_changes(self, key: Any, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, until there is any new entry."""
        return self._get(key, mark, work, lambda number: number == self._seen.number)

    def while_only_reports_come(self, key: Any, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, until an entry that is not of a day's report or waiver."""
        return self._get(key, mark, work, lambda number: number >= self._seen.beside)

    def while_days_stand(self, key: Any, last: date, work: Callable[[], Value], mark: Any = None) -> Value:
        """Return what `work` gave for a key, read of reports, waivers and obligations of days up to `last`.

        A report moves nothing before its day, but may move the opening that follows, whichever day that is: it stands
        until one of its days, or one before, has changed.
        """

        def stands(number: int) -> bool:
            return not any(day <= last and change > number for day, change in self._seen.days.items())

        return self._get(key, mark, work, stands)

    def _get(self, key: Any, mark: Any, work: Callable[[], Value], stands: Callable[[int], bool]) -> Value:
        found = self._kept.get(key)
        if found is None or found.era is not self._seen.era or found.mark != mark or not stands(found.number):
            value: Any = work()
            # An answer that says the same to the letter stays the same object: what was drawn of it still holds.
            if found is not None and isinstance(value, BaseModel) and repr(value) == repr(found.value):
                value = found.value
            # Read now, it is at least as new as the audit was when looked at: a later change voids it.
            found = _Found(self._seen.era, self._seen.number, mark, value)
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


def _looked(session: Session, before: _Seen | None) -> _Seen:
    """Return what is known of changes by now; several threads may look at once, and each has its own."""
    # The mark first: what is read after it is at least as new.
    number = audit.number(session)
    marks = (Reference.read(session), *(stamps.kept(session, name, lambda _: object()) for name in STAMPS))
    is_other = before is None or any(one is not other for one, other in zip(before.marks, marks, strict=True))
    if before is None or is_other or not 0 <= number - before.number <= MOST_ENTRIES:
        return _Seen(object(), number, marks, {}, number)
    if number == before.number:
        return before
    # What is read here may be newer than the number: it is then read again, and no harm.
    days, beside = dict(before.days), before.beside
    for entity in audit.entities_since(session, before.number):
        match entity.split("/"):
            case ["reports" | "obligations", _, day, *_]:
                days[date.fromisoformat(day)] = number
            case ["sessions", *_]:
                pass  # people sign in all morning
            case _:
                beside = number
    return _Seen(before.era, number, marks, days, beside)
