"""Every kind of refusal, driven through the handler at both doors: one shape for clients, words for people."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr
from sqlalchemy import text

from app.core import errors, i18n
from app.core.db import Database, Gate
from app.core.settings import Locale, Settings
from app.core.web import API
from tests.conftest import KIND
from tests.durability.live import at_once, caller, serving
from tests.support.clients import DAY, OTHER, WARD, PageClient, line, report

Api = Callable[..., TestClient]
People = Callable[..., PageClient]
REPORT = f"/throughput/reports/{WARD}/{DAY}/city"
BOTH = f"/throughput/reports/{WARD}/{DAY}"
FREE = f"/throughput/reports/{WARD}/2026-11-19/city"
KEYS = {"type", "title", "status", "detail", "code", "message", "errors", "request_id"}


def _check(answer: Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert set(document) - {"current"} == KEYS
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == f"urn:tiendo57:problem:{code}"
    assert document["message"].keys() == {"vi", "en"}
    assert document["message"]["vi"] != document["message"]["en"]
    assert document["title"]
    assert document["detail"] in document["message"].values()
    assert document["request_id"] == answer.headers["x-request-id"]
    for error in document["errors"]:
        assert error.keys() == {"pointer", "code", "message"}
        assert error["message"]["vi"]
    return document


def _kinds() -> dict[str, tuple[str, str, dict[str, Any], int, str]]:
    """Return (method, path, options, status, code) for what clients and people can do wrong."""
    changed = report(line(received_online=2))
    long_key = {"idempotency-key": "x" * 201}
    broken = b'{"lines": [], "note": "\\ud800"}'
    big = b'{"note": "' + b"x" * 1_100_000 + b'"}'
    json_type = {"content-type": "application/json"}
    return {
        "not_found": ("GET", "/nowhere", {}, 404, "not_found"),
        "missing_row": ("GET", "/units/19999", {}, 404, "not_found"),
        "forbidden": ("GET", "/users", {}, 403, "forbidden"),
        "method": ("POST", "/units/19753", {"json": {}}, 405, "method_not_allowed"),
        "no_table": ("GET", f"{BOTH}/worksheet.csv", {}, 406, "no_table"),
        "precondition_required": ("PUT", REPORT, {"json": changed}, 428, "precondition_required"),
        "stale": ("PUT", REPORT, {"json": changed, "headers": {"if-match": '"9"'}}, 412, "stale"),
        "exists": ("PUT", REPORT, {"json": changed, "headers": {"if-none-match": "*"}}, 412, "already_exists"),
        "none_yet": ("PUT", FREE, {"json": changed, "headers": {"if-match": '"1"'}}, 412, "no_such_version"),
        "too_large": ("PUT", REPORT, {"content": big, "headers": json_type}, 413, "body_too_large"),
        "malformed": ("PUT", REPORT, {"content": b"{nonsense", "headers": json_type}, 422, "malformed_json"),
        "not_utf8": ("PUT", REPORT, {"content": b'{"note": "\xff"}', "headers": json_type}, 422, "malformed_json"),
        "media_type": (
            "PUT", REPORT, {"content": b"<a/>", "headers": {"content-type": "text/xml"}}, 415, "unsupported_media_type"
        ),
        "negative": ("PUT", REPORT, {"json": report(line(received_online=-1))}, 422, "number_negative"),
        "long_name": ("PUT", REPORT, {"json": {"x" * 500: 1, "lines": []}}, 422, "unknown_property"),
        "broken_name": ("PUT", REPORT, {"content": b'{"\\ud800": 1}', "headers": json_type}, 422, "invalid_value"),
        "broken_text": ("PUT", REPORT, {"content": broken, "headers": json_type}, 422, "bad_text"),
        "bad_day": ("GET", f"/throughput/reports/{WARD}/2026-02-30/city", {}, 422, "bad_date"),
        "bad_cursor": ("GET", "/units?cursor=zzz", {}, 422, "bad_cursor"),
        "nul": ("GET", "/units?q=%00", {}, 422, "bad_text"),
        "key": ("PUT", REPORT, {"json": changed, "headers": long_key}, 422, "bad_idempotency_key"),
    }  # fmt: skip


@pytest.fixture
def standing(api: Api) -> None:
    """A first report, to be changed wrongly."""
    assert api().put(API + REPORT, json=report(line(received_online=1))).status_code == 201


@pytest.mark.parametrize("kind", _kinds())
def test_each_kind_is_a_problem_document_at_the_api(api: Api, standing: None, kind: str) -> None:
    method, path, options, status, code = _kinds()[kind]
    _check(api().request(method, API + path, **options), status, code)


@pytest.mark.parametrize("kind", _kinds())
@pytest.mark.parametrize("locale", ["vi", "fr"])
def test_each_kind_is_a_page_for_people(people: People, standing: None, kind: str, locale: Locale) -> None:
    method, path, options, status, code = _kinds()[kind]
    browser = people()
    browser.locale = locale
    browser.cookies.set("lang", locale)
    answer = browser.request(method, path, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    words = i18n.catalogue(locale)[f"error.{code}"]
    sentence = words if isinstance(words, str) else words[0]
    shown = answer.text.replace("&#39;", "'").replace("&#34;", '"')
    assert sentence.split("{")[0][:40] in shown, (sentence, shown)
    if locale == "fr":
        english = i18n.catalogue("en")[f"error.status_{status}"]
        assert f"<h1>{english}" not in shown


def test_the_languages_of_a_document_follow_what_the_client_reads(client: TestClient) -> None:
    for accept, language in (
        ("en", "en"),
        ("fr-FR,fr;q=0.9", "fr"),
        ("vi", "vi"),
        ("de", "vi"),
        ("de, en;q=0.1", "en"),
    ):
        detail = client.get(f"{API}/units", headers={"accept-language": accept}).json()["detail"]
        assert detail == i18n.translate("error.unauthenticated", language)  # type: ignore[arg-type]


def test_a_stale_change_comes_with_what_stands(api: Api, standing: None) -> None:
    body = report(line(received_online=2))
    document = _check(api().put(API + REPORT, json=body, headers={"if-match": '"7"'}), 412, "stale")
    assert document["current"]["version"] == 1
    assert document["current"]["lines"][0]["received_online"] == 1


def test_the_rest_of_the_family_has_its_status_and_words() -> None:
    family = {one.status: one for one in errors.Problem.__subclasses__()}
    assert set(family) == {401, 403, 404, 409, 412, 422, 428, 503}
    for status, one in family.items():
        for language in i18n.LOCALES:
            assert i18n.translate(f"error.{one.code}", language)
            assert i18n.translate(f"error.status_{status}", language)


def test_a_defect_is_logged_and_answered_without_a_detail(
    app: FastAPI, api: Api, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    officer, browser = api(), people()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.state.settings, "page_size", "not a number")
        answer = officer.get(f"{API}/units")
    document = _check(answer, 500, "internal")
    assert "not a number" not in json.dumps(document)
    assert '"event": "defect"' in capsys.readouterr().out
    assert answer.headers["content-security-policy"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.state.settings, "page_size", "not a number")
        page = browser.get("/units")
    assert page.status_code == 500
    assert i18n.translate("error.internal", "vi") in page.text


def test_what_the_database_refuses_is_logged_without_what_was_typed(
    app: FastAPI, api: Api, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = api("administrator")
    with app.state.database.engine.connect() as connection:
        connection.exec_driver_sql(
            "create trigger no_such_name before insert on api_tokens when new.name like 'bí mật%' "
            "begin select raise(abort, 'no such name'); end"
            if KIND == "sqlite"
            else "alter table api_tokens add constraint no_such_name check (name not like 'bí mật%%')"
        )
        connection.commit()
    answer = admin.post(f"{API}/tokens", json={"name": "bí mật 57", "scopes": ["units:read"]})
    _check(answer, 500, "internal")
    logged = next(json.loads(entry) for entry in capsys.readouterr().out.splitlines() if '"defect"' in entry)
    assert "bí mật" not in str(logged)
    assert logged["error"] == "IntegrityError"
    assert logged["code"].startswith("SQLITE_CONSTRAINT" if KIND == "sqlite" else "23514")
    assert logged["constraint"] == (None if KIND == "sqlite" else "no_such_name")
    assert "app/accounts/tokens.py" in logged["where"]


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    """Hold what every writer needs, from another connection."""
    with database.writer.connect() as connection:
        connection.execute(text("update audit_head set number = number"))
        yield
        connection.rollback()


def _impatient(app: FastAPI, url: str, **values: Any) -> None:
    app.state.database.engine.dispose()
    settings = Settings(database_url=SecretStr(url), log_level="error", database_lock_timeout_seconds=1, **values)
    app.state.database = Database(settings)


def test_a_locked_database_is_503_and_nothing_is_stored(
    app: FastAPI, api: Api, people: People, database_url: str
) -> None:
    officer, browser = api(), people()
    officer.get(f"{API}/units")
    browser.get("/units")
    _impatient(app, database_url)
    with _locked(app.state.database):
        answer = officer.put(API + REPORT, json=report(line(received_online=1)))
        _check(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        page = browser.put(BOTH, json={"city": report(line(received_online=1))})
        assert page.status_code == 503
        assert int(page.headers["retry-after"]) > 0
        assert i18n.translate("error.unavailable", "vi") in page.text
    assert officer.get(API + REPORT).status_code == 404
    assert officer.put(API + REPORT, json=report(line(received_online=1))).status_code == 201


def test_an_absent_database_is_503(app: FastAPI, api: Api, people: People, tmp_path: Any) -> None:
    officer, browser = api(), people()
    away = (
        f"sqlite:///{tmp_path}/empty/nothing.db"
        if KIND == "sqlite"
        else f"postgresql+psycopg://nobody@/nothing?host={tmp_path}"
    )
    _impatient(app, away)
    for path in ("/units", "/throughput/summary", BOTH):
        answer = officer.get(API + path)
        _check(answer, 503, "unavailable")
        assert answer.headers["retry-after"]
        page = browser.get(path)
        assert page.status_code == 503
        assert page.headers["retry-after"]
    _check(officer.put(API + REPORT, json={}), 503, "unavailable")
    assert officer.get("/readyz").status_code == 503
    assert officer.get("/healthz").json() == {"status": "alive"}


def test_readiness_names_database_and_migration(client: TestClient) -> None:
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["database"].split()[0] == {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[KIND]
    assert ready.json()["migration"]


def test_a_database_without_tables_is_not_ready(app: FastAPI, client: TestClient) -> None:
    for damage in ("delete from alembic_version", "drop table alembic_version"):
        with app.state.database.writer.begin() as connection:
            connection.execute(text(damage))
        assert client.get("/readyz").status_code == 503


def test_a_full_queue_of_writers_is_503_at_once(app: FastAPI, api: Api, database_url: str) -> None:
    token = api().headers["authorization"]
    _impatient(app, database_url, write_queue_size=2, write_queue_wait_seconds=1)
    database = app.state.database
    database.gate = Gate(1, 2, 1.0)
    with serving(app) as address, caller(address, token) as client:
        client.get(f"{API}/units")
        released = threading.Event()

        def put(number: int) -> tuple[int, str | None]:
            with caller(address, token) as one:
                answer = one.put(API + REPORT, json=report(line(received_online=number)))
                return answer.status_code, answer.headers.get("retry-after")

        def hold() -> tuple[int, str | None]:
            with _locked(database):
                released.wait(1.5)
            return 0, None

        def later(number: int) -> tuple[int, str | None]:
            released.wait(0.3)
            return put(number)

        acts: list[Callable[[], tuple[int, str | None]]] = [hold, *[partial(later, n) for n in range(8)]]
        results = at_once(acts)
        assert {status for status, _ in results[1:]} <= {503, 201, 428}
        refused = [seconds for status, seconds in results[1:] if status == 503]
        assert len(refused) >= 5
        assert all(seconds and int(seconds) > 0 for seconds in refused)
        assert client.put(API + REPORT, json=report(line(received_online=99))).status_code in (201, 428)


def test_the_gate_lets_in_as_many_as_it_says_and_forgets_who_gave_up() -> None:
    async def act() -> None:
        gate = Gate(1, 1, 0.05)
        async with gate.passage():
            with pytest.raises(errors.Unavailable):
                async with gate.passage():
                    raise AssertionError("two writers at once")
        tasks = [asyncio.create_task(_through(gate)) for _ in range(3)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(r, errors.Unavailable) for r in results] == [False, False, True]
        async with gate.passage():
            waiting = asyncio.create_task(_through(gate))
            await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.wait_for(_through(gate), 0.05)

    asyncio.run(act())


async def _through(gate: Gate) -> None:
    async with gate.passage():
        await asyncio.sleep(0.01)


def test_a_key_used_for_another_call_is_refused_at_both_doors(api: Api, people: People) -> None:
    officer, browser = api(), people()
    key = {"idempotency-key": "once"}
    body = report(line(received_online=1))
    first = officer.put(API + REPORT, json=body, headers=key)
    again = officer.put(API + REPORT, json=body, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    other = officer.put(API + REPORT, json=report(line(received_online=2)), headers=key)
    _check(other, 422, "idempotency_key_reused")
    assert officer.put(API + BOTH, json={"city": body}, headers=key).json()["code"] == "idempotency_key_reused"
    assert api().put(API + REPORT, json=body, headers=key).status_code == 200, "another token's key is another key"
    form = {"name": "một", "scopes[]": "units:read", "_idempotency_key": "form"}
    made = browser.post("/tokens", data=form)
    assert made.status_code == 201, made.text
    again = browser.post("/tokens", data=form)
    assert again.status_code == 303, "a secret is shown once"
    changed = browser.post("/tokens", data={**form, "name": "hai"})
    assert changed.status_code == 422
    assert (
        len([t for t in api("administrator").get(f"{API}/tokens").json()["items"] if t["name"] in ("một", "hai")]) == 1
    )


def test_a_key_belongs_to_the_whole_address_and_all_preconditions(api: Api) -> None:
    planner, officer = api("city_analyst"), api()
    key, day = {"idempotency-key": "day"}, f"{API}/calendar/days/2026-12-02"
    body: dict[str, Any] = {"kind": "local_closure", "name_vi": "Tạm dừng tiếp nhận", "legal_reference": "Số 57"}
    first = planner.put(day, params={"unit": WARD}, json=body, headers=key)
    assert first.is_success, first.text
    _check(planner.put(day, params={"unit": OTHER}, json=body, headers=key), 422, "idempotency_key_reused")
    assert planner.put(day, params={"unit": WARD}, json=body, headers=key).headers["idempotency-replayed"] == "true"
    body = report(line(received_online=1))
    only_new = {"idempotency-key": "new", "if-none-match": "*"}
    assert officer.put(API + REPORT, json=body, headers=only_new).status_code == 201
    other = officer.put(API + REPORT, json=body, headers={"idempotency-key": "new"})
    _check(other, 422, "idempotency_key_reused")


def test_an_address_that_names_nothing_is_told_before_an_unreadable_body(api: Api, people: People) -> None:
    at = f"/throughput/reports/{WARD}/abc"
    json_type = {"content-type": "application/json"}
    document = _check(api().put(API + at, content="{", headers=json_type), 422, "bad_date")
    assert [error["pointer"] for error in document["errors"]] == ["path:day"]
    page = people().put(at, content="{", headers=json_type)
    assert page.status_code == 422
    assert '<form action="/throughput' not in page.text


@pytest.mark.parametrize("path", [f"/throughput/reports/{WARD}/abc", "/users/99999999999999999999"])
def test_an_address_that_names_nothing_has_no_form_to_draw_again(people: People, path: str) -> None:
    browser = people("administrator" if "users" in path else "ward_officer")
    form = {"_method": "PUT", "_idempotency_key": "x" * 201, "label": "Một", "role": "leader"}
    page = browser.post(path, data=form)
    assert page.status_code == 422
    assert i18n.translate("error.bad_idempotency_key", "vi") in page.text


def test_a_refused_call_leaves_its_key_free(api: Api) -> None:
    officer, key = api(), {"idempotency-key": "later"}
    assert officer.put(API + REPORT, json=report(line(received_online=-1)), headers=key).status_code == 422
    assert officer.put(API + REPORT, json=report(line(received_online=1)), headers=key).status_code == 201


def test_another_wards_key_is_not_seen(api: Api) -> None:
    key = {"idempotency-key": "shared"}
    body = report(line(received_online=1))
    assert api().put(API + REPORT, json=body, headers=key).status_code == 201
    theirs = api(unit=OTHER).put(f"{API}/throughput/reports/{OTHER}/{DAY}/city", json=body, headers=key)
    assert theirs.status_code == 201
    assert theirs.json()["unit"] == OTHER
    assert "idempotency-replayed" not in theirs.headers


def test_a_filter_that_the_address_does_not_have_is_refused(api: Api, people: People) -> None:
    error = _check(api().get(f"{API}/units?kinds=ward&limit=2"), 422, "unknown_parameter")["errors"][0]
    assert error["pointer"] == "?kinds"
    assert "kind" in error["message"]["en"]
    assert "limit" in error["message"]["en"]
    # A person's old link still opens.
    assert people().get("/units?kinds=ward").status_code == 200


@pytest.mark.parametrize(
    ("path", "above", "allow"),
    [
        (f"{REPORT}/approvals/ward", f"{REPORT}/approvals", "PUT"),
        (f"{REPORT}/approvals/ward/return", f"{REPORT}/approvals", "POST"),
        (f"/throughput/obligations/{WARD}/{DAY}/city/waiver", "/throughput/obligations", "DELETE, PUT"),
        ("/sign-out", "/", "POST"),
    ],
)
def test_an_address_that_only_takes_what_is_sent_leads_on(
    people: People, api: Api, path: str, above: str, allow: str
) -> None:
    page = people().get(path)
    assert (page.status_code, page.headers["allow"]) == (405, allow)
    assert "Thao tác không được hỗ trợ" in page.text
    assert '<nav class="nav"' in page.text
    assert f'<a class="button{" button--quiet" if above == "/" else ""}" href="{above}">' in page.text
    if path.startswith("/throughput"):
        told = api().get(API + path)
        assert told.headers["allow"] == allow
        _check(told, 405, "method_not_allowed")
