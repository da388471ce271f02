"""What a ward has to do today: late first, then due, then done; yesterday's figures; what is to be explained."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report

Api = Callable[..., TestClient]
TODAY = "/api/v1/throughput/today"
REPORTS = f"/api/v1/throughput/reports/{WARD}"


def today(client: TestClient, **query: str) -> dict[str, Any]:
    """Return the desk as a client gets it."""
    answer = client.get(TODAY, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def send(client: TestClient, day: str, system: str, *lines: dict[str, Any], **more: Any) -> None:
    """Send a day's report of one system."""
    answer = client.put(f"{REPORTS}/{day}/{system}", json=report(*lines, **more))
    assert answer.status_code == 201, answer.text


def test_a_ward_needs_no_unit_and_its_days_stand_in_order(api: Api) -> None:
    officer = api()
    for system in ("city", "ministry"):
        send(officer, "2026-11-18", system, line(received_online=1))
    data = today(officer)
    assert (data["unit"], data["today"], data["now"]) == (WARD, DAY, "2026-11-20T09:45:00Z")
    # Friday 16:45: three days of the installation's first week are late and open, today is due, Wednesday is done.
    assert [(d["day"], d["state"], d["is_open"]) for d in data["items"]] == [
        ("2026-11-17", "late", True),
        ("2026-11-19", "late", True),
        (DAY, "due", True),
        ("2026-11-18", "received_late", False),
        # Locked since 17:00 of the third working day: late for good, and nothing to do any more.
        ("2026-11-16", "late", False),
        ("2026-11-13", "late", False),
    ]
    due = data["items"][2]
    assert due["next_deadline"] == "2026-11-20T10:00:00Z"
    assert [(s["system"], s["state"], s["locked"], s["totals"]) for s in due["systems"]] == [
        ("city", "due", False, None),
        ("ministry", "due", False, None),
    ]
    done = data["items"][3]
    assert done["next_deadline"] is None
    assert [s["totals"]["received"] for s in done["systems"]] == [1, 1]


def test_a_day_goes_from_due_to_done_as_its_systems_come_in(api: Api) -> None:
    officer = api()
    send(officer, DAY, "city", line(received_online=4, resolved_early=1))
    half = next(d for d in today(officer)["items"] if d["day"] == DAY)
    assert (half["state"], half["is_open"], half["next_deadline"]) == ("due", True, "2026-11-23T02:00:00Z")
    assert [s["state"] for s in half["systems"]] == ["received_on_time", "due"]
    assert half["systems"][0]["totals"]["pending"] == 3
    answer = officer.put(f"{REPORTS}/{DAY}/ministry", json={"unavailable": {"reason": "Mất kết nối"}})
    assert answer.status_code == 201
    whole = next(d for d in today(officer)["items"] if d["day"] == DAY)
    assert (whole["state"], whole["is_open"], whole["systems"][1]["totals"]) == ("unavailable", False, None)


def test_the_last_day_with_figures_is_summed_over_its_systems(api: Api, clock: SetClock) -> None:
    officer = api()
    assert today(officer)["previous"] is None
    send(officer, "2026-11-18", "city", line(received_online=50))
    send(officer, "2026-11-19", "city", line(received_online=3, received_counter=1, resolved_early=2, carried_over=50))
    previous = today(officer)["previous"]
    assert (previous["day"], previous["systems"]) == ("2026-11-19", ["city"])
    send(officer, "2026-11-19", "ministry", line("LT", received_online=6, resolved_overdue=1, pending_overdue=2))
    previous = today(officer)["previous"]
    assert previous["systems"] == ["city", "ministry"]
    columns = ("received", "resolved", "pending", "pending_overdue")
    assert [previous[c] for c in columns] == [10, 3, 57, 2]
    assert previous["rates"]["online"] == {"numerator": 9, "denominator": 10, "value": 0.9}
    assert previous["rates"]["on_time"]["numerator"] == 2
    assert previous["rates"]["overdue"] == {"numerator": 3, "denominator": 60, "value": 0.05}
    # Today's own figures are not yesterday's.
    send(officer, DAY, "city", line(received_online=99))
    assert today(officer)["previous"]["day"] == "2026-11-19"
    recent = today(officer)["recent"]
    # The weekend between owes nothing.
    assert [one["day"][8:] for one in recent] == ["13", "16", "17", "18", "19"]
    assert recent[-2:] == [
        {"day": "2026-11-18", "received": 50, "resolved": 0}, {"day": "2026-11-19", "received": 10, "resolved": 3},
    ]  # fmt: skip
    assert {(one["received"], one["resolved"]) for one in recent[:-2]} == {(None, None)}, "not known is not nought"


def test_what_may_still_be_explained_is_counted_and_goes_when_it_is(api: Api) -> None:
    officer = api()
    for system in ("city", "ministry"):
        send(
            officer, "2026-11-19", system, line(received_online=5), reasons=[{"warning": "late", "reason": "late_sync"}]
        )
    gaps = today(officer)["gaps"]
    assert gaps == {"questions": 0, "adjustments": 0, "items": []}
    send(officer, DAY, "city", line(carried_over=7))
    gaps = today(officer)["gaps"]
    assert (gaps["questions"], gaps["adjustments"]) == (0, 1)
    number = officer.get("/api/v1/throughput/findings").json()["items"][0]["id"]
    place = {"day": DAY, "system": "city", "code": "opening_gap", "field": "HT"}
    assert gaps["items"] == [place | {"values": {"gap": 2}, "locked": False, "finding": number}]
    # The day before comes to what today opened with: nothing is left to explain, though nobody answered.
    answer = officer.put(
        f"{REPORTS}/2026-11-19/city",
        json=report(line(received_online=7), reasons=[
            {"warning": "late", "reason": "late_sync"}, {"warning": "correction", "reason": "late_sync"},
        ]),
        headers={"if-match": '"1"'},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert today(officer)["gaps"]["items"] == []
    send(officer, DAY, "ministry", line(carried_over=5, received_online=1), partial_day=True)
    assert [q["code"] for q in today(officer)["gaps"]["items"]] == ["partial_day"]
    assert today(officer)["gaps"]["questions"] == 1


def test_a_locked_question_is_no_work_any_more(api: Api, clock: SetClock) -> None:
    send(api(), DAY, "city", line(received_online=1), partial_day=True)
    assert today(api())["gaps"]["questions"] == 1
    clock.set("2026-11-26T17:00:01+07:00")  # 24 November is a holiday: this is the lock
    assert today(api())["gaps"] == {"questions": 0, "adjustments": 0, "items": []}


def test_a_saturday_of_service_may_be_reported_and_is_not_owed(api: Api, clock: SetClock) -> None:
    clock.set("2026-11-21T09:00+07:00")
    assert today(api())["may_report_today"] is False
    body = {"unit": WARD, "valid_from": "2026-11-21", "legal_reference": "Kế hoạch 12/KH-UBND"}
    made = api("city_analyst").post("/api/v1/calendar/saturday-services", json=body)
    assert made.status_code == 201, made.text
    data = today(api())
    assert data["may_report_today"] is True
    assert "2026-11-21" not in [d["day"] for d in data["items"]]
    clock.set(f"{DAY}T09:00+07:00")
    assert today(api())["may_report_today"] is False  # owed


def test_who_sees_many_units_names_one(api: Api) -> None:
    analyst = api("city_analyst")
    refused = analyst.get(TODAY)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "?unit")
    assert today(analyst, unit=OTHER)["unit"] == OTHER
    assert analyst.get(TODAY, params={"unit": "19999"}).status_code == 404


@pytest.mark.parametrize(("role", "status"), [("ward_officer", 404), ("department_officer", 403)])
def test_another_ward_s_desk_is_not_there(api: Api, role: str, status: int) -> None:
    for at in ("today", "month"):
        assert api(role).get(f"/api/v1/throughput/{at}", params={"unit": OTHER}).status_code == status


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["obligations:read"], 403), (["reports:read"], 403), (["obligations:read", "reports:read"], 200)],
)
def test_who_may_see_only_what_is_owed_sees_no_figures(api: Api, scopes: list[str], status: int) -> None:
    machine = api("machine", WARD, scopes=scopes)
    for at in ("today", "month"):
        assert machine.get(f"/api/v1/throughput/{at}").status_code == status
