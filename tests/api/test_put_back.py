"""Between two tests the database is as it was, whatever the first one did to it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import inspect, text

from app.core.db import Database
from tests.conftest import KIND, settings_of


def everything(database: Database) -> dict[str, Any]:
    """Return every table's rows, and where each sequence stands."""
    names = inspect(database.engine).get_table_names()
    with database.engine.connect() as connection:
        found: dict[str, Any] = {
            name: sorted(map(str, connection.execute(text(f'select * from "{name}"')).all())) for name in names
        }
        if KIND == "postgresql":
            found["sequences"] = sorted(
                map(str, connection.execute(text("select sequencename, last_value from pg_sequences")).all())
            )
    return found


def test_rows_sequences_and_tables_are_put_back(
    template: str, database_place: str, anew: Callable[[], None], people: Callable[..., Any]
) -> None:
    like = Database(settings_of(template))
    first = everything(like)
    like.engine.dispose()
    database = Database(settings_of(database_place))
    anew()
    assert everything(database) == first
    people("administrator")  # a user, a session and the audit's rows
    with database.engine.begin() as connection:
        connection.execute(text("update procedures set code = code || '9'"))
    changed = everything(database)
    assert {name for name in first if changed[name] != first[name]} >= {"users", "procedures", "audit_entries"}
    with database.engine.connect() as left:  # somebody is still at work
        left.execute(text("select 1"))
        anew()
        left.invalidate()
    database.engine.dispose()
    assert everything(database) == first
    with database.engine.begin() as connection:
        connection.execute(text("create table another (id integer)"))
    database.engine.dispose()
    anew()
    assert everything(database) == first
