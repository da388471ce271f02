"""The leaders' dashboard as it is read: five answers on a phone, every number the API's, one sheet on paper."""

import re
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import Visitor

ANSWERS = ["served", "reported", "tasks", "targets", "gaps"]


def _words(value: int) -> str:
    """Return a number as Vietnamese pages write it."""
    return f"{value:,}".replace(",", ".")


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
        assert cells[6] == f"{_words(done['received'])}/{_words(done['expected'])}"
    named = page.locator("#reported a[lang=vi]").all_inner_texts()
    assert named == [one["name"] for one in data["reported"]["missing"]]
    counts = [re.match(r"[\d.]+", words)[0] for words in page.locator("#tasks .counts li").all_inner_texts()]  # type: ignore[index]
    assert counts == [_words(one["count"]) for one in data["tasks"]["buckets"] if one["count"]]
    assert page.locator("#overdue-table tbody tr").count() == len(data["tasks"]["overdue"])
    assert page.locator("#missed-table tbody tr").count() == len(data["targets"]["missed"])


def test_the_briefing_for_the_morning_is_one_sheet(visit: Callable[..., Visitor]) -> None:
    page = visit("lanhdao", width=1280).go("/dashboard")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    page.emulate_media(media="print")
    assert page.locator("h1").is_visible()
    assert "Số liệu đến" in page.locator(".lead").inner_text(), "the cut-off"
    assert page.locator(".print-only").last.is_visible(), "the source"
    assert not page.locator("form.filters").is_visible()
