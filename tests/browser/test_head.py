"""The page's head on a phone: one line until its button is pressed, by thumb, by keyboard, without script."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import AT, PHONE, Visitor
from tests.browser.test_every_page import AXE, RUN

TOP = "document.getElementById('content').getBoundingClientRect().top + scrollY"
MOST = 130
HIDDEN = ".languages, .header__caller, .header__leave, .nav"


@pytest.mark.parametrize("locale", ["vi", "en", "fr"])
@pytest.mark.parametrize("who", ["canbo.hai", "lanhdao.phuong", "tonghop", "lanhdao", "chuyenvien.so", "quantri"])
def test_the_head_leaves_the_screen_to_the_page(visit: Callable[..., Visitor], who: str, locale: str) -> None:
    window = visit(who, locale, **PHONE)
    page = window.go("/")
    assert page.evaluate(TOP) <= MOST
    assert page.locator(HIDDEN).count() == 4
    assert page.locator(HIDDEN).locator("visible=true").count() == 0
    page.locator(".menu summary").tap()
    assert page.locator(HIDDEN).locator("visible=true").count() == 4
    assert not window.overflows
    assert page.locator(".nav [aria-current]").count() >= 1
    assert window.complaints == []


def test_a_stranger_chooses_the_language_at_once(visit: Callable[..., Visitor]) -> None:
    page = visit(**PHONE).go("/sign-in")
    assert page.evaluate(TOP) <= MOST
    assert page.locator(".languages").is_visible()
    assert page.locator(".menu").count() == 0


def test_the_menu_opens_by_keyboard_without_script_and_leads_on(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", java_script_enabled=False, **PHONE).go(f"{AT}/worksheet")
    order = []
    for key in ("Tab", "Tab", "Tab", "Tab", "Enter", "Tab", "Tab", "Tab"):
        page.keyboard.press(key)
        order.append(page.locator(":focus").inner_text().split("\n")[0])
    # The way past the head, home, what waits, the menu's button; pressed, what it folded out comes next.
    assert order[1:3] == ["tiendo57", "Nhắc việc"]
    assert order[3] == order[4] == "Trình đơn"
    assert order[5:7] == ["", "Tìm kiếm"], "the search box and its button"
    assert order[7].startswith("VI")
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Báo cáo hằng ngày"
    page.keyboard.press("Enter")
    page.wait_for_url("**/throughput/today")
    assert page.locator(".nav").is_hidden()


def test_the_open_menu_is_accessible_and_a_desk_needs_none(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", **PHONE).go("/throughput/today")
    page.evaluate(AXE)
    page.locator(".menu summary").tap()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(RUN) == []
    wide = visit("canbo.hai").go("/throughput/today")
    assert wide.locator(HIDDEN).locator("visible=true").count() == 4
    assert wide.locator(".menu").is_hidden()
