"""The month's report on pages without script: one next step at each stage."""

import re
from typing import Any

from tests.support.statements import asked
from tests.support.tasks import with_directive, with_task


def test_an_analyst_writes_approves_and_sends_on_pages(people: Any, api: Any, clock: Any) -> None:
    with_task(api("city_analyst"), "T1", with_directive(api("city_analyst"), number="1/KH"))
    page, at = people("city_analyst"), "/tasks/monthly/city/2026-11"
    assert "Đang tổng hợp" in page.get("/tasks/monthly?programme=city").text
    assert "Duyệt báo cáo" not in page.get(at).text
    saved = page.post(at, data={"_method": "PUT", "causes": "Chờ hướng dẫn"})
    assert saved.status_code == 303
    clock.set("2026-11-20T17:10+07:00")
    refused = page.post(f"{at}/approval", data={})
    assert refused.status_code == 409
    assert "20/11/2026" in refused.text


def test_the_mark_of_the_report_costs_one_statement(people: Any, api: Any, clock: Any, app: Any) -> None:
    with_task(api("city_analyst"), "C1", with_directive(api("city_analyst")), programme="centre")
    marks = []
    clock.set("2026-11-19T09:00+07:00")
    for who in (people("city_analyst"), people("leader")):
        who.get("/units")  # what the process keeps is read once
        with asked(app.state.database.engine) as said:
            assert who.get("/units").is_success
        marks.append([text for text, _ in said if re.search("monthly_reports|calendar_days|programmes", text)])
    assert [len(some) for some in marks] == [1, 0], "a leader has no step in it"


def test_who_has_the_next_step_is_reminded_on_every_page(people: Any, api: Any, clock: Any) -> None:
    analyst, leader = people("city_analyst"), people("leader")
    mark = r'header__count">(\d+)<'
    clock.set("2026-11-19T09:00+07:00")
    before = int((re.search(mark, analyst.get("/units").text) or [0, 0])[1])
    with_task(api("city_analyst"), "C1", with_directive(api("city_analyst")), programme="centre")
    marked = re.search(mark, analyst.get("/units").text)
    assert marked is not None
    assert int(marked[1]) == before + 1, "the month before had no task to report"
    told = analyst.get("/throughput/reminders").text
    assert 'href="/tasks/monthly/centre/2026-11"' in told
    assert "Hạn đến hết ngày 20/11/2026" in told
    assert "/tasks/monthly/centre/" not in leader.get("/throughput/reminders").text, "another's step"
