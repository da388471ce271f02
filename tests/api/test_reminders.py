"""Reminders: each step once whoever makes it, over by themselves, by hand not too often; the mark in the head."""

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, select
from typer.testing import CliRunner

from app.__main__ import cli
from app.core import audit, hot
from app.core.clock import SystemClock
from app.core.web import API
from app.throughput.reminders import making
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"{API}/throughput/reminders"
ENTRY = hot.table(audit.AuditEntry)
BY_HAND = f"{API}/throughput/reports/{WARD}/{DAY}/city/reminders"


def make(app: FastAPI, clock: SetClock) -> int:
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        return making.make(session, clock.now())


def listed(client: TestClient, **query: Any) -> list[tuple[str, str, str, str, str | None]]:
    answer = client.get(AT, params=query)
    assert answer.status_code == 200, answer.text
    return [(r["day"], r["system"], r["step"], r["to"], r["ended"]) for r in reversed(answer.json()["items"])]


def put(client: TestClient, system: str = "city", unit: str = WARD, **more: Any) -> None:
    sent = client.put(
        f"{API}/throughput/reports/{unit}/{DAY}/{system}", json=report(line(received_online=3), **more)
    )  # fmt: skip
    assert sent.is_success, sent.text


def mark(browser: PageClient) -> str:
    page = browser.get("/sessions").text
    head = page[page.index("<header") : page.index("</header>")]
    return head.partition('class="header__count">')[2].partition("<")[0]


def to_do(browser: PageClient) -> str:
    """Return how much the page of reminders says is to be done."""
    found = re.search(r"<h2>Cần làm \((\d+)\)</h2>", browser.get("/throughput/reminders").text)
    return found[1] if found else ""


def test_the_mark_and_the_page_count_by_one_rule(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    officer, analyst = people(), people("city_analyst")
    for system in ("city", "ministry"):
        sent = api().put(f"{API}/throughput/reports/{WARD}/{DAY}/{system}", json=report())
        assert sent.status_code == 201
    waiting = re.search(r"(\d+) nội dung đang chờ giải trình", officer.get("/throughput/reminders").text)
    assert waiting, "before its time to be reminded of, it is counted and named"
    assert waiting[1] == "2"
    api().post(f"{API}/throughput/reports/{WARD}/2026-11-16/city/reopenings", json={"why": "Sót 3 hồ sơ"})
    for day in ("20T18:30", "26T09:00", "30T09:00"):
        clock.set(f"2026-11-{day}+07:00")
        make(app, clock)
        officer, analyst = people(), people("city_analyst")
        assert (to_do(officer), to_do(analyst)) == (mark(officer), mark(analyst))
        assert to_do(analyst)


def test_the_ladder_goes_up_until_the_report_is_in(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    officer = api()
    clock.set(f"{DAY}T08:00:00+07:00")
    make(app, clock)
    before = len(listed(officer, **{"from": DAY}))
    clock.set(f"{DAY}T16:29:00+07:00")
    make(app, clock)
    assert len(listed(officer, **{"from": DAY})) == before
    clock.set(f"{DAY}T16:30:00+07:00")
    assert make(app, clock) == 40, "all forty owe it, each is reminded once"
    assert make(app, clock) == 0
    today = {"from": DAY, "to": DAY, "unit": WARD}
    assert listed(officer, **today) == [(DAY, "city", "officer", "ward_officer", None)]
    clock.set(f"{DAY}T17:15:00+07:00")
    make(app, clock)
    clock.set(f"{DAY}T18:00:00+07:00")
    make(app, clock)
    assert [step for _, _, step, _, _ in listed(officer, **today)] == ["officer", "leader", "city"]
    waits = {role: int(mark(people(role))) for role in ("ward_officer", "ward_leader", "city_analyst")}
    still = api("city_analyst").get(AT, params={"open": "true", "limit": 1000}).json()["items"]
    for role, units in (("ward_officer", {WARD}), ("ward_leader", {WARD}), ("city_analyst", None)):
        told = {(r["unit"], r["day"], r["system"]) for r in still if r["to"] == role}
        assert waits[role] == len([one for one in told if units is None or one[0] in units]) > 0, role
    put(officer, reasons=[{"warning": "late", "reason": "late_sync"}])
    assert {ended for *_, ended in listed(officer, **today)} == {"received"}, "it stops by itself"
    for role, before in waits.items():
        assert int(mark(people(role)) or 0) == before - 1, role
    clock.set("2026-11-21T10:00:00+07:00")
    assert make(app, clock) == 0, "nobody is reminded on a Saturday"


def test_what_is_waived_partial_or_locked(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer, analyst = api(), api("city_analyst")
    clock.set(f"{DAY}T16:40:00+07:00")
    make(app, clock)
    put(officer, partial_day=True)
    today = {"from": DAY, "to": DAY, "unit": WARD}
    assert listed(officer, **today)[0][4] is None, "a part of a day meets nothing"
    waived = analyst.put(f"{API}/throughput/obligations/{WARD}/{DAY}/city/waiver", json={"reason": "Mất điện"})
    assert waived.is_success
    assert listed(officer, **today)[0][4] == "waived"
    clock.set("2026-11-26T17:00:01+07:00")
    assert listed(analyst, **{"from": DAY, "to": DAY, "unit": OTHER})[0][4] == "locked"
    assert listed(analyst, open="true", **today) == []
    assert len(listed(analyst, open="false", **today)) == 1


def test_by_hand_not_too_often_and_only_what_is_owed(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer, analyst = api(), api("city_analyst")
    assert officer.post(BY_HAND).status_code == 403
    made = analyst.post(BY_HAND)
    assert (made.status_code, made.json()["step"], made.json()["to"]) == (201, "by_hand", "ward_officer")
    assert made.json()["made_by"]
    again = analyst.post(BY_HAND)
    assert (again.status_code, again.json()["code"]) == (409, "reminded_recently")
    clock.set(f"{DAY}T17:15:00+07:00")
    assert analyst.post(BY_HAND).status_code == 201
    put(officer, reasons=[{"warning": "late", "reason": "late_sync"}])
    assert analyst.post(BY_HAND).json()["code"] == "already_reported"
    assert [ended for *_, ended in listed(analyst, unit=WARD)] == ["received", "received"]
    other = BY_HAND.replace(WARD, OTHER)
    clock.set("2026-11-21T10:00:00+07:00")
    assert analyst.post(other).json()["code"] == "reminder_on_day_off"
    clock.set("2026-11-27T10:00:00+07:00")
    assert analyst.post(other).json()["code"] == "day_locked"
    assert analyst.post(BY_HAND.replace(DAY, "2026-11-21")).status_code == 404
    assert listed(api(unit=OTHER)) == []
    assert api(unit=OTHER).get(AT, params={"unit": WARD}).status_code == 404


def last_told(app: FastAPI) -> dict[str, Any]:
    """Return what the audit says of the last reminder to all."""
    with app.state.database.read() as session:
        query = select(ENTRY.c.after).where(ENTRY.c.entity == f"reminders/{DAY}").order_by(ENTRY.c.number)
        told: dict[str, Any] = json.loads(session.scalars(query).all()[-1])
        return told


def test_a_reminder_that_another_wrote_in_the_same_moment_is_passed_over(
    app: FastAPI, api: Api, clock: SetClock
) -> None:
    clock.set(f"{DAY}T16:45:00+07:00")
    analyst, every = api("city_analyst"), f"{API}/throughput/board/{DAY}/reminders"
    assert analyst.post(BY_HAND).status_code == 201
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        # Each looked before the other wrote, as on a database that lets two write at once: its key stands, not counted.
        session.execute(making.REMINDER.update().values(step="officer", made_by=None))
    first = analyst.post(every)
    assert first.status_code == 200, first.text
    assert (first.json()["reminded"], first.json()["recently"]) == (39, 1)
    assert f"{WARD}/city" not in last_told(app)["reports"]
    again = analyst.post(BY_HAND)
    assert (again.status_code, again.json()["code"]) == (409, "reminded_recently")
    assert len(listed(analyst, unit=WARD)) == 1


def test_all_who_owe_are_reminded_at_once_each_as_if_by_hand(
    app: FastAPI, api: Api, people: Any, clock: SetClock
) -> None:
    analyst, every = api("city_analyst"), f"{API}/throughput/board/{DAY}/reminders"
    assert api().post(every).status_code == 403
    clock.set(f"{DAY}T16:10:00+07:00")
    assert analyst.post(every).json()["reminded"] == 0, "the day is still counted"
    clock.set(f"{DAY}T16:45:00+07:00")
    assert analyst.post(BY_HAND).status_code == 201
    put(api(unit=OTHER), unit=OTHER)
    first = analyst.post(every).json()
    assert first == {"day": DAY, "system": None, "reminded": 38, "units": 38, "recently": 1, "day_off": 0}
    told = last_told(app)
    assert (told["count"], len(set(told["reports"]))) == (38, 38)
    assert all(code.endswith("/city") for code in told["reports"])
    assert not {f"{WARD}/city", f"{OTHER}/city"} & set(told["reports"]), "who was reminded is named, and nobody else"
    assert analyst.post(every).json() | {"reminded": 0, "units": 0, "recently": 39} == analyst.post(every).json()
    assert analyst.post(BY_HAND).json()["code"] == "reminded_recently"
    logged = [r for r in analyst.get(AT, params={"limit": 200}).json()["items"] if r["step"] == "by_hand"]
    assert (len(logged), {r["system"] for r in logged}) == (39, {"city"}), "the ministries' is due in the morning"
    assert OTHER not in {r["unit"] for r in logged}
    page = people("city_analyst")
    assert f'action="/throughput/board/{DAY}/reminders"' in page.get(f"/throughput/board?day={DAY}").text
    clock.set("2026-11-23T10:00:00+07:00")
    page = people("city_analyst")
    done = page.post(f"/throughput/board/{DAY}/reminders", follow_redirects=True)
    assert "Đã nhắc 40 đơn vị" in done.text
    late = analyst.post(every, params={"system": "ministry"}).json()
    assert (late["reminded"], late["recently"]) == (0, 40)
    clock.set("2026-11-22T10:00:00+07:00")
    assert (analyst.post(every).json()["day_off"], analyst.post(every).json()["reminded"]) == (39, 0), "a Sunday"
    assert f"board/{DAY}/reminders" not in page.get(f"/throughput/board?day={DAY}").text


def test_a_finding_past_its_due_day_is_reminded_of_and_ends_with_it(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    sent = officer.put(f"{API}/throughput/reports/{WARD}/{DAY}/city", json=report())
    assert sent.status_code == 201
    number = officer.get(f"{API}/throughput/findings").json()["items"][0]["id"]

    def steps() -> list[tuple[str, str | None]]:
        items = officer.get(AT, params={"unit": WARD}).json()["items"]
        return [(r["step"], r["ended"]) for r in reversed(items) if r["finding"] == number]

    for day, expected in (("25", []), ("26", ["officer"]), ("27", ["officer", "leader"]), ("28", ["officer", "leader"]),
                          ("30", ["officer", "leader", "city"])):  # fmt: skip
        clock.set(f"2026-11-{day}T09:00:00+07:00")
        make(app, clock)
        assert [step for step, _ in steps()] == expected, day
    said = officer.post(f"{API}/throughput/findings/{number}/explanation", json={"reason": "source_error"})
    assert said.status_code == 200, said.text
    assert {ended for _, ended in steps()} == {"explained"}


def test_a_returned_report_is_reminded_of_until_it_is_corrected(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    put(api())
    make(app, clock)
    officer, at = people(), f"{API}/throughput/reports/{WARD}/{DAY}/city/approvals/city"
    before = int(mark(officer) or 0)
    back = api("city_analyst").post(f"{at}/return", json={"reason": "Thiếu hồ sơ trực tuyến"})
    assert back.status_code == 200, back.text
    make(app, clock)
    make(app, clock)
    (found,) = [r for r in api().get(AT).json()["items"] if r["returned"]]
    assert (found["step"], found["to"], found["is_open"], found["due_at"]) == ("officer", "ward_officer", True, None)
    assert int(mark(officer)) == before + 1
    assert "Sửa báo cáo bị trả lại ngày 20/11/2026" in officer.get("/throughput/reminders").text
    clock.set("2026-11-23T08:00:00+07:00")  # Monday; over the weekend nobody is reminded
    make(app, clock)
    assert [r["step"] for r in api().get(AT).json()["items"] if r["returned"]] == ["leader", "officer"]
    reasons = [{"warning": "correction", "reason": "late_sync"}]
    body = report(line(received_online=5), reasons=reasons)
    corrected = api().put(at.partition("/approvals")[0], json=body, headers={"if-match": '"1"'})
    assert corrected.status_code == 200, corrected.text
    assert {r["ended"] for r in api().get(AT).json()["items"] if r["returned"]} == {"corrected"}
    clock.set("2026-11-24T08:00:00+07:00")
    make(app, clock)
    assert len([r for r in api().get(AT).json()["items"] if r["returned"]]) == 2


def test_a_return_that_the_city_overrules_reminds_of_nothing(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    put(api())
    analyst, at = api("city_analyst"), f"{API}/throughput/reports/{WARD}/{DAY}/city/approvals"
    assert api("ward_leader").post(f"{at}/ward/return", json={"reason": "Xem lại"}).status_code == 200
    make(app, clock)
    clock.set(f"{DAY}T16:50:00+07:00")
    assert analyst.put(f"{at}/city", json={"version": 1}).status_code == 200
    clock.set(f"{DAY}T16:55:00+07:00")
    (found,) = [r for r in api().get(AT).json()["items"] if r["returned"]]
    assert (found["is_open"], found["ended"], found["ended_at"]) == (False, "overruled", "2026-11-20T09:50:00Z"), (
        "the city's word counts before the ward's"
    )
    assert "Thành phố đã duyệt" in people().get("/throughput/reminders").text


def test_requests_to_reopen_count_for_who_answers_them(api: Api, people: Callable[..., PageClient]) -> None:
    analyst, officer = people("city_analyst"), people()
    before = int(mark(analyst) or 0), mark(officer)
    asked = api().post(f"{API}/throughput/reports/{WARD}/2026-11-16/city/reopenings", json={"why": "Sót 3 hồ sơ"})
    assert asked.status_code == 201, asked.text
    assert (int(mark(analyst)), mark(officer)) == (before[0] + 1, before[1])
    for page in ("/throughput/board", "/throughput/reminders"):
        assert "1 đề nghị mở khóa đang chờ trả lời" in analyst.get(page).text
        assert "đề nghị mở khóa đang chờ" not in people("leader").get(page).text


def test_several_processes_make_each_step_once(app: FastAPI, api: Api, clock: SetClock) -> None:
    clock.set(f"{DAY}T18:00:00+07:00")
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(make(app, clock))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made)[:2] == [0, 0]
    items = api("city_analyst").get(AT, params={"limit": 1000}).json()["items"]
    keys = [(r["unit"], r["day"], r["system"], r["step"]) for r in items]
    assert len(keys) == len(set(keys)) == sum(made) > 0


def test_the_command_does_the_same(app: FastAPI, api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime(2026, 11, 20, 9, 45, tzinfo=UTC))
    told = [CliRunner().invoke(cli, ["remind"]).output for _ in range(2)]
    assert told[1].strip() == "0 reminders made."
    assert told[0] != told[1]
    assert listed(api(), **{"from": DAY, "unit": WARD}) == [(DAY, "city", "officer", "ward_officer", None)]


def test_the_mark_costs_one_statement(app: FastAPI, people: Callable[..., PageClient]) -> None:
    browser = people()
    seen: list[str] = []

    browser.get("/sessions")
    event.listen(app.state.database.engine, "begin", lambda _: seen.append("begin"))
    browser.get("/sessions")
    with_mark = len(seen)
    seen.clear()
    people("administrator").get("/sessions")
    assert with_mark <= len(seen) + 1


def test_pages(app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock) -> None:
    officer, analyst = people(), people("city_analyst")
    assert "Không có việc nào đang chờ bạn" in officer.get("/throughput/reminders").text
    board = analyst.get(f"/throughput/board?day={DAY}").text
    at = f"/throughput/reports/{WARD}/{DAY}/city/reminders"
    assert f'action="{at}"' in board
    assert 'class="link-button"' not in people("leader").get(f"/throughput/board?day={DAY}").text
    done = analyst.post(at)
    assert (done.status_code, done.headers["location"]) == (303, f"/throughput/board?day={DAY}&reminded={WARD}.city")
    assert "notice--success" in analyst.get(done.headers["location"]).text
    page = officer.get("/throughput/reminders").text
    assert f'href="/throughput/reports/{WARD}/{DAY}/worksheet"' in page
    assert mark(officer) == "1"
    assert analyst.post(at).status_code == 409
    analyst.get("/throughput/reminders?open=true")


def test_a_unit_is_reminded_at_its_own_time(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    officer, analyst = api(), api("city_analyst")
    at = f"{AT}/times/{WARD}"
    assert (officer.get(at).json()["minutes"], officer.get(at).json()["applied"]) == (None, 30)
    browser = people()
    saved = browser.post(f"/throughput/reminders/times/{WARD}", data={"_method": "PUT", "minutes": "90"})
    assert saved.status_code == 303
    refused = browser.post(
        f"/throughput/reminders/times/{WARD}", data={"_method": "PUT", "_if_match": "1", "minutes": "4"}
    )
    assert (refused.status_code, 'id="minutes-error"' in refused.text) == (422, True)
    assert (officer.get(at).json()["applied"], officer.get(at).json()["version"]) == (90, 1)
    assert officer.put(at, json={"minutes": 60}).status_code == 428
    assert officer.put(at, json={"minutes": 60}, headers={"if-match": '"7"'}).status_code == 412
    assert officer.put(at.replace(WARD, OTHER), json={"minutes": 60}).status_code == 404
    assert api("leader").put(at, json={"minutes": 60}).status_code == 403
    clock.set(f"{DAY}T15:30:00+07:00")
    make(app, clock)
    today = {"from": DAY, "to": DAY}
    assert {r["unit"] for r in analyst.get(AT, params=today).json()["items"]} == {WARD}, "others at half past four"
    assert analyst.put(at, json={"minutes": None}, headers={"if-match": '"1"'}).json()["applied"] == 30


def test_what_is_to_be_done_is_the_same_at_both_doors(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    clock.set("2026-11-20T17:45:00+07:00")
    make(app, clock)
    seen = api().get(AT).json()["to_do"]
    items = [item for fold in seen["folds"] for item in fold["shown"]]
    assert (DAY, "city") in {(item["day"], item["system"]) for item in items}
    assert (seen["waiting"], seen["reopenings"]) == (len(items), None)
    page = people().get("/throughput/reminders").text
    shown = page[: page.index("Nhật ký")]
    assert shown.count('<li class="card') == len(items)
    city = api("city_analyst").get(AT).json()["to_do"]
    assert city["reopenings"] == 0
    assert api("city_analyst").get(AT, params={"open": True}).json()["to_do"] is None, "a filter asks for the list"


def test_board_and_desk_tell_when_a_unit_was_last_reminded(
    app: FastAPI, api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    """Of each part that is still owed, whoever reminded of it; what is in, or of another day, says nothing."""
    clock.set("2026-11-20T17:05:00+07:00")
    analyst, officer = api("city_analyst"), api()

    def told() -> tuple[list[str | None], list[str | None]]:
        board = analyst.get(f"{API}/throughput/board?day={DAY}&limit=100").json()["items"]
        tile = next(one for one in board if one["unit"] == WARD)
        today = next(one for one in officer.get(f"{API}/throughput/today").json()["items"] if one["day"] == DAY)
        return [one["reminded_at"] for one in tile["systems"]], [one["reminded_at"] for one in today["systems"]]

    assert told() == ([None, None], [None, None])
    assert analyst.post(BY_HAND).is_success
    at = "2026-11-20T10:05:00Z"
    assert told() == ([at, None], [at, None])
    tile = people("city_analyst").get(f"/throughput/board?day={DAY}").text.partition(f'id="tile-{WARD}"')[2]
    assert "nhắc lúc 17:05" in tile.partition('id="tile-')[0]
    assert "nhắc lúc 17:05" in people().get("/throughput/today").text
    clock.set("2026-11-21T08:00:00+07:00")
    assert "nhắc lúc 20/11 17:05" in people().get("/throughput/today").text
    put(officer)
    assert told() == ([None, None], [None, None]), "it is in"
    other = api("ward_officer", OTHER).get(f"{API}/throughput/today").json()["items"]
    assert {one["reminded_at"] for day in other for one in day["systems"]} == {None}
