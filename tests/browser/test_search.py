"""The search box by keyboard alone, and on a phone."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, Visitor
from tests.browser.test_every_page import AXE, RUN
from tests.support.clients import WARD


def test_a_unit_is_found_by_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    window = visit("tonghop")
    page = window.go("/tasks")
    title = page.title()
    page.keyboard.press("/")
    box, finds = page.locator("#search"), page.locator("#found a")
    expect(box).to_be_focused()
    page.keyboard.type("thuan hoa")
    expect(finds.first).to_have_attribute("href", f"/units/{WARD}")
    assert page.title() == title
    page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(RUN) == []
    page.keyboard.press("ArrowDown")
    expect(finds.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(finds.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(finds.first).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/units/{WARD}")
    page.keyboard.press("/")
    page.keyboard.type("KH02-115")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=KH02-115")
    expect(finds.first).to_have_attribute("href", "/tasks/KH02-115")
    assert window.complaints == []


def test_on_a_phone_the_menu_begins_with_the_box(visit: Callable[..., Visitor]) -> None:
    window = visit("lanhdao", **PHONE)
    page = window.go("/indicators")
    expect(page.locator("#search")).to_be_hidden()
    page.locator(".menu summary").tap()
    page.locator("#search").fill("so hoa")
    expect(page.locator("#found a").first).to_be_visible()
    assert not window.overflows
    page.locator(".search button").tap()
    page.wait_for_url("**/search?q=so+hoa")
    assert page.locator("#found a").count() > 0
    assert not window.overflows


BAR = """() => {
  const bar = getComputedStyle(document.documentElement, "::before");
  return bar.content === "none" ? null : new DOMMatrix(bar.transform).a;
}"""


def _wait(page: Page, is_so: Callable[[float | None], bool]) -> None:
    for _ in range(200):
        if is_so(page.evaluate(BAR)):
            return
        page.wait_for_timeout(25)
    raise AssertionError(page.evaluate(BAR))


def test_what_takes_over_a_second_shows_that_it_goes_on(visit: Callable[..., Visitor]) -> None:
    page = visit("tonghop").go("/tasks")
    held: list[Route] = []
    page.route("**/search?**", lambda route: held.append(route))
    page.locator("#search").fill("thuan hoa")
    _wait(page, lambda length: length == 0)  # asked, and not yet worth a word
    _wait(page, lambda length: length is not None and length > 0.1)
    for one in held:
        one.continue_()
    _wait(page, lambda length: length is None)
    expect(page.locator("#found a").first).to_be_visible()


def test_the_dashboard_finds_while_one_types_and_fetches_for_it_only_then(visit: Callable[..., Visitor]) -> None:
    window = visit("lanhdao", **PHONE)
    asked = list[str]()
    window.page.on("request", lambda request: asked.append(request.url))
    page = window.go("/dashboard")
    assert not any("htmx" in url for url in asked)
    page.locator(".menu summary").tap()
    with page.expect_response(lambda answer: "htmx" in answer.url):
        page.locator("#search").tap()
    page.locator("#search").press_sequentially("so hoa", delay=20)
    expect(page.locator("#found a").first).to_be_visible()
    assert not window.overflows
    assert window.complaints == []
