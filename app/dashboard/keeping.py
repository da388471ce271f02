"""What the process keeps of the dashboard while nothing has changed: leaders look at the same numbers all morning."""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlmodel import Session

from app.core import audit, stamps
from app.throughput import totals
from app.throughput.forms import Reference

Value = TypeVar("Value")
MOST = 200
_kept: WeakKeyDictionary[Any, dict[Any, tuple[Any, Any]]] = WeakKeyDictionary()


def unchanged(session: Session, key: Any, work: Callable[[], Value]) -> Value:
    """Return what `work` gave for a key, as long as no process has changed anything since.

    The key says all that the answer depends on besides the data: what the caller may see, the clock where it counts.
    """
    # The mark first: what is read after it is at least as new. Every change is in the audit; a rebuilding has a stamp.
    rebuilt = stamps.kept(session, totals.STAMP, lambda _: object())
    mark = (audit.number(session), rebuilt, Reference.read(session))
    of_database = _kept.setdefault(session.connection().engine.pool, {})
    found = of_database.get(key)
    if found is None or found[0] != mark:
        if len(of_database) >= MOST:
            of_database.clear()
        found = of_database[key] = (mark, work())
    value: Value = found[1]
    return value
