"""Makes the pictures of the guides anew, and prints each guide to see that it takes two pages.

    .venv/bin/python docs/screenshots.py [var/tiendo57.db]

It serves a copy of the demonstration with the clock at 16:40 of the last day that the ward owes: nothing is changed in
the database given. A phone's width, Vietnamese. Chromium is found as the tests find it (`TIENDO57_TEST_CHROMIUM`, else
on the path).
"""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
FONTS = DOCS.parent / "tests" / "browser" / "fonts.conf"  # as wide as those of officers' devices, on every machine
GUIDES = tuple(
    f"guide-{who}{language}.md"
    for who in ("ward", "analyst", "leader", "tasks", "indicators")
    for language in (".vi", "")
)
LARGEST = 120 * 1024
DESK: ViewportSize = {"width": 1000, "height": 700}
PAGES = 2
WIDTH, HEIGHT = 360, 640
USER, PASSWORD, UNIT = "canbo", "tiendo57-demo", "19789"
BLOCK_ROWS = 4
LAST_OWED = """
    select max(o.day) from obligations o join units u on u.id = o.unit_id
    where u.code = ? and o.system = 'city' and o.day <= date('now', '+7 hours') and o.day > (
        select max(r.day) from reports r where r.unit_id = u.id)
"""
PAPER = """<meta charset="utf-8"><style>
@page { size: A4; margin: 15mm } body { font: 10.5pt/1.35 sans-serif } h1 { font-size: 16pt } h2 { font-size: 12pt }
h1, h2, p, ul, ol { margin: 0 0 1.8mm } li { margin: 0 } table { border-collapse: collapse; margin: 0 0 2mm }
td, th { border: 0.2mm solid #999; padding: 0.5mm 2mm; text-align: left } img { vertical-align: top }
</style>"""


def chromium() -> str:
    """Return the path of the browser."""
    for name in (os.environ.get("TIENDO57_TEST_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (path := shutil.which(name)):
            return path
    sys.exit("No Chromium found: name one in TIENDO57_TEST_CHROMIUM.")


@contextmanager
def served(database: Path) -> Iterator[str]:
    """Serve a copy of a demonstration at 16:40 of the last day that the ward owes."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            (day,) = target.execute(LAST_OWED, (UNIT,)).fetchone()
        if day is None:
            sys.exit("The ward owes nothing in this demonstration: load one anew.")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {
            **os.environ, "DATABASE_URL": f"sqlite:///{copy}", "TIENDO57_DEMONSTRATION": "true",
            "TIENDO57_LOG_LEVEL": "error",
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.browser.server", str(port), f"{day}T16:40:00+07:00"]
        server = subprocess.Popen(command, cwd=DOCS.parent, env=environment)  # noqa: S603
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(150):
                try:
                    urllib.request.urlopen(f"{address}/healthz")  # noqa: S310
                    break
                except URLError:
                    time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            server.wait(10)


def picture(page: Page, name: str, at: str | None = None) -> None:
    """Keep what the window shows, scrolled to the element `at`."""
    if at:
        page.locator(at).first.evaluate("one => scrollTo(0, one.getBoundingClientRect().top + scrollY - 8)")
    page.wait_for_timeout(300)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    sys.stderr.write(f"{path.name}: {size // 1024} KiB\n")
    assert size <= LARGEST, f"{path.name} is over {LARGEST} bytes"


def type_day(page: Page) -> list[tuple[str, int]]:
    """Type into each usual field what came in the day before, and resolve as much; return the fields and counts.

    What another system filled in stays as it is.
    """
    done = []
    rows = page.locator("#city-lines [data-row], #ministry-lines [data-row]")
    for n in range(rows.count()):
        row = rows.nth(n)
        past = row.locator(".past").first
        found = re.search(r"\d+", past.inner_text()) if past.count() else None
        count = int(found[0]) if found else 0
        if count:
            done.append((row.locator("strong").first.inner_text(), count))
        if count and not row.get_by_text("Nguồn: ").count():
            parts = {"received_online": count - count // 8, "received_counter": count // 8}
            parts |= {"resolved_early": count - count // 4, "resolved_on_time": count // 4}
            for column, part in parts.items():
                row.locator(f"[name$='[{column}]']").fill(str(part))
    return done


def walk(page: Page, address: str) -> None:
    """Go through an officer's day."""
    sign_in(page, address, USER)
    picture(page, "today", at="main")

    page.locator("main a[href$='/worksheet']").first.click()
    page.wait_for_selector(".find:not([hidden])")
    typed = type_day(page)
    first = page.locator("#city-lines [data-row] [name$='[received_online]']").first
    usual = first.input_value()
    first.focus()
    page.wait_for_timeout(300)  # the form selects what a cell holds
    first.fill(usual + usual[-1])  # one key too many
    page.locator("#city-lines [data-row] [name$='[received_online]']").nth(1).focus()  # a row is asked about when left
    page.wait_for_selector("#city-lines [data-row] [data-question]")
    page.wait_for_timeout(500)
    picture(page, "day", at="#city-lines [data-row]")

    heading = "Lĩnh vực\tTiếp nhận trực tuyến\tTrực tiếp, bưu chính\tGiải quyết trước hạn\tGiải quyết đúng hạn"
    block = "\n".join([heading, *(f"{name}\t{count}\t0\t{count}\t0" for name, count in typed[:BLOCK_ROWS])])
    page.locator("details.bring summary").click()
    page.fill(".bring [name=text]", block)
    page.locator(".bring button").first.click()
    page.wait_for_selector("#understood form[action$='/fill']")
    picture(page, "understood", at="#understood h2")

    first.fill(usual)
    page.wait_for_timeout(800)
    page.locator(".foot > button").click()
    page.wait_for_url("**/receipt")
    picture(page, "receipt", at="main")
    page.goto(f"{address}/throughput/month")
    picture(page, "month", at="main")


def sign_in(page: Page, address: str, user: str) -> None:
    """Come to one's first page."""
    page.goto(f"{address}/sign-in")
    page.fill("[name=user_name]", user)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(r"/(throughput/today|dashboard)"))


def desks(browser: Browser, address: str) -> None:
    """Look in at the analyst's desk, and at the ward leader's phone."""
    analyst = browser.new_page(viewport=DESK, locale="vi-VN", color_scheme="light")
    sign_in(analyst, address, "tonghop")
    analyst.goto(f"{address}/throughput/board")
    analyst.locator(".board-day a").first.click()  # the day before: with figures, and who is late
    analyst.wait_for_url(re.compile("day="))
    picture(analyst, "board", at="#board")
    analyst.goto(f"{address}/throughput/approvals")
    picture(analyst, "approvals", at="main")
    analyst.goto(f"{address}/throughput/forms/II.06a")
    picture(analyst, "form", at="#form-caption")
    leader = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, locale="vi-VN", color_scheme="light",
        has_touch=True,
    )  # fmt: skip
    sign_in(leader, address, "lanhdao.phuong")
    leader.goto(f"{address}/throughput/approvals")
    picture(leader, "leader-list", at="main")
    leader.locator("main a[href$='/approvals']").nth(1).click()
    leader.wait_for_url(re.compile(r"/(city|ministry)/approvals"))
    picture(leader, "leader-one", at="main")
    leader.goto(f"{address}/throughput/ranking")
    picture(leader, "leader-ranking", at="main")
    first = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, locale="vi-VN", color_scheme="light",
        has_touch=True,
    )  # fmt: skip
    sign_in(first, address, "lanhdao")
    picture(first, "leader-dashboard", at="main")


def tasks(browser: Browser, address: str) -> None:
    """Follow tasks: a ward's phone, and the analyst's desk."""
    phone = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, locale="vi-VN", color_scheme="light",
        has_touch=True,
    )  # fmt: skip
    sign_in(phone, address, USER)
    phone.goto(f"{address}/tasks/mine")
    picture(phone, "tasks-mine", at="main")
    phone.locator("main a[href$='/acts/updates']").first.click()
    phone.wait_for_url("**/acts/updates")
    phone.fill("#done", "Đã khảo sát xong, đang nhập danh mục")
    picture(phone, "tasks-update", at="main")
    phone.goto(f"{address}/tasks/KH98-11/asking")
    picture(phone, "tasks-asking", at="main")
    desk = browser.new_page(viewport=DESK, locale="vi-VN", color_scheme="light")
    sign_in(desk, address, "tonghop")
    desk.goto(f"{address}/tasks/compare?from=2025-09-30&to=2025-12-31&programme=centre")
    picture(desk, "tasks-compare", at="main h1")
    desk.goto(f"{address}/tasks/monthly/centre/2026-10")
    picture(desk, "tasks-month", at="main h1")


def indicators(browser: Browser, address: str) -> None:
    """Read indicators: a ward's own card on a phone, and the analyst's desk."""
    phone = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, locale="vi-VN", color_scheme="light",
        has_touch=True,
    )  # fmt: skip
    sign_in(phone, address, USER)
    phone.goto(f"{address}/indicators")
    picture(phone, "indicators-card", at="main")
    phone.goto(f"{address}/indicators/VH-01/why?unit={UNIT}")
    picture(phone, "indicators-why", at="main")
    desk = browser.new_page(viewport=DESK, locale="vi-VN", color_scheme="light")
    sign_in(desk, address, "tonghop")
    desk.goto(f"{address}/indicators/VH-01")
    desk.locator("form[action$='/citations'] button").first.click()
    desk.wait_for_url("**/c/*")
    picture(desk, "indicators-cited", at="main")
    desk.goto(f"{address}/indicators/VH-06/targets/new")
    desk.fill("#period", "2027")
    desk.fill("#low", "80")
    desk.fill("#document", "Kế hoạch 98/KH-BCĐ (minh họa)")
    desk.locator("main form button").click()
    desk.wait_for_url("**/indicators/VH-06*")
    picture(desk, "indicators-pace", at="main h1")
    desk.goto(f"{address}/indicators/estimates/qd766")
    picture(desk, "indicators-estimate", at="main h1")


def printed(browser: Browser, guide: Path) -> int:
    """Return on how many pages of A4 a guide prints."""
    body = MarkdownIt("commonmark").enable("table").render(guide.read_text(encoding="utf-8"))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".html", dir=DOCS) as sheet:
        sheet.write(PAPER + body)
        sheet.flush()
        page = browser.new_page()
        page.goto(Path(sheet.name).as_uri())
        pdf = page.pdf(prefer_css_page_size=True)
        page.close()
    if folder := os.environ.get("PDF"):
        (Path(folder) / guide.with_suffix(".pdf").name).write_bytes(pdf)
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def main(database: Path) -> None:
    """Take the pictures, then print the guides."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        environment: dict[str, Any] = {**os.environ, "FONTCONFIG_FILE": str(FONTS)}
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"], env=environment)
        with served(database) as address:
            size: ViewportSize = {"width": WIDTH, "height": HEIGHT}
            page = browser.new_page(
                viewport=size, device_scale_factor=1.5, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh",
                color_scheme="light", has_touch=True,
            )  # fmt: skip
            walk(page, address)
            desks(browser, address)
            tasks(browser, address)
            indicators(browser, address)
        for name in GUIDES:
            pages = printed(browser, DOCS / name)
            sys.stderr.write(f"{name}: {pages} pages\n")
            assert pages <= PAGES, f"{name} prints on more than {PAGES} pages"
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/tiendo57.db"))
