"""Statements run as prepared text on the driver's own cursor, for the few on the path of every report.

A tenth of their usual cost. Values go in and rows come out through the column types' own processors, so both databases
mean the same; an error is SQLAlchemy's, as everywhere.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import add, itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Engine, Table, bindparam
from sqlalchemy.engine import Connection, Dialect
from sqlmodel import Session, SQLModel

Row = tuple[Any, ...]
Source = Session | Connection
ROWS_AT_ONCE = 200
_VALUES = re.compile(r"\bVALUES (\([?, ]+\))")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text and width, its own values, how those given are ordered and converted, how columns are read."""

    text: str
    width: int
    fixed: dict[str, Any]
    whole: bool  # no list of values in it, whose places are known only with the list
    pick: Callable[[Mapping[str, Any]], Any] | None
    makers: tuple[tuple[Any, Callable[[Any], Any]], ...]
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]


@lru_cache(maxsize=512)
def _prepared(statement: Any, dialect: Dialect, keys: tuple[str, ...]) -> _Prepared:
    compiled = statement.compile(dialect=dialect, column_keys=list(keys))
    pick = None
    if compiled.positional:
        names = tuple(compiled.positiontup or ())
        pick = itemgetter(*names) if len(names) > 1 else lambda values: tuple(values[name] for name in names)
    found = [(name, make) for name, make in compiled._bind_processors.items() if make is not None]
    makers = tuple((n, make) for name, make in found for n in _places(compiled, name))
    columns = enumerate(compiled._result_columns)
    of_columns = ((n, column.type.dialect_impl(dialect).result_processor(dialect, None)) for n, column in columns)
    readers = tuple((n, read) for n, read in of_columns if read is not None)
    fixed = {name: value for name, value in compiled.params.items() if name not in keys}
    whole = not compiled.post_compile_params
    return _Prepared(str(compiled), len(compiled._result_columns), fixed, whole, pick, makers, readers)


def _places(compiled: Any, name: str) -> list[Any]:
    """Return where a value goes: its name, or its places where the driver counts them."""
    return [n for n, other in enumerate(compiled.positiontup) if other == name] if compiled.positional else [name]


def table(model: type[SQLModel]) -> Table:
    """Return the table of a model."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


def several(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """Return values under names that a statement of `among` has for so many.

    They fill up to a power of two with the first, so that there are few such statements to be prepared.
    """
    assert values, "a condition on none of them has no rows: ask nothing"
    width = 1 << (len(values) - 1).bit_length()
    return {f"{name}{n}": values[n] if n < len(values) else values[0] for n in range(width)}


def among(column: ColumnElement[Any], name: str, width: int) -> ColumnElement[bool]:
    """Return the condition that a column is one of so many values."""
    return column.in_([bindparam(f"{name}{n}", type_=column.type) for n in range(width)])


def run(source: Source, statement: Any, values: Mapping[str, Any]) -> list[Row]:
    """Run a statement once with named values and return its rows, none for one that returns nothing."""
    connection, driver = _opened(source)
    prepared = _prepared(statement, connection.dialect, tuple(values))
    if not prepared.whole:
        return [tuple(row) for row in connection.execute(statement, dict(values))]
    cursor = driver.cursor()
    try:
        given = _given(values, prepared)
        try:
            cursor.execute(prepared.text, given)
            rows = cursor.fetchall() if cursor.description else []
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, prepared.text, None, cursor, None)
    finally:
        cursor.close()
    return _all_read(rows, prepared.readers)


def gather(source: Source, statement: Any, values: Mapping[str, Any]) -> list[Row]:
    """Return many rows in no order, of whole numbers, texts, days and moments, as `run` would; not of fractions.

    On SQLite they come as one: the driver lets go of the interpreter at every row, and gets it back behind all others.
    """
    connection, driver = _opened(source)
    prepared = _prepared(statement, connection.dialect, tuple(values))
    if prepared.pick is None or not prepared.whole:
        return run(source, statement, values)
    text, cursor = _gathered(prepared.text, prepared.width), driver.cursor()
    try:
        try:
            cursor.execute(text, _given(values, prepared))
            rows = json.loads(cursor.fetchone()[0])
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, text, None, cursor, None)
    finally:
        cursor.close()
    return _all_read(rows, prepared.readers)


def run_many(source: Source, statement: Any, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Insert rows that all name the same values; returns what the statement returns of them, in no order.

    On SQLite as one statement: the driver lets go of the interpreter at every row, and gets it back behind all others.
    """
    connection, _ = _opened(source)
    prepared = _prepared(statement, connection.dialect, tuple(rows[0]))
    if prepared.pick is None and prepared.width:
        return [found for row in rows for found in run(source, statement, row)]
    if prepared.pick is None:
        run_each(source, statement, rows)
        return []
    if prepared.fixed:
        rows = [{**prepared.fixed, **row} for row in rows]
    return _insert(source, prepared, [prepared.pick(row) for row in rows])


def run_each(source: Source, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement that returns nothing once with each of several rows of values."""
    connection, driver = _opened(source)
    prepared = _prepared(statement, connection.dialect, tuple(rows[0]))
    cursor = driver.cursor()
    try:
        given = [_given(row, prepared) for row in rows]
        try:
            cursor.executemany(prepared.text, given)
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, prepared.text, None, cursor, None)
    finally:
        cursor.close()


class Later:
    """Rows that wait for others of their kind, to be written with them in few statements, as these came first."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._rows: dict[tuple[Any, tuple[str, ...]], list[Any]] = {}
        self._sums: dict[tuple[Any, tuple[str, ...]], dict[Row, Sequence[int]]] = {}

    def put(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep rows of an insert or values of an update, all of which name the same."""
        if rows:
            self._rows.setdefault((statement, ()), []).extend(rows)

    def put_rows(self, statement: Any, names: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Keep rows of an insert, each given in the order of `names`."""
        if rows:
            self._rows.setdefault((statement, names), []).extend(rows)

    def add(self, statement: Any, names: tuple[str, ...], key: Row, amounts: Sequence[int]) -> None:
        """Keep amounts of an insert that adds to what stands under a key: those of one key become one row."""
        sums = self._sums.setdefault((statement, names), {})
        waits = sums.get(key)
        sums[key] = amounts if waits is None else tuple(map(add, waits, amounts))

    def write(self) -> None:
        """Write what waits."""
        for (statement, names), rows in self._rows.items():
            if names:
                run_rows(self.source, statement, names, rows)
            else:
                (run_many if statement.is_insert else run_each)(self.source, statement, rows)
        for (statement, names), sums in self._sums.items():
            run_rows(self.source, statement, names, [(*key, *amounts) for key, amounts in sums.items()])
        self._rows.clear()
        self._sums.clear()


def run_rows(source: Source, statement: Any, names: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert thousands of rows, each given in the order of `names`, which is that of the table's columns."""
    connection, _ = _opened(source)
    prepared = _prepared(statement, connection.dialect, names)
    order = {name: n for n, name in enumerate(names)}
    if prepared.pick is None or prepared.fixed or prepared.pick(order) != tuple(range(len(names))):
        run_many(source, statement, [dict(zip(names, row, strict=True)) for row in rows])
    else:
        _insert(source, prepared, rows)


def _insert(source: Source, prepared: _Prepared, rows: Sequence[Row]) -> list[Row]:
    """Insert rows given in the statement's order, each distinct value of a column converted once."""
    connection, driver = _opened(source)
    width, flat = len(rows[0]), list(chain.from_iterable(rows))
    for place, make in prepared.makers:
        values = flat[place::width]
        made = {value: make(value) for value in set(values)}
        flat[place::width] = [made[value] for value in values]
    found: list[Row] = []
    cursor = driver.cursor()
    try:
        try:
            for start in range(0, len(flat), ROWS_AT_ONCE * width):
                part = flat[start : start + ROWS_AT_ONCE * width]
                cursor.execute(_of_many(prepared.text, len(part) // width), part)
                if prepared.width:
                    found += cursor.fetchall()
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, prepared.text, None, cursor, None)
    finally:
        cursor.close()
    return _all_read(found, prepared.readers)


@lru_cache
def _gathered(text: str, width: int) -> str:
    """Return a query's text with its rows made one."""
    names = ", ".join(f"c{n}" for n in range(width))
    return f"WITH found({names}) AS ({text}) SELECT json_group_array(json_array({names})) FROM found"  # noqa: S608


@lru_cache(maxsize=1024)
def _of_many(text: str, count: int) -> str:
    """Return an insert's text for several rows."""
    found = _VALUES.search(text)
    assert found is not None, "only inserts are run for many rows"
    return f"{text[: found.end()]}{f', {found[1]}' * (count - 1)}{text[found.end() :]}"


def say(connection: Connection, text: str) -> None:
    """Run a command that has neither values nor rows."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text)
    except connection.dialect.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, text, None, None, None)
    finally:
        cursor.close()


@contextmanager
def glance(engine: Engine) -> Iterator[Connection]:
    """Open a connection for a few reads that need no transaction of their own."""
    with engine.connect() as connection:
        yield connection


def _opened(source: Source) -> tuple[Connection, Any]:
    """Return the connection and the driver's, found once a transaction."""
    if isinstance(source, Connection):
        return source, source.connection.dbapi_connection
    transaction = source.get_transaction()
    held = source.info.get("hot")
    if held is None or held[0] is not transaction or transaction is None:
        connection = source.connection()
        held = (source.get_transaction(), connection, connection.connection.dbapi_connection)
        source.info["hot"] = held
    return held[1], held[2]


def _given(values: Mapping[str, Any], prepared: _Prepared) -> Any:
    if prepared.fixed:
        values = {**prepared.fixed, **values}
    if not prepared.makers:
        return prepared.pick(values) if prepared.pick else values
    given: Any = list(prepared.pick(values)) if prepared.pick else dict(values)
    for place, make in prepared.makers:
        given[place] = make(given[place])
    return given


def _all_read(rows: list[Row], readers: tuple[tuple[int, Callable[[Any], Any]], ...]) -> list[Row]:
    """Return rows with their columns converted, each distinct value of one once: many rows name the same day."""
    if not rows or not readers:
        return rows
    columns = list(zip(*rows, strict=True))
    for place, read in readers:
        made = {value: read(value) for value in set(columns[place])}
        columns[place] = tuple([made[value] for value in columns[place]])
    return list(zip(*columns, strict=True))
