"""From the locked day to the corrected figure, and a leader who approves from a phone, with and without script."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import PHONE, Site, Visitor, installation
from tests.support.clients import WARD
from tests.support.lives import Lives

LOCKED = f"/throughput/reports/{WARD}/2025-07-01"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, lives: Lives) -> Iterator[Site]:
    """An installation of its own: a day is corrected here."""
    with installation(tmp_path_factory.mktemp("approval"), lives) as served:
        yield served


def test_a_request_is_granted_and_only_its_field_is_corrected(visit: Callable[..., Visitor]) -> None:
    analyst = visit("tonghop")
    page = analyst.go("/throughput/reopenings")
    page.locator("#reopenings tbody a").first.click()
    page.get_by_text("Lĩnh vực được sửa").first.click()
    page.check("[name='fields[]'][value=HT]")
    page.fill("#reason", "Đã xem biên bản đối chiếu")
    page.get_by_role("button", name="Cho phép sửa").click()
    page.get_by_text("Đang cho phép sửa").wait_for()
    officer = visit("canbo", **PHONE)
    page = officer.go(f"{LOCKED}/worksheet")
    assert not officer.overflows
    cell = page.locator("[name='city[lines][HT][received_online]']")
    assert cell.is_editable()
    assert page.locator("[name$='[received_online]'][readonly]").count() > 3
    assert page.locator("[name^='ministry[lines]']").count() == 0, "the other system stays locked"
    before = int(cell.input_value())
    cell.fill(str(before + 4))
    page.locator("select[name='city[reasons][correction-][reason]']").select_option("late_sync")
    page.get_by_role("button", name="Xác nhận và gửi").click()
    page.wait_for_url("**/receipt")
    changes = analyst.go(f"{LOCKED}/city/revisions").locator("table").first.inner_text()
    assert str(before) in changes
    assert str(before + 4) in changes
    assert officer.complaints == analyst.complaints == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_leader_approves_from_a_phone(visit: Callable[..., Visitor], script: bool) -> None:
    window = visit("lanhdao.phuong", **PHONE, java_script_enabled=script)
    page = window.go("/throughput/today")
    page.get_by_role("link", name="Duyệt báo cáo").tap()
    page.get_by_role("link", name="Xem và quyết định").first.tap()
    act = page.get_by_role("button", name="Duyệt báo cáo này").bounding_box()
    assert act is not None
    assert act["y"] < 1000, "figures, what is unusual and the act on about one screen"
    page.get_by_role("button", name="Duyệt báo cáo này").tap()
    page.get_by_text("đã duyệt lần gửi này").wait_for()
    here = page.url
    page.get_by_role("link", name="Báo cáo tiếp theo").tap()
    page.get_by_role("button", name="Duyệt báo cáo này").wait_for()
    assert page.url != here
    page.get_by_role("link", name="Về danh sách duyệt").first.tap()
    page.wait_for_url("**/throughput/approvals")
    if script:
        assert not window.overflows
        return
    waiting = page.locator("input[type=checkbox]:checked").count()
    assert waiting >= 1
    page.get_by_role("button", name="Duyệt các báo cáo đã chọn").tap()
    page.get_by_text(f"Đã duyệt {waiting} báo cáo").wait_for()
    assert window.complaints == []
