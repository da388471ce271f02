"""The administrator's pages of accounts, and everybody's pages of sessions and tokens."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import select

from app.accounts.models import User
from tests.accounts import WARD, make_user, read


@pytest.mark.parametrize("locale", ["vi", "en", "fr"])
def test_every_page_is_drawn_in_every_language(app: FastAPI, people: Any, locale: str) -> None:
    user_id = make_user(app, "canbo.mot")
    client = people("administrator")
    client.post("/tokens", data={"name": "Máy"})
    client.cookies.set("lang", locale)
    client.locale = locale
    for address in (
        "/users", "/users?q=canbo&role=ward_officer", "/users?q=khong.co", "/users/new", f"/users/{user_id}",
        f"/users/{user_id}/edit", "/sessions", "/tokens", "/tokens/new", "/tokens/1", "/password",
    ):  # fmt: skip
        page = client.get(address)
        assert page.status_code == 200, address
        assert f'<html lang="{locale}">' in page.text


def test_an_account_is_made_and_changed_by_forms(app: FastAPI, people: Any) -> None:
    client = people("administrator")
    form = {
        "user_name": "motcua.thuanhoa",
        "label": "Chuyên viên Một cửa",
        "role": "ward_officer",
        "unit": WARD,
        "password": "ngắn",
    }
    refused = client.post("/users", data=form)
    assert refused.status_code == 422
    assert 'href="#password"' in refused.text
    assert 'value="motcua.thuanhoa"' in refused.text
    assert f'<option value="{WARD}" selected>' in refused.text
    assert 'value="ngắn"' not in refused.text
    made = client.post("/users", data=form | {"password": "một câu dài dễ nhớ"})
    assert made.status_code == 303
    address = made.headers["location"]
    assert "Chuyên viên Một cửa" in client.get(address).text
    edit = client.get(f"{address}/edit").text
    assert 'name="_if_match" value="1"' in edit
    change = {"_method": "PUT", "_if_match": "1", "label": "Phó Chủ tịch", "role": "ward_leader", "unit": WARD}
    assert client.post(address, data=change).headers["location"] == address
    stale = client.post(address, data=change | {"label": "Chủ tịch"})
    assert stale.status_code == 412
    assert 'value="Chủ tịch"' in stale.text  # what was typed
    assert "<dd>Phó Chủ tịch</dd>" in stale.text  # what stands now
    assert 'name="_if_match" value="2"' in stale.text
    assert client.post(address, data=change | {"label": "Chủ tịch", "_if_match": "2"}).status_code == 303
    user = read(app, lambda s: s.exec(select(User).where(User.user_name == "motcua.thuanhoa")).one())
    assert (user.label, user.role, user.version) == ("Chủ tịch", "ward_leader", 3)


def test_an_account_is_closed_and_opened_by_forms(app: FastAPI, people: Any) -> None:
    user_id = make_user(app, "canbo.mot")
    client = people("administrator")
    address = f"/users/{user_id}/disablement"
    refused = client.post(address, data={"_method": "PUT", "_if_match": "1", "reason": ""})
    assert refused.status_code == 422
    assert 'href="#reason"' in refused.text
    closed = client.post(address, data={"_method": "PUT", "_if_match": "1", "reason": "Chuyển công tác"})
    assert closed.headers["location"] == f"/users/{user_id}"
    assert "Tài khoản đã bị khóa" in client.get(f"/users/{user_id}").text
    opened = client.post(address, data={"_method": "DELETE", "_if_match": "2"})
    assert opened.status_code == 303
    assert "Tài khoản đã bị khóa" not in client.get(f"/users/{user_id}").text


def test_a_password_is_set_by_a_form(app: FastAPI, people: Any) -> None:
    user_id = make_user(app, "canbo.mot")
    client = people("administrator")
    address = f"/users/{user_id}/password"
    refused = client.post(address, data={"_method": "PUT", "password": "canbo.mot canbo.mot"})
    assert refused.status_code == 422
    assert "Mật khẩu dễ đoán" in refused.text
    answer = client.post(address, data={"_method": "PUT", "password": "câu khác cũng dài lắm"})
    assert answer.headers["location"] == f"/users/{user_id}"


def test_the_token_form_offers_what_one_may_give(people: Any) -> None:
    officer = people("ward_officer", WARD).get("/tokens/new").text
    assert 'value="reports:send"' in officer
    assert 'value="users:manage"' not in officer
    assert 'name="role"' not in officer
    administrator = people("administrator").get("/tokens/new").text
    assert 'value="users:manage"' in administrator
    assert 'value="reports:send"' in administrator
    assert 'name="role"' in administrator


def test_a_refused_token_form_keeps_what_was_typed(people: Any) -> None:
    client = people("administrator")
    answer = client.post(
        "/tokens", data={"name": "Máy một cửa", "role": "leader", "scopes[]": ["reports:send"], "days": "30"}
    )
    assert answer.status_code == 422
    assert "Không được cấp quyền «reports:send» cho mã này." in answer.text
    assert 'value="Máy một cửa"' in answer.text
    assert '<option value="leader" selected>' in answer.text
    assert 'value="30"' in answer.text


def test_a_token_is_revoked_by_a_button(people: Any) -> None:
    client = people("ward_officer", WARD)
    client.post("/tokens", data={"name": "Máy"})
    assert client.post("/tokens/1", data={"_method": "DELETE"}).headers["location"] == "/tokens"
    assert "Đã thu hồi" in client.get("/tokens").text


@pytest.mark.parametrize("address", ["/users", "/users/new", "/users/1", "/users/1/edit"])
def test_the_pages_of_accounts_are_the_administrators(people: Any, address: str) -> None:
    assert people("ward_officer", WARD).get(address).status_code == 403
