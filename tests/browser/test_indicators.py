"""An analyst takes an indicator from its set to an address that papers can cite."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.browser.conftest import Visitor
from tests.support.indicators import indicator, indicator_set


def test_from_a_set_to_a_figure_that_is_cited(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    desk = visit("tonghop")
    page = desk.go("/indicators/sets")
    file = tmp_path / "bo-chi-tieu.json"
    file.write_text(json.dumps(indicator_set(indicator("HT-1", name_vi="Tỷ lệ thử hành trình"), code="HT")))
    page.set_input_files("#file", file)
    page.locator('form[action$="/import"] button').click()
    page.locator('a[href="/indicators/HT-1"]').first.click()
    for quarter, value, day in (("2025-Q1", "60,5", "2025-03-31"), ("2025-Q2", "62", "2025-06-30")):
        page.locator('main a[href^="/indicators/HT-1/readings/new"]').first.click()
        page.fill("#period", quarter)
        page.fill("#value", value)
        page.fill("#as_of", day)
        page.fill("#source", "Công văn 12/SKHCN")
        page.locator("main form button").click()
    page.locator('main a[href$="/targets/new"]').click()
    page.fill("#period", "2026")
    page.fill("#low", "80")
    page.fill("#document", "Kế hoạch 98/KH-BCĐ")
    page.locator("main form button").click()
    told = page.locator("main").inner_text()
    assert "Chưa đến hạn" in told
    assert "Cần tăng bình quân 1 điểm phần trăm mỗi tháng" in told
    assert page.locator("figure svg > title").count() == 1
    marks = page.locator("figure svg g[tabindex] title").all_text_contents()
    assert [words.rpartition(": ")[2] for words in marks] == ["60,5%", "62%"]
    page.get_by_role("link", name="Vì sao có số này").click()
    assert "Công văn 12/SKHCN" in page.locator("main").inner_text()
    page.go_back()
    page.locator('form[action$="/citations"] button').first.click()
    page.wait_for_url("**/c/*")
    address = page.url
    assert "62%" in page.locator("main").inner_text()
    page = desk.go("/indicators/HT-1")
    page.get_by_role("link", name="Thay bằng").first.click()
    page.fill("#value", "63,25")
    page.fill("#as_of", "2025-06-30")
    page.fill("#source", "Công văn 15/SKHCN")
    page.locator("main form button").click()
    assert page.locator("#citations + ul li.stale").count() == 1
    page.goto(address)
    told = page.locator("main").inner_text()
    assert "62%" in told
    assert "63,25%" in told
    assert "Khác ở: số liệu, nguồn." in told
    assert desk.complaints == []
