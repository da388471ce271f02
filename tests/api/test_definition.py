"""The definition of the daily report: shown, changed, and what follows from a change."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlmodel import col

from app.core import audit
from app.core.audit import AuditEntry
from app.throughput.models import Obligation
from app.throughput.obligations import making as obligations
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report

Api = Callable[..., TestClient]
BASE = "/api/v1/throughput"
FORM = f"{BASE}/forms/daily"
DEPARTMENT = "SO-KHCN"
MOMENTS = ("cut_off_at", "due_at", "grace_until", "locks_at")


def definition(client: TestClient) -> dict[str, Any]:
    """Return the definition as it may be sent back."""
    shown: dict[str, Any] = client.get(FORM).json()
    return {name: value for name, value in shown.items() if name not in ("code", "version")}


def change(client: TestClient, **values: Any) -> dict[str, Any]:
    """Change some of the definition."""
    answer = client.put(FORM, json=definition(client) | values, headers={"if-match": "*"})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def owed(client: TestClient, day: str, unit: str = WARD) -> dict[str, dict[str, Any]]:
    """Return what a unit owes for a day, by system."""
    items = client.get(f"{BASE}/obligations", params={"unit": unit, "day": day}).json()["items"]
    return {item["system"]: item for item in items}


def entries(app: FastAPI) -> list[AuditEntry]:
    with app.state.database.read() as session:
        return list(session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "form.updated")))


def extend(app: FastAPI) -> None:
    """Do what the service does every hour."""
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(app.state.clock.now(), None, "test", "command")
        obligations.extend(session, app.state.clock.now(), app.state.settings.obligations_horizon_days)


def count(app: FastAPI) -> int:
    with app.state.database.read() as session:
        return int(session.execute(select(func.count()).select_from(Obligation)).scalar_one())


def test_the_definition_of_a_new_installation(api: Api) -> None:
    answer = api("ward_officer").get(FORM)
    assert answer.status_code == 200
    assert answer.headers["etag"].startswith('"1.')
    shown = answer.json()
    assert (shown["code"], shown["version"]) == ("daily", 1)
    assert shown["reporting_units"] == ["ward", "commune", "special_zone"]
    assert shown["targets"] | {"source": ""} == {"online": 0.8, "on_time": 0.95, "overdue": 0.03, "source": ""}
    clock = ("city_cut_off", "city_due", "ministry_cut_off", "ministry_due", "grace", "lock")
    assert [shown[name] for name in clock] == ["16:30", "17:00", "16:30", "09:00", "09:00", "17:00"]
    assert (shown["lock_days"], shown["minimum_base"]) == (3, 30)
    texts = ("title", "contents", "receiving_unit", "method", "frequency", "cut_off_text", "outline", "legal_basis")
    assert all(shown[name] for name in texts)


def test_who_may(api: Api, client: TestClient) -> None:
    body = definition(api("city_analyst"))
    assert client.get(FORM).status_code == 401
    for role in ("ward_officer", "ward_leader", "department_officer", "leader", "administrator"):
        refused = api(role).put(FORM, json=body | {"minimum_base": 31}, headers={"if-match": "*"})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert api("machine", scopes=["reports:read"]).get(FORM).status_code == 403
    assert definition(api("city_analyst")) == body


def test_a_change_has_its_version_and_its_entry(app: FastAPI, api: Api) -> None:
    analyst = api("city_analyst")
    body = definition(analyst)
    same = analyst.put(FORM, json=body)
    assert (same.status_code, same.json()["version"], entries(app)) == (200, 1, [])
    turned = analyst.put(FORM, json=body | {"reporting_units": [*body["reporting_units"][::-1], "ward"]})
    assert (turned.status_code, turned.json()["version"], entries(app)) == (200, 1, [])
    other = body | {"title": "Báo cáo ngày", "targets": body["targets"] | {"online": 0.8125}}
    assert analyst.put(FORM, json=other).status_code == 428
    assert analyst.put(FORM, json=other, headers={"if-match": '"7"'}).json()["code"] == "stale"
    changed = analyst.put(FORM, json=other, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json() == other | {"code": "daily", "version": 2} == analyst.get(FORM).json()
    stale = analyst.put(FORM, json=body, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["current"]["title"]) == (412, "Báo cáo ngày")
    [entry] = entries(app)
    assert entry.entity == "forms/daily"
    assert json.loads(entry.before or "")["targets"]["online"] == 0.8
    assert json.loads(entry.after or "")["targets"]["online"] == 0.8125


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"title": ""}, "/title", "too_short"),
        ({"title": "x" * 201}, "/title", "too_long"),
        ({"contents": None}, "/contents", "required"),
        ({"colour": "red"}, "/colour", "unknown_property"),
        ({"reporting_units": []}, "/reporting_units", "too_short"),
        ({"reporting_units": ["village"]}, "/reporting_units/0", "not_a_choice"),
        ({"reporting_units": "ward"}, "/reporting_units", "wrong_type"),
        ({"city_due": "24:00"}, "/city_due", "bad_clock"),
        ({"city_due": "17:00:00"}, "/city_due", "bad_clock"),
        ({"city_due": "9:00"}, "/city_due", "bad_clock"),
        ({"city_due": 61200}, "/city_due", "bad_clock"),
        ({"city_due": None}, "/city_due", "required"),
        ({"city_due": "16:29"}, "/city_due", "due_before_cut_off"),
        ({"lock_days": 1, "lock": "08:59"}, "/lock", "locked_before_due"),
        ({"lock_days": 0}, "/lock_days", "number_too_small"),
        ({"lock_days": 31}, "/lock_days", "number_too_large"),
        ({"lock_days": "3"}, "/lock_days", "number_text"),
        ({"minimum_base": -1}, "/minimum_base", "number_negative"),
        ({"minimum_base": 1.5}, "/minimum_base", "number_fractional"),
    ],
)
def test_what_is_refused(app: FastAPI, api: Api, values: dict[str, Any], pointer: str, code: str) -> None:
    analyst = api("city_analyst")
    refused = analyst.put(FORM, json=definition(analyst) | values, headers={"if-match": "*"})
    faults = [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]]
    assert (refused.status_code, faults) == (422, [(pointer, code)])
    assert (analyst.get(FORM).json()["version"], entries(app)) == (1, [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1.0001", "number_too_large"),
        ("-0.01", "number_too_small"),
        ("80", "number_too_large"),
        ("0.80001", "too_many_decimals"),
        ('"0.8"', "number_text"),
        ("true", "number_boolean"),
        ("null", "required"),
        ("NaN", "invalid_value"),
        ("Infinity", "number_too_large"),
        ("1e400", "number_too_large"),
        ("[]", "invalid_value"),
    ],
)
def test_shares_that_are_refused(api: Api, written: str, code: str) -> None:
    analyst = api("city_analyst")
    body = json.dumps(definition(analyst)).replace('"online": 0.8', f'"online": {written}')
    headers = {"if-match": "*", "content-type": "application/json"}
    refused = analyst.put(FORM, content=body, headers=headers)
    assert (refused.status_code, [f["pointer"] for f in refused.json()["errors"]]) == (422, ["/targets/online"])
    assert refused.json()["errors"][0]["code"] == code


@pytest.mark.parametrize("share", [0, 1, 0.5, 0.0001, 0.9337, 0.29, 0.57])
def test_shares_come_back_as_they_were_sent(api: Api, share: float) -> None:
    analyst = api("city_analyst")
    targets = {"online": share, "on_time": share, "overdue": share, "source": "Quyết định 01"}
    assert change(analyst, targets=targets)["targets"] == targets
    sheet = api("ward_officer").get(f"{BASE}/reports/{WARD}/{DAY}/worksheet").json()
    assert sheet["targets"] == targets, "every process reads the definition anew"


def test_what_is_not_due_follows_and_what_is_due_stays(api: Api, clock: SetClock) -> None:
    analyst, officer, other = api("city_analyst"), api(), api("ward_officer", OTHER)
    sent = officer.put(f"{BASE}/reports/{WARD}/{DAY}/city", json=report(line(received_online=2, resolved_early=1)))
    assert sent.json()["timeliness"] == "on_time"
    clock.set("2026-11-20T17:30:00+07:00")
    before = owed(officer, DAY)
    late = other.put(f"{BASE}/reports/{OTHER}/{DAY}/city", json=report(line(received_online=1, resolved_early=1)))
    assert late.json()["timeliness"] == "late"
    change(
        analyst, city_cut_off="15:00", city_due="16:00", ministry_cut_off="17:30", ministry_due="10:00", grace="10:30",
        lock="18:00", lock_days=4,
    )  # fmt: skip
    after = owed(officer, DAY)
    assert after["city"] == before["city"], "the city's report was due at 17:00"
    assert {m: after["ministry"][m] for m in MOMENTS} == {
        "cut_off_at": "2026-11-20T10:30:00Z", "due_at": "2026-11-23T03:00:00Z", "grace_until": "2026-11-23T03:30:00Z",
        "locks_at": "2026-11-27T11:00:00Z",
    }  # fmt: skip
    assert {m: owed(officer, "2026-11-23")["city"][m] for m in MOMENTS} == {
        "cut_off_at": "2026-11-23T08:00:00Z", "due_at": "2026-11-23T09:00:00Z", "grace_until": "2026-11-25T03:30:00Z",
        "locks_at": "2026-11-30T11:00:00Z",
    }  # fmt: skip
    # The same words on every page: nobody becomes late, or on time, afterwards.
    for client, unit, timeliness in ((officer, WARD, "on_time"), (other, OTHER, "late")):
        shown = client.get(f"{BASE}/reports/{unit}/{DAY}/city").json()
        assert shown["timeliness"] == timeliness
        assert shown["deadlines"] == {m: before["city"][m] for m in MOMENTS}
        sheet = client.get(f"{BASE}/reports/{unit}/{DAY}/worksheet").json()
        assert sheet["city"]["deadlines"] == shown["deadlines"]
        assert sheet["ministry"]["deadlines"] == {m: after["ministry"][m] for m in MOMENTS}


def test_a_day_locks_as_it_was_said_when_it_was_due(api: Api, clock: SetClock) -> None:
    officer, analyst = api(), api("city_analyst")
    clock.set("2026-11-25T10:00:00+07:00")
    change(analyst, lock_days=1, lock="12:00")
    clock.set("2026-11-26T16:59:00+07:00")
    body = report(line(received_online=2, resolved_early=1))
    assert officer.put(f"{BASE}/reports/{WARD}/{DAY}/city", json=body).status_code == 201
    clock.set("2026-11-26T17:00:01+07:00")
    refused = officer.put(f"{BASE}/reports/{WARD}/{DAY}/ministry", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "day_locked")
    clock.set("2026-11-26T12:00:01+07:00")
    refused = officer.put(f"{BASE}/reports/{WARD}/2026-11-25/city", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "day_locked")


def test_nobody_is_late_at_once(api: Api) -> None:
    """At 16:45 the deadline becomes 16:30: today's stays 17:00."""
    analyst, officer = api("city_analyst"), api()
    before = owed(officer, DAY)
    change(analyst, city_cut_off="16:00", city_due="16:30")
    after = owed(officer, DAY)
    assert after["city"]["due_at"] == before["city"]["due_at"] == "2026-11-20T10:00:00Z"
    assert after["city"]["state"] == "due"
    assert owed(officer, "2026-11-23")["city"]["due_at"] == "2026-11-23T09:30:00Z"


def test_a_later_change_of_the_calendar_leaves_the_clock_of_past_days(api: Api, clock: SetClock) -> None:
    analyst, officer = api("city_analyst"), api()
    change(analyst, city_cut_off="15:00", city_due="15:30", ministry_due="08:00", grace="08:00")
    past = owed(officer, "2026-11-19")
    clock.set("2026-11-24T10:00:00+07:00")
    mark = {"kind": "local_closure", "name_vi": "Nghỉ do lũ", "legal_reference": "Công điện 01"}
    assert analyst.put("/api/v1/calendar/days/2026-11-27", json=mark).status_code == 201
    assert owed(officer, "2026-11-19") == past | {s: past[s] | {"state": "late"} for s in past}
    assert analyst.put("/api/v1/calendar/days/2026-11-20", json=mark).status_code == 201
    assert owed(officer, DAY) == {}
    moved = owed(officer, "2026-11-19")
    assert moved["ministry"]["due_at"] == "2026-11-23T01:00:00Z", "to another day: there the clock of now"
    assert moved["city"]["due_at"] == past["city"]["due_at"]


def test_kinds_of_units_begin_and_end_to_owe(app: FastAPI, api: Api, clock: SetClock) -> None:
    analyst, officer, keeper = api("city_analyst"), api(), api("administrator")
    unit = keeper.get(f"/api/v1/units/{OTHER}").json()
    body = {name: value for name, value in unit.items() if name not in ("code", "version")} | {"owes_reports": True}
    assert keeper.put(f"/api/v1/units/{OTHER}", json=body, headers={"if-match": "*"}).status_code == 200
    kinds = definition(analyst)["reporting_units"]
    clock.set("2026-11-20T18:00:00+07:00")
    friday = owed(officer, DAY)

    change(analyst, reporting_units=[*kinds, "department"])
    assert set(owed(analyst, "2026-11-23", DEPARTMENT)) == {"city", "ministry"}
    assert set(owed(analyst, DAY, DEPARTMENT)) == {"ministry"}, "the city's was due before it was owed"
    assert owed(analyst, "2026-11-19", DEPARTMENT) == {}
    extend(app)
    mark = {"kind": "local_closure", "name_vi": "Nghỉ do lũ", "legal_reference": "Công điện 01"}
    assert analyst.put("/api/v1/calendar/days/2026-11-27", json=mark).status_code == 201
    assert set(owed(analyst, DAY, DEPARTMENT)) == {"ministry"}
    assert owed(analyst, "2026-11-19", DEPARTMENT) == {}

    change(analyst, reporting_units=["department"])
    assert owed(officer, "2026-11-23") == {}
    assert owed(officer, DAY) == {"city": friday["city"]}, "what was due stays owed"
    assert set(owed(analyst, "2026-11-23", OTHER)) == {"city", "ministry"}, "the unit's own setting wins"
    before = count(app)
    extend(app)
    assert count(app) == before
    assert owed(officer, "2026-11-23") == {}

    change(analyst, reporting_units=kinds)
    assert set(owed(officer, "2026-11-23")) == {"city", "ministry"}
    assert owed(analyst, "2026-11-23", DEPARTMENT) == {}


def test_a_new_unit_of_an_owing_kind_owes(api: Api) -> None:
    analyst = api("city_analyst")
    change(analyst, reporting_units=[*definition(analyst)["reporting_units"], "party_body"])
    new = {"code": "DU-X", "name": "Đảng ủy X", "full_name": "Đảng ủy X", "kind": "party_body", "valid_from": DAY}
    assert api("administrator").post("/api/v1/units", json=new).status_code == 201
    assert set(owed(analyst, "2026-11-23", "DU-X")) == {"city", "ministry"}
    assert set(owed(analyst, DAY, "DU-X")) == {"city", "ministry"}, "not due yet at 16:45"


def test_reports_by_status(api: Api) -> None:
    officer = api()
    officer.put(f"{BASE}/reports/{WARD}/{DAY}/city", json=report(line(received_online=2, resolved_early=1)))
    items = officer.get(f"{BASE}/reports", params={"status": "received"}).json()["items"]
    assert [(item["day"], item["status"]) for item in items] == [(DAY, "received")]
    refused = officer.get(f"{BASE}/reports", params={"status": "approved"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "?status")
    assert refused.json()["code"] == "not_a_choice"
