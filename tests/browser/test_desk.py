"""The ward's desk in a browser: the texts copied and shared, the phone's narrow lists."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.support.clients import WARD

RECEIPT = f"/throughput/reports/{WARD}/2025-07-04/receipt"


@pytest.mark.parametrize("width", [360, 1280])
def test_a_text_is_copied_by_its_button(visit: Callable[..., Visitor], width: int) -> None:
    window = visit("canbo", width=width, permissions=["clipboard-read", "clipboard-write"])
    page = window.go(RECEIPT)
    for name in ("chat", "row", "sentence"):
        button = page.locator(f'[data-copy="text-{name}"]')
        button.click()
        page.locator(".passage", has=button).get_by_text("Đã sao chép").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == page.input_value(f"#text-{name}")
    assert page.input_value("#text-row").count("\t") == 24
    assert window.complaints == []


def test_a_text_is_shared_where_the_device_can(visit: Callable[..., Visitor]) -> None:
    window = visit("canbo", width=360)
    page = window.page
    page.add_init_script("navigator.share = (what) => { window.shared = what; return Promise.resolve(); };")
    page.goto(RECEIPT)
    page.locator('[data-share="text-chat"]').click()
    assert page.evaluate("window.shared.text") == page.input_value("#text-chat")
    plain = visit("canbo")
    plain.page.add_init_script("delete Navigator.prototype.share;")
    plain.page.goto(RECEIPT)
    assert plain.page.locator("[data-share]:visible").count() == 0
    assert plain.page.locator("[data-copy]:visible").count() == 3


def test_without_script_the_texts_can_be_marked_and_copied(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo", java_script_enabled=False).go(RECEIPT)
    assert page.locator(".passage button:visible").count() == 0
    assert page.input_value("#text-chat").startswith("Thuận Hóa, báo cáo ngày 04/07/2025")


def test_lists_are_compact_on_a_phone(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo", width=360).go("/throughput/reports")
    heights = page.eval_on_selector_all("#reports tbody tr", "rows => rows.map(r => r.offsetHeight)")
    assert heights
    assert max(heights) <= 200


@pytest.mark.parametrize(("path", "figure"), [("/throughput/ranking", "#ranking"), ("/indicators", ".table--cards")])
def test_on_a_phone_figures_come_before_what_asks_for_others(
    visit: Callable[..., Visitor], path: str, figure: str
) -> None:
    phone, desk = visit("lanhdao.phuong", width=360), visit("lanhdao.phuong")
    page = phone.go(path)
    first = page.locator(f"{figure} td.numeric").first.bounding_box()
    assert first is not None
    assert first["y"] + first["height"] <= 800
    expect(page.locator(".filters")).to_be_hidden()
    page.locator(".narrow-fold summary").click()
    expect(page.locator(".filters")).to_be_visible()
    assert not phone.overflows
    page = desk.go(path)
    expect(page.locator(".filters")).to_be_visible()
    expect(page.locator(".narrow-fold")).to_be_hidden()


def test_the_month_reads_without_colour(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo", width=360).go("/throughput/month")
    # The sign alone is seen on a phone; the words are there for who cannot see it, and in the key.
    cell = page.locator(".month__cell", has_text="Đã nhận, đúng hạn").first
    assert cell.locator(".tag").evaluate("tag => getComputedStyle(tag, '::before').content") == '""'
    assert page.locator(".month__key").inner_text().count("ngày") >= 1
    lines = page.locator(".chart__plot .chart__line")
    dashes = [lines.nth(n).evaluate("line => getComputedStyle(line).strokeDasharray") for n in range(2)]
    assert dashes[0] == "none"
    assert dashes[1] != "none"
