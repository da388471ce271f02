"""A leader goes from one waiting report to the next until none is left."""

import re
from typing import Any

from fastapi import FastAPI

from tests.support.clients import OTHER, WARD, line, report

DAYS = ("2026-11-19", "2026-11-20")
API = "/api/v1/throughput/reports"
NEXT = re.compile(r'<a class="button" href="(/throughput/reports/[^"]+/approvals)">Báo cáo tiếp theo')


def test_one_tap_leads_to_the_next_report_until_there_is_none(api: Any, people: Any) -> None:
    officer, leader = api(), people("ward_leader")
    for day in DAYS:
        for system, field in (("city", "HT"), ("ministry", "LT")):
            body = report(line(field, received_online=3), reasons=[{"warning": "late", "reason": "late_sync"}])
            assert officer.put(f"{API}/{WARD}/{day}/{system}", json=body).status_code == 201
    waiting = people().get("/throughput/approvals").text
    assert not re.search("Xem và quyết định|chọn sẵn", waiting), "who approves nothing is not told to decide"
    assert re.search("Xem báo cáo|không có điểm cần xem<", waiting)
    assert re.search("Xem và quyết định|chọn sẵn", leader.get("/throughput/approvals").text)
    at, seen = f"/throughput/reports/{WARD}/{DAYS[0]}/city/approvals", []
    while at:
        assert "Báo cáo tiếp theo" not in leader.get(at).text, "this one comes first"
        sent = leader.post(f"{at}/ward", data={"_method": "PUT", "version": "1"})
        assert sent.status_code == 303, sent.text
        page = leader.get(sent.headers["location"]).text
        seen.append(at)
        found = NEXT.search(page)
        assert (found is None) is ("14 ngày qua không còn báo cáo nào chờ bạn duyệt." in page)
        at = found[1] if found else ""
    assert len(set(seen)) == len(seen) == 4
    assert "Báo cáo tiếp theo" not in people().get(seen[0]).text, "an officer approves nothing"


def test_next_leads_the_city_only_to_what_the_ward_approved_where_the_ward_comes_first(
    app: FastAPI, api: Any, people: Any
) -> None:
    app.state.settings = app.state.settings.model_copy(update={"approval_ward_first": True})
    day, systems = DAYS[1], ("city", "ministry")
    for unit in (WARD, OTHER):
        for system, field in zip(systems, ("HT", "LT"), strict=True):
            answer = api(unit=unit).put(f"{API}/{unit}/{day}/{system}", json=report(line(field, received_online=3)))
            assert answer.status_code == 201, answer.text
    for unit, system in ((WARD, "city"), (OTHER, "ministry")):
        approved = api("ward_leader", unit).put(f"{API}/{unit}/{day}/{system}/approvals/ward", json={"version": 1})
        assert approved.status_code == 200, approved.text
    analyst = people("city_analyst")

    def approve(unit: str, system: str) -> str:
        at = f"/throughput/reports/{unit}/{day}/{system}/approvals"
        sent = analyst.post(f"{at}/city", data={"_method": "PUT", "version": "1"})
        assert sent.status_code == 303, sent.text
        return str(analyst.get(sent.headers["location"]).text)

    page = approve(WARD, "city")
    found = NEXT.search(page)
    assert found is not None
    assert f"/{OTHER}/{day}/ministry/" in found[1]
    assert "chờ duyệt)" not in page, "one alone is not counted"
    page = approve(OTHER, "ministry")
    assert NEXT.search(page) is None, "two wait for their wards, not for the city"
    assert "Ngày 20/11/2026: không còn báo cáo nào chờ bạn duyệt." in page


def test_what_one_typed_oneself_is_not_next(api: Any, people: Any) -> None:
    leader, day = people("ward_leader"), DAYS[1]
    typed = {f"city[lines][HT][{k}]": str(v) for k, v in line(received_online=2).items()}
    assert leader.post(f"/throughput/reports/{WARD}/{day}", data={**typed, "_method": "PUT"}).status_code == 303
    assert api().put(f"{API}/{WARD}/{day}/ministry", json=report(line("LT", received_online=3))).status_code == 201
    at = f"/throughput/reports/{WARD}/{day}/ministry/approvals"
    assert leader.post(f"{at}/ward", data={"_method": "PUT", "version": "1"}).status_code == 303
    page = leader.get(at).text
    assert NEXT.search(page) is None
    assert "không còn báo cáo nào chờ bạn duyệt." in page, "the other one waits for somebody else"
