"""Ward and city approve a revision, return it with a reason, take it back; forty from one list."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.core.audit import AuditEntry
from app.core.web import API
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"{API}/throughput/reports/{WARD}/{DAY}/city"
PAGE = AT.removeprefix(API)
LIST = f"{API}/throughput/approvals"
WHY = {"reason": "Số tiếp nhận trực tuyến không khớp hệ thống một cửa"}


@pytest.fixture
def sent(api: Api) -> TestClient:
    """A report of the ward."""
    officer = api()
    assert officer.put(AT, json=report(line(received_online=5))).status_code == 201
    return officer


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def approve(client: TestClient, stage: str = "city", version: int = 1, at: str = AT) -> Any:
    return client.put(f"{at}/approvals/{stage}", json={"version": version})


def status(client: TestClient, at: str = AT) -> str:
    found: str = client.get(at).json()["status"]
    return found


def correct(officer: TestClient, online: int = 7, version: int = 1) -> None:
    done = officer.put(AT, json=report(line(received_online=online)), headers={"if-match": f'"{version}"'})
    assert done.status_code == 200, done.text


def test_approved_by_both_corrected_and_only_the_change_looked_at(api: Api, clock: SetClock, sent: TestClient) -> None:
    leader, analyst = api("ward_leader"), api("city_analyst")
    assert status(leader) == "received"
    first = approve(leader, "ward")
    assert first.status_code == 200, first.text
    assert (first.json()["status"], first.json()["ward"]["word"], first.json()["may_approve"]) == (
        "approved_ward", "approved", False
    )  # fmt: skip
    assert approve(leader, "ward").json()["history"] == first.json()["history"], "the same again"
    assert approve(analyst).json()["status"] == status(sent) == "approved_city"
    seen = analyst.get(AT).json()["received_at"]
    clock.set("2026-11-20T16:50:00+07:00")
    correct(sent)
    assert status(sent) == "received"
    assert analyst.get(AT, params={"as_of": "2026-11-20T16:46:00+07:00"}).json()["status"] == "approved_city"
    assert analyst.get(AT, params={"as_of": seen}).json()["status"] == "approved_city"
    review = analyst.get(f"{AT}/approvals").json()
    assert review["since"]["version"] == 1
    assert review["unusual"][0] == "corrected_since"
    assert [(c["column"], c["before"], c["after"]) for c in review["changes"]] == [
        ("received_online", 5, 7), ("pending_in_time", 5, 7)
    ]  # fmt: skip
    revisions = analyst.get(f"{AT}/revisions").json()["items"]
    assert [r["report"]["status"] for r in revisions] == ["received", "approved_city"]
    board = analyst.get(f"{API}/throughput/board?day={DAY}").json()["items"]
    part = next(item for item in board if item["unit"] == WARD)["systems"][0]
    assert (part["status"], part["corrected_since"]) == ("received", True)
    assert approve(analyst, version=2).json()["status"] == "approved_city"
    board = analyst.get(f"{API}/throughput/board?day={DAY}").json()["items"]
    mine = next(item for item in board if item["unit"] == WARD)
    assert (mine["approved"], mine["systems"][0]["corrected_since"]) == ("city", False)


def test_a_stale_version_is_refused_with_what_stands(api: Api, sent: TestClient) -> None:
    analyst = api("city_analyst")
    correct(sent)
    for answer in (approve(analyst), analyst.post(f"{AT}/approvals/city/return", json=WHY | {"version": 1})):
        assert said(answer) == (412, "approval_stale")
        assert (answer.json()["current"]["version"], answer.json()["current"]["totals"]["received"]) == (2, 7)
    assert status(sent) == "received"
    assert said(approve(analyst, version=3)) == (412, "approval_stale")


def test_returned_reaches_the_ward_until_a_new_revision_comes(api: Api, clock: SetClock, sent: TestClient) -> None:
    analyst = api("city_analyst")
    returned = analyst.post(f"{AT}/approvals/city/return", json=WHY)
    assert (returned.status_code, returned.json()["status"]) == (200, "returned")
    again = analyst.post(f"{AT}/approvals/city/return", json=WHY)
    assert len(again.json()["history"]) == 1, "the same again"
    today = sent.get(f"{API}/throughput/today").json()["returned"]
    assert [(r["day"], r["system"], r["stage"], r["reason"], r["locked"]) for r in today] == [
        (DAY, "city", "city", WHY["reason"], False)
    ]  # fmt: skip
    sheet = sent.get(f"{API}/throughput/reports/{WARD}/{DAY}/worksheet").json()
    assert (sheet["city"]["returned"]["reason"], sheet["ministry"]["returned"]) == (WHY["reason"], None)
    assert approve(api("ward_leader"), "ward").json()["status"] == "returned", "the city's word stands before"
    correct(sent)
    assert sent.get(f"{API}/throughput/today").json()["returned"] == []
    assert status(sent) == "received"
    leader = api("ward_leader")
    assert leader.post(f"{AT}/approvals/ward/return", json=WHY).json()["status"] == "returned"
    assert approve(analyst, version=2).json()["status"] == "approved_city"
    assert sent.get(f"{API}/throughput/today").json()["returned"] == []


def test_taking_back_wants_a_reason_and_something_to_take_back(api: Api, sent: TestClient) -> None:
    analyst = api("city_analyst")
    at = f"{AT}/approvals/city/withdrawal"
    assert said(analyst.post(at, json=WHY)) == (409, "not_approved")
    approve(analyst)
    assert said(analyst.post(at, json={})) == (422, "required")
    assert said(analyst.post(f"{AT}/approvals/city/return", json={"reason": " "})) == (422, "too_short")
    back = analyst.post(at, json=WHY | {"version": 1}).json()
    assert (back["status"], back["city"], back["history"][0]["end_reason"]) == ("received", None, WHY["reason"])
    assert approve(analyst).json()["status"] == "approved_city"
    correct(sent)
    assert said(analyst.post(at, json=WHY)) == (409, "not_approved"), "it said nothing of what stands"
    assert said(analyst.post(at, json=WHY | {"version": 2})) == (409, "not_approved")
    assert said(analyst.post(at, json=WHY | {"version": 7})) == (412, "approval_stale")
    before = analyst.post(at, json=WHY | {"version": 1}).json()
    assert (before["since"], before["status"], before["history"][0]["end_reason"]) == (None, "received", WHY["reason"])
    assert said(analyst.post(at, json=WHY | {"version": 1})) == (412, "approval_stale"), "nothing of it is left"


def test_an_approval_that_another_replaced_does_not_come_up_again(api: Api, sent: TestClient) -> None:
    analyst = api("city_analyst")
    at = f"{AT}/approvals/city/withdrawal"
    approve(analyst)
    for version in (2, 3):
        correct(sent, 5 + version, version - 1)
        assert approve(analyst, version=version).json()["status"] == "approved_city"
    correct(sent, 9, 3)
    review = analyst.get(f"{AT}/approvals").json()
    assert (review["since"]["version"], review["relied_on"]["version"]) == (3, 3)
    back = analyst.post(at, json=WHY | {"version": 3}).json()
    assert (back["status"], back["since"]["version"], back["relied_on"]) == ("received", 2, None)
    assert said(analyst.post(at, json=WHY | {"version": 2})) == (412, "approval_stale")
    assert said(analyst.post(at, json=WHY)) == (409, "not_approved")


def test_who_may_approve(app: FastAPI, api: Api, sent: TestClient) -> None:
    for role, stage in (
        ("ward_officer", "ward"), ("ward_leader", "city"), ("city_analyst", "ward"), ("leader", "city")
    ):  # fmt: skip
        assert said(approve(api(role), stage)) == (403, "forbidden"), (role, stage)
    other = api("ward_leader", OTHER)
    for answer in (
        approve(other, "ward"), other.post(f"{AT}/approvals/ward/return", json=WHY), other.get(f"{AT}/approvals")
    ):  # fmt: skip
        assert said(answer) == (404, "not_found")
    assert approve(api("city_analyst"), at=AT.replace("/city", "/ministry")).status_code == 404, "nothing sent"
    assert approve(api("city_analyst"), "province").status_code == 422
    machine = api("machine", WARD, scopes=["reports:read", "approvals:city"])
    assert said(approve(machine)) == (403, "forbidden"), "a machine of one unit does not speak for the city"


def test_nobody_approves_alone_what_he_typed_by_setting(
    app: FastAPI, api: Api, people: Callable[..., PageClient]
) -> None:
    leader = people("ward_leader")
    typed = {f"city[lines][HT][{k}]": str(v) for k, v in line(received_online=2).items()}
    assert leader.post(f"/throughput/reports/{WARD}/{DAY}", data={**typed, "_method": "PUT"}).status_code == 303
    at = f"{PAGE}/approvals"
    refused = leader.post(f"{at}/ward", data={"_method": "PUT", "version": "1"})
    assert refused.status_code == 403
    assert "không tự duyệt" in refused.text
    page = leader.get(at).text
    assert "Duyệt báo cáo này" not in page
    assert "người khác duyệt" in page
    listed = leader.get("/throughput/approvals.json").json()["items"]
    assert [item["is_own"] for item in listed] == [True]
    app.state.settings = app.state.settings.model_copy(update={"approval_by_another": False})
    assert leader.post(f"{at}/ward", data={"_method": "PUT", "version": "1"}).status_code == 303
    assert leader.get("/throughput/approvals.json").json()["items"] == []


def test_the_ward_first_by_setting(app: FastAPI, api: Api, sent: TestClient) -> None:
    app.state.settings = app.state.settings.model_copy(update={"approval_ward_first": True})
    analyst = api("city_analyst")
    assert said(approve(analyst)) == (409, "ward_first")
    assert analyst.get(f"{AT}/approvals").json()["may_approve"] is False
    approve(api("ward_leader"), "ward")
    assert approve(analyst).json()["status"] == "approved_city"


@pytest.fixture
def filled(api: Api, clock: SetClock) -> None:
    """Four wards: one late, one with an open question, one plain, one partial; both systems for the plain one."""
    for unit, system, at, body in (
        ("19774", "city", "16:45", report(line(received_online=3, carried_over=0))),
        ("19774", "ministry", "16:46", report(line(received_online=3, carried_over=0))),
        (WARD, "city", "16:45", report()),  # no dossier on a working day: asked
        (OTHER, "city", "16:40", report(line(received_online=3), partial_day=True)),
        (
            "19804",
            "city",
            "17:30",
            report(line(received_online=3), reasons=[{"warning": "late", "reason": "late_sync"}]),
        ),
    ):
        clock.set(f"{DAY}T{at}:00+07:00")
        answer = api(unit=unit).put(f"{API}/throughput/reports/{unit}/{DAY}/{system}", json=body)
        assert answer.status_code == 201, answer.text


def test_the_list_has_the_unusual_first_and_many_are_approved_each_for_itself(
    api: Api, clock: SetClock, filled: None
) -> None:
    analyst = api("city_analyst")
    data = analyst.get(f"{LIST}?day={DAY}").json()
    seen = [(item["unit"], item["system"], item["unusual"]) for item in data["items"]]
    assert [unit for unit, _, _ in seen][-2:] == ["19774", "19774"], seen
    assert {unit: unusual for unit, _, unusual in seen} == {
        WARD: ["open_warnings"], OTHER: ["open_warnings", "partial"], "19804": ["late"], "19774": []
    }  # fmt: skip
    assert (data["stage"], data["waiting"], data["unusual"], data["approved"]) == ("city", 5, 3, 0)
    items = [{"unit": u, "day": DAY, "system": s, "version": 1} for u, s, _ in seen]
    items[0]["version"] = 2
    nowhere = {"unit": "99999", "day": DAY, "system": "city", "version": 1}
    unticked = items[-1] | {"approve": False}
    answer = analyst.post(LIST, json={"stage": "city", "items": [*items[:-1], unticked, nowhere]})
    assert answer.status_code == 200, answer.text
    got = [(r["ok"], r["code"]) for r in answer.json()["items"]]
    assert got == [(False, "approval_stale"), (True, None), (True, None), (True, None), (False, "not_found")]
    assert (answer.json()["approved"], answer.json()["refused"]) == (3, 2)
    after = analyst.get(f"{LIST}?day={DAY}").json()
    assert (after["waiting"], after["approved"]) == (2, 3)
    assert [i["unit"] for i in analyst.get(f"{LIST}?day={DAY}&waits=true").json()["items"]] == [seen[0][0], "19774"]
    pages = analyst.get(f"{LIST}?day={DAY}&limit=2").json()
    rest = analyst.get(f"{LIST}?day={DAY}&limit=10&cursor={pages['next']}").json()
    assert pages["items"] + rest["items"] == after["items"]
    assert analyst.get(f"{LIST}?day={DAY}&cursor=WzFd").status_code == 422
    come = {
        s: {r["unit"] for r in analyst.get(f"{API}/throughput/reports?status={s}").json()["items"]}
        for s in ("received", "approved_ward", "approved_city", "returned")
    }
    assert come["approved_city"] == {u for u, _, _ in seen} - {seen[0][0]}
    assert (come["received"], come["approved_ward"], come["returned"]) == ({seen[0][0], "19774"}, set(), set())
    assert said(api("ward_officer").post(LIST, json={"stage": "ward", "items": []})) == (403, "forbidden")
    own = api("ward_leader").get(LIST).json()
    assert [(i["unit"], i["day"]) for i in own["items"]] == [(WARD, DAY)], "what waits of the last days, of one's own"
    clock.set("2026-12-10T08:00:00+07:00")
    assert api("ward_leader").get(LIST).json()["items"] == []


def test_forty_are_approved_by_a_plain_form(people: Callable[..., PageClient], filled: None) -> None:
    analyst = people("city_analyst")
    page = analyst.get(f"/throughput/approvals?day={DAY}").text
    assert page.count('type="checkbox"') == 5
    assert page.count(" checked") == 2, "what is unusual is to be looked at first"
    rows = analyst.get(f"/throughput/approvals.json?day={DAY}").json()["items"]
    form = {"stage": "city"}
    for n, item in enumerate(rows):
        form |= {f"items[{n}][{k}]": str(item[k]) for k in ("unit", "day", "system", "version")}
    nothing = analyst.post("/throughput/approvals", data=form)
    assert (nothing.status_code, "Chưa chọn báo cáo nào" in nothing.text) == (200, True)
    form |= {"items[0][approve]": "true", "items[3][approve]": "true", "items[3][version]": "9"}
    done = analyst.post("/throughput/approvals", data=form)
    assert "Đã duyệt 1 báo cáo" in done.text
    assert "Không duyệt được 1 báo cáo" in done.text
    assert f"/throughput/approvals?day={DAY}" in done.text


@pytest.mark.once
def test_the_reviewers_page_in_three_languages(
    people: Callable[..., PageClient], sent: TestClient, clock: SetClock
) -> None:
    analyst, leader, officer = people("city_analyst"), people("ward_leader"), people()
    at = f"{PAGE}/approvals"
    assert "Duyệt báo cáo này" in leader.get(at).text
    assert leader.post(f"{at}/ward", data={"_method": "PUT", "version": "1"}).status_code == 303
    assert "đã duyệt lần gửi này" in leader.get(at).text
    clock.set("2026-11-20T16:50:00+07:00")
    correct(sent)
    stale = analyst.post(f"{at}/city", data={"_method": "PUT", "version": "1"})
    assert (stale.status_code, "Số liệu vừa được sửa" in stale.text, 'value="2"' in stale.text) == (412, True, True)
    empty = analyst.post(f"{at}/city/return", data={"version": "2", "reason": ""})
    assert (empty.status_code, 'href="#reason"' in empty.text) == (422, True)
    assert analyst.post(f"{at}/city/return", data={"version": "2", "reason": "Sai số"}).status_code == 303
    for browser in (analyst, leader, officer):
        for locale in ("en", "fr", "vi"):
            browser.cookies.set("lang", locale)
            browser.locale = locale
            for page in (at, "/throughput/approvals", f"/throughput/approvals?day={DAY}", "/throughput/reports"):
                assert browser.get(page).status_code == 200, page
    assert "Thay đổi từ lần duyệt" in leader.get(at).text
    assert "Sai số" in officer.get("/throughput/today").text
    assert "Sai số" in officer.get(f"/throughput/reports/{WARD}/{DAY}/worksheet").text
    assert "Trả lại để chỉnh sửa" in analyst.get(f"/throughput/board?day={DAY}").text
    wrong = analyst.post(f"{at}/city/withdrawal", data={"version": "2", "reason": ""})
    assert wrong.status_code == 422
    assert analyst.post(f"{at}/city/withdrawal", data={"version": "2", "reason": "Nhầm"}).status_code == 303
    assert "Nhầm" in analyst.get(at).text


def test_a_reason_given_afterwards_undoes_no_approval_and_makes_nobody_the_typist(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    officer, leader, analyst = api(), people("ward_leader"), api("city_analyst")
    before = AT.replace(DAY, "2026-11-19")
    assert officer.put(before, json=report(line(received_online=10))).status_code == 201
    # Four of the ten that were left are not carried over.
    assert officer.put(AT, json=report(line(carried_over=6))).status_code == 201
    assert approve(analyst).json()["status"] == "approved_city"
    (found,) = officer.get(f"{API}/throughput/findings").json()["items"]
    why = {"reason": "late_sync"}
    assert leader.post(f"/throughput/findings/{found['id']}/explanation", data=why).status_code == 303
    assert (status(officer), officer.get(AT).json()["version"]) == ("approved_city", 2)
    with app.state.database.read() as session:
        told = session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "approval.carried")).one()
    assert told.entity == f"reports/{WARD}/{DAY}/city/approvals/city"
    assert (json.loads(told.before or "")["version"], json.loads(told.after or "")["version"]) == (1, 2)
    assert "Duyệt báo cáo này" in leader.get(f"{PAGE}/approvals").text, "the officer typed the figures"
    assert leader.post(f"{PAGE}/approvals/ward", data={"_method": "PUT", "version": "2"}).status_code == 303
    clock.set("2026-11-20T16:55:00+07:00")
    typed = {f"city[lines][HT][{k}]": str(v) for k, v in line(carried_over=6, received_online=1).items()}
    correction = leader.post(PAGE.removesuffix("/city"), data={**typed, "_method": "PUT", "_if_match": "2-0"})
    assert correction.status_code == 303, correction.text
    assert status(officer) == "received", "other figures are another matter"
    assert "Duyệt báo cáo này" not in leader.get(f"{PAGE}/approvals").text
    assert leader.post(f"{PAGE}/approvals/ward", data={"_method": "PUT", "version": "3"}).status_code == 403


def test_a_token_without_a_person_does_not_approve_what_it_typed(api: Api) -> None:
    leader = api("ward_leader")
    assert leader.put(AT, json=report(line(received_online=3))).status_code == 201
    assert said(approve(leader, "ward")) == (403, "own_typing")


def test_a_days_list_tells_how_many_wait_on_other_days(
    api: Api, people: Callable[..., PageClient], clock: SetClock, sent: TestClient
) -> None:
    """Each with the way there; what is approved, or lies too far back, waits no more."""
    analyst, days = api("city_analyst"), ("2026-11-18", "2026-11-19")
    for day, ward in ((days[0], WARD), (days[1], WARD), (days[1], OTHER)):
        at = f"{API}/throughput/reports/{ward}/{day}/city"
        assert api("ward_officer", ward).put(at, json=report(line(received_online=5))).status_code == 201
    waiting = [{"day": days[1], "waiting": 2}, {"day": days[0], "waiting": 1}]
    assert analyst.get(LIST).json()["other_days"] == waiting
    assert analyst.get(f"{LIST}?unit={OTHER}").json()["other_days"] == [{"day": days[1], "waiting": 1}]
    assert analyst.get(f"{LIST}?day={days[1]}").json()["other_days"] == [
        {"day": DAY, "waiting": 1}, {"day": days[0], "waiting": 1}
    ]  # fmt: skip
    page = people("city_analyst").get("/throughput/approvals").text
    assert f'<a href="?day={days[1]}&amp;waits=true">19/11/2026: 2</a>' in page
    assert approve(analyst, at=f"{API}/throughput/reports/{WARD}/{days[0]}/city").is_success
    assert analyst.get(LIST).json()["other_days"] == waiting[:1]
    assert api("ward_leader").get(LIST).json()["other_days"] == [], "its list is of all days"
    clock.set("2026-12-10T08:00:00+07:00")
    assert analyst.get(LIST).json()["other_days"] == []
