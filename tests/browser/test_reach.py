"""What is within reach on a phone and at a desk: few taps, the first cells at once, help, the time left."""

import re
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from app.accounts.demonstration import PASSWORD
from tests.browser.conftest import AT, PHONE, TODAY, Site, Visitor, installation
from tests.browser.day import cell
from tests.support.clients import OTHER
from tests.support.lives import Lives

SCREEN: ViewportSize = {"width": 360, "height": 800}
WITH_KEYPAD: ViewportSize = {"width": 360, "height": 420}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, lives: Lives) -> Iterator[Site]:
    """An installation of its own: a day sent here is one that other tests still want to send."""
    with installation(tmp_path_factory.mktemp("reach"), lives) as served:
        yield served


def tapping(visitor: Visitor, user_name: str) -> Page:
    """Sign in on a phone, every tap from there on counted, and open the day."""
    page = visitor.go("/sign-in")
    page.set_viewport_size(SCREEN)
    page.evaluate("sessionStorage.taps = 0")
    page.add_init_script("addEventListener('pointerup', () => sessionStorage.taps++, true)")
    page.reload()
    page.fill("[name=user_name]", user_name)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Đăng nhập").tap()
    page.wait_for_url("**/throughput/today")
    # The whole card takes the tap, and it lies in the first screen.
    card = page.locator(".due", has=page.locator(f"a[href$='/{TODAY}/worksheet']")).bounding_box()
    assert card is not None
    assert card["y"] < 640
    page.touchscreen.tap(card["x"] + 12, card["y"] + 12)
    page.wait_for_url(f"**/{TODAY}/worksheet")
    return page


def test_the_first_cells_stand_on_the_first_screen(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", **PHONE).go(f"{AT}/worksheet")
    page.set_viewport_size(SCREEN)
    foot = page.locator(".foot").bounding_box()
    last = page.locator(cell("HT", "pending_overdue")).bounding_box()
    assert foot is not None
    assert last is not None
    assert last["y"] + last["height"] <= foot["y"]


def test_by_keyboard_the_first_cell_is_three_steps_past_the_head(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai").go(f"{AT}/worksheet")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the head
    for _ in range(3):  # what explains the columns, what takes a table
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "city[lines][HT][received_online]"


# Where the focused cell lies, and where the sticky foot begins.
HIDDEN = """() => {
  const cell = document.activeElement.getBoundingClientRect();
  const foot = document.querySelector(".foot").getBoundingClientRect();
  return cell.top < 0 || cell.bottom > foot.top ? document.activeElement.name : "";
}"""


def test_the_foot_never_hides_the_focused_cell_over_a_keypad(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai", **PHONE, reduced_motion="reduce").go(f"{AT}/worksheet")
    page.set_viewport_size(WITH_KEYPAD)
    page.focus(cell("HT", "received_online"))
    for key in ["Enter"] * 45 + ["ArrowUp"] * 45:
        page.keyboard.press(key)
        assert page.evaluate(HIDDEN) == "", key
    foot = page.locator(".foot").bounding_box()
    assert foot is not None
    assert foot["height"] <= WITH_KEYPAD["height"] / 4


def test_each_column_is_explained_by_a_button_of_its_head(visit: Callable[..., Visitor]) -> None:
    visitor = visit("canbo.hai", java_script_enabled=False)
    page = visitor.go(f"{AT}/worksheet")
    heads = page.locator("#city-lines .what")
    assert heads.count() == 11
    said = set()
    for n in range(heads.count()):
        heads.nth(n).focus()
        page.keyboard.press("Enter")
        note = page.locator("[popover]:popover-open")
        expect(note).to_have_count(1)
        assert note.get_attribute("id") == heads.nth(n).get_attribute("aria-describedby")
        said.add(note.inner_text())
        page.keyboard.press("Escape")
        expect(note).to_have_count(0)
    assert len(said) == 11
    assert all(text.endswith(".") for text in said)


@pytest.mark.parametrize("locale", ["vi", "en", "fr"])
def test_the_folded_help_explains_every_column(visit: Callable[..., Visitor], locale: str) -> None:
    page = visit("canbo.hai", locale=locale, **PHONE).go(f"{AT}/worksheet")
    page.locator(".help summary").tap()
    assert page.locator(".help dt:visible").count() == page.locator(".help dd:visible").count() == 12
    assert page.locator(".what:visible").count() == 0
    assert all(text.endswith(".") for text in page.locator(".help dd").all_inner_texts())


def test_the_time_left_counts_down_and_says_when_it_is_over(visit: Callable[..., Visitor]) -> None:
    visitor = visit("canbo.hai", apart=True, **PHONE)
    visitor.page.clock.install()
    page = visitor.go(f"{AT}/worksheet")
    left = page.locator("#city-deadline [data-left]")
    expect(left).to_have_text("còn 15 phút")
    page.clock.run_for(120_000)
    expect(left).to_have_text("còn 13 phút")
    expect(page.locator("#ministry-deadline [data-left]")).to_have_text("còn 16 giờ 13 phút")
    page.clock.run_for(20 * 60_000)
    expect(left).to_have_text("quá hạn 7 phút")
    assert visitor.complaints == []


# The last ones: they send the day that the others look at unsent.


def test_a_day_filled_in_by_another_system_takes_three_taps_from_signing_in_to_sent(
    site: Site, visit: Callable[..., Visitor]
) -> None:
    sheets = visit("canbo.hai").page.request.get(f"{AT}/worksheet.json").json()
    items = []
    for system in ("city", "ministry"):
        rows = [row for row in sheets[system]["rows"] if row["usual"]]
        assert rows
        lines = [
            {"field": row["field"], "received_online": 2, "received_counter": 0, "resolved_early": 2,
             "resolved_on_time": 0, "resolved_overdue": 0, "pending_overdue": row["overdue_before"]}
            for row in rows
        ]  # fmt: skip
        items.append({"unit": OTHER, "day": TODAY, "system": system, "lines": lines})
    made = visit("quantri").page.request.post(
        "/tokens", form={"name": "Một cửa", "role": "machine", "scopes[0]": "figures:send"},
        headers={"sec-fetch-site": "same-origin"},
    )  # fmt: skip
    token = re.search(r"t57_[\w-]+", made.text())
    assert token, made.text()
    answer = httpx2.put(
        f"{site.address}/api/v1/throughput/figures", headers={"authorization": f"Bearer {token[0]}"},
        json={"source": "Một cửa phường", "basis": "daily", "items": items},
    )  # fmt: skip
    assert answer.json()["accepted"] == 2, answer.text
    page = tapping(visitor := visit(**PHONE), "canbo.hai")
    assert page.locator("#city-lines .past", has_text="Nguồn: Một cửa phường").count()
    page.locator(".foot > button").tap()
    page.wait_for_url("**/receipt")
    assert "Xác nhận đã nhận báo cáo" in page.inner_text("h1")
    assert page.evaluate("sessionStorage.taps") == "3"
    assert visitor.complaints == []


def test_a_day_of_nothing_takes_four_taps_from_signing_in_to_sent(visit: Callable[..., Visitor]) -> None:
    page = tapping(visitor := visit(**PHONE), "canbo")
    page.locator(".foot > button").dblclick()  # twice in haste: the answer does not come under the finger
    page.evaluate("sessionStorage.taps = 3")
    assert "Chưa nhập số nào" in page.inner_text(".foot__ask")
    assert page.evaluate("document.activeElement.className") == "foot__ask"
    assert not visitor.overflows
    page.get_by_role("button", name="Đúng, không có hồ sơ").tap()
    page.wait_for_url("**/receipt")
    assert "Xác nhận đã nhận báo cáo" in page.inner_text("h1")
    assert page.evaluate("sessionStorage.taps") == "4"
    assert visitor.complaints == []
