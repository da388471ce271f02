"""What the nightly round writes is followed by all that follows figures: in the worker's process as in the service."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.web import API
from tests.support.clients import DAY, OTHER, line, report

Api = Callable[..., TestClient]


@pytest.fixture
def unknown(api: Api, keyed: None) -> TestClient:
    """A ward's report, and its only event of that day laid aside until now: nobody has counted it yet."""
    officer, analyst = api("ward_officer", unit=OTHER), api("city_analyst")
    sent = officer.put(f"{API}/throughput/reports/{OTHER}/{DAY}/city", json=report(line(received_online=40)))
    assert sent.status_code == 201, sent.text
    event = {
        "dossier": "H57.40-261119-0001", "procedure": "1.001193", "receiving_unit": "H57.40",
        "competent_unit": "H57.40", "channel": "online", "status": 2, "at": f"{DAY}T09:00:00+07:00",
    }  # fmt: skip
    told = api("machine", scopes=["portal:events", "reports:read"]).post(
        f"{API}/portal/events", json={"source": "one-gate", "events": [event]}
    )
    assert (told.status_code, told.json()["accepted"]) == (200, 0), told.text
    code = {"source": "one-gate", "kind": "unit", "code": "H57.40", "target": OTHER}
    assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    assert gaps(analyst) == []
    return analyst


def gaps(client: TestClient) -> list[tuple[str, int, int]]:
    """Return what differs on the day: the measure, and both figures."""
    items: list[dict[str, Any]] = client.get(f"{API}/portal/gaps").json()["items"]
    return sorted((one["measure"], one["ours"], one["theirs"]) for one in items if one["unit"] == OTHER)


def process(database_url: str, command: str, **settings: str) -> "subprocess.Popen[str]":
    """Run a command of `tiendo57` as a process of its own."""
    environment = os.environ | {f"TIENDO57_{name.upper()}": value for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "app", command], env=environment | {"DATABASE_URL": database_url}, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_gaps_follow_the_recount_of_a_command(unknown: TestClient, database_url: str) -> None:
    run = process(database_url, "portal-recount")
    _, said = run.communicate(timeout=120)
    assert run.returncode == 0, said
    assert gaps(unknown) == [("online", 40, 1), ("received", 40, 1)]


def test_gaps_follow_the_round_of_a_worker(unknown: TestClient, database_url: str) -> None:
    run = process(database_url, "worker", worker_nightly_at="00:00", log_level="error")
    try:
        end = time.monotonic() + 120
        while not gaps(unknown):
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < end, "the round did not come"
            time.sleep(0.2)
    finally:
        run.send_signal(signal.SIGTERM)
        _, said = run.communicate(timeout=60)
    assert run.returncode == 0, said
    assert gaps(unknown) == [("online", 40, 1), ("received", 40, 1)]
