"""The simulator as a process of its own, and the application's settings that lead to it."""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlmodel import Session

from app.core import audit
from app.core.jobs import service as outbox
from app.portal.adapters.rules import PortalMonth
from app.portal.codes import pulling
from app.portal.messages import rules
from app.portal.messages.rules import Subject
from app.throughput.rules import Line
from tests.support.clients import SetClock

# It speaks plain HTTP: to read the world's certificates would take longer than all that is asked here.
_CALLER = httpx2.Client(verify=False, trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
LINE = Line("HT", 0, 3, 1, None, 2, 1, 0, 0, 1, 0)


class Portal:
    """A running simulator: where it is, and its faults."""

    def __init__(self, legacy: str, rest: str) -> None:
        self.legacy = legacy
        self.rest = rest
        self.control = legacy.removesuffix("/legacy") + "/control"

    def fault(self, fault: str | None, *, forget: bool = True, **options: Any) -> None:
        """Switch a fault on, or all of them off; what was asked before is forgotten, unless `forget` is False."""
        answer = _CALLER.put(self.control, json={"fault": fault, "forget": forget, **options})
        assert answer.status_code == 200, answer.text

    def calls(self) -> dict[str, int]:
        """Return what was asked since the last switch."""
        counts: dict[str, int] = _CALLER.get(self.control).json()["calls"]
        return counts

    def received(self) -> dict[str, Any]:
        """Return what it was told of days since the last switch: `arrivals` by message, `days` as they hold."""
        told: dict[str, Any] = _CALLER.get(self.control + "/received").json()
        return told

    def patient(self, push: str = "off") -> dict[str, Any]:
        """Return settings that connect an installation with it and wait longer than a busy machine takes."""
        waits = {"portal_connect_seconds": 10.0, "portal_read_seconds": 10.0, "portal_total_seconds": 20.0}
        return self.settings() | waits | {"portal_push": push}

    def settings(self) -> dict[str, Any]:
        """Return the settings that connect an installation with it; waits are short, so that tests are."""
        return {
            "demonstration": True, "portal_hosts": "127.0.0.1", "portal_legacy_url": self.legacy,
            "portal_rest_url": self.rest, "portal_connect_seconds": 1.0, "portal_read_seconds": 0.6,
            "portal_total_seconds": 1.2, "portal_tries": 2,
        }  # fmt: skip


def put_messages(session: Session, now: datetime, numbers: Iterable[int], *, of: str = "rest") -> list[str]:
    """Put a message of as many made-up units straight into the outbox; returns their keys."""
    keys = []
    for n in numbers:
        subject = Subject(f"U{n:05d}", date(2026, 11, 20), "city")

        def make(sequence: int, subject: Subject = subject) -> tuple[str, str]:
            told = rules.approved(
                subject, revision=1, sequence=sequence, decided_at=now, partial=False, lines=[LINE]
            )  # fmt: skip
            keys.append(told.message)
            return told.message, rules.written(told)

        outbox.put(session, destination=of, subject=str(subject), now=now, make=make)
    return keys


@cache
def simulator(database_url: str) -> Portal:
    """Run `tiendo57 portal-simulator` on a free port until the tests end: one for all of a worker's files."""
    command = [sys.executable, "-m", "app", "portal-simulator", "--port", "0"]
    environment = {**os.environ, "DATABASE_URL": database_url}
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True)
    atexit.register(_ended, run)
    assert run.stdout is not None
    return Portal(*run.stdout.readline().split())


def _ended(run: "subprocess.Popen[str]") -> None:
    run.terminate()
    run.wait()


def publish(app: FastAPI, clock: SetClock, *rows: PortalMonth, period: str = "2026-11") -> None:
    """Keep what the portal says of a month, quarter or year, as a pull does."""
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        if len(period) == 7 and "Q" not in period:
            year, month = map(int, period.split("-"))
            pulling.keep_months(session, clock.now(), year=year, month=month, rows=list(rows))
        else:
            pulling.keep_period(session, clock.now(), period=period, rows=list(rows))
