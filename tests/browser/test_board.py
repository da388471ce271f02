"""An open board: an unchanged answer costs nothing, a change is there within five seconds, nothing held is lost."""

import time
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import Route

from tests.browser.conftest import TODAY, Site, Visitor, installation
from tests.support.clients import OTHER
from tests.support.lives import Lives

PATH = f"/throughput/board?day={TODAY}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, lives: Lives) -> Iterator[Site]:
    """An installation of its own: what other tests have sent would stand on the board."""
    with installation(tmp_path_factory.mktemp("board"), lives) as served:
        yield served


def send(site: Site, received: int) -> None:
    """Send a ward's report of the day through its form, as a second person does elsewhere."""
    cookies = {c["name"]: c["value"] for c in site.sign_in("canbo.hai")}
    at = f"/throughput/reports/{OTHER}/{TODAY}"
    fields = ("received_online", "received_counter", "resolved_early", "resolved_on_time", "resolved_overdue")
    data = {f"city[lines][HT][{f}]": "0" for f in fields} | {
        "city[lines][HT][field]": "HT", "city[lines][HT][received_online]": str(received),
        "city[lines][HT][pending_overdue]": "0", "_only": "city", "_method": "PUT",
    }  # fmt: skip
    with httpx2.Client(base_url=site.address, cookies=cookies) as client:
        answer = client.post(at, data=data, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303, answer.text


def test_a_change_reaches_an_open_board_within_five_seconds(site: Site, visit: Callable[..., Visitor]) -> None:
    window = visit("tonghop")
    page = window.page
    network = window.context.new_cdp_session(page)
    network.send("Network.enable")
    statuses: list[int] = []
    network.on("Network.responseReceivedExtraInfo", lambda e: statuses.append(e["statusCode"]))
    window.go(PATH)
    tile = page.locator(f"#tile-{OTHER}")
    page.fill("#day", "2025-07-01")
    page.locator(f"#tile-{OTHER} a").focus()
    statuses.clear()
    page.wait_for_timeout(11_500)
    assert statuses[-1] == 304, statuses
    send(site, 37)
    begin = time.monotonic()
    tile.get_by_text("Nhận lúc").first.wait_for(timeout=6_000)
    assert time.monotonic() - begin <= 5.5
    assert "Tiếp nhận 37" in tile.inner_text()
    assert page.input_value("#day") == "2025-07-01", "what was typed stays"
    assert page.evaluate("document.activeElement.closest('.tile')?.id") == f"tile-{OTHER}", "and where one was"
    assert window.complaints == []


def test_a_board_whose_session_ended_comes_to_the_sign_in(visit: Callable[..., Visitor]) -> None:
    window = visit("tonghop")
    page = window.go(PATH)
    kept = [cookie for cookie in window.context.cookies() if "session" not in cookie["name"]]
    window.context.clear_cookies()
    window.context.add_cookies(kept)  # type: ignore[arg-type]
    page.wait_for_url("**/sign-in?to=/throughput/board*", timeout=8_000)


def test_a_board_that_cannot_be_read_anew_stands_as_it_was(visit: Callable[..., Visitor]) -> None:
    window = visit("tonghop")
    page = window.go(PATH)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503)

    page.route("**/throughput/board*", refuse)
    page.wait_for_timeout(6_000)
    assert asked
    assert page.locator(".tile").count() == 40


def test_forty_tiles_read_on_a_phone_and_without_colour(visit: Callable[..., Visitor]) -> None:
    window = visit("tonghop", width=360)
    page = window.go("/throughput/board?day=2025-07-04")
    assert page.locator(".tile").count() == 40
    assert not window.overflows
    assert max(page.eval_on_selector_all(".tile", "tiles => tiles.map(t => t.offsetHeight)")) <= 190
    assert all("\n" in text for text in page.locator(".tile").all_inner_texts())
