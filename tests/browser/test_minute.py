"""The officer's minute: figures typed on a phone and at a desk, by thumb and by keyboard."""

import gzip
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.core.assets import OWN_SCRIPTS, script
from app.core.settings import project_root
from tests.browser.conftest import AT, PHONE, Visitor
from tests.browser.day import COLUMNS, cell, figures, version
from tests.browser.test_every_page import AXE, Eyes
from tests.support.clients import OTHER

WORKED_OUT = ["carried_over", "pending_in_time"]


def number(text: str) -> int:
    """Return a count as the page writes it."""
    return int(text.replace(".", ""))


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


def test_a_key_that_follows_enter_at_once_replaces_what_stood(window: Visitor) -> None:
    page, names = window.page, ("received_online", "received_counter", "resolved_early", "resolved_on_time")
    for name in names:
        page.fill(cell("HT", name), "12")
    page.focus(cell("HT", "received_online"))
    typed = page.evaluate(AT_ONCE, [cell("HT", name) for name in names])
    assert typed == ["3"] * len(names)


# No timer runs in between: each cell takes its key in the same turn in which Enter led to it.
AT_ONCE = """cells => cells.map((at) => {
  const cell = document.querySelector(at);
  const before = document.activeElement;
  if (before !== cell) while (document.activeElement !== cell)
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
  else cell.select();
  document.execCommand("insertText", false, "3");
  return cell.value;
})"""


QUESTION = """<div data-slot="{0}-question"><fieldset id="{1}-reasons-unusual_value-{2}" class="question" data-question>
<legend>Vì sao?</legend><p class="chips"></p><select name="{1}[reasons][unusual_value-{2}][reason]"></select>
</fieldset></div>"""
ASKED = QUESTION.format("city-CT", "city", "CT") + QUESTION.format("ministry-HT", "ministry", "HT")


def test_a_row_is_asked_about_when_it_is_left_and_what_is_typed_stays_in_place(window: Visitor) -> None:
    page = window.page
    page.emulate_media(reduced_motion="reduce")
    page.route("**/check", lambda route: route.fulfill(body=ASKED, content_type="text/html"))
    page.focus(cell("CT", "received_online"))
    checked = page.expect_response(lambda r: r.url.endswith("/check"))
    with checked:
        page.keyboard.type("999")
    page.wait_for_timeout(100)
    asked = page.locator("#city-CT-question [data-question]")
    assert asked.count() == 0  # it is still being typed
    assert page.locator("#ministry [data-live]").count() == 0  # nobody was there yet
    page.focus(cell("DD", "received_online"))
    was = page.locator(cell("DD", "received_online")).bounding_box()
    asked.first.wait_for()
    now = page.locator(cell("DD", "received_online")).bounding_box()
    assert was is not None
    assert now is not None
    assert abs(was["y"] - now["y"]) < 2
    page.unroute("**/check")
    window.context.set_offline(True)
    page.fill(cell("CT", "received_online"), "1")
    expect(asked).to_have_count(0)  # what was asked of other figures is not left standing
    window.context.set_offline(False)


def test_an_answer_about_older_figures_leaves_what_is_wrong_in_a_cell(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", **PHONE).go(f"{AT}/worksheet")
    page.route("**/check", lambda route: route.fulfill(body="<p></p>", content_type="text/html"))
    place = cell("DD", "received_post")
    page.fill(place, "1,5")
    with page.expect_response(lambda r: r.url.endswith("/check")):
        page.fill(cell("HT", "received_online"), "4")
    page.wait_for_timeout(100)
    told = page.locator("#city-DD-question .error-message")
    assert "không có phần lẻ" in told.inner_text()
    message, typed, below = (
        page.locator(one).bounding_box()
        for one in ("#city-DD-question .error-message", place, cell("DD", "resolved_early"))
    )
    assert message is not None
    assert typed is not None
    assert below is not None
    assert typed["y"] < message["y"] < below["y"]  # right under its cell


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
    eyes, page = Eyes(), window.page
    page.evaluate(AXE)
    for state in ("empty", "question", "error", "folded out"):
        if state == "question":
            page.fill(cell("CT", "received_online"), "3")
            page.click('#city-lines-CT [data-shown="carried_over"]')
            page.keyboard.type("99")
            page.wait_for_selector("#city-CT-question [data-question]")
        if state == "error":
            page.fill(cell("DD", "received_online"), "x")
        if state == "folded out":
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert list(eyes.wrong(page)) == [], state
        assert not window.overflows, state


def test_the_script_is_small() -> None:
    vendor = project_root() / "static" / "vendor"
    sent = {path.name: path.read_bytes() for path in vendor.glob("*.js")} | {name: script(name) for name in OWN_SCRIPTS}
    size = {name: len(gzip.compress(content, 9)) for name, content in sent.items()}
    # On a page of its own in htmx's place (`later`), or for developers.
    wards = {name: n for name, n in size.items() if not name.startswith(("later", "api-docs", "swagger"))}
    assert size["later.js"] <= 150
    assert sum(wards.values()) <= 20_000, wards  # as it goes out, without comments
    assert sum(n for name, n in wards.items() if not name.startswith("htmx")) <= 6_500, wards


# Cells that have the focus and lie beneath the bar at the foot.
UNDER_THE_BAR = """() => {
  const top = document.querySelector(".foot").getBoundingClientRect().top;
  return [...document.querySelectorAll("#day .count")].filter(cell => cell.checkVisibility()).filter(cell => {
    cell.focus();
    return cell.getBoundingClientRect().bottom > top;
  }).map(cell => cell.name);
}"""


def test_a_correction_asks_why_first_and_carries_the_difference_on(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo", **PHONE).go("/throughput/reports/19789/2025-07-03/worksheet")
    later = "/throughput/reports/19789/2025-07-04"
    was = page.request.get(f"{later}/worksheet.json").json()["city"]["rows"][0]["opening"]
    place = cell("HT", "received_online")
    carries = page.locator('[data-carry="city"]')
    expect(carries).to_be_hidden()
    page.fill(place, str(int(page.input_value(place)) + 3))
    expect(carries).to_be_in_viewport()  # beside the button, once there is a difference
    expect(page.locator('[data-due="city"]')).to_be_visible()
    page.locator("#ministry .count").first.focus()
    expect(page.locator('[data-due="ministry"]')).to_be_visible()
    expect(page.locator('[data-due="city"]')).to_be_hidden()
    other = cell("HT", "received_online", "ministry")
    stood = page.input_value(other)
    page.fill(other, "262")
    expect(page.locator('[data-carry="ministry"]')).to_be_visible()
    assert page.evaluate(UNDER_THE_BAR) == []
    assert page.evaluate("document.querySelector('.foot').getBoundingClientRect().height") <= 120
    page.fill(other, stood)
    page.focus(place)
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
    # What is wrong is in sight, from however far below it was sent, and the foot says that nothing went.
    expect(page.locator(".error-summary h2")).to_be_in_viewport()
    expect(page.locator("[data-state]")).to_have_text(re.compile("Chưa gửi"))
    told = page.locator(".error-message", has_text="cần chọn lý do đính chính")
    with page.expect_response(lambda r: r.url.endswith("/check")):
        page.fill(place, str(int(page.input_value(place)) + 1))
        page.fill(place, str(int(page.input_value(place)) - 1))
    page.wait_for_timeout(100)
    assert told.count() == 1, "once, beside the question"
    page.click(".error-summary a")
    expect(told).to_be_in_viewport()
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
