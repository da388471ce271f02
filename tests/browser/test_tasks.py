"""An officer and an analyst follow one task, on a phone without script and at a desk."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.browser.conftest import PHONE, Visitor
from tests.support.clients import OTHER, WARD

TASK = f"/tasks/KH98-01.{WARD}"


def test_from_one_tap_on_a_phone_to_the_acceptance(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    phone = visit("canbo", width=360, java_script_enabled=False)
    page = phone.go("/tasks/mine")
    card = page.locator(".card", has=page.locator(f'a[href="{TASK}"]'))
    card.get_by_role("button").click()
    assert page.url.endswith(TASK)
    assert page.locator("#said").is_visible()
    page.reload()
    assert page.locator("#said").count() == 0, "the address alone says nothing"
    assert "Vẫn đúng tiến độ" in page.locator(".history").inner_text()
    # A photo as today's phones take them: the browser gets its answer, not a torn connection, and the words stay.
    photo = tmp_path / "anh.jpg"
    photo.write_bytes(b"\xff\xd8\xff" + b"\0" * 30_000_000)
    phone.go(f"{TASK}/acts/updates")
    page.fill("#done", "Đã lắp ba máy")
    page.set_input_files("[type=file]", photo)
    page.locator("main form button").first.click()
    assert "Tệp quá lớn, chỉ nhận đến 5 MB" in page.locator("#file-error").inner_text()
    assert page.input_value("#done") == "Đã lắp ba máy"
    phone.go(TASK)
    page.locator('a[href$="/acts/proposal"]').click()
    page.fill("#result", "Đã ban hành kế hoạch của phường")
    page.locator("main form button").click()
    assert page.locator(".error-summary").is_visible(), "evidence is wanted"
    assert page.input_value("#result") == "Đã ban hành kế hoạch của phường"
    page.fill("#document", "15/KH-UBND")
    page.locator("main form button").click()
    assert "Chờ xác nhận hoàn thành" in page.locator("main").inner_text()
    desk = visit("tonghop")
    page = desk.go("/tasks?bucket=awaiting_acceptance&level=all")
    page.locator(f'#tasks a[href="{TASK}"]').click()
    page.locator('main a[href$="/acts/acceptance"]').click()
    page.locator("main form button").click()
    page.get_by_text("Hoàn thành đúng hạn").first.wait_for()
    page = desk.go("/tasks/KH98-01/matrix")
    assert page.locator("#matrix tbody tr").count() == 40
    assert desk.complaints == []


def test_a_leader_asks_a_phone_answers_with_a_photo_and_the_month_is_downloaded(
    visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    at = f"/tasks/KH98-01.{OTHER}"
    page = visit("lanhdao").go(f"{at}/asking")
    page.locator("summary", has_text="Yêu cầu giải trình").click()
    page.fill("#question", "Phường cần gì để kịp thời hạn?")
    page.fill("#due_on", "2025-07-09")
    page.locator('form[action$="/questions"] button').click()
    page.get_by_text("Phường cần gì").first.wait_for()
    phone = visit("canbo.hai", **PHONE)
    page = phone.go("/tasks/mine")
    page.locator("#questions + .cards .button").tap()
    page.fill('textarea[name="answer"]', "Cần mẫu kế hoạch thống nhất")
    page.locator('form[action$="/answer"] button').tap()
    page.get_by_text("Cần mẫu kế hoạch thống nhất").first.wait_for()
    photo = tmp_path / "anh-hien-truong.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 200)
    page = phone.go(f"{at}/acts/updates")
    page.fill("#done", "Đã trình dự thảo kế hoạch")
    scan = tmp_path / "quet.pdf"
    scan.write_bytes(b"%PDF-" + b"0" * 6_000_000)
    page.set_input_files("#file", scan)
    page.wait_for_function("document.querySelector('#file').validationMessage.startsWith('Tệp quá lớn')")
    page.set_input_files("#file", photo)
    send = page.locator("main form button[type=submit], main form button").last
    place = send.bounding_box()
    assert place is not None
    assert place["y"] < 1200, "words, photo and the button stand close together"
    send.tap()
    page.get_by_text("Đã trình dự thảo kế hoạch").first.wait_for()
    assert page.get_by_role("link", name="anh-hien-truong.jpg").count() >= 1
    desk = visit("tonghop")
    page = desk.go("/tasks/monthly/centre/2025-07")
    for ending, part in (("document", "word/document.xml"), (".xlsx", "xl/workbook.xml")):
        with page.expect_download() as brought:
            page.locator(f'main a[href$="{ending}"]').first.click()
        with zipfile.ZipFile(brought.value.path()) as file:
            assert part in file.namelist()
    assert desk.complaints == []
    assert phone.complaints == []


def test_one_act_hands_a_task_to_forty_units_and_the_matrix_follows(visit: Callable[..., Visitor]) -> None:
    desk = visit("tonghop")
    page = desk.go("/directives")
    page.locator('#directives a[href^="/directives/"]').first.click()
    page.locator('main a[href$="/hand-out"]').click()
    page.fill("#code", "GIAO-01")
    page.fill("#title", "Ban hành kế hoạch chuyển đổi số của đơn vị")
    page.fill("#deadline", "2025-07-31")
    page.select_option("#lead_unit", label="Sở Khoa học và Công nghệ")
    page.locator("main form button").last.click()
    assert page.locator(".error-summary").is_visible(), "to whom was not said"
    assert page.input_value("#title") == "Ban hành kế hoạch chuyển đổi số của đơn vị"
    page.get_by_label("Phường", exact=True).check()
    page.get_by_label("Xã", exact=True).check()
    page.locator("main form button").last.click()
    page.wait_for_url("**/tasks/GIAO-01/matrix")
    assert page.locator("#matrix tbody tr").count() == 40
    assert page.locator("#matrix").get_by_text("Đã hoàn thành").count() == 0
    phone = visit("canbo", width=360).go("/tasks/mine")
    card = phone.locator(".card", has=phone.locator(f'a[href="/tasks/GIAO-01.{WARD}"]'))
    assert "Ban hành kế hoạch chuyển đổi số của đơn vị" in card.inner_text()
    card.get_by_role("button").click()
    assert phone.url.endswith(f"/tasks/GIAO-01.{WARD}")
    page.reload()
    assert page.locator("#matrix tbody tr", has_text="Đang thực hiện").count() == 1, "the others have not begun"
    assert desk.complaints == []
