"""A whole day sent in a browser: without script, by keyboard alone, on a phone; and what the entry page weighs."""

import re
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.conftest import TODAY, Visitor
from tests.support.clients import OTHER, WARD

BUDGET = 45 * 1024


def cell(page: Page, field: str, column: str, value: str, system: str = "city") -> None:
    """Type into a cell of the day's form."""
    page.fill(f'[name="{system}[lines][{field}][{column}]"]', value)


def send(page: Page) -> None:
    """Press the button that sends both systems."""
    page.get_by_role("button", name="Xác nhận và gửi").click()


def test_a_whole_day_without_script(visit: Callable[..., Visitor]) -> None:
    window = visit("canbo", java_script_enabled=False)
    page = window.go("/")
    page.click(f'a[href="/throughput/reports/{WARD}/{TODAY}/worksheet"]')
    assert page.input_value('[name="city[counted_until]"]') == f"{TODAY}T16:30"
    assert page.inner_text("#city-lines-HT .cell--carried_over a").isdecimal()
    cell(page, "HT", "received_online", "1.200")
    cell(page, "HT", "resolved_early", "nhiều")
    send(page)
    assert "Cần sửa 1 lỗi" in page.inner_text(".error-summary")
    assert "Hộ tịch, Giải quyết trước hạn" in page.inner_text(".error-summary")
    assert page.input_value('[name="city[lines][HT][received_online]"]') == "1.200"
    cell(page, "HT", "resolved_early", "3")
    cell(page, "HKD", "received_online", "2", "ministry")
    send(page)
    assert page.inner_text("h1") == "Xác nhận đã nhận báo cáo"
    assert re.search(rf"{WARD}-20250707-TP-\d", page.inner_text(".panel"))
    assert re.search(rf"{WARD}-20250707-BN-\d", page.inner_text(".panel"))
    assert "07/07/2025 16:45" in page.inner_text(".panel")
    assert "Gửi đúng hạn" in page.inner_text(".panel")
    page.click("text=Xem, sửa số liệu")
    cell(page, "HT", "received_online", "1.201")
    send(page)
    assert f"{WARD}-20250707-TP-2" in page.inner_text(".panel")


def test_a_system_is_sent_by_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    window = visit("canbo.hai")
    page = window.go("/throughput/obligations")
    _tab_to(page, f"/throughput/reports/{OTHER}/{TODAY}/worksheet")
    page.keyboard.press("Enter")
    page.wait_for_url("**/worksheet")
    ministry = _ministry(page)
    _tab_to(page, "city[lines][CT][received_online]")
    page.keyboard.type("12")
    _tab_to(page, "city[lines][CT][resolved_on_time]")
    page.keyboard.type("12")
    _tab_to(page, "_only")
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt")
    assert re.search(rf"{OTHER}-20250707-TP-\d", page.inner_text(".panel"))
    assert _ministry(page) == ministry
    assert not window.complaints


def _ministry(page: Page) -> object:
    """Return what stands of the ministries' system."""
    answer = page.request.get(f"/throughput/reports/{OTHER}/{TODAY}.json")
    return answer.json()["ministry"] if answer.ok else None


def _tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the focus is on the control with a name, or the link with an address; it is always to be seen."""
    where = "[document.activeElement.name, document.activeElement.getAttribute('href')]"
    for _ in range(400):
        page.keyboard.press("Tab")
        if wanted in page.evaluate(where):
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            return
    raise AssertionError(f"{wanted} cannot be reached")


def test_a_refusal_takes_the_focus_and_leads_to_its_cell(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", width=360).go(f"/throughput/reports/{OTHER}/2025-07-04/worksheet")
    cell(page, "CT", "received_counter", "x")
    send(page)
    page.wait_for_selector(".error-summary")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.click(".error-summary a")
    assert page.evaluate("document.activeElement.name") == "city[lines][CT][received_counter]"


def test_the_entry_page_is_light(visit: Callable[..., Visitor]) -> None:
    window = visit("canbo.hai")
    sizes: dict[str, int] = {}
    window.page.on("requestfinished", lambda r: sizes.update({r.url: r.sizes()["responseBodySize"]}))
    window.page.goto(f"/throughput/reports/{OTHER}/{TODAY}/worksheet", wait_until="networkidle")
    assert len(sizes) >= 3  # page, style sheet, htmx
    assert sum(sizes.values()) <= BUDGET, sizes


def test_a_filter_changes_the_content_in_place(visit: Callable[..., Visitor]) -> None:
    window = visit("tonghop")
    page = window.go("/throughput/summary?from=2025-07-01&to=2025-07-04")
    page.evaluate("window.stillHere = true")
    page.select_option('[name="group_by"]', "field")
    page.focus('[name="group_by"]')
    with page.expect_response(lambda r: "group_by=field" in r.url) as answer:
        page.get_by_role("button", name="Lọc").click()
    assert answer.value.request.headers["hx-request-type"] == "partial"
    page.wait_for_selector("th:has-text('Hộ tịch')")
    assert page.evaluate("window.stillHere") is True, "the page was not loaded anew"
    assert "group_by=field" in page.url
    assert page.title() == "Tổng hợp số liệu – tiendo57"
    assert page.locator("h1").count() == 1
    assert window.complaints == []
