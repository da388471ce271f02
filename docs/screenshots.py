"""Takes the pictures of the guides from a running demonstration, and changes nothing in it.

    .venv/bin/python docs/screenshots.py [http://127.0.0.1:8000]

A phone's width, Vietnamese. Chromium is found as the tests find it (`TIENDO57_TEST_CHROMIUM`, else on the path).
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
LARGEST = 120 * 1024
WIDTH, HEIGHT = 360, 640
USER, PASSWORD, UNIT = "canbo", "tiendo57-demo", "19789"


def chromium() -> str:
    """Return the path of the browser."""
    for name in (os.environ.get("TIENDO57_TEST_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (path := shutil.which(name)):
            return path
    sys.exit("No Chromium found: name one in TIENDO57_TEST_CHROMIUM.")


def picture(page: Page, name: str, at: str | None = None, height: int = HEIGHT) -> None:
    """Keep the page as a picture, from the top or from the element `at` down."""
    place = page.locator(at).first.bounding_box() if at else None
    top = max(0, int(place["y"]) - 4) if place else 0
    whole = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": top, "width": WIDTH, "height": min(height, whole - top)}
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, clip=clip, full_page=True)
    size = path.stat().st_size
    sys.stderr.write(f"{path.name}: {size // 1024} KiB\n")
    assert size <= LARGEST, f"{path.name} is over {LARGEST} bytes"


def main(address: str) -> None:
    """Walk through an officer's day."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        size = {"width": WIDTH, "height": HEIGHT}
        page = browser.new_page(viewport=size, device_scale_factor=1.5, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
        page.goto(f"{address}/sign-in")
        picture(page, "sign-in")
        page.fill("[name=user_name]", USER)
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit], main button:not([type])")
        page.goto(f"{address}/throughput/obligations")
        picture(page, "owed")

        page.locator("main a[href$='/worksheet']").first.click()
        first = "[name='city[lines][HT][{}]']".format
        page.fill(first("received_online"), "14")
        page.fill(first("received_counter"), "2")
        page.fill(first("resolved_early"), "9")
        page.fill(first("resolved_on_time"), "4")
        page.locator("h1").click()
        picture(page, "worksheet", at=f"tr:has({first('received_online')})")
        page.fill(first("pending_in_time"), "90")
        page.locator("button[name=_only][value=city]").click()
        picture(page, "refused", at="main", height=560)

        page.goto(f"{address}/throughput/reports")
        report = page.locator(f"main a[href*='/reports/{UNIT}/']").first.evaluate("a => a.href")
        page.goto(f"{report.removesuffix('/city').removesuffix('/ministry')}/receipt")
        picture(page, "receipt", at="main")
        page.goto(f"{address}/throughput/reports/{UNIT}/2025-07-01/city/revisions")
        picture(page, "revisions", at="main")
        page.goto(f"{address}/throughput/summary?from=2025-07-01&to=2025-07-31&group_by=field")
        picture(page, "summary", at="main table >> nth=1")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
