"""The month's report on pages without script: one next step at each stage."""

from typing import Any

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
