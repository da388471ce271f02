"""An officer and an analyst follow one task, on a phone without script and at a desk."""

from collections.abc import Callable

from tests.browser.conftest import Visitor
from tests.support.clients import WARD

TASK = f"/tasks/KH98-01.{WARD}"


def test_from_one_tap_on_a_phone_to_the_acceptance(visit: Callable[..., Visitor]) -> None:
    phone = visit("canbo", width=360, java_script_enabled=False)
    page = phone.go("/tasks/mine")
    card = page.locator(".card", has=page.locator(f'a[href="{TASK}"]'))
    card.get_by_role("button").click()
    assert page.url.endswith(TASK)
    assert "Vẫn đúng tiến độ" in page.locator(".history").inner_text()
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
