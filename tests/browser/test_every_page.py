"""Every page in every language, light and dark: no axe finding, no word in the console, nothing wider than a phone."""

import gzip
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from pydantic import SecretStr

from app.core.settings import Settings, project_root
from app.main import create_app
from tests.browser.conftest import OVERFLOWS, PHONE, TODAY, Visitor, launch
from tests.support.clients import WARD

HERE = Path(__file__).parent
AXE = next((HERE / "vendor").glob("axe-*.min.js")).read_text() + (HERE / "alike.js").read_text()
# Only two rules read what axe would fetch first: one is experimental and off, the other of media that no page has.
# With `others` all rules but those of colours are asked; with `colours` only those, of all or of some kinds of words.
RUN = """async (asked) => {
  const {rules, kinds} = asked ?? {};
  const colours = ["color-contrast", "link-in-text-block"];
  const options = {
    colours: {runOnly: {type: "rule", values: colours}},
    others: {rules: Object.fromEntries(colours.map((rule) => [rule, {enabled: false}]))},
  }[rules];
  const where = kinds ? {include: alike.of(kinds)} : document;
  const found = await axe.run(where, {resultTypes: ["violations"], preload: false, ...options});
  return found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
}"""
LOOK = f"""async ([fewer, asked]) => {{
  if (fewer) alike.fewer();
  return [await ({RUN})({{rules: "others"}}), alike.kinds(asked)];
}}"""
CSS = (project_root() / "static" / "app.css").read_text("utf-8")
# What the style sheet tells elements from another by, besides names and places; ids before and not between its braces.
ASKED = {
    "ids": re.findall(r"#([a-z][\w-]*)(?![^{}]*\})", CSS),
    "attributes": ["class", "style", "type", *re.findall(r"\[([a-z-]+)", CSS)],
}
AT = f"/throughput/reports/{WARD}"
STRANGER = ("/sign-in", "/nothing-here")
OFFICER = (
    "/throughput/today", "/dashboard", "/throughput/month", "/throughput/month?month=2025-06", f"{AT}/2025-07-04/texts",
    "/throughput/obligations", f"{AT}/{TODAY}/worksheet", f"{AT}/2025-07-04/worksheet", f"{AT}/2025-07-01/worksheet",
    f"{AT}/2025-07-04/receipt", f"{AT}/2025-07-04", f"{AT}/2025-07-04/city", f"{AT}/2025-07-01/city/revisions",
    "/throughput/reports", "/throughput/summary", "/sessions", "/tokens", "/tokens/new", "/password",
    "/throughput/reopenings", f"{AT}/2025-07-01/city/reopenings", f"{AT}/2025-07-04/city/approvals",
    "/throughput/reports/19753/2025-07-04", f"{AT}/{TODAY}/template", "/throughput/findings",
    "/throughput/figures", f"/throughput/figures/{WARD}/{TODAY}",
    "/throughput/reminders", f"/throughput/reminders/times/{WARD}", "/portal/gaps", "/portal/gaps/ageing",
)  # fmt: skip
ANALYST = (
    "/dashboard", "/dashboard?period=2025-07-04", f"/dashboard?period=2025-W27&unit={WARD}&field=HT",
    "/throughput/approvals?day=2025-07-04", "/throughput/reopenings?state=asked", f"{AT}/2025-07-01/city/approvals",
    "/throughput/reopenings/1",
    f"/throughput/board?day={TODAY}", "/throughput/board?day=2025-07-04&state=received_on_time",
    "/throughput/board?day=2025-07-05", "/throughput/board/text",
    "/throughput/definitions", "/throughput/definitions/overdue", "/throughput/definitions/late",
    f"/throughput/today?unit={WARD}", f"/throughput/month?unit={WARD}&month=2025-07",
    f"/throughput/obligations?day={TODAY}&waiver={WARD}.city",
    "/throughput/obligations", "/throughput/obligations?from=2025-07-01&to=2025-07-01", f"{AT}/{TODAY}/worksheet",
    "/throughput/reports?from=2025-07-03", "/throughput/summary?from=2025-07-01&to=2025-07-04",
    "/throughput/summary?from=2025-07-01&to=2025-07-01&as_of=2025-07-01T12:00:00%2B07:00&group_by=field",
    "/procedures", "/procedures/new", "/procedures/1.001193", "/fields", "/fields/new", "/fields/HT", "/calendar/days",
    "/calendar/days/2025-09-02", "/calendar/saturday-services", "/throughput/forms/daily",
    "/procedures/template", "/external-codes", "/throughput/forms/II.06a/frozen",
    "/throughput/forms/II.06a?period=2025-07&regime=calendar",
    "/throughput/forms/II.06a/missing?from=2025-07-01&to=2025-07-04",
    "/throughput/forms/II.06a/differences?from=2025-07-01&to=2025-07-04",
    "/throughput/forms/II.06a?from=2025-07-01&to=2025-07-04", "/throughput/ranking?from=2025-07-01&to=2025-07-04",
    "/throughput/ranking?from=2025-07-01&to=2025-07-04&rate=settlement", "/throughput/findings",
    "/throughput/figures", f"/throughput/figures/{WARD}/2025-07-04", "/throughput/figures/sources",
    "/throughput/figures/template", "/throughput/figures/imports", "/throughput/reminders", "/indicators/measures",
)  # fmt: skip
TASKS_OF_A_WARD = (
    "/tasks/mine", "/tasks", f"/tasks/KH98-01.{WARD}", f"/tasks/KH98-01.{WARD}/acts/updates",
    f"/tasks/KH98-01.{WARD}/acts/proposal", f"/tasks/KH98-01.{WARD}/acts/evidence", "/directives",
    "/tasks/shortcomings", f"/tasks/KH98-01.{WARD}/asking", "/search", "/search?q=ho+so",
)  # fmt: skip
TASKS = (
    "/tasks", "/tasks?bucket=not_started&programme=research", "/tasks/summary?programme=centre", "/tasks/scope",
    "/tasks/compare?from=2025-06-30&to=2025-07-04", "/tasks/gaps", "/tasks/programmes", "/tasks/programmes/centre",
    "/tasks/new", "/tasks/KH02-115", "/tasks/KH02-115/form", "/tasks/KH98-01/matrix", "/tasks/KH02-115/acts/milestones",
    "/tasks/KH02-115/acts/split", "/tasks/KH02-115/acts/reclassification", "/directives/1", "/directives/1/edit",
    "/directives/1/hand-out", "/directives/new", "/tasks/shortcomings", "/tasks/questions", "/tasks/blockers",
    "/tasks/KH02-115/asking", "/tasks/KH02-115?as_of=2025-07-03", "/tasks/shortcomings?as_of=2025-07-03",
    "/tasks/monthly", "/tasks/monthly/centre/2025-07", "/tasks/import",
    "/tasks/import?programme=city&directive=1&prefix=PL",
    "/search?q=truc+tuyen", "/search?q=khong+co+gi",
    "/tasks/positions", "/tasks/deadlines?year=2025", "/tasks/timeline", "/tasks/monthly/centre/2025-06",
)  # fmt: skip
INDICATORS_OF_A_WARD = (
    "/indicators",
    f"/indicators?unit={WARD}",
    f"/indicators/VH-01?unit={WARD}",
    "/indicators/VH-01/why",
)
INDICATORS = (
    "/indicators", f"/indicators?unit={WARD}", "/indicators?stale=true", "/indicators/sets", "/indicators/sets/QD766",
    "/indicators/sets/NQ57/export", "/indicators/targets", "/indicators/readings", "/indicators/readings/import",
    "/indicators/VH-01", "/indicators/HUE-NV-01", "/indicators/HUE-NV-02", "/indicators/VH-01/why",
    "/indicators/HUE-NV-02/why", "/indicators/VH-01/comparison", "/indicators/NQ57-01/comparison",
    "/tasks/KH02-115/indicators", "/indicators/NQ57-01/readings/new", "/indicators/NQ57-22/targets/new",
    "/indicators/estimates/qd766", "/indicators/citations",
)  # fmt: skip
PORTAL = (
    "/portal/health", "/portal/events", "/portal/aside", "/portal/codes", "/portal/codes?match=unmapped",
    "/portal/months", "/portal/comparison", "/portal/comparison?period=2025-Q3&everything=true",
    f"/portal/comparison/{WARD}/days?month=2025-07", "/portal/gaps", "/portal/gaps?state=closed&span=day",
    "/portal/gaps/ageing", "/portal/gaps/tolerance", "/portal/gaps/1",
    "/portal/exchanges", "/portal/exchanges?outcome=ok",
    "/portal/messages", "/portal/messages?state=parked",
)  # fmt: skip
ADMINISTRATOR = ("/users", "/users/new", "/users/1", "/users/1/edit", "/units", f"/units/{WARD}", "/units/new")
PAGES = [
    *((None, path) for path in STRANGER),
    *(("canbo", path) for path in OFFICER),
    *(("tonghop", path) for path in ANALYST),
    *(("canbo", path) for path in TASKS_OF_A_WARD),
    *(("tonghop", path) for path in TASKS),
    *(("canbo", path) for path in INDICATORS_OF_A_WARD),
    *(("tonghop", path) for path in INDICATORS),
    *(("tonghop", path) for path in PORTAL),
    *(("quantri", path) for path in ADMINISTRATOR),
]


# Redirects, health, and what other tests audit: a token's own page, the contract's, a frozen form's, an exchange's,
# a message's.
ELSEWHERE = {
    "/portal/exchanges/{number}",
    "/portal/messages/{number}",
    "/",
    "/favicon.ico",
    "/files/{number}",
    "/tasks/monthly/{programme}/{month}/document",
    "/tasks/{code}/files/{number}",
    "/directives/{number}/file",
    "/throughput/forms/II.06a/frozen/{number}",
    "/throughput/findings/{number}",
    "/calendar/find-day",
    "/healthz",
    "/readyz",
    "/tokens/{token_id}",
    "/api/docs",
    "/api/openapi.json",
    "/c/{token}",
}


@pytest.fixture(scope="module")
def chromium(driver: Playwright) -> Iterator[Browser]:
    """A browser in which nothing is clicked: it may draw on the thread that reads, which is a sixth cheaper."""
    with launch(driver, "--disable-threaded-compositing", "--disable-gpu-compositing") as browser:
        yield browser


@pytest.fixture(scope="module")
def kept() -> dict[str, list[BrowserContext]]:
    """The contexts of that browser."""
    return defaultdict(list)


def test_no_page_is_left_out() -> None:
    app = create_app(Settings(database_url=SecretStr("sqlite:///unused.db")))
    seen = [path.partition("?")[0] for _, path in PAGES]
    left = [
        route.path
        for route in iter_route_contexts(app.routes)
        if "GET" in (route.methods or ())
        and not (route.path or "").startswith("/api/v1/")
        and not any(route.path_regex.fullmatch(path) for path in seen)
    ]
    assert {re.sub(r":int", "", path or "") for path in left} == ELSEWHERE


class Eyes:
    """Axe in both lights: the same markup has other colours. Words of one kind have one, which is looked at once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._lights: list[Literal["light", "dark"]] = ["light", "dark"]

    def wrong(self, page: Page, *, fewer: bool = False) -> Iterator[str]:
        """Tell what is wrong with a page; what repeats itself may be taken out of it first."""
        found, kinds = page.evaluate(LOOK, [fewer, ASKED])
        yield from found
        if not (new := [kind for kind in kinds if kind not in self._seen]):
            return
        for light in self._lights:
            page.emulate_media(color_scheme=light)
            yield from (f"{light}: {finding}" for finding in page.evaluate(RUN, {"rules": "colours", "kinds": new}))
        self._lights.reverse()  # the next page comes in the light that is on
        self._seen.update(new)


@pytest.mark.parametrize(("locales", "width"), [(["vi", "fr"], 360), (["en"], 1280)])
def test_every_page_is_sound(visit: Callable[..., Visitor], locales: list[str], width: int) -> None:
    """Light and dark, on a phone and on a desk, where other parts are shown."""
    eyes = Eyes()
    wrong = [finding for locale in locales for finding in _walk(visit, locale, width, eyes)]
    assert not wrong, "\n".join(wrong)


def _walk(visit: Callable[..., Visitor], locale: str, width: int, eyes: Eyes) -> Iterator[str]:
    """Tell what is wrong with the pages in one language."""
    windows: dict[str | None, Visitor] = {}
    for who, path in PAGES:
        if who not in windows:
            windows[who] = visit(who, locale, width=width)
            windows[who].page.add_init_script(AXE)
        window = windows[who]
        answer = window.page.goto(path)
        assert answer is not None
        assert answer.status < 500, path
        yield from (f"{path} says {words}" for words in window.complaints)
        yield from (f"{path} {fault}" for fault in _shown(window, locale, width))
        yield from (f"{path}: {finding}" for finding in eyes.wrong(window.page, fewer=True))
        window.complaints.clear()


def _shown(window: Visitor, locale: str, width: int) -> Iterator[str]:
    """Tell of a page in another language, or that is wider than its window, or would be in a hand."""
    lang, wide = window.page.evaluate(f"[document.documentElement.lang, {OVERFLOWS}]")
    if lang != locale:
        yield f"is in {lang}"
    if wide:
        yield f"is wider than {width} px"
    if width > PHONE["width"]:
        window.page.set_viewport_size({"width": PHONE["width"], "height": 900})
        yield from _shown(window, locale, PHONE["width"])
        window.page.set_viewport_size({"width": width, "height": 900})


def test_the_dark_is_dark(visit: Callable[..., Visitor]) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = visit("canbo").go("/throughput/obligations").evaluate(background)
    dark = visit("canbo", color_scheme="dark").go("/throughput/obligations").evaluate(background)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(22, 18, 27)")


def test_the_style_sheet_is_small() -> None:
    assert len(gzip.compress((project_root() / "static" / "app.css").read_bytes())) <= 12 * 1024
