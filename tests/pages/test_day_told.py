"""What Today and the day's form tell without being asked: returned days, missing days, days off, what was filled in."""

import re
from typing import Any

from app.core.web import API
from tests.pages.test_desk_pages import text_of
from tests.pages.test_throughput_pages import AT, cell, form_of
from tests.support.clients import DAY, WARD, SetClock, line, report
from tests.support.page import read

REPORTS = f"/throughput/reports/{WARD}"
MONDAY = "2026-11-23"
BEFORE = "2026-11-18"


def test_a_returned_day_is_marked_and_stands_among_what_is_to_be_sent(people: Any, api: Any) -> None:
    for system in ("city", "ministry"):
        assert api().put(f"{API}{AT}/{system}", json=report(line(received_online=1))).status_code == 201
    officer, leader = people(), api("ward_leader")
    desk = f"{API}/throughput/today"
    day = next(d for d in api().get(desk).json()["items"] if d["day"] == DAY)
    assert [s["returned"] for s in day["systems"]] == [False, False]
    why = {"reason": "Thiếu số tiếp nhận qua bưu chính", "version": 1}
    assert leader.post(f"{API}{AT}/city/approvals/ward/return", json=why).status_code in (200, 201)
    day = next(d for d in api().get(desk).json()["items"] if d["day"] == DAY)
    assert [s["returned"] for s in day["systems"]] == [True, False]
    page = officer.get("/throughput/today").text
    to_send, sent = page[page.index("open-title") : page.index("previous-title")], page[page.index("done-title") :]
    assert why["reason"] in to_send
    assert f'href="{AT}/worksheet#city"' in to_send
    assert "Bị trả lại" in sent
    assert 'href="#returned"' in sent
    assert ".json" not in page  # a reader of programs finds it by the Link header
    assert 'rel="alternate"; type="application/json"' in officer.get("/throughput/today").headers["link"]
    assert api().put(
        f"{API}{AT}/city", json=report(line(received_online=2)), headers={"if-match": '"1"'}
    ).status_code == 200  # fmt: skip
    assert "Bị trả lại" not in officer.get("/throughput/today").text


def test_a_deadline_says_which_days_off_it_passes_over(people: Any, api: Any, clock: SetClock) -> None:
    friday = text_of(people().get(f"{AT}/worksheet").text, "p", id="ministry-deadline")[0]
    assert "hạn gửi 09:00 thứ Hai 23/11/2026 (" in friday.replace("\xa0", " ")
    assert friday.replace("\xa0", " ").endswith(". Thứ Bảy, Chủ nhật nghỉ.")
    clock.set(f"{MONDAY}T16:45:00+07:00")
    monday = people().get(f"{REPORTS}/{MONDAY}/worksheet").text.replace("\xa0", " ")
    said = text_of(monday, "p", id="ministry-deadline")[0]
    assert "hạn gửi 09:00 thứ Tư 25/11/2026 (" in said
    assert said.endswith(". Thứ Ba 24/11 nghỉ: Ngày Văn hóa Việt Nam.")
    assert "nghỉ" not in text_of(monday, "p", id="city-deadline")[0]
    off = api().get(f"{API}{REPORTS}/{MONDAY}/worksheet").json()["ministry"]["days_off"]
    assert [(one["day"], one["name"]["en"]) for one in off] == [("2026-11-24", "Vietnam Culture Day")]


def test_a_missing_day_is_named_on_the_next_ones_form(people: Any, api: Any) -> None:
    assert api().put(
        f"{API}{REPORTS}/{BEFORE}/city",
        json=report(line(received_online=5, pending_overdue=2), reasons=[{"warning": "late", "reason": "late_sync"}]),
    ).status_code == 201  # fmt: skip
    sheet = api().get(f"{API}{AT}/worksheet").json()
    assert (sheet["city"]["previous_day"], sheet["city"]["unsent_before"]) == (BEFORE, ["2026-11-19"])
    assert sheet["ministry"]["unsent_before"] == []  # nothing came ever: there is nothing to be further back
    page = people().get(f"{AT}/worksheet").text
    told = text_of(page, "div", class_="notice notice--warning notice--slim")
    which = "Chưa gửi báo cáo ngày trước (Hệ thống của thành phố): 19/11/2026."
    assert told == [f"{which} Tồn đầu dưới đây lấy từ báo cáo ngày 18/11/2026; nên gửi ngày còn thiếu trước."]
    assert f'href="{REPORTS}/2026-11-19/worksheet"' in page
    down = {"unavailable": {"reason": "Mất kết nối"}, "reasons": [{"warning": "late", "reason": "late_sync"}]}
    assert api().put(f"{API}{REPORTS}/2026-11-19/city", json=down).status_code == 201
    assert api().get(f"{API}{AT}/worksheet").json()["city"]["unsent_before"] == []


def test_locked_days_lead_to_their_reopening_and_three_open_ones_are_named(
    people: Any, api: Any, clock: SetClock
) -> None:
    first = report(line(received_online=5), reasons=[{"warning": "late", "reason": "late_sync"}])
    assert api().put(f"{API}{REPORTS}/{BEFORE}/city", json=first).status_code == 201
    clock.set("2026-12-01T16:45:00+07:00")
    at = f"{REPORTS}/2026-12-01"
    locked = api().get(f"{API}{at}/worksheet").json()["city"]["unsent_locked"]
    assert len(locked) > 1
    asked = api().post(f"{API}{REPORTS}/{locked[0]}/city/reopenings", json={"why": "Mất điện cả tuần"})
    assert asked.status_code == 201, asked.text
    grant, granted = f"{API}/throughput/reopenings/{asked.json()['id']}/grant", {"hours": 48, "reason": "Đồng ý"}
    done = api("city_analyst").put(grant, json=granted, headers={"if-match": asked.headers["etag"]})
    assert done.is_success, done.text
    sheet = api().get(f"{API}{at}/worksheet").json()["city"]
    assert sheet["unsent_locked"] == locked[1:]
    still = [day for day in sheet["unsent_before"] if day not in locked[1:]]
    assert (still[0], len(still)) == (locked[0], 4)
    page = people().get(f"{at}/worksheet").text
    notice = page[page.index("notice notice--warning notice--slim") :].partition("</div>")[0]
    assert re.findall(r"reports/\d+/([\d-]+)/worksheet", notice) == still[:3]
    assert ", +1. Tồn đầu dưới đây" in notice
    assert f'href="{REPORTS}/{locked[1]}/city/reopenings"' in notice
    assert f"Ngày chưa gửi đã khóa: {len(locked) - 1}" in notice


def test_typed_filled_in_and_missing_are_told_apart(people: Any, api: Any) -> None:
    late = [{"warning": "late", "reason": "late_sync"}]
    before = report(line(received_online=5, pending_overdue=2), reasons=late)
    assert api().put(f"{API}{REPORTS}/2026-11-19/city", json=before).status_code == 201
    officer = people()
    page = officer.get(f"{AT}/worksheet").text
    given = [n.attrs["name"] for n in read(page).all("input") if "count--given" in n.attrs.get("class", "")]
    assert given == [cell("HT", "pending_overdue")]
    assert "Tồn quá hạn: theo báo cáo ngày 19/11/2026" in page
    assert page.count('class="group group--received"') == page.count('data-row="')
    form = form_of(page, AT) | {cell("HT", "received_online"): "3", cell("HT", "resolved_early"): "x"}
    refused = officer.post(AT, data=form)
    assert refused.status_code == 422
    typed = re.findall(r'name="([^"]+)"[^>]*data-was="([^"]*)"', refused.text)
    assert typed == [(cell("HT", "received_online"), "0"), (cell("HT", "resolved_early"), "0")]
    both = {"city": report(line(received_online=3, pending_overdue=2)), "ministry": report(line(received_online=1))}
    assert api().put(f"{API}{AT}", json=both).status_code == 201
    stands = officer.get(f"{AT}/worksheet").text
    assert "count--given" not in stands
    assert "legend__" not in stands
