"""API tokens: what they may, for whom, how long; their secret is shown once and stored nowhere."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select
from starlette.testclient import TestClient

from app.accounts.models import ApiToken, User
from app.accounts.rules import PEOPLE, ROLE_RIGHTS, Role, Scope, rights_of, units_of
from app.accounts.sessions import hash_secret
from app.core.audit import AuditEntry
from tests.accounts import (
    PASSWORD,
    WARD,
    browser,
    change_user,
    is_signed_in,
    make_user,
    read,
    settings,
    sign_in,
    signed_in,
    write,
)
from tests.support.clients import Client

TOKENS = "/api/v1/tokens"


def bearer(app: FastAPI, secret: str) -> TestClient:
    return Client(app, base_url="https://testserver", headers={"Authorization": f"Bearer {secret}"})


def run(statement: str, session: Session) -> None:
    session.execute(text(statement))


def rows_of(table: str, session: Session) -> list[Any]:
    return list(session.execute(text(f"select * from {table}")))


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def make(client: TestClient, **body: Any) -> Any:
    answer = client.post(TOKENS, json={"name": "Phần mềm một cửa", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def own_token(app: FastAPI, user_name: str) -> TestClient:
    """Return a client with a token that its owner, signed in, has just made."""
    if read(app, lambda s: s.exec(select(User).where(User.user_name == user_name)).first()) is None:
        make_user(app, user_name)
    page = signed_in(app, user_name).post("/tokens", data={"name": f"Của {user_name}"})
    assert page.status_code == 201
    return bearer(app, "t57_" + page.text.partition("t57_")[2][:43])


def test_the_secret_is_shown_once_and_kept_nowhere(app: FastAPI, api: Any) -> None:
    answer = api("administrator").post(
        TOKENS,
        json={"name": "Máy", "role": "machine", "unit": WARD, "scopes": ["reports:send"]},
        headers={"Idempotency-Key": "k1"},
    )
    made = answer.json()
    secret = made["token"]
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{TOKENS}/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert secret.startswith("t57_")
    assert len(secret) == 47  # 256 bits
    kept = read(app, lambda s: s.get_one(ApiToken, made["id"]))
    assert kept.token_hash == hash_secret(secret)
    for table in ("api_tokens", "audit_entries", "idempotency_records"):
        rows = read(app, partial(rows_of, table))
        assert rows
        assert secret not in str(rows)


def test_the_same_call_again_makes_no_second_token(app: FastAPI, api: Any) -> None:
    client = api("administrator")
    body = {"name": "Máy", "role": "machine", "scopes": ["units:read"]}
    first, second = (client.post(TOKENS, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (second.status_code, second.headers["idempotency-replayed"]) == (201, "true")
    assert second.json() == first.json() | {"token": None}
    assert second.headers["location"] == first.headers["location"]
    assert len([t for t in client.get(TOKENS).json()["items"] if t["name"] == "Máy"]) == 1


def test_a_page_shows_the_secret_once(app: FastAPI, people: Any) -> None:
    client = people("ward_officer", WARD)
    fields = {"name": "Của tôi", "scopes[]": ["units:read", "reports:send"], "days": "30", "_idempotency_key": "k1"}
    answer = client.post("/tokens", data=fields)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    kept = read(app, lambda s: s.exec(select(ApiToken).where(ApiToken.name == "Của tôi")).one())
    secret = answer.text.partition("t57_")[2][:43]
    assert kept.token_hash == hash_secret("t57_" + secret)
    assert kept.scopes == "reports:send units:read"
    again = client.post("/tokens", data=fields)
    assert (again.status_code, again.headers["location"]) == (303, f"/tokens/{kept.id}")
    assert "t57_" not in client.get(f"/tokens/{kept.id}").text
    assert "t57_" not in client.get("/tokens").text


def test_a_token_has_its_scopes_and_no_more(app: FastAPI, api: Any) -> None:
    made = make(api("administrator"), role="administrator", scopes=["units:read"])
    narrow = bearer(app, made["token"])
    assert narrow.get("/api/v1/units").status_code == 200
    assert code(narrow.get("/api/v1/users")) == (403, "forbidden")
    assert code(narrow.get("/api/v1/sessions")) == (403, "forbidden")
    assert code(narrow.post(TOKENS, json={"name": "thêm"})) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "pointer", "expected"),
    [
        ({"role": "machine"}, "/scopes", "required"),
        ({"role": "machine", "scopes": ["users:manage"]}, "/scopes", "scope_not_allowed"),
        ({"role": "machine", "scopes": ["tokens:manage"]}, "/scopes", "scope_not_allowed"),
        ({"role": "leader", "scopes": ["reports:send"]}, "/scopes", "scope_not_allowed"),
        ({"role": "machine", "scopes": ["units:burn"]}, "/scopes/0", "not_a_choice"),
        ({"scopes": ["reports:send"]}, "/scopes", "scope_not_allowed"),
        ({"role": "ward_officer"}, "/unit", "unit_required"),
        ({"unit": WARD}, "/role", "required"),
        ({"role": "machine", "scopes": ["units:read"], "unit": "KHONG-CO"}, "/unit", "unknown_unit"),
        ({"role": "king"}, "/role", "not_a_choice"),
        ({"days": 0}, "/days", "number_too_small"),
        ({"days": 3651}, "/days", "number_too_large"),
        ({"days": "30"}, "/days", "number_text"),
        ({"name": ""}, "/name", "too_short"),
        ({"name": "x" * 61}, "/name", "too_long"),
        ({"secret": "x"}, "/secret", "unknown_property"),
    ],
)
def test_refused_tokens(api: Any, body: dict[str, Any], pointer: str, expected: str) -> None:
    client = api("administrator")
    answer = client.post(TOKENS, json={"name": "Máy", **body})
    assert answer.status_code == 422, answer.text
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, expected)]
    assert len(client.get(TOKENS).json()["items"]) == 1  # its own alone


def test_who_manages_no_users_makes_only_tokens_of_their_own(app: FastAPI, api: Any) -> None:
    officer = own_token(app, "canbo.mot")
    for body in ({"role": "leader"}, {"unit": "19753"}, {"role": "machine", "scopes": ["units:read"]}):
        assert code(officer.post(TOKENS, json={"name": "x", **body})) == (403, "forbidden")
    made = make(officer)
    assert (made["role"], made["unit"], made["owner"]) == ("ward_officer", WARD, "canbo.mot")
    assert set(made["scopes"]) == ROLE_RIGHTS[Role.ward_officer]
    nobodys = api("ward_officer", WARD)
    assert code(nobodys.post(TOKENS, json={"name": "x"})) == (403, "forbidden")


def test_a_token_gives_no_more_than_it_has(app: FastAPI) -> None:
    narrow = bearer(app, make(own_token(app, "canbo.mot"), scopes=["units:read", "tokens:manage"])["token"])
    assert make(narrow)["scopes"] == ["tokens:manage", "units:read"]
    answer = narrow.post(TOKENS, json={"name": "x", "scopes": ["reports:read"]})
    assert code(answer) == (422, "scope_not_allowed")


def test_a_persons_token_shares_that_persons_fate(app: FastAPI) -> None:
    user_id = make_user(app, "canbo.mot")
    client = own_token(app, "canbo.mot")
    [token] = client.get(TOKENS).json()["items"]
    assert (token["owner"], token["role"], token["unit"]) == ("canbo.mot", "ward_officer", WARD)
    change_user(app, user_id, role="leader", unit_id=None)
    [token] = client.get(TOKENS).json()["items"]
    assert (token["role"], token["unit"]) == ("leader", None)
    change_user(app, user_id, disabled_at=app.state.clock.now())
    assert code(client.get(TOKENS)) == (401, "unauthenticated")
    change_user(app, user_id, disabled_at=None, demonstration=True)
    assert client.get(TOKENS).status_code == 401
    settings(app, demonstration=True)
    assert client.get(TOKENS).status_code == 200


def test_what_the_demonstration_makes_ends_with_it(app: FastAPI, api: Any) -> None:
    settings(app, demonstration=True)
    make_user(app, "quan.tri.thu", "administrator", None, demonstration=True)
    real = make_user(app, "quan.tri.that", "administrator", None)
    first = own_token(app, "quan.tri.thu")
    second = bearer(app, make(first, role="administrator")["token"])
    third = bearer(app, make(second, role="machine", scopes=["units:read"])["token"])
    new = {"user_name": "nguoi.moi", "label": "Mới", "role": "administrator", "password": PASSWORD}
    made = second.post("/api/v1/users", json=new)
    assert (made.status_code, made.json()["demonstration"]) == (201, True)
    newcomer = signed_in(app, "nguoi.moi")
    fourth = own_token(app, "nguoi.moi")
    taken = second.put(f"/api/v1/users/{real}/password", json={"password": "một câu khác cũng dài"})
    assert code(taken) == (403, "forbidden")
    for client in (first, second, third, fourth):
        assert client.get("/api/v1/units").status_code == 200
    assert is_signed_in(newcomer)
    settings(app, demonstration=False)
    for client in (first, second, third, fourth):
        assert code(client.get("/api/v1/units")) == (401, "unauthenticated")
    assert not is_signed_in(newcomer)
    assert sign_in(browser(app), "nguoi.moi").status_code == 422
    assert is_signed_in(signed_in(app, "quan.tri.that"))


def test_a_persons_token_acts_as_them_in_the_audit_log(app: FastAPI, api: Any) -> None:
    user_id = make_user(app, "quan.tri", "administrator", None)
    own = make(own_token(app, "quan.tri"), role="machine", scopes=["units:read"])
    strange = make(api("administrator"), role="machine", scopes=["units:read"])

    def entry(token_id: int) -> AuditEntry:
        found = select(AuditEntry).where(AuditEntry.entity == f"tokens/{token_id}", AuditEntry.door == "api")
        return read(app, lambda s: s.exec(found).one())

    mine, machines = entry(own["id"]), entry(strange["id"])
    assert (mine.user_id, mine.user_name) == (user_id, "quan.tri")
    assert mine.token_id is not None
    assert machines.user_id is None
    assert machines.user_name.startswith("token:")
    assert machines.token_id is not None


def test_a_token_ends_on_its_day(app: FastAPI, api: Any, clock: Any) -> None:
    clock.set("2026-11-20T08:00+07:00")
    made = make(api("administrator"), role="machine", scopes=["units:read"], days=2)
    client = bearer(app, made["token"])
    assert datetime.fromisoformat(made["expires_at"]) == datetime.fromisoformat("2026-11-22T08:00+07:00")
    clock.set("2026-11-22T07:59:59+07:00")
    assert client.get("/api/v1/units").status_code == 200
    clock.set("2026-11-22T08:00+07:00")
    answer = client.get("/api/v1/units")
    assert code(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_makes_none_beyond_its_own_end(app: FastAPI, api: Any, clock: Any) -> None:
    clock.set("2026-11-20T08:00+07:00")
    make_user(app, "quan.tri", "administrator", None)
    maker = make(own_token(app, "quan.tri"), days=2)
    client = bearer(app, maker["token"])
    clock.set("2026-11-20T09:00+07:00")
    for body in ({"days": 3650}, {}, {"role": "machine", "scopes": ["units:read"], "days": 3650}):
        assert make(client, **body)["expires_at"] == maker["expires_at"]
    assert make(client, days=1)["expires_at"] < maker["expires_at"]
    made = make(bearer(app, make(client, days=3650)["token"]), days=3650)
    assert made["expires_at"] == maker["expires_at"]
    clock.set("2026-11-22T08:00+07:00")
    assert code(bearer(app, made["token"]).get("/api/v1/units")) == (401, "unauthenticated")


def test_a_password_given_by_another_revokes_the_owners_tokens(app: FastAPI, api: Any) -> None:
    user_id = make_user(app, "canbo.mot")
    client, others, admin = own_token(app, "canbo.mot"), own_token(app, "canbo.hai"), api("administrator")
    successor = bearer(app, make(client)["token"])
    own = {"current_password": PASSWORD, "new_password": "một câu khác cũng dài"}
    assert client.put("/api/v1/password", json=own).status_code == 204
    assert client.get("/api/v1/units").status_code == successor.get("/api/v1/units").status_code == 200
    answer = admin.put(f"/api/v1/users/{user_id}/password", json={"password": "câu thứ ba cũng dài"})
    assert answer.status_code == 204
    for dead in (client, successor):
        assert code(dead.get("/api/v1/units")) == (401, "unauthenticated")
    assert others.get("/api/v1/units").status_code == admin.get("/api/v1/units").status_code == 200
    revoked = select(AuditEntry).where(AuditEntry.action == "token.revoked")
    assert len(read(app, lambda s: s.exec(revoked).all())) == 2


def test_a_revoked_token_is_dead_at_once(app: FastAPI, api: Any) -> None:
    admin = api("administrator")
    made = make(admin, role="machine", scopes=["units:read"])
    client = bearer(app, made["token"])
    assert client.get("/api/v1/units").status_code == 200
    assert admin.delete(f"{TOKENS}/{made['id']}").status_code == 204
    assert code(client.get("/api/v1/units")) == (401, "unauthenticated")
    assert admin.delete(f"{TOKENS}/{made['id']}").status_code == 204  # again: nothing more
    revoked = select(AuditEntry).where(AuditEntry.action == "token.revoked")
    assert len(read(app, lambda s: s.exec(revoked).all())) == 1


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dTpw", "Bearer t57_x", "Bearer \xe9", "t57_x", "bearer  x y"]
)
def test_no_good_token_is_401(client: TestClient, header: str) -> None:
    answer = client.get("/api/v1/units", headers={b"Authorization": header.encode("latin-1")})
    assert code(answer) == (401, "unauthenticated")


def test_the_last_use_is_noted_at_most_once_a_minute(app: FastAPI, api: Any, clock: Any) -> None:
    clock.set("2026-11-20T08:00+07:00")
    made = make(api("administrator"), role="machine", scopes=["units:read"])
    client = bearer(app, made["token"])
    noted = []
    for second in (0, 59, 60, 119, 120):
        clock.set(f"2026-11-20T08:{second // 60:02d}:{second % 60:02d}+07:00")
        assert client.get("/api/v1/units").status_code == 200
        at = read(app, lambda s: s.get_one(ApiToken, made["id"]).last_used_at)
        noted.append(at.minute * 60 + at.second if at else None)
    assert noted == [0, 0, 60, 60, 120]


def test_anothers_token_is_not_there(app: FastAPI, api: Any) -> None:
    own_token(app, "canbo.mot")
    make_user(app, "canbo.hai")
    token_id = read(app, lambda s: s.exec(select(ApiToken.id).where(ApiToken.name == "Của canbo.mot")).one())
    other, officer = signed_in(app, "canbo.hai"), api("ward_officer", WARD)
    assert other.get(f"/tokens/{token_id}").status_code == other.get("/tokens/999999").status_code == 404
    assert other.post(f"/tokens/{token_id}", data={"_method": "DELETE"}).status_code == 404
    assert "Của canbo.mot" not in other.get("/tokens").text
    for address in (f"{TOKENS}/{token_id}", f"{TOKENS}/999999"):
        assert code(officer.get(address)) == code(officer.delete(address)) == (404, "not_found")
    assert [t["role"] for t in officer.get(TOKENS).json()["items"]] == ["ward_officer"]
    assert token_id in [t["id"] for t in api("administrator").get(TOKENS).json()["items"]]


def test_tokens_come_in_pages(api: Any) -> None:
    client = api("administrator")
    for n in range(4):
        make(client, name=f"Máy {n}")
    names, cursor = [], None
    while True:
        page = client.get(TOKENS, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= 2
        names += [t["name"] for t in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names[:4] == ["Máy 3", "Máy 2", "Máy 1", "Máy 0"]
    assert len(names) == 5
    for bad in ("x", "WyJ4Il0", "W10", "WzFlMzBd", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTld"):
        assert code(client.get(TOKENS, params={"cursor": bad})) == (422, "bad_cursor")


@pytest.mark.each
@pytest.mark.parametrize("address", ["/tokens/0", "/tokens/2147483648", "/tokens/99999999999999999999"])
def test_numbers_beyond_the_table_are_refused(api: Any, address: str) -> None:
    assert api("administrator").get(f"/api/v1{address}").status_code == 422


def test_a_person_with_no_session_and_no_account_has_no_password(api: Any) -> None:
    body = {"current_password": "x", "new_password": "một câu dài dễ nhớ"}
    assert code(api("leader").put("/api/v1/password", json=body)) == (403, "forbidden")


def test_the_answer_can_be_had_as_a_table(api: Any) -> None:
    answer = api("administrator").get("/api/v1/tokens.csv")
    assert answer.status_code == 200
    assert answer.text.splitlines()[0].lstrip("\ufeff").split(",")[:4] == ["id", "name", "owner", "role"]
    assert "token_hash" not in answer.text


def test_the_rights_of_the_roles() -> None:
    reads = {scope.value for scope in Scope if scope.value.endswith(":read")}
    assert rights_of(Role.leader, None) == reads | {"tokens:manage", "findings:reopen", "tasks:ask", "indicators:cite"}
    assert rights_of(Role.city_analyst, None) >= reads | {"obligations:waive"}
    assert not rights_of(Role.administrator, None) & {"reports:read", "summary:read", "obligations:read"}
    senders = {role for role in Role if "reports:send" in rights_of(role, 7)}
    assert senders == {Role.ward_officer, Role.ward_leader, Role.machine}
    assert not {role for role in Role if "reports:send" in rights_of(role, None)}
    assert all("tokens:manage" in ROLE_RIGHTS[role] for role in PEOPLE)
    assert rights_of(Role.machine, 7, frozenset({"reports:send", "users:manage"})) == {"reports:send"}
    for role in (Role.machine, Role.ward_officer, Role.ward_leader, Role.department_officer):
        assert units_of(role, 7) == frozenset({7})
    for role, unit in ((Role.machine, None), (Role.leader, 7), (Role.city_analyst, 7), (Role.administrator, None)):
        assert units_of(role, unit) is None
    known = {scope.value for scope in Scope}
    assert all(ROLE_RIGHTS[role] <= known for role in Role)


def test_the_database_refuses_what_the_service_would(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    for statement in (
        "update users set role = 'machine'",
        "update users set unit_id = null",
        "update users set user_name = 'CanBo'",
        "update users set locale = 'de'",
    ):
        with pytest.raises(IntegrityError):
            write(app, partial(run, statement))
