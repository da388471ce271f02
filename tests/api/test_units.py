"""Units through the API: finding, adding, changing."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.testclient import TestClient

from app.core import audit, events
from app.core.audit import AuditEntry
from app.core.text import sort_key
from app.units import service
from app.units.models import Unit, UnitChanged

Api = Callable[..., TestClient]
WARD = {
    "name": "Phường Mới",
    "full_name": "Ủy ban nhân dân phường Phường Mới",
    "kind": "ward",
    "valid_from": "2026-01-01",
}


@pytest.fixture(autouse=True)
def _units(app: FastAPI) -> None:
    with app.state.database.write() as session:
        service.load_units(session, app.state.clock.now())


@pytest.fixture
def announced() -> Iterator[list[int]]:
    """Note the units that were announced as changed."""
    units: list[int] = []

    def note(_: Session, event: UnitChanged) -> None:
        units.append(event.unit_id)

    events.subscribe(UnitChanged, note)
    yield units
    events._subscribers[UnitChanged].remove(note)


def names(client: TestClient, **query: Any) -> list[str]:
    response = client.get("/api/v1/units", params=query)
    assert response.status_code == 200, response.text
    return [unit["name"] for unit in response.json()["items"]]


@pytest.mark.each
@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("Hoá Châu", ["Hóa Châu"]),
        ("hoa chau", ["Hóa Châu"]),
        ("20014", ["Hóa Châu"]),
        ("gia hội", ["Phú Xuân"]),
        ("UBND phường Phú Xuân", ["Phú Xuân"]),
        ("Ủy ban nhân dân xã Quảng Điền", ["Quảng Điền"]),
        ("lang co", ["Chân Mây – Lăng Cô"]),
        ("phú xuân", ["Hương An", "Kim Long", "Phú Xuân"]),  # a former district too
        ("xuan phu", ["Vỹ Dạ"]),
        ("%", []),
        ("–", []),
        ("không có ở đâu", []),
    ],
)
def test_search(api: Api, q: str, found: list[str]) -> None:
    assert names(api("leader"), q=q) == found


def test_search_takes_d_for_đ(api: Api) -> None:
    client = api("leader")
    assert "Đan Điền" in names(client, q="da")
    assert names(client, q="da") == names(client, q="đa") == names(client, q="Đa")
    assert "Kim Long" not in names(client, q="da"), "a word must begin so; every committee has 'nhân dân' in its name"


def test_order_and_pages(api: Api) -> None:
    client = api("ward_officer", "19753")
    everything = names(client)
    assert everything == sorted(everything, key=sort_key)
    assert everything[:6] == ["A Lưới 1", "A Lưới 2", "A Lưới 3", "A Lưới 4", "A Lưới 5", "An Cựu"]
    paged: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get("/api/v1/units", params={"limit": 7} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= 7
        paged += [unit["name"] for unit in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == everything


def test_forty_wards_and_communes(api: Api) -> None:
    client = api("leader")
    assert len(names(client, kind="ward")) == 21
    assert len(names(client, kind="commune")) == 19
    assert names(client, day="2025-06-30") == []


def test_a_wrong_choice_names_the_choices_and_a_refusal_the_right(api: Api) -> None:
    (error,) = api("leader").get("/api/v1/units?kind=district").json()["errors"]
    assert error["message"]["vi"].startswith("Giá trị không nằm trong danh sách cho phép: ward, commune, ")
    refused = api("leader").post("/api/v1/units", json={})
    assert refused.json()["message"]["vi"].endswith("Việc này cần quyền “Sửa danh mục đơn vị” (units:edit).")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("kind=district", "not_a_choice"),
        ("day=0", "bad_date"),
        ("day=2026-02-30", "bad_date"),
        ("cursor=%21", "bad_cursor"),
        ("cursor=WzFd", "bad_cursor"),
    ],
)
def test_wrong_filters(api: Api, query: str, code: str) -> None:
    response = api("leader").get(f"/api/v1/units?{query}")
    assert response.status_code == 422
    assert [error["code"] for error in response.json()["errors"]] == [code]


def test_files_hold_every_row(api: Api) -> None:
    client = api("leader")
    lines = client.get("/api/v1/units.csv", params={"limit": 3}).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 58
    assert lines[0].startswith("code,name,full_name,kind")
    assert client.get("/api/v1/units.xlsx").content[:2] == b"PK"


def test_one_unit(api: Api) -> None:
    client = api("ward_officer", "19753")
    response = client.get("/api/v1/units/19789")
    assert response.json()["name"] == "Thuận Hóa"
    assert "Vĩnh Ninh" in response.json()["former_names"]
    assert client.get("/api/v1/units/19789", headers={"If-None-Match": response.headers["etag"]}).status_code == 304
    assert client.get("/api/v1/units/00000").status_code == 404


def test_who_may(client: TestClient, api: Api) -> None:
    assert client.get("/api/v1/units").status_code == 401
    assert client.post("/api/v1/units", json=WARD | {"code": "T1"}).status_code == 401
    for caller in (api("ward_officer", "19753"), api("city_analyst"), api("leader")):
        assert caller.get("/api/v1/units/19753").status_code == 200
        assert caller.post("/api/v1/units", json=WARD | {"code": "T1"}).status_code == 403
        assert caller.put("/api/v1/units/19753", json=WARD).status_code == 403


def test_adding(api: Api, announced: list[int], app: FastAPI) -> None:
    client = api("administrator")
    sent = WARD | {"code": "T1", "former_names": ["Xóm Cũ", "Xóm Cũ"], "other_names": ["PM"], "owes_reports": False}
    response = client.post("/api/v1/units", json=sent)
    assert response.status_code == 201, response.text
    assert response.headers["location"] == "/api/v1/units/T1"
    assert response.headers["etag"] == '"1"'
    assert response.json() == sent | {
        "former_names": ["Xóm Cũ"], "valid_to": None, "successor": None, "sort_order": 0, "version": 1,
    }  # fmt: skip
    assert names(client, q="xom cu") == ["Phường Mới"]
    with app.state.database.read() as session:
        unit = service.by_code(session, "T1")
        assert announced == [unit.id]
        assert unit.owes_reports is False
        entry = session.scalars(select(AuditEntry).where(col(AuditEntry.entity) == "units/T1")).one()
        assert entry.action == "unit.added"
        assert "Phường Mới" in (entry.after or "")
        assert list(audit.broken_links(session)) == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"code": "19753"}, "/code", "code_in_use"),
        ({"code": "A.csv"}, "/code", "reserved_code"),
        ({"code": "new"}, "/code", "reserved_code"),
        ({"code": "a/b"}, "/code", "invalid_value"),
        ({"code": None}, "/code", "required"),
        ({"name": "  "}, "/name", "too_short"),
        ({"name": "x" * 121}, "/name", "too_long"),
        ({"name": "a\u0000b"}, "/name", "bad_text"),
        ({"kind": "district"}, "/kind", "not_a_choice"),
        ({"valid_from": 0}, "/valid_from", "bad_date"),
        ({"valid_from": "2026-01-01T00:00:00"}, "/valid_from", "bad_date"),
        ({"valid_to": "2025-12-31"}, "/valid_to", "ends_before_start"),
        ({"successor": "nobody"}, "/successor", "unknown_unit"),
        ({"owes_reports": "true"}, "/owes_reports", "wrong_type"),
        ({"sort_order": True}, "/sort_order", "number_boolean"),
        ({"former_names": ["A"], "other_names": ["A"]}, "/other_names", "name_twice"),
        ({"colour": "red"}, "/colour", "unknown_property"),
    ],
)
def test_refused_units(api: Api, change: dict[str, Any], pointer: str, code: str) -> None:
    client = api("administrator")
    response = client.post("/api/v1/units", json=WARD | {"code": "T1"} | change)
    assert response.status_code == (409 if code == "code_in_use" else 422), response.text
    assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [(pointer, code)]
    assert client.get("/api/v1/units/T1").status_code == 404, "nothing is stored by halves"


def test_changing_wants_the_version_that_was_read(api: Api, announced: list[int]) -> None:
    client = api("administrator")
    url = "/api/v1/units/19753"
    shown = client.get(url).json()
    stored = {name: value for name, value in shown.items() if name not in ("code", "version")}
    assert client.put(url, json=stored).json() == shown, "what is identical changes nothing, whatever the preconditions"
    assert announced == []
    changed = stored | {"valid_to": "2026-12-31", "successor": "19774"}
    assert client.put(url, json=changed).status_code == 428
    stale = client.put(url, json=changed, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert stale.json()["current"] == shown
    saved = client.put(url, json=changed, headers={"If-Match": '"1"'})
    assert saved.status_code == 200
    assert (saved.json()["version"], saved.json()["successor"]) == (2, "19774")
    assert saved.headers["etag"] == '"2"'
    assert len(announced) == 1
    assert "Phú Xuân" not in names(client, day="2027-01-01")
    assert "Phú Xuân" in names(client, day="2026-12-31"), "the last day counts"


def test_a_unit_is_looked_up_before_the_body_is_judged(api: Api) -> None:
    assert api("administrator").put("/api/v1/units/nobody", json={"nonsense": 1}).status_code == 404


def test_successors_make_no_circle(api: Api) -> None:
    client = api("administrator")
    for code, successor in (("T1", "19753"), ("T2", "T1")):
        assert client.post("/api/v1/units", json=WARD | {"code": code, "successor": successor}).status_code == 201
    for successor in ("T2", "19753"):
        response = client.put("/api/v1/units/19753", json=WARD | {"successor": successor}, headers={"If-Match": '"1"'})
        assert (response.status_code, response.json()["code"]) == (422, "successor_circle")


def test_loading_again_keeps_what_was_edited(api: Api, app: FastAPI) -> None:
    api("administrator").put("/api/v1/units/19753", json=WARD, headers={"If-Match": '"1"'})
    with app.state.database.write() as session:
        assert service.load_units(session, app.state.clock.now()) == 0
    with app.state.database.read() as session:
        assert service.by_code(session, "19753").name == "Phường Mới"
        valid = service.valid_units(session, date(2025, 7, 1), kinds=["ward", "commune"])
        assert len(valid) == 39, "the changed one begins in 2026"
        assert all(isinstance(unit, Unit) for unit in valid)
