"""One application a worker, a fresh database a test (as migrated and seeded), callers at both doors."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck
from hypothesis import settings as property_tests
from pydantic import SecretStr
from sqlmodel import Session
from xdist.scheduler.loadfile import LoadFileScheduling

from app import migrations
from app.accounts import sessions, tokens, users
from app.core import audit, stamps
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from app.units.service import by_code
from tests.support import asked, postgresql
from tests.support.clients import WARD, Client, PageClient, SetClock
from tests.support.lives import Lives
from tests.support.together import keep_compiled_templates, once

NOW = "2026-11-20T16:45:00+07:00"
PASSWORD = "một mật khẩu đủ dài 57"
KIND = os.environ.get("TIENDO57_TEST_DATABASE", "sqlite")
_numbers = count(1)
# How fast an example runs says more about the machine than about the rule. A run tries the same examples as the one
# before, so that a change is judged by what it changes; `make fuzz` looks for others.
_calm = property_tests(deadline=None, suppress_health_check=[HealthCheck.too_slow])
property_tests.register_profile("tests", _calm, derandomize=True, database=None)
property_tests.register_profile("fuzz", _calm, max_examples=1000)
property_tests.load_profile("tests")


def seeds(few: int) -> list[Any]:
    """Return the seeds of so many random histories; `make fuzz` tries a hundred more."""
    return [*range(few), *(pytest.param(seed, marks=pytest.mark.fuzz) for seed in range(few, few + 100))]


@cache  # to look through environment and file costs more than a small test
def settings_of(url: str) -> Settings:
    """Return the settings on a database; they are never changed, only copied."""
    return Settings(database_url=SecretStr(url), log_level="error", database_pool_size=5)


def _prepare(url: str) -> None:
    database = Database(settings_of(url))
    migrations.upgrade(database)
    migrations.seed(database, settings_of(url), SetClock(NOW))
    if KIND == "sqlite":
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.engine.dispose()


@pytest.fixture(scope="session")
def lives() -> Iterator[Lives]:
    """What begins processes that serve, and that a test may kill."""
    opened = Lives()
    yield opened
    opened.leave()


@pytest.fixture(scope="session")
def together(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that all workers of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def template(together: Path, worker_id: str) -> Iterator[str]:
    """A migrated and seeded database that every test's own is copied from; yields its address."""
    if KIND == "sqlite":
        yield f"sqlite:///{once(together / 'template.db', lambda path: _prepare(f'sqlite:///{path}'))}"
        return
    url = postgresql.address(f"t57_template_{worker_id}_{os.getpid()}")
    postgresql.create(url)
    _prepare(url)
    yield url
    postgresql.drop(url)


# What takes longest begins first, so that no worker ends alone with it; `[vi]` and its like go to different workers.
# The browser's come last: it keeps an event loop in the worker and a server beside it, which other tests would meet.
_FIRST = ("tests/packaging", "test_kill", "test_openapi", "api/test_demonstration", "test_access")
_LAST = ("test_every_page", "tests/browser")
_APART = ("test_every_page", "test_access")


def _mark_what_asks_nothing_new(items: list[pytest.Item]) -> None:
    """Mark what `make test` need not run on PostgreSQL too: a test's further cases, and what others ask as well."""
    others = set(asked.LIST.read_text("utf-8").splitlines())
    seen: set[str] = set()
    for item in items:
        if item.get_closest_marker("each") or item.get_closest_marker("once"):
            continue
        name = asked.name_of(item.nodeid)
        if name in seen:
            item.add_marker("once")
        elif name in others:
            item.add_marker("others")
        seen.add(name)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long ones first, and say which need no second database."""
    _mark_what_asks_nothing_new(items)

    def rank(item: pytest.Item) -> int:
        for n, name in enumerate((*_FIRST, "", *_LAST)):
            if name and name in item.nodeid:
                return n
        return len(_FIRST)

    items.sort(key=rank)


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """Keeps a file's tests, and so what they share, with one worker, but for files that are long in themselves."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return nodeid if any(name in path for name in _APART) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile:
    """Give tests out by file, whatever `--dist` says: it does not know ours (and groups, of which pytest 9.2 knows
    nothing more, were lost without a word).
    """
    return _ByFile(config, log)


def pytest_collection_finish() -> None:
    """Let the collector pass over what was imported: walking it again and again is a tenth of the run."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
    keep_compiled_templates()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Look once for what fails while it is thrown away; pytest would walk all there is five times more."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _one_loop() -> Iterator[None]:
    """Let every client of a worker use one event loop: by itself each makes a thread and a loop for every call."""
    with start_blocking_portal() as portal:
        TestClient.portal = portal
        yield
        TestClient.portal = None


@pytest.fixture(scope="session")
def database_place(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """The address at which one test's database after the other stands: the same, so that one engine serves them all."""
    if KIND == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database')}/test.db"
    return postgresql.address(f"t57_{worker_id}_{os.getpid()}")


@pytest.fixture(scope="session")
def anew(template: str, database_place: str) -> Iterator[Callable[[], None]]:
    """Make the database at that place the template's equal again."""
    if KIND == "sqlite":
        path = Path(database_place.removeprefix("sqlite:///"))

        def copy() -> None:
            for left in path.parent.iterdir():  # taken away, not written over: somebody may still hold it open
                left.unlink()
            shutil.copyfile(template.removeprefix("sqlite:///"), path)

        yield copy
    else:
        kept = postgresql.Kept(database_place, template)
        yield kept.put_back
        kept.remove()


@pytest.fixture
def database_url(database_place: str, anew: Callable[[], None]) -> str:
    """The address of this test's own database, migrated and seeded."""
    anew()
    return database_place


@pytest.fixture
def clock() -> SetClock:
    """The application's clock: a working Friday, 16:45 in Huế."""
    return SetClock(NOW)


@pytest.fixture(scope="session")
def _built(template: str) -> FastAPI:
    return create_app(settings_of(template), SetClock(NOW))


@pytest.fixture(scope="session")
def _database(database_place: str) -> Database:
    # What SQLAlchemy has compiled is kept with the engine: to compile it anew for every test is a fifth of the run.
    return Database(settings_of(database_place))


@pytest.fixture
def app(_built: FastAPI, _database: Database, database_url: str, clock: SetClock) -> Iterator[FastAPI]:
    """The application on this test's database and clock."""
    _built.state.settings = settings_of(database_url)
    _built.state.clock = clock
    _database.gate = Database(_built.state.settings).gate  # it belongs to the event loop where one first waited at it
    _built.state.database = _database
    yield _built
    stamps._kept.clear()  # the next test's data are others, whatever the stamps in them say
    for used in {_built.state.database, _database}:  # a test may have put another in its place
        if KIND == "sqlite" or used is not _database:  # a server's connections are dear, and see what is put back
            used.engine.dispose()


@pytest.fixture
def session(app: FastAPI, clock: SetClock) -> Iterator[Session]:
    """A writing session; call `commit` to have others see what it wrote."""
    with Session(app.state.database.writer) as opened:
        opened.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        yield opened


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """An API client without a token."""
    return Client(app, base_url="https://testserver", raise_server_exceptions=False)


@pytest.fixture
def api(app: FastAPI, clock: SetClock) -> Callable[..., TestClient]:
    """Make an API client with a role's token: `api("ward_officer", "19789")`; scopes are for machines."""

    def make(
        role: str = "ward_officer", unit: str | None = None, scopes: list[str] | None = None, name: str | None = None
    ) -> TestClient:
        if unit is None and role in ("ward_officer", "ward_leader"):
            unit = WARD
        if unit is None and role == "department_officer":
            unit = "SO-KHCN"
        with app.state.database.write() as session:
            session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
            _, clear = tokens.create_token(
                session, role=role, unit_id=by_code(session, unit).id if unit else None, scopes=scopes,
                name=name or f"test {role}", now=clock.now(), expires=clock.now() + timedelta(days=30),
            )  # fmt: skip
        headers = {"authorization": f"Bearer {clear}"}
        return Client(app, base_url="https://testserver", headers=headers, raise_server_exceptions=False)

    return make


@pytest.fixture
def people(app: FastAPI, clock: SetClock) -> Callable[..., PageClient]:
    """Make a signed-in person's browser: `people("ward_officer", "19789")`; it follows no redirect by itself."""

    def make(
        role: str = "ward_officer", unit: str | None = None, *, password: str | None = None, **options: Any
    ) -> PageClient:
        if unit is None and role in ("ward_officer", "ward_leader"):
            unit = WARD
        if unit is None and role == "department_officer":
            unit = "SO-KHCN"
        name = f"{role.replace('_', '-')}-{next(_numbers)}"
        with app.state.database.write() as session:
            session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
            # Opened as sign-in does after the hash, which has tests of its own: hashing costs most of a test.
            user = users.create_user(
                session, None, user_name=name, label=f"Chức danh {name}", role=role,
                unit_id=by_code(session, unit).id if unit else None, now=clock.now(), password=password,
            )  # fmt: skip
            _, clear = sessions.open_session(
                session, user, now=clock.now(), settings=app.state.settings, remember=False,
                user_agent="test", address="127.0.0.1",
            )  # fmt: skip
        browser = PageClient(
            app, base_url="https://testserver", follow_redirects=False, raise_server_exceptions=False, **options
        )
        browser.cookies.set("__Host-session", clear)
        return browser

    return make


@pytest.fixture
def stranger(app: FastAPI) -> PageClient:
    """A browser that nobody signed in with."""
    return PageClient(app, base_url="https://testserver", follow_redirects=False, raise_server_exceptions=False)
