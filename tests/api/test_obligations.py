"""Who owes what until when: around every hour that counts, and when calendar, units or waivers change."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from app.core import audit
from app.core.audit import AuditEntry
from app.throughput.models import Waiver
from app.throughput.obligations import making as obligations
from tests.api.test_reports_bad_input import send_form
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
People = Callable[..., PageClient]
BASE = "/api/v1/throughput"
WORK = report(line("HT", carried_over=0, received_online=3, resolved_on_time=1))
REASON = {"reasons": [{"warning": "correction", "reason": "source_error"}]}
FLOOD = {"kind": "local_closure", "name_vi": "Nghỉ do lũ", "legal_reference": "Công điện 01/CĐ-UBND"}


def extend(app: FastAPI, first: str) -> None:
    """Make the obligations from a day on."""
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(app.state.clock.now(), None, "test", "command")
        obligations.extend(session, app.state.clock.now(), 15, date.fromisoformat(first))


def owed(client: TestClient, **query: str) -> list[dict[str, Any]]:
    answer = client.get(f"{BASE}/obligations", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def states(client: TestClient, day: str = DAY, unit: str = WARD) -> tuple[str, ...]:
    items = owed(client, day=day, unit=unit)
    return tuple(o["state"] for o in sorted(items, key=lambda o: o["system"]))


def put(
    client: TestClient, body: Any = WORK, system: str = "city", day: str = DAY, unit: str = WARD, match: str = ""
) -> Any:
    headers = {"if-match": match} if match else {}
    answer = client.put(f"{BASE}/reports/{unit}/{day}/{system}", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def completeness(client: TestClient, first: str = DAY, last: str = DAY, **query: str) -> dict[str, int]:
    answer = client.get(f"{BASE}/summary", params={"from": first, "to": last} | query)
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()["completeness"]
    return found


@pytest.mark.each
@pytest.mark.parametrize(
    ("moment", "city", "ministry"),
    [
        ("2026-11-20T00:00", "not_due", "not_due"),
        ("2026-11-20T16:29:59.999999", "not_due", "not_due"),
        ("2026-11-20T16:30", "due", "due"),
        ("2026-11-20T17:00", "due", "due"),
        ("2026-11-20T17:00:00.000001", "late", "due"),
        ("2026-11-20T23:59:59.999999", "late", "due"),
        ("2026-11-21T00:00", "late", "due"),
        ("2026-11-23T09:00", "late", "due"),
        ("2026-11-23T09:00:00.000001", "late", "late"),
        ("2026-11-26T17:00:00.000001", "late", "late"),
    ],
)
def test_states_through_a_friday_and_after(api: Api, clock: SetClock, moment: str, city: str, ministry: str) -> None:
    officer = api()
    clock.set(f"{moment}+07:00")
    assert states(officer) == (city, ministry)
    locked = moment.startswith("2026-11-26")
    assert {o["locked"] for o in owed(officer, day=DAY)} == {locked}


@pytest.mark.parametrize(
    ("before", "day", "owes", "due_ministry"),
    [
        ("2026-01-01", "2026-01-02", False, None),  # swapped with the 10th
        ("2026-01-09", "2026-01-10", True, "2026-01-12T02:00:00Z"),
        ("2026-01-09", "2026-01-09", True, "2026-01-10T02:00:00Z"),
        ("2026-02-13", "2026-02-13", True, "2026-02-23T02:00:00Z"),  # Tết
        ("2026-02-13", "2026-02-18", False, None),
        ("2026-08-21", "2026-08-22", True, "2026-08-24T02:00:00Z"),
        ("2026-08-21", "2026-08-31", False, None),
        ("2026-11-20", "2026-11-24", False, None),  # Vietnam Culture Day
        ("2026-11-20", "2026-11-21", False, None),
        ("2026-11-20", "2026-11-23", True, "2026-11-25T02:00:00Z"),
    ],
)
def test_what_is_owed_follows_the_calendar(
    app: FastAPI, api: Api, clock: SetClock, before: str, day: str, owes: bool, due_ministry: str | None
) -> None:
    clock.set(f"{before}T08:00:00+07:00")
    extend(app, before)
    items = {o["system"]: o for o in owed(api(), day=day)}
    assert set(items) == ({"city", "ministry"} if owes else set())
    if owes:
        assert items["ministry"]["due_at"] == items["ministry"]["grace_until"] == due_ministry
        assert items["city"]["due_at"] == f"{day}T10:00:00Z"
        assert items["city"]["grace_until"] == due_ministry


def test_the_first_complete_receipt_decides_for_good(api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer)
    put(officer, report(line("LT", received_online=1)), "ministry")
    assert states(officer) == ("received_on_time", "received_on_time")
    assert completeness(officer) | {"expected": 0} == {
        "expected": 0, "received": 1, "late": 0, "waived": 0, "unavailable": 0,
    }  # fmt: skip
    clock.set("2026-11-25T10:00:00+07:00")
    more = report(line("HT", carried_over=0, received_online=400, resolved_on_time=1)) | REASON
    assert put(officer, more, match='"1"')["timeliness"] == "on_time"
    assert put(officer, WORK | {"partial_day": True} | REASON, match='"2"')["timeliness"] == "on_time"
    assert states(officer) == ("received_on_time", "received_on_time")
    assert completeness(officer)["late"] == 0


def test_a_part_of_a_day_never_meets_the_duty(api: Api, clock: SetClock) -> None:
    officer = api()
    clock.set("2026-11-20T11:00:00+07:00")
    morning = put(officer, WORK | {"partial_day": True})
    assert (morning["timeliness"], [w["code"] for w in morning["warnings"]]) == (None, ["partial_day"])
    assert states(officer) == ("partial", "not_due")
    assert completeness(officer)["received"] == 0
    clock.set("2026-11-20T17:00:01+07:00")
    assert states(officer) == ("late", "due")
    evening = put(officer, WORK, match='"1"')
    assert evening["timeliness"] == "late"
    assert "late" in [w["code"] for w in evening["warnings"]]
    assert states(officer) == ("received_late", "due")
    put(officer, report(), "ministry")
    assert completeness(officer) | {"expected": 0} == {
        "expected": 0, "received": 1, "late": 1, "waived": 0, "unavailable": 0,
    }  # fmt: skip


def test_an_unavailable_system_meets_the_duty_but_is_not_complete(api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer)
    put(officer, {"unavailable": {"reason": "Trục không phản hồi"}}, "ministry")
    assert states(officer) == ("received_on_time", "unavailable")
    found = completeness(officer)
    assert (found["received"], found["unavailable"], found["late"]) == (0, 1, 0)
    clock.set("2026-11-25T10:00:00+07:00")
    assert states(officer) == ("received_on_time", "unavailable")
    later = put(officer, report(line("LT", received_online=1)) | REASON, "ministry", match='"1"')
    assert later["timeliness"] == "on_time"
    assert states(officer) == ("received_on_time", "received_on_time")
    found = completeness(officer)
    assert (found["received"], found["unavailable"], found["late"]) == (1, 0, 0)
    then = completeness(officer, as_of="2026-11-20T18:00:00+07:00")
    assert (then["received"], then["unavailable"]) == (0, 1)
    earlier = completeness(officer, as_of="2026-11-20T16:00:00+07:00")
    assert (earlier["received"], earlier["unavailable"]) == (0, 0)


def test_a_part_of_a_day_does_not_follow_an_unavailable_system(api: Api, clock: SetClock) -> None:
    officer = api()
    down, part = {"unavailable": {"reason": "Mất kết nối"}}, WORK | {"partial_day": True}
    clock.set("2026-11-20T11:00:00+07:00")
    for system in ("city", "ministry"):
        put(officer, down, system)
        field = part if system == "city" else report(line("LT", received_online=1), partial_day=True)
        assert put(officer, field, system, match='"1"')["timeliness"] is None
    assert states(officer) == ("partial", "partial")
    assert [o["received_at"] for o in owed(officer, day=DAY)] == [None, None]
    assert completeness(officer, unit=WARD) == {"expected": 1, "received": 0, "late": 0, "waived": 0, "unavailable": 0}
    clock.set("2026-11-23T10:00:00+07:00")
    assert states(officer) == ("late", "late")
    assert (DAY, "city", "late") in {(o["day"], o["system"], o["state"]) for o in owed(officer)}
    asked = put(officer, part | REASON | {"note": "Thêm"}, match='"2"')["warnings"]
    assert "late" in {w["code"] for w in asked}
    whole = put(officer, WORK | REASON, match='"3"')  # that the system was down was said in time
    assert (whole["timeliness"], "late" in {w["code"] for w in whole["warnings"]}) == ("on_time", False)
    assert states(officer) == ("received_on_time", "late")


def test_a_complete_day_corrected_to_a_part_is_timely_but_not_in(api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer)
    put(officer, report(line("LT")), "ministry")
    clock.set("2026-11-25T10:00:00+07:00")
    put(officer, WORK | {"partial_day": True} | REASON, match='"1"')
    assert states(officer) == ("received_on_time", "received_on_time")
    assert completeness(officer)["received"] == 0
    assert completeness(officer, as_of="2026-11-24")["received"] == 1
    assert completeness(officer, as_of="2026-11-25")["received"] == 0
    clock.set("2026-11-25T10:05:00+07:00")
    assert put(officer, WORK | REASON, match='"2"')["timeliness"] == "on_time"
    assert completeness(officer)["received"] == 1
    assert completeness(officer, as_of="2026-11-25T10:04:00+07:00")["received"] == 0


def test_late_for_good(api: Api, clock: SetClock) -> None:
    officer = api()
    clock.set("2026-11-20T17:00:00.000001+07:00")
    assert put(officer)["timeliness"] == "late"
    assert put(officer, report(line("LT")), "ministry")["timeliness"] == "on_time"
    assert states(officer) == ("received_late", "received_on_time")


def test_the_list_without_a_day_is_today_and_what_is_open_late_ones_first(
    app: FastAPI, api: Api, clock: SetClock
) -> None:
    officer = api()
    put(officer, day="2026-11-18")
    clock.set("2026-11-23T16:35:00+07:00")
    items = owed(officer)
    rank = ["late", "partial", "due", "unavailable", "not_due", "received_late", "received_on_time", "waived"]
    assert [rank.index(o["state"]) for o in items] == sorted(rank.index(o["state"]) for o in items)
    assert {o["unit"] for o in items} == {WARD}
    assert {(o["day"], o["system"], o["state"]) for o in items} == {
        ("2026-11-18", "ministry", "late"), ("2026-11-19", "city", "late"), ("2026-11-19", "ministry", "late"),
        ("2026-11-20", "city", "late"), ("2026-11-20", "ministry", "late"),
        ("2026-11-23", "city", "due"), ("2026-11-23", "ministry", "due"),
    }  # fmt: skip
    everybody = owed(api("city_analyst"))
    assert len({o["unit"] for o in everybody}) == 40
    clock.set("2026-11-23T17:00:00.000001+07:00")
    assert "2026-11-18" not in {o["day"] for o in owed(officer)}  # locked: nothing more can be done


def test_a_period_is_paged_and_never_cut_silently(api: Api) -> None:
    analyst, seen, cursor = api("city_analyst"), [], None
    while True:
        query = {"from": "2026-11-19", "to": "2026-11-20", "limit": "37"} | ({"cursor": cursor} if cursor else {})
        page = analyst.get(f"{BASE}/obligations", params=query).json()
        seen += [(o["day"], o["unit"], o["system"]) for o in page["items"]]
        assert len(page["items"]) <= 37
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 37
    assert len(seen) == len(set(seen)) == 2 * 40 * 2
    table = analyst.get(f"{BASE}/obligations.csv", params={"from": "2026-11-16", "to": "2026-11-20", "limit": "5"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(table.text.strip().splitlines()) == 1 + 5 * 40 * 2


def test_waivers(app: FastAPI, api: Api, people: People, clock: SetClock) -> None:
    analyst, officer = api("city_analyst"), api()
    address = f"{BASE}/obligations/{WARD}/{DAY}/city/waiver"
    assert officer.put(address, json={"reason": "Mưa lũ"}).status_code == 403
    assert api("ward_officer", OTHER).put(address, json={"reason": "x"}).status_code in (403, 404)
    for wrong, code in (
        ({}, "required"),
        ({"reason": " "}, "too_short"),
        ({"reason": "x", "y": 1}, "unknown_property"),
    ):
        refused = analyst.put(address, json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    for nothing in (f"{WARD}/2026-11-21/city", f"99999/{DAY}/city", f"SO-KHCN/{DAY}/city"):
        assert analyst.put(f"{BASE}/obligations/{nothing}/waiver", json={"reason": "x"}).status_code == 404
        assert analyst.delete(f"{BASE}/obligations/{nothing}/waiver").status_code == 404
    assert analyst.delete(address).status_code == 404
    clock.set("2026-11-25T08:00:00+07:00")
    put(officer, WORK | {"partial_day": True})
    waived = analyst.put(address, json={"reason": "Mất điện toàn phường"}).json()
    assert (waived["state"], waived["waiver_reason"], waived["waived_by"]) == (
        "waived", "Mất điện toàn phường", waived["waived_by"],
    )  # fmt: skip
    assert waived["waived_at"] == "2026-11-25T01:00:00Z"
    assert states(officer) == ("waived", "late")
    clock.set("2026-11-25T08:30:00+07:00")
    assert analyst.put(address, json={"reason": "Mất điện toàn phường"}).json() == waived
    other = analyst.put(address, json={"reason": "Mưa lũ"}).json()
    assert (other["waived_at"], other["waiver_reason"]) == ("2026-11-25T01:30:00Z", "Mưa lũ")
    with app.state.database.read() as session:  # who freed it first, when and why, is not lost
        history = session.execute(
            select(col(Waiver.reason), col(Waiver.known_from), col(Waiver.known_to)).order_by(col(Waiver.id))
        ).all()
    first, second = (datetime.fromisoformat(f"2026-11-25T01:{minute}:00+00:00") for minute in ("00", "30"))
    assert history == [("Mất điện toàn phường", first, second), ("Mưa lũ", second, None)]
    analyst.put(f"{BASE}/obligations/{WARD}/{DAY}/ministry/waiver", json={"reason": "Mưa lũ"})
    assert completeness(officer, unit=WARD) == {"expected": 1, "received": 1, "late": 0, "waived": 1, "unavailable": 0}
    put(officer, WORK | REASON, match='"1"')  # it may be sent all the same
    assert states(officer)[0] == "waived"
    refused = analyst.put(address, json={"reason": "Khác"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_reported")
    assert analyst.delete(address).status_code == 204
    assert states(officer)[0] == "received_late"
    with app.state.database.read() as session:
        actions = session.scalars(
            select(col(AuditEntry.action))
            .where(col(AuditEntry.action).startswith("obligation."))
            .order_by(col(AuditEntry.number))
        ).all()
    assert actions == ["obligation.waived"] * 3 + ["obligation.waiver_ended"]
    person = people("city_analyst")
    page = f"/throughput/obligations/{OTHER}/{DAY}/city/waiver"
    sent = send_form(person, page, [("reason", "Mưa lũ")])
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        f"/throughput/obligations?day={DAY}&waiver={OTHER}.city",
    )
    assert states(api("ward_officer", OTHER), unit=OTHER)[0] == "waived"
    ended = person.post(page, data={"_method": "DELETE"})
    assert ended.status_code == 303
    assert states(api("ward_officer", OTHER), unit=OTHER)[0] == "late"


def test_what_was_waived_then_stays_known(api: Api, clock: SetClock) -> None:
    """Whatever becomes of a waiver, a moment's completeness is that moment's."""
    analyst = api("city_analyst")
    addresses = [f"{BASE}/obligations/{WARD}/{DAY}/{system}/waiver" for system in ("city", "ministry")]

    def at(hour: str) -> tuple[int, int]:
        found = completeness(analyst, unit=WARD, as_of=f"2026-11-20T{hour}:00+07:00")
        return found["received"], found["waived"]

    known = {"16:59": (0, 0), "17:30": (1, 1), "18:30": (1, 1), "19:30": (0, 0), "20:30": (1, 1)}
    clock.set("2026-11-20T17:00:00+07:00")
    assert [analyst.put(a, json={"reason": "Mất điện"}).status_code for a in addresses] == [200, 200]
    assert at("17:30") == known["17:30"]
    clock.set("2026-11-20T18:00:00+07:00")
    assert analyst.put(addresses[0], json={"reason": "Mưa lũ"}).status_code == 200
    clock.set("2026-11-20T19:00:00+07:00")
    assert analyst.delete(addresses[0]).status_code == 204
    assert completeness(analyst, unit=WARD)["received"] == 0
    clock.set("2026-11-20T20:00:00+07:00")
    assert analyst.put(addresses[0], json={"reason": "Mưa lũ"}).json()["waived_at"] == "2026-11-20T13:00:00Z"
    clock.set("2026-11-20T19:50:00+07:00")  # set back: nothing ends before it began
    assert analyst.put(addresses[0], json={"reason": "Khác"}).status_code == 200
    assert {hour: at(hour) for hour in known} == known
    assert completeness(analyst, unit=WARD)["received"] == 1


def mark(analyst: TestClient, day: str, body: dict[str, Any] = FLOOD, unit: str | None = None) -> str:
    answer = analyst.put(f"/api/v1/calendar/days/{day}", json=body, params={"unit": unit} if unit else {})
    assert answer.status_code in (200, 201), answer.text
    return str(answer.headers["etag"])


def test_a_changed_calendar_remakes_what_is_owed(api: Api, clock: SetClock) -> None:
    analyst, officer = api("city_analyst"), api()
    analyst.put(f"{BASE}/obligations/{OTHER}/2026-11-23/city/waiver", json={"reason": "Mưa lũ"})
    assert states(officer, "2026-11-23") == ("not_due", "not_due")
    tag = mark(analyst, "2026-11-23")
    assert owed(officer, day="2026-11-23") == []
    assert [o["state"] for o in owed(analyst, day="2026-11-23")] == ["waived"]  # what somebody decided stays
    friday = {o["system"]: o for o in owed(officer, day=DAY)}
    assert friday["ministry"]["due_at"] == "2026-11-25T02:00:00Z"
    assert friday["city"]["locks_at"] == "2026-11-27T10:00:00Z"
    assert officer.get(f"{BASE}/reports/{WARD}/{DAY}/worksheet").json()["city"]["deadlines"]["locks_at"] == (
        "2026-11-27T10:00:00Z"
    )
    assert analyst.delete("/api/v1/calendar/days/2026-11-23", headers={"if-match": tag}).status_code == 204
    assert states(officer, "2026-11-23") == ("not_due", "not_due")
    assert {o["system"]: o for o in owed(officer, day=DAY)}["city"]["locks_at"] == "2026-11-26T10:00:00Z"


def test_a_closure_of_one_unit_is_its_own(api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    mark(analyst, "2026-11-23", unit=WARD)
    assert {o["unit"] for o in owed(analyst, day="2026-11-23")} == {o["unit"] for o in owed(analyst, day=DAY)} - {WARD}
    due = {o["unit"]: o["due_at"] for o in owed(analyst, day=DAY) if o["system"] == "ministry"}
    assert (due[WARD], due[OTHER]) == ("2026-11-25T02:00:00Z", "2026-11-23T02:00:00Z")
    clock.set("2026-11-23T10:00:00+07:00")
    officer = api()
    body = WORK | {"counted_until": "2026-11-23T09:00:00+07:00"}
    assert [w["code"] for w in put(officer, body, day="2026-11-23")["warnings"]] == ["non_working_day", "partial_day"]


def test_a_day_made_worked_is_owed(api: Api) -> None:
    analyst, officer = api("city_analyst"), api()
    assert owed(officer, day="2026-11-28") == []
    body = {"kind": "swapped_working_day", "name_vi": "Làm bù", "legal_reference": "Thông báo 1"}
    mark(analyst, "2026-11-28", body)
    assert states(officer, "2026-11-28") == ("not_due", "not_due")
    assert {o["system"]: o for o in owed(officer, day="2026-11-27")}["ministry"]["due_at"] == "2026-11-28T02:00:00Z"


def test_saturday_service(api: Api, clock: SetClock) -> None:
    analyst, officer, other = api("city_analyst"), api(), api("ward_officer", OTHER)
    body = {"unit": WARD, "valid_from": "2026-11-01", "legal_reference": "Kế hoạch 10/KH-UBND"}
    assert analyst.post("/api/v1/calendar/saturday-services", json=body).status_code == 201
    clock.set("2026-11-21T17:30:00+07:00")
    assert owed(officer, day="2026-11-21") == []  # it may report, it is not nagged
    served = put(officer, day="2026-11-21")
    assert (served["warnings"], served["timeliness"]) == ([], None)
    unserved = put(other, day="2026-11-21", unit=OTHER)
    assert [w["code"] for w in unserved["warnings"]] == ["non_working_day"]
    empty = put(other, report(), "ministry", "2026-11-21", OTHER)
    assert [w["code"] for w in empty["warnings"]] == ["all_zero"]
    assert completeness(officer, "2026-11-21", "2026-11-22")["expected"] == 0
    clock.set("2026-11-22T12:00:00+07:00")
    assert "non_working_day" in [w["code"] for w in put(officer, day="2026-11-22")["warnings"]]


def unit_body(client: TestClient, code: str) -> tuple[dict[str, Any], str]:
    answer = client.get(f"/api/v1/units/{code}")
    body = answer.json()
    return {k: v for k, v in body.items() if k not in ("code", "version")}, answer.headers["etag"]


def test_units_that_end_begin_or_owe_otherwise(api: Api, clock: SetClock) -> None:
    keeper, analyst = api("administrator"), api("city_analyst")
    body, tag = unit_body(keeper, WARD)
    closed = keeper.put(f"/api/v1/units/{WARD}", json=body | {"valid_to": DAY}, headers={"if-match": tag})
    assert closed.status_code == 200, closed.text
    assert {o["day"] for o in owed(analyst, unit=WARD, **{"from": DAY, "to": "2026-12-31"})} == {DAY}
    officer = api()
    assert put(officer)["version"] == 1
    clock.set("2026-11-23T10:00:00+07:00")
    refused = officer.put(f"{BASE}/reports/{WARD}/2026-11-23/city", json=WORK)
    assert (refused.status_code, refused.json()["code"]) == (422, "unit_closed")
    reopened = keeper.put(f"/api/v1/units/{WARD}", json=body, headers={"if-match": closed.headers["etag"]})
    assert reopened.status_code == 200
    assert states(officer, "2026-11-23") == ("not_due", "not_due")

    body, tag = unit_body(keeper, OTHER)
    spared = keeper.put(f"/api/v1/units/{OTHER}", json=body | {"owes_reports": False}, headers={"if-match": tag})
    assert spared.status_code == 200
    assert owed(analyst, unit=OTHER, day="2026-11-25") == []
    body, tag = unit_body(keeper, "SO-KHCN")
    asked = keeper.put("/api/v1/units/SO-KHCN", json=body | {"owes_reports": True}, headers={"if-match": tag})
    assert asked.status_code == 200
    assert len(owed(analyst, unit="SO-KHCN", day="2026-11-25")) == 2
    new = {"code": "P-MOI", "name": "Mới", "full_name": "UBND phường Mới", "kind": "ward", "valid_from": "2026-11-25"}
    assert keeper.post("/api/v1/units", json=new).status_code == 201
    assert {o["day"] for o in owed(analyst, unit="P-MOI", **{"from": "2026-11-20", "to": "2026-11-27"})} == {
        "2026-11-25", "2026-11-26", "2026-11-27",
    }  # fmt: skip


def test_a_unit_that_owes_nothing_is_never_late(api: Api, clock: SetClock) -> None:
    keeper, officer = api("administrator"), api()
    body, tag = unit_body(keeper, WARD)
    keeper.put(f"/api/v1/units/{WARD}", json=body | {"owes_reports": False}, headers={"if-match": tag})
    clock.set("2026-11-23T10:00:00+07:00")
    sent = put(officer)
    assert (sent["timeliness"], sent["warnings"]) == (None, [])


def test_completeness_counts_unit_days_of_every_system_owed(api: Api, clock: SetClock) -> None:
    analyst, officer, other = api("city_analyst"), api(), api("ward_officer", OTHER)
    assert completeness(analyst)["expected"] == 40
    assert completeness(analyst, "2026-11-16", "2026-11-22")["expected"] == 200
    put(officer)
    assert completeness(analyst)["received"] == 0
    assert completeness(analyst, system="city")["received"] == 1
    put(officer, report(), "ministry")
    clock.set("2026-11-20T18:00:00+07:00")
    put(other, unit=OTHER)
    put(other, report(), "ministry", unit=OTHER)
    assert completeness(analyst) == {"expected": 40, "received": 2, "late": 1, "waived": 0, "unavailable": 0}
    before = datetime.fromisoformat("2026-11-20T17:30:00+07:00").isoformat()
    assert completeness(analyst, as_of=before)["received"] == 1
    assert completeness(officer, unit=WARD) == {"expected": 1, "received": 1, "late": 0, "waived": 0, "unavailable": 0}
    address = f"{BASE}/obligations/19774/{DAY}"
    for system in ("city", "ministry"):
        analyst.put(f"{address}/{system}/waiver", json={"reason": "Mưa lũ"})
    assert completeness(analyst) == {"expected": 40, "received": 3, "late": 1, "waived": 1, "unavailable": 0}
    assert completeness(analyst, as_of=before)["waived"] == 0
