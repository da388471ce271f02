"""The officer's minute: on a phone and at a desk, by thumb and by keyboard, with a line and without."""

import gzip
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.settings import project_root
from tests.browser.conftest import TODAY, Visitor
from tests.browser.test_every_page import AXE, RUN
from tests.support.clients import OTHER

AT = f"/throughput/reports/{OTHER}/{TODAY}"
PHONE = {"width": 360, "has_touch": True, "is_mobile": True}
DESK = {"width": 1280}
WORKED_OUT = ["carried_over", "pending_in_time"]
COLUMNS = [
    "carried_over", "received_online", "received_counter", "received_post", "resolved_early", "resolved_on_time",
    "resolved_overdue", "pending_in_time", "pending_overdue",
]  # fmt: skip
# Every test types another figure, so that each has something to send.
figures = itertools.count(11)


def cell(field: str, column: str, system: str = "city") -> str:
    """Return the selector of a cell."""
    return f'[name="{system}[lines][{field}][{column}]"]'


def version(page: Page, at: str = AT) -> int:
    """Return how many revisions the city's system has of the day."""
    answer = page.request.get(f"{at}.json")
    report = answer.json()["city"] if answer.ok else None
    return int(report["version"]) if report else 0


def drafts(page: Page) -> list[str]:
    """Return what is kept on the device."""
    found: list[str] = page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('tiendo57 '))")
    return found


def number(text: str) -> int:
    """Return a count as the page writes it."""
    return int(text.replace(".", ""))


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def window(request: Any, visit: Callable[..., Visitor]) -> Iterator[Visitor]:
    """An officer at the day's form, whose console stays silent."""
    visitor = visit("canbo.hai", **request.param)
    visitor.go(f"{AT}/worksheet")
    yield visitor
    assert [c for c in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in c] == []


def test_sums_and_rates_follow_the_typing_and_are_the_server_s(window: Visitor) -> None:
    page = window.page
    page.fill(cell("HT", "received_online"), "1.234")
    page.fill(cell("HT", "received_counter"), "31")
    page.fill(cell("HT", "resolved_early"), "1")
    page.fill(cell("CT", "resolved_on_time"), "7")
    page.fill(cell("CT", "received_post"), "8")
    page.fill(cell("CT", "resolved_overdue"), "1")
    with page.expect_response(lambda r: r.url.endswith("/check")):
        page.fill(cell("HT", "pending_overdue"), "1 000")
    form = page.evaluate("Object.fromEntries(new FormData(document.getElementById('day')))")
    said = page.request.post(
        f"{AT}/check.json",
        form={k: v for k, v in form.items() if not k.startswith("_")},
        headers={"sec-fetch-site": "same-origin"},
    ).json()
    for system in ("city", "ministry"):
        part = page.locator(f"#{system}")
        for column in COLUMNS:
            shown = part.locator(f'[data-sum="{column}"]').inner_text()
            assert number(shown) == said[system]["totals"][column], (system, column)
        for name, rate in said[system]["rates"].items():
            shown = part.locator(f'[data-rate="{name}"]').inner_text()
            if rate["value"] is None:
                assert shown == "Không tính được"
                continue
            value, base = shown.split(" ")
            assert value == f"{rate['value'] * 100:.2f}%".replace(".", ",")
            numerator, denominator = base.strip("()").split("/")
            assert (number(numerator), number(denominator)) == (rate["numerator"], rate["denominator"])
    line = next(one for one in said["city"]["lines"] if one["field"] == "HT")
    for column in WORKED_OUT:
        assert number(page.inner_text(f'#city-lines-HT [data-shown="{column}"]')) == line[column]
    assert page.evaluate(FOLLOWS) < 100


# How long it takes from a key to the painted sum, in milliseconds: the middle of sixty, for tests share the machine.
FOLLOWS = """async () => {
  const cell = document.querySelector('[name="city[lines][HT][received_online]"]');
  const took = [];
  for (let n = 0; n < 60; n++) {
    const start = performance.now();
    cell.value = n;
    cell.dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    took.push(performance.now() - start);
  }
  return took.sort((a, b) => a - b)[30];
}"""


def test_the_keyboard_leads_through_the_cells(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai").go(f"{AT}/worksheet")
    name = "document.activeElement.name"
    before = version(page)
    page.focus(cell("HT", "received_online"))
    expect(page.locator(cell("HT", "received_online"))).to_be_focused()
    page.keyboard.type(str(next(figures)))  # what was selected is typed over
    typed = page.input_value(cell("HT", "received_online"))
    assert len(typed) == 2
    page.keyboard.press("Enter")
    assert page.evaluate(name) == "city[lines][HT][received_counter]"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(name) == "city[lines][HT][received_post]"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(name) == "city[lines][HT][received_counter]"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(name) == "city[lines][HT][received_online]"
    page.keyboard.type("999")
    page.keyboard.press("Escape")
    assert page.input_value(cell("HT", "received_online")) == typed
    for _ in range(6):
        page.keyboard.press("Enter")
    assert page.evaluate(name) == "city[lines][HT][pending_overdue]"
    page.keyboard.press("Enter")
    assert page.evaluate(name) == "city[lines][CT][received_online]"
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/receipt*")
    assert version(page) == before + 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1,5", "không có phần lẻ"),
        ("-1", "không được âm"),
        ("hai", "viết bằng chữ số"),
        ("12.34", "không có phần lẻ"),
        ("1000001", "vượt giới hạn"),
        ("", None),
        ("1.234", None),
        ("1 234", None),
    ],
)
def test_what_is_no_count_is_told_at_the_cell(visit: Callable[..., Visitor], typed: str, words: str | None) -> None:
    page = visit("canbo.hai", **PHONE).go(f"{AT}/worksheet")
    place = cell("DD", "received_post")  # which may be left blank
    page.fill(place, typed)
    told = page.locator("#city-DD-question .error-message")
    if words is None:
        assert told.count() == 0
        assert page.get_attribute(place, "aria-invalid") is None
    else:
        assert words in told.inner_text()
        assert page.get_attribute(place, "aria-invalid") == "true"
        assert page.get_attribute(place, "aria-describedby") == told.get_attribute("id")
        page.fill(place, "3")
        assert told.count() == 0


def test_a_question_comes_beside_its_cell_and_is_answered_by_one_tap(window: Visitor) -> None:
    page = window.page
    page.click('#city-lines-HT [data-shown="carried_over"]')
    assert page.evaluate("document.activeElement.name") == "city[lines][HT][carried_over]"
    page.keyboard.type("900")
    page.keyboard.press("Enter")
    typing = page.evaluate("document.activeElement.name")
    asked = page.locator("#city-HT-question [data-question]")
    asked.wait_for()
    assert "tồn kỳ trước lệch" in asked.inner_text()
    assert page.evaluate("document.activeElement.name") == typing  # the question did not take the cursor
    page.get_by_role("button", name="Nhận chuyển từ đơn vị khác").click()
    assert page.evaluate("document.activeElement.name") == typing
    assert page.input_value('[name="city[reasons][opening_gap-HT][reason]"]') == "transfer_in"
    with page.expect_response(lambda r: r.url.endswith("/check")):
        page.fill(cell("HT", "received_online"), "2")
    page.wait_for_timeout(100)
    assert page.input_value('[name="city[reasons][opening_gap-HT][reason]"]') == "transfer_in"
    page.reload()
    page.wait_for_selector("#city-HT-question [aria-pressed=true]")
    assert page.input_value('[name="city[reasons][opening_gap-HT][reason]"]') == "transfer_in"
    with page.expect_response(lambda r: r.url.endswith("/check")):
        page.fill(cell("HT", "carried_over"), "")
    expect(page.locator("#city-HT-question [name*=opening_gap]")).to_have_count(0)


def test_nothing_typed_is_lost_on_the_way(window: Visitor) -> None:
    page = window.page
    page.fill(cell("HT", "received_online"), "77")
    assert page.inner_text("[data-state]") == "đã lưu trên máy này"
    assert page.get_attribute(cell("HT", "received_online"), "title") == "đã lưu trên máy này"
    assert page.inner_text("#told") == "đã lưu trên máy này"
    page.click("nav a >> nth=1")
    page.go_back()
    assert page.input_value(cell("HT", "received_online")) == "77"
    page.click("[name=locale][value=en]")
    assert page.input_value(cell("HT", "received_online")) == "77"
    assert page.inner_text("[data-state]") == "kept on this device"
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
    assert page.inner_text("[data-state]") == "thành phố đã nhận"
    assert page.get_attribute(cell("HT", "received_online"), "title") == "thành phố đã nhận"


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
    assert page.evaluate(RUN, False) == []
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
    page.reload()
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
    assert page.inner_text("[data-state]") == "đã lưu trên máy này"
    page.fill(place, page.locator(place).evaluate("c => c.defaultValue"))
    assert drafts(page) == []


def test_a_device_that_keeps_nothing_still_sends(visit: Callable[..., Visitor]) -> None:
    visitor = visit("canbo.hai", **PHONE)
    visitor.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    page = visitor.go(f"{AT}/worksheet")
    before = version(page)
    page.fill(cell("HT", "received_online"), str(next(figures)))
    assert page.inner_text("[data-state]") == "chưa gửi, máy này không lưu được"
    page.locator(".foot button").click()
    page.wait_for_url("**/receipt*")
    assert version(page) == before + 1
    assert visitor.complaints == []


def test_signing_out_clears_what_was_kept(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo", **PHONE).go(f"/throughput/reports/19789/{TODAY}/worksheet")
    page.fill(cell("HT", "received_online"), "5")
    assert len(drafts(page)) == 1
    page.route("**/sign-out", lambda route: route.fulfill(status=204))  # the session is another test's too
    page.get_by_role("button", name="Đăng xuất").click()
    assert drafts(page) == []


def test_a_block_of_numbers_goes_where_the_cursor_is(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai").go(f"{AT}/worksheet")
    page.focus(cell("HT", "received_counter"))
    page.evaluate(PASTE, "1\t2\t3\n4\t\t1.006")
    expect(page.locator("#told")).to_contain_text("Đã điền")
    assert [page.input_value(cell("HT", c)) for c in COLUMNS[2:5]] == ["1", "2", "3"]
    assert [page.input_value(cell("CT", c)) for c in COLUMNS[2:5]] == ["4", "0", "1.006"]
    assert page.inner_text("[data-state]") == "đã lưu trên máy này"


PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(event);
}"""


def test_ten_fields_are_on_three_screens_and_the_button_always_in_reach(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", **PHONE).go(f"{AT}/worksheet")
    page.set_viewport_size({"width": 360, "height": 800})
    boxes = page.evaluate(
        "[...document.querySelectorAll('#city-lines > [data-row]')].map(r => r.getBoundingClientRect().bottom)"
    )
    top = page.evaluate("document.querySelector('#city-lines [data-row]').getBoundingClientRect().top")
    assert len(boxes) >= 10
    assert boxes[9] - top <= 3 * 800
    for place in (0, 700, 1500):
        page.evaluate("y => window.scrollTo(0, y)", place)
        box = page.locator(".foot button").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800
        assert box["height"] >= 44


def test_a_quiet_field_is_found_by_its_name(window: Visitor) -> None:
    page = window.page
    page.fill("#city-find", "chua tach")
    shown = page.locator("#city-quiet [data-row]:visible")
    assert [s.split("\n")[0] for s in shown.all_inner_texts()] == ["Chưa tách theo lĩnh vực"]


def test_every_state_is_accessible(window: Visitor) -> None:
    page = window.page
    page.evaluate(AXE)
    for state in ("empty", "typed", "question", "error", "folded out"):
        if state == "typed":
            page.fill(cell("CT", "received_online"), "3")
        if state == "question":
            page.click('#city-lines-CT [data-shown="carried_over"]')
            page.keyboard.type("99")
            page.wait_for_selector("#city-CT-question [data-question]")
        if state == "error":
            page.fill(cell("DD", "received_online"), "x")
        if state == "folded out":
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(RUN, False) == [], (state, scheme)
        assert not window.overflows, state


def test_the_script_is_small() -> None:
    static = project_root() / "static"
    own = {name: len(gzip.compress((static / name).read_bytes())) for name in ("day.js", "bring.js")}
    assert own["day.js"] <= 6 * 1024  # all that the form loads
    assert own["bring.js"] <= 2 * 1024  # comes with the first pasted block


BLOCK = (
    "Hệ thống\tMã lĩnh vực\tLĩnh vực\tTiếp nhận trực tuyến\tTiếp nhận trực tiếp\tTiếp nhận qua bưu chính\t"
    "Giải quyết trước hạn\tGiải quyết đúng hạn\tGiải quyết quá hạn\tĐang giải quyết, quá hạn\n"
    "Thành phố\tHT\tHộ tịch\t1.014\t2\t\t9\t4\t0\t0\nThành phố\tCT\tChứng thực\t21\t2\t3\t1\t1\t0\t0"
)


def test_a_block_with_names_is_shown_as_understood_and_fills_the_cells(window: Visitor) -> None:
    page = window.page
    page.fill(cell("DD", "received_online"), "6")
    page.focus(cell("BTXH", "received_online"))
    page.evaluate(PASTE, BLOCK)
    page.wait_for_selector("#understood table")
    assert "Hộ tịch" in page.inner_text("#understood")
    page.locator('#understood form[action$="/fill"] button').click()
    assert page.input_value(cell("HT", "received_online")) == "1014"
    assert page.input_value(cell("HT", "received_post")) == ""
    assert page.input_value(cell("CT", "received_post")) == "3"
    assert page.input_value(cell("DD", "received_online")) == "6"  # what was typed before stays
    page.reload()
    assert page.input_value(cell("HT", "received_online")) == "1014"


def test_a_block_is_brought_without_script(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", java_script_enabled=False).go(f"{AT}/worksheet")
    page.click(".bring > summary")
    page.fill(".bring textarea", BLOCK)
    page.click(".bring form:has(textarea) button")
    page.click('form[action$="/fill"] button')
    assert page.input_value(cell("HT", "received_online")) == "1014"
    assert page.input_value(cell("HT", "received_post")) == ""
    assert page.input_value(cell("DD", "received_online")) == "0"


def test_a_correction_asks_why_first_and_carries_the_difference_on(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo", **PHONE).go("/throughput/reports/19789/2025-07-03/worksheet")
    later = "/throughput/reports/19789/2025-07-04"
    was = page.request.get(f"{later}/worksheet.json").json()["city"]["rows"][0]["opening"]
    place = cell("HT", "received_online")
    page.fill(place, str(int(page.input_value(place)) + 3))
    why = page.locator("#city-question [data-question]").first
    assert "đính chính" in why.inner_text()
    asked, first = why.bounding_box(), page.locator("#city-lines-HT").bounding_box()
    assert asked is not None
    assert first is not None
    assert asked["y"] < first["y"]
    assert "04/07/2025" in page.inner_text("#city .later")
    page.locator(".foot button").click()
    page.wait_for_selector(".error-summary")
    assert "cần chọn lý do đính chính" in page.inner_text(".error-summary")
    page.select_option('[name="city[reasons][correction-][reason]"]', "late_sync")
    page.check('[name="city[carry_forward]"]')
    page.locator(".foot button").click()
    page.wait_for_url("**/receipt*")
    row = page.request.get(f"{later}/worksheet.json").json()["city"]["rows"][0]
    assert row["opening"] == was + 3
    assert row["line"]["carried_over"] == was + 3


def test_a_day_not_begun_has_no_form(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai").go(f"/throughput/reports/{OTHER}/2025-07-08/worksheet")
    assert "Chưa đến ngày này" in page.inner_text("main")
    assert page.locator("form#day").count() == 0
