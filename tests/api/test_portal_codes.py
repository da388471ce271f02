"""What the portal publishes, pulled from the simulator: a night's difference, the to-do list, null that is not zero."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.core import audit
from app.core.web import API
from app.portal.adapters.rules import Endpoint, PortalMonth
from app.portal.codes import pulling
from app.portal.codes.rules import CodeOf, Difference, Entry, difference, is_credible
from app.portal.codes.service import SOURCE
from app.portal.health import breakers
from tests.support.clients import WARD, PageClient, SetClock
from tests.support.portal import Portal, simulator

Api = Callable[..., TestClient]
lists = st.dictionaries(st.sampled_from("abcdef"), st.builds(Entry, st.sampled_from("xy")), max_size=6)


@pytest.fixture
def portal(template: str) -> Portal:
    """A simulator with an installation's catalogue."""
    return simulator(template)


@pytest.fixture
def analyst(app: FastAPI, portal: Portal, api: Api) -> TestClient:
    """The analyst of an installation that is connected."""
    portal.fault(None)
    app.state.settings = app.state.settings.model_copy(update=portal.settings())
    return api("city_analyst")


def pull(client: TestClient) -> dict[str, Any]:
    """Pull once and return what came."""
    answer = client.post(f"{API}/portal/codes/pull")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@given(lists, lists)
def test_the_difference_leads_from_one_list_to_the_other(before: dict[str, Entry], after: dict[str, Entry]) -> None:
    found = difference(before, after)
    rebuilt = {code: entry for code, entry in before.items() if code not in found.gone}
    rebuilt |= {code: after[code] for code in (*found.added, *found.changed)}
    assert rebuilt == after
    assert difference(after, after) == Difference((), (), ())


def test_a_list_does_not_lose_half_of_itself_overnight() -> None:
    assert is_credible(0, 1)
    assert is_credible(10, 5)
    assert not is_credible(10, 4)
    assert not is_credible(0, 0)


def test_months_are_asked_for_across_the_year() -> None:
    assert pulling.last_months(date(2026, 1, 5)) == [(2026, 1), (2025, 12), (2025, 11)]


def test_the_first_pull_finds_what_is_unmapped_and_the_second_nothing_new(analyst: TestClient) -> None:
    first = pull(analyst)
    assert first["failed"] == []
    assert {one["kind"]: one["added"] > 5 for one in first["lists"]} == dict.fromkeys(
        ("agency", "field", "procedure"), True
    )
    assert first["scores"] > 40
    assert all((one["added"], one["changed"], one["gone"]) == (0, 0, 0) for one in pull(analyst)["lists"])
    todo = analyst.get(f"{API}/portal/codes?match=unmapped").json()
    assert [(one["kind"], one["code"], one["target"]) for one in todo["items"]] == [("field", "LV-QG-01", None)]
    page = analyst.get(f"{API}/portal/codes?limit=2").json()
    assert [one["match"] for one in page["items"]] == ["unmapped", "matched"], "what is to be done comes first"
    rest = analyst.get(f"{API}/portal/codes?limit=10000&cursor={page['next']}").json()["items"]
    assert [(one["kind"], one["code"]) for one in rest] == sorted((one["kind"], one["code"]) for one in rest)
    assert todo["unmapped"] == 1
    code = {"source": SOURCE, "kind": "field", "code": "LV-QG-01", "target": "HT"}
    assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    mapped = analyst.get(f"{API}/portal/codes?kind=field").json()
    assert mapped["unmapped"] == 0
    assert [one["target"] for one in mapped["items"] if one["code"] == "LV-QG-01"] == ["HT"]


@pytest.mark.parametrize("fault", ["html", "cut", "half", "huge"])
def test_a_fault_changes_nothing_of_what_stood(analyst: TestClient, portal: Portal, fault: str) -> None:
    pull(analyst)
    before = analyst.get(f"{API}/portal/codes?limit=10000").json()
    portal.fault(fault)
    said = pull(analyst)
    assert {"agency", "field", "procedure", "scores"} <= set(said["failed"])
    assert (said["lists"], said["scores"]) == ([], None)
    assert analyst.get(f"{API}/portal/codes?limit=10000").json() == before


def entries(app: FastAPI, action: str) -> list[Any]:
    """Return who did something, by which door and what came of it."""
    with app.state.database.engine.connect() as connection:
        query = text("select user_name, door, after from audit_entries where action = :action order by number")
        return list(connection.execute(query, {"action": action}).all())


def test_a_persons_pull_is_that_persons(app: FastAPI, analyst: TestClient) -> None:
    pull(analyst)
    assert {(one.user_name, one.door) for one in entries(app, "portal.list_pulled")} == {
        ("token:test city_analyst", "api")
    }
    (whole,) = entries(app, "portal.pulled")
    assert (whole.user_name, json.loads(whole.after)["failed"]) == ("token:test city_analyst", [])
    assert analyst.post(f"{API}/portal/health/rest/check").status_code == 200
    (checked,) = entries(app, "portal.checked")
    assert (checked.user_name, json.loads(checked.after)) == ("token:test city_analyst", {"outcome": "ok"})


def test_one_pulls_at_a_time_and_a_lost_turn_ends_by_itself(
    app: FastAPI, analyst: TestClient, portal: Portal, clock: SetClock
) -> None:
    pull(analyst)
    with app.state.database.write() as session:
        assert breakers.begin(session, Endpoint.rest, clock.now(), clock.now() + timedelta(minutes=10))
    portal.fault(None)
    refused = analyst.post(f"{API}/portal/codes/pull")
    assert (refused.status_code, refused.json()["code"], portal.calls()) == (409, "portal_pull_running", {})
    clock.set("2026-11-20T16:56:00+07:00")
    pull(analyst)
    pull(analyst)


def test_what_is_gone_stays_on_the_list_and_may_come_back(app: FastAPI, analyst: TestClient, clock: SetClock) -> None:
    def keep(codes: str) -> Any:
        with app.state.database.write() as session:
            session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
            after = {code: Entry(f"Tên {code}") for code in codes}
            return pulling.keep_list(session, clock.now(), kind=CodeOf.field, after=after)

    assert keep("abcd").added == 4
    clock.set("2026-11-21T02:00:00+07:00")
    gone = keep("abc")
    assert (gone.added, gone.changed, gone.gone) == (0, 0, 1)
    assert keep("a") is None, "not credible"
    (left,) = analyst.get(f"{API}/portal/codes?match=gone").json()["items"]
    assert left["code"] == "d"
    assert keep("abcd").added == 1
    assert analyst.get(f"{API}/portal/codes?match=gone").json()["items"] == []


def test_months_show_null_as_nothing_and_the_latest_score(
    app: FastAPI, analyst: TestClient, clock: SetClock, people: Callable[..., PageClient]
) -> None:
    pull(analyst)
    rows = [PortalMonth(WARD, 12, 10, None, 0, 9, 1), PortalMonth("LẠ-1", None, None, None, None, None, None)]
    with app.state.database.write() as session:
        assert pulling.keep_months(session, clock.now(), year=2026, month=10, rows=rows) == 2
    strange, known = sorted(
        analyst.get(f"{API}/portal/months?month=2026-10").json()["items"], key=lambda o: o["unit"] or ""
    )
    assert (known["unit"], known["received"], known["direct"], known["post"]) == (WARD, 12, None, 0)
    assert 0 < known["score"] <= 100
    assert (strange["unit"], strange["name"], strange["received"], strange["score"]) == (None, "LẠ-1", None, None)
    only = analyst.get(f"{API}/portal/months?month=2026-10&unit={WARD}").json()["items"]
    assert only == [known]
    page = people("city_analyst").get("/portal/months?month=2026-10").text
    assert "Thuận Hóa" in page
    assert analyst.get(f"{API}/portal/months?month=2026-13").status_code == 422


def test_pages_and_rights(analyst: TestClient, api: Api, people: Callable[..., PageClient], app: FastAPI) -> None:
    browser = people("city_analyst")
    assert "Chưa lấy danh mục" in browser.get("/portal/codes").text
    pulled = browser.post("/portal/codes/pull", data={})
    assert pulled.status_code == 303
    assert "Đã lấy từ Cổng: " in browser.get(pulled.headers["location"]).text
    assert "LV-QG-01" in browser.get("/portal/codes?match=unmapped").text
    assert api("leader").post(f"{API}/portal/codes/pull").status_code == 403
    assert api().get(f"{API}/portal/codes").status_code == 403
    app.state.settings = app.state.settings.model_copy(update={"portal_rest_url": None, "portal_legacy_url": None})
    assert browser.post("/portal/codes/pull", data={}).status_code == 409
