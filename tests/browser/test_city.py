"""The city's desk from end to end: who is missing, a correction, forty approved, the form handed in; and a return."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from python_calamine import CalamineWorkbook

from tests.browser.conftest import PHONE, Site, Visitor, installation
from tests.browser.test_every_page import AXE, RUN
from tests.support.clients import OTHER, WARD
from tests.support.lives import Lives

LOCKED, FRIDAY = "2025-07-01", "2025-07-04"
AT = f"/throughput/reports/{WARD}"
FORM = f"/throughput/forms/II.06a?from={LOCKED}&to={FRIDAY}&unit={WARD}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, lives: Lives) -> Iterator[Site]:
    """An installation of its own: days are corrected and approved here."""
    with installation(tmp_path_factory.mktemp("city"), lives) as served:
        yield served


def is_sound(window: Visitor) -> None:
    """Check a state that no visit by address alone would show."""
    assert not window.overflows, window.page.url
    assert window.page.evaluate(RUN) == [], window.page.url


def civil_status(page: Page) -> dict[str, Any]:
    """Return the row of civil status in the ward's form."""
    rows = page.request.get(FORM.replace("II.06a", "II.06a.json")).json()["rows"]
    return next(row for row in rows if row["field"] == "HT")


def in_workbook(path: Path) -> dict[str, Any]:
    """Return the same row of the workbook, by the numbers over its columns."""
    grid = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    numbers = next(row for row in grid if "(3)" in row)
    row = next(row for row in grid if "Hộ tịch" in row)
    return {f"c{name[1:-1]}": row[place] for place, name in enumerate(map(str, numbers)) if name[1:-1].isdecimal()}


def correct(page: Page, day: str, more: int) -> int:
    """Type some more dossiers received online into a day's form, say why, and send it; returns what stood there."""
    cell = page.locator("[name='city[lines][HT][received_online]']")
    before = int(cell.input_value())
    cell.fill(str(before + more))
    page.locator("select[name='city[reasons][correction-][reason]']").select_option("late_sync")
    page.get_by_role("button", name="Xác nhận và gửi").click()
    page.wait_for_url(f"**/{day}/receipt")
    return before


def test_the_lists_of_forty_wards_are_short_on_a_phone(visit: Callable[..., Visitor]) -> None:
    window = visit("tonghop", width=360)
    for path in (
        "/throughput/obligations", "/throughput/reminders", f"/throughput/approvals?day={LOCKED}",
        "/throughput/findings",
    ):  # fmt: skip
        page = window.go(path)
        assert page.locator(".fold > summary").count() >= 1, path
        assert page.evaluate("document.documentElement.scrollHeight") <= 6000, path
        assert not window.overflows, path
    # Whoever is looked for is in a fold; the unit's own page has the acts.
    page = window.go("/throughput/obligations")
    folds = page.locator(".fold", has=page.locator(f"a[href*='unit={OTHER}']"))
    if not folds.first.evaluate("fold => fold.open"):
        folds.first.locator("summary").click()
    folds.first.locator(f"a[href*='unit={OTHER}']").click()
    page.wait_for_url(f"**/obligations?unit={OTHER}&day=*")
    page.get_by_text("Miễn báo cáo").first.wait_for()


def test_an_analyst_s_day(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    analyst = visit("tonghop")
    analyst.page.add_init_script(AXE)
    page = analyst.go("/throughput/board")
    is_sound(analyst)
    page.locator(f"#tile-{OTHER}").get_by_role("button", name="Nhắc gửi (thành phố)").click()
    page.get_by_text("Đã nhắc").wait_for()
    stood = civil_status(page)
    page.get_by_role("link", name="1 đề nghị mở khóa đang chờ trả lời").click()
    page.get_by_role("link", name="Xem và trả lời").first.click()
    page.get_by_text("Lĩnh vực được sửa").first.click()
    page.check("[name='fields[]'][value=HT]")
    page.fill("#reason", "Đã xem biên bản đối chiếu")
    page.get_by_role("button", name="Cho phép sửa").click()
    page.get_by_text("Đang cho phép sửa").wait_for()
    officer = visit("canbo", **PHONE)
    correct(officer.go(f"{AT}/{LOCKED}/worksheet"), LOCKED, 4)
    page.goto(f"/throughput/approvals?day={LOCKED}")
    is_sound(analyst)
    page.locator(".fold > summary").first.click()
    waiting = page.locator("input[type=checkbox]")
    for n in range(waiting.count()):  # what is unusual is ticked by who has looked at it
        if waiting.nth(n).is_visible():
            waiting.nth(n).check()
    chosen = page.locator("input[type=checkbox]:checked").count()
    assert chosen >= 70, "both systems of forty wards"
    page.get_by_role("button", name="Duyệt các báo cáo đã chọn").click()
    page.get_by_text(f"Đã duyệt {chosen} báo cáo").wait_for()
    assert page.request.get(f"{AT}/{LOCKED}.json").json()["city"]["status"] == "approved_city"
    page.goto(FORM)
    is_sound(analyst)
    with page.expect_download() as waited:
        page.get_by_role("link", name="Tải xuống XLSX").click()
    book = tmp_path / "form.xlsx"
    waited.value.save_as(book)
    now, written = civil_status(page), in_workbook(book)
    assert (now["c4"], now["c3"]) == (stood["c4"] + 4, stood["c3"] + 4), "the correction stands in the form"
    assert {name: written[name] for name in written if name not in ("c1", "c2")} == {
        name: now[name] for name in written if name not in ("c1", "c2")
    }
    assert analyst.complaints == officer.complaints == []


def test_a_report_goes_back_and_only_the_change_is_looked_at(visit: Callable[..., Visitor]) -> None:
    leader, officer = visit("lanhdao.phuong", **PHONE), visit("canbo", **PHONE)
    leader.page.add_init_script(AXE)
    review = f"{AT}/{FRIDAY}/city/approvals"
    page = leader.go(review)
    page.get_by_role("button", name="Duyệt báo cáo này").tap()
    page.get_by_text("đã duyệt lần gửi này").wait_for()
    stood = correct(officer.go(f"{AT}/{FRIDAY}/worksheet"), FRIDAY, 9)
    page.goto(review)
    page.get_by_text("Trả lại để sửa").first.tap()
    page.fill("#reason", "Thừa 7 hồ sơ so với hệ thống một cửa")
    page.get_by_role("button", name="Trả lại báo cáo").tap()
    page.get_by_text("đã trả lại lúc").first.wait_for()
    mine = officer.go("/throughput/today")
    card = mine.locator("article", has_text="Thừa 7 hồ sơ so với hệ thống một cửa")
    card.get_by_role("link", name="Mở biểu để sửa").tap()
    correct(mine, FRIDAY, -7)
    page.goto("/throughput/approvals")
    page.locator(".card", has_text="Đã sửa sau khi duyệt").get_by_role("link", name="Xem và quyết định").first.tap()
    changes = page.locator("#changes tbody tr")
    online = changes.filter(has_text="Trực tuyến").inner_text()
    assert (str(stood) in online, str(stood + 2) in online) == (True, True)
    assert changes.count() <= 2, "the cell that was corrected, and the stock that follows from it"
    is_sound(leader)
    page.get_by_role("button", name="Duyệt báo cáo này").tap()
    page.get_by_text("đã duyệt lần gửi này").wait_for()
    assert leader.complaints == officer.complaints == []
