"""The database: one engine, one session a request, committed before the answer leaves."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlmodel import Session

from app.core import audit, events, hot, versions
from app.core.access import get_caller
from app.core.errors import Unavailable
from app.core.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UNIT_LOCK, PERIOD_LOCK = 57, 58
SAFE_SQLITE = (3, 51, 3)  # older libraries can corrupt a WAL that several processes reset at once


def sqlite_module() -> ModuleType:
    """Return the newest SQLite there is: the `pysqlite3` wheel, else the interpreter's own."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    assert isinstance(dbapi2, ModuleType)
    return dbapi2


class Gate:
    """Where writers wait before they take a thread and a connection; a full queue answers 503."""

    def __init__(self, writers: int, queue: int, wait_seconds: float) -> None:
        self._free = asyncio.Semaphore(writers)
        self._inside = 0
        self._places = writers + queue
        self._wait = wait_seconds

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        if self._inside >= self._places:
            raise Unavailable("busy")
        self._inside += 1
        try:
            try:
                if self._free.locked():  # a timer costs a task, and most find the gate open
                    await asyncio.wait_for(self._free.acquire(), self._wait)
                else:
                    await self._free.acquire()
            except TimeoutError:
                raise Unavailable("busy") from None
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._inside -= 1


class Database:
    """An engine with its ways in: `read`, `write`, and the gate before the latter."""

    def __init__(self, settings: Settings) -> None:
        url = make_url(settings.database_url.get_secret_value())
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(settings) if self.is_sqlite else _postgresql_engine(settings)
        self.writer: Any = self.engine.execution_options(immediate=True) if self.is_sqlite else self.engine
        self._hasty: Any = self.writer.execution_options(hasty=True)
        self.gate = Gate(
            2 if self.is_sqlite else settings.database_pool_size,  # one writes, one is ready
            settings.write_queue_size,
            settings.write_queue_wait_seconds,
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that is not meant to write; always rolled back."""
        with Session(self.engine, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self, *, patient: bool = True) -> Iterator[Session]:
        """Open a session that writes; commits at the end of the block with the audit rows, or rolls back all of it.

        Without patience it gives up at once (OperationalError) where another holds what it needs.
        """
        with Session(self.writer if patient else self._hasty) as session:
            if not patient and not self.is_sqlite:
                session.execute(text("set local lock_timeout = '50ms'"))
            yield session
            commit(session)

    def version(self) -> str:
        """Return the database's name and version, for `/readyz`; raises OperationalError when it is away."""
        query = "select sqlite_version()" if self.is_sqlite else "show server_version"
        with self.engine.connect() as connection:
            version = str(connection.execute(text(query)).scalar_one())
        return f"{'SQLite' if self.is_sqlite else 'PostgreSQL'} {version}"


def commit(session: Session) -> None:
    """Do what waits for the end, write the audit rows of what was done and commit all of it."""
    session.flush()
    events.end(session)
    audit.write(session)
    session.commit()


def upsert(dialect: str, table: Any) -> Any:
    """Return an `insert` that knows `on_conflict_do_update` in a database's dialect."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


def _sqlite_engine(settings: Settings) -> Engine:
    url = make_url(settings.database_url.get_secret_value())
    module = sqlite_module()
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        module=module,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_size,
        hide_parameters=True,  # an error is logged, figures are not
        connect_args={"timeout": settings.database_lock_timeout_seconds, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-32000",
            "wal_autocheckpoint=4000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "reset")
    def _reset(connection: Any, *_: Any) -> None:
        # SQLite keeps a transaction open whose COMMIT failed, and SQLAlchemy thinks it ended: it would hold the lock.
        if connection.in_transaction:
            connection.rollback()

    turns = Lock()  # SQLite lets a waiting writer sleep and ask again; here the next one starts when the last ends

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that starts to write late meets "database is locked" at once, without waiting.
        options = connection.get_execution_options()
        hasty = options.get("hasty", False)
        if not options.get("immediate"):
            hot.say(connection, "BEGIN")
            return
        if turns.acquire(timeout=0 if hasty else settings.database_lock_timeout_seconds):
            connection.info["turn"] = True
        if hasty:
            hot.say(connection, "PRAGMA busy_timeout=0")
        try:
            hot.say(connection, "BEGIN IMMEDIATE")  # another process may write; and who got no turn is told so here
        except BaseException:
            _pass_on(None, connection)
            raise
        finally:
            if hasty:
                hot.say(connection, f"PRAGMA busy_timeout={settings.database_lock_timeout_seconds * 1000}")

    @event.listens_for(engine, "checkin")
    @event.listens_for(engine, "invalidate")
    def _pass_on(_: Any, record: Any, *__: Any) -> None:
        if record.info.pop("turn", False):
            turns.release()

    return engine


def _postgresql_engine(settings: Settings) -> Engine:
    milliseconds = settings.database_lock_timeout_seconds * 1000
    return create_engine(
        make_url(settings.database_url.get_secret_value()),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_size,
        pool_timeout=settings.database_lock_timeout_seconds,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": f"-c lock_timeout={milliseconds} -c timezone=UTC"},
    )


def sqlite_is_safe_for_several_processes() -> bool:
    """Tell whether this SQLite is free of the WAL-reset race."""
    return tuple(sqlite_module().sqlite_version_info) >= SAFE_SQLITE


async def get_session(request: Request, _: Annotated[object, Depends(get_caller)]) -> AsyncIterator[Session]:
    """Supply the request's session; its transaction is committed before the answer leaves.

    It begins with the first statement and ends with `finish`, both in the endpoint's own thread (`DoorRoute`): threads
    are changed as seldom as can be. The caller is known first: strangers do not stand in the writers' queue.
    """
    database: Database = request.app.state.database
    if request.method in SAFE_METHODS:
        session = Session(database.engine, autoflush=False)
        session.info["finish"] = session.close
        async with _ended(session):
            yield session
        return
    async with database.gate.passage():
        session = Session(database.writer, expire_on_commit=False)
        session.info["audit_context"] = audit.Context.of(request)
        session.info["settings"] = request.app.state.settings  # for those whom an event tells something
        session.info["finish"] = partial(_finish, request, session)
        async with _ended(session):
            yield session


@asynccontextmanager
async def _ended(session: Session) -> AsyncIterator[None]:
    """Finish what the endpoint's thread has not; after a failure only roll back."""
    try:
        yield
        if "finish" in session.info:
            await run_in_threadpool(session.info.pop("finish"))
    finally:
        if session.in_transaction():
            await run_in_threadpool(session.close)


def _finish(request: Request, session: Session) -> None:
    versions.keep_answer(request, session)
    commit(session)
    session.close()


async def get_writing(request: Request, session: Annotated[Session, Depends(get_session, scope="function")]) -> Session:
    """Supply the session to a writing endpoint, unless the same call was answered before: then that answer returns."""
    database: Database = request.app.state.database
    if not database.is_sqlite or "idempotency-key" in request.headers:
        await run_in_threadpool(_claim, request, session, database)
    return session


def _claim(request: Request, session: Session, database: Database) -> None:
    caller = request.state.caller
    if caller is not None and caller.unit_id is not None:
        take_turns(session, [caller.unit_id])
    versions.replay(request, session)


def take_turns(session: Session, units: Iterable[int], kind: int = UNIT_LOCK) -> None:
    """Wait until nobody else writes for some units, as all do on SQLite: what is read stands until it is changed.

    Another kind of lock counts something else than units.
    """
    if session.get_bind().dialect.name != "sqlite":
        for unit in sorted(units):  # in one order, so that nobody waits in a circle
            session.execute(text("select pg_advisory_xact_lock(:kind, :unit)"), {"kind": kind, "unit": unit})


async def get_looking(request: Request, _: Annotated[object, Depends(get_caller)]) -> AsyncIterator[Session]:
    """Supply a session that only reads to an unsafe method: looking waits at no gate and leaves no row."""
    database: Database = request.app.state.database
    session = Session(database.engine, autoflush=False)
    session.info["finish"] = session.close
    async with _ended(session):
        yield session


Reading = Annotated[Session, Depends(get_session, scope="function")]
Looking = Annotated[Session, Depends(get_looking, scope="function")]
Writing = Annotated[Session, Depends(get_writing, scope="function")]
