"""A brought file is withdrawn: its proposals end, what stood before stands again, reports and history stay."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.api.test_figures_file import bring, csv_of, row
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock
from tests.support.figures import AT, BEFORE, REPORTS, Api, confirming, integrity, proposals

WHY = {"reason": "Nhầm tệp của ngày khác"}


def withdrawn(client: TestClient, number: int, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"{AT}/imports/{number}/withdrawal", json=body or WHY)


def test_what_stood_before_the_file_stands_again_and_the_history_keeps_both(
    app: FastAPI, api: Api, clock: SetClock
) -> None:
    analyst = api("city_analyst")
    first = bring(analyst, csv_of(row(received_online=3), row(field="CT", received_online=4))).json()["number"]
    clock.set(f"{DAY}T17:10:00+07:00")
    second = bring(analyst, csv_of(row(received_online=8), row(unit=OTHER, received_online=9))).json()["number"]
    assert (proposals(api())["HT.received_online"], "CT.received_online" in proposals(api())) == (8, False)
    clock.set(f"{DAY}T17:20:00+07:00")
    out = withdrawn(analyst, second).json()
    assert (out["taken_back"], out["reason"], out["may_withdraw"]) == (2, WHY["reason"], False)
    assert {k: v for k, v in proposals(api()).items() if v} == {"HT.received_online": 3, "CT.received_online": 4}
    assert proposals(api(unit=OTHER), OTHER) == {}
    (cell,) = [
        one for one in api().get(f"{AT}/{WARD}/{DAY}").json()["cells"]
        if (one["field"], one["measure"]) == ("HT", "received_online")
    ]  # fmt: skip
    assert (cell["value"], cell["superseded"]) == (3, [8, 3])
    again = bring(analyst, csv_of(row(received_online=8), row(unit=OTHER, received_online=9))).json()
    assert again["accepted"] == 2, "the same figures are a new word"
    assert withdrawn(analyst, first).json()["taken_back"] == 0, "newer figures stand in its place"
    assert integrity(app) == []
    with app.state.database.engine.connect() as connection:
        query = text("select action, reason from audit_entries where action like 'figures.%' order by number")
        entries = connection.execute(query).all()
    assert ("figures.import_withdrawn", WHY["reason"]) in [tuple(one) for one in entries]
    assert sum(one.action == "figures.taken_back" for one in entries) == 2


def test_a_report_that_was_made_stays_with_its_figures(app: FastAPI, api: Api) -> None:
    confirming(api)
    analyst = api("city_analyst")
    number = bring(analyst, csv_of(row(received_online=8), row(unit=OTHER, received_online=9))).json()["number"]
    (listed,) = analyst.get(f"{AT}/imports").json()["items"]
    assert (listed["accepted"], listed["standing"], listed["confirmed"]) == (2, 2, 1)
    out = withdrawn(analyst, number).json()
    assert (out["taken_back"], out["standing"], out["confirmed"]) == (1, 1, 1)
    assert api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()["totals"]["received"] == 8
    assert (proposals(api())["HT.received_online"], proposals(api(unit=OTHER), OTHER)) == (8, {})
    assert integrity(app) == []


def test_who_withdraws_what_and_that_the_same_again_changes_nothing(api: Api) -> None:
    analyst = api("city_analyst")
    number = bring(analyst, csv_of(row(received_online=3))).json()["number"]
    machine = api("machine", WARD, ["figures:import"], name="one-gate")
    assert withdrawn(machine, number).status_code == 404, "another's file"
    assert machine.get(f"{AT}/imports").json()["items"] == []
    assert withdrawn(api(), number).status_code == 403
    empty = withdrawn(analyst, number, {"reason": ""})
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/reason")
    first = withdrawn(analyst, number).json()
    assert withdrawn(analyst, number).json() == first
    other = withdrawn(analyst, number, {"reason": "Khác"})
    assert (other.status_code, other.json()["code"]) == (409, "import_withdrawn")
    totals = bring(analyst, csv_of(row(day=BEFORE, received_online=3)), source="luy-ke", basis="cumulative",
                   since=BEFORE).json()  # fmt: skip
    refused = withdrawn(analyst, totals["number"])
    assert (refused.status_code, refused.json()["code"]) == (409, "totals_not_withdrawn")


def test_the_page_lists_the_files_and_withdraws_one(api: Api, people: Callable[..., PageClient]) -> None:
    number = bring(api("city_analyst"), csv_of(row(received_online=3))).json()["number"]
    page = people("city_analyst")
    assert "/throughput/figures/imports" in page.get("/throughput/figures").text
    at = f"/throughput/figures/imports/{number}/withdrawal"
    assert f'action="{at}"' in page.get("/throughput/figures/imports").text
    wrong = page.post(at, data={"reason": ""})
    assert (wrong.status_code, 'href="#reason"' in wrong.text, 'id="reason"' in wrong.text) == (422, True, True)
    done = page.post(at, data=WHY, follow_redirects=False)
    assert done.status_code == 303
    html = page.get(done.headers["location"]).text
    assert "Đã thu hồi tệp." in html
    assert WHY["reason"] in html
    assert f'action="{at}"' not in html
    assert "nguồn không còn nêu số" in page.get(f"/throughput/figures?day={DAY}").text
