"""What was known when: revisions and their differences, the worksheet before a report, lists and tables of reports."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report

Api = Callable[..., TestClient]
BASE = "/api/v1/throughput"
REASON = {"warning": "correction", "reason": "source_error"}


def put(client: TestClient, body: Any, day: str = DAY, system: str = "city", unit: str = WARD, match: str = "") -> Any:
    headers = {"if-match": match} if match else {}
    answer = client.put(f"{BASE}/reports/{unit}/{day}/{system}", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def known(client: TestClient, as_of: str, day: str = DAY) -> Any:
    return client.get(f"{BASE}/reports/{WARD}/{day}/city", params={"as_of": as_of})


@pytest.fixture
def history(api: Api, clock: SetClock) -> list[dict[str, Any]]:
    """Three revisions: a morning's part, the evening's whole, a correction on Monday."""
    officer = api()
    clock.set("2026-11-20T11:30:00+07:00")
    first = put(officer, report(line("HT", received_online=5), partial_day=True))
    clock.set("2026-11-20T16:45:00+07:00")
    second = put(
        officer, report(line("HT", received_online=9, received_post=None), line("CT", carried_over=2)), match='"1"'
    )
    clock.set("2026-11-23T14:00:00+07:00")
    third = put(officer, report(line("HT", received_online=8, received_post=0), reasons=[REASON]), match='"2"')
    return [first, second, third]


def test_every_moment_knows_its_revision(api: Api, history: list[dict[str, Any]]) -> None:
    officer = api()
    for as_of, revision in (
        ("2026-11-20T11:29:59.999999+07:00", None),
        ("2026-11-20T11:30:00+07:00", 1),
        ("2026-11-20T04:30:00Z", 1),
        ("2026-11-20T09:44:59.999999Z", 1),
        ("2026-11-20T16:45:00+07:00", 2),
        ("2026-11-19", None),
        ("2026-11-20", 2),  # a bare day is its end in Huế
        ("2026-11-22", 2),
        ("2026-11-23T13:59:59+07:00", 2),
        ("2026-11-23", 3),
        ("2030-01-01", 3),
    ):
        answer = known(officer, as_of)
        if revision is None:
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), as_of
            continue
        out = answer.json()
        was = history[revision - 1]
        assert (out["revision"], out["version"]) == (revision, 3), as_of
        for name in ("lines", "totals", "counted_until", "received_at", "receipt", "partial_day", "reasons", "note"):
            assert out[name] == was[name], (as_of, name)
        assert answer.headers["etag"].startswith("W/")  # no tag to change it with
    assert officer.get(f"{BASE}/reports/{WARD}/{DAY}/city").json() == history[2]


def test_a_revision_at_midnight_belongs_to_the_new_day(api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer, report(line("HT", received_online=5)))
    clock.set("2026-11-21T00:00:00+07:00")
    put(officer, report(line("HT", received_online=6)), match='"1"')
    assert known(officer, "2026-11-20T23:59:59.999999+07:00").json()["revision"] == 1
    assert known(officer, "2026-11-21T00:00:00+07:00").json()["revision"] == 2
    assert known(officer, "2026-11-20").json()["revision"] == 1


def test_revisions_as_differences(api: Api, history: list[dict[str, Any]]) -> None:
    out = api().get(f"{BASE}/reports/{WARD}/{DAY}/city/revisions").json()
    assert (out["unit"], out["unit_name"], out["day"], out["system"]) == (WARD, "Thuận Hóa", DAY, "city")
    assert [r["number"] for r in out["items"]] == [3, 2, 1]
    third, second, first = out["items"]
    assert (first["known_to"], second["known_to"], third["known_to"]) == (
        second["known_from"], third["known_from"], None,
    )  # fmt: skip
    assert first["changes"] == []

    def changes(revision: dict[str, Any]) -> set[tuple[str, str, Any, Any]]:
        return {(c["field"], c["column"], c["before"], c["after"]) for c in revision["changes"]}

    assert changes(second) == {
        ("HT", "received_online", 5, 9), ("HT", "received_post", 0, None), ("HT", "pending_in_time", 5, 9),
        ("CT", "carried_over", None, 2), ("CT", "pending_in_time", None, 2),
    }  # fmt: skip
    assert changes(third) == {
        ("HT", "received_online", 9, 8), ("HT", "received_post", None, 0), ("HT", "pending_in_time", 9, 8),
        ("CT", "carried_over", 2, None), ("CT", "pending_in_time", 2, None),
    }  # fmt: skip
    for item, was in zip(reversed(out["items"]), history, strict=True):
        assert item["report"]["lines"] == was["lines"]
    assert api().get(f"{BASE}/reports/{WARD}/{DAY}/ministry/revisions").status_code == 404


def test_the_worksheet_before_a_report(api: Api, clock: SetClock) -> None:
    officer = api()
    put(
        officer, report(line("HT", received_online=12, pending_overdue=2), line("CT", received_counter=4)), "2026-11-19"
    )
    clock.set("2026-11-20T09:15:30+07:00")
    sheet = officer.get(f"{BASE}/reports/{WARD}/{DAY}/worksheet").json()
    assert (sheet["unit"], sheet["unit_name"], sheet["day"], sheet["is_working_day"]) == (WARD, "Thuận Hóa", DAY, True)
    assert (sheet["version"], sheet["exists"]) == ("0-0", False)
    assert (sheet["targets"]["online"], sheet["targets"]["on_time"], sheet["targets"]["overdue"]) == (0.8, 0.95, 0.03)
    assert sheet["targets"]["source"]
    city, ministry = sheet["city"], sheet["ministry"]
    assert (city["report"], city["locked"], city["reason_needed"], city["previous_day"]) == (
        None, False, False, "2026-11-19",
    )  # fmt: skip
    assert city["counted_until"] == "2026-11-20T02:15:00Z"
    assert city["deadlines"] == {
        "cut_off_at": "2026-11-20T09:30:00Z", "due_at": "2026-11-20T10:00:00Z",
        "grace_until": "2026-11-23T02:00:00Z", "locks_at": "2026-11-26T10:00:00Z",
    }  # fmt: skip
    rows = {r["field"]: r for r in city["rows"]}
    assert [r["field"] for r in city["rows"]][:2] == ["HT", "CT"]
    assert (rows["HT"]["usual"], rows["HT"]["opening"], rows["HT"]["line"], rows["HT"]["proposals"]) == (
        True,
        12,
        None,
        [],
    )
    assert rows["HT"]["past"] == {"yesterday": 12, "same_weekday": None, "mean_30": 12.0}
    assert (rows["CT"]["opening"], rows["DD"]["opening"], rows["DD"]["usual"]) == (4, 0, False)
    assert rows["DD"]["past"] == {"yesterday": 0, "same_weekday": None, "mean_30": 0.0}
    assert rows["HT"]["names"] == {"vi": "Hộ tịch", "en": "Civil status", "fr": "État civil"}
    assert {"HKD", "LN"}.isdisjoint(rows)
    assert "UNSPLIT" in rows
    assert {r["field"] for r in ministry["rows"]} == {"HT", "LT", "BTXH", "HKD", "HTX", "NCN", "UNSPLIT"}
    assert (ministry["previous_day"], {r["opening"] for r in ministry["rows"]}) == (None, {0})
    assert {r["past"]["mean_30"] for r in ministry["rows"]} == {None}


def test_the_worksheet_beside_a_report(api: Api, clock: SetClock) -> None:
    officer = api()
    clock.set("2026-11-20T11:00:00+07:00")
    part = put(officer, report(line("HT", received_online=5), partial_day=True))
    clock.set("2026-11-20T16:45:00+07:00")
    sheet = officer.get(f"{BASE}/reports/{WARD}/{DAY}/worksheet").json()
    assert (sheet["version"], sheet["exists"], sheet["city"]["report"]) == ("1-0", True, part)
    assert sheet["city"]["counted_until"] == "2026-11-20T09:30:00Z"  # the whole day is what comes next
    assert next(r for r in sheet["city"]["rows"] if r["field"] == "HT")["line"] == part["lines"][0]
    put(officer, report(line("HT", received_online=9), counted_until="2026-11-20T16:40:00+07:00"), match='"1"')
    clock.set("2026-11-23T09:00:00.000001+07:00")
    sheet = officer.get(f"{BASE}/reports/{WARD}/{DAY}/worksheet").json()
    assert sheet["city"]["counted_until"] == "2026-11-20T09:40:00Z"
    assert (sheet["city"]["reason_needed"], sheet["ministry"]["reason_needed"]) == (True, False)
    clock.set("2026-11-26T17:00:00.000001+07:00")
    sheet = officer.get(f"{BASE}/reports/{WARD}/{DAY}/worksheet").json()
    assert (sheet["city"]["locked"], sheet["ministry"]["locked"]) == (True, True)
    saturday = officer.get(f"{BASE}/reports/{WARD}/2026-11-21/worksheet").json()
    assert (saturday["is_working_day"], saturday["exists"]) == (False, False)


def test_a_field_that_stands_keeps_its_row(api: Api) -> None:
    """It ceases to apply between a report and its correction: nothing of what was counted is dropped or refused."""
    officer, analyst = api(), api("city_analyst")
    put(officer, report(line("HT", received_online=5), line("CT", received_online=1)))
    rule = {"unit": WARD, "system": "city", "applies": False}
    assert analyst.post("/api/v1/fields/HT/exceptions", json=rule).status_code == 200

    def rows(day: str) -> dict[str, Any]:
        sheet = officer.get(f"{BASE}/reports/{WARD}/{day}/worksheet").json()["city"]
        return {r["field"]: r for r in sheet["rows"]}

    assert rows(DAY)["HT"]["line"]["received_online"] == 5
    assert "HT" not in rows("2026-11-19")
    both = report(line("HT", received_online=6), line("CT", received_online=1))
    assert put(officer, both, match='"1"')["totals"]["received"] == 7
    put(officer, report(line("CT", received_online=1)), match='"2"')
    again = officer.put(f"{BASE}/reports/{WARD}/{DAY}/city", json=both, headers={"if-match": '"3"'})
    assert (again.status_code, again.json()["code"]) == (422, "field_not_applicable")


def test_past_values_count_complete_reports_only(api: Api, clock: SetClock) -> None:
    officer = api()
    for day, online, partial in (("2026-11-18", 30, False), ("2026-11-19", 2, True)):
        clock.set(f"{day}T16:45:00+07:00")
        put(officer, report(line("HT", carried_over=0, received_online=online), partial_day=partial), day)
    clock.set("2026-11-20T09:00:00+07:00")
    rows = officer.get(f"{BASE}/reports/{WARD}/{DAY}/worksheet").json()["city"]["rows"]
    assert next(r for r in rows if r["field"] == "HT")["past"] == {
        "yesterday": None, "same_weekday": None, "mean_30": 30.0,
    }  # fmt: skip
    rows = officer.get(f"{BASE}/reports/{WARD}/2026-11-25/worksheet").json()["city"]["rows"]
    assert next(r for r in rows if r["field"] == "HT")["past"]["same_weekday"] == 30


@pytest.fixture
def week(api: Api, clock: SetClock) -> list[tuple[str, str, str]]:
    """Eleven reports of two wards, sent an hour apart; returns (day, unit, system) as they were sent."""
    sent = []
    clients = {unit: api("ward_officer", unit) for unit in (WARD, OTHER)}
    hour = 0
    for day in ("2026-11-18", "2026-11-19", "2026-11-20"):
        for unit, client in clients.items():
            for system in ("city", "ministry"):
                if (day, unit, system) == ("2026-11-20", OTHER, "ministry"):
                    continue
                hour += 1
                clock.set(f"2026-11-20T{8 + hour:02}:00:00+07:00")
                body = report(line("HT", received_online=hour))
                if (day, system, unit) == ("2026-11-19", "ministry", WARD):
                    body = {"unavailable": {"reason": "Mất kết nối"}}
                put(client, body, day, system, unit)
                sent.append((day, unit, system))
    return sent


def listed(client: TestClient, **query: Any) -> Any:
    answer = client.get(f"{BASE}/reports", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def keys(page: Any) -> list[tuple[str, str, str]]:
    return [(i["day"], i["unit"], i["system"]) for i in page["items"]]


def test_lists_of_reports(api: Api, clock: SetClock, week: list[tuple[str, str, str]]) -> None:
    analyst, officer = api("city_analyst"), api()
    everything = listed(analyst)
    assert everything["next"] is None
    assert sorted(keys(everything)) == sorted(week)
    days = [i["day"] for i in everything["items"]]
    assert days == sorted(days, reverse=True)
    assert {u for _, u, _ in keys(listed(officer))} == {WARD}
    assert officer.get(f"{BASE}/reports", params={"unit": OTHER}).status_code == 404
    for query, chosen in (
        ({"unit": OTHER}, lambda k: k[1] == OTHER),
        ({"system": "ministry"}, lambda k: k[2] == "ministry"),
        ({"from": "2026-11-19"}, lambda k: k[0] >= "2026-11-19"),
        ({"to": "2026-11-19"}, lambda k: k[0] <= "2026-11-19"),
        ({"from": "2026-11-19", "to": "2026-11-19", "unit": WARD}, lambda k: k[:2] == ("2026-11-19", WARD)),
        ({"from": "2026-11-20", "to": "2026-11-19"}, lambda k: False),
        ({"updated_since": "2026-11-20T15:00:00+07:00"}, lambda k: k in week[6:]),
        ({"updated_since": "2026-11-19"}, lambda k: True),
        ({"updated_since": "2026-11-20"}, lambda k: False),
    ):
        assert sorted(keys(listed(analyst, **query))) == sorted(filter(chosen, week)), query
    # No call takes longer than two minutes from its moment to its commit: what is younger may be told once more.
    assert everything["complete_until"] is None
    until = datetime.fromisoformat(listed(analyst, updated_since="2026-11-19")["complete_until"])
    assert clock.now() - until == timedelta(minutes=2)
    down = next(i for i in everything["items"] if i["unavailable"])
    assert (down["totals"], down["partial_day"], down["version"]) == (None, False, 1)
    up = next(i for i in everything["items"] if keys({"items": [i]}) == [week[0]])
    assert (up["totals"]["received"], up["name"], up["door"]) == (1, "Thuận Hóa", "api")


def test_paging_never_cuts_silently(app: FastAPI, api: Api, week: list[tuple[str, str, str]]) -> None:
    analyst = api("city_analyst")
    whole = keys(listed(analyst))
    for limit in (1, 3, 10, 11, 12):
        seen, cursor = [], None
        while True:
            page = listed(analyst, limit=limit, **({"cursor": cursor} if cursor else {}))
            seen += keys(page)
            cursor = page["next"]
            assert len(page["items"]) == limit or cursor is None
            if cursor is None:
                break
        assert seen == whole, limit
    assert listed(analyst, limit=11)["next"] is None
    assert len(listed(analyst, limit=10_000)["items"]) == 11
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"page_size_max": 4})
    page = listed(analyst, limit=10_000)
    assert (len(page["items"]), page["next"] is None) == (4, False)


def test_a_table_holds_every_row(api: Api, week: list[tuple[str, str, str]]) -> None:
    analyst = api("city_analyst")
    for address, headers in (("reports.csv", {}), ("reports", {"accept": "text/csv"})):
        answer = analyst.get(f"{BASE}/{address}", params={"limit": 2}, headers=headers)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert sorted((r["day"], r["unit"], r["system"]) for r in rows) == sorted(week)
        assert {r["totals_received"] for r in rows} == {"", *map(str, range(1, 12))} - {"6"}  # the sixth: no figures
    sums = analyst.get(f"{BASE}/summary.csv", params={"from": "2026-11-18", "to": DAY})
    rows = list(csv.DictReader(io.StringIO(sums.content.decode("utf-8-sig"))))
    assert [r["key"] for r in rows] == [OTHER, WARD, "total"]
    assert int(rows[2]["received"]) == sum(int(r["received"]) for r in rows[:2]) == sum(range(1, 12)) - 6
    day = list(csv.DictReader(io.StringIO(analyst.get(f"{BASE}/reports/{WARD}/{DAY}.csv").content.decode("utf-8-sig"))))
    assert {row["field"] for row in day} >= {"HT"}
    assert analyst.get(f"{BASE}/reports.xlsx").content[:2] == b"PK"


def test_who_reads_what(api: Api, week: list[tuple[str, str, str]]) -> None:
    for role, status in (
        ("ward_leader", 200), ("city_analyst", 200), ("leader", 200), ("department_officer", 403),
        ("administrator", 403),
    ):  # fmt: skip
        client = api(role)
        for path in ("", "/city", "/worksheet", "/receipt", "/city/revisions"):
            answer = client.get(f"{BASE}/reports/{WARD}/{DAY}{path}")
            assert answer.status_code in (status, 404 if status == 403 else status), (role, path)
    officer = api()
    city = officer.get(f"{BASE}/summary", params={"group_by": "day", "from": "2026-11-18", "to": DAY}).json()
    assert city["total"]["received"] == sum(range(1, 12)) - 6  # the city's totals are for every ward
    own = officer.get(f"{BASE}/summary", params={"group_by": "unit", "from": "2026-11-18", "to": DAY}).json()
    assert [r["key"] for r in own["rows"]] == [WARD]
