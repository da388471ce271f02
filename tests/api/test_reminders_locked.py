"""Reminders after the lock and after an explanation: what a grant opens again, what a return still asks for."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.web import API
from tests.api.test_reminders import AT, BY_HAND, make, mark, put
from tests.support.clients import DAY, WARD, PageClient, SetClock, line, report
from tests.support.statements import asked

Api = Callable[..., TestClient]
REPORT = f"{API}/throughput/reports/{WARD}/{DAY}/city"
AFTER = "2026-11-27T10:00:00+07:00"  # Friday; the day was locked the evening before
RETURN = {"reason": "Thiếu hồ sơ trực tuyến"}


def grant(api: Api, hours: int = 4) -> None:
    asked = api().post(f"{REPORT}/reopenings", json={"why": "Mất mạng cả tuần"})
    assert asked.status_code == 201, asked.text
    granted = api("city_analyst").put(
        f"{API}/throughput/reopenings/{asked.json()['id']}/grant", json={"hours": hours, "reason": "Được"},
        headers={"if-match": '"1"'},
    )  # fmt: skip
    assert granted.status_code == 200, granted.text


def returned(client: TestClient) -> list[dict[str, Any]]:
    return [r for r in client.get(AT).json()["items"] if r["returned"]]


def test_a_day_that_is_granted_is_reminded_of_while_the_grant_runs(
    api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    clock.set(AFTER)
    officer, analyst = people(), api("city_analyst")
    before = int(mark(officer) or 0)
    assert analyst.post(BY_HAND).json()["code"] == "day_locked"
    grant(api)
    made = analyst.post(BY_HAND)
    assert (made.status_code, made.json()["is_open"], made.json()["locked"]) == (201, True, False)
    assert int(mark(officer)) == before + 1
    page = officer.get("/throughput/reminders").text
    assert f'href="/throughput/reports/{WARD}/{DAY}/worksheet"' in page
    assert [r["day"] for r in analyst.get(AT, params={"open": "true", "unit": WARD}).json()["items"]] == [DAY]
    clock.set("2026-11-27T14:00:01+07:00")
    assert int(mark(people()) or 0) == before
    (over,) = analyst.get(AT, params={"open": "false", "unit": WARD}).json()["items"]
    assert (over["ended"], over["ended_at"]) == ("locked", "2026-11-27T07:00:00Z"), "with the grant, not before it came"


def test_a_returned_report_of_a_locked_day_leads_to_asking_for_it(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    put(api())
    clock.set(AFTER)
    assert api("city_analyst").post(f"{REPORT}/approvals/city/return", json=RETURN).status_code == 200
    make(app, clock)
    assert [(r["is_open"], r["locked"]) for r in returned(api())] == [(True, True)]
    officer, form = people(), f'class="button" href="/throughput/reports/{WARD}/{DAY}/worksheet"'
    page = officer.get("/throughput/reminders").text
    assert f'class="button" href="/throughput/reports/{WARD}/{DAY}/city/reopenings"' in page
    assert form not in page
    grant(api)
    assert form in officer.get("/throughput/reminders").text


def test_an_explanation_of_something_else_is_no_correction(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    officer, analyst = api(), api("city_analyst")
    before = REPORT.replace(DAY, "2026-11-19")
    assert officer.put(before, json=report(line(received_online=10))).status_code == 201
    assert officer.put(REPORT, json=report(line(carried_over=6))).status_code == 201
    back = analyst.post(f"{REPORT}/approvals/city/return", json=RETURN)
    assert back.status_code == 200, back.text
    make(app, clock)
    browser = people()
    waits = int(mark(browser))
    (found,) = officer.get(f"{API}/throughput/findings").json()["items"]
    said = officer.post(f"{API}/throughput/findings/{found['id']}/explanation", json={"reason": "late_sync"})
    assert said.status_code == 200, said.text
    review = officer.get(f"{REPORT}/approvals").json()
    assert (review["version"], review["status"], review["city"]["reason"]) == (2, "returned", RETURN["reason"])
    assert int(mark(browser)) == waits - 1, "the finding alone is done"
    receipt = browser.get(f"/throughput/reports/{WARD}/{DAY}/receipt").text
    assert "Không đổi số liệu; chỉ đổi giải trình hoặc ghi chú." in receipt
    assert "bản sửa" not in receipt
    make(app, clock)
    assert [(r["step"], r["is_open"]) for r in returned(officer)] == [("officer", True)], "once, and still open"
    body = report(line(carried_over=6, received_online=1), reasons=[{"warning": "opening_gap", "reason": "late_sync"}])
    corrected = officer.put(REPORT, json=body, headers={"if-match": '"2"'})
    assert corrected.status_code == 200, corrected.text
    assert [r["ended"] for r in returned(officer)] == ["corrected"]


def test_what_many_units_are_reminded_of_shows_the_first_and_leads_to_all(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    clock.set(f"{DAY}T20:00:00+07:00")
    make(app, clock)
    analyst = people("city_analyst")
    with asked(app.state.database.engine) as seen:
        page = analyst.get("/throughput/reminders").text
    folds = page[: page.index("Nhật ký")].split('<details class="fold"')[1:]
    of_day = [fold for fold in folds if "20/11/2026" in fold.partition("</summary>")[0]]
    (fold,) = of_day
    assert fold.count('<a href="/throughput/board?') == 20
    assert "40 đơn vị" in fold.partition("</summary>")[0]
    assert f'href="/throughput/reminders?open=true&amp;from={DAY}&amp;to={DAY}">Xem cả 40 đơn vị' in fold
    assert sum("row_number" in statement for statement, _ in seen) == 1
