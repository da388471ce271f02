"""Fields and procedures through the API."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col
from starlette.testclient import TestClient

from app.core import audit
from app.core.audit import AuditEntry
from app.procedures import catalogue, service
from app.procedures.rules import UNSPLIT, System
from app.units import service as units

Api = Callable[..., TestClient]
FIELDS = "/api/v1/fields"
PROCEDURES = "/api/v1/procedures"
DAY = date(2026, 11, 20)
FIELD = {
    "name_vi": "Lĩnh vực thử", "name_en": "A field", "name_fr": "Un domaine", "short_name": "Thử",
    "valid_from": "2026-01-01", "applies": {"city": ["ward"]},
}  # fmt: skip
PROCEDURE = {
    "name": "Thủ tục thử", "field": "HT", "level": "commune", "days_allowed": 3, "online_level": "full",
    "non_boundary": True, "valid_from": "2026-01-01",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _catalogue(app: FastAPI) -> None:
    with app.state.database.write() as session:
        now = app.state.clock.now()
        units.load_units(session, now)
        service.load_fields(session, now)
        catalogue.load_procedures(session, now)


def codes(client: TestClient, url: str, **query: Any) -> list[str]:
    response = client.get(url, params=query)
    assert response.status_code == 200, response.text
    return [item["code"] for item in response.json()["items"]]


def refusal(response: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def applicable(app: FastAPI, unit: str, system: str, day: date = DAY) -> list[str]:
    """Return the codes that apply, by the rules of one unit and system and by all rules: they must agree."""
    with app.state.database.read() as session:
        row = units.by_code(session, unit)
        asked = list(service.applicability(session, unit=row, system=system).fields(row.id, row.kind, day, system))
        once = list(service.applicability(session).fields(row.id, row.kind, day, system))
    assert asked == once
    return asked


def test_fields_stand_in_the_order_of_forms(api: Api) -> None:
    client = api("ward_officer", "19753")
    everything = codes(client, FIELDS)
    assert everything[:3] == ["HT", "CT", "LT"]
    assert everything[-1] == UNSPLIT
    assert codes(client, FIELDS, day="2025-06-30") == []
    assert "LT" not in codes(client, FIELDS, system="city")
    assert codes(client, FIELDS, unit="19753", system="ministry") == ["HT", "LT", "BTXH", "HKD", "HTX", "NCN", UNSPLIT]
    assert codes(client, FIELDS, unit="SO-NV") == [UNSPLIT]


@pytest.mark.parametrize(
    ("query", "code"),
    [({"unit": "nobody"}, "unknown_unit"), ({"system": "both"}, "not_a_choice"), ({"day": "0"}, "bad_date")],
)
def test_wrong_filters_of_fields(api: Api, query: dict[str, str], code: str) -> None:
    response = api("leader").get(FIELDS, params=query)
    assert (response.status_code, [c for _, c in refusal(response)]) == (422, [code])


def test_applicability_by_kind_and_system(app: FastAPI) -> None:
    ward, commune = applicable(app, "19753", "city"), applicable(app, "19867", "city")
    assert "HTKT" in ward
    assert "HTKT" not in commune
    assert "LN" in commune
    assert "LN" not in ward
    assert "HKD" in applicable(app, "19753", "ministry")
    assert "HKD" not in ward
    assert applicable(app, "19753", "city", date(2025, 6, 30)) == []
    for unit in ("19753", "TTPVHCC", "SO-NV", "VP-TU"):
        assert all(applicable(app, unit, system)[-1] == UNSPLIT for system in System)


def test_a_rule_for_one_unit_is_stronger(api: Api, app: FastAPI) -> None:
    client = api("city_analyst")
    url = f"{FIELDS}/LN/exceptions"
    before = client.get(f"{FIELDS}/LN").json()["version"]
    added = client.post(url, json={"unit": "19753", "system": "city", "applies": True})
    assert added.status_code == 200, added.text
    assert added.json()["version"] == before + 1
    assert added.json()["exceptions"] == [{"unit": "19753", "unit_name": "Phú Xuân", "system": "city", "applies": True}]
    assert client.post(url, json={"unit": "19753", "system": "city", "applies": True}).json() == added.json()
    assert "LN" in applicable(app, "19753", "city")
    assert "LN" not in applicable(app, "19774", "city")
    assert "LN" not in applicable(app, "19753", "ministry")
    assert client.post(url, json={"unit": "19867", "system": "city", "applies": False}).status_code == 200
    assert "LN" not in applicable(app, "19867", "city")
    assert "LN" not in codes(client, FIELDS, unit="19867")
    assert client.delete(f"{url}/19753/city").status_code == 204
    assert client.delete(f"{url}/19753/city").status_code == 404
    assert "LN" not in applicable(app, "19753", "city")
    assert refusal(client.post(url, json={"unit": "nobody", "system": "city", "applies": True})) == [
        ("/unit", "unknown_unit")
    ]
    refused = client.post(url, json={"unit": "19753", "system": "both", "applies": "yes"})
    assert refusal(refused) == [("/system", "not_a_choice"), ("/applies", "wrong_type")]


def test_adding_and_changing_a_field(api: Api, app: FastAPI) -> None:
    client = api("city_analyst")
    added = client.post(FIELDS, json=FIELD | {"code": "T1"})
    assert added.status_code == 201, added.text
    assert added.headers["location"] == f"{FIELDS}/T1"
    assert "T1" in applicable(app, "19753", "city")
    url = f"{FIELDS}/T1"
    assert client.put(url, json=FIELD).json() == added.json(), "what is identical changes nothing"
    changed = FIELD | {"applies": {"ministry": ["commune", "ward"]}, "valid_to": "2026-11-20", "successor": "HT"}
    assert client.put(url, json=changed).status_code == 428
    stale = client.put(url, json=changed, headers={"If-Match": '"5"'})
    assert (stale.status_code, stale.json()["current"]) == (412, added.json())
    saved = client.put(url, json=changed, headers={"If-Match": added.headers["etag"]})
    assert saved.status_code == 200, saved.text
    assert saved.json()["applies"] == {"city": [], "ministry": ["ward", "commune"]}
    assert "T1" not in applicable(app, "19753", "city")
    assert "T1" in applicable(app, "19753", "ministry")
    assert "T1" not in applicable(app, "19753", "ministry", date(2026, 11, 21))
    with app.state.database.read() as session:
        query = select(col(AuditEntry.action)).where(col(AuditEntry.entity) == "fields/T1")
        assert session.scalars(query.order_by(col(AuditEntry.number))).all() == ["field.added", "field.updated"]
        assert list(audit.broken_links(session)) == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"code": "HT"}, "/code", "code_in_use"),
        ({"code": "X.json"}, "/code", "reserved_code"),
        ({"name_fr": ""}, "/name_fr", "too_short"),
        ({"short_name": "x" * 41}, "/short_name", "too_long"),
        ({"valid_to": "2025-01-01"}, "/valid_to", "ends_before_start"),
        ({"successor": "T1"}, "/successor", "unknown_field"),
        ({"applies": {"city": ["district"]}}, "/applies/city/0", "not_a_choice"),
        ({"applies": {"both": []}}, "/applies/both", "unknown_property"),
    ],
)
def test_refused_fields(api: Api, change: dict[str, Any], pointer: str, code: str) -> None:
    client = api("city_analyst")
    response = client.post(FIELDS, json=FIELD | {"code": "T1"} | change)
    assert response.status_code == (409 if code == "code_in_use" else 422), response.text
    assert refusal(response) == [(pointer, code)]
    assert client.get(f"{FIELDS}/T1").status_code == 404


def test_a_field_does_not_succeed_itself(api: Api) -> None:
    changed = FIELD | {"successor": "HT"}
    response = api("city_analyst").put(f"{FIELDS}/HT", json=changed, headers={"If-Match": '"1"'})
    assert refusal(response) == [("/successor", "successor_circle")]


def test_who_may(client: TestClient, api: Api) -> None:
    assert client.get(FIELDS).status_code == 401
    assert client.get(PROCEDURES).status_code == 401
    for caller in (api("ward_officer", "19753"), api("leader"), api("administrator")):
        assert caller.get(f"{FIELDS}/HT").status_code == 200
        assert caller.post(FIELDS, json=FIELD | {"code": "T1"}).status_code == 403
        assert caller.put(f"{FIELDS}/HT", json=FIELD).status_code == 403
        assert caller.post(PROCEDURES, json=PROCEDURE | {"code": "9.123456"}).status_code == 403
        assert caller.put(f"{PROCEDURES}/1.001193", json=PROCEDURE).status_code == 403
        assert caller.delete(f"{FIELDS}/LN/exceptions/19753/city").status_code == 403


def test_procedures_are_found(api: Api) -> None:
    client = api("ward_officer", "19753")
    everything = codes(client, PROCEDURES, limit=1000)
    assert len(everything) >= 120
    assert everything == sorted(everything)
    assert "1.001193" in codes(client, PROCEDURES, q="dang ky khai sinh")
    assert codes(client, PROCEDURES, q="sinh khai") == codes(client, PROCEDURES, q="khai sinh"), "in any order"
    assert codes(client, PROCEDURES, q="1.001193") == ["1.001193"]
    assert codes(client, PROCEDURES, q="%") == []
    of_field = codes(client, PROCEDURES, field="HT", limit=1000)
    assert set(of_field) < set(everything)
    parts = [codes(client, PROCEDURES, online_level=level, limit=1000) for level in ("full", "partial", "information")]
    assert sorted(code for part in parts for code in part) == everything
    assert codes(client, PROCEDURES, level="city") == []
    first = client.get(PROCEDURES, params={"limit": 50}).json()
    second = client.get(PROCEDURES, params={"limit": 1000, "cursor": first["next"]}).json()
    assert [item["code"] for item in first["items"] + second["items"]] == everything
    assert len(client.get(f"{PROCEDURES}.csv").content.splitlines()) == len(everything) + 1


def test_adding_and_changing_a_procedure(api: Api) -> None:
    client = api("city_analyst")
    added = client.post(PROCEDURES, json=PROCEDURE | {"code": "1.014465.H57"})
    assert added.status_code == 201, added.text
    url = f"{PROCEDURES}/1.014465.H57"
    assert added.headers["location"] == url
    assert client.get(url).json() == added.json()
    assert added.json()["field_name_fr"] == "État civil"
    assert client.put(url, json=PROCEDURE).json() == added.json(), "what is identical changes nothing"
    changed = PROCEDURE | {"days_allowed": None, "field": "CT", "name": "Tên đã đổi"}
    assert client.put(url, json=changed).status_code == 428
    assert client.put(url, json=changed, headers={"If-Match": '"9"'}).json()["current"] == added.json()
    saved = client.put(url, json=changed, headers={"If-Match": '"1"'}).json()
    assert (saved["days_allowed"], saved["field"], saved["version"]) == (None, "CT", 2)
    assert codes(client, PROCEDURES, q="ten da doi") == ["1.014465.H57"]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"code": "1.001193"}, "/code", "code_in_use"),
        ({"code": "1.00119"}, "/code", "invalid_value"),
        ({"code": "1.001193.h57"}, "/code", "invalid_value"),
        ({"field": "NONE"}, "/field", "unknown_field"),
        ({"days_allowed": -1}, "/days_allowed", "number_negative"),
        ({"days_allowed": "3"}, "/days_allowed", "number_text"),
        ({"days_allowed": 1.5}, "/days_allowed", "number_fractional"),
        ({"days_allowed": True}, "/days_allowed", "number_boolean"),
        ({"days_allowed": 10**30}, "/days_allowed", "number_too_large"),
        ({"level": "district"}, "/level", "not_a_choice"),
        ({"online_level": "4"}, "/online_level", "not_a_choice"),
        ({"non_boundary": 1}, "/non_boundary", "wrong_type"),
        ({"valid_to": "2025-12-31"}, "/valid_to", "ends_before_start"),
        ({"name": "x" * 501}, "/name", "too_long"),
    ],
)
def test_refused_procedures(api: Api, change: dict[str, Any], pointer: str, code: str) -> None:
    client = api("city_analyst")
    response = client.post(PROCEDURES, json=PROCEDURE | {"code": "9.999999"} | change)
    assert response.status_code == (409 if code == "code_in_use" else 422), response.text
    assert refusal(response) == [(pointer, code)]
    assert client.get(f"{PROCEDURES}/9.999999").status_code == 404


def test_loading_again_keeps_what_was_edited(api: Api, app: FastAPI) -> None:
    client = api("city_analyst")
    client.put(f"{FIELDS}/HT", json=FIELD, headers={"If-Match": '"1"'})
    client.put(f"{PROCEDURES}/1.001193", json=PROCEDURE, headers={"If-Match": '"1"'})
    with app.state.database.write() as session:
        now = app.state.clock.now()
        assert (service.load_fields(session, now), catalogue.load_procedures(session, now)) == (0, 0)
    assert client.get(f"{FIELDS}/HT").json()["name_vi"] == "Lĩnh vực thử"
    assert client.get(f"{PROCEDURES}/1.001193").json()["name"] == "Thủ tục thử"
