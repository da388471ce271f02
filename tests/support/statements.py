"""What is asked of the database, by whichever way: through SQLAlchemy, or prepared on the driver's own cursor."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from app.core import hot

Asked = list[tuple[str, Any]]


class _Through:
    """A connection or cursor of the driver that notes what is sent."""

    def __init__(self, within: Any, seen: Asked) -> None:
        self._within, self._seen = within, seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._within, name)

    def cursor(self) -> "_Through":
        return _Through(self._within.cursor(), self._seen)

    def execute(self, statement: str, values: Any = ()) -> Any:
        self._seen.append((statement, values))
        return self._within.execute(statement, values)

    def executemany(self, statement: str, rows: Any) -> Any:
        self._seen.append((statement, rows))
        return self._within.executemany(statement, rows)


@contextmanager
def asked(engine: Engine | type[Engine], seen: Asked | None = None) -> Iterator[Asked]:
    """Gather all statements with their values, in order, until the end; a test that finds none looks at nothing."""
    seen = [] if seen is None else seen

    def note(*call: Any) -> None:
        seen.append((call[2], call[3]))

    opened = hot._opened

    def through(source: hot.Source) -> Any:
        connection, driver = opened(source)
        return connection, _Through(driver, seen)

    event.listen(engine, "before_cursor_execute", note)
    hot._opened = through
    try:
        yield seen
    finally:
        hot._opened = opened
        event.remove(engine, "before_cursor_execute", note)
    assert seen, "nothing was asked"
