"""Measures that the portal's troubles are nobody's but its own, and how fast the one-gate system's events are taken.

A changed 30-line report through HTTP while a worker in the same process tries a portal that is away, slow or dripping,
beside the same without one; how long `tiendo57 worker` needs for 10,000 messages once the portal is back; and how many
events of dossiers the door takes in a second, with all rules, by one process. Prints 95th percentiles, their ratios and
seconds; run it with `python -m benchmarks.portal`, or with the name of a part: `entry`, `outbox`, `events`.
"""

import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text

from app.accounts import tokens
from app.core import audit
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.settings import Settings
from benchmarks.app import NOW
from benchmarks.reports import WARDS, Officer, prepare, served, serving
from tests.support.portal import Portal, put_messages, simulator

ROUNDS = 5
CALLS, WARM = 80, 20
MESSAGES = 10_000
EVENTS, EVENT_CALLS = 500, 20
# Shorter than an installation's, so that the worker meets more of the trouble in the time of a round.
LIMITS = {"portal_connect_seconds": 1, "portal_read_seconds": 1, "portal_total_seconds": 2}
TROUBLES: dict[str, dict[str, Any] | None] = {
    "down": None, "slow": {"fault": "slow", "seconds": 5}, "dripping": {"fault": "drip", "seconds": 5},
}  # fmt: skip


def environment(portal: Portal, **more: object) -> dict[str, str]:
    """Return the settings that have a worker tell the simulator."""
    told = portal.settings() | LIMITS | {"portal_push": "rest", "worker_nightly_at": "off", "log_level": "error"}
    return {f"TIENDO57_{name.upper()}": str(value) for name, value in (told | more).items()}


@contextmanager
def surroundings(values: dict[str, str]) -> Iterator[None]:
    """Have processes begun within the block know some settings."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def fill(url: str, count: int, now: datetime) -> None:
    """Put messages into the outbox."""
    database = Database(Settings(database_url=SecretStr(url)))
    for start in range(0, count, 500):
        with database.write() as session:
            session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
            put_messages(session, now, range(start, min(start + 500, count)))
    database.engine.dispose()


def entry(url: str, token: str) -> list[float]:
    """Return how many milliseconds each of a row of changed reports takes."""
    taken = []
    with served(url, "benchmarks.app:moving") as port:
        officer, connection = Officer(WARDS[0], token), http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", officer.path, headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        officer.etag = answer.headers["etag"] or ""
        officer.step = time.monotonic_ns() % 1_000_000
        for n in range(WARM + CALLS):
            begin = time.perf_counter()
            officer(connection, n)
            if n >= WARM:
                taken.append((time.perf_counter() - begin) * 1000)
            time.sleep(0.02)  # as wards send: one after the other, not in one stream
        connection.close()
    return taken


def beside(folder: str, portal: Portal) -> None:
    """Measure a ward's entry without a portal and beside each of its troubles, in turn."""
    url = f"sqlite:///{folder}/entry.db"
    token = prepare(url)[0]
    fill(url, 2_000, NOW)
    database = Database(Settings(database_url=SecretStr(url)))
    found: dict[str, list[list[float]]] = {name: [] for name in ("without", *TROUBLES)}
    for _ in range(ROUNDS):
        with surroundings({"TIENDO57_PORTAL_PUSH": "off"}):
            found["without"].append(entry(url, token))
        for name, fault in TROUBLES.items():
            portal.fault(**(fault or {"fault": None}))
            told = environment(portal, worker_in_serve=True)
            if fault is None:
                told["TIENDO57_PORTAL_REST_URL"] = "http://127.0.0.1:9/rest"
            with database.engine.begin() as connection:
                connection.execute(text("delete from portal_breakers"))  # each round meets it anew
            with surroundings(told):
                found[name].append(entry(url, token))
    p95 = {name: [statistics.quantiles(one, n=20)[18] for one in rounds] for name, rounds in found.items()}
    for name, rounds in p95.items():
        ratios = [a / b for a, b in zip(rounds, p95["without"], strict=True)]
        middle = statistics.median(one for row in found[name] for one in row)
        print(
            f"entry, portal {name:<10} median {middle:6.1f} ms, p95 {statistics.median(rounds):6.1f} ms, "
            f"÷ without {statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})"
        )
    with database.engine.connect() as connection:
        counted = "select outcome, count(*) as tries from portal_exchanges group by outcome"
        rows = connection.execute(text(counted)).all()
    print("tries meanwhile:", {row.outcome: row.tries for row in rows})


def emptied(folder: str, portal: Portal) -> None:
    """Measure how long one worker needs for many messages once the portal is back."""
    url = f"sqlite:///{folder}/outbox.db"
    prepare(url)
    fill(url, MESSAGES, SystemClock().now())
    portal.fault("unavailable", seconds=0)
    environ = (
        os.environ
        | environment(portal, portal_total_seconds=20, portal_read_seconds=10, portal_connect_seconds=3)
        | {"DATABASE_URL": url}
    )
    worker = subprocess.Popen([sys.executable, "-m", "app", "worker"], env=environ, stdout=subprocess.DEVNULL)
    database = Database(Settings(database_url=SecretStr(url)))

    def waiting() -> int:
        with database.engine.connect() as connection:
            waits = "select count(*) from outbox_messages where state = 'waiting'"
            return int(connection.execute(text(waits)).scalar_one())

    time.sleep(20)  # it has met the trouble, and leaves the portal alone
    assert waiting() == MESSAGES
    portal.fault(None)
    began = time.monotonic()
    while waiting() and time.monotonic() - began < 1800:
        time.sleep(1)
    seconds = time.monotonic() - began
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    told = portal.received()
    days, arrivals = len(told["days"]), sum(told["arrivals"].values())
    print(f"outbox of {MESSAGES}: empty {seconds:.0f} s after the portal's return, {MESSAGES / seconds:.0f} a second")
    print(f"the receiver has {days} days of {arrivals} arrivals; {waiting()} wait")


def taken(folder: str, _: Portal) -> None:
    """Measure how many events of the one-gate system the door takes in a second, with all rules, by one process."""
    url, key = f"sqlite:///{folder}/events.db", Path(folder) / "key"
    prepare(url)
    key.write_text("a key of the measure's own, long enough that nobody guesses it")
    database = Database(Settings(database_url=SecretStr(url)))
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        _, token = tokens.create_token(
            session, role="machine", unit_id=None, scopes=["portal:events"], name="one-gate", now=NOW,
            expires=NOW + timedelta(days=1),
        )  # fmt: skip
        found = session.execute(text("select code from units where kind in ('ward', 'commune') order by code"))
        units = list(found.scalars())
    database.engine.dispose()
    calls = [_events(n, units) for n in range(EVENT_CALLS)]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    wall, spent = [], []
    with surroundings({"TIENDO57_PORTAL_KEY_FILE": str(key)}), serving(url, "benchmarks.app:moving") as (port, number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with suppress(OSError):  # a busy machine takes its time to begin
                connection.connect()
                break
            time.sleep(0.2)
        for body in calls:
            begin, before = time.perf_counter(), _processor(number)
            connection.request("POST", "/api/v1/portal/events", body, headers)
            answer = json.loads(connection.getresponse().read())
            assert answer["accepted"] == EVENTS, answer
            wall.append(time.perf_counter() - begin)
            spent.append(_processor(number) - before)
        connection.close()
    wall, spent = wall[2:], spent[2:]  # the first calls warm up
    by_clock, by_processor = EVENTS * len(wall) / sum(wall), EVENTS * len(spent) / sum(spent)
    print(
        f"events: {by_clock:.0f} a second by the clock, {by_processor:.0f} by the server's processor time; "
        f"{EVENTS * EVENT_CALLS} in calls of {EVENTS}, "
        f"processor of the first half {sum(spent[:9]):.1f} s, of the second {sum(spent[9:]):.1f} s"
    )


def _events(call: int, units: list[str]) -> bytes:
    """Return a call of events of all wards: half begin a dossier, half settle one of the call before."""
    chance, made = random.Random(call), []
    for n in range(EVENTS):
        status = (2, 9)[n % 2]
        of = call - n % 2 if call else 0
        unit, day = units[(n // 2) % len(units)], 20 - chance.randrange(10)
        made.append({
            "dossier": f"H57.12-26{of:04}-{n // 2:05}", "procedure": "1.001193", "receiving_unit": unit,
            "competent_unit": unit, "channel": "online", "status": status,
            "at": f"2026-11-{day:02}T{chance.randrange(8, 16):02}:{chance.randrange(60):02}:{n % 60:02}+07:00",
            "due_at": "2026-12-01T17:00:00+07:00",
        })  # fmt: skip
    return json.dumps({"source": "one-gate", "events": made}).encode()


def _processor(number: int) -> float:
    """Return the seconds of processor that a process has used."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(parts: list[str]) -> None:
    """Run what was asked for, or all."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/simulator.db"
        prepare(url)
        portal = simulator(url)
        portal.fault(None)
        for name, part in {"entry": beside, "outbox": emptied, "events": taken}.items():
            if name in parts or not parts:
                part(folder, portal)
        print("load of the machine:", ", ".join(f"{one:.1f}" for one in os.getloadavg()))


if __name__ == "__main__":
    main(sys.argv[1:])
