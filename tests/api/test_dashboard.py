"""The dashboard: the domains' own numbers put together, of the city or of one unit, at both doors."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.core import audit
from app.core.db import Database
from app.dashboard import keeping
from app.throughput import totals
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.figures import batch, figures, item
from tests.support.figures import sent as figures_sent
from tests.support.indicators import indicator, reading, with_set
from tests.support.statements import asked
from tests.support.tasks import with_directive, with_task

Api = Callable[..., TestClient]
AT = "/api/v1/dashboard"
THURSDAY, WEDNESDAY = "2026-11-19", "2026-11-18"
MONDAY = "2026-11-16"
FIRST_OWED = "2026-11-13"


def sent(api: Api, unit: str, day: str, **counts: Any) -> None:
    """Send both reports of a unit's day with the same counts."""
    for system in ("city", "ministry"):
        at = f"/api/v1/throughput/reports/{unit}/{day}/{system}"
        answer = api("ward_officer", unit).put(at, json=report(line(**counts)))
        assert answer.status_code == 201, answer.text


def shown(client: TestClient, **query: str) -> dict[str, Any]:
    """Return the dashboard as a client gets it."""
    answer = client.get(AT, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_its_figures_are_those_of_the_summary_for_each_span_and_what_went_before(api: Api) -> None:
    leader = api("leader")
    sent(api, WARD, WEDNESDAY, received_online=5, resolved_early=1)
    sent(api, WARD, THURSDAY, carried_over=4, received_online=7, received_counter=3, resolved_early=2)
    served = shown(leader)["served"]
    assert served["day"] == THURSDAY, "of Friday no deadline has passed yet"
    assert [(s["kind"], s["from"], s["to"]) for s in served["spans"]] == [
        ("day", THURSDAY, THURSDAY), ("week", MONDAY, THURSDAY), ("month", "2026-11-01", THURSDAY),
        ("year", "2026-01-01", THURSDAY),
    ]  # fmt: skip
    day = served["spans"][0]
    assert (day["received"], day["resolved"], day["pending"]) == (20, 4, 24)
    assert day["online"] == {"numerator": 14, "denominator": 20, "value": 0.7}
    assert (day["previous"]["from"], day["previous"]["received"]) == (WEDNESDAY, 10)
    assert day["week_before"] is None, "nobody reported: nothing is known, and that is not nought"
    for span in served["spans"]:
        whole = leader.get(f"/api/v1/throughput/summary?from={span['from']}&to={span['to']}").json()
        total = whole["total"]
        assert [span[k] for k in ("received", "resolved", "pending")] == [
            total[k] for k in ("received", "resolved", "pending")
        ]
        assert [span[k] for k in ("on_time", "overdue", "online")] == [
            total["rates"][k] for k in ("on_time", "overdue", "online")
        ]
        assert span["completeness"] == whole["completeness"]
        assert served["cut_off"] == whole["cut_off"]


def test_who_did_not_report_is_named_as_on_the_board(api: Api) -> None:
    sent(api, WARD, THURSDAY, received_online=7)
    leader = api("leader")
    found = shown(leader)["reported"]
    board = leader.get(f"/api/v1/throughput/board?day={THURSDAY}").json()
    assert (found["completeness"]["received"], found["completeness"]["expected"]) == (1, 40)
    assert found["completeness"] == board["completeness"]
    assert found["missing"] == board["missing"]
    assert found["systems"] == board["systems"]
    assert len(found["missing"]) == 39
    assert WARD not in [one["unit"] for one in found["missing"]]
    of_one = shown(leader, unit=OTHER)["reported"]
    assert [one["unit"] for one in of_one["missing"]] == [OTHER]
    assert of_one["completeness"]["expected"] == 1


def test_overdue_tasks_are_named_with_whose_they_are_the_longest_first(api: Api) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    with_task(analyst, "T1", number, deadline="2026-11-16", accountable_position="Phó Chủ tịch UBND")
    with_task(analyst, "T2", number, deadline="2026-11-10", lead_unit="SO-KHCN")
    with_task(analyst, "T3", number)
    found = shown(api("leader"))["tasks"]
    assert [(t["code"], t["lead_unit"]["code"], t["accountable_position"]) for t in found["overdue"]] == [
        ("T2", "SO-KHCN", None), ("T1", WARD, "Phó Chủ tịch UBND"),
    ]  # fmt: skip
    whole = api("leader").get("/api/v1/tasks/summary").json()
    assert (found["total"], found["buckets"]) == (3, whole["buckets"])
    assert [t["code"] for t in shown(analyst, unit="SO-KHCN")["tasks"]["overdue"]] == ["T2"]


def test_targets_that_are_missed_come_with_the_pace_they_need(api: Api) -> None:
    analyst, leader = api("city_analyst"), api("leader")
    with_set(analyst, *(indicator(f"THU-{n}", period_type="month") for n in (1, 2, 3)))
    for number, (due, values) in enumerate((("2026-09", (60, 60)), ("2026", (60, 61)), ("2026", (60, 75))), 1):
        at = f"/api/v1/indicators/THU-{number}"
        aim = {"period": due, "low": 80, "document": "KH 98"}
        assert analyst.post(f"{at}/targets", json=aim).status_code == 201
        for period, value in zip(("2026-08", "2026-09"), values, strict=True):
            sent_one = analyst.post(f"{at}/readings", json=reading(period, value=value))
            assert sent_one.status_code == 201, sent_one.text
    found = shown(leader)["targets"]
    ours = [one for one in found["missed"] if one["indicator"]["set"] == "THU"]
    assert [(one["indicator"]["code"], one["indicator"]["standing"]) for one in ours] == [
        ("THU-1", "not_met"), ("THU-2", "not_due"),
    ], "the third will be made"  # fmt: skip
    assert [(one["pace"]["needed"], one["pace"]["months_left"]) for one in ours] == [(20.0, 0), (6.333333, 3)]
    listed = leader.get("/api/v1/indicators?limit=200").json()
    assert found["counts"] == listed["counts"]
    wanted = {
        i["code"] for i in listed["items"]
        if i["standing"] == "not_met" or (i["standing"] == "not_due" and i["makes_it"] is False)
    }  # fmt: skip
    assert {one["indicator"]["code"] for one in found["missed"]} == wanted
    for one in found["missed"]:
        alone = leader.get(f"/api/v1/indicators/{one['indicator']['code']}").json()
        assert one["pace"] == alone["pace"]


def test_gaps_are_those_of_their_ageing_each_for_who_may_see_it(api: Api, machine: TestClient) -> None:
    analyst, ward = api("city_analyst"), api("ward_leader")
    assert shown(analyst)["gaps"]["standing"] == 0
    counts: dict[str, Any] = {"resolved_early": 5, "resolved_on_time": 15}
    ours = line(received_online=40, received_counter=8, received_post=2, **counts)
    for unit in (WARD, OTHER):
        at = f"/api/v1/throughput/reports/{unit}/{DAY}/city"
        assert api("ward_officer", unit).put(at, json=report(ours)).status_code == 201
        theirs_say = figures(received_online=30, received_counter=10, **counts)
        figures_sent(machine, batch(item(theirs_say, unit=unit)))
    gaps = analyst.get("/api/v1/portal/gaps", params={"limit": 200}).json()["items"]
    found = shown(analyst)["gaps"]
    assert found["standing"] == found["unexplained"] == len(gaps) > 1
    assert found == analyst.get("/api/v1/portal/gaps/ageing?group_by=month").json()["total"]
    own = [gap for gap in gaps if gap["unit"] == WARD]
    assert shown(ward)["gaps"]["standing"] == shown(analyst, unit=WARD)["gaps"]["standing"] == len(own) < len(gaps)
    headers = {"if-match": f'"{own[0]["version"]}"'}
    at = f"/api/v1/portal/gaps/{own[0]['id']}/explanation"
    assert api().post(at, json={"reason": "late_sync"}, headers=headers).is_success
    assert shown(analyst)["gaps"]["unexplained"] == found["unexplained"] - 1


def test_blockers_are_the_open_ones_the_oldest_first_and_no_other_units(api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    for code, unit in (("T1", WARD), ("T2", OTHER)):
        with_task(analyst, code, number, lead_unit=unit)
        body = {"text": f"Vướng của {code}", "owner_position": "Giám đốc Sở Tài chính"}
        made = api("ward_officer", unit).post(f"/api/v1/tasks/{code}/blockers", json=body)
        assert made.status_code == 201, made.text
        clock.set("2026-11-23T09:00:00+07:00")
    found = shown(analyst)["blockers"]
    assert [one["task"] for one in found["items"]] == ["T1", "T2"]
    assert (found["more"], [one["age"] for one in found["items"]]) == (False, [3, 0])
    assert [one["task"] for one in shown(api("ward_leader"))["blockers"]["items"]] == ["T1"]
    listed = analyst.get("/api/v1/tasks/blockers?state=open").json()["items"]
    assert found["items"] == listed
    done = api().post(f"/api/v1/tasks/T1/blockers/{listed[0]['id']}/outcome", json={"outcome": "Đã bố trí kinh phí"})
    assert done.is_success
    assert [one["task"] for one in shown(analyst)["blockers"]["items"]] == ["T2"]


def test_what_nobody_reported_is_missing_and_not_nought(api: Api) -> None:
    sent(api, WARD, WEDNESDAY, received_online=5)
    empty = ("received", "resolved", "pending", "pending_overdue", "on_time", "overdue", "online")
    for query in ({"unit": OTHER}, {"period": MONDAY}, {"period": MONDAY, "field": "HT"}):
        (day, *_) = shown(api("leader"), **query)["served"]["spans"]
        assert [day[name] for name in empty] == [None] * 7, query
    nought = shown(api("leader"), period=WEDNESDAY, field="CT")["served"]
    assert (nought["spans"][0]["received"], nought["spans"][0]["on_time"]["value"]) == (0, None), "it is known: none"
    assert nought["series"][-1]["received"] == 0
    page = api("leader").get(f"{AT}.csv", params={"period": MONDAY}).content.decode("utf-8-sig")
    row = next(one for one in csv.DictReader(io.StringIO(page)) if one["key"] == "received")
    assert row["value"] == ""


def test_the_last_days_come_one_by_one_missing_ones_null_and_days_off_marked(api: Api) -> None:
    leader = api("leader")
    sent(api, WARD, WEDNESDAY, received_online=5, resolved_early=1)
    sent(api, OTHER, THURSDAY, received_online=7)
    served = shown(leader)["served"]
    series = {one["day"]: one for one in served["series"]}
    assert len(series) == 31
    assert list(series)[-1] == served["spans"][0]["to"] == THURSDAY
    assert (series[WEDNESDAY]["received"], series[THURSDAY]["received"], series[MONDAY]["received"]) == (10, 14, None)
    assert (series["2026-11-15"]["expected"], series[MONDAY]["expected"]) == (0, 40), "a Sunday is off"
    assert [series[day]["complete"] for day in (MONDAY, WEDNESDAY, THURSDAY)] == [0, 1, 1]
    whole = leader.get(f"/api/v1/throughput/summary?from={next(iter(series))}&to={THURSDAY}&group_by=day").json()
    assert {row["key"]: (row["received"], row["resolved"], row["rates"]["on_time"]) for row in whole["rows"]} == {
        day: (one["received"], one["resolved"], one["on_time"])
        for day, one in series.items()
        if one["received"] is not None
    }
    of_one = shown(leader, unit=WARD)["served"]["series"]
    assert [(one["received"], one["expected"]) for one in of_one[-2:]] == [(10, 1), (None, 1)]


def test_what_is_not_due_yet_lacks_nobody(api: Api, clock: SetClock) -> None:
    at = f"/api/v1/throughput/reports/{WARD}/{DAY}/city"
    assert api().put(at, json=report(line(received_online=7))).status_code == 201
    clock.set("2026-11-20T18:00:00+07:00")  # the city's deadline is over, the ministry's is the next morning
    served = shown(api("leader"))["served"]
    day = served["spans"][0]
    assert (day["period"], day["completeness"]["expected"], day["completeness"]["received"]) == (DAY, 40, 0)
    board = api("leader").get(f"/api/v1/throughput/board?day={DAY}&limit=200").json()
    late = [one["unit"] for one in board["items"] if one["state"] == "late"]
    assert (day["not_due"], len(late)) == (1, 39), "one sent the city's part, its other part is awaited"
    assert served["series"][-1]["not_due"] == 1
    clock.set("2026-11-26T18:00:00+07:00")
    assert shown(api("leader"), period=DAY)["served"]["spans"][0]["not_due"] == 0


def test_a_period_before_that_began_ahead_of_all_figures_says_since_when_there_are_any(
    api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    clock.set("2026-11-13T17:10:00+07:00")
    sent(api, WARD, FIRST_OWED, received_online=5)
    clock.set("2026-11-23T12:00:00+07:00")
    (week,) = shown(api("leader"), period="2026-W47")["served"]["spans"]
    assert (week["previous"]["from"], week["previous_begins"]) == ("2026-11-09", FIRST_OWED)
    assert "số liệu có từ 13/11/2026" in people("leader").get("/dashboard?period=2026-W47").text
    (day,) = shown(api("leader"), period="2026-11-16")["served"]["spans"]
    assert (day["previous"]["from"], day["previous_begins"]) == (FIRST_OWED, None)


@pytest.mark.parametrize(
    ("written", "name"),
    [("tuần 46/2026", "2026-W46"), ("quý IV/2026", "2026-Q4"), ("19/11/2026", "2026-11-19"), ("năm 2025", "2025")],
)
def test_a_period_is_read_as_it_is_written(api: Api, written: str, name: str) -> None:
    found = shown(api("leader"), period=written)
    assert (found["period"], found["served"]["spans"][0]["period"]) == (name, name)
    if "-W" not in name and len(name) != 10:
        compared = api("city_analyst").get("/api/v1/portal/comparison", params={"period": written})
        assert (compared.status_code, compared.json()["period"]) == (200, name)


@pytest.mark.parametrize(
    ("period", "first", "last", "before"),
    [
        ("2026-11-19", "2026-11-19", "2026-11-19", "2026-11-18"), ("2026-W46", "2026-11-09", "2026-11-15", None),
        ("2026-11", "2026-11-01", "2026-11-19", None), ("2026-Q4", "2026-10-01", "2026-11-19", None),
        ("2025", "2025-01-01", "2025-12-31", None),
    ],
)  # fmt: skip
def test_any_period_is_asked_by_its_name(api: Api, period: str, first: str, last: str, before: str | None) -> None:
    sent(api, WARD, WEDNESDAY, received_online=5)
    found = shown(api("leader"), period=period)
    (span,) = found["served"]["spans"]
    assert (found["period"], span["period"], span["from"], span["to"]) == (period, period, first, last)
    assert (span["previous"] or {}).get("from") == before


def test_what_is_no_period_or_field_is_told_and_another_s_unit_is_not_found(api: Api) -> None:
    leader = api("leader")
    for query, code in (
        ({"period": "2026-13"}, "bad_period"), ({"period": "2026-02-30"}, "bad_period"),
        ({"period": "2026-W54"}, "bad_period"), ({"field": "KHONG"}, "unknown_field"),
    ):  # fmt: skip
        answer = leader.get(AT, params=query)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["code"] == code
    assert leader.get(AT, params={"unit": "00000"}).status_code == 404
    assert api("ward_leader").get(AT, params={"unit": OTHER}).status_code == 404


def test_a_ward_s_leader_and_a_department_see_their_own_unit_alone(api: Api) -> None:
    analyst = api("city_analyst")
    number = with_directive(analyst)
    with_task(analyst, "T1", number, deadline="2026-11-16", lead_unit=OTHER)
    with_task(analyst, "T2", number, deadline="2026-11-16", lead_unit="SO-KHCN")
    sent(api, OTHER, THURSDAY, received_online=9)
    sent(api, WARD, THURSDAY, received_online=7)
    ward = shown(api("ward_leader"))
    assert ward["unit"]["code"] == WARD
    assert ward["served"]["spans"][0]["received"] == 14
    assert (ward["reported"]["completeness"]["expected"], ward["reported"]["missing"]) == (1, [])
    assert (ward["tasks"]["overdue"], ward["targets"]["place"]) == ([], WARD)
    assert OTHER not in api("ward_leader").get(AT).text
    department = shown(api("department_officer"))
    assert department["unit"]["code"] == "SO-KHCN"
    assert (department["served"], department["reported"], department["gaps"]) == (None, None, None)
    assert [t["code"] for t in department["tasks"]["overdue"]] == ["T2"]
    assert (department["targets"]["place"], department["targets"]["owner"]) == ("city", "SO-KHCN")
    assert api("administrator").get(AT).status_code == 403


@pytest.mark.each
@pytest.mark.parametrize(
    ("role", "unit"), [("ward_officer", WARD), ("ward_leader", WARD), ("department_officer", "SO-KHCN")]
)
def test_no_figure_of_a_unit_that_one_may_not_see_comes_in(api: Api, role: str, unit: str) -> None:
    """Another's day, task and target move nothing of one's own dashboard, whatever of it is asked."""
    analyst = api("city_analyst")
    number = with_directive(analyst)
    sent(api, WARD, THURSDAY, received_online=7)

    def told() -> list[str]:
        asked: tuple[dict[str, str], ...] = ({}, {"period": THURSDAY}, {"period": "2026-11"}, {"field": "HT"})
        return [api(role, unit).get(AT, params=query).text for query in asked]

    before = told()
    sent(api, OTHER, THURSDAY, received_online=4321, resolved_early=17)
    with_task(analyst, "CUA-KHAC", number, deadline="2026-11-10", lead_unit=OTHER, title="Việc của đơn vị khác")
    assert told() == before
    assert not any(word in text for text in before for word in (OTHER, "4321", "8642", "CUA-KHAC"))
    for query in ({"unit": OTHER}, {"unit": OTHER, "period": THURSDAY}):
        assert api(role, unit).get(AT, params=query).status_code == 404


def test_the_files_hold_its_numbers(api: Api) -> None:
    sent(api, WARD, THURSDAY, received_online=7)
    leader = api("leader")
    rows = list(csv.DictReader(io.StringIO(leader.get(f"{AT}.csv").content.decode("utf-8-sig"))))
    day = next(row for row in rows if (row["part"], row["key"]) == ("served.day", "received"))
    assert (day["value"], day["from"]) == ("14", THURSDAY)
    units = next(row for row in rows if row["part"] == "reported")
    assert (units["numerator"], units["denominator"]) == ("1", "40")
    assert sum(row["part"] == "missing" for row in rows) == 39


def test_unchanged_it_costs_no_body_and_a_change_shows(api: Api, people: Any) -> None:
    sent(api, WARD, THURSDAY, received_online=7)
    for client, at in ((api("leader"), AT), (people("leader"), "/dashboard")):
        first = client.get(at)
        tag = first.headers["etag"]
        again = client.get(at, headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        sent(api, shown(api("leader"))["reported"]["missing"][-1]["unit"], THURSDAY, received_online=1)
        assert client.get(at, headers={"if-none-match": tag}).status_code == 200


def test_what_a_process_keeps_is_given_up_with_any_change_and_with_the_clock(
    api: Api, app: FastAPI, clock: SetClock
) -> None:
    """A report, a waiver, a rebuilding and another process's write show at once; so does a deadline that passes."""
    leader, other = api("leader"), Database(app.state.settings)
    sent(api, WARD, THURSDAY, received_online=7)

    def day() -> dict[str, Any]:
        found: dict[str, Any] = shown(leader, period=THURSDAY)["served"]["spans"][0]
        return found

    def told() -> tuple[Any, ...]:
        found = day()
        return found["received"], found["completeness"]["received"], found["not_due"]

    before = clock.now()
    clock.set(f"{THURSDAY}T16:45:00+07:00")
    early = told()
    assert early[0] == 14
    clock.set(before.isoformat())
    assert (told()[2], early[2]) == (0, 39), "their deadlines have passed since"
    with app.state.database.engine.begin() as connection:
        connection.exec_driver_sql("update day_totals set received_online = received_online + 1000")
    assert told()[0] == 14, "not a change that anything makes: what is kept stands"
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        totals.rebuild(session)
        session.execute(text("update day_totals set received_online = received_online + 1"))
    assert told()[0] == 16, "rebuilt: read anew"
    with other.write() as session:
        session.info["audit_context"] = audit.Context(clock.now(), None, "test", "command")
        totals.rebuild(session)
    assert told()[0] == 14, "by another process"
    waived = api("city_analyst").put(
        f"/api/v1/throughput/obligations/{OTHER}/{THURSDAY}/city/waiver", json={"reason": "Mất điện cả ngày"}
    )
    assert waived.is_success, waived.text
    sent(api, "19774", THURSDAY, received_online=1)
    assert told()[:2] == (16, 2)
    other.engine.dispose()


def test_its_statements_do_not_grow_with_what_it_shows(api: Api, app: FastAPI) -> None:
    leader, analyst = api("leader"), api("city_analyst")
    sent(api, WARD, THURSDAY, received_online=7)
    number = with_directive(analyst)
    with_task(analyst, "T1", number, deadline="2026-11-16")

    def statements() -> int:
        shown(leader)  # what else the process keeps
        keeping._kept.clear()
        with asked(app.state.database.engine) as seen:
            shown(leader)
        return len(seen)

    few = statements()
    sent(api, OTHER, THURSDAY, received_online=7)
    for n in range(2, 8):
        with_task(analyst, f"T{n}", number, deadline="2026-11-12")
    assert statements() == few
    assert few <= 120


def test_what_is_kept_for_one_is_not_another_s(api: Api) -> None:
    """Who may see less, or asks otherwise, gets their own, in whatever order; a change of tasks shows."""
    analyst = api("city_analyst")
    number = with_directive(analyst)
    sent(api, WARD, THURSDAY, received_online=7)
    sent(api, OTHER, THURSDAY, received_online=4)
    callers = {"city": api("leader"), WARD: api("ward_leader"), OTHER: api("ward_leader", OTHER)}

    def told() -> dict[str, Any]:
        every = {name: shown(client)["served"]["spans"][0]["received"] for name, client in callers.items()}
        return every | {"asked": shown(callers["city"], unit=OTHER)["served"]["spans"][0]["received"]}

    wanted = {"city": 22, WARD: 14, OTHER: 8, "asked": 8}
    assert told() == told() == wanted
    assert shown(api("machine", scopes=["summary:read"]))["tasks"] is None, "a narrower right keeps its nulls"
    assert shown(callers["city"])["tasks"]["total"] == 0
    with_task(analyst, "T1", number, deadline="2026-11-16")
    assert shown(callers["city"])["tasks"]["total"] == shown(callers[WARD])["tasks"]["total"] == 1
    assert shown(callers[OTHER])["tasks"]["total"] == 0


def test_a_mistyped_filter_is_asked_again_where_it_stands(people: Callable[..., PageClient], api: Api) -> None:
    """With what else was asked; the interface answers a problem, as before."""
    page = people("leader").get(f"/dashboard?period=xyz&field=HT&unit={WARD}")
    shown = page.text
    assert page.status_code == 422
    assert "<h1>Tổng quan điều hành</h1>" in shown
    field = shown.partition('name="period"')[2].partition(">")[0]
    assert 'value="xyz"' in field
    assert 'aria-invalid="true"' in field
    assert '<a href="#period">' in shown, "the summary leads to the field"
    for kept in ('<option value="HT" selected>', f'<option value="{WARD}" selected>'):
        assert kept in shown
    assert 'class="answers"' not in shown, "figures of another period than the one asked for"
    assert people("leader").get("/dashboard?field=KHONG").status_code == 422
    assert people("ward_leader").get("/dashboard?period=xyz").status_code == 422
    refused = api("leader").get(AT, params={"period": "xyz"})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")


def test_on_paper_fewer_of_each_where_tasks_are_late_and_targets_missed(
    people: Callable[..., PageClient], api: Api
) -> None:
    """Late tasks alone may be five of them; of many missing units the first are named, and how many more there are."""
    analyst = api("city_analyst")
    number = with_directive(analyst)
    for n in range(7):
        with_task(analyst, f"T{n}", number, deadline="2026-11-10")

    def on_paper(table: str) -> tuple[int, int]:
        page = people("leader").get("/dashboard").text
        rows = page.partition(f'id="{table}"')[2].partition("</table>")[0].partition("<tbody>")[2]
        return rows.count("<tr"), rows.count('class="screen-only"')

    assert on_paper("overdue-table") == (7, 2)
    with_set(analyst, *(indicator(f"THU-{n}", period_type="month") for n in range(4)))
    for n in range(4):
        at = f"/api/v1/indicators/THU-{n}"
        assert analyst.post(f"{at}/targets", json={"period": "2026-09", "low": 80, "document": "KH 98"}).is_success
        assert analyst.post(f"{at}/readings", json=reading("2026-09", value=60)).is_success
    assert on_paper("overdue-table") == (7, 4)
    assert on_paper("missed-table") == (4, 1)
    missing = people("leader").get("/dashboard").text.partition('id="reported"')[2].partition("</section>")[0]
    assert "và 24 đơn vị khác" in missing, "forty have sent nothing, sixteen are named"
    assert missing.count('<span class="screen-only"><a') == 24


def test_a_day_that_is_not_whole_says_so_beside_what_it_is_compared_with(
    people: Callable[..., PageClient], api: Api
) -> None:
    """Of the city one unit of forty, of the unit itself all; numbers are as they are."""
    for day in (WEDNESDAY, THURSDAY):
        sent(api, WARD, day, received_online=7)
    words = (
        '<strong>Chưa đủ số liệu</strong><span class="screen-only">: '
        "còn báo cáo của ngày chưa gửi, chưa so được với một ngày đủ số liệu.</span>"
    )
    leader = people("leader")
    assert leader.get("/dashboard").text.count(words) == 1, "beside the day, not the week, month and year"
    assert words not in leader.get(f"/dashboard?unit={WARD}").text
    assert words not in leader.get(f"/dashboard?unit={OTHER}").text, "no figures, nothing compared"
    assert words not in leader.get(f"/dashboard?period={WEDNESDAY}&unit={WARD}").text
    assert words not in leader.get("/dashboard?period=2026-W47").text
