"""Findings worked out anew: verify tells what is wrong of those that are kept, and rebuilding mends it."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

from app.__main__ import cli
from app.core import audit
from app.core.web import API
from app.throughput.findings import rebuilding
from tests.api.test_findings import BEFORE, listed, put
from tests.support.clients import DAY, WARD, SetClock, line, report

Api = Callable[..., TestClient]


def test_rebuilding_finds_the_same_and_verify_tells_the_difference(
    app: FastAPI, api: Api, clock: SetClock, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    officer = api()
    put(officer, report(line(received_online=10, pending_overdue=5)), BEFORE)
    put(officer, report(line(carried_over=12)))
    clock.set(f"{DAY}T18:00:00+07:00")
    put(officer, report(line(carried_over=12, received_online=30)))
    expected = sorted(listed(officer))
    assert [(kind, state) for kind, _, state, _ in expected] == [
        ("large_correction", "open"), ("opening_gap", "open"), ("overdue_stock_fell", "open")
    ]  # fmt: skip
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0
    with app.state.database.writer.connect() as connection:
        for table in ("finding_events", "findings"):
            connection.execute(text(f"delete from {table}"))
        connection.commit()
    told = CliRunner().invoke(cli, ["verify"])
    assert told.exit_code == 1
    assert f"findings {WARD} city {DAY} opening_gap HT: the report says opened" in told.output
    assert f"findings {WARD} city {DAY} large_correction: the report says" in told.output
    assert CliRunner().invoke(cli, ["rebuild-totals"]).exit_code == 0
    assert sorted(listed(officer)) == expected
    assert CliRunner().invoke(cli, ["rebuild-totals"]).exit_code == 0
    assert sorted(listed(officer)) == expected
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0
    with app.state.database.writer.connect() as connection:
        connection.execute(text("update findings set value = value + 1 where kind = 'large_correction'"))
        connection.commit()
    assert f"findings {WARD} city {DAY} large_correction: kept" in CliRunner().invoke(cli, ["verify"]).output
    assert CliRunner().invoke(cli, ["rebuild-totals"]).exit_code == 0
    assert sorted(listed(officer)) == expected, "the kept value is mended, its state stays"
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0


def test_a_correction_is_due_by_the_deadline_of_then(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer, analyst = api(), api("city_analyst")
    put(officer, report(line(received_online=30)))
    clock.set(f"{DAY}T18:00:00+07:00")
    put(officer, report(line(received_online=60)))
    put(officer, report(line(received_online=10)), system="ministry")
    put(officer, report(line(received_online=40)), system="ministry")  # before its deadline, the next working day
    assert listed(analyst, owner="city_analyst") == [("large_correction", None, "open", 30)]
    with app.state.database.write() as session:
        for system, at in (("city", "2026-11-24"), ("ministry", "2026-11-20")):
            session.execute(
                text("update obligations set due_at = :at where day = :day and system = :system"),
                {"at": f"{at} 00:00:00.000000", "day": DAY, "system": system},
            )
    with app.state.database.read() as session:
        assert list(rebuilding.differences(session)) == [], "the calendar moved both since"
    with app.state.database.write() as session:
        session.execute(text("delete from finding_events"))
        session.execute(text("delete from findings"))
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        rebuilding.rebuild(session)
    assert listed(analyst, owner="city_analyst") == [("large_correction", None, "open", 30)]


def test_a_correction_is_judged_by_what_was_large_then(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer, analyst = api(), api("city_analyst")
    put(officer, report(line(received_online=30)))
    clock.set(f"{DAY}T18:00:00+07:00")
    put(officer, report(line(received_online=45)))
    form = analyst.get(f"{API}/throughput/forms/daily").json()
    body = {k: v for k, v in form.items() if k not in ("version", "code")}
    body["follow_up"]["large_correction"] = 10
    clock.set(f"{DAY}T19:00:00+07:00")
    changed = analyst.put(f"{API}/throughput/forms/daily", json=body, headers={"if-match": '"1"'})
    assert changed.status_code == 200, changed.text
    with app.state.database.read() as session:
        assert list(rebuilding.differences(session)) == [], "15 were not many when they were corrected"
    put(officer, report(line(received_online=56)))
    assert listed(analyst, owner="city_analyst") == [("large_correction", None, "open", 11)]
    with app.state.database.read() as session:
        assert list(rebuilding.differences(session)) == []
