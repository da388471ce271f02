"""The leaders' dashboard as it is read: five answers on a phone, every number the API's, one sheet on paper."""

import re
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import Visitor

ANSWERS = ["served", "reported", "tasks", "targets", "gaps"]


def _words(value: int) -> str:
    """Return a number as Vietnamese pages write it."""
    return f"{value:,}".replace(",", ".")


def _numbers(words: str) -> list[int]:
    """Return the whole numbers of some words; a percentage is told by what it is made of."""
    found = re.findall(r"\d[\d.]*(?:,\d+)?%?", words)
    return [int(one.replace(".", "")) for one in found if "," not in one and "%" not in one]


def test_five_answers_come_on_the_first_two_screens_of_a_phone(visit: Callable[..., Visitor]) -> None:
    window = visit("lanhdao", width=360)
    page = window.go("/")
    assert page.url.endswith("/dashboard")
    answers = page.locator(".answers li")
    assert [one.get_attribute("href") for one in answers.locator("a").all()] == [f"#{name}" for name in ANSWERS]
    box = answers.last.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 2 * 800
    for name in ANSWERS:
        assert page.locator(f"#{name} h2").count() == 1, "each leads to what is behind it"
    assert not window.overflows


def test_it_comes_over_a_slow_line(visit: Callable[..., Visitor]) -> None:
    """A first visit of 28 KB at most, all told; unchanged the page is not sent again."""
    page = visit("lanhdao", width=360, apart=True).page
    sent: dict[str, int] = {}
    page.on("requestfinished", lambda one: sent.update({one.url: one.sizes()["responseBodySize"]}))
    page.goto("/dashboard", wait_until="networkidle")
    assert len(sent) >= 3, "page, style sheet, script"
    assert 12 * 1024 < sum(sent.values()) <= 28 * 1024, sent
    sent.clear()
    page.goto("/dashboard", wait_until="networkidle")
    assert sum(sent.values()) <= 4 * 1024, sent


def test_every_number_of_the_page_is_the_interface_s(visit: Callable[..., Visitor]) -> None:
    page = visit("lanhdao", width=1280).go("/dashboard")
    data: dict[str, Any] = page.request.get("/dashboard.json").json()
    rows = page.locator("#served-table tbody tr")
    assert rows.count() == len(data["served"]["spans"]) == 4
    for row, span in zip(rows.all(), data["served"]["spans"], strict=True):
        cells = row.locator("td").all_inner_texts()
        for cell, name in zip(cells, ("received", "resolved", "pending", "on_time", "overdue", "online"), strict=False):
            told = re.findall(r"\d[\d.]*/\d[\d.]*" if isinstance(span[name], dict) else r"\d[\d.]*", cell)
            wanted = []
            for one in (span, span["previous"], span["week_before"]):
                if one is not None and isinstance(one[name], dict):
                    wanted.append(f"{_words(one[name]['numerator'])}/{_words(one[name]['denominator'])}")
                elif one is not None:
                    wanted += [_words(one[name])]
                    if name == "pending" and one is span:
                        wanted.append(_words(one["pending_overdue"]))
            assert told == wanted, (name, cell)
        done = span["completeness"]
        due = done["expected"] - span["not_due"]
        assert _numbers(cells[6]) == (
            [done["received"], due] + [span["not_due"]] * (span["not_due"] > 0) if due else []
        )
    named = page.locator("#reported p a[lang=vi]").all_inner_texts()
    assert named == [one["name"] for one in data["reported"]["missing"]]
    counts = [re.match(r"[\d.]+", words)[0] for words in page.locator("#tasks .counts li").all_inner_texts()]  # type: ignore[index]
    assert counts == [_words(one["count"]) for one in data["tasks"]["buckets"] if one["count"]]
    assert page.locator("#overdue-table tbody tr").count() == len(data["tasks"]["overdue"])
    assert page.locator("#missed-table tbody tr").count() == len(data["targets"]["missed"])


def test_every_number_of_answers_days_and_lists_is_the_interface_s(visit: Callable[..., Visitor]) -> None:
    page = visit("lanhdao", width=1280).go("/dashboard")
    data: dict[str, Any] = page.request.get("/dashboard.json").json()
    served, gaps = data["served"], data["gaps"]
    day, counts = served["spans"][0], {one["bucket"]: one["count"] for one in data["tasks"]["buckets"]}
    told = [_numbers(words) for words in page.locator(".answers li > span").all_inner_texts()]
    rate = day["on_time"]
    assert told[0] == [day["received"], day["resolved"], rate["numerator"], rate["denominator"]]
    assert told[2][:2] == [counts["overdue"], data["tasks"]["total"]]
    stand = {one["standing"]: one["count"] for one in data["targets"]["counts"]}
    without, unknown = stand.get("no_target", 0), stand.get("no_data", 0)
    judged = sum(stand.values()) - without - unknown
    assert told[3] == [len(data["targets"]["missed"]), judged, without, unknown]
    assert data["targets"]["judged"] == judged
    assert min(judged, without, unknown) > 0
    assert told[4] == [gaps["standing"], gaps["unexplained"]]
    for summary in page.locator("#series summary, #duty summary").all():
        summary.click()
    rows, marks = page.locator("#series-table tbody tr").all(), page.locator("#series g title").all_text_contents()
    for row, mark, one in zip(rows, marks, served["series"], strict=True):
        known = [] if one["received"] is None else [one["received"], one["resolved"]]
        assert _numbers(mark.partition(":")[2]) == known
        known += [one["on_time"]["numerator"], one["on_time"]["denominator"]] if one["on_time"] else []
        assert _numbers(" ".join(row.locator("td").all_inner_texts())) == known
    assert len(rows) == 31
    owed = [one for one in served["series"] if one["expected"]]
    cells = page.locator("#duty-table tbody tr").all()
    for row, one in zip(cells, owed, strict=True):
        known = [one["complete"], one["expected"]] + [one["not_due"]] * (one["not_due"] > 0)
        assert _numbers(" ".join(row.locator("td").all_inner_texts())) == known
    late = page.locator("#overdue-table tbody td:last-child").all_inner_texts()
    assert [_numbers(words) for words in late] == [[-one["days_left"]] for one in data["tasks"]["overdue"]]
    ages = page.locator("#gaps .counts li").all_inner_texts()
    names = ("to_1", "to_3", "to_7", "more", "unexplained") if gaps["standing"] else ()
    assert [_numbers(words.rpartition(":")[2]) for words in ages] == [[gaps[name]] for name in names]
    ages = page.locator("#blockers li > span").all_inner_texts()
    assert [_numbers(words.rpartition(",")[2]) for words in ages] == [[one["age"]] for one in data["blockers"]["items"]]


def test_the_briefing_for_the_morning_is_one_sheet(visit: Callable[..., Visitor]) -> None:
    page = visit("lanhdao", width=1280).go("/dashboard")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    page.emulate_media(media="print")
    assert page.locator("h1").is_visible()
    assert "Số liệu đến" in page.locator(".lead").inner_text(), "the cut-off"
    assert [one.is_visible() for one in page.locator(".answers li").all()] == [True] * 5
    assert page.locator(".print-only").last.is_visible(), "the source"
    assert not page.locator("form.filters").is_visible()


# As much as there can be: long titles everywhere, as many rows as are printed of both tables, and blockers.
FULL = """() => {
  const long =
    "Hoàn thiện hạ tầng số và kết nối, chia sẻ dữ liệu giữa các cơ quan theo lộ trình Nghị quyết 57 (bổ sung)";
  if (!document.querySelector("#targets .table-scroll")) {
    const made = document.querySelector("#tasks .table-scroll").cloneNode(true);
    made.querySelector("table").id = "missed-table";
    document.querySelector("#targets p").replaceWith(made);
  }
  for (const body of document.querySelectorAll("#overdue-table tbody, #missed-table tbody")) {
    while (body.rows.length < 20) body.append(body.rows[0].cloneNode(true));
    [...body.rows].forEach((row, n) => {
      row.classList.toggle("screen-only", n >= 3);
      row.querySelector("th a").textContent = long;
    });
    body.closest("section").insertAdjacentHTML("beforeend", '<p class="print-only">Còn 17 mục khác trên trang.</p>');
  }
  document.querySelector("#blockers")?.remove();
  const whose = '<span class="muted">Sở Khoa học và Công nghệ, Giám đốc Sở, 12 ngày</span>';
  const one = `<li>${long} ${long.slice(0, 35)} ${whose}</li>`;
  document.querySelector("#gaps").insertAdjacentHTML(
    "afterend", `<section id="blockers"><h2>Điểm nghẽn</h2><ul>${one}${one}</ul></section>`
  );
}"""


def test_with_all_that_may_be_wrong_it_still_prints_on_one_sheet(visit: Callable[..., Visitor]) -> None:
    """Late tasks beside missed targets, missing units, gaps and blockers; where words are longest, too."""
    window = visit("lanhdao", width=1280)
    for locale in ("vi", "fr"):
        page = window.go("/dashboard")
        page.context.add_cookies([{"name": "lang", "value": locale, "url": page.url}])
        page.reload()
        page.evaluate(FULL)
        page.emulate_media(media="print")
        assert page.locator("#missed-table tbody tr:visible").count() == 3
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1, locale


PRINTED = (
    "/dashboard", "/throughput/summary?from=2025-07-01&to=2025-07-04&group_by=day", "/throughput/board?day=2025-07-04",
    "/throughput/ranking?from=2025-07-01&to=2025-07-04", "/tasks/summary", "/tasks", "/indicators",
    "/portal/gaps/ageing",
)  # fmt: skip


def test_on_paper_a_page_is_heading_figures_and_source(visit: Callable[..., Visitor]) -> None:
    """No navigation, form or button; whose figures of when, until when, and from which address at which moment."""
    window = visit("lanhdao", width=1280)
    for path in PRINTED:
        page = window.go(path)
        page.emulate_media(media="print")
        assert page.locator("h1").is_visible(), path
        away = ".nav, form, button, .button, .header__caller, .header__mark, .skip-link, .paging, .languages"
        assert [one.inner_text() for one in page.locator(away).all() if one.is_visible()] == [], path
        words = page.locator("main").inner_text()
        if path.startswith("/throughput"):
            assert "07/2025" in words, f"{path}: the period"
            assert re.search(r"Số liệu (tính )?đến|Số đến", words), f"{path}: the cut-off"
        foot = page.locator(".footer").inner_text()
        assert path.partition("?")[0] in foot
        assert re.search(r"Nguồn:.*07/07/2025 16:45", foot), path
        colours = "[...document.querySelectorAll('main a')].map(a => getComputedStyle(a).textDecorationLine)"
        assert set(page.evaluate(colours)) <= {"none"}, f"{path}: links are no noise"
        overflow = (
            "Math.max(...[...document.querySelectorAll('.table-scroll')].map(e => e.scrollWidth - e.clientWidth), 0)"
        )
        page.set_viewport_size({"width": 1040 if page.locator(".table-scroll--wide").count() else 703, "height": 900})
        assert page.evaluate(overflow) <= 1, f"{path}: a table is cut"
        page.set_viewport_size({"width": 1280, "height": 800})
