"""A system of the day's form of which nothing was typed: it is asked about, not sent as zeros."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.errors import Fault
from app.core.web import API
from app.throughput.untouched import NOTHING_TYPED, put_off, untouched
from tests.pages.test_throughput_pages import cell, form_of
from tests.support.clients import DAY, WARD, PageClient, SetClock, line, report

AT = f"/throughput/reports/{WARD}/{DAY}"
BEFORE = "2026-11-19"
People = Callable[..., PageClient]
Api = Callable[..., TestClient]


def systems(client: TestClient) -> dict[str, Any]:
    """Return the reports that stand."""
    answer = client.get(f"{API}{AT}")
    return {s: answer.json()[s] for s in ("city", "ministry")} if answer.status_code == 200 else {}


def button(page: str, name: str) -> str:
    """Return what a button of the question says."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page[page.index("foot__ask") :])
    assert found
    return unescape(found[1])


def test_a_form_left_as_it_was_is_asked_about_and_sent_by_one_answer(people: People, api: Api) -> None:
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True)
    assert form["_fresh"] == "city ministry"
    asked = officer.post(AT, data=form)
    assert asked.status_code == 422
    assert "Chưa nhập số nào. Hôm đó có đúng là không có hồ sơ?" in asked.text
    assert "Cần sửa" not in asked.text
    assert systems(api()) == {}
    again = form_of(asked.text, AT, asks=True)
    assert officer.post(AT, data=again).status_code == 422  # pressed once more, it is asked once more
    sent = officer.post(AT, data=again | {"_with": button(asked.text, "_with")})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{AT}/receipt")
    for one in systems(api()).values():
        assert [(w["code"], w["answered"]) for w in one["warnings"]] == [("all_zero", True)]
        assert one["reasons"][0]["note"] == "Không phát sinh hồ sơ"


def test_one_system_typed_is_sent_and_the_other_left_for_later(people: People, api: Api) -> None:
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True) | {cell("HT", "received_online"): "3"}
    asked = officer.post(AT, data=form)
    assert asked.status_code == 422
    assert "Hệ thống của bộ, ngành: chưa nhập số nào" in asked.text
    assert form_of(asked.text, AT, asks=True)[cell("HT", "received_online")] == "3"
    sent = officer.post(AT, data=form_of(asked.text, AT, asks=True) | {"_only": button(asked.text, "_only")})
    assert sent.status_code == 303
    stand = systems(api())
    assert stand["city"]["totals"]["received"] == 3
    assert stand["ministry"] is None


def test_an_outage_is_not_made_a_day_of_zeros(people: People, api: Api) -> None:
    down = {"unavailable": {"reason": "Mất kết nối"}}
    assert api().put(f"{API}{AT}/ministry", json=down).status_code == 201
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True) | {cell("HT", "received_online"): "3"}
    assert officer.post(AT, data=form).status_code == 422
    assert systems(api())["ministry"]["unavailable"] is not None


def test_what_another_sent_meanwhile_comes_before_the_question(people: People, api: Api) -> None:
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True)
    assert api().put(f"{API}{AT}/city", json=report(line(received_online=9))).status_code == 201
    refused = officer.post(AT, data=form)
    assert refused.status_code == 422
    assert "foot__ask" not in refused.text
    assert form_of(refused.text, AT, asks=True)[cell("HT", "received_online")] == "9"


def test_what_is_wrong_comes_before_the_question(people: People) -> None:
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True) | {cell("HT", "received_online"): "x"}
    refused = officer.post(AT, data=form)
    assert "Cần sửa 1 lỗi" in refused.text
    assert "foot__ask" not in refused.text


ROW = {"field": "HT", "received_online": "0", "resolved_early": "0", "pending_overdue": "4"}


@pytest.mark.parametrize(
    ("part", "asked"),
    [
        ({"lines": {"HT": ROW}}, True),
        ({"lines": {"HT": ROW | {"received_online": " "}}}, True),
        ({"lines": {"HT": ROW | {"resolved_overdue": "1"}}}, False),
        ({"lines": {"HT": ROW | {"received_post": "x"}}}, False),
        ({"lines": {"HT": ROW}, "reasons": {"0": {"warning": "all_zero", "reason": "other"}}}, False),
        ({"lines": {"HT": ROW}, "reasons": {"0": {"warning": "all_zero", "reason": ""}}}, True),
        ({"lines": {"HT": ROW}, "reasons": {"0": {"warning": "late", "reason": "other"}}}, True),
        ({"unavailable": {"reason": "x"}}, False),
        ({"lines": "x", "reasons": "x"}, False),
    ],
)
def test_which_part_says_nothing(part: dict[str, Any], asked: bool) -> None:
    assert bool(untouched({"city": part}, ["city"])) == asked
    assert untouched({"city": part}, ["ministry"]) == []


def test_a_part_that_a_machine_filled_in_is_not_asked_about(people: People, api: Api) -> None:
    of_day = {"unit": WARD, "day": DAY, "system": "city", "lines": [{"field": "HT", "received_online": 0}]}
    body = {"source": "one-gate", "basis": "daily", "items": [of_day]}
    assert api("machine", scopes=["figures:send"]).put(f"{API}/throughput/figures", json=body).json()["accepted"] == 1
    assert form_of(people().get(f"{AT}/worksheet").text, AT, asks=True)["_fresh"] == "ministry"


def test_what_was_left_for_later_is_not_asked_again_when_the_other_is_corrected(people: People, api: Api) -> None:
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True) | {cell("HT", "received_online"): "3"}
    asked = officer.post(AT, data=form)
    later = form_of(asked.text, AT, asks=True) | {"_only": button(asked.text, "_only")}
    assert officer.post(AT, data=later).status_code == 303
    corrected = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True)
    assert corrected["_fresh"] == "ministry"
    nothing_new = officer.post(AT, data=corrected)  # now the other system can only be what is meant
    assert nothing_new.status_code == 422
    assert "Hệ thống của bộ, ngành: chưa nhập số nào" in nothing_new.text
    sent = officer.post(AT, data=corrected | {cell("HT", "received_online"): "5"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{AT}/receipt")
    receipt = officer.get(f"{AT}/receipt").text.replace("\xa0", " ")
    assert "Chưa gửi. Hạn 09:00 thứ Hai 23/11/2026 (còn 2 ngày 16 giờ)" in receipt
    stand = systems(api())
    assert stand["city"]["totals"]["received"] == 5
    assert stand["ministry"] is None


@pytest.mark.parametrize(
    ("version", "form", "later", "left"),
    [
        ('"2-0"', {"city": {}, "ministry": {}}, ["ministry"], True),
        ('"2-0"', {"city": {}, "ministry": {}}, [], False),  # nobody was asked
        ('"0-0"', {"city": {}, "ministry": {}}, ["ministry"], False),
        (None, {"city": {}, "ministry": {}}, ["ministry"], False),
        ("*", {"city": {}, "ministry": {}}, ["ministry"], False),
        ('"2-0"', {"ministry": {}}, ["ministry"], False),  # sent alone, it is what is meant
        ('"2-0"', {"city": {}, "ministry": {"note": "Mất mạng"}}, ["ministry"], False),
    ],
)
def test_which_part_was_put_off(version: str | None, form: dict[str, Any], later: list[str], left: bool) -> None:
    found = [Fault("/ministry", NOTHING_TYPED)]
    assert put_off(found, form, version, later) == (found if left else [])


def test_who_corrects_what_a_program_sent_is_asked_about_the_other_system(people: People, api: Api) -> None:
    assert api().put(f"{API}{AT}/city", json=report(line(received_online=9))).status_code == 201
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True)
    assert (form["_fresh"], form["_later"]) == ("ministry", "")
    form |= {cell("HT", "received_online"): "8"}
    asked = officer.post(AT, data=form)
    assert asked.status_code == 422
    assert "Hệ thống của bộ, ngành: chưa nhập số nào" in asked.text
    assert systems(api())["city"]["totals"]["received"] == 9
    alone = form_of(asked.text, AT, asks=True) | {"_only": button(asked.text, "_only")}
    assert officer.post(AT, data=alone).status_code == 303
    assert systems(api())["city"]["totals"]["received"] == 8


def test_where_dossiers_came_the_day_before_none_is_not_what_lies_first_at_hand(
    people: People, api: Api, clock: SetClock
) -> None:
    clock.set(f"{BEFORE}T16:45+07:00")
    had = report(line(received_online=40, received_counter=7, resolved_early=47))
    assert api().put(f"{API}/throughput/reports/{WARD}/{BEFORE}/ministry", json=had).status_code == 201
    clock.set(f"{DAY}T16:45+07:00")
    officer = people()
    form = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True) | {cell("HT", "received_online"): "3"}
    asked = officer.post(AT, data=form)
    question = asked.text[asked.text.index("foot__ask") :]
    assert "Ngày 19/11/2026 tiếp nhận 47 hồ sơ." in question
    assert '<button class="button" name="_only" value="city">Chỉ gửi phần đã nhập</button>' in question
    assert '<button class="button button--quiet" name="_with"' in question
    assert question.index('name="_only"') < question.index('name="_with"')
    sent = officer.post(AT, data=form_of(asked.text, AT, asks=True) | {"_with": button(asked.text, "_with")})
    assert sent.status_code == 303  # it is meant all the same
    assert systems(api())["ministry"]["reasons"][0]["note"] == "Không phát sinh hồ sơ"


def test_the_reason_of_a_day_of_nothing_goes_once_something_is_counted(people: People, api: Api) -> None:
    officer = people()
    asked = officer.post(AT, data=form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True))
    officer.post(AT, data=form_of(asked.text, AT, asks=True) | {"_with": button(asked.text, "_with")})
    again = form_of(officer.get(f"{AT}/worksheet").text, AT, asks=True)
    assert again["city[reasons][all_zero-][reason]"] == "other"
    assert officer.post(AT, data=again | {cell("HT", "received_online"): "4"}).status_code == 303
    stand = systems(api())
    assert (stand["city"]["version"], stand["city"]["warnings"], stand["city"]["reasons"]) == (2, [], [])
    assert (stand["ministry"]["version"], len(stand["ministry"]["reasons"])) == (1, 1)
