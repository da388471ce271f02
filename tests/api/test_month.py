"""A unit's month: a day's state and figures, the rates against their targets, what is to be explained."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report

Api = Callable[..., TestClient]
MONTH = "/api/v1/throughput/month"
REPORTS = f"/api/v1/throughput/reports/{WARD}"


def month(client: TestClient, **query: str) -> dict[str, Any]:
    """Return a month as a client gets it."""
    answer = client.get(MONTH, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def days(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a month's days by their day."""
    return {d["day"]: d for d in data["days"]}


def test_every_day_has_its_state_and_figures(api: Api) -> None:
    officer = api()
    for system in ("city", "ministry"):
        body = report(line(received_online=4, resolved_early=3, carried_over=2))
        assert officer.put(f"{REPORTS}/{DAY}/{system}", json=body).status_code == 201
    data = month(officer)
    assert (data["month"], data["first"], data["last"], data["today"]) == ("2026-11", "2026-11-01", "2026-11-30", DAY)
    assert len(data["days"]) == 30
    found = days(data)
    today = found[DAY]
    assert (today["state"], today["received"], today["resolved"], today["pending"]) == ("received_on_time", 8, 6, 6)
    assert [s["state"] for s in today["systems"]] == ["received_on_time", "received_on_time"]
    assert (found["2026-11-19"]["state"], found["2026-11-19"]["received"]) == ("late", None)
    assert (found["2026-11-21"]["state"], found["2026-11-21"]["is_working_day"]) == (None, False)
    assert found["2026-11-24"]["is_working_day"] is False  # a holiday since 2026
    assert found["2026-11-30"]["state"] == "not_due"
    assert data["cut_off"] == "2026-11-20T09:30:00Z"
    # Of the days so far: the installation began a week ago, six working days.
    assert (data["completeness"]["expected"], data["completeness"]["received"]) == (6, 1)


def test_figures_are_those_of_the_summary(api: Api) -> None:
    officer = api()
    for day, n in (("2026-11-18", 3), ("2026-11-19", 5), (DAY, 7)):
        body = report(line(received_online=n, received_counter=1, resolved_on_time=2))
        assert officer.put(f"{REPORTS}/{day}/city", json=body).status_code == 201
    data = month(officer)
    query = {"from": "2026-11-01", "to": DAY, "unit": WARD, "group_by": "day"}
    summed = officer.get("/api/v1/throughput/summary", params=query).json()
    assert data["total"] == summed["total"]
    assert data["total"]["received"] == 18
    rows = {row["key"]: row["received"] for row in summed["rows"]}
    assert {d: one["received"] for d, one in days(data).items() if one["received"] is not None} == rows
    assert data["completeness"] == summed["completeness"]


def test_rates_stand_beside_their_targets(api: Api) -> None:
    officer = api()
    body = report(line(received_online=8, received_counter=2, resolved_early=18, resolved_overdue=2, carried_over=20))
    assert officer.put(f"{REPORTS}/{DAY}/city", json=body).status_code == 201
    rates = {r["rate"]: r for r in month(officer)["rates"]}
    assert rates["online"] == {
        "rate": "online", "numerator": 8, "denominator": 10, "value": 0.8, "target": 0.8, "at_least": True, "met": True,
    }  # fmt: skip
    assert (rates["on_time"]["numerator"], rates["on_time"]["denominator"], rates["on_time"]["met"]) == (18, 20, False)
    assert (rates["overdue"]["value"], rates["overdue"]["at_least"], rates["overdue"]["met"]) == (2 / 30, False, False)
    assert {r["met"] for r in month(officer, month="2026-10")["rates"]} == {None}


def test_adjustments_and_questions_without_a_reason_are_named(api: Api, clock: SetClock) -> None:
    officer = api()
    body = report(line(received_online=5), reasons=[{"warning": "late", "reason": "late_sync"}])
    assert officer.put(f"{REPORTS}/2026-11-19/city", json=body).status_code == 201
    gap = report(line(carried_over=7), line("CT", carried_over=1))
    gap["reasons"] = [{"warning": "opening_gap", "field": "CT", "reason": "transfer_in"}]
    assert officer.put(f"{REPORTS}/{DAY}/city", json=gap).status_code == 201
    asked = month(officer)["questions"]
    assert [(q["day"], q["code"], q["field"], q["values"], q["locked"]) for q in asked] == [
        (DAY, "opening_gap", "HT", {"gap": 2}, False)
    ]
    assert month(officer)["total"]["difference"] == 2
    # A locked question stays in the month's list, and says that it is locked.
    clock.set("2026-11-30T08:00+07:00")
    assert [q["locked"] for q in month(api())["questions"]] == [True]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ("2026-02", 200),
        ("2027-01", 200),
        ("1999-12", 200),
        ("2026-13", 422),
        ("2026-1", 422),
        ("", 422),
        ("thang", 422),
    ],
)
def test_a_month_is_written_as_iso(api: Api, wanted: str, status: int) -> None:
    answer = api().get(MONTH, params={"month": wanted})
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["month"] == wanted
    else:
        assert answer.json()["errors"][0]["pointer"] == "?month"


def test_a_month_ahead_has_no_figures(api: Api) -> None:
    data = month(api(), month="2026-12")
    assert data["total"]["received"] == 0
    assert {d["received"] for d in data["days"]} == {None}


def test_who_sees_many_units_names_one(api: Api) -> None:
    analyst = api("city_analyst")
    assert analyst.get(MONTH).json()["errors"][0]["pointer"] == "?unit"
    assert month(analyst, unit=OTHER)["unit"] == OTHER
