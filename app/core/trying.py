"""Trying: a block is done for what it answers, and nothing of it stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import fields, is_dataclass
from typing import Any

from sqlmodel import Session

_OF_CONNECTION = "hot"  # what `hot` holds open: no part of what is done


@contextmanager
def tried(session: Session) -> Iterator[None]:
    """Do a block and take all of it back at its end: what it wrote, and what it noted in the session for later."""
    before = {name: _copied(noted) for name, noted in session.info.items() if name != _OF_CONNECTION}
    held = session.begin_nested()
    try:
        yield
    finally:
        held.rollback()
        for name in session.info.keys() - before.keys() - {_OF_CONNECTION}:
            del session.info[name]
        session.info.update(before)


def _copied(noted: Any) -> Any:
    """Return what a session notes so that adding to the one leaves the other: collections, and records of them."""
    if isinstance(noted, dict):
        return {key: _copied(value) for key, value in noted.items()}
    if isinstance(noted, list | set):
        return copy(noted)
    if is_dataclass(noted) and not isinstance(noted, type):
        other = copy(noted)
        for one in fields(noted):
            object.__setattr__(other, one.name, _copied(getattr(noted, one.name)))
        return other
    return noted
