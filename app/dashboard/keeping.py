"""What the process keeps of the dashboard while nothing has changed: leaders look at the same numbers all morning."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlmodel import Session

from app.core import audit, stamps
from app.throughput import totals
from app.throughput.forms import Reference
from app.throughput.obligations import making

Value = TypeVar("Value")
MOST = 200
MOST_OF_DAYS = 1000
MOST_ENTRIES = 2000
NAMED_BY_DAY = frozenset({"reports", "obligations"})
_kept: WeakKeyDictionary[Any, dict[Any, tuple[Any, Any]]] = WeakKeyDictionary()


def unchanged(session: Session, key: Any, work: Callable[[], Value]) -> Value:
    """Return what `work` gave for a key, as long as no process has changed anything since.

    The key says all that the answer depends on besides the data: what the caller may see, the clock where it counts.
    """
    # The mark first: what is read after it is at least as new. Every change is in the audit, or has a stamp.
    mark = (audit.number(session), _remade(session), Reference.read(session))
    of_database = _kept.setdefault(session.connection().engine.pool, {})
    found = of_database.get(key)
    if found is None or found[0] != mark:
        if len(of_database) >= MOST:
            of_database.clear()
        found = of_database[key] = (mark, work())
    value: Value = found[1]
    return value


def _remade(session: Session) -> tuple[object, object]:
    """Return what differs as soon as totals were rebuilt or obligations made, which no entry of the audit tells."""
    totals_of, owed = (stamps.kept(session, name, lambda _: object()) for name in (totals.STAMP, making.STAMP))
    return totals_of, owed


@dataclass(frozen=True)
class _Seen:
    """How far the audit was read, and which change was the last of each day; what is of another `era` is void."""

    era: object
    number: int
    remade: tuple[object, object]
    days: dict[date, int]


_seen: WeakKeyDictionary[Any, _Seen] = WeakKeyDictionary()
_of_days: WeakKeyDictionary[Any, dict[Any, tuple[object, int, Any]]] = WeakKeyDictionary()


class DaysKept:
    """What was read of reports, waivers and obligations, kept by how late its days are.

    A report moves nothing before its day, but may move the opening that follows, whichever day that is: what is kept
    of some days stands until one of them, or one before, has changed.
    """

    def __init__(self, session: Session) -> None:
        pool = session.connection().engine.pool
        self._seen = _seen[pool] = _looked(session, _seen.get(pool))
        self._kept = _of_days.setdefault(pool, {})

    def get(self, key: Any, last: date, work: Callable[[], Value]) -> Value:
        """Return what `work` gave for a key, read of days up to `last`; it must be a value that nobody changes."""
        seen, found = self._seen, self._kept.get(key)
        if found is None or found[0] is not seen.era or _moved(seen.days, found[1], last):
            # Others ask at the same time: what goes is gone already, what came is as good.
            while len(self._kept) >= MOST_OF_DAYS:
                self._kept.pop(next(iter(self._kept)), None)
            # Read now, it is at least as new as the audit was when looked at: a later change voids it.
            found = self._kept[key] = (seen.era, seen.number, work())
        value: Value = found[2]
        return value


def _moved(days: dict[date, int], number: int, last: date) -> bool:
    return any(day <= last and change > number for day, change in days.items())


def _looked(session: Session, before: _Seen | None) -> _Seen:
    """Return what is known of changes by now; several threads may look at once, and each has its own."""
    number, remade = audit.number(session), _remade(session)
    if before is None or before.remade != remade or not 0 <= number - before.number <= MOST_ENTRIES:
        return _Seen(object(), number, remade, {})
    if number == before.number:
        return before
    # What is read here may be newer than the number: it is then read again, and no harm.
    changed = [found for entity in audit.entities_since(session, before.number) if (found := _day_of(entity))]
    return _Seen(before.era, number, remade, before.days | dict.fromkeys(changed, number))


def _day_of(entity: str) -> date | None:
    """Return the day of a report or obligation (`reports/19753/2026-11-20/city`); None of anything else."""
    parts = entity.split("/")
    return date.fromisoformat(parts[2]) if parts[0] in NAMED_BY_DAY and len(parts) > 2 else None
