"""Nothing typed is lost: without a line, without a session, beside another officer; and it is sent once."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import AT, PHONE, TODAY, Visitor
from tests.browser.day import cell, drafts, figures, unfold, version
from tests.browser.test_every_page import AXE, RUN


def test_nothing_typed_is_lost_on_the_way(window: Visitor) -> None:
    page = window.page
    page.fill(cell("HT", "received_online"), "77")
    assert page.text_content("[data-state]") == "đã lưu trên máy này"
    assert page.get_attribute(cell("HT", "received_online"), "title") == "đã lưu trên máy này"
    assert page.inner_text("#told") == "đã lưu trên máy này"
    unfold(page)
    page.click("nav a >> nth=1")
    page.go_back()
    assert page.input_value(cell("HT", "received_online")) == "77"
    unfold(page)
    page.click("[name=locale][value=en]")
    assert page.input_value(cell("HT", "received_online")) == "77"
    assert page.text_content("[data-state]") == "kept on this device"
    unfold(page)
    page.click("[name=locale][value=vi]")
    page.fill(
        cell("HT", "received_online"), page.locator(cell("HT", "received_online")).evaluate("c => c.defaultValue")
    )
    assert drafts(page) == []


def test_without_a_line_it_is_sent_later_and_once(window: Visitor) -> None:
    page = window.page
    before = version(page)
    typed = str(next(figures))
    page.fill(cell("HT", "received_online"), typed)
    window.context.set_offline(True)
    page.locator(".foot button").click()
    expect(page.locator("[data-state]")).to_contain_text("mất kết nối", timeout=1000)
    assert "tự gửi khi có mạng" in page.inner_text("#told")
    window.context.set_offline(False)
    page.wait_for_url("**/receipt*")
    assert version(page) == before + 1
    assert drafts(page) == []
    page.goto(f"{AT}/worksheet")
    assert page.input_value(cell("HT", "received_online")) == typed
    assert page.text_content("[data-state]") == "thành phố đã nhận"
    assert page.get_attribute(cell("HT", "received_online"), "title") == "thành phố đã nhận"


STANDING = """slot => slot.insertAdjacentHTML("beforeend", `<fieldset id="city-reasons-unusual_value-CT" data-question>
<legend>Vì sao?</legend><select name="city[reasons][unusual_value-CT][reason]"><option>campaign</option></select>
</fieldset>`)"""


def test_a_reason_rests_when_the_city_asks_no_more_not_when_it_is_silent(window: Visitor) -> None:
    page = window.page
    page.locator("#city-CT-question").evaluate(STANDING)
    reason = page.locator('[name="city[reasons][unusual_value-CT][reason]"]')
    with page.expect_response("**/check"):
        page.fill(cell("CT", "received_online"), "3")
    expect(reason).to_be_disabled()
    window.context.set_offline(True)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/check")):
        page.fill(cell("CT", "received_online"), "4")
    expect(reason).to_be_enabled()
    window.context.set_offline(False)


def test_an_answer_that_was_lost_makes_no_second_revision(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", **PHONE).go(f"{AT}/worksheet")
    before = version(page)
    sent = []

    def lose(route: Any) -> None:
        sent.append(route.fetch(max_redirects=0).status)
        route.abort() if len(sent) == 1 else route.continue_()

    page.route(
        re.compile(rf"{AT}$"), lambda route: lose(route) if route.request.method == "POST" else route.continue_()
    )
    page.fill(cell("HT", "received_online"), str(next(figures)))
    page.locator(".foot button").click()
    page.wait_for_url("**/receipt*")
    assert sent[0] == 303
    assert version(page) == before + 1


def test_a_double_tap_sends_once(window: Visitor) -> None:
    page = window.page
    before = version(page)
    page.fill(cell("HT", "received_online"), str(next(figures)))
    page.locator(".foot button").dblclick()
    page.wait_for_url("**/receipt*")
    assert version(page) == before + 1


def test_after_the_session_ran_out_nothing_is_typed_again(visit: Callable[..., Visitor]) -> None:
    visitor = visit("canbo.hai", **PHONE)
    page = visitor.go(f"{AT}/worksheet")
    before, typed = version(page), str(next(figures))
    page.fill(cell("HT", "received_online"), typed)
    cookies = visitor.context.cookies()
    visitor.context.clear_cookies()
    page.locator(".foot button").click()
    page.wait_for_url("**/sign-in?to=*")
    visitor.context.add_cookies(cookies)  # type: ignore[arg-type]  # what signing in gives
    page.goto(re.sub(r".*to=", "", page.url).replace("%2F", "/"))
    assert page.input_value(cell("HT", "received_online")) == typed
    page.locator(".foot button").click()
    page.wait_for_url("**/receipt*")
    assert version(page) == before + 1


def test_two_officers_choose_cell_by_cell(window: Visitor, visit: Callable[..., Visitor]) -> None:
    page, other = window.page, visit("canbo.hai").go(f"{AT}/worksheet")
    theirs, mine, alone = (str(next(figures)) for _ in range(3))
    page.reload()
    other.fill(cell("HT", "received_online"), theirs)
    other.fill(cell("CT", "received_post"), alone)
    other.locator(".foot button").click()
    other.wait_for_url("**/receipt*")
    page.fill(cell("HT", "received_online"), mine)
    page.fill(cell("DD", "received_post"), mine)
    page.locator(".foot button").click()
    page.wait_for_selector("[data-clash]")
    assert page.locator("[data-clash]").count() == 1
    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert page.input_value(cell("CT", "received_post")) == alone
    assert page.input_value(cell("DD", "received_post")) == mine
    page.click(".error-summary a >> nth=0")
    assert page.evaluate("document.activeElement.name") == "city[lines][HT][received_online]"
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    page.get_by_role("button", name="Số hiện tại").click()
    assert page.input_value(cell("HT", "received_online")) == theirs
    page.reload()  # leaving now loses neither the choice nor what was typed
    assert page.input_value(cell("HT", "received_online")) == theirs
    assert page.input_value(cell("DD", "received_post")) == mine
    page.locator(".foot button").click()
    page.wait_for_url("**/receipt*")
    page.goto(f"{AT}/worksheet")
    assert page.input_value(cell("HT", "received_online")) == theirs
    assert page.input_value(cell("DD", "received_post")) == mine


def test_what_was_typed_before_another_sent_is_not_put_over_it(visit: Callable[..., Visitor]) -> None:
    visitor = visit("canbo.hai", **PHONE)
    page = visitor.go(f"{AT}/worksheet")
    page.fill(cell("HT", "received_online"), str(next(figures)))
    visitor.go("/throughput/today")  # the form, were it left open, would keep its draft anew with the next answer
    # The draft is older than the first report: it was typed when there was none.
    page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find(one => one.startsWith("tiendo57 "));
          localStorage[key] = JSON.stringify({...JSON.parse(localStorage[key]), version: ""});
        }"""
    )
    before = version(page)
    if not before:
        other = visit("canbo.hai").go(f"{AT}/worksheet")
        other.fill(cell("HT", "received_online"), str(next(figures)))
        other.locator(".foot button").click()
        other.wait_for_url("**/receipt*")
        before = version(page)
    visitor.go(f"{AT}/worksheet")
    page.locator(".foot button").click()
    page.wait_for_selector("[data-clash]")
    assert version(page) == before


def test_one_system_sent_alone_leaves_the_other_kept(window: Visitor) -> None:
    page = window.page
    place = cell("HT", "received_online", "ministry")
    page.fill(cell("HT", "received_online"), str(next(figures)))
    page.fill(place, "38")
    page.get_by_role("button", name="Chỉ gửi hệ thống của thành phố").click()
    page.wait_for_url("**/receipt*")
    page.goto(f"{AT}/worksheet")
    assert page.input_value(place) == "38"
    assert page.text_content("[data-state]") == "đã lưu trên máy này"
    page.fill(place, page.locator(place).evaluate("c => c.defaultValue"))
    assert drafts(page) == []


def test_a_device_that_keeps_nothing_still_sends(visit: Callable[..., Visitor]) -> None:
    visitor = visit("canbo.hai", **PHONE)
    visitor.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    page = visitor.go(f"{AT}/worksheet")
    before = version(page)
    page.fill(cell("HT", "received_online"), str(next(figures)))
    assert page.text_content("[data-state]") == "chưa gửi, máy này không lưu được"
    page.locator(".foot button").click()
    page.wait_for_url("**/receipt*")
    assert version(page) == before + 1
    assert visitor.complaints == []


def test_signing_out_clears_what_was_kept(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo", **PHONE).go(f"/throughput/reports/19789/{TODAY}/worksheet")
    page.fill(cell("HT", "received_online"), "5")
    assert len(drafts(page)) == 1
    page.route("**/sign-out", lambda route: route.fulfill(status=204))  # the session is another test's too
    unfold(page)
    with page.expect_response("**/check"):  # a slow answer, come after one has left, brings nothing back
        page.fill(cell("HT", "received_online"), "6")
        page.get_by_role("button", name="Đăng xuất").click()
        page.wait_for_function("!Object.keys(localStorage).some(key => key.startsWith('tiendo57 '))", timeout=5000)
    page.wait_for_timeout(300)
    assert drafts(page) == []


def test_a_reason_chosen_before_a_refusal_is_kept_too(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", **PHONE).go(f"{AT}/worksheet")
    page.click('#city-lines-DD [data-shown="carried_over"]')
    page.keyboard.type("700")
    reason = page.locator('[name="city[reasons][opening_gap-DD][reason]"]')
    reason.select_option("transfer_in")
    page.fill(cell("DD", "received_online"), "x")
    page.locator(".foot button").click()
    page.wait_for_selector(".error-summary")
    page.reload()
    assert page.input_value(cell("DD", "received_online")) == "x"
    page.fill(cell("DD", "received_online"), "1")
    expect(reason).to_have_value("transfer_in")
