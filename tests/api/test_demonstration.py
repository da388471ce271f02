"""The demonstration as `make run` loads it, on today's clock: what was published comes out, judged like reports.

An interrupted load is gone on with, and ends as if nothing had happened.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlmodel import col

from app.core.db import Database
from app.core.settings import Settings
from app.demo import loader
from app.main import create_app
from app.throughput.models import Report
from tests.conftest import KIND
from tests.support import postgresql

QUANG_DIEN, HUONG_AN, PHONG_THAI, THUAN_HOA = "19867", "19804", "19858", "19789"
Ask = Callable[..., dict[str, Any]]


@dataclass
class Loaded:
    """A database with the demonstration, and what was in it when the first load was killed."""

    url: str
    half: int = 0
    then: loader.Stage | None = None


def run(url: str, *words: str) -> "subprocess.Popen[bytes]":
    """Start a command on a database."""
    environment = os.environ | {"DATABASE_URL": url, "TIENDO57_DEMONSTRATION": "true"}
    return subprocess.Popen([sys.executable, "-m", "app", *words], env=environment, stderr=subprocess.DEVNULL)


def received(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(select(func.count(col(Report.id)))).scalar_one())


def load_killed_once(url: str) -> Loaded:
    """Load July by the commands; the first to load is killed when it has begun."""
    assert run(url, "migrate").wait(60) == 0
    database = Database(Settings(database_url=SecretStr(url)))
    load = run(url, "demo", "--until", "2025-07-31")
    deadline = time.monotonic() + 60
    while received(database) < 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    load.kill()
    load.wait(10)
    loaded = Loaded(url, received(database), loader.stage(database))
    assert run(url, "demo", "--until", "2025-07-31", "--if-empty").wait(120) == 0
    database.engine.dispose()
    return loaded


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, template: str, worker_id: str) -> Iterator[Loaded]:
    """The demonstration of July 2025; on PostgreSQL its first two days."""
    if KIND == "sqlite":
        yield load_killed_once(f"sqlite:///{tmp_path_factory.mktemp('demonstration')}/july.db")
        return
    url = postgresql.address(f"t57_demonstration_{worker_id}_{os.getpid()}")
    postgresql.create(url, template)
    settings = Settings(database_url=SecretStr(url), demonstration=True)
    database = Database(settings)
    loader.load(database, settings, until=date(2025, 7, 2))
    database.engine.dispose()
    yield Loaded(url)
    postgresql.drop(url)


@pytest.fixture(scope="module")
def analyst(loaded: Loaded) -> Iterator[TestClient]:
    """The city's analyst, signed in to the demonstration."""
    app = create_app(Settings(database_url=SecretStr(loaded.url), demonstration=True, log_level="error"))
    client = TestClient(app, base_url="http://localhost")
    signed_in = client.post(
        "/sign-in",
        data={"user_name": "tonghop", "password": "tiendo57-demo"},
        headers={"sec-fetch-site": "same-origin"},
    )
    assert signed_in.status_code == 200
    yield client
    app.state.database.engine.dispose()


@pytest.fixture(scope="module")
def ask(analyst: TestClient) -> Ask:
    """The summary of July 2025 as the city's analyst gets it."""

    def summary(*, at: str = "/throughput/summary", **params: str) -> dict[str, Any]:
        answer = analyst.get(f"{at}.json", params=params)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    return summary


def of_july(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of what comes after the first days, which are all that PostgreSQL is given."""
    marked: Callable[..., None] = pytest.mark.skipif(KIND != "sqlite", reason="the month is loaded on SQLite")(test)
    once: Callable[..., None] = pytest.mark.once(marked)
    return once


@of_july
def test_a_killed_load_is_finished_by_the_next(loaded: Loaded) -> None:
    assert 0 < loaded.half < 1840
    assert loaded.then is loader.Stage.HALF
    database = Database(Settings(database_url=SecretStr(loaded.url)))
    assert loader.stage(database) is loader.Stage.WHOLE
    assert received(database) == 40 * 23 * 2
    database.engine.dispose()
    assert run(loaded.url, "verify").wait(60) == 0


def by_unit(summary: dict[str, Any], column: str) -> dict[str, int]:
    return {row["key"]: row[column] for row in summary["rows"]}


def test_the_first_morning_as_known_at_noon(ask: Ask) -> None:
    day = {"from": "2025-07-01", "to": "2025-07-01", "group_by": "unit"}
    noon = ask(**day, as_of="2025-07-01T12:00:00+07:00")
    assert (noon["total"]["received"], noon["total"]["resolved"]) == (526, 126)
    received, resolved = by_unit(noon, "received"), by_unit(noon, "resolved")
    assert len(received) == 40
    assert received[QUANG_DIEN] == 83 == max(received.values())
    assert [n for n in received.values() if n == 83] == [83]
    shares = {unit: resolved[unit] / n for unit, n in received.items() if n}
    for unit in (HUONG_AN, PHONG_THAI):
        assert (resolved[unit], received[unit]) == (11, 12)
    assert max(s for unit, s in shares.items() if unit not in (HUONG_AN, PHONG_THAI)) < 11 / 12
    assert noon["completeness"]["received"] == 0, "a morning meets no obligation"
    evening = ask(**day, as_of="2025-07-02")
    assert evening["total"]["received"] > 526


@of_july
def test_the_fourteenth_of_july(ask: Ask) -> None:
    day = ask(**{"from": "2025-07-14", "to": "2025-07-14", "group_by": "unit"})
    received = by_unit(day, "received")
    assert day["total"]["received"] == 3425
    assert received[THUAN_HOA] == 203
    assert sorted(received.values())[-2] < 203
    assert day["completeness"]["expected"] == 40
    assert day["completeness"]["received"] == 40
    assert {p["measure"] for p in day["published"]} >= {"received", "online"}


@of_july
def test_july(ask: Ask) -> None:
    july = ask(**{"from": "2025-07-01", "to": "2025-07-31", "group_by": "month"})
    assert july["total"]["received"] == 44825
    assert round(july["total"]["rates"]["online"]["value"] * 100, 2) == 91.17
    assert july["completeness"]["expected"] == 40 * 23
    assert july["total"]["difference"] == 0


@of_july
def test_a_returned_report_names_its_field_and_its_source_differs_there(analyst: TestClient) -> None:
    day = "2025-07-30"
    said = {
        one["unit"]: one["differences"] for one in analyst.get(f"/throughput/figures.json?day={day}").json()["items"]
    }
    assert len(said) == 6
    assert sum(n > 0 for n in said.values()) == 5, "a handful differ, one does not"
    assert said[THUAN_HOA] == 1
    cells = analyst.get(f"/throughput/figures/{THUAN_HOA}/{day}.json").json()["cells"]
    (odd,) = [cell for cell in cells if cell["differs"]]
    assert (odd["field"], odd["measure"], odd["value"] - odd["said"]) == ("HT", "received_online", 3)
    review = analyst.get(f"/throughput/reports/{THUAN_HOA}/{day}/city/approvals.json?stage=city").json()
    assert (review["city"]["word"], "Hộ tịch" in review["city"]["reason"]) == ("returned", True)


@of_july
def test_there_are_days_with_gaps_explained_ones_and_one_that_a_late_sync_closed(ask: Ask) -> None:
    standing, over = (ask(at="/portal/gaps", **which)["items"] for which in ({}, {"state": "closed"}))
    assert {one["state"] for one in standing} == {"open", "explained"}
    assert len({one["opened_at"] for one in standing}) >= 4, "of several ages"
    assert {one["outcome"] for one in over} == {"matched", "accepted"}
    caught_up = [one for one in over if one["outcome"] == "matched"]
    assert all((one["gap"], one["reason"], one["unit"]) == (0, "late_sync", THUAN_HOA) for one in caught_up)
    assert not {(one["unit"], one["first"]) for one in caught_up} & {(one["unit"], one["first"]) for one in standing}
    assert {one["state"] for one in standing if one["unit"] == THUAN_HOA} == {"open", "explained"}
