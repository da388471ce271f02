"""`kill -9` under eight writers: nothing acknowledged is lost, nothing is there twice."""

import itertools
import random
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from typer.testing import CliRunner

from app import migrations
from app.__main__ import cli
from app.core import audit
from app.core.clock import SystemClock, day_of
from app.core.db import Database
from app.core.settings import Settings
from app.throughput import totals
from app.units.service import listing
from tests.conftest import KIND
from tests.support.clients import line, report
from tests.support.lives import Lives

pytestmark = pytest.mark.skipif(KIND != "sqlite", reason="the server process is killed, not PostgreSQL's")
WRITERS = 8
SYSTEMS = ("city", "ministry")


@dataclass
class House:
    """A database of its own, and the server process on it."""

    url: str
    port: int
    lives: Lives
    living: int | None = None
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start `tiendo57 serve` and wait until it answers."""
        settings = {"DATABASE_URL": self.url, "TIENDO57_LOG_LEVEL": "error"}
        self.living = self.lives.begin(["serve", "--port", str(self.port)], settings)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", self.port)) == 0:
                    self.open.set()
                    return
            time.sleep(0.02)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """End the process as a power cut would: nothing of it runs any more."""
        self.open.clear()
        if self.living is not None:
            living, self.living = self.living, None
            assert self.lives.end(living, signal.SIGKILL) == -signal.SIGKILL, "the server ended by itself"


@dataclass
class Writer:
    """One ward's officer: sends, and after an answer that never came sends the same again until it knows."""

    house: House
    unit: str
    day: date
    token: str
    with_key: bool
    stop: threading.Event
    accepted: dict[str, list[int]] = field(default_factory=lambda: {s: [] for s in SYSTEMS})
    unknown: int = 0
    replayed: int = 0
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        tags: dict[str, str] = {}
        with httpx2.Client(
            base_url=self.house.address,
            timeout=15,
            trust_env=False,
            verify=False,
            headers={"authorization": f"Bearer {self.token}"},
        ) as client:
            for number in itertools.count(1):
                if self.stop.is_set():
                    return
                system = SYSTEMS[number % 2]
                headers = {"if-match": tags[system]} if system in tags else {}
                if self.with_key:
                    headers["idempotency-key"] = f"{self.unit}-{number}"
                answer = self._until_answered(client, system, number, headers)
                if answer is None:
                    return
                if not answer.is_success:
                    self.wrong.append(f"{answer.status_code} {answer.text}")
                    return
                tags[system] = answer.headers["etag"]
                self.accepted[system].append(number)
                if answer.json()["lines"][0]["received_online"] != number:
                    self.wrong.append(f"{number} was answered with {answer.text}")

    def _until_answered(
        self, client: httpx2.Client, system: str, number: int, headers: dict[str, str]
    ) -> httpx2.Response | None:
        path = f"/api/v1/throughput/reports/{self.unit}/{self.day}/{system}"
        until = time.monotonic() + 180  # longer than all kills, on a slow machine too
        body = report(line(received_online=number))
        while time.monotonic() < until:
            try:
                answer = client.put(path, json=body, headers=headers)
            except httpx2.ConnectError:
                self.house.open.wait(30)
                continue
            except httpx2.TransportError:
                self.unknown += 1
                continue
            if answer.status_code == 503:
                time.sleep(0.2)
                continue
            self.replayed += "idempotency-replayed" in answer.headers
            return answer
        self.wrong.append(f"no answer to {number}")
        return None


@pytest.fixture
def house(template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lives: Lives) -> Iterator[House]:
    """A migrated database and a port; the process is ended whatever happens."""
    path = tmp_path / "killed.db"
    shutil.copyfile(template.removeprefix("sqlite:///"), path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{path}"
    monkeypatch.setenv("DATABASE_URL", url)
    database = Database(Settings())
    migrations.seed(database, Settings(), SystemClock())
    database.engine.dispose()
    opened = House(url, port, lives)
    yield opened
    opened.kill()


def _token(unit: str) -> str:
    result = CliRunner().invoke(cli, ["token", "create", "--role", "ward_officer", "--unit", unit])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def _last_working_day(house: House, token: str) -> date:
    """Return the day that may still be corrected without a reason."""
    today = day_of(SystemClock().now())
    answer = httpx2.get(
        f"{house.address}/api/v1/calendar/days", params={"from": str(today - timedelta(days=20)), "to": str(today)},
        headers={"authorization": f"Bearer {token}"}, trust_env=False, verify=False,
    )  # fmt: skip
    return date.fromisoformat(next(d["day"] for d in reversed(answer.json()["days"]) if d["working"]))


def _endure(house: House, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    database = Database(Settings(database_url=SecretStr(house.url)))
    with database.read() as session:
        units = [u.code for u in listing(session, None).items if u.kind in ("ward", "commune")][:WRITERS]
    tokens = {unit: _token(unit) for unit in units}
    house.start()
    day = _last_working_day(house, tokens[units[0]])
    stop = threading.Event()
    writers = [Writer(house, unit, day, tokens[unit], n % 2 == 0, stop) for n, unit in enumerate(units)]
    threads = [threading.Thread(target=writer.run, daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    for kill in range(1, kills + 1):
        _wait_for(writers, 4 * kill)
        time.sleep(chance.uniform(0, 0.3))
        house.kill()
        house.start()
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join(190)
    house.kill()  # once more: the check reads what a power cut left
    assert [w for writer in writers for w in writer.wrong] == []
    assert not any(thread.is_alive() for thread in threads)
    assert sum(writer.unknown for writer in writers) >= kills // 2, "the kills fell beside the writes"
    done = [sum(map(len, writer.accepted.values())) for writer in writers]
    assert min(done) > 0
    assert sum(done) >= 4 * kills, "there was little to lose"
    _check(database, writers)
    database.engine.dispose()


def _wait_for(writers: list[Writer], accepted: int) -> None:
    """Let the writers come so far that there is something to lose, however slow the machine is."""
    until = time.monotonic() + 60
    while sum(len(a) for writer in writers for a in writer.accepted.values()) < accepted:
        assert time.monotonic() < until, [w for writer in writers for w in writer.wrong]
        time.sleep(0.01)


def _check(database: Database, writers: list[Writer]) -> None:
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        for writer in writers:
            for system, accepted in writer.accepted.items():
                stored = connection.execute(_STORED, {"unit": writer.unit, "system": system}).all()
                assert [tuple(row) for row in stored] == list(enumerate(accepted, 1)), (writer.unit, system)
        changes = sum(len(a) for writer in writers for a in writer.accepted.values())
        audited = "select count(*) from audit_entries where action in ('report.received', 'report.corrected')"
        assert connection.execute(text(audited)).scalar_one() == changes
    with database.read() as session:
        faults: list[Any] = [*audit.broken_links(session), *totals.differences(session)]
        assert faults == []


_STORED = text(
    "select r.number, l.received_online from report_revisions r join report_lines l on l.revision_id = r.id"
    " join reports p on p.id = r.report_id join units u on u.id = p.unit_id"
    " where u.code = :unit and p.system = :system order by r.number"
)


def test_twenty_kills_lose_nothing_and_double_nothing(house: House) -> None:
    _endure(house, 20, seed=57)


@pytest.mark.soak
def test_two_hundred_kills_lose_nothing_and_double_nothing(house: House) -> None:
    _endure(house, 200, seed=random.SystemRandom().randrange(2**32))
