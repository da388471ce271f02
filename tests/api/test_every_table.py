"""Every list and table is to be had as CSV, XLSX and JSON with the same filters: complete, or saying that it is not."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from app.core import sheets
from app.core.paging import get_page
from app.core.web import API
from tests.api.test_access import _calls
from tests.support.clients import DAY, OTHER, WARD, PageClient, line, report

Api = Callable[..., TestClient]
BEFORE = "2026-11-19"
AT = f"{API}/throughput/reports"
VALUES = {"unit": WARD, "day": DAY, "system": "city", "indicator": "VH-01", "set_code": "VH"}
AT_A_TIME = {
    "/throughput/forms/II.06a/missing": 100,
    "/procedures": 1000,
    "/indicators": 20,
    "/indicators/targets": 20,
}  # long lists; else row by row
# What is no table, each for its reason; the test tells of a new route that is neither here nor a table.
NO_TABLE = {
    "/directives/{number}": "one document",
    "/directives/{number}/file": "a file itself",
    "/tasks/{code}": "one task with its history",
    "/tasks/monthly/{programme}/{month}": "its rows are laid out as a book; in test_tasks_monthly",
    "/tasks/monthly/{programme}/{month}/document": "a document",
    "/tasks/{code}/indicators": "of one task; in test_indicators",
    "/tasks/{code}/asking": "of one task; the lists of all are tables",
    "/tasks/{code}/form": "one task",
    "/tasks/{code}/files/{number}": "a file itself",
    "/tasks/{code}/matrix": "of a task handed to many; in test_tasks_directives",
    "/throughput/board/text": "one line of words",
    "/throughput/reports/{unit}/{day}/texts": "words to pass on",
    "/throughput/reports/{unit}/{day}/worksheet": "what an entry needs; its table to fill in is the template",
    "/throughput/forms/daily": "one definition",
    "/throughput/reopenings/{number}": "one row of its list",
    "/throughput/reports/{unit}/{day}/{system}/approvals": "one report as its reviewer sees it",
    "/throughput/definitions/{name}": "one row of its list",
    "/throughput/forms/II.06a/frozen/{number}": "there is none here; its files are those of the form",
    "/units/{code}": "one row of its list",
    "/calendar/days/{day}": "one row of its list",
    "/fields/{code}": "one row of its list",
    "/procedures/{code}": "one row of its list",
    "/users/{user_id:int}": "one row of its list",
    "/tokens/{token_id:int}": "one row of its list",
    "/throughput/findings/{number}": "one row of its list",
    "/throughput/reminders/times/{unit}": "one time",
    "/files/{number}": "a kept file, as it came",
    "/c/{token}": "one figure",
    "/portal/exchanges/{number}": "one row of its list",
    "/portal/gaps/{number}": "one row of its list",
    "/portal/messages/{number}": "one row of its list",
}
# Workbooks laid out for people; test_form_ii06a, test_board, test_ranking and test_throughput_pages compare them with
# the rows.
LAID_OUT = {"/throughput/forms/II.06a", "/throughput/board", "/throughput/ranking", "/throughput/summary"}
FILTERED = (
    f"/throughput/board?day={DAY}&state=received_on_time", f"/throughput/reports?unit={WARD}",
    f"/throughput/reports?from={DAY}&to={DAY}&system=city", f"/throughput/obligations?unit={WARD}&day={DAY}",
    f"/throughput/obligations?from={BEFORE}&to={DAY}&unit={OTHER}", "/units?kind=commune", "/units?q=thuan",
    f"/throughput/figures?day={DAY}&unit={WARD}",
    "/fields?system=ministry", "/procedures?field=HT", "/users?role=city_analyst", "/users?q=khong-co-ai",
)  # fmt: skip


def rows_of(answer: Any) -> list[dict[str, str]]:
    """Return a CSV's rows."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def listed(client: TestClient, path: str, limit: int) -> list[dict[str, Any]]:
    """Return all rows of a list, read page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        joined = f"{path}{'&' if '?' in path else '?'}" + "&".join(f"{k}={v}" for k, v in query.items())
        answer = client.get(f"{API}{joined}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        cursor = page.get("next")
        if cursor is None:
            return items


@pytest.fixture
def filled(api: Api, people: Callable[..., PageClient]) -> None:
    """Two wards with two days each, one of them corrected; some accounts and tokens."""
    people("leader")
    api("machine", WARD, scopes=["units:read"])
    for unit in (WARD, OTHER):
        for day in (BEFORE, DAY):
            for system in ("city", "ministry"):
                body = report(line(received_online=5, resolved_early=2, memo={"digitised": 3}))
                assert api(unit=unit).put(f"{AT}/{unit}/{day}/{system}", json=body).status_code == 201
    said = {"source": "one-gate", "basis": "daily", "items": [
        {"unit": unit, "day": day, "system": "city", "lines": [{"field": "HT", "received_online": 5}]}
        for unit in (WARD, OTHER) for day in (BEFORE, DAY)
    ]}  # fmt: skip
    machine = api("machine", scopes=["figures:send"])
    assert machine.put(f"{API}/throughput/figures", json=said).json()["accepted"] == 4
    changed = report(line(received_online=6, resolved_early=2))
    assert api().put(f"{AT}/{WARD}/{DAY}/city", json=changed, headers={"if-match": '"1"'}).status_code == 200


def routes(app: FastAPI) -> list[Any]:
    """Return the reading routes of the contract."""
    return [
        route
        for route in iter_route_contexts(app.routes)
        if (route.path or "").startswith(API) and "GET" in (route.methods or ()) and "openapi" not in (route.path or "")
    ]


def address(path: str) -> str:
    return re.sub(
        r"{(\w+)(?::\w+)?}",
        lambda m: VALUES.get(m[1], WARD if m[1] == "code" else "late" if m[1] == "name" else "1"),
        path,
    )


@pytest.mark.once
def test_every_route_is_a_table_or_says_why_not(app: FastAPI, api: Api, filled: None) -> None:
    callers = [api("city_analyst"), api("administrator"), api()]
    without, paged = set(), 0
    for route in routes(app):
        path = route.path.removeprefix(API)
        at = f"{API}{address(path)}"
        answers = [(c, c.get(at)) for c in callers]
        client, whole = next(((c, a) for c, a in answers if a.status_code == 200), answers[0])
        answer = client.get(f"{at}.csv")
        if answer.status_code in (404, 406) or path in NO_TABLE:
            without.add(path)
            continue
        rows = rows_of(answer)
        grid = sheets.from_file(client.get(f"{at}.xlsx").content)[0].rows
        assert path in LAID_OUT or len(grid) == len(rows) + 1, path
        twin = client.get(f"{at}.json")
        assert (twin.status_code, twin.json()) == (200, whole.json()), path
        if get_page in _calls(route):
            paged += 1
            expected = listed(client, address(path), AT_A_TIME.get(path, 1))
            assert len(rows_of(client.get(f"{at}.csv?limit=1"))) == len(expected) == len(rows), path
    assert without == set(NO_TABLE)
    assert paged >= 7


@pytest.mark.each
@pytest.mark.parametrize("path", FILTERED)
def test_a_file_has_the_filters_of_its_list(
    api: Api, people: Callable[..., PageClient], filled: None, path: str
) -> None:
    role = "administrator" if path.startswith("/users") else "city_analyst"
    client, browser = api(role), people(role)
    base, _, query = path.partition("?")
    wanted = listed(client, path, 1000)
    rows = rows_of(client.get(f"{API}{base}.csv?{query}"))
    key = next(k for k in ("unit", "code", "user_name") if not rows or k in rows[0])
    assert [row[key] for row in rows] == [str(item[key]) for item in wanted]
    assert len(rows) < len(rows_of(client.get(f"{API}{base}.csv")))
    # The people's door gives the same files, and leads to them from its page.
    assert browser.get(f"{base}.csv?{query}").content == client.get(f"{API}{base}.csv?{query}").content
    page = browser.get(path).text
    for suffix in ("csv", "xlsx", "json"):
        assert f'href="{base}.{suffix}?{query.replace("&", "&amp;")}"' in page, suffix


def test_a_list_too_long_for_a_file_is_refused_and_never_cut_off(app: FastAPI, api: Api, filled: None) -> None:
    app.state.settings = app.state.settings.model_copy(update={"file_rows_max": 3})
    analyst = api("city_analyst")
    for suffix in ("csv", "xlsx"):
        refused = analyst.get(f"{AT}.{suffix}")
        assert (refused.status_code, refused.json()["code"]) == (422, "table_too_long")
        assert "3" in refused.json()["message"]["vi"]
    assert len(analyst.get(f"{AT}.json").json()["items"]) == 8
    assert analyst.get(f"{API}/throughput/obligations.csv?from={BEFORE}&to={DAY}").status_code == 422
    assert len(rows_of(analyst.get(f"{AT}.csv?unit={WARD}&from={DAY}"))) == 2
    assert api("administrator").get(f"{API}/tokens.csv").json()["code"] == "table_too_long"


def test_a_report_as_a_table_has_every_line_with_its_memos(api: Api, filled: None) -> None:
    rows = rows_of(api().get(f"{AT}/{WARD}/{BEFORE}.csv"))
    assert [(r["system"], r["field"], r["received_online"], r["digitised"]) for r in rows] == [
        ("city", "HT", "5", "3"), ("ministry", "HT", "5", "3")
    ]  # fmt: skip
    assert rows_of(api().get(f"{AT}/{WARD}/{BEFORE}/receipt.csv")) == rows
    assert rows_of(api().get(f"{AT}/{WARD}/{BEFORE}/ministry.csv")) == rows[1:]
    down = api().put(f"{AT}/{WARD}/2026-11-18/city", json={"unavailable": {"reason": "Mất điện"}})
    assert down.status_code == 201, down.text
    row = rows_of(api().get(f"{AT}/{WARD}/2026-11-18/city.csv"))[0]
    assert (row["unavailable"], row["field"], row["received_online"]) == ("Mất điện", "", "")


def test_revisions_days_and_months_as_tables(api: Api, filled: None) -> None:
    rows = rows_of(api().get(f"{AT}/{WARD}/{DAY}/city/revisions.csv"))
    changed = [(r["number"], r["column"], r["before"], r["after"]) for r in rows[:2]]
    assert changed == [("2", "received_online", "5", "6"), ("2", "pending_in_time", "6", "7")]
    assert (rows[-1]["number"], rows[-1]["field"]) == ("1", "")
    today = rows_of(api().get(f"{API}/throughput/today.csv"))
    mine = [r for r in today if r["day"] == DAY]
    assert [(r["system"], r["state"], r["received"]) for r in mine] == [
        ("city", "received_on_time", "6"), ("ministry", "received_on_time", "5")
    ]  # fmt: skip
    month = {r["day"]: r for r in rows_of(api().get(f"{API}/throughput/month.csv"))}
    assert len(month) == 30
    assert (month[DAY]["ministry_state"], month[DAY]["received"]) == ("received_on_time", "11")
    assert (month["2026-11-21"]["state"], month["2026-11-21"]["received"]) == ("", "")
