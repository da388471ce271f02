"""Findings: made and closed by the reports themselves, explained by their owner, asked for again by the city."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core import paging
from app.core.web import API
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.statements import asked

Api = Callable[..., TestClient]
AT = f"{API}/throughput/findings"
BEFORE = "2026-11-19"


def put(client: TestClient, body: dict[str, Any], day: str = DAY, unit: str = WARD, system: str = "city") -> Any:
    """Send a report over whatever stands."""
    path = f"{API}/throughput/reports/{unit}/{day}/{system}"
    tag = client.get(path).headers.get("etag")
    answer = client.put(path, json=body, headers={"if-match": tag} if tag else {})
    assert answer.is_success, answer.text
    return answer.json()


def listed(client: TestClient, **query: Any) -> list[tuple[str, str | None, str, int]]:
    answer = client.get(AT, params=query)
    assert answer.status_code == 200, answer.text
    return [(f["kind"], f["field"], f["state"], f["value"]) for f in answer.json()["items"]]


def usual_weeks(client: TestClient, clock: SetClock) -> None:
    """Four Fridays with ten dossiers of civil status each, all resolved."""
    for day in ("2026-10-23", "2026-10-30", "2026-11-06", "2026-11-13"):
        clock.set(f"{day}T16:45:00+07:00")
        put(client, report(line(received_online=10, resolved_on_time=10)), day)
    clock.set(f"{DAY}T16:45:00+07:00")


def test_an_outlier_is_found_with_its_figures_and_goes_with_its_cause(api: Api, clock: SetClock) -> None:
    officer = api()
    usual_weeks(officer, clock)
    assert listed(officer) == []
    put(officer, report(line(received_online=100)))
    (found,) = officer.get(AT).json()["items"]
    assert {k: found[k] for k in ("unit", "day", "system", "field", "kind", "value", "usual", "low", "high")} == {
        "unit": WARD, "day": DAY, "system": "city", "field": "HT", "kind": "unusual_value", "value": 100, "usual": 10,
        "low": 2, "high": 24,
    }  # fmt: skip
    # Two working days from a Friday: the 24th is a day off.
    assert (found["owner"], found["due_on"], found["overdue"]) == ("ward_officer", "2026-11-25", False)
    put(officer, report(line(received_online=120)))
    assert listed(officer) == [("unusual_value", "HT", "open", 120)]
    put(officer, report(line(received_online=12)))
    assert listed(officer) == [("unusual_value", "HT", "gone", 120)]
    history = officer.get(f"{AT}/{found['id']}").json()["history"]
    assert [(e["change"], e["value"]) for e in history] == [("opened", 100), ("changed", 120), ("gone", 120)]
    put(officer, report(line(received_online=90)))
    assert listed(officer) == [("unusual_value", "HT", "open", 90)]


def test_a_reason_in_the_report_closes_it_and_one_given_at_once_makes_none(api: Api) -> None:
    officer = api()
    put(officer, report(reasons=[{"warning": "all_zero", "reason": "natural_disaster"}]), BEFORE)
    assert listed(officer) == [], "answered in the very report that raises it"
    put(officer, report())
    assert listed(officer) == [("all_zero", None, "open", 0)]
    put(officer, report(reasons=[{"warning": "all_zero", "reason": "source_error", "note": "Mất mạng"}]))
    (found,) = officer.get(AT).json()["items"]
    assert (found["state"], found["reason"], found["note"]) == ("explained", "source_error", "Mất mạng")
    assert found["closed_by"]
    put(officer, report())
    assert listed(officer) == [("all_zero", None, "open", 0)], "without the reason it is to be explained again"


def test_an_opening_follows_the_day_before_and_its_explanation_counts(api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer, report(line(received_online=10)), BEFORE)
    put(officer, report(line(carried_over=10)))
    assert listed(officer) == []
    put(officer, report(line(received_online=14), reasons=[{"warning": "correction", "reason": "late_sync"}]), BEFORE)
    assert listed(officer) == [("opening_gap", "HT", "open", -4)], "the correction of one day opens the next"
    number = officer.get(AT).json()["items"][0]["id"]
    clock.set("2026-12-01T10:00:00+07:00")  # the day is locked by now
    said = officer.post(f"{AT}/{number}/explanation", json={"reason": "late_correction"})
    assert said.status_code == 200, said.text
    assert (said.json()["state"], said.json()["report_version"]) == ("explained", 2)
    now = officer.get(f"{API}/throughput/reports/{WARD}/{DAY}/city").json()
    assert [w["answered"] for w in now["warnings"] if w["code"] == "opening_gap"] == [True]
    assert {(r["warning"], r["reason"]) for r in now["reasons"]} == {
        ("opening_gap", "late_correction"), ("correction", "late_correction")
    }  # fmt: skip
    assert (now["totals"]["carried_over"], now["timeliness"]) == (10, "on_time")
    month = officer.get(f"{API}/throughput/month?month=2026-11").json()
    assert [q for q in month["questions"] if q["code"] == "opening_gap"] == []


def test_carrying_a_correction_forward_leaves_nothing_behind(api: Api) -> None:
    officer = api()
    put(officer, report(line(received_online=10)), BEFORE)
    put(officer, report(line(carried_over=10)))
    reasons = [{"warning": "correction", "reason": "late_sync"}]
    put(officer, report(line(received_online=14), reasons=reasons, carry_forward=True), BEFORE)
    assert listed(officer) == []


def test_a_large_correction_after_the_deadline_waits_for_the_city(api: Api, clock: SetClock) -> None:
    officer, analyst = api(), api("city_analyst")
    put(officer, report(line(received_online=30)))
    put(officer, report(line(received_online=90)))
    assert listed(officer) == [], "before the deadline"
    clock.set(f"{DAY}T18:00:00+07:00")
    put(officer, report(line(received_online=109)))
    assert listed(officer) == []
    put(officer, report(line(received_online=129)))
    (found,) = analyst.get(AT, params={"owner": "city_analyst"}).json()["items"]
    assert (found["kind"], found["value"], found["usual"]) == ("large_correction", 20, 20)
    assert officer.post(f"{AT}/{found['id']}/explanation", json={"reason": "late_sync"}).status_code == 403
    assert analyst.post(f"{AT}/{found['id']}/explanation", json={"reason": "late_sync"}).status_code == 200
    assert listed(analyst, state="explained") == [("large_correction", None, "explained", 20)]


def test_the_city_asks_again_and_the_same_words_do_not_close_it(api: Api) -> None:
    officer, analyst = api(), api("city_analyst")
    put(officer, report())
    number = officer.get(AT).json()["items"][0]["id"]
    assert analyst.post(f"{AT}/{number}/explanation", json={"reason": "campaign"}).status_code == 403, "not its own"
    for wrong, pointer in (({"reason": "other"}, "/note"), ({"reason": "?"}, "/reason"), ({}, "/reason")):
        refused = officer.post(f"{AT}/{number}/explanation", json=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert officer.post(f"{AT}/{number}/explanation", json={"reason": "source_error"}).status_code == 200
    again = officer.post(f"{AT}/{number}/explanation", json={"reason": "source_error"})
    assert (again.status_code, again.json()["code"]) == (409, "finding_closed")
    assert officer.post(f"{AT}/{number}/reopening", json={"reason": "Chưa rõ"}).status_code == 403
    back = analyst.post(f"{AT}/{number}/reopening", json={"reason": "Chưa rõ hệ thống nào"})
    assert (back.status_code, back.json()["state"]) == (200, "open")
    assert analyst.post(f"{AT}/{number}/reopening", json={"reason": "x"}).json()["code"] == "finding_not_explained"
    reasons = [{"warning": "all_zero", "reason": "source_error"}]
    put(officer, report(reasons=reasons, note="Không đổi"))
    assert listed(officer) == [("all_zero", None, "open", 0)]
    note = {"reason": "source_error", "note": "Máy chủ một cửa dừng cả ngày"}
    assert officer.post(f"{AT}/{number}/explanation", json=note).json()["state"] == "explained"
    steps = officer.get(f"{AT}/{number}").json()["history"]
    assert [s["change"] for s in steps] == ["opened", "explained", "reopened", "explained"]
    assert steps[2]["note"] == "Chưa rõ hệ thống nào"


def test_another_wards_is_not_there(api: Api) -> None:
    officer, other = api(), api(unit=OTHER)
    put(officer, report())
    number = officer.get(AT).json()["items"][0]["id"]
    assert listed(other) == []
    for answer in (
        other.get(f"{AT}/{number}"),
        other.post(f"{AT}/{number}/explanation", json={"reason": "campaign"}),
        other.post(f"{AT}/{number}/explanation", json={"broken": 1}),
        other.get(AT, params={"unit": WARD}),
    ):
        assert answer.status_code == 404


def test_open_ones_come_first_by_due_day_and_every_page_once(api: Api, clock: SetClock) -> None:
    officer, other, analyst = api(), api(unit=OTHER), api("city_analyst")
    put(officer, report(), BEFORE)
    put(other, report(), unit=OTHER)
    put(officer, report())
    put(other, report(), BEFORE, OTHER)
    put(other, report(line(received_online=1)), unit=OTHER)
    clock.set("2026-11-30T08:00:00+07:00")
    whole = analyst.get(AT).json()["items"]
    assert [(f["unit"], f["day"], f["state"]) for f in whole] == [
        (WARD, BEFORE, "open"), (WARD, DAY, "open"), (OTHER, BEFORE, "open"), (OTHER, DAY, "gone")
    ]  # fmt: skip
    assert [f["overdue"] for f in whole] == [True, True, True, False]
    seen, cursor = [], None
    while True:
        page = analyst.get(AT, params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole
    rows = list(csv.DictReader(io.StringIO(analyst.get(f"{AT}.csv?state=gone").content.decode("utf-8-sig"))))
    assert [(r["unit"], r["kind"], r["value"]) for r in rows] == [(OTHER, "all_zero", "0")]
    for query in ({"unit": OTHER, "state": "open"}, {"from": BEFORE, "to": BEFORE}, {"kind": "all_zero"}):
        assert 0 < len(listed(analyst, **query)) <= 4
    assert listed(analyst, kind="opening_gap") == []


def test_an_ordinary_report_costs_no_statement(app: FastAPI, api: Api) -> None:
    officer = api()
    put(officer, report(line(received_online=3)), BEFORE)
    with asked(app.state.database.engine) as seen:
        for count in (3, 4):
            put(officer, report(line(received_online=count)))
            put(officer, report(line(received_online=count)), system="ministry")
        assert not [one for one, _ in seen if "finding" in one.lower()]
        put(officer, report(line(carried_over=9)))
        assert [one for one, _ in seen if "insert into finding" in one.lower()], "what is looked for is seen"


def test_pages_one_tap_explains(api: Api, people: Callable[..., PageClient]) -> None:
    officer, analyst = people(), people("city_analyst")
    put(api(), report())
    page = officer.get("/throughput/findings").text
    assert 'name="reason" value="natural_disaster"' in page
    number = page.split("/throughput/findings/")[1].split("/")[0].split('"')[0]
    today = officer.get("/throughput/today").text
    assert f'href="/throughput/findings/{number}"' in today
    refused = officer.post(f"/throughput/findings/{number}/explanation", data={"reason": "other"})
    assert refused.status_code == 422
    tapped = officer.post(f"/throughput/findings/{number}/explanation", data={"reason": "natural_disaster"})
    assert (tapped.status_code, tapped.headers["location"]) == (303, f"/throughput/findings?explained={number}")
    assert "notice--success" in officer.get(tapped.headers["location"]).text
    assert f'href="/throughput/findings/{number}"' not in officer.get("/throughput/today").text
    assert 'name="reason"' in analyst.get(f"/throughput/findings/{number}").text
    back = analyst.post(f"/throughput/findings/{number}/reopening", data={"reason": ""})
    assert back.status_code == 422
    back = analyst.post(f"/throughput/findings/{number}/reopening", data={"reason": "Chưa rõ"})
    assert back.status_code == 303
    assert "Chưa rõ" in officer.get(f"/throughput/findings/{number}").text
    analyst.get("/throughput/findings?state=open&kind=all_zero&from=2026-11-01")


@pytest.mark.parametrize("key", [["closed ", DAY, 1], ["none", DAY, 1], [1, DAY, 1], ["open", DAY], []])
def test_a_cursor_of_something_else_is_refused(api: Api, key: list[Any]) -> None:
    answer = api("city_analyst").get(AT, params={"cursor": paging.encode(key)})
    assert (answer.status_code, [e["code"] for e in answer.json()["errors"]]) == (422, ["bad_cursor"])


def test_the_pages_show_what_is_due_first_and_fold_the_rest(
    api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    known = [line(code, received_online=1) for code in ("HT", "CT", "DD", "XD", "BTXH", "NCC", "VH")]
    put(api(), report(*known), BEFORE)
    put(api(), report(*({**one, "carried_over": 9} for one in known)))
    put(api(unit=OTHER), report(line(received_online=1)), BEFORE, unit=OTHER)
    put(api(unit=OTHER), report(line(received_online=1, carried_over=9)), unit=OTHER)
    own = people().get("/throughput/findings").text
    waiting, _, rest = own.partition('<details class="fold">')
    assert waiting.count('class="card"') == 5
    assert rest.count('class="card"') == len(known) - 5
    city = people("city_analyst").get("/throughput/findings").text
    assert city.count('<details class="fold">') == 2 + 1, "a fold a unit, and the filters"
    assert city.index("Chờ đơn vị giải trình") < city.index('<form class="filters"')
    clock.set("2026-12-07T08:00:00+07:00")
    late = people("city_analyst").get("/throughput/findings").text
    assert "Chờ đơn vị giải trình" not in late
    assert "<h2>Quá hạn giải trình" in late
