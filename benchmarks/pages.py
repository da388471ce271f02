"""Measures the day's form as a ward officer meets it, and the dashboard as a leader does; in headless Chromium.

Bytes, requests, paint, typing, sending. Prints each figure beside the bound it was given; run it with `make pages`.
"""

import gzip
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from app.core.assets import FOLDER, OWN_SCRIPTS, script
from tests.browser.conftest import FLAGS, TODAY, Site, installation
from tests.support.clients import OTHER, WARD

ROUNDS = 5
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # 400 kbit/s
SLOW_DOWN = 4
CELLS = 60
KEYS_A_SECOND = 2
QUICKEST = 100  # milliseconds between two keys of somebody who types faster than people do
FIGURES = 20
WATCH = """
window.seen = {lcp: 0, cls: 0, keys: []};
new PerformanceObserver(l => { for (const e of l.getEntries()) seen.lcp = e.startTime })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) seen.cls += e.value })
  .observe({type: "layout-shift", buffered: true});
new PerformanceObserver(l => { for (const e of l.getEntries()) if (e.name === "keydown") seen.keys.push(e.duration) })
  .observe({type: "event", durationThreshold: 16, buffered: true});
addEventListener("click", e => { if (e.target.closest(".foot button")) sessionStorage.pressed = Date.now() }, true);
new MutationObserver(() => {
  if (!sessionStorage.pressed || sessionStorage.told || !document.querySelector('[data-state="received"]')) return;
  requestAnimationFrame(() => setTimeout(() => sessionStorage.told = Date.now()));
}).observe(document, {subtree: true, attributeFilter: ["data-state"]});
"""


def context(browser: Browser, site: Site, user_name: str, *, width: int = 360, height: int = 800) -> BrowserContext:
    """Open a window of an officer who is signed in."""
    made = browser.new_context(
        base_url=site.address, viewport={"width": width, "height": height}, has_touch=width < 600
    )
    made.add_cookies(site.sign_in(user_name))  # type: ignore[arg-type]
    made.add_init_script(WATCH)
    return made


def slowed(page: Page, *, line: bool = True) -> CDPSession:
    """Give a page a slow line and a slow processor."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    if line:
        session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_DOWN})
    return session


def weigh(browser: Browser, site: Site, path: str, who: str) -> dict[str, float]:
    """Return what a page costs on the wire: cold in all, and what a second visit asks for."""
    with context(browser, site, who) as window:
        page = window.new_page()
        session = window.new_cdp_session(page)
        session.send("Network.enable")
        bytes_of: dict[str, float] = {}
        kept: set[str] = set()
        asked: list[str] = []
        session.on("Network.requestWillBeSent", lambda e: asked.append(e["requestId"]))
        session.on("Network.requestServedFromCache", lambda e: kept.add(e["requestId"]))
        session.on(
            "Network.responseReceived",
            lambda e: kept.add(e["requestId"]) if e["response"].get("fromDiskCache") else None,
        )
        session.on("Network.loadingFinished", lambda e: bytes_of.update({e["requestId"]: e["encodedDataLength"]}))
        page.goto(path, wait_until="networkidle")
        cold, requests = sum(bytes_of.values()), len(asked)
        asked.clear()
        bytes_of.clear()
        page.goto("about:blank")
        asked.clear()
        page.goto(path, wait_until="networkidle")
        warm = [r for r in asked if r not in kept]
        return {"cold": cold, "requests": requests, "warm": len(warm), "warm bytes": sum(bytes_of.values())}


def paint(browser: Browser, site: Site, path: str, who: str) -> tuple[float, float]:
    """Return seconds to the largest paint and the shift of layout, cold, on a slow line and a slow processor."""
    lcp, cls = [], []
    for _ in range(ROUNDS):
        with context(browser, site, who) as window:
            page = window.new_page()
            slowed(page)
            page.goto(path, wait_until="networkidle")
            seen: Any = page.evaluate("seen")
            lcp.append(seen["lcp"] / 1000)
            cls.append(seen["cls"])
    return statistics.median(lcp), max(cls)


def typing(browser: Browser, site: Site, path: str) -> float:
    """Return the 95th percentile of milliseconds from a key to the next paint over many cells, processor slowed."""
    with context(browser, site, "canbo.hai", width=1280) as window:
        page = window.new_page()
        page.goto(path, wait_until="networkidle")
        slowed(page, line=False)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        first = page.locator('input[name*="[received_online]"]').first
        first.focus()
        page.evaluate("seen.keys.length = 0")
        pressed = 0
        for n in range(CELLS):
            for key in (*str(10 + n), "Enter"):
                page.keyboard.press(key)
                pressed += 1
                page.wait_for_timeout(QUICKEST)
        page.wait_for_timeout(500)
        heard: list[float] = page.evaluate("seen.keys")
        # An event quicker than the threshold is not told; it counts as the threshold.
        durations = sorted([*heard, *[16.0] * max(0, pressed - len(heard))])
        return durations[int(len(durations) * 0.95) - 1]


def sending(browser: Browser, site: Site, path: str) -> tuple[float, float]:
    """Return seconds from the button to the city's word in the form's foot, and to the receipt; latency 400 ms."""
    told, shown = [], []
    for n in range(ROUNDS):
        with context(browser, site, "canbo") as window:
            page = window.new_page()
            page.goto(path, wait_until="networkidle")
            # Both parts: of one that nothing was typed into, the form would ask.
            page.fill('[name="ministry[lines][HT][received_online]"]', str(10 + n))
            page.fill('[name="city[lines][HT][received_online]"]', str(20 + n))
            page.wait_for_timeout(1500)
            slowed(page)
            page.get_by_role("button", name="Xác nhận và gửi").click()
            page.get_by_role("heading", name="Xác nhận đã nhận báo cáo").wait_for(timeout=20_000)
            now, seen = page.evaluate("[Date.now(), {...sessionStorage}]")
            told.append((int(seen["told"]) - int(seen["pressed"])) / 1000)
            shown.append((now - int(seen["pressed"])) / 1000)
    return statistics.median(told), statistics.median(shown)


def keyboard(browser: Browser, site: Site, path: str) -> float:
    """Return seconds for twenty figures by keyboard alone at two keys a second."""
    with context(browser, site, "canbo.hai", width=1280) as window:
        page = window.new_page()
        page.goto(path, wait_until="networkidle")
        page.locator('input[name*="[received_online]"]').first.focus()
        begin = time.perf_counter()
        for n in range(FIGURES):
            for key in (*str(10 + n), "Enter"):
                page.keyboard.press(key)
                page.wait_for_timeout(1000 / KEYS_A_SECOND)
        spent = time.perf_counter() - begin
        values: list[str] = page.eval_on_selector_all("input.count", "cells => cells.map(cell => cell.value)")
        missing = [str(10 + n) for n in range(FIGURES) if str(10 + n) not in values]
        if missing:
            raise SystemExit(f"typed, but in no cell: {missing}")
        return spent


@contextmanager
def fresh() -> Iterator[Site]:
    """Serve a demonstration of this run's own: what is loaded is kept in the folder above the one that is given."""
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "site"
        inside.mkdir()
        with installation(inside) as site:
            yield site


def main() -> None:
    """Measure everything in turn and print it."""
    form = f"/throughput/reports/{WARD}/{TODAY}/worksheet"
    other = f"/throughput/reports/{OTHER}/{TODAY}/worksheet"
    own = [script(name) for name in OWN_SCRIPTS if name != "api-docs.js"]
    vendored = [path.read_bytes() for path in FOLDER.glob("vendor/htmx*.js")]
    scripts = sum(len(gzip.compress(content, 9)) for content in (*own, *vendored))
    rows: list[tuple[str, str, str]] = []
    with fresh() as site, sync_playwright() as playwright:
        path = os.environ.get("TIENDO57_TEST_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for name, address, who, most, again in (
            ("today", "/", "canbo", "≤ 45", ""),
            ("the day's form", form, "canbo", "≤ 45", ""),
            ("the dashboard", "/dashboard", "lanhdao", "≤ 28", "≤ 4"),
        ):
            weight = weigh(browser, site, address, who)
            rows.append((f"{name}: cold, KB", f"{weight['cold'] / 1024:.1f}", most))
            rows.append(
                (f"{name}: requests cold / warm", f"{weight['requests']:.0f} / {weight['warm']:.0f}", "≤ 3 warm")
            )
            rows.append((f"{name}: warm, KB", f"{weight['warm bytes'] / 1024:.1f}", again))
            lcp, cls = paint(browser, site, address, who)
            rows.append((f"{name}: largest paint, s", f"{lcp:.2f}", "≤ 2.5"))
            rows.append((f"{name}: layout shift", f"{cls:.3f}", "≤ 0.02"))
        rows.append(("script in all, KB gzip", f"{scripts / 1024:.1f}", "≤ 20"))
        rows.append((f"key to paint, p95 of {CELLS} cells, ms", f"{typing(browser, site, other):.0f}", "≤ 100"))
        told, shown = sending(browser, site, form)
        rows.append(("sent to received on screen, s", f"{told:.2f}", "≤ 1.5"))
        rows.append(("sent to the receipt, s", f"{shown:.2f}", ""))
        rows.append(
            (f"{FIGURES} figures at {KEYS_A_SECOND} keys/s, s", f"{keyboard(browser, site, other):.0f}", "≤ 90")
        )
        browser.close()
    print(f"{'measure':<44}{'figure':>12}  wanted")
    for what, figure, wanted in rows:
        print(f"{what:<44}{figure:>12}  {wanted}")


if __name__ == "__main__":
    main()
