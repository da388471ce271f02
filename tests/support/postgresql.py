"""PostgreSQL for the tests: databases made and removed, and one that is put back as it was after every test."""

import os
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

_TABLES = "select quote_ident(tablename) from pg_tables where schemaname = 'public' order by 1"
_COLUMNS = """select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
    where attrelid = to_regclass(:table) and attnum > 0 and not attisdropped and attgenerated = ''"""
_SEQUENCES = "select quote_ident(sequencename), last_value from pg_sequences where schemaname = 'public'"
# What a migration changes: which tables and columns there are, and what holds of them.
_SHAPE = """select (select max(xmin::text::bigint) from pg_class where relnamespace = 'public'::regnamespace),
    (select count(*) from pg_class where relnamespace = 'public'::regnamespace),
    (select max(a.xmin::text::bigint) from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace),
    (select count(*) from pg_constraint where connamespace = 'public'::regnamespace)"""
_CHANGED = """select '{0}' where (select count(*) from public.{0}) <> (select count(*) from seed.{0})
    or exists (select from public.{0} where xmin::text::bigint > :since)"""
_BUSY = """select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and state <> 'idle'
    and pid <> pg_backend_pid()"""


def _server() -> str:
    url = os.environ.get("TIENDO57_TEST_POSTGRESQL")
    assert url, "TIENDO57_TEST_POSTGRESQL names no server: run `make test`"
    return url


def address(name: str) -> str:
    """Return the address of a database of this name on the tests' server."""
    return make_url(_server()).set(database=name).render_as_string(hide_password=False)


def _on_server(statement: str) -> None:
    engine = create_engine(_server(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def create(url: str, template: str | None = None) -> None:
    """Make an empty database, or a copy of another."""
    like = (
        f'TEMPLATE "{make_url(template).database}" STRATEGY FILE_COPY'
        if template
        else "ENCODING 'UTF8' TEMPLATE template0"
    )
    _on_server(f'CREATE DATABASE "{make_url(url).database}" {like}')


def drop(url: str) -> None:
    """Remove a database if it is there, whoever is connected to it."""
    _on_server(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


class Kept:
    """A copy of a database whose changed tables are filled anew: to copy all of it for each test takes far longer."""

    def __init__(self, url: str, template: str) -> None:
        self.url, self._template = url, template
        # One connection asks and another writes: whoever changes `session_replication_role` plans its questions anew.
        self._engine: Engine = create_engine(url)
        self._writer: Engine = create_engine(url)
        self._copy()

    def _copy(self) -> None:
        self._close()
        drop(self.url)
        create(self.url, self._template)
        with self._engine.begin() as connection:
            tables = connection.scalars(text(_TABLES)).all()
            connection.execute(text("create schema seed"))
            for table in tables:
                connection.execute(text(f"create table seed.{table} as table public.{table}"))
            self._columns = {table: connection.scalar(text(_COLUMNS), {"table": table}) for table in tables}
            self._shape = connection.execute(text(_SHAPE)).one()
            self._changed = text(" union all ".join(_CHANGED.format(table) for table in tables))
            last = connection.execute(text(_SEQUENCES)).all()
            self._sequences = text("select " + ", ".join(f"setval('{s}', {n or 1}, {n is not None})" for s, n in last))
            self._since = _transaction(connection)

    def put_back(self) -> None:
        """Make the database what it was at first; whoever is at work in it is sent away."""
        with self._engine.begin() as connection:
            connection.execute(text(_BUSY))
            same = connection.execute(text(_SHAPE)).one() == self._shape
            changed = connection.scalars(self._changed, {"since": self._since}).all() if same else []
            with self._writer.begin() as writer:
                self._fill(writer, changed)
        if not same:
            self._copy()

    def _fill(self, connection: Connection, tables: Sequence[str]) -> None:
        connection.execute(text("set local session_replication_role = replica"))  # no trigger, no foreign key
        for table in tables:
            # Only what is not as it was: rows written anew leave dead ones, which every later test would pass over.
            gone = f"delete from public.{table} where xmin::text::bigint > {self._since}"
            columns = self._columns[table]
            anew = f"insert into public.{table} ({columns}) overriding system value select {columns} from seed.{table}"
            connection.execute(text(f"{gone}; {anew} on conflict do nothing"))
        connection.execute(self._sequences)
        self._since = _transaction(connection)

    def remove(self) -> None:
        """Leave nothing of it."""
        self._close()
        drop(self.url)

    def _close(self) -> None:
        self._engine.dispose()
        self._writer.dispose()


def _transaction(connection: Connection) -> int:
    return int(connection.scalar(text("select pg_current_xact_id()::text")) or 0)
