"""Measures a changed 30-line report through HTTP against an echo of its body and against a bare SQLite loop.

Prints rates and their ratios, all taken in one run; run it with `python -m benchmarks.reports`.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlmodel import col

from app import migrations
from app.accounts import tokens
from app.core import audit
from app.core.db import Database, sqlite_module
from app.core.settings import Settings
from app.procedures.models import FieldApplicability, ProcedureField
from app.units.service import by_code
from benchmarks.app import NOW, StandingClock

WARDS = ("19789", "19753", "19774", "19777")
LINES = 30
ROUNDS = 5
SECONDS = 3.0
STARTS_WITHIN = 60  # seconds, on a busy machine
CLIENTS = (1, 4)


def body(step: int) -> bytes:
    """Return a report of 30 lines whose counts change with every step."""
    line = {
        "received_counter": 3, "received_post": 1, "resolved_early": 4, "resolved_on_time": 5, "resolved_overdue": 0,
        "pending_overdue": 0,
    }  # fmt: skip
    lines = [{"field": f"B{n:02}", "received_online": 20 + (step + n) % 7, **line} for n in range(LINES)]
    return json.dumps({"counted_until": "2026-11-20T16:30:00+07:00", "lines": lines}).encode()


def prepare(url: str) -> list[str]:
    """Migrate a database, give it 30 fields, and return a token for each ward."""
    settings = Settings(database_url=SecretStr(url))
    database = Database(settings)
    migrations.upgrade(database)
    migrations.seed(database, settings, StandingClock())
    made = []
    with database.write() as session:
        session.info["audit_context"] = audit.Context(NOW, None, "bench", "command")
        for n in range(LINES):
            session.add(
                ProcedureField(
                    code=f"B{n:02}", name_vi="x", name_en="x", name_fr="x", short_name="x", valid_from=NOW.date(),
                    valid_to=None, successor_id=None, sort_order=n, search_key="x", version=1,
                )
            )  # fmt: skip
        session.flush()
        fields = session.scalars(select(col(ProcedureField.id)).where(col(ProcedureField.code).like("B__"))).all()
        rows = [{"field_id": f, "system": "city", "unit_kind": "ward"} for f in fields]
        session.execute(insert(FieldApplicability), rows)
        for ward in WARDS:
            _, clear = tokens.create_token(
                session, role="ward_officer", unit_id=by_code(session, ward).id, scopes=None, name="bench", now=NOW,
                expires=NOW + timedelta(days=1),
            )  # fmt: skip
            made.append(clear)
    database.engine.dispose()
    return made


@contextmanager
def served(url: str, factory: str = "benchmarks.app:build") -> Iterator[int]:
    """Serve the application in a process of its own on a free port of the loopback address."""
    with serving(url, factory) as (port, _):
        yield port


@contextmanager
def serving(url: str, factory: str = "benchmarks.app:build") -> Iterator[tuple[int, int]]:
    """Do so, and tell the number of the process too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable, "-m", "uvicorn", "--factory", factory, "--port", str(port),
        "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the service did not start")
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.1).close()
    except OSError:
        return False
    return True


def rate(port: int, calls: list[Callable[[http.client.HTTPConnection, int], None]]) -> float:
    """Return calls per second of several clients at once, each on its own kept connection."""
    done = [0] * len(calls)
    stop = time.perf_counter() + SECONDS

    def work(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < stop:
            calls[index](connection, done[index])
            done[index] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(calls))]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begin)


def send(connection: http.client.HTTPConnection, path: str, token: str, content: bytes, **headers: str) -> Any:
    """Send one PUT and return its answer's headers; anything but success ends the run."""
    given = {"authorization": f"Bearer {token}", "content-type": "application/json", **headers}
    connection.request("PUT", path, content, given)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (200, 201):
        raise SystemExit(f"{answer.status}: {text[:500]!r}")
    return answer.headers


class Officer:
    """One client that keeps correcting its ward's report."""

    def __init__(self, ward: str, token: str) -> None:
        self.path, self.token, self.etag, self.step = f"/api/v1/throughput/reports/{ward}/2026-11-20/city", token, "", 0

    def __call__(self, connection: http.client.HTTPConnection, _: int) -> None:
        self.step += 1
        headers = {"if-match": self.etag} if self.etag else {}
        self.etag = send(connection, self.path, self.token, body(self.step), **headers)["etag"]


def bare(path: Path) -> float:
    """Return commits per second of a plain loop that writes the same 30 rows, durably, with nothing else."""
    connection = sqlite_module().connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    columns = ", ".join(f"c{n} integer" for n in range(10))
    connection.execute(
        f"create table lines (revision integer, field integer, {columns}, primary key (revision, field))"
    )
    marks, step, stop = ", ".join("?" * 12), 0, time.perf_counter() + SECONDS
    begin = time.perf_counter()
    while time.perf_counter() < stop:
        step += 1
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"insert into lines values ({marks})", [(step, n, *range(10)) for n in range(LINES)])
        connection.execute("COMMIT")
    spent = time.perf_counter() - begin
    connection.close()
    return step / spent


def main() -> None:
    """Run every measure in turn, several rounds, with one connection and with four, and print medians and ratios."""
    measured: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        made = prepare(url)
        with served(url) as port:
            officers = [Officer(ward, token) for ward, token in zip(WARDS, made, strict=True)]
            for n in range(ROUNDS):
                for clients in CLIENTS:
                    for name, calls in (
                        ("echo", [_echo("echo", t) for t in made]),
                        ("report", list(officers)),
                        ("echo with token", [_echo("echo-with-token", t) for t in made]),
                    ):
                        measured.setdefault(f"{name}, {clients}", []).append(rate(port, calls[:clients]))
                measured.setdefault("bare SQLite loop", []).append(bare(Path(folder) / f"bare{n}.db"))
    print(f"{'measure, connections':<24}{'median /s':>12}{'min':>10}{'max':>10}")
    for name, values in measured.items():
        print(f"{name:<24}{statistics.median(values):>12.1f}{min(values):>10.1f}{max(values):>10.1f}")
    for clients in CLIENTS:
        report = f"report, {clients}"
        for other in (f"echo, {clients}", f"echo with token, {clients}", "bare SQLite loop"):
            ratios = [a / b for a, b in zip(measured[report], measured[other], strict=True)]
            wanted = ", wanted ≥ 0.3" if "token" in other else ""
            print(
                f"{report} ÷ {other}: {statistics.median(ratios):.3f} ({min(ratios):.3f} … {max(ratios):.3f}){wanted}"
            )


def _echo(path: str, token: str) -> Callable[[http.client.HTTPConnection, int], None]:
    return lambda connection, n: send(connection, f"/api/v1/bench/{path}", token, body(n)) and None


if __name__ == "__main__":
    main()
