"""Which change was the last of each day, as the audit tells it: by that a process knows what it keeps to be true."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from sqlmodel import Session

from app.core import audit, stamps
from app.throughput import totals
from app.throughput.obligations import making

MOST_ENTRIES = 2000
NAMED_BY_DAY = frozenset({"reports", "obligations"})


@dataclass(frozen=True)
class Changes:
    """How far the audit was read, and which change was the last of each day; what is of another `era` is void.

    Reports and waivers are in the audit, each with its day; obligations made anew and totals rebuilt have stamps, and
    begin an era.
    """

    era: object
    number: int
    remade: tuple[object, object]
    days: dict[date, int]

    def since(self, era: object, number: int, day: date) -> bool:
        """Tell whether a day may have changed since something was read of it."""
        return era is not self.era or self.days.get(day, 0) > number


_seen: WeakKeyDictionary[Any, Changes] = WeakKeyDictionary()


def seen(session: Session) -> Changes | None:
    """Return what is known of changes by now; None in a transaction that has changed something itself.

    Asked before the data is read: that is then at least as new as this says, and never older.
    """
    if session.info.get("audit") or session.info.get("touched_stamps"):
        return None
    pool = session.connection().engine.pool
    found = _seen[pool] = _looked(session, _seen.get(pool))
    return found


def _looked(session: Session, before: Changes | None) -> Changes:
    """Return what is known by now; several threads may look at once, and each has its own."""
    number = audit.number(session)
    of_totals, owed = (stamps.kept(session, name, lambda _: object()) for name in (totals.STAMP, making.STAMP))
    remade = of_totals, owed
    if before is None or before.remade != remade or not 0 <= number - before.number <= MOST_ENTRIES:
        return Changes(object(), number, remade, {})
    if number == before.number:
        return before
    # What is read here may be newer than the number: it is then read again, and no harm.
    changed = [found for entity in audit.entities_since(session, before.number) if (found := _day_of(entity))]
    return Changes(before.era, number, remade, before.days | dict.fromkeys(changed, number))


def _day_of(entity: str) -> date | None:
    """Return the day of a report or obligation (`reports/19753/2026-11-20/city`); None of anything else."""
    parts = entity.split("/")
    return date.fromisoformat(parts[2]) if parts[0] in NAMED_BY_DAY and len(parts) > 2 else None
