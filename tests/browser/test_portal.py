"""The analyst's work with what the one-gate system sent: a code gets its meaning, and what waited is counted."""

import re
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.browser.conftest import PHONE, TODAY, Site, Visitor, installation
from tests.browser.test_every_page import AXE, RUN
from tests.support.clients import WARD
from tests.support.lives import Lives


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, lives: Lives) -> Iterator[Site]:
    """An installation of its own: proposals would fill in the forms of other tests."""
    with installation(tmp_path_factory.mktemp("portal"), lives) as served:
        yield served


def _cookies(site: Site, name: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in site.sign_in(name)}


def _token(site: Site, name: str, scope: str) -> str:
    """Return a machine's token that the administrator made."""
    with httpx2.Client(base_url=site.address, cookies=_cookies(site, "quantri"), timeout=30) as client:
        made = client.post(
            "/tokens", data={"name": name, "role": "machine", "scopes[]": scope},
            headers={"sec-fetch-site": "same-origin"}, follow_redirects=True,
        )  # fmt: skip
        token = re.search(r"t57_[\w-]{20,}", made.text)
        assert token, made.text
        return token[0]


def _send(site: Site, *units: str) -> None:
    """Send an event of each unit, as the city's one-gate system with a token that the administrator made."""
    events = [
        {"dossier": f"H57.12-250707-{n:04d}", "procedure": "1.001193", "receiving_unit": unit, "status": 2,
         "competent_unit": unit, "channel": "online", "at": f"{TODAY}T09:00:00+07:00"}
        for n, unit in enumerate(units)
    ]  # fmt: skip
    answer = httpx2.post(
        f"{site.address}/api/v1/portal/events", json={"source": "mot-cua", "events": [*events, {"status": 99}]},
        headers={"authorization": f"Bearer {_token(site, 'mot-cua', 'portal:events')}"}, timeout=30,
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


def _figures(site: Site, token: str, online: int) -> None:
    """Say what the one-gate system counts of the ward's day."""
    counts = {"received_online": online, "received_counter": 0, "resolved_early": 0, "resolved_on_time": 0,
              "resolved_overdue": 0, "pending_overdue": 0}  # fmt: skip
    item = {"unit": WARD, "day": "2025-07-01", "system": "city", "lines": [{"field": "HT", **counts}]}
    answer = httpx2.put(
        f"{site.address}/api/v1/throughput/figures", json={"source": "doi-soat", "basis": "daily", "items": [item]},
        headers={"authorization": f"Bearer {token}"}, timeout=30,
    )  # fmt: skip
    assert answer.json()["accepted"] == 1, answer.text


def test_a_gap_is_found_explained_and_closed_by_a_late_sync(site: Site, visit: Callable[..., Visitor]) -> None:
    token = _token(site, "doi-soat", "figures:send")
    _figures(site, token, 900)
    window = visit("canbo", java_script_enabled=False, **PHONE)
    page = window.go("/portal/gaps?from=2025-07-01&to=2025-07-01")
    card = page.locator("li.card", has_text="doi-soat")
    assert "900" in card.inner_text()
    assert not window.overflows
    card.get_by_role("button", name="Đồng bộ chậm").tap()
    page.get_by_role("status").get_by_text("Đã ghi lý do").wait_for()
    told = window.go("/portal/gaps?from=2025-07-01&to=2025-07-01&state=explained").locator("details.fold").first
    told.get_by_text("doi-soat").first.wait_for(state="attached")
    led = page.locator("li.card", has_text="doi-soat").first.locator("a").first.get_attribute("href")
    own, _, filters = str(led).partition("?")
    assert filters == "from=2025-07-01&to=2025-07-01&state=explained", "the list's, for the way back"
    with httpx2.Client(base_url=site.address, cookies=_cookies(site, "canbo"), timeout=30) as client:
        ours = client.get(f"{own}.json").json()["ours"]
    _figures(site, token, ours)
    page = window.go(own)
    page.get_by_role("listitem").get_by_text("Đã khớp", exact=True).wait_for()
    page.get_by_text("tự động theo số liệu").last.wait_for()
    assert "Đồng bộ chậm" in page.content(), "the reason stays"
    assert not window.overflows
    assert window.complaints == []
