"""Both generations against the simulator as a real process over loopback: every fault of each, and what is kept."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.core.web import API
from app.portal.adapters.rules import Adapter, Endpoint, NotOffered, Outcome, PortalFault, Purpose
from app.portal.exchanges import service as exchanges
from app.portal.health.breakers import Paused
from app.portal.health.connecting import connect
from tests.support.clients import PageClient, SetClock
from tests.support.portal import Portal, simulator

pytestmark = pytest.mark.once

Api = Callable[..., TestClient]
PERSONAL = ("Nguyễn Thị Mô Phỏng", "0912345678", "mo.phong@example.vn")
# How each fault ends for good, and whether it is tried again.
ENDS = {
    "slow": Outcome.timeout, "drip": Outcome.timeout, "reset": Outcome.torn, "half": Outcome.torn,
    "cut": Outcome.not_json, "html": Outcome.not_json, "huge": Outcome.too_large, "too_many": Outcome.busy,
    "unavailable": Outcome.busy,
}  # fmt: skip
HARMLESS = ("duplicate", "disorder")


@pytest.fixture
def portal(template: str) -> Portal:
    """A simulator with an installation's catalogue."""
    return simulator(template)


@pytest.fixture
def connected(app: FastAPI, portal: Portal) -> Callable[[str], Adapter]:
    """Make an adapter as the service makes it: with the database's breaker and evidence."""
    portal.fault(None)
    app.state.settings = app.state.settings.model_copy(update=portal.settings())

    def make(endpoint: str) -> Adapter:
        state = app.state
        adapter: Any = connect(state.database, state.settings, state.clock, Endpoint(endpoint))
        adapter.line.limits = replace(adapter.line.limits, wait=0.01)
        made: Adapter = adapter
        return made

    return make


def outcomes(app: FastAPI) -> list[str]:
    """Return how every try ended, the first one first."""
    with app.state.database.engine.connect() as connection:
        return list(connection.execute(text("select outcome from portal_exchanges order by id")).scalars())


@pytest.mark.parametrize("endpoint", ["legacy", "rest"])
def test_both_generations_give_the_same_catalogue(connected: Callable[[str], Adapter], endpoint: str) -> None:
    adapter = connected(endpoint)
    agencies, fields, procedures = adapter.agencies(), adapter.fields(), adapter.procedures()
    assert {"19789", "19753"} <= {one.code for one in agencies}
    assert {"HT", "LV-QG-01"} <= {one.code for one in fields}
    assert len(procedures) > 10
    assert [one.code for one in procedures] == sorted(one.code for one in procedures)
    assert {one.field for one in procedures} <= {one.code for one in fields}


def test_what_a_generation_does_not_have_is_said(connected: Callable[[str], Adapter]) -> None:
    with pytest.raises(NotOffered):
        connected("legacy").months(year=2026, month=10)
    with pytest.raises(NotOffered):
        connected("rest").dossier("H57.12-250701-0001")
    scores = connected("rest").scores(year=2026, month=10)
    assert all(0 <= one.total <= 100 for one in scores)
    assert len(scores) > 40
    assert connected("rest").months(year=2026, month=10) == [], "nothing was reported: no rows, and no zeros"


@pytest.mark.parametrize("endpoint", ["legacy", "rest"])
@pytest.mark.parametrize("fault", [*ENDS])
def test_a_fault_that_lasts_is_one_clear_refusal(
    app: FastAPI, portal: Portal, connected: Callable[[str], Adapter], endpoint: str, fault: str
) -> None:
    adapter = connected(endpoint)
    before = adapter.agencies()
    portal.fault(fault, seconds=0 if ENDS[fault] is Outcome.busy else 2)
    began = time.monotonic()
    with pytest.raises(PortalFault) as refused:
        adapter.agencies()
    assert refused.value.outcome is ENDS[fault]
    assert time.monotonic() - began < 8, "two tries of 1.2 s each and what starting over costs"
    tries = 1 if fault == "huge" else 2
    assert outcomes(app)[-tries:] == [ENDS[fault].value] * tries
    portal.fault(None)
    assert adapter.agencies() == before


@pytest.mark.parametrize("endpoint", ["legacy", "rest"])
def test_a_passing_fault_is_not_noticed(
    app: FastAPI, portal: Portal, connected: Callable[[str], Adapter], endpoint: str
) -> None:
    adapter = connected(endpoint)
    whole = adapter.procedures()
    for fault in (*HARMLESS, "reset", "unavailable", "expired"):
        portal.fault(fault, times=1, seconds=0)
        assert adapter.procedures() == whole, fault
    assert {"torn", "busy", "expired"} <= set(outcomes(app))


def test_a_dossier_comes_without_its_applicant_and_nobody_is_written_down(
    app: FastAPI, connected: Callable[[str], Adapter], api: Api
) -> None:
    found = connected("legacy").dossier("H57.12-250701-0001")
    assert found is not None
    assert (found.status, found.channel in ("online", "counter", "post")) == (4, True)
    with app.state.database.engine.connect() as connection:
        kept = " ".join(map(str, connection.execute(text("select * from portal_exchanges")).all()))
    assert found.procedure in kept
    for private in (*PERSONAL, "H57.12-250701-0001", '"mo-phong"'):
        assert private not in kept, private


def test_no_hash_is_kept_of_what_could_be_guessed_at(app: FastAPI, connected: Callable[[str], Adapter]) -> None:
    connected("legacy").dossier("H57.12-250701-0001")
    connected("rest").agencies()
    with app.state.database.engine.connect() as connection:
        rows = connection.execute(
            text("select purpose, sent_sha256, received_sha256, sent_body, received_body from portal_exchanges")
        ).all()
    assert {row.purpose for row in rows} == {"sign_in", "dossier", "agencies"}
    known = {"username": "mo-phong", "password": "mo-phong"}, {"client_id": "mo-phong", "client_secret": "mo-phong"}
    guessed = {hashlib.sha256(json.dumps(body).encode()).hexdigest() for body in known}
    for row in rows:
        is_hashed = row.purpose == "agencies"
        assert (row.sent_sha256 is not None, row.received_sha256 is not None) == (is_hashed, is_hashed), row.purpose
        assert not [one for one in guessed if one in str(row)]


def test_what_nobody_foresaw_is_noted_as_a_fault(
    app: FastAPI, connected: Callable[[str], Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    line: Any = connected("legacy")

    def broken(status: int, answer: dict[str, Any]) -> None:
        raise KeyError("nobody thought of it")

    with pytest.raises(KeyError):
        line.line.post("", {"service": "x"}, broken, purpose=Purpose.agencies)
    assert outcomes(app) == ["bad_answer"]
    monkeypatch.setattr(httpx2.AsyncClient, "stream", _no_descriptors)
    with pytest.raises(PortalFault) as torn:
        connected("rest").agencies()
    assert torn.value.outcome is Outcome.torn
    assert outcomes(app)[1:] == ["torn", "torn"]


def _no_descriptors(*_: object, **__: object) -> None:
    raise OSError(24, "Too many open files")


def test_a_hanging_system_is_left_alone_after_three_calls(
    app: FastAPI, portal: Portal, connected: Callable[[str], Adapter], clock: SetClock
) -> None:
    adapter: Any = connected("rest")
    adapter.agencies()
    portal.fault("slow", seconds=1)
    adapter.line.limits = replace(adapter.line.limits, tries=1, read=0.05)
    for number in range(3):
        clock.set(f"2026-11-20T16:4{6 + number}:00+07:00")  # no five within thirty seconds
        with pytest.raises(PortalFault):
            adapter.fields()
    with pytest.raises(Paused):
        adapter.fields()
    assert outcomes(app).count("timeout") == 3


def test_no_time_left_is_no_call(app: FastAPI, portal: Portal, connected: Callable[[str], Adapter]) -> None:
    adapter: Any = connected("rest")
    adapter.agencies()
    portal.fault(None)
    adapter.line.limits = replace(adapter.line.limits, until=time.monotonic())
    with pytest.raises(PortalFault) as late:
        adapter.fields()
    assert (late.value.outcome, portal.calls()) == (Outcome.timeout, {})
    assert set(outcomes(app)) == {"ok"}, "nothing is said against a system that was not asked"


@pytest.mark.parametrize(
    ("rows", "total"), [(1, 100_001), (201, 300), (200, 10**9), (3, None)], ids=["total", "page", "both", "none"]
)
def test_a_page_that_is_too_long_or_promises_too_much_is_refused(
    connected: Callable[[str], Adapter], monkeypatch: pytest.MonkeyPatch, rows: int, total: int | None
) -> None:
    adapter: Any = connected("rest")
    listed = [{"departmentId": f"{n}", "departmentName": "x"} for n in range(rows)]
    answer = {"code": "OK", "data": {"rows": listed, "total": total}}
    monkeypatch.setattr(adapter, "_token", "t")
    asked = []

    def said(path: str, body: dict[str, Any], read: Callable[..., Any], **_: Any) -> Any:
        asked.append(body["currentPage"])
        return read(201, answer)

    monkeypatch.setattr(adapter.line, "post", said)
    with pytest.raises(PortalFault) as refused:
        adapter.agencies()
    assert (refused.value.outcome, asked) == (Outcome.bad_answer, [1])


def test_after_five_failures_a_system_is_left_alone_and_asked_once_again(
    app: FastAPI, portal: Portal, connected: Callable[[str], Adapter], clock: SetClock
) -> None:
    adapter = connected("rest")
    adapter.agencies()
    portal.fault("html")
    for _ in range(2):
        with pytest.raises(PortalFault):
            adapter.fields()
    with pytest.raises((PortalFault, Paused)):
        adapter.fields()
    assert outcomes(app).count("not_json") == 5
    portal.fault(None)
    with pytest.raises(Paused):
        adapter.fields()
    assert portal.calls() == {}, "it was not called at all"
    assert connected("legacy").agencies(), "the other system is another matter"
    clock.set("2026-11-20T16:45:30+07:00")
    assert adapter.fields()
    assert adapter.agencies()


def test_evidence_can_be_read_but_not_changed(app: FastAPI, connected: Callable[[str], Adapter]) -> None:
    connected("legacy").agencies()
    for statement in ("update portal_exchanges set outcome = 'ok'", "delete from portal_exchanges"):
        with app.state.database.engine.connect() as connection, pytest.raises(DatabaseError):
            connection.execute(text(statement))
    assert len(outcomes(app)) == 2


def test_old_evidence_is_forgotten_when_its_time_is_over(
    app: FastAPI, connected: Callable[[str], Adapter], clock: SetClock
) -> None:
    clock.set("2020-01-02T08:00:00+07:00")
    connected("legacy").agencies()
    clock.set("2023-01-01T08:00:00+07:00")
    connected("legacy").fields()
    with app.state.database.write() as session:
        assert exchanges.forget(session, clock.now(), 1096) == 0
        assert exchanges.forget(session, clock.now() + timedelta(days=2), 1096) == 2


def test_the_list_of_exchanges_is_searched_and_leads_to_each(
    app: FastAPI, connected: Callable[[str], Adapter], api: Api
) -> None:
    connected("legacy").agencies()
    connected("rest").fields()
    client = api("city_analyst")
    listed = client.get(f"{API}/portal/exchanges?endpoint=legacy").json()["items"]
    assert [one["purpose"] for one in listed] == ["agencies", "sign_in"]
    assert client.get(f"{API}/portal/exchanges?q=LayDanhMucCoQuan").json()["items"][0]["id"] == listed[0]["id"]
    assert client.get(f"{API}/portal/exchanges?q={listed[0]['received_sha256']}").json()["items"] == [listed[0]]
    assert [(one["sent_sha256"], one["received_sha256"]) for one in listed[1:]] == [(None, None)], "a sign-in"
    assert client.get(f"{API}/portal/exchanges?to=2026-11-19").json()["items"] == []
    one = client.get(f"{API}/portal/exchanges/{listed[0]['id']}").json()
    assert "LayDanhMucCoQuan" in one["sent_body"]
    assert "Thuận Hóa" in one["received_body"] or "TenCoQuan" in one["received_body"]
    first = client.get(f"{API}/portal/exchanges?limit=3").json()
    assert len(first["items"]) == 3
    assert len(client.get(f"{API}/portal/exchanges?limit=3&cursor={first['next']}").json()["items"]) == 1
    assert client.get(f"{API}/portal/exchanges/999").status_code == 404
    assert api().get(f"{API}/portal/exchanges").status_code == 403


def test_health_tells_how_a_connection_is_and_a_person_may_ask_it(
    app: FastAPI, portal: Portal, connected: Callable[[str], Adapter], api: Api, clock: SetClock
) -> None:
    client = api("city_analyst")
    asked = client.post(f"{API}/portal/health/rest/check")
    assert asked.status_code == 200, asked.text
    legacy, rest = asked.json()["items"]
    assert (rest["connected"], rest["breaker"], rest["last_outcome"], rest["failures"]) == (True, "closed", "ok", 0)
    assert (legacy["last_success_at"], legacy["exchanges"], legacy["host"]) == (None, 0, "127.0.0.1")
    portal.fault("unavailable", seconds=1)
    told = client.post(f"{API}/portal/health/rest/check").json()
    assert told == client.get(f"{API}/portal/health").json()
    rest = told["items"][1]
    assert (rest["last_outcome"], rest["failures"], rest["breaker"]) == ("busy", 1, "closed")
    assert api("leader").post(f"{API}/portal/health/rest/check").status_code == 403
    assert api("leader").get(f"{API}/portal/health").status_code == 200


def test_a_system_that_is_not_connected_says_so(app: FastAPI, api: Api, tmp_path: Path) -> None:
    client = api("city_analyst")
    assert client.post(f"{API}/portal/health/legacy/check").json()["code"] == "portal_not_connected"
    update: dict[str, str | None] = {"portal_legacy_url": "https://cong.example.vn/x"}
    app.state.settings = app.state.settings.model_copy(update=update)
    assert client.post(f"{API}/portal/health/legacy/check").json()["code"] == "portal_misconfigured"
    account = tmp_path / "account"
    account.write_text("name\nsecret\n")
    update = {"portal_hosts": "cong.example.vn", "portal_legacy_secret_file": str(account), "portal_ca_file": "/no/ca"}
    app.state.settings = app.state.settings.model_copy(update=update)
    assert client.post(f"{API}/portal/health/legacy/check").json()["code"] == "portal_misconfigured"
    update = {"portal_ca_file": None, "portal_legacy_secret_file": "/nothing/here"}
    app.state.settings = app.state.settings.model_copy(update=update)
    assert client.post(f"{API}/portal/health/legacy/check").json()["code"] == "portal_misconfigured"


def test_the_pages_of_connections_and_exchanges(
    app: FastAPI, portal: Portal, connected: Callable[[str], Adapter], people: Callable[..., PageClient]
) -> None:
    analyst = people("city_analyst")
    assert "portal_legacy_url" not in analyst.get("/portal/health").text, "both are connected"
    assert analyst.post("/portal/health/legacy/check", data={}).status_code == 303
    portal.fault("html")
    for _ in range(5):
        assert analyst.post("/portal/health/rest/check", data={}).status_code == 303
    page = analyst.get("/portal/health").text
    assert "Tạm ngắt kết nối" in page
    again = analyst.post("/portal/health/rest/check", data={})
    assert again.status_code == 409
    assert "30 giây" in again.text
    assert "Không phải JSON" in analyst.get("/portal/exchanges?outcome=not_json").text
    with app.state.database.engine.connect() as connection:
        numbers = connection.execute(text("select id from portal_exchanges order by id")).scalars().all()
    for number in (numbers[0], numbers[-1]):
        assert analyst.get(f"/portal/exchanges/{number}").status_code == 200
    app.state.settings = app.state.settings.model_copy(update={"portal_legacy_url": None})
    assert "portal_legacy_url" in analyst.get("/portal/health").text
