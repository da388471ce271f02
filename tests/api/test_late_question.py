"""Why a report came late is asked until somebody says: no revision without an answer makes the question go."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.web import API
from tests.pages.test_throughput_pages import form_of
from tests.support.clients import WARD, PageClient, SetClock, line, report
from tests.support.workbooks import HEADINGS, workbook

Api = Callable[..., TestClient]
AT = f"{API}/throughput/reports/{WARD}"
DAY, BEFORE = "2026-11-20", "2026-11-19"
WHY = {"warning": "late", "reason": "late_sync"}
ROW = ("HT", "Hộ tịch", 9, 0, 0, 0, 0, 0, 0)


def late(client: TestClient, day: str = DAY) -> list[bool]:
    """Return whether the question of lateness stands, and is answered, in the report that stands."""
    found = client.get(f"{AT}/{day}/city").json()["warnings"]
    return [w["answered"] for w in found if w["code"] == "late"]


def put(client: TestClient, body: dict[str, Any], day: str = DAY, version: int | None = None) -> None:
    headers = {"if-match": f'"{version}"'} if version else {}
    answer = client.put(f"{AT}/{day}/city", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text


@pytest.fixture
def officer(api: Api, clock: SetClock) -> TestClient:
    """An officer whose report came half an hour after its deadline, without a word."""
    client = api()
    clock.set(f"{BEFORE}T16:45+07:00")
    put(client, report(line(received_online=4)), BEFORE)
    clock.set(f"{DAY}T17:30+07:00")
    put(client, report(line(received_online=5)))
    assert late(client) == [False]
    return client


def by_api(officer: TestClient, browser: PageClient) -> None:
    put(officer, report(line(received_online=6)), version=1)


def by_page(officer: TestClient, browser: PageClient) -> None:
    at = f"/throughput/reports/{WARD}/{DAY}"
    form = form_of(browser.get(f"{at}/worksheet").text, at)
    form["city[lines][HT][received_online]"] = "6"
    assert browser.post(at, data=form | {"_only": "city"}, follow_redirects=False).status_code == 303


def by_file(officer: TestClient, browser: PageClient) -> None:
    file = {"file": ("ngay.xlsx", workbook(HEADINGS, ROW))}
    answer = officer.post(f"{AT}/{DAY}/import", files=file, headers={"if-match": '"1-0"'})
    assert answer.status_code == 200, answer.text


def carried(officer: TestClient, browser: PageClient) -> None:
    why = [{"warning": "correction", "reason": "late_correction"}]
    put(officer, report(line(received_online=7), reasons=why, carry_forward=True), BEFORE, 1)
    assert officer.get(f"{AT}/{DAY}/city").json()["totals"]["carried_over"] == 7


@pytest.mark.parametrize("door", [by_api, by_page, by_file, carried])
def test_a_later_revision_leaves_it_standing_until_it_is_answered(
    officer: TestClient, people: Callable[..., PageClient], door: Callable[[TestClient, PageClient], None]
) -> None:
    browser = people()
    door(officer, browser)
    assert (officer.get(f"{AT}/{DAY}/city").json()["version"], late(officer)) == (2, [False])
    asked = officer.get(f"{API}/throughput/today").json()["gaps"]["items"]
    assert "late" in {one["code"] for one in asked if one["day"] == DAY}
    page = browser.get(f"/throughput/reports/{WARD}/{DAY}/worksheet").text
    assert "city[reasons][late-][reason]" in page
    standing = officer.get(f"{AT}/{DAY}/city").json()["lines"][0]
    again = line(received_online=standing["received_online"], carried_over=standing["carried_over"])
    put(officer, report(again, reasons=[WHY]), version=2)
    assert late(officer) == [True]


def test_an_answer_once_given_is_kept_by_what_cannot_say_it(officer: TestClient, clock: SetClock) -> None:
    put(officer, report(line(received_online=5), reasons=[WHY]), version=1)
    file = {"file": ("ngay.xlsx", workbook(HEADINGS, ROW))}
    answer = officer.post(f"{AT}/{DAY}/import", files=file, headers={"if-match": '"2-0"'})
    assert answer.status_code == 200, answer.text
    assert late(officer) == [True]
    why = [{"warning": "correction", "reason": "late_correction"}]
    put(officer, report(line(received_online=7), reasons=why, carry_forward=True), BEFORE, 1)
    assert late(officer) == [True]


def test_the_worksheet_says_what_sending_asks(officer: TestClient, clock: SetClock) -> None:
    def is_late(day: str = DAY, system: str = "city") -> bool:
        return bool(officer.get(f"{AT}/{day}/worksheet").json()[system]["is_late"])

    assert is_late(), "met late, and nobody said why"
    assert not is_late(BEFORE), "met in time"
    assert not is_late(system="ministry"), "not met, and due another day"
    put(officer, report(line(received_online=5), reasons=[WHY]), version=1)
    assert (is_late(), late(officer)) == (False, [True])
    put(officer, report(line(received_online=6)), version=2)
    assert (is_late(), late(officer)) == (True, [False]), "a correction that leaves the reason out is asked again"
    clock.set(f"{DAY}T23:59+07:00")
    assert is_late(BEFORE, "ministry"), "not met, and its deadline is over"


def test_who_was_on_time_is_never_asked(officer: TestClient, clock: SetClock) -> None:
    clock.set(f"{DAY}T08:00+07:00")
    put(officer, report(line(received_online=5)), BEFORE, 1)
    assert late(officer, BEFORE) == []
