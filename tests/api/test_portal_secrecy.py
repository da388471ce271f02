"""Nothing of a person is in what the portal's side keeps: evidence of calls, outbox, jobs, what is laid aside, log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core.web import API
from app.portal import working
from app.portal.adapters.rules import Endpoint
from app.portal.health.connecting import connect
from tests.conftest import KIND
from tests.support.clients import DAY, WARD, SetClock, line, report
from tests.support.portal import simulator

Api = Callable[..., TestClient]
REPORT = f"{API}/throughput/reports/{WARD}/{DAY}/city"
# What the simulator says of a dossier's applicant, what the one-gate system sends, what a ward writes to its leader.
OF_PORTAL = ("Nguyễn Thị Mô Phỏng", "0912345678", "mo.phong@example.vn", "H57.12-250701-0001")
OF_GATE = ("Trần Văn Kín", "0987123456", "H57.12-261120-0007")
OF_WARD = ("Lê Thị Hẹn", "0905111222")
# Where a ward's own words belong: its report, and what was answered to it.
THE_WARDS = {"report_revisions", "revision_reasons", "idempotency_keys", "audit_entries"}


def tables(app: FastAPI) -> dict[str, str]:
    """Return all that is stored, by table."""
    with app.state.database.engine.connect() as connection:
        found = {}
        for table in app.state.database.engine.dialect.get_table_names(connection):
            rows = connection.execute(text(f'select * from "{table}"')).all()
            found[table] = "\n".join(str(tuple(row)) for row in rows)
    return found


@pytest.mark.parametrize("generation", ["legacy", "rest"])
def test_nothing_of_a_person_is_in_evidence_outbox_jobs_or_log(
    app: FastAPI, api: Api, keyed: None, clock: SetClock, template: str, database_url: str, generation: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    portal = simulator(template)
    portal.fault(None)
    told = portal.patient(generation) | {"worker_nightly_at": "02:30", "log_level": "debug"}
    app.state.settings = app.state.settings.model_copy(update=told)
    state = app.state
    name, telephone = OF_WARD
    body: dict[str, Any] = report(line(received_online=4), note=f"{name} hẹn lại, điện thoại {telephone}")
    assert api().put(REPORT, json=body).status_code == 201
    assert api("city_analyst").put(f"{REPORT}/approvals/city", json={"version": 1}).status_code == 200
    event = {"dossier": OF_GATE[2], "procedure": "1.001193", "receiving_unit": WARD, "competent_unit": WARD,
             "channel": "online", "status": 2, "at": f"{DAY}T09:00:00+07:00", "ChuHoSo": OF_GATE[0],
             "SoDienThoai": OF_GATE[1]}  # fmt: skip
    gate = api("machine", scopes=["portal:events"])
    events = [event, {**event, "receiving_unit": "XX-01"}, {**event, "status": OF_GATE[0]}]
    assert gate.post(f"{API}/portal/events", json={"source": "mot-cua", "events": events}).json()["accepted"] == 1
    found = connect(state.database, state.settings, state.clock, Endpoint.legacy).dossier(OF_PORTAL[3])
    assert found is not None
    portal.fault("refused", times=1, generation=generation)
    for _ in range(2):
        working.worker(state.database, state.settings, state.clock).turn()
    clock.set("2026-11-21T02:31:00+07:00")
    assert working.night(state.database, state.settings, state.clock, "one") == ["portal-pull", "portal-recount"]
    kept = tables(app)
    for table in (
        "portal_exchanges",
        "outbox_messages",
        "outbox_attempts",
        "job_turns",
        "portal_aside",
        "portal_events",
    ):
        assert kept[table], f"{table} has something to look at"
    logged = "".join(capfd.readouterr())
    for secret in (*OF_PORTAL, *OF_GATE):
        assert [table for table, rows in kept.items() if secret in rows] == [], secret
        assert secret not in logged, secret
    for secret in OF_WARD:
        where = {table for table, rows in kept.items() if secret in rows}
        assert where <= THE_WARDS, secret
        assert "report_revisions" in where, "it is what was looked for"
        assert secret not in logged, secret
    if KIND == "sqlite":
        path = Path(database_url.removeprefix("sqlite:///"))
        stored = b"".join(one.read_bytes() for one in path.parent.iterdir())
        for secret in (*OF_PORTAL, *OF_GATE):
            assert secret.encode() not in stored, secret
