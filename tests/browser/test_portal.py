"""The analyst's work with what the one-gate system sent: a code gets its meaning, and what waited is counted."""

import re
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.browser.conftest import PHONE, TODAY, Site, Visitor, installation
from tests.browser.test_every_page import AXE, RUN
from tests.support.clients import WARD


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation of its own: proposals would fill in the forms of other tests."""
    with installation(tmp_path_factory.mktemp("portal")) as served:
        yield served


def _send(site: Site, *units: str) -> None:
    """Send an event of each unit, as the city's one-gate system with a token that the administrator made."""
    cookies = {one["name"]: one["value"] for one in site.sign_in("quantri")}
    with httpx2.Client(base_url=site.address, cookies=cookies, timeout=30) as client:
        made = client.post(
            "/tokens", data={"name": "mot-cua", "role": "machine", "scopes[]": "portal:events"},
            headers={"sec-fetch-site": "same-origin"}, follow_redirects=True,
        )  # fmt: skip
        token = re.search(r"t57_[\w-]{20,}", made.text)
        assert token, made.text
        events = [
            {"dossier": f"H57.12-250707-{n:04d}", "procedure": "1.001193", "receiving_unit": unit, "status": 2,
             "competent_unit": unit, "channel": "online", "at": f"{TODAY}T09:00:00+07:00"}
            for n, unit in enumerate(units)
        ]  # fmt: skip
        answer = client.post(
            "/api/v1/portal/events", json={"source": "mot-cua", "events": [*events, {"status": 99}]},
            headers={"authorization": f"Bearer {token[0]}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text


def test_a_code_gets_its_meaning_and_what_waited_is_counted(site: Site, visit: Callable[..., Visitor]) -> None:
    _send(site, WARD, "H57.40")
    window = visit("tonghop", **PHONE)
    page = window.go("/portal/events")
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    page.get_by_role("link", name="Xem các sự kiện chưa tính được").tap()
    page.wait_for_url("**/portal/aside")
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    assert not window.overflows
    page.get_by_role("link", name="Mã của hệ thống khác").tap()
    page.locator("[name=source]").fill("mot-cua")
    page.locator("[name=kind]").select_option("unit")
    page.locator("[name=code]").fill("H57.40")
    page.locator("[name=target]").fill(WARD)
    page.get_by_role("button", name="Lưu").tap()
    page.get_by_role("rowheader", name="H57.40").wait_for()
    window.go("/portal/aside").get_by_role("button", name="Tính lại sự kiện của mot-cua").tap()
    page.get_by_text("H57.40").wait_for(state="detached")
    page.get_by_role("button", name="Bỏ khỏi danh sách").tap()
    page.get_by_text("Mọi sự kiện nhận được đều đã tính vào số liệu.").wait_for()
    assert window.complaints == []
