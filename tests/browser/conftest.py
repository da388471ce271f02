"""The real server on a small demonstration, and a Chromium that visits it."""

import os
import shutil
import signal
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from pydantic import SecretStr

from app import migrations
from app.accounts import users
from app.accounts.demonstration import PASSWORD
from app.accounts.passwords import NewPassword, hash_password
from app.accounts.rules import Role
from app.core import audit
from app.core.db import Database
from app.core.settings import Settings
from app.demo import loader
from app.units.service import by_code
from tests.support.clients import OTHER, SetClock
from tests.support.lives import Lives
from tests.support.together import once

# A working Monday, after four reported days; the clock of the server stands there.
NOW = "2025-07-07T16:45:00+07:00"
TODAY = "2025-07-07"
AT = f"/throughput/reports/{OTHER}/{TODAY}"
PHONE = {"width": 360, "has_touch": True, "is_mobile": True}
DESK = {"width": 1280}
OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # A page of its own process costs half as much again.
    "--renderer-process-limit=1",
    # No page stands long enough to be worth optimising, or tidying up beside it.
    "--js-flags=--no-opt,--no-maglev,--single-threaded,--min-semi-space-size=64",
)  # fmt: skip


@dataclass
class Site:
    """A served installation: where it is, and the cookies of who signed in."""

    address: str
    cookies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def sign_in(self, user_name: str) -> list[dict[str, Any]]:
        """Return the cookies of a person, signed in once."""
        if user_name not in self.cookies:
            with httpx2.Client(base_url=self.address) as client:
                answer = client.post(
                    "/sign-in",
                    data={"user_name": user_name, "password": PASSWORD},
                    headers={"sec-fetch-site": "same-origin"},
                )
                assert answer.status_code == 303, answer.text
                self.cookies[user_name] = [
                    {"name": name, "value": value, "url": self.address} for name, value in client.cookies.items()
                ]
        return self.cookies[user_name]


@contextmanager
def installation(folder: Path, lives: Lives) -> Iterator[Site]:
    """The server as people run it, on its own database with the demonstration's first four days."""
    url = f"sqlite:///{folder}/site.db"
    shutil.copyfile(_loaded(folder), f"{folder}/site.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"DATABASE_URL": url, "TIENDO57_DEMONSTRATION": "true", "TIENDO57_LOG_LEVEL": "error"}
    living = lives.begin([str(port)], settings, NOW)
    try:
        address = f"http://127.0.0.1:{port}"
        _await(address)
        yield Site(address)
    finally:
        lives.end(living, signal.SIGTERM)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, lives: Lives) -> Iterator[Site]:
    """One installation for all tests of the browser."""
    with installation(tmp_path_factory.mktemp("site"), lives) as served:
        _send_ministry(served)
        yield served


def _loaded(folder: Path) -> Path:
    """Return the file with the demonstration's first days: the first worker to come loads it, the others wait."""
    shared = next(parent for parent in folder.parents if not parent.name.startswith("popen-"))

    def load(path: Path) -> None:
        settings = Settings(database_url=SecretStr(f"sqlite:///{path}"), demonstration=True)
        _load(Database(settings), settings)

    return once(shared / "demonstration.db", load)


def _send_ministry(site: Site) -> None:
    """Send that part of the day: tests that type into the city's would else be asked about it each time."""
    columns = ("received_online", "received_counter", "resolved_early", "resolved_on_time", "resolved_overdue")
    cookies = {one["name"]: one["value"] for one in site.sign_in("canbo.hai")}
    with httpx2.Client(base_url=site.address, cookies=cookies) as client:
        form = {"_method": "PUT"}
        for row in client.get(f"{AT}/worksheet.json").json()["ministry"]["rows"]:
            cells = dict.fromkeys(columns, "0") | {"field": row["field"], "pending_overdue": row["overdue_before"]}
            form |= {f"ministry[lines][{row['field']}][{name}]": str(value) for name, value in cells.items()}
        assert client.post(AT, data=form, headers={"sec-fetch-site": "same-origin"}).status_code == 303


def _load(database: Database, settings: Settings) -> None:
    clock = SetClock(NOW)
    migrations.upgrade(database)
    migrations.seed(database, settings, clock)
    loader.load(database, settings, until=clock.now().date().replace(day=4))
    with database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        users.create_user(
            session, None, user_name="canbo.hai", label="Chuyên viên Một cửa", role=Role.ward_officer,
            unit_id=by_code(session, OTHER).id, password=NewPassword(hash_password(PASSWORD), None), now=clock.now(),
        )  # fmt: skip
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.engine.dispose()


def _await(address: str) -> None:
    for _ in range(150):
        try:
            httpx2.get(f"{address}/healthz")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """What speaks to browsers: one for all of them."""
    with sync_playwright() as playwright:
        yield playwright


def launch(driver: Playwright, *flags: str) -> Browser:
    """Start the browser that `make test` found."""
    path = os.environ.get("TIENDO57_TEST_CHROMIUM", "/usr/bin/chromium")
    environment: Any = os.environ | {"FONTCONFIG_FILE": str(Path(__file__).parent / "fonts.conf")}
    return driver.chromium.launch(executable_path=path, args=[*FLAGS, *flags], env=environment)


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    """The browser of all journeys."""
    with launch(driver) as browser:
        yield browser


class Visitor:
    """One person's browser window, and what its console complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.page: Page = context.pages[0] if context.pages else context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        # Chromium logs every answer of 400 and more; those are the pages asked for.
        if message.type in ("error", "warning") and "the server responded with a status of" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(path)
        return self.page

    @property
    def overflows(self) -> bool:
        """Tell whether the page is wider than its window."""
        return bool(self.page.evaluate(OVERFLOWS))


@pytest.fixture(scope="session")
def kept() -> dict[str, list[BrowserContext]]:
    """Contexts to be used again, by their options: the first page of a new one costs five times as much."""
    return defaultdict(list)


def _wash(context: BrowserContext, address: str) -> None:
    for one in context.pages:
        one.close()  # first: an open form would keep its draft anew, and send it when the line is back
    context.unroute_all()
    context.set_offline(False)
    context.clear_cookies()
    context.clear_permissions()
    session = context.new_cdp_session(context.new_page())  # a page that stays for who comes next
    session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
    session.detach()


@pytest.fixture
def visit(site: Site, chromium: Browser, kept: dict[str, list[BrowserContext]]) -> Iterator[Callable[..., Visitor]]:
    """Open a browser window: `visit("canbo", locale="fr", width=360)`; without a name nobody is signed in.

    A context is washed and used again, unless it is opened `apart` for what cannot be washed off, as another clock.
    """
    opened: list[tuple[str | None, BrowserContext]] = []

    def make(
        user_name: str | None = None, locale: str = "vi", width: int = 1280, *, apart: bool = False, **options: Any
    ) -> Visitor:
        alike = None if apart else f"{site.address} {width} {sorted(options.items())}"
        if alike and kept[alike]:
            context = kept[alike].pop()
        else:
            size = {"width": width, "height": 900}
            context = chromium.new_context(base_url=site.address, viewport=size, **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        context.set_default_navigation_timeout(30_000)  # a busy machine may take long to begin with
        opened.append((alike, context))
        context.add_cookies([{"name": "lang", "value": locale, "url": site.address}])
        if user_name is not None:
            context.add_cookies(site.sign_in(user_name))  # type: ignore[arg-type]
        return Visitor(context)

    yield make
    for alike, context in opened:
        if alike is None:
            context.close()
            continue
        try:
            _wash(context, site.address)
        except PlaywrightError:
            context.close()
        else:
            kept[alike].append(context)


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def window(request: Any, visit: Callable[..., Visitor]) -> Iterator[Visitor]:
    """An officer at the day's form, whose console stays silent."""
    visitor = visit("canbo.hai", **request.param)
    visitor.go(f"{AT}/worksheet")
    yield visitor
    assert [c for c in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in c] == []
