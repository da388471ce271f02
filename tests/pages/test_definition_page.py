"""The page of the daily report's definition: shown to readers, changed by a form without script."""

import html
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from app.core import i18n
from app.core.settings import Locale
from app.demo.loader import _publish
from tests.support.clients import PageClient
from tests.support.page import read

People = Callable[..., PageClient]
PAGE = "/throughput/forms/daily"


def filled(page: str) -> list[tuple[str, str]]:
    """Return what the page's form would send as it stands."""
    pairs, inside = [], False
    for node in read(page).nodes:
        if node.tag == "form":
            inside = node.attrs.get("action") == PAGE
        if not inside or "form" not in node.parents or not node.attrs.get("name"):
            continue
        if node.tag == "textarea":
            pairs.append((node.attrs["name"], node.text.strip()))
        elif node.tag == "input" and (node.attrs.get("type") != "checkbox" or "checked" in node.attrs):
            pairs.append((node.attrs["name"], node.attrs["value"]))
    return pairs


def send(browser: PageClient, pairs: list[tuple[str, str]], **values: str) -> Any:
    """Send the form with some values changed."""
    data: dict[str, list[str]] = {}
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    data |= {name.replace("__", "[") + ("]" if "__" in name else ""): [value] for name, value in values.items()}
    return browser.post(PAGE, data=data)


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_a_reader_sees_it_and_is_offered_no_form(people: People, locale: Locale) -> None:
    browser = people("ward_officer")
    browser.cookies.set("lang", locale)
    browser.locale = locale
    calendar = browser.get("/calendar/days").text
    assert f'<a href="{PAGE}">{i18n.translate("throughput.form_title", locale)}</a>' in calendar
    page = browser.get(PAGE)
    assert page.status_code == 200
    words = html.unescape(page.text)
    ward = i18n.translate("units.ward", locale)
    percent = "\u202f%" if locale == "fr" else "%"
    shares = [f"{number}{percent}" for number in (80, 95, 3)]
    for shown in ("Trung tâm Phục vụ hành chính công thành phố", "17:00", *shares, ward):
        assert shown in words
    assert 'method="post" action="/throughput' not in page.text


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_an_editor_sends_the_form(people: People, locale: Locale) -> None:
    browser = people("city_analyst")
    browser.cookies.set("lang", locale)
    browser.locale = locale
    pairs = filled(browser.get(PAGE).text)
    assert len(pairs) == 31
    assert send(browser, pairs).status_code == 303  # as it stands: nothing changes
    assert dict(filled(browser.get(PAGE).text))["_if_match"] == "1"
    online = "81,25%" if locale != "en" else "81.25 %"
    saved = send(browser, pairs, city_due="17:15", targets__online=online, targets__overdue="0,5 %", lock_days="4")
    assert (saved.status_code, saved.headers["location"]) == (303, PAGE)
    now = dict(filled(browser.get(PAGE).text))
    assert (now["_if_match"], now["city_due"], now["lock_days"]) == ("2", "17:15", "4")
    decimal = "." if locale == "en" else ","
    assert now["targets[online]"].replace("\u202f", "") == f"81{decimal}25%"
    assert now["targets[overdue]"].replace("\u202f", "") == f"0{decimal}50%"
    stale = send(browser, pairs, city_due="17:30")
    assert stale.status_code == 412
    assert 'value="17:30"' in stale.text


def test_a_refused_form_comes_back_as_it_was_sent(people: People) -> None:
    browser = people("city_analyst")
    pairs = [pair for pair in filled(browser.get(PAGE).text) if pair[0] != "reporting_units[]"]
    wrong = {"title": " ", "city_due": "25:00", "lock_days": "0", "targets__online": "80", "targets__on_time": "nhiều"}
    refused = send(browser, pairs, **wrong)
    assert refused.status_code == 422
    page = read(refused.text)
    faults = {n.attrs["id"].removesuffix("-error") for n in page.nodes if n.attrs.get("id", "").endswith("-error")}
    assert faults == {"title", "reporting_units", "city_due", "lock_days", "targets-online", "targets-on_time"}
    inputs = {n.attrs["name"]: n.attrs["value"] for n in page.all("input") if "name" in n.attrs}
    assert (inputs["city_due"], inputs["targets[online]"], inputs["targets[on_time]"]) == ("25:00", "80", "nhiều")
    assert not [n for n in page.all("input") if n.attrs.get("type") == "checkbox" and "checked" in n.attrs]
    assert [n for n in page.all("details") if "open" in n.attrs]
    assert dict(filled(browser.get(PAGE).text))["title"] == "Báo cáo ngày về giải quyết thủ tục hành chính"
    late = send(browser, filled(browser.get(PAGE).text), city_due="16:00")
    assert i18n.translate("error.due_before_cut_off", "vi") in late.text


def test_who_may_not(people: People, stranger: PageClient) -> None:
    pairs = filled(people("city_analyst").get(PAGE).text)
    assert stranger.get(PAGE).headers["location"].startswith("/sign-in")
    assert send(people("administrator"), pairs, city_due="17:15").status_code == 403
    assert dict(filled(people("city_analyst").get(PAGE).text))["city_due"] == "17:00"


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_published_figures_in_the_readers_language(
    app: FastAPI, people: People, session: Session, locale: Locale
) -> None:
    _publish(session)
    session.commit()
    browser = people("city_analyst")
    browser.cookies.set("lang", locale)
    browser.locale = locale
    day = date(2025, 7, 14)
    words = browser.get(f"/throughput/summary?from={day}&to={day}").text
    source = {
        "vi": "Báo chí, tổng kết hai tuần", "en": "Press, two weeks", "fr": "Presse, bilan de deux semaines",
    }[locale]  # fmt: skip
    count = {"vi": "3.425 hồ sơ", "en": "3,425 dossiers", "fr": "3\u202f425 dossiers"}[locale]
    share = {"vi": "95%", "en": "95%", "fr": "95\u202f%"}[locale]
    note = {"vi": "không công bố tử số", "en": "was not published", "fr": "n’a pas été publié"}[locale]
    assert [text in words for text in (source, count, share, note)] == [True] * 4
    assert "printed without" not in words or locale == "en"
