"""Reference data read once a process, and again as soon as any process has changed it."""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import bindparam, select
from sqlmodel import Field, Session, SQLModel

from app.core import hot
from app.core.db import upsert

Value = TypeVar("Value")
_kept: WeakKeyDictionary[Any, dict[str, tuple[int, Any]]] = WeakKeyDictionary()


class Stamp(SQLModel, table=True):
    """How often a kind of reference data was changed."""

    __tablename__ = "stamps"

    name: str = Field(primary_key=True, max_length=40)
    version: int


_TABLE = Stamp.__table__  # type: ignore[attr-defined]
_versions = select(_TABLE.c.name, _TABLE.c.version).order_by(_TABLE.c.name)
_version = select(_TABLE.c.version).where(_TABLE.c.name == bindparam("name"))


def touch(session: Session, name: str) -> None:
    """Note a change, in its transaction: from its commit on, every process reads the data anew."""
    changing(session, name)
    insert = upsert(session.get_bind().dialect.name, _TABLE).values(name=name, version=1)
    session.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"version": _TABLE.c.version + 1}))


def versions(source: hot.Source) -> tuple[hot.Row, ...]:
    """Return how often each kind was changed: what this gave before, it gives again as long as none was."""
    return tuple(hot.run(source, _versions, {}))


def changing(session: Session, name: str) -> None:
    """Have this transaction read the data anew: it changes them, and notes that at its end."""
    session.info.setdefault("touched_stamps", set()).add(name)


def kept(session: Session, name: str, load: Callable[[Session], Value]) -> Value:
    """Return what `load` gives, kept in the process until the stamp `name` changes; it must hold no session or row."""
    if name in session.info.get("touched_stamps", ()):
        return load(session)  # what this transaction changed is nobody else's before it commits
    # All engines of one database share its pool, which goes with them.
    of_database = _kept.setdefault(session.connection().engine.pool, {})
    rows = hot.run(session, _version, {"name": name})
    version = rows[0][0] if rows else 0
    found = of_database.get(name)
    if found is None or found[0] != version:
        found = of_database[name] = (version, load(session))
    value: Value = found[1]
    return value
