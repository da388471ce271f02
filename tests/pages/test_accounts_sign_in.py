"""Signing in and out at the people's door: throttling, sessions, cookies."""

import asyncio
import re
import threading
import time
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import col, select

from app.accounts import passwords
from app.accounts.demonstration import ACCOUNTS, demo_accounts
from app.accounts.demonstration import PASSWORD as DEMO_PASSWORD
from app.accounts.models import SignInAttempt, User, UserSession
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
from tests.support.clients import line
from tests.support.page import read as read_page

START = "2026-11-20T08:00+07:00"


@pytest.fixture(autouse=True)
def _morning(clock: Any) -> None:
    clock.set(START)


def test_the_session_cookie_is_bound_to_this_host(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    answer = sign_in(browser(app), "canbo.mot", to="/sessions")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions")
    name, *attributes = [part.strip().lower() for part in answer.headers["set-cookie"].split(";")]
    assert name.startswith("__host-session=")
    assert sorted(attributes) == ["httponly", "path=/", "samesite=lax", "secure"]
    secret = answer.cookies["__Host-session"]
    kept = read(app, lambda s: s.exec(select(UserSession)).one())
    assert kept.token_hash == hash_secret(secret)
    assert secret not in str(kept.model_dump())
    assert len(secret) == 43  # 256 bits


@pytest.mark.parametrize(
    ("demonstration", "address", "name"),
    [
        (True, "http://localhost:8000", "session"),
        (True, "http://127.0.0.1:8000", "session"),
        (True, "http://tiendo57.example", "__Host-session"),
        (True, "https://localhost", "__Host-session"),
        (False, "http://localhost:8000", "__Host-session"),
    ],
)
def test_a_plain_cookie_only_on_loopback_in_demonstration(
    app: FastAPI, demonstration: bool, address: str, name: str
) -> None:
    settings(app, demonstration=demonstration)
    make_user(app, "canbo.mot")
    cookie = sign_in(browser(app, address), "canbo.mot").headers["set-cookie"]
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) is (name == "__Host-session")


def test_refusals_tell_nothing_apart(app: FastAPI) -> None:
    make_user(app, "dung.ten")
    change_user(app, make_user(app, "da.khoa"), disabled_at=app.state.clock.now())
    change_user(app, make_user(app, "khong.matkhau"), password_hash=None)
    make_user(app, "dung.thu", demonstration=True)
    bodies = set()
    for name, password in [
        ("dung.ten", "sai"),
        ("khong.co.ai", PASSWORD),
        ("da.khoa", PASSWORD),
        ("khong.matkhau", PASSWORD),
        ("dung.thu", PASSWORD),
    ]:
        answer = sign_in(browser(app), name, password)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
        assert password not in answer.text
        bodies.add(answer.text.replace(name, "NAME"))
    assert len(bodies) == 1
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in bodies.pop()


def test_the_hash_of_nobody_costs_what_a_real_one_does() -> None:
    made = passwords.hash_password("bất kỳ")
    assert passwords.NOBODY.split("$")[:4] == made.split("$")[:4] == ["", "argon2id", "v=19", "m=19456,t=2,p=1"]
    assert len(passwords.NOBODY) == len(made)


def test_user_names_fold_and_passwords_are_one_however_typed(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    import unicodedata

    assert sign_in(browser(app), " CanBo.Mot ", unicodedata.normalize("NFD", PASSWORD)).status_code == 303


@pytest.mark.parametrize("field", ["user_name", "password"])
@pytest.mark.parametrize("text", ["\x00", "a\x07b"])
def test_unreadable_characters_are_refused(app: FastAPI, field: str, text: str) -> None:
    answer = browser(app).post("/sign-in", data={"user_name": "ai.do", "password": "sai", field: text})
    assert answer.status_code == 422
    assert "Có ký tự không đọc được." in answer.text


def test_an_idempotency_key_is_refused(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    answer = sign_in(browser(app), "canbo.mot", _idempotency_key="k1")
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_guessing_is_throttled_and_the_count_survives_the_refusal(app: FastAPI, clock: Any) -> None:
    make_user(app, "canbo.mot")
    for minute in range(5):
        clock.set(f"2026-11-20T08:0{minute}+07:00")
        assert sign_in(browser(app), "canbo.mot", "sai").status_code == 422
    assert len(read(app, lambda s: s.exec(select(SignInAttempt)).all())) == 5
    clock.set("2026-11-20T08:10+07:00")
    for _ in range(3):  # asking again makes nobody wait longer
        answer = sign_in(browser(app), "canbo.mot")
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "300"
        assert "Hãy thử lại sau 5 phút." in answer.text
        assert 'value="canbo.mot"' in answer.text
    assert sign_in(browser(app), "nguoi.khac", "sai").status_code == 422
    clock.set("2026-11-20T08:15+07:00")
    assert sign_in(browser(app), "canbo.mot").status_code == 303


def test_names_nobody_has_are_throttled_alike(app: FastAPI) -> None:
    codes = [sign_in(browser(app), "khong.co.ai", "sai").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_success_clears_the_users_count(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    for _ in range(3):
        assert [sign_in(browser(app), "canbo.mot", "sai").status_code for _ in range(4)] == [422] * 4
        assert sign_in(browser(app), "canbo.mot").status_code == 303


def test_one_address_may_not_try_many_names(app: FastAPI, clock: Any) -> None:
    settings(app, sign_in_attempts_per_address=7)
    make_user(app, "canbo.mot")
    for n in range(7):
        assert sign_in(browser(app), f"ten.{n}", "sai").status_code == 422
    assert sign_in(browser(app), "canbo.mot").status_code == 429
    clock.set("2026-11-20T08:15+07:00")
    assert sign_in(browser(app), "canbo.mot").status_code == 303
    # What the window no longer counts is not kept.
    assert len(read(app, lambda s: s.exec(select(SignInAttempt)).all())) == 1


async def _post(app: FastAPI, forms: list[dict[str, str]]) -> list[int]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="https://testserver") as client:
        answers = await asyncio.gather(*(client.post("/sign-in", data=form) for form in forms))
    return [answer.status_code for answer in answers]


def test_of_many_guesses_at_once_no_more_than_the_limit_pass(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    codes = asyncio.run(_post(app, [{"user_name": "canbo.mot", "password": f"sai {n}"} for n in range(12)]))
    assert set(codes) <= {422, 429}
    assert codes.count(422) <= 5
    assert sign_in(browser(app), "canbo.mot").status_code == (429 if codes.count(422) == 5 else 303)


def test_never_more_than_two_hashes_at_once(app: FastAPI) -> None:
    settings(app, sign_in_attempts_per_address=1000)
    passwords.turns.most = 0
    codes = asyncio.run(_post(app, [{"user_name": f"ten.{n}", "password": "sai"} for n in range(12)]))
    assert codes == [422] * 12
    assert 1 <= passwords.turns.most <= 2


def test_a_third_hash_waits_for_a_turn() -> None:
    done = threading.Event()

    def hash_and_tell() -> None:
        passwords.hash_password("bất kỳ")
        done.set()

    with passwords.turns.turn(), passwords.turns.turn():
        third = threading.Thread(target=hash_and_tell)
        third.start()
        assert not done.wait(0.3)
    assert done.wait(10)
    third.join()


def test_waiting_for_a_hash_holds_neither_lock_nor_threads(app: FastAPI) -> None:
    settings(app, sign_in_attempts_per_address=1000)
    make_user(app, "canbo.mot")

    async def scene() -> tuple[float, list[int]]:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://testserver", timeout=30) as client:
            with passwords.turns.turn(), passwords.turns.turn():
                waiting = [
                    asyncio.create_task(client.post("/sign-in", data={"user_name": f"ten.{n}", "password": "sai"}))
                    for n in range(50)
                ]
                for _ in range(400):
                    if len(await asyncio.to_thread(_attempts, app)) == 50:
                        break
                    await asyncio.sleep(0.05)
                else:
                    pytest.fail("not all of the attempts were noted")
                began = time.monotonic()
                page = await client.get("/sign-in")
                await asyncio.to_thread(make_user, app, "canbo.hai")
                took = time.monotonic() - began
                assert page.status_code == 200
                assert not any(task.done() for task in waiting)
            return took, [answer.status_code for answer in await asyncio.gather(*waiting)]

    took, codes = asyncio.run(scene())
    assert took < 5  # the database's own patience is 10 s
    assert codes == [422] * 50


def _attempts(app: FastAPI) -> list[SignInAttempt]:
    return list(read(app, lambda s: s.exec(select(SignInAttempt)).all()))


def test_a_weak_hash_is_replaced_at_the_next_sign_in(app: FastAPI) -> None:
    weak = Argon2Hasher(memory_cost=8192, time_cost=1, parallelism=1).hash(PASSWORD)
    user_id = make_user(app, "canbo.mot")
    change_user(app, user_id, password_hash=weak)
    assert sign_in(browser(app), "canbo.mot").status_code == 303
    kept = read(app, lambda s: s.get_one(User, user_id).password_hash)
    assert kept is not None
    assert "m=19456,t=2,p=1" in kept
    assert sign_in(browser(app), "canbo.mot").status_code == 303


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("/units?q=hu%E1%BA%BF", "/units?q=hu%E1%BA%BF"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/units\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
        ("/units?q=đường số 5", "/units?q=%C4%91%C6%B0%E1%BB%9Dng%20s%E1%BB%91%205"),
        ("/units?q=%C4%91&x=1#đ", "/units?q=%C4%91&x=1#%C4%91"),
        ("/units?q=100%", "/units?q=100%"),
    ],
)
def test_a_redirect_never_leaves_the_site(app: FastAPI, to: str, location: str) -> None:
    make_user(app, "canbo.mot")
    client = browser(app)
    assert sign_in(client, "canbo.mot", to=to).headers["location"] == location
    assert client.get("/sign-in", params={"to": to}).headers["location"] == location
    answer = client.post("/language", data={"locale": "vi", "to": to})
    assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_the_form_remembers_where_the_visitor_wanted_to_go(app: FastAPI) -> None:
    client = browser(app)
    assert client.get("/sessions").headers["location"] == "/sign-in?to=/sessions"
    assert '<input type="hidden" name="to" value="/sessions">' in client.get("/sign-in?to=/sessions").text
    assert '<input type="hidden" name="to" value="/sessions">' in sign_in(client, "ai", "sai", to="/sessions").text
    assert 'name="to" value="https' not in client.get("/sign-in?to=https://evil.example/").text


def test_signing_in_again_gives_a_new_session_and_ends_the_old(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    old = client.cookies["__Host-session"]
    sign_in(client, "canbo.mot")
    assert client.cookies["__Host-session"] != old
    stale = browser(app)
    stale.cookies.set("__Host-session", old)
    assert not is_signed_in(stale)
    assert is_signed_in(client)
    planted = browser(app)
    planted.cookies.set("__Host-session", "x" * 43)
    answer = sign_in(planted, "canbo.mot")
    assert answer.cookies["__Host-session"] != "x" * 43


def test_signing_out_revokes_at_once(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    secret = client.cookies["__Host-session"]
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert 'session=""' in answer.headers["set-cookie"]
    thief = browser(app)
    thief.cookies.set("__Host-session", secret)
    assert not is_signed_in(thief)


def test_an_unused_session_ends_after_half_an_hour(app: FastAPI, clock: Any) -> None:
    make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    clock.set("2026-11-20T08:29:59+07:00")
    assert is_signed_in(client)
    clock.set("2026-11-20T08:59:58+07:00")
    assert is_signed_in(client)
    clock.set("2026-11-20T09:29:58+07:00")
    assert not is_signed_in(client)


def test_a_used_session_ends_after_twelve_hours(app: FastAPI, clock: Any) -> None:
    make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    for minute in range(20, 12 * 60, 20):
        clock.set(f"2026-11-20T{8 + minute // 60:02d}:{minute % 60:02d}+07:00")
        assert is_signed_in(client), minute
    clock.set("2026-11-20T19:59:59+07:00")
    assert is_signed_in(client)
    clock.set("2026-11-20T20:00+07:00")
    assert not is_signed_in(client)


def test_the_last_use_is_noted_at_most_once_a_minute(app: FastAPI, clock: Any) -> None:
    make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    seen = []
    for second in (0, 30, 59, 60, 90, 119, 120):
        clock.set(f"2026-11-20T08:{second // 60:02d}:{second % 60:02d}+07:00")
        assert is_signed_in(client)
        at = read(app, lambda s: s.exec(select(UserSession.last_seen_at)).one())
        seen.append(at.minute * 60 + at.second)
    assert seen == [0, 0, 0, 60, 60, 60, 120]


def test_an_officer_may_remember_a_device(app: FastAPI, clock: Any) -> None:
    make_user(app, "canbo.mot")
    client = browser(app)
    answer = sign_in(client, "canbo.mot", remember="true")
    assert "Max-Age=604800" in answer.headers["set-cookie"]
    # The test browser's own jar follows the real clock, so the cookie is carried by hand.
    later = browser(app)
    later.cookies.set("__Host-session", answer.cookies["__Host-session"])
    clock.set("2026-11-27T07:59:59+07:00")
    assert is_signed_in(later)
    settings(app, remember_device_days=0)
    assert not is_signed_in(later)
    assert "remember" not in browser(app).get("/sign-in").text
    settings(app, remember_device_days=7)
    assert is_signed_in(later)
    clock.set("2026-11-27T08:00+07:00")
    assert not is_signed_in(later)


@pytest.mark.parametrize(("role", "days"), [("city_analyst", 7), ("ward_officer", 0)])
def test_nobody_else_is_remembered(app: FastAPI, clock: Any, role: str, days: int) -> None:
    settings(app, remember_device_days=days)
    make_user(app, "ai.do", role)
    client = browser(app)
    answer = sign_in(client, "ai.do", remember="true")
    assert answer.status_code == 303
    assert "Max-Age" not in answer.headers["set-cookie"]
    clock.set("2026-11-20T08:30+07:00")
    assert not is_signed_in(client)


def test_a_disabled_account_is_out_at_once(app: FastAPI) -> None:
    user_id = make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    change_user(app, user_id, disabled_at=app.state.clock.now())
    assert not is_signed_in(client)


def test_a_role_changed_counts_with_the_next_request(app: FastAPI) -> None:
    user_id = make_user(app, "ai.do", "administrator", None)
    client = signed_in(app, "ai.do")
    assert client.get("/users").status_code == 200
    change_user(app, user_id, role="leader")
    assert client.get("/users").status_code == 403


def test_each_door_has_its_own_key(app: FastAPI, api: Any) -> None:
    make_user(app, "quan.tri", "administrator", None)
    client = signed_in(app, "quan.tri")
    assert client.get("/users").status_code == 200
    assert client.get("/api/v1/users").status_code == 401
    machine = api("administrator")
    assert machine.get("/api/v1/users").status_code == 200
    token = machine.headers["authorization"]
    stranger = browser(app)
    answer = stranger.get("/users", headers={"Authorization": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=/users")
    # A session's secret is no token, nor a token's a session.
    assert (
        stranger.get(
            "/api/v1/users", headers={"Authorization": f"Bearer {client.cookies['__Host-session']}"}
        ).status_code
        == 401
    )
    stranger.cookies.set("__Host-session", token.removeprefix("Bearer "))
    assert not is_signed_in(stranger)


def test_demonstration_accounts_exist_for_the_demonstration_only(app: FastAPI) -> None:
    settings(app, demonstration=True)
    write(app, lambda s: demo_accounts(s, app.state.clock.now()))
    write(app, lambda s: demo_accounts(s, app.state.clock.now()))  # again: nothing new
    assert len(read(app, lambda s: s.exec(select(User).where(User.demonstration)).all())) == len(ACCOUNTS) == 6
    page = browser(app).get("/sign-in").text
    clients = {}
    for account in ACCOUNTS:
        assert account.user_name in page
        clients[account.user_name] = browser(app)
        assert sign_in(clients[account.user_name], account.user_name, DEMO_PASSWORD).status_code == 303
        assert is_signed_in(clients[account.user_name])
    settings(app, demonstration=False)
    page = browser(app).get("/sign-in").text
    assert DEMO_PASSWORD not in page
    assert "tonghop" not in page
    for account in ACCOUNTS:
        assert sign_in(browser(app), account.user_name, DEMO_PASSWORD).status_code == 422
        assert not is_signed_in(clients[account.user_name])


def test_the_language_is_remembered_by_browser_and_account(app: FastAPI) -> None:
    user_id = make_user(app, "canbo.mot")
    stranger = browser(app)
    stranger.post("/language", data={"locale": "en", "to": "/sign-in"})
    assert '<html lang="en">' in stranger.get("/sign-in").text
    client = signed_in(app, "canbo.mot")
    client.post("/language", data={"locale": "fr", "to": "/sessions"})
    assert read(app, lambda s: s.get_one(User, user_id).locale) == "fr"
    elsewhere = signed_in(app, "canbo.mot")
    assert '<html lang="fr">' in elsewhere.get("/sessions").text
    assert stranger.post("/language", data={"locale": "de"}).status_code == 422


def test_sessions_are_listed_and_ended(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    make_user(app, "canbo.hai")
    here, there, third, other = (signed_in(app, name) for name in ("canbo.mot", "canbo.mot", "canbo.mot", "canbo.hai"))
    page = here.get("/sessions").text
    assert page.count('action="/sessions/') == 3
    assert page.count("Thiết bị này") == 1
    ids = [int(n) for n in re.findall(r'action="/sessions/(\d+)"', page)]
    foreign = re.findall(r'action="/sessions/(\d+)"', other.get("/sessions").text)[0]
    assert here.post(f"/sessions/{foreign}", data={"_method": "DELETE"}).status_code == 404
    assert here.post("/sessions/999999", data={"_method": "DELETE"}).status_code == 404
    assert is_signed_in(other)
    own = read(app, lambda s: s.exec(select(UserSession.id).where(
        UserSession.token_hash == hash_secret(there.cookies["__Host-session"]))).one())  # fmt: skip
    assert own in ids
    assert here.post(f"/sessions/{own}", data={"_method": "DELETE"}).headers["location"] == "/sessions"
    assert [is_signed_in(c) for c in (here, there, third)] == [True, False, True]
    here.post("/sessions", data={"_method": "DELETE"})
    assert [is_signed_in(c) for c in (here, third, other)] == [True, False, True]
    current = re.findall(r'action="/sessions/(\d+)"', here.get("/sessions").text)[0]
    answer = here.post(f"/sessions/{current}", data={"_method": "DELETE"})
    assert answer.headers["location"] == "/sign-in"
    assert not is_signed_in(here)


def test_changing_the_password_ends_the_other_sessions(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    here, there = signed_in(app, "canbo.mot"), signed_in(app, "canbo.mot")
    new = "câu khác cũng dài lắm"
    wrong = here.post("/password", data={"_method": "PUT", "current_password": "sai", "new_password": new})
    assert wrong.status_code == 422
    assert "Mật khẩu hiện tại không đúng." in wrong.text
    short = here.post("/password", data={"_method": "PUT", "current_password": PASSWORD, "new_password": "ngắn"})
    assert short.status_code == 422
    assert "ít nhất 12 ký tự" in short.text
    assert is_signed_in(there)
    answer = here.post("/password", data={"_method": "PUT", "current_password": PASSWORD, "new_password": new})
    assert (answer.status_code, answer.headers["location"]) == (303, "/password?changed=1")
    page = here.get("/password?changed=1").text
    assert "Đã đổi mật khẩu." in page
    assert '<a href="/tokens">' in page
    assert [is_signed_in(c) for c in (here, there)] == [True, False]
    assert sign_in(browser(app), "canbo.mot").status_code == 422
    assert sign_in(browser(app), "canbo.mot", new).status_code == 303


def test_guessing_the_present_password_is_throttled_too(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    form = {"_method": "PUT", "current_password": "sai", "new_password": "câu khác cũng dài lắm"}
    codes = [client.post("/password", data=form).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_signing_in_is_audited_without_secrets(app: FastAPI) -> None:
    make_user(app, "canbo.mot")
    client = signed_in(app, "canbo.mot")
    client.post("/sign-out")
    rows = read(app, lambda s: s.exec(select(AuditEntry).order_by(col(AuditEntry.number))).all())
    told = [(r.action, r.user_name, r.door) for r in rows if r.action.startswith("session.")]
    assert told == [("session.created", "canbo.mot", "people"), ("session.ended", "canbo.mot", "people")]
    everything = " ".join(str(row.model_dump()) for row in rows)
    assert PASSWORD not in everything
    assert "$argon2id" not in everything


def unsent(page: str) -> tuple[str, dict[str, str | list[str]]]:
    """Return where the page's own form goes and its fields, as a browser would send them."""
    nodes = read_page(page).nodes
    start = next(n for n, node in enumerate(nodes) if node.tag == "form" and "main" in node.parents)
    fields: dict[str, str | list[str]] = {}
    for node in nodes[start + 1 :]:
        if "form" not in node.parents:
            break
        if node.tag == "input" and node.attrs.get("type") != "checkbox":
            name, value = node.attrs["name"], node.attrs.get("value", "")
            held = fields.get(name, [])
            fields[name] = [*held, value] if name.endswith("[]") else value
    return nodes[start].attrs["action"], fields


def test_a_typed_day_survives_the_end_of_the_session(app: FastAPI, people: Any, clock: Any) -> None:
    clock.set("2026-11-20T16:00+07:00")
    user = people("ward_officer", WARD)
    make_user(app, "canbo.mot")
    at = f"/throughput/reports/{WARD}/2026-11-20"
    note = 'Mất điện "cả buổi" <b>\nĐã gọi & báo = xong'
    typed = {f"city[lines][HT][{name}]": str(n) for name, n in line(received_online=57, resolved_early=3).items()}
    typed |= {"_method": "PUT", "_only": "city", "_idempotency_key": "k57", "city[note]": note}
    clock.set("2026-11-20T16:45+07:00")
    refused = user.post(at, data=typed)
    assert refused.status_code == 401
    assert "Phiên làm việc đã hết hạn. Số liệu đang nhập vẫn được giữ." in refused.text
    action, fields = unsent(refused.text)
    assert (action, fields["to"], fields["kept_for"]) == ("/sign-in", f"{at}/worksheet", at)
    assert 'href="/sign-in"' not in refused.text
    wrong = user.post(action, data=fields | {"user_name": "canbo.mot", "password": "sai"})
    assert wrong.status_code == 422
    action, fields = unsent(wrong.text)
    entered = user.post(action, data=fields | {"user_name": "canbo.mot", "password": PASSWORD})
    assert entered.status_code == 200
    assert "Chức danh canbo.mot" in entered.text
    assert f'href="{at}/worksheet"' in entered.text
    action, fields = unsent(entered.text)
    assert (action, fields) == (at, typed)
    assert user.get(at).status_code == 404  # nothing is sent by itself
    sent = user.post(action, data=fields)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{at}/receipt")
    page = user.get(at).text
    assert "57" in page
    assert "Mất điện &#34;cả buổi&#34; &lt;b&gt;" in page


def test_who_signs_in_sends_with_their_own_rights(app: FastAPI, stranger: Any) -> None:
    make_user(app, "canbo.hai", unit="19753")
    _, fields = unsent(stranger.post(f"/throughput/reports/{WARD}/2026-11-20", data={"_method": "PUT"}).text)
    entered = stranger.post("/sign-in", data=fields | {"user_name": "canbo.hai", "password": PASSWORD})
    action, fields = unsent(entered.text)
    assert (action, fields) == (f"/throughput/reports/{WARD}/2026-11-20", {"_method": "PUT"})
    assert stranger.post(action, data=fields).status_code == 404


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/tokens", "/tokens/new"),
        ("/users/57", "/users/57/edit"),
        ("/users/57/disablement", "/"),
        ("/units/19789", "/units/19789"),
        ("/calendar/days/2026-12-02?unit=19789", "/calendar/days/2026-12-02"),
    ],
)
def test_a_page_to_begin_anew_is_offered(app: FastAPI, stranger: Any, path: str, to: str) -> None:
    make_user(app, "quan.tri", "administrator", None)
    _, fields = unsent(stranger.post(path, data={"_method": "PUT" if path != "/tokens" else "", "label": "Đ"}).text)
    assert (fields["to"], fields["kept_for"]) == (to, path)
    entered = stranger.post("/sign-in", data=fields | {"user_name": "quan.tri", "password": PASSWORD})
    assert unsent(entered.text)[0] == path
    assert f'<a href="{to}">Bỏ và làm lại từ đầu</a>' in entered.text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_kept_form_never_goes_elsewhere(app: FastAPI, stranger: Any, elsewhere: str) -> None:
    make_user(app, "canbo.mot")
    form = {"user_name": "canbo.mot", "password": PASSWORD, "kept_for": elsewhere, "kept[]": ["a=b"]}
    answer = stranger.post("/sign-in", data=form)
    assert answer.status_code == 422
    assert "evil.example" not in answer.text
    assert "set-cookie" not in answer.headers
    assert not is_signed_in(stranger)


def test_a_password_is_not_kept(app: FastAPI, stranger: Any) -> None:
    make_user(app, "quan.tri", "administrator", None)
    secret, enter = "câu thứ tư cũng dài", {"user_name": "quan.tri", "password": PASSWORD}
    form = {"_method": "PUT", "current_password": secret, "new_password": secret}
    refused = stranger.post("/password", data=form)
    assert refused.status_code == 401
    assert secret not in refused.text
    assert "Phiên làm việc đã hết hạn. Vui lòng đăng nhập lại." in refused.text
    _, fields = unsent(refused.text)
    assert stranger.post("/sign-in", data=fields | enter).headers["location"] == "/password"
    stranger.cookies.clear()
    new = {"user_name": "nguoi.moi", "label": "Mới", "role": "leader", "password": secret}
    refused = stranger.post("/users", data=new)
    assert secret not in refused.text
    _, fields = unsent(refused.text)
    fields["kept[]"] = [*fields["kept[]"], f"password={secret}", f"x[new_password]={secret}"]
    wrong, page = (stranger.post("/sign-in", data=fields | enter | {"password": p}) for p in ("sai", PASSWORD))
    for one in (wrong, page):
        assert secret not in one.text
        assert PASSWORD not in one.text
    action, fields = unsent(page.text)
    assert (action, fields) == ("/users", {name: new[name] for name in ("user_name", "label", "role")})
    again = stranger.post(action, data=fields)
    assert again.status_code == 422
    assert 'value="nguoi.moi"' in again.text


def test_a_form_too_large_to_carry_is_not_promised(stranger: Any) -> None:
    form = {f"lines[{n}]": "1" for n in range(4_990)}
    answer = stranger.post("/tokens", data=form)
    assert answer.status_code == 401
    assert "vẫn được giữ" not in answer.text
    assert "kept" not in unsent(answer.text)[1]
