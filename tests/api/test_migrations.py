"""Migrations on either database: from nothing to the models, down again and up, data kept wherever a table stays."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import CheckConstraint, insert, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel
from typer.testing import CliRunner

from app import migrations
from app.__main__ import cli
from app.core import audit, hot
from app.core.access import Caller
from app.core.db import Database
from app.core.settings import Settings
from app.tables import TABLES
from app.tasks import service as tasks
from app.tasks.directives import service as directives
from app.tasks.directives.schemas import DirectiveIn
from app.tasks.progress import service as progress
from app.tasks.progress.schemas import UpdateIn
from app.tasks.schemas import TaskNew
from app.throughput.figures.models import ExternalFigure, FigureDay
from tests.conftest import KIND, NOW
from tests.support import postgresql
from tests.support.clients import SetClock
from tests.support.tasks import directive, task


def _settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url), log_level="error", database_pool_size=5)


@pytest.fixture
def empty(tmp_path: Path, worker_id: str) -> Iterator[Database]:
    """A database with nothing in it."""
    url = f"sqlite:///{tmp_path}/empty.db" if KIND == "sqlite" else postgresql.address(f"t57_migrate_{worker_id}")
    if KIND == "postgresql":
        postgresql.create(url)
    database = Database(_settings(url))
    yield database
    database.engine.dispose()
    if KIND == "postgresql":
        postgresql.drop(url)


def _revisions() -> list[str]:
    """Return every revision from the first to the newest."""
    return [one.revision for one in ScriptDirectory.from_config(migrations.config()).walk_revisions()][::-1]


def _tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def _rows(database: Database) -> dict[str, list[tuple[str, ...]]]:
    """Return everything that is stored, by table, in this database's own order of columns."""
    names = _tables(database) - {"stamps"}  # stamps count how often a process is to read anew
    with database.engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f'select * from "{name}"').all() for name in names}
    return {name: sorted(tuple(map(str, row)) for row in rows) for name, rows in found.items()}


def _differences(database: Database) -> list[Any]:
    with database.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))


def test_there_is_one_line_of_migrations() -> None:
    script = ScriptDirectory.from_config(migrations.config())
    assert len(script.get_heads()) == 1
    assert script.get_base() == _revisions()[0]


def test_from_nothing_to_exactly_the_models(empty: Database) -> None:
    assert not migrations.is_migrated(empty)
    assert _tables(empty) == set()
    migrations.upgrade(empty)
    assert migrations.is_migrated(empty)
    assert _tables(empty) == set(TABLES)
    assert _differences(empty) == []


def test_the_comparison_can_find_a_difference(empty: Database) -> None:
    migrations.upgrade(empty)
    with empty.writer.connect() as connection:
        connection.execute(text("alter table audit_entries add column forgotten integer"))
        connection.execute(text("drop table published_figures"))
        connection.commit()
    assert {"remove_column", "add_table"} <= {difference[0] for difference in _differences(empty)}


def test_the_rules_of_the_models_are_in_the_database(empty: Database) -> None:
    """Alembic compares no CHECK and not every name: these are compared here."""
    migrations.upgrade(empty)
    inspector = inspect(empty.engine)
    for name, table in TABLES.items():
        wanted = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        found = {str(c["name"]) for c in inspector.get_check_constraints(name)}
        short = {one.removeprefix(f"ck_{name}_") for one in found}
        assert {one.removeprefix(f"ck_{name}_") for one in wanted} == short, name
        assert {tuple(sorted(fk["constrained_columns"])) for fk in inspector.get_foreign_keys(name)} == {
            tuple(sorted(c.name for c in fk.columns)) for fk in table.foreign_key_constraints
        }, name


def test_the_newest_twice_is_the_newest(empty: Database) -> None:
    migrations.upgrade(empty)
    before = _rows(empty)
    migrations.upgrade(empty)
    assert _rows(empty) == before


def test_the_seed_twice_changes_nothing(empty: Database) -> None:
    clock = SetClock(NOW)
    migrations.upgrade(empty)
    migrations.seed(empty, _settings("sqlite://"), clock)
    before = _rows(empty)
    assert len(before["units"]) > 40
    assert len(before["fields"]) > 20
    assert len(before["procedures"]) > 100
    migrations.seed(empty, _settings("sqlite://"), clock)
    assert _rows(empty) == before
    clock._now += timedelta(days=1)
    migrations.seed(empty, _settings("sqlite://"), clock)
    after = _rows(empty)
    assert {name for name in after if after[name] != before[name]} <= {"obligations"}


def test_a_percent_that_was_taken_back_is_none_in_its_history(empty: Database) -> None:
    clock = SetClock(NOW)
    migrations.upgrade(empty)
    migrations.seed(empty, _settings("sqlite://"), clock)
    now = clock.now()
    city = Caller(
        id=0, user_name="test", label="Chuyên viên", role="city_analyst", unit_id=None, unit_code=None,
        rights=frozenset(), units=None,
    )  # fmt: skip
    with empty.write() as session:
        session.info["audit_context"] = audit.Context(now, None, "test", "command")
        paper = directives.add(session, city, values=DirectiveIn.model_validate(directive()), now=now)
        for code, percent in (("TAKEN", 40), ("KEPT", 50), ("NONE", None)):
            row = tasks.add(session, city, values=TaskNew.model_validate(task(code, paper.id)), now=now)
            body = UpdateIn(percent=percent, on_track=True)
            progress.say(session, city, row, body=body, now=now + timedelta(hours=1))
    taken = "update tasks set percent = null, percent_source = null where code = 'TAKEN'"
    told = "select t.code, p.percent from task_percents p join tasks t on t.id = p.task_id order by p.at, p.id"
    migrations.downgrade(empty, "0014")
    with empty.writer.connect() as connection:
        connection.execute(text(taken))
        connection.commit()
    migrations.upgrade(empty)
    with empty.engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(text(told))] == [("TAKEN", 40), ("KEPT", 50), ("TAKEN", None)]


def test_down_and_up_again_step_by_step_with_data(empty: Database) -> None:
    """Every step down and up: what a table held that stays is there afterwards, and the models match at the end."""
    migrations.upgrade(empty)
    migrations.seed(empty, _settings("sqlite://"), SetClock(NOW))
    revisions = _revisions()
    held = _rows(empty)
    for below in [*revisions[-2::-1], "base"]:
        migrations.downgrade(empty, below)
        stayed = _tables(empty)
        for name, rows in _rows(empty).items():
            assert len(rows) == len(held[name]), (below, name)
        if below == "base":
            assert stayed == set()
    for above in revisions:
        migrations.upgrade(empty, above)
    assert _tables(empty) == set(TABLES)
    assert _differences(empty) == []
    migrations.seed(empty, _settings("sqlite://"), SetClock(NOW))
    assert {name: len(rows) for name, rows in _rows(empty).items()} == {name: len(rows) for name, rows in held.items()}


def test_tables_that_others_refer_to_are_rebuilt_with_what_they_hold(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.seed(empty, _settings("sqlite://"), SetClock(NOW))
    at = datetime.fromisoformat(NOW)
    day = {"id": 1, "unit_id": 1, "system": "city", "source": "mot-cua", "day": at.date(), "version": 1, "known_at": at,
           "sent_by": "x", "digest": "0" * 64, "open_gaps": 0}  # fmt: skip
    figure = {"figure_day_id": 1, "field_id": 1, "measure": "received_online", "version": 1, "value": 7, "known_at": at}
    with empty.engine.begin() as connection:
        connection.execute(insert(hot.table(FigureDay)), day)
        connection.execute(insert(hot.table(ExternalFigure)), figure)
    before = {name: len(rows) for name, rows in _rows(empty).items()}
    migrations.downgrade(empty, "0020")
    migrations.upgrade(empty)
    assert {name: len(rows) for name, rows in _rows(empty).items()} == before
    assert (before["figure_days"], before["external_figures"]) == (1, 1)
    with empty.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(hot.table(ExternalFigure)), figure | {"figure_day_id": 99})


def test_who_alone_spoke_of_a_unit_goes_on_and_of_several_nobody_is_chosen(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.seed(empty, _settings("sqlite://"), SetClock(NOW))
    migrations.downgrade(empty, "0013")
    said = [  # the source, the unit's place, the day, by whom, when
        ("one", 0, "2026-11-18", "A", "2026-11-20 08:00:00"), ("one", 0, "2026-11-19", "A", "2026-11-19 08:00:00"),
        ("one", 1, "2026-11-18", "A", "2026-11-20 08:00:00"), ("one", 1, "2026-11-19", "B", "2026-11-19 08:00:00"),
        ("two", 1, "2026-11-19", "B", "2026-11-19 08:00:00"), ("all", 1, "2026-11-19", "C", "2026-11-19 08:00:00"),
    ]  # fmt: skip
    with empty.writer.connect() as connection:
        units = list(connection.execute(text("select id from units order by id limit 2")).scalars())
        for source, place, day, by, at in said:
            connection.execute(
                text("insert into figure_days (unit_id, system, source, day, version, known_at, sent_by, digest)"
                     " values (:unit, 'city', :source, :day, 1, :at, :by, :digest)"),
                {"unit": units[place], "source": source, "day": day, "by": by, "at": at, "digest": "0" * 64},
            )  # fmt: skip
        for name, unit in (("B", units[1]), ("C", None)):
            connection.execute(
                text("insert into api_tokens (token_hash, name, role, unit_id, scopes, created_at, expires_at,"
                     " demonstration) values (:name, :name, 'machine', :unit, 'figures:send', '2026-11-01 08:00:00',"
                     " '2027-11-01 08:00:00', false)"),
                {"name": name, "unit": unit},
            )  # fmt: skip
        connection.commit()
    migrations.upgrade(empty)
    with empty.engine.connect() as connection:
        found = connection.execute(text("select source, unit_id, sender from figure_senders order by source, unit_id"))
        assert [tuple(row) for row in found] == [("all", None, "C"), ("one", units[0], "A"), ("two", units[1], "B")]


def test_each_step_is_whole_or_not_at_all(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went")

    made = 0
    real = op.create_table

    def create(*args: Any, **options: Any) -> Any:
        nonlocal made
        made += 1
        return fail() if made == 5 else real(*args, **options)

    monkeypatch.setattr(op, "create_table", create)
    with pytest.raises(RuntimeError, match="power"):
        migrations.upgrade(empty)
    monkeypatch.undo()
    assert made == 5
    assert _tables(empty) == set()
    migrations.upgrade(empty)
    assert _tables(empty) == set(TABLES)


def test_the_command_migrates_and_a_server_without_tables_does_not_start(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty.engine.url.render_as_string(hide_password=False))
    refused = CliRunner().invoke(cli, ["serve", "--port", "1"])
    assert refused.exit_code == 2
    assert "migrate" in refused.output
    assert CliRunner().invoke(cli, ["migrate"]).exit_code == 0
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0
    assert CliRunner().invoke(cli, ["migrate", "--down-to", "base"]).exit_code == 0
    assert _tables(empty) == set()
