"""Accounts at the API door and on their pages: made, changed, disabled, found."""

from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import col, select
from starlette.testclient import TestClient

from app.accounts.models import User
from app.accounts.rules import PEOPLE
from app.core.audit import AuditEntry
from tests.accounts import PASSWORD, WARD, browser, is_signed_in, make_user, read, sign_in, signed_in

USERS = "/api/v1/users"
NEW = {
    "user_name": "motcua.thuanhoa",
    "label": "Chuyên viên Một cửa phường Thuận Hóa",
    "role": "ward_officer",
    "unit": WARD,
    "password": "một câu dài dễ nhớ",
}


@pytest.fixture
def admin(api: Any) -> TestClient:
    client: TestClient = api("administrator")
    return client


def faults(answer: Any) -> list[tuple[str, str]]:
    return sorted((e["pointer"], e["code"]) for e in answer.json()["errors"])


def audited(app: FastAPI, entity: str) -> list[AuditEntry]:
    found = select(AuditEntry).where(AuditEntry.entity == entity).order_by(col(AuditEntry.number))
    return list(read(app, lambda s: s.exec(found).all()))


def test_an_account_is_made_and_can_sign_in(app: FastAPI, admin: TestClient) -> None:
    answer = admin.post(USERS, json=NEW | {"user_name": " MotCua.ThuanHoa "})
    assert answer.status_code == 201, answer.text
    user = answer.json()
    assert answer.headers["location"] == f"{USERS}/{user['id']}"
    assert answer.headers["etag"] == '"1"'
    assert user == {
        "id": user["id"], "user_name": "motcua.thuanhoa", "label": NEW["label"], "role": "ward_officer", "unit": WARD,
        "unit_name": "Thuận Hóa", "locale": None, "demonstration": False, "disabled_at": None,
        "created_at": user["created_at"], "version": 1,
    }  # fmt: skip
    shown = admin.get(f"{USERS}/{user['id']}").json()
    assert datetime.fromisoformat(shown.pop("created_at")) == datetime.fromisoformat(user.pop("created_at"))
    assert shown == user
    assert sign_in(browser(app), "motcua.thuanhoa", NEW["password"]).status_code == 303
    [entry] = audited(app, f"users/{user['id']}")
    assert entry.action == "user.created"
    assert NEW["password"] not in str(entry.model_dump())
    kept = read(app, lambda s: s.get_one(User, user["id"]).password_hash)
    assert kept is not None
    assert kept not in str(entry.model_dump())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"user_name": "co.roi"}, [("/user_name", "user_name_taken")]),
        ({"user_name": "CO.ROI"}, [("/user_name", "user_name_taken")]),
        ({"user_name": "cán.bộ"}, [("/user_name", "bad_user_name")]),
        ({"user_name": "a b c"}, [("/user_name", "bad_user_name")]),
        ({"user_name": "ab"}, [("/user_name", "too_short")]),
        ({"user_name": "a\x00bc"}, [("/user_name", "bad_text")]),
        ({"label": ""}, [("/label", "too_short")]),
        ({"label": "x" * 121}, [("/label", "too_long")]),
        ({"role": "machine"}, [("/role", "not_a_choice")]),
        ({"role": "king"}, [("/role", "not_a_choice")]),
        ({"unit": None}, [("/unit", "unit_required")]),
        ({"unit": "KHONG-CO"}, [("/unit", "unknown_unit")]),
        ({"unit": "SO-KHCN"}, [("/unit", "unit_kind_of_role")]),
        ({"role": "department_officer"}, [("/unit", "unit_kind_of_role")]),
        ({"password": "ngắn quá"}, [("/password", "password_short")]),
        ({"password": "aaaaaaaaaaaaaaaa"}, [("/password", "password_guessable")]),
        ({"password": "xx motcua.thuanhoa xx"}, [("/password", "password_guessable")]),
        ({"password": "tiendo57-demo"}, [("/password", "password_guessable")]),
        ({"password": "\ud800" * 12}, [("/password", "bad_text")]),
        ({"password": None}, [("/password", "required")]),
        ({"user_name": "co.roi", "unit": None, "password": "ngắn"},
         [("/password", "password_short"), ("/unit", "unit_required"), ("/user_name", "user_name_taken")]),
        ({"is_admin": True}, [("/is_admin", "unknown_property")]),
    ],
)  # fmt: skip
def test_refused_accounts(app: FastAPI, admin: TestClient, change: dict[str, Any], expected: Any) -> None:
    make_user(app, "co.roi")
    answer = admin.post(USERS, content=_json(NEW | change), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert faults(answer) == expected
    assert len(admin.get(USERS).json()["items"]) == 1


def _json(body: dict[str, Any]) -> bytes:
    import json

    return json.dumps(body).encode()  # escapes, so that half a character can be sent


def test_an_account_changes_under_its_version(app: FastAPI, admin: TestClient) -> None:
    user_id = make_user(app, "canbo.mot")
    address = f"{USERS}/{user_id}"
    body = {"label": "Lãnh đạo UBND phường Thuận Hóa", "role": "ward_leader", "unit": WARD}
    assert admin.put(address, json=body).status_code == 428
    assert admin.put(address, json=body, headers={"If-Match": '"7"'}).status_code == 412
    answer = admin.put(address, json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json()["role"] == "ward_leader"
    for headers in ({}, {"If-Match": '"2"'}, {"If-Match": '"1"'}):
        again = admin.put(address, json=body, headers=headers)
        assert (again.status_code, again.headers["etag"]) == (200, '"2"'), headers
    other = body | {"label": "Khác"}
    assert admin.put(address, json=other, headers={"If-Match": '"1"'}).status_code == 412
    assert [e.action for e in audited(app, f"users/{user_id}")] == ["user.created", "user.updated"]
    assert admin.get(USERS, params={"q": "lanh dao thuan hoa"}).json()["items"][0]["id"] == user_id
    wrong = admin.put(address, json=body | {"unit": None}, headers={"If-Match": '"2"'})
    assert faults(wrong) == [("/unit", "unit_required")]


def test_a_disabled_account_is_out_until_enabled(app: FastAPI, admin: TestClient) -> None:
    user_id = make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    address = f"{USERS}/{user_id}/disablement"
    reason = {"reason": "Chuyển công tác"}
    assert admin.put(address, json=reason).status_code == 428
    assert admin.put(address, json={}, headers={"If-Match": '"1"'}).status_code == 422
    answer = admin.put(address, json=reason, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert answer.json()["disabled_at"] is not None
    assert not is_signed_in(client)
    assert sign_in(browser(app), "canbo.mot").status_code == 422
    entry = audited(app, f"users/{user_id}")[-1]
    assert (entry.action, entry.reason) == ("user.disabled", "Chuyển công tác")
    assert admin.delete(address, headers={"If-Match": '"1"'}).status_code == 412
    assert admin.delete(address, headers={"If-Match": '"2"'}).json()["disabled_at"] is None
    assert not is_signed_in(client)  # the old session is not raised from the dead
    assert sign_in(browser(app), "canbo.mot").status_code == 303


def test_nobody_locks_themselves_out(app: FastAPI) -> None:
    user_id = make_user(app, "quan.tri", "administrator", None)
    client = signed_in(app, "quan.tri")
    closed = client.post(f"/users/{user_id}/disablement", data={"_method": "PUT", "_if_match": "1", "reason": "thử"})
    assert closed.status_code == 409
    assert "Không tự khóa hoặc đổi vai trò của chính mình." in closed.text
    changed = client.post(
        f"/users/{user_id}", data={"_method": "PUT", "_if_match": "1", "label": "Khác", "role": "leader"}
    )
    assert changed.status_code == 409
    assert is_signed_in(client)


def test_a_password_set_by_the_administrator_ends_the_sessions(app: FastAPI, admin: TestClient) -> None:
    user_id = make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    address = f"{USERS}/{user_id}/password"
    assert faults(admin.put(address, json={"password": "ngắn"})) == [("/password", "password_short")]
    assert is_signed_in(client)
    answer = admin.put(address, json={"password": "câu khác cũng dài lắm"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert not is_signed_in(client)
    assert sign_in(browser(app), "canbo.mot", PASSWORD).status_code == 422
    assert sign_in(browser(app), "canbo.mot", "câu khác cũng dài lắm").status_code == 303
    assert "câu khác" not in str([e.model_dump() for e in audited(app, f"users/{user_id}")])


def test_a_missing_account_is_not_found_whatever_the_body(admin: TestClient) -> None:
    for method, address, body in [
        ("GET", f"{USERS}/999", None),
        ("PUT", f"{USERS}/999", {}),
        ("PUT", f"{USERS}/999/password", {}),
        ("PUT", f"{USERS}/999/disablement", {"reason": "x"}),
        ("DELETE", f"{USERS}/999/disablement", None),
    ]:
        answer = admin.request(method, address, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, address)
    assert admin.get(f"{USERS}/abc").status_code == 404


@pytest.mark.parametrize("role", [r.value for r in PEOPLE if r != "administrator"] + ["machine"])
def test_accounts_are_the_administrators(app: FastAPI, api: Any, role: str) -> None:
    user_id = make_user(app, "canbo.mot")
    unit = {"ward_officer": WARD, "ward_leader": WARD, "department_officer": "SO-KHCN"}.get(role)
    client = api(role, unit, ["reports:send"] if role == "machine" else None)
    for method, address in [
        ("GET", USERS),
        ("POST", USERS),
        ("GET", f"{USERS}/{user_id}"),
        ("GET", f"{USERS}/999"),
        ("PUT", f"{USERS}/{user_id}"),
        ("PUT", f"{USERS}/{user_id}/password"),
        ("PUT", f"{USERS}/{user_id}/disablement"),
        ("DELETE", f"{USERS}/{user_id}/disablement"),
    ]:
        answer = client.request(method, address, json=NEW if method in ("POST", "PUT") else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, address)


def test_accounts_are_found_without_diacritics_in_pages(app: FastAPI, admin: TestClient) -> None:
    for name in ("binh", "anh.2", "cuong", "dung"):
        make_user(app, name)
    make_user(app, "lanhdao", "leader", None)
    names, cursor = [], None
    while True:
        page = admin.get(USERS, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        names += [user["user_name"] for user in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == ["anh.2", "binh", "cuong", "dung", "lanhdao"]
    found = admin.get(USERS, params={"q": "CHUC danh cuong"}).json()["items"]
    assert [user["user_name"] for user in found] == ["cuong"]
    assert admin.get(USERS, params={"q": "không có ai"}).json() == {"items": [], "next": None}
    assert [u["user_name"] for u in admin.get(USERS, params={"role": "leader"}).json()["items"]] == ["lanhdao"]
    assert admin.get(USERS, params={"role": "king"}).status_code == 422
    for bad in ("x", "WzFd", "WyJhXHUwMDAwIl0", "WyJhIiwiYiJd"):
        answer = admin.get(USERS, params={"cursor": bad})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor"), bad


def test_the_same_call_again_makes_no_second_account(app: FastAPI, admin: TestClient) -> None:
    answers = [admin.post(USERS, json=NEW, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201], answers[1].text
    assert answers[0].json() == answers[1].json()
    assert len(read(app, lambda s: s.exec(select(User)).all())) == 1
