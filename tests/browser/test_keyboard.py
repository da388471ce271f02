"""A whole day by keyboard alone: from signing in to the receipt, no pointer anywhere."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from app.accounts.demonstration import PASSWORD
from tests.browser.conftest import TODAY, Site, Visitor, installation
from tests.support.clients import WARD
from tests.support.lives import Lives

AT = f"/throughput/reports/{WARD}/{TODAY}"
FOCUS = """() => {
  const at = document.activeElement;
  return [at.name ?? "", at.getAttribute("href") ?? "", at.className, at.matches(":focus-visible")];
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, lives: Lives) -> Iterator[Site]:
    """An installation of its own: nobody has sent the day yet."""
    with installation(tmp_path_factory.mktemp("keyboard"), lives) as served:
        yield served


def tab_to(page: Page, wanted: str, most: int, keys: str = "Tab") -> None:
    """Press Tab until what has the focus has a name, a class or an address, and is in sight all the way."""
    for _ in range(most):
        page.keyboard.press(keys)
        name, href, classes, is_visible = page.evaluate(FOCUS)
        assert is_visible, (name, href, classes)
        if wanted in (name, href, *classes.split()):
            return
    raise AssertionError(f"{wanted} is not among the next {most}: {page.evaluate(FOCUS)}")


def to_content(page: Page) -> None:
    """Pass over the head of a page, as people who have no mouse do."""
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_a_day_by_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    page = visitor.go("/sign-in")
    # The cursor stands where one begins, from the first painting on: a test types sooner than people see.
    expect(page.locator("[name=user_name]")).to_be_focused()
    page.keyboard.type("canbo")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/today")
    to_content(page)
    tab_to(page, f"{AT}/worksheet", 4)
    page.keyboard.press("Enter")
    page.wait_for_url("**/worksheet")
    rows = page.request.get(f"{AT}/worksheet.json").json()["city"]["rows"]
    assert rows[1]["overdue_before"] > 0, "its going away is asked about"
    to_content(page)
    tab_to(page, f"city[lines][{rows[0]['field']}][received_online]", 4)
    typed = [7, 3, 0, 5, 3, 0, 0, 12, 3, 0, 9, 3, 0, 0, 6, 2, 1, 4, 3, 0]  # no overdue dossier is left in the second
    for figure in typed:
        page.keyboard.type(str(figure))
        page.keyboard.press("Enter")
    wrong = f"city[lines][{rows[2]['field']}][pending_overdue]"
    assert page.evaluate(FOCUS)[0] == wrong
    page.keyboard.type("1,5")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".error-summary")
    expect(page.locator(".error-summary")).to_be_focused()
    assert "không có phần lẻ" in page.inner_text(".error-summary li")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS)[0] == wrong
    page.keyboard.type("1")
    asked = page.locator(f"#city-{rows[1]['field']}-question [data-question]")
    expect(asked).to_contain_text("quá hạn")  # it came beside its row, and took no focus
    assert page.evaluate(FOCUS)[0] == wrong
    expect(page.locator(".error-message:visible")).to_have_count(0)
    tab_to(page, "chip", 20, "Shift+Tab")
    chosen = page.evaluate("document.activeElement.value")
    page.keyboard.press("Space")
    expect(asked.locator("select")).to_have_value(chosen)
    page.keyboard.press("Control+Enter")
    # Nothing was typed of the other system: that is asked, and answered in two steps.
    expect(page.locator(".foot__ask")).to_be_focused()
    tab_to(page, "_with", 2)
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt")
    assert f"{WARD}-20250707-TP-1" in page.inner_text(".panel")
    sent = page.request.get(f"{AT}.json").json()
    assert sent["city"]["totals"]["received"] == 7 + 3 + 0 + 12 + 3 + 0 + 6 + 2 + 1
    assert [(r["warning"], r["field"], r["reason"]) for r in sent["city"]["reasons"]] == [
        ("overdue_stock_fell", rows[1]["field"], chosen)
    ]
    assert visitor.complaints == []
