"""Figures brought from a spreadsheet: pasted at the cursor, pasted with names, or from a file."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect
from python_calamine import CalamineWorkbook

from tests.browser.conftest import AT, Visitor
from tests.browser.day import COLUMNS, cell, figures, version
from tests.support.workbooks import workbook


def test_a_block_of_numbers_goes_where_the_cursor_is(visit: Callable[..., Visitor]) -> None:
    page = visit("canbo.hai").go(f"{AT}/worksheet")
    page.focus(cell("HT", "received_counter"))
    page.evaluate(PASTE, "1\t2\t3\n4\t\t1.006")
    expect(page.locator("#told")).to_contain_text("Đã điền")
    assert [page.input_value(cell("HT", c)) for c in COLUMNS[2:5]] == ["1", "2", "3"]
    assert [page.input_value(cell("CT", c)) for c in COLUMNS[2:5]] == ["4", "0", "1.006"]
    assert page.text_content("[data-state]") == "đã lưu trên máy này"


PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(event);
}"""


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


def test_a_filled_template_is_uploaded_and_sent(window: Visitor, tmp_path: Path) -> None:
    page, before, typed = window.page, version(window.page), next(figures)
    page.click(".bring > summary")
    with page.expect_download() as download:
        page.click(".bring a[href$='.xlsx']")
    (sheet,) = CalamineWorkbook.from_path(str(download.value.path())).sheet_names
    rows = CalamineWorkbook.from_path(str(download.value.path())).get_sheet_by_name(sheet).to_python()
    titles, ours = rows[0], next(row for row in rows if "HT" in row)
    ours[titles.index("Tiếp nhận trực tuyến")], ours[titles.index("Giải quyết đúng hạn")] = typed, 3
    ours[titles.index("Đang giải quyết, trong hạn")] = ""  # worked out
    (tmp_path / "mau.xlsx").write_bytes(workbook(*rows))
    page.set_input_files(".bring input[type=file]", tmp_path / "mau.xlsx")
    page.locator(".bring form:has(input[type=file]) button").click()
    page.locator('#understood form[action$="/fill"] button').click()
    assert page.input_value(cell("HT", "received_online")) == str(typed)
    assert page.input_value(cell("HT", "resolved_on_time")) == "3"
    page.reload()  # the file stays with the figures that came from it, and is named
    named = page.locator("#city-brought a").last
    assert named.inner_text().startswith("mau.xlsx (")
    assert page.request.get(named.get_attribute("href") or "").ok
    page.locator(".foot button").click()
    page.wait_for_url("**/receipt*")
    assert version(page) == before + 1
    report = page.request.get(f"{AT}.json").json()["city"]
    assert [one["name"] for one in report["evidence"]] == ["mau.xlsx"]
    line = next(one for one in report["lines"] if one["field"] == "HT")
    assert (line["received_online"], line["resolved_on_time"]) == (typed, 3)
