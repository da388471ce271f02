"""`kill -9` of a worker that holds messages: nothing is lost, and nothing counts twice at the receiver.

The worker is `tiendo57 worker` itself, the receiver the simulator: both processes of their own over loopback.
"""

import random
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.core import audit
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.settings import Settings
from tests.conftest import KIND
from tests.support.lives import Lives
from tests.support.portal import Portal, put_messages, simulator

pytestmark = pytest.mark.skipif(KIND != "sqlite", reason="the worker is killed, not PostgreSQL")
LEASE = 5.0


@dataclass
class Workshop:
    """A database of its own, the simulator that it tells, and workers."""

    database: Database
    settings: dict[str, str]
    portal: Portal
    lives: Lives

    def begin(self) -> int:
        """Begin a worker; returns the process's number."""
        return self.lives.begin(["worker"], self.settings)

    def end(self, living: int, sign: signal.Signals) -> int:
        """End a worker and return its exit code."""
        return self.lives.end(living, sign)

    def put(self, numbers: range) -> None:
        """Put messages into the outbox."""
        now = SystemClock().now()
        with self.database.write() as session:
            session.info["audit_context"] = audit.Context(now, None, "test", "command")
            put_messages(session, now, numbers)

    def count(self, where: str) -> int:
        """Return how many messages are so."""
        with self.database.engine.connect() as connection:
            return int(connection.execute(text(f"select count(*) from outbox_messages where {where}")).scalar_one())

    def until(self, where: str, least: int) -> None:
        """Wait until at least so many messages are so."""
        end = time.monotonic() + 120
        while self.count(where) < least:
            assert time.monotonic() < end, f"{where}: {self.count(where)}"
            time.sleep(0.005)


@pytest.fixture
def workshop(template: str, tmp_path: Path, lives: Lives) -> Iterator[Workshop]:
    """A workshop with a migrated database; every process is ended whatever happens."""
    path = tmp_path / "outbox.db"
    shutil.copyfile(template.removeprefix("sqlite:///"), path)
    portal = simulator(template)
    portal.fault(None)
    url = f"sqlite:///{path}"
    told = portal.settings() | {
        "portal_push": "rest", "worker_lease_seconds": LEASE, "worker_nightly_at": "off", "log_level": "error",
        "worker_at_once": 3,
        "portal_total_seconds": 5.0, "portal_read_seconds": 5.0,
    }  # fmt: skip
    settings = {f"TIENDO57_{name.upper()}": str(value) for name, value in told.items()} | {"DATABASE_URL": url}
    opened = Workshop(Database(Settings(database_url=SecretStr(url))), settings, portal, lives)
    yield opened
    opened.database.engine.dispose()


def _endure(workshop: Workshop, kills: int, seed: int) -> None:
    chance, told, held_at_death = random.Random(seed), 0, 0
    for _ in range(kills):
        workshop.put(range(told, told + 6))
        told += 6
        # Slow answers: most of a worker's time it holds a message whose answer is still to come.
        workshop.portal.fault("slow", generation="rest", forget=False, seconds=0.05)
        living = workshop.begin()
        his = f"claimed_by like '%-{living}-%'"
        workshop.until(his, 1)
        time.sleep(chance.uniform(0, 0.15))
        assert workshop.end(living, signal.SIGKILL) == -signal.SIGKILL
        held_at_death += workshop.count(his)
    workshop.portal.fault(None, forget=False)
    living = workshop.begin()
    workshop.until("state = 'sent'", told)
    assert workshop.end(living, signal.SIGTERM) == 0
    assert held_at_death >= kills // 2, "the kills fell beside the sending"
    _nothing_is_lost_or_doubled(workshop, told, held_at_death)


def _endure_together(workshop: Workshop, kills: int, seed: int, workers: int) -> None:
    """Kill one of several workers again and again while the others send on."""
    chance, told, held_at_death = random.Random(seed), 0, 0
    workshop.portal.fault("slow", generation="rest", forget=False, seconds=0.05)
    living = {place: workshop.begin() for place in range(workers)}
    for n in range(kills):
        place = n % workers
        his = f"claimed_by like '%-{living[place]}-%'"
        until = time.monotonic() + 120
        while not workshop.count(his):
            # The others may send all while this one still looks away: there is always something left for it.
            assert time.monotonic() < until, f"worker {living[place]} takes nothing"
            if workshop.count("state = 'waiting' and claimed_until is null") < 6:
                workshop.put(range(told, told + 12))
                told += 12
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        assert workshop.end(living[place], signal.SIGKILL) == -signal.SIGKILL
        held_at_death += workshop.count(his)
        living[place] = workshop.begin()
    workshop.portal.fault(None, forget=False)
    workshop.until("state = 'sent'", told)
    for number in living.values():
        assert workshop.end(number, signal.SIGTERM) == 0
    assert held_at_death >= kills // 2, "the kills fell beside the sending"
    _nothing_is_lost_or_doubled(workshop, told, held_at_death)
    with workshop.database.engine.connect() as connection:
        senders = connection.execute(text("select count(distinct worker) from outbox_attempts")).scalar_one()
    assert senders > workers, "they worked beside one another"


def _nothing_is_lost_or_doubled(workshop: Workshop, told: int, held_at_death: int) -> None:
    received = workshop.portal.received()
    keys = {f"U{n:05d}.2026-11-20.city.1.1" for n in range(told)}
    assert set(received["arrivals"]) == keys, "nothing is lost"
    assert {day["message"] for day in received["days"].values()} == keys
    assert len(received["days"]) == told, "nothing counts twice"
    with workshop.database.engine.connect() as connection:
        unfinished = "select count(*) from outbox_attempts where outcome is null"
        assert connection.execute(text(unfinished)).scalar_one() >= held_at_death, "an interrupted try says so"
        # A try begins when the one before has ended or its worker's lease is over: nobody holds what another holds.
        too_early = (
            "select count(*) from outbox_attempts a join outbox_attempts b "
            "on b.message_id = a.message_id and b.number = a.number + 1 where b.at < coalesce(a.ended_at, '9999') "
            "and julianday(b.at) < julianday(a.at) + (:lease - 0.001) / 86400"
        )
        assert connection.execute(text(too_early), {"lease": LEASE}).scalar_one() == 0, "one message, one holder"
        assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]


def test_four_kills_lose_nothing_and_double_nothing(workshop: Workshop) -> None:
    _endure(workshop, 4, seed=57)


@pytest.mark.soak
def test_fifty_kills_lose_nothing_and_double_nothing(workshop: Workshop) -> None:
    _endure(workshop, 50, seed=random.SystemRandom().randrange(2**32))


def test_kills_among_several_workers_lose_nothing_and_double_nothing(workshop: Workshop) -> None:
    _endure_together(workshop, 2, seed=57, workers=2)


@pytest.mark.soak
def test_fifty_kills_among_three_workers_lose_nothing_and_double_nothing(workshop: Workshop) -> None:
    _endure_together(workshop, 50, seed=random.SystemRandom().randrange(2**32), workers=3)


def test_a_worker_that_is_asked_to_end_finishes_what_it_holds(workshop: Workshop) -> None:
    workshop.settings["TIENDO57_WORKER_LEASE_SECONDS"] = "30"
    workshop.put(range(30))
    workshop.portal.fault("slow", generation="rest", seconds=0.4)
    living = workshop.begin()
    workshop.until("claimed_until is not null", 1)
    assert workshop.end(living, signal.SIGTERM) == 0
    assert workshop.count("claimed_until is not null") == 0, "nobody has to wait for its lease"
    sent = workshop.count("state = 'sent' and attempts = 1")
    assert 1 <= sent < 30
    assert workshop.count("state = 'waiting' and attempts = 0") == 30 - sent
