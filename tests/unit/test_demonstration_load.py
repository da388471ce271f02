"""An interrupted load of the demonstration is gone on with, and ends as if nothing had happened."""

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlmodel import col

from app.core.access import Caller
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.settings import Settings
from app.demo import loader
from app.throughput.models import Report
from app.throughput.summary import service as summary
from app.throughput.summary.schemas import GroupBy


def received(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(select(func.count(col(Report.id)))).scalar_one())


def test_a_killed_load_is_finished_by_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/demo.db"
    environment = {**os.environ, "DATABASE_URL": url, "TIENDO57_DEMONSTRATION": "true"}

    def start(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "app", *words], env=environment, stderr=subprocess.DEVNULL)

    assert start("migrate").wait(60) == 0
    database = Database(Settings(database_url=SecretStr(url)))
    load = start("demo", "--until", "2025-07-31")
    deadline = time.monotonic() + 60
    while received(database) < 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    load.kill()
    load.wait(10)
    half = received(database)
    assert 0 < half < 1840
    assert loader.stage(database) is loader.Stage.HALF
    assert start("demo", "--until", "2025-07-31", "--if-empty").wait(120) == 0
    assert loader.stage(database) is loader.Stage.WHOLE
    assert received(database) == 40 * 23 * 2
    analyst = Caller(1, "test", "test", "city_analyst", None, None, frozenset(), None)
    july = summary.Question(date(2025, 7, 1), date(2025, 7, 31), GroupBy.month)
    with database.read() as session:
        assert summary.summarise(session, analyst, july, SystemClock().now(), "vi").total.received == 44825
    assert start("verify").wait(60) == 0
    database.engine.dispose()
