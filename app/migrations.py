"""Bring a database to the newest schema and give it the data every installation starts with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, inspect, select
from sqlmodel import Session

from app.core import audit, stamps
from app.core.clock import Clock
from app.core.db import Database, commit
from app.core.settings import Settings, project_root


def config() -> Config:
    """Return Alembic's configuration, wherever the program is started from."""
    return Config(str(Path(project_root()) / "alembic.ini"))


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations up to a revision, in one transaction."""
    _run(database, lambda c: command.upgrade(c, revision))


def downgrade(database: Database, revision: str) -> None:
    """Run the migrations down to a revision."""
    _run(database, lambda c: command.downgrade(c, revision))


def _run(database: Database, act: Callable[[Config], None]) -> None:
    settings = config()
    with rebuilding(database) as connection:
        settings.attributes["connection"] = connection
        act(settings)


@contextmanager
def rebuilding(database: Database) -> Iterator[Connection]:
    """Yield a connection whose work is committed at the end, where every row still refers to one that is there.

    Raises RuntimeError, and keeps nothing, where one would not.
    """
    with database.engine.connect() as connection, _no_key_followed(connection):
        yield connection
        if broken := _dangling(connection):
            raise RuntimeError(f"rows would refer to nothing: {broken}")
        connection.commit()


@contextmanager
def _no_key_followed(connection: Connection) -> Iterator[None]:
    """Let tables that others refer to be rebuilt on SQLite, which drops them for it."""
    own: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    own.execute("PRAGMA foreign_keys=OFF")  # without effect within a transaction
    try:
        yield
    finally:
        connection.rollback()
        own.execute("PRAGMA foreign_keys=ON")


def _dangling(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    return sorted({str(row[0]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})


def is_migrated(database: Database) -> bool:
    """Tell whether the schema is there at all."""
    return inspect(database.engine).has_table("alembic_version")


def seed(database: Database, settings: Settings, clock: Clock) -> None:
    """Load units, calendar, fields, procedures and the form; what is there already stays as it is."""
    from app.calendar.service import load_days
    from app.indicators.readings import published
    from app.indicators.sets.loading import load_sets
    from app.procedures.catalogue import load_procedures
    from app.procedures.service import load_fields
    from app.tasks.programmes import load_programmes
    from app.throughput.findings import rebuilding as findings
    from app.throughput.forms import STAMP, load_form
    from app.throughput.obligations.making import extend
    from app.units.service import load_units

    now = clock.now()
    with Session(database.writer) as session:
        session.info["audit_context"] = audit.Context(at=now, user_id=None, user_name="tiendo57", door="command")
        if session.execute(select(audit.AuditHead.id)).first() is None:  # type: ignore[call-overload]
            session.execute(insert(audit.AuditHead).values(id=1, number=0, hash=audit.GENESIS))
        load_units(session, now)
        load_days(session, now)
        load_fields(session, now)
        load_procedures(session, now)
        load_programmes(session, now)
        load_form(session)
        stamps.touch(session, STAMP)
        load_sets(session, now)
        published.load(session, now)
        extend(session, now, settings.obligations_horizon_days)
        findings.rebuild(session)  # of reports that are older than the findings
        commit(session)
