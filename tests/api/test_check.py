"""Checking a day while it is typed: what sending would say, at both doors, and nothing kept."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core.web import API
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"/throughput/reports/{WARD}/{DAY}"
TABLES = ("reports", "report_revisions", "audit_entries", "idempotency_records", "adjustments", "day_totals")


def check(client: TestClient, body: dict[str, Any], at: str = AT) -> dict[str, Any]:
    """Return what a check answers."""
    answer = client.post(f"{API}{at}/check", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def codes(of: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return places and codes of faults."""
    return [(fault["pointer"], fault["code"]) for fault in of]


def test_what_is_checked_is_completed_and_added_up(api: Api) -> None:
    found = check(api(), {"city": report(line(carried_over=5, received_online=14, resolved_early=9))})
    city = found["city"]
    assert (found["version"], found["faults"], found["ministry"]) == ("0-0", [], None)
    assert [(one["field"], one["pending_in_time"]) for one in city["lines"]] == [("HT", 10)]
    assert (city["totals"]["received"], city["totals"]["pending"]) == (14, 10)
    assert city["rates"]["online"] == {"numerator": 14, "denominator": 14, "value": 1.0}
    assert (city["faults"], city["unread"], city["same"], city["carried"]) == ([], [], False, None)


def test_a_check_keeps_nothing_and_waits_for_no_writer(app: FastAPI, api: Api) -> None:
    def counts() -> list[int]:
        with app.state.database.engine.connect() as connection:
            return [connection.execute(text(f"select count(*) from {table}")).scalar_one() for table in TABLES]

    officer, before = api(), counts()
    with app.state.database.write() as another:
        another.execute(text("update audit_head set number = number"))
        check(officer, {"city": report(line(received_online=3))})
        another.rollback()
    answer = officer.post(f"{API}{AT}/check", json={"city": report()}, headers={"idempotency-key": "k"})
    assert answer.status_code == 200
    assert counts() == before


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"received_online": 1.5}, "received_online", "number_fractional"),
    ({"received_online": "14"}, "received_online", "number_text"),
    ({"withdrawn": -1}, "withdrawn", "number_negative"),
    ({"pending_overdue": None}, "pending_overdue", "required"),
    ({"memo": {"digitised": True}}, "memo/digitised", "number_boolean"),
    ({"nonsense": 1}, "nonsense", "unknown_property"),
]


@pytest.mark.parametrize(("cells", "place", "code"), BROKEN)
def test_a_cell_that_cannot_be_read_hides_nothing_of_the_others(
    api: Api, cells: dict[str, Any], place: str, code: str
) -> None:
    lines = [line("HT") | cells, line("CT", resolved_early=4), line("DD", carried_over=8)]
    city = check(api(), {"city": report(*lines)})["city"]
    assert codes(city["faults"]) == [
        (f"/city/lines/0/{place}", code),
        ("/city/lines/1/pending_in_time", "pending_negative"),
    ]
    assert city["unread"] == ["HT"]
    assert [one["field"] for one in city["lines"]] == ["CT", "DD"]
    assert all(set(fault["message"]) == {"vi", "en", "fr"} for fault in city["faults"])


def test_what_is_checked_is_what_sending_says(api: Api, clock: SetClock) -> None:
    """The same rules at both: faults and questions of a check are those of the PUT."""
    officer = api()
    for day, received in (("2026-11-18", 0), ("2026-11-19", 30)):
        body = report(line(carried_over=4, received_online=received))
        sent = officer.put(f"{API}/throughput/reports/{WARD}/{day}/city", json=body)
        assert sent.status_code == 201, sent.text
    clock.set("2026-11-20T18:00+07:00")
    bad = {"city": report(line(carried_over=1, resolved_early=9), line("QQ")), "ministry": {}}
    checked = check(officer, bad)
    refused = officer.put(f"{API}{AT}", json=bad)
    assert refused.status_code == 422
    found = codes(checked["city"]["faults"] + checked["ministry"]["faults"])
    assert sorted(found) == sorted(codes(refused.json()["errors"]))
    good = {"city": report(line(carried_over=5, pending_overdue=3))}
    checked = check(officer, good)["city"]
    assert checked["faults"] == []
    sent = officer.put(f"{API}{AT}", json=good)
    assert sent.status_code == 201
    asked = [{k: w[k] for k in ("code", "field", "values", "answered")} for w in checked["warnings"]]
    assert asked == sent.json()["city"]["warnings"]
    assert {w["code"] for w in asked} == {"opening_gap", "late", "overdue_share"}
    for key in ("lines", "totals", "rates"):
        assert checked[key] == sent.json()["city"][key]
    assert check(officer, good)["city"]["same"]
    assert check(officer, good)["version"] == "1-0"


def test_a_question_comes_in_words_with_the_reasons_that_fit(api: Api) -> None:
    officer = api()
    before = officer.put(f"{API}/throughput/reports/{WARD}/2026-11-19/city", json=report(line(received_online=10)))
    assert before.status_code == 201, before.text
    body = {"city": report(line(carried_over=0, received_online=40))}
    gap = next(w for w in check(officer, body)["city"]["warnings"] if w["code"] == "opening_gap")
    assert "Hộ tịch" in gap["message"]["vi"]
    assert gap["reasons"][0] == "late_sync"
    body["city"]["reasons"] = [{"warning": "opening_gap", "field": "HT", "reason": "late_sync"}]
    answered = [w["code"] for w in check(officer, body)["city"]["warnings"] if w["answered"]]
    assert answered == ["opening_gap"]


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([line(carried_over=12)], ["all_zero"]),
        ([line(carried_over=12, pending_overdue=1)], ["all_zero"]),
        ([line(carried_over=12, resolved_early=2)], ["unusual_value"]),
        ([line(carried_over=12, received_online=2)], []),
    ],
)
def test_a_day_of_stock_alone_is_asked_about(
    api: Api, clock: SetClock, lines: list[dict[str, Any]], asked: list[str]
) -> None:
    """What is carried over is no figure of the day: the form left as it was is not a report of nothing."""
    officer = api()
    for day, carried in (("2026-10-30", 0), ("2026-11-06", 12), ("2026-11-13", 12)):
        body = report(line(carried_over=carried, received_online=12, resolved_early=12 if carried else 0))
        clock.set(f"{day}T16:45:00+07:00")
        assert officer.put(f"{API}/throughput/reports/{WARD}/{day}/city", json=body).status_code == 201
    clock.set(f"{DAY}T16:45:00+07:00")
    found = [w["code"] for w in check(officer, {"city": report(*lines)})["city"]["warnings"]]
    assert [code for code in found if code in ("all_zero", "unusual_value")] == asked


def test_a_locked_day_and_a_missing_reason_are_told(api: Api, clock: SetClock) -> None:
    officer = api()
    assert officer.put(f"{API}{AT}/city", json=report(line(received_online=1))).status_code == 201
    body = {"city": report(line(received_online=2))}
    clock.set("2026-11-23T10:00+07:00")
    assert codes(check(officer, body)["city"]["faults"]) == [("/city/reasons", "reason_required")]
    clock.set("2026-11-27T10:00+07:00")
    assert codes(check(officer, body)["city"]["faults"]) == [("/city", "day_locked")]


BODIES: list[tuple[Any, list[tuple[str, str]]]] = [
    ({}, [("", "nothing_sent")]),
    ({"city": None}, [("", "nothing_sent")]),
    ({"city": []}, [("/city", "wrong_type")]),
    ({"town": {}}, [("/town", "unknown_property")]),
]


@pytest.mark.parametrize(("body", "found"), BODIES)
def test_a_body_of_no_system_is_told_as_such(api: Api, body: Any, found: list[tuple[str, str]]) -> None:
    answer = check(api(), body)
    assert codes(answer["faults"]) == found
    assert (answer["city"], answer["ministry"]) == (None, None)


@pytest.mark.parametrize("lines", [[[1]], [{"received_online": 1}], ["x", line("CT")], "x", [{"field": 3}]])
def test_rows_that_are_none_are_told(api: Api, lines: Any) -> None:
    city = check(api(), {"city": {"lines": lines}})["city"]
    assert city["faults"]
    assert all(fault["pointer"].startswith("/city/lines") for fault in city["faults"])


@pytest.mark.parametrize("depth", [50, 450, 900])
def test_what_is_nested_deep_is_told_and_not_followed(api: Api, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    for body in (f'{{"x": {deep}}}', f'{{"city": {{"lines": [{{"field": {deep}}}]}}}}'):
        sent = api().post(f"{API}{AT}/check", content=body, headers={"content-type": "application/json"})
        assert sent.status_code == 200, sent.text
        assert sent.json()["faults"] or sent.json()["city"]["faults"]


def test_a_body_that_is_no_object_is_refused(api: Api) -> None:
    officer = api()
    assert officer.post(f"{API}{AT}/check", json=[1]).status_code == 422
    assert (
        officer.post(f"{API}{AT}/check", content=b"{", headers={"content-type": "application/json"}).status_code == 422
    )


def test_who_may_not_send_may_not_check(api: Api) -> None:
    assert api("city_analyst").post(f"{API}{AT}/check", json={}).status_code == 403
    assert api().post(f"{API}{AT.replace(WARD, OTHER)}/check", json={}).status_code == 404


def test_a_form_is_checked_as_it_stands(people: Callable[..., PageClient]) -> None:
    officer = people()
    typed = {f"city[lines][HT][{name}]": str(value) for name, value in line(received_online="1,5").items()}
    typed |= {f"city[lines][CT][{name}]": str(value) for name, value in line("CT", resolved_early=2).items()}
    typed |= {"_if_match": "0-0", "_idempotency_key": "k", "city[reasons][1][warning]": ""}
    answer = officer.post(f"{AT}/check.json", data=typed)
    assert answer.status_code == 200, answer.text
    assert codes(answer.json()["city"]["faults"]) == [
        ("/city/lines/HT/received_online", "number_fractional"),
        ("/city/lines/CT/pending_in_time", "pending_negative"),
    ]
    page = officer.post(f"{AT}/check", data=typed)
    assert page.status_code == 200
    assert "Chưa gửi gì" in page.text
