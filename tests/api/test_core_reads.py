"""What reading callers rely on: tags, formats, cursors, headers, limits; at both doors."""

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from app.core.doors import CSP
from app.core.web import API, asset
from tests.durability.live import caller, serving
from tests.support.clients import DAY, WARD, PageClient, line, report
from tests.support.tasks import with_directive, with_task

Api = Callable[..., TestClient]
People = Callable[..., PageClient]
REPORT = f"/throughput/reports/{WARD}/{DAY}/city"
LISTS = (
    "/units", "/fields", "/procedures", "/calendar/days", "/calendar/saturday-services", "/throughput/reports",
    "/throughput/obligations", "/throughput/summary", "/tokens", "/sessions",
)  # fmt: skip
TITLED = {"/throughput/summary"}
READS = (*LISTS, f"/units/{WARD}", "/fields/HT", REPORT, f"/throughput/reports/{WARD}/{DAY}")


@pytest.fixture
def officer(api: Api) -> TestClient:
    """An officer whose report of the day is in."""
    client = api()
    assert client.put(API + REPORT, json=report(line(received_online=3))).status_code == 201
    return client


@pytest.mark.parametrize("path", READS)
def test_what_did_not_change_costs_nothing(officer: TestClient, people: People, path: str) -> None:
    for client, at in ((officer, API + path), (people(), path)):
        first = client.get(at)
        assert first.status_code == 200, first.text
        tag = first.headers["etag"]
        for sent in (tag, f'"other", {tag}', tag.removeprefix("W/")):
            again = client.get(at, headers={"if-none-match": sent})
            assert again.status_code == 304, sent
            assert again.content == b""
            assert again.headers["etag"] == tag
            assert first.headers["vary"].startswith(again.headers["vary"])
        assert client.get(at, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_change_changes_the_tag(officer: TestClient, people: People) -> None:
    browser = people()
    paths = (REPORT, f"/throughput/reports/{WARD}/{DAY}", "/throughput/reports", "/throughput/summary")
    before = [(c.get(p).headers["etag"]) for p in paths for c, p in ((officer, API + p), (browser, p))]
    changed = report(line(received_online=4))
    assert officer.put(API + REPORT, json=changed, headers={"if-match": '"1"'}).status_code == 200
    after = [(c.get(p).headers["etag"]) for p in paths for c, p in ((officer, API + p), (browser, p))]
    assert not set(before) & set(after)


@pytest.mark.each
@pytest.mark.parametrize("path", LISTS)
def test_every_list_comes_as_a_file_too(officer: TestClient, people: People, path: str) -> None:
    for client, at in ((officer, API + path), (people(), path)):
        as_csv = client.get(f"{at}.csv")
        assert as_csv.status_code == 200, as_csv.text
        assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
        assert as_csv.headers["content-disposition"].startswith("attachment;")
        assert as_csv.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(as_csv.content.decode("utf-8-sig"))))
        assert all(len(row) == len(rows[0]) for row in rows)
        as_xlsx = client.get(f"{at}.xlsx")
        assert as_xlsx.status_code == 200
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx.content)).get_sheet_by_index(0).to_python()
        if path in TITLED:  # laid out for people: under a title the head in words, then the same keys
            sheet = sheet[3:]
            assert [str(row[0]) for row in sheet[1:-1]] == [row[0] for row in rows[1:-1]]
        else:
            assert [str(cell) for cell in sheet[0]] == rows[0] if sheet else rows in ([], [[]])
        assert len(sheet) == len([row for row in rows if row])
        as_json = client.get(f"{at}.json")
        assert as_json.headers["content-type"] == "application/json"
        assert as_json.json().keys() == officer.get(API + path).json().keys()
    accepted = officer.get(API + path, headers={"accept": "text/csv"})
    assert accepted.headers["content-type"] == "text/csv; charset=utf-8"
    assert "Accept" in officer.get(API + path).headers["vary"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_is_no_table_is_406(officer: TestClient, people: People, suffix: str) -> None:
    for path in (f"/units/{WARD}", "/throughput/forms/daily"):
        assert officer.get(f"{API}{path}.{suffix}").status_code == 406
        assert people().get(f"{path}.{suffix}").status_code == 406
    assert officer.get(f"{API}/units.pdf").status_code == 404


def test_a_text_like_a_formula_is_no_formula_in_a_file(api: Api) -> None:
    maker = api("administrator")
    for name in ("=1+1", "+1", "-1", "@cmd"):
        assert maker.post(f"{API}/tokens", json={"name": name, "scopes": ["units:read"]}).status_code == 201
    text = maker.get(f"{API}/tokens.csv").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert {"'=1+1", "'+1", "'-1", "'@cmd"} <= set(cells)
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


def _cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


TAMPERED = (
    "zzz", "!!!!", "%F0%9F%98%80", "a" * 400, _cursor({}), _cursor([]), _cursor([[1]]), _cursor([None]),
    _cursor([True]), _cursor([1.5]), _cursor([2**70]), _cursor([-(2**63)]), _cursor(["\0"]), _cursor(["\ud800", "x"]),
    _cursor(["x"] * 9), _cursor(["2026-99-99", 1]), _cursor([1, "x"]), _cursor(["2026-11-20", 2**40]),
)  # fmt: skip


# Of another list: refused by most, a place before or after all rows in some.
OTHERS = (["x"], [1], [1, 1], ["x", "x"], ["2026-11-20", 1], ["x", 1], [1, "2026-11-20", "x"])
CONTRACT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
PAGED = [
    path.removeprefix(API)
    for path, of_path in CONTRACT["paths"].items()
    if any(one.get("name") == "cursor" for one in of_path.get("get", {}).get("parameters", []))
]
# Some lists have nothing to page without these.
ASKED = {"/throughput/obligations": "from=2026-11-01&"}


@pytest.mark.each
@pytest.mark.parametrize("path", PAGED)
def test_a_cursor_that_is_not_ours_is_refused(api: Api, path: str) -> None:
    client = api("administrator" if path == "/users" else "city_analyst")
    assert client.get(f"{API}{path}?{ASKED.get(path, '')}").status_code == 200
    for cursor in TAMPERED:
        answer = client.get(f"{API}{path}?{ASKED.get(path, '')}cursor={cursor}")
        assert answer.status_code == 422, (cursor, answer.text[:200])
        assert answer.json()["errors"][0]["code"] in ("bad_cursor", "too_long")
        assert answer.json()["errors"][0]["pointer"] == "?cursor"
    for cursor in map(_cursor, OTHERS):
        answer = client.get(f"{API}{path}?{ASKED.get(path, '')}cursor={cursor}")
        assert answer.status_code in (200, 422), (cursor, answer.text[:200])


@pytest.mark.parametrize("path", ["/units", "/procedures"])
def test_pages_by_cursor_hold_each_row_once(api: Api, path: str) -> None:
    client = api("city_analyst")
    whole = [row["code"] for row in client.get(f"{API}{path}?limit=1000").json()["items"]]
    paged: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"{API}{path}?limit=7" + (f"&cursor={cursor}" if cursor else "")).json()
        paged += [row["code"] for row in page["items"]]
        assert len(page["items"]) <= 7
        cursor = page["next"]
        if not cursor:
            break
    assert paged == whole
    assert len(set(paged)) == len(paged) > 20


def test_every_page_names_its_twin_for_clients(officer: TestClient, people: People) -> None:
    browser = people()
    for path in READS:
        for question in ("", "?limit=2") if path in ("/units", "/procedures") else ("",):
            link = browser.get(path + question).headers["link"]
            twin, *parameters = link.split("; ")
            assert parameters == ['rel="alternate"', 'type="application/json"']
            answer = officer.get(twin.strip("<>"))
            assert answer.status_code == 200, link
            assert answer.headers["content-type"] == "application/json"
    assert "link" not in browser.get("/sign-in").headers


def _answers(officer: TestClient, browser: PageClient, client: TestClient) -> Iterator[tuple[str, Any]]:
    yield "json", officer.get(API + REPORT)
    yield "written", officer.put(API + REPORT, json=report(line(received_online=3)))
    yield "304", officer.get(API + REPORT, headers={"if-none-match": '"1"'})
    yield "404", officer.get(f"{API}/nowhere")
    yield "401", client.get(f"{API}/units")
    yield "422", officer.put(API + REPORT, json={})
    yield "413", officer.put(API + REPORT, content=b"x" * 1_100_000)
    yield "405", officer.post(API + REPORT)
    yield "csv", officer.get(f"{API}/units.csv")
    yield "page", browser.get("/units")
    yield "page 404", browser.get("/nowhere")
    yield "redirect", browser.get("/")
    yield "cross", TestClient.request(browser, "POST", "/language", headers={"sec-fetch-site": "cross-site"})
    yield "sign-in", client.get("/sign-in")
    yield "static", client.get(asset("app.css"))
    yield "static 404", client.get("/static/nothing.css")
    yield "docs", client.get("/api/docs")
    yield "contract", client.get("/api/openapi.json")
    yield "health", client.get("/healthz")


@pytest.mark.once
def test_every_answer_is_guarded(officer: TestClient, people: People, client: TestClient) -> None:
    for name, answer in _answers(officer, people(), client):
        assert answer.headers.get_list("content-security-policy") == [CSP], name
        assert answer.headers["x-content-type-options"] == "nosniff", name
        assert answer.headers["referrer-policy"] == "same-origin", name
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", name
        assert answer.headers["strict-transport-security"], name
        assert len(answer.headers.get_list("x-request-id")) == 1, name
        assert "server" not in answer.headers, name
        immutable = "immutable" in answer.headers["cache-control"]
        assert immutable == (name == "static"), name
    for directive in ("unsafe", "*", "http:", "https:"):
        assert directive not in CSP


@pytest.mark.parametrize("door", ["api", "people", "form"])
def test_a_body_in_chunks_is_measured_as_it_comes(app: FastAPI, officer: TestClient, people: People, door: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    browser = people()
    with serving(app) as address, caller(address, officer.headers["authorization"]) as client:
        if door == "api":
            answer = client.put(API + REPORT, content=chunks(), headers={"content-type": "application/json"})
        else:
            kind = "application/json" if door == "people" else "application/x-www-form-urlencoded"
            cookies = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
            headers = {"content-type": kind, "cookie": cookies, "host": "testserver"}
            answer = client.put(f"/throughput/reports/{WARD}/{DAY}", content=chunks(), headers=headers)
        assert answer.status_code == 413, answer.text[:300]
        assert answer.headers["content-security-policy"] == CSP
        assert ("problem+json" in answer.headers["content-type"]) == (door == "api")
        small = client.put(
            API + REPORT, content=iter([json.dumps(report(line(received_online=3))).encode()]),
            headers={"content-type": "application/json"},
        )  # fmt: skip
        assert small.status_code == 200, small.text


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_hidden_method_counts_in_a_posted_form_only(people: People, method: str) -> None:
    browser = people()
    at = f"/throughput/reports/{WARD}/{DAY}"
    typed = {f"city[lines][0][{k}]": str(v) for k, v in line(received_online=1).items()}
    assert browser.get(at + "?_method=DELETE").status_code == 404, "in an address it is a parameter like any"
    if method == "GET":
        assert browser.post(at, data={**typed, "_method": "GET"}).status_code == 405
        assert browser.post(at, json={"_method": "PUT"}).status_code == 405
        assert browser.post(at, data={**typed, "_method": "TRACE"}).status_code == 405
    elif method == "PUT":
        assert browser.request("PUT", at, data={**typed, "_method": "DELETE"}).status_code == 303
        assert browser.get(at).status_code == 200
    else:
        assert browser.request("DELETE", "/sessions/999999", data={"_method": "PUT"}).status_code == 404


def test_the_api_takes_no_hidden_method(officer: TestClient) -> None:
    answer = officer.post(API + REPORT, data={"_method": "DELETE"})
    assert answer.status_code == 405
    assert officer.get(API + REPORT).status_code == 200


def test_a_part_of_a_page_is_the_same_without_its_frame(people: People) -> None:
    browser = people()
    whole = browser.get("/units")
    part = browser.get("/units", headers={"hx-request-type": "partial"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert len(part.text) < len(whole.text)
    assert part.headers["etag"] != whole.headers["etag"]


def test_a_person_never_leaves_the_site_by_a_redirect(people: People) -> None:
    browser = people()
    for to in ("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/\tx"):
        answer = browser.post("/language", data={"locale": "vi", "to": to})
        assert answer.headers["location"] == "/", to


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/units", "city_analyst"), ("/procedures", "city_analyst"), ("/users", "administrator"),
        ("/throughput/board", "city_analyst"), ("/throughput/ranking", "city_analyst"), ("/tasks", "city_analyst"),
        ("/directives", "city_analyst"), ("/indicators", "city_analyst"), ("/tasks/summary", "city_analyst"),
    ],
)  # fmt: skip
def test_blank_words_ask_for_nothing(api: Api, people: People, path: str, role: str) -> None:
    if path in ("/tasks", "/directives", "/tasks/summary"):
        with_task(api("city_analyst"), "T1", with_directive(api("city_analyst")))
    if path == "/users":
        people("leader")
    client = api(role)

    def asked(query: str) -> tuple[Any, Any]:
        answer = client.get(f"{API}{path}{query}").json()
        return answer, answer["items"] if "items" in answer else answer["total"]

    whole, found = asked("")
    assert found, path
    assert [asked(f"?q={blank}") for blank in ("", "%20%20")] == [(whole, found)] * 2
    assert not asked("?q=khongcogi")[1], path
