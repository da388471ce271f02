"""Plain events inside one transaction: how a lower floor tells a higher one, which it does not know."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from sqlmodel import Session

Event = TypeVar("Event")
_subscribers: dict[type[Any], list[Callable[[Session, Any], None]]] = defaultdict(list)


def subscribe(kind: type[Event], handler: Callable[[Session, Event], None]) -> None:
    """Have `handler` called for each event of this kind; wired in `app/wiring.py`, once."""
    if handler not in _subscribers[kind]:
        _subscribers[kind].append(handler)


def publish(session: Session, event: object) -> None:
    """Call the subscribers now, in the caller's transaction: what they refuse, refuses the whole."""
    for handler in _subscribers.get(type(event), ()):
        handler(session, event)


def at_end(session: Session, act: Callable[[Session], None], *, last: bool = False) -> None:
    """Have `act` done once at the end of the transaction, however often it is asked for; `last`: after all others.

    What takes a row that many writers take comes last: who holds it then waits for nobody.
    """
    session.info.setdefault("at_end", {})[act] = last


def end(session: Session) -> None:
    """Do what waits for the end."""
    waiting: dict[Callable[[Session], None], bool] = session.info.pop("at_end", {})
    for act in sorted(waiting, key=lambda act: waiting[act]):
        act(session)
