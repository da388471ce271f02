"""Which change was the last of each day, and of all else, as the audit tells: by that what a process keeps is known to
be true.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlmodel import Session

from app.core import audit, stamps
from app.throughput import totals
from app.throughput.obligations import making

MOST_ENTRIES = 2000
LATEST = 50  # entries: a call takes seconds from its moment to its commit


@dataclass(frozen=True)
class Changes:
    """How far the audit was read, and which change was the last of each day, and of each unit on it; what is of another
    `era` is void.

    Reports and waivers are in the audit, each with its day; obligations made anew and totals rebuilt have stamps, and
    begin an era. `beside`: the last change of anything else, whatever it is. `at`: when the last of all was made.
    `tips`: the hashes of the entries that were the newest when somebody looked.
    """

    era: object
    number: int
    remade: tuple[object, object]
    days: dict[date, int]
    units: dict[date, dict[str, int]]
    beside: int
    at: datetime | None
    tips: tuple[str, ...]

    def since(self, era: object, number: int, day: date) -> bool:
        """Tell whether a day may have changed since something was read of it."""
        return era is not self.era or self.days.get(day, 0) > number


_seen: WeakKeyDictionary[Any, Changes] = WeakKeyDictionary()


def seen(session: Session) -> Changes | None:
    """Return what is known of changes by now; None in a transaction that has changed something itself, or reads an
    older state than others did: what is kept is not for it, nor is what it reads for others.

    Asked before the data is read: that is then at least as new as this says, and never older.
    """
    if session.info.get("audit") or session.info.get("touched_stamps"):
        return None
    pool = session.connection().engine.pool
    before, (number, tip) = _seen.get(pool), audit.head(session)
    if before is not None and number < before.number and tip in before.tips:
        return None
    found = _seen[pool] = _looked(session, before, number, tip)
    return found


def _looked(session: Session, before: Changes | None, number: int, tip: str) -> Changes:
    """Return what is known by now; several threads may look at once, and each has its own."""
    of_totals, owed = (stamps.kept(session, name, lambda _: object()) for name in (totals.STAMP, making.STAMP))
    remade = of_totals, owed
    if before is None or before.remade != remade or not 0 <= number - before.number <= MOST_ENTRIES:
        return _begun(session, number, tip, remade)
    if tip == before.tips[-1]:
        return before
    # What is read here may be newer than the number: it is then read again, and no harm.
    news = audit.since(session, before.number)
    if before.number and (before.number, before.tips[-1]) not in ((one.number, one.hash) for one in news):
        return _begun(session, number, tip, remade)  # another history: a backup was put back
    days, units, beside, last = dict(before.days), dict(before.units), before.beside, before.at
    for one in news:
        if one.number == before.number:
            continue
        last = one.at if last is None else max(last, one.at)
        match one.entity.split("/"):
            case ["reports" | "obligations", unit, named, *_]:
                day = date.fromisoformat(named)
                days[day], units[day] = number, units.get(day, {}) | {unit: number}
            case ["sessions", *_]:
                pass  # people sign in all morning
            case _:
                beside = number
    return Changes(before.era, number, remade, days, units, beside, last, (*before.tips, tip)[-LATEST:])


def _begun(session: Session, number: int, tip: str, remade: tuple[object, object]) -> Changes:
    last = max((one.at for one in audit.since(session, number - LATEST)), default=None)
    return Changes(object(), number, remade, {}, {}, number, last, (tip,))
