"""The ledger of gaps: opened, explained and closed with the figures, the same in whatever order they come."""

import csv
import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import audit
from app.core.web import API
from app.portal.adapters.rules import PortalMonth
from app.portal.codes.service import SOURCE
from app.portal.gaps import rebuilding, recounting
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.figures import SCOPES, batch, figures, item, sent
from tests.support.portal import publish

Api = Callable[..., TestClient]
AT = f"{API}/portal/gaps"
REPORT = f"{API}/throughput/reports/{WARD}/{DAY}/city"
SHEET = f"{API}/throughput/reports/{WARD}/{DAY}/worksheet"
OURS = line(received_online=40, received_counter=8, received_post=2, resolved_early=5, resolved_on_time=15)


def theirs(online: int = 40, counter: int = 10, on_time: int = 15) -> dict[str, Any]:
    return figures(received_online=online, received_counter=counter, resolved_early=5, resolved_on_time=on_time)


def standing(client: TestClient, **query: str) -> dict[str, tuple[int, int, str]]:
    """Return the gaps of a list by period and measure: both figures and the state."""
    page = client.get(AT, params=query).json()
    return {f"{one['period']} {one['measure']}": (one["ours"], one["theirs"], one["state"]) for one in page["items"]}


@pytest.fixture
def apart(api: Api, machine: TestClient) -> TestClient:
    """A ward's day of which the one-gate system knows ten online dossiers fewer; returns the ward's officer."""
    officer = api()
    assert officer.put(REPORT, json=report(OURS)).status_code == 201
    sent(machine, batch(item(theirs(online=30))))
    return officer


def proof(app: FastAPI) -> list[str]:
    """Return what `tiendo57 verify` says of the ledger."""
    with app.state.database.read() as session:
        return recounting.differences(session)


def first(client: TestClient, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(AT, params=query).json()["items"][0]
    return found


def explain(client: TestClient, gap: dict[str, Any], reason: str = "late_sync", **more: Any) -> Any:
    headers = {"if-match": f'"{gap["version"]}"'}
    return client.post(f"{AT}/{gap['id']}/explanation", json={"reason": reason, **more}, headers=headers)


def test_a_day_beyond_the_tolerance_is_a_row_and_closes_with_the_late_figures(
    apart: TestClient, machine: TestClient, clock: SetClock
) -> None:
    assert standing(apart) == {f"{DAY} received": (50, 40, "open"), f"{DAY} online": (40, 30, "open")}
    one = first(apart)
    assert (one["unit"], one["system"], one["source"], one["owner"]) == (WARD, "city", "one-gate", "ward_officer")
    assert apart.get(SHEET).json()["city"]["open_gaps"] == 2, "the form reads its own table"
    clock.set("2026-11-25T09:00:00+07:00")  # the 24th is a holiday
    sent(machine, batch(item(theirs(online=39))))
    assert standing(apart) == {}, "within two dossiers"
    assert apart.get(SHEET).json()["city"]["open_gaps"] == 0
    over = apart.get(f"{AT}/{one['id']}").json()
    assert (over["state"], over["outcome"], over["closed_by"], over["age"]) == ("closed", "matched", None, 2)
    sent(machine, batch(item(theirs(online=20))))
    again = apart.get(f"{AT}/{one['id']}").json()
    assert (again["state"], again["outcome"], again["age"]) == ("open", None, 0), "the same row, from now on"
    assert again["first_opened_at"] == one["opened_at"]
    assert [step["change"] for step in again["history"]] == ["opened", "matched", "reopened"]


def test_a_correction_closes_a_gap_in_its_own_transaction(apart: TestClient) -> None:
    fixed = {**OURS, "received_online": 30}
    answer = apart.put(REPORT, json=report(fixed), headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert standing(apart) == {}
    assert set(standing(apart, state="closed")) == {f"{DAY} received", f"{DAY} online"}


def test_a_report_that_says_nothing_any_more_leaves_nothing_to_compare(apart: TestClient) -> None:
    gone = {"unavailable": {"reason": "Mất điện"}, "reasons": [{"warning": "correction", "reason": "source_error"}]}
    answer = apart.put(REPORT, json=gone, headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text
    one = first(apart, state="closed")
    assert (one["outcome"], one["ours"], one["gap"]) == ("gone", None, None)


def test_a_withdrawn_file_gives_its_gaps_back_to_what_was_said_before(api: Api) -> None:
    analyst, officer = api("city_analyst"), api()
    assert officer.put(REPORT, json=report(OURS)).status_code == 201

    def bring(online: int) -> int:
        rows = f"unit,day,system,field,received_online,received_counter\n{WARD},{DAY},city,HT,{online},10"
        files, source = {"file": ("so.csv", rows.encode())}, {"source": "tep"}
        brought = analyst.post(f"{API}/throughput/figures/import", files=files, data=source)
        assert brought.is_success, brought.text
        return int(analyst.get(f"{API}/throughput/figures/imports").json()["items"][0]["id"])

    bring(40)
    assert standing(officer) == {}
    wrong = bring(12)
    assert standing(officer)[f"{DAY} online"] == (40, 12, "open")
    taken = analyst.post(f"{API}/throughput/figures/imports/{wrong}/withdrawal", json={"reason": "Tệp của ngày khác"})
    assert taken.is_success, taken.text
    assert standing(officer) == {}


def test_a_withdrawn_file_before_which_nothing_was_said_leaves_nothing_to_compare(api: Api) -> None:
    analyst, officer = api("city_analyst"), api()
    assert officer.put(REPORT, json=report(OURS)).status_code == 201
    rows = f"unit,day,system,field,received_online,received_counter\n{WARD},{DAY},city,HT,12,10"
    brought = analyst.post(
        f"{API}/throughput/figures/import", files={"file": ("so.csv", rows.encode())}, data={"source": "tep"}
    )
    assert brought.is_success, brought.text
    assert standing(officer)[f"{DAY} online"] == (40, 12, "open")
    number = analyst.get(f"{API}/throughput/figures/imports").json()["items"][0]["id"]
    taken = analyst.post(f"{API}/throughput/figures/imports/{number}/withdrawal", json={"reason": "Tệp của ngày khác"})
    assert taken.is_success, taken.text
    one = first(officer, state="closed")
    assert (one["outcome"], one["theirs"]) == ("gone", None), "nothing is not zero"


def test_a_field_that_a_source_does_not_name_is_not_spoken_of(api: Api, machine: TestClient) -> None:
    officer = api()
    two = report(OURS, line("DD", received_online=20))
    assert officer.put(REPORT, json=two).status_code == 201
    sent(machine, batch(item(theirs())))
    assert standing(officer) == {}


def test_one_reason_for_all_measures_of_a_day(apart: TestClient, machine: TestClient, clock: SetClock) -> None:
    one, other = apart.get(AT).json()["items"]
    also = [{"id": other["id"], "version": other["version"]}] * 2  # twice says no more than once
    answer = explain(apart, one, also=also, note="Cổng đồng bộ sáng hôm sau")
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    assert {state for _, _, state in standing(apart).values()} == {"explained"}
    told = answer.json()
    assert (told["reason"], told["explained_by"] is not None) == ("late_sync", True)
    assert apart.get(SHEET).json()["city"]["open_gaps"] == 0
    sent(machine, batch(item(theirs(online=35))))
    assert {state for _, _, state in standing(apart).values()} == {"explained"}, "a smaller one of the same reason"
    sent(machine, batch(item(theirs(online=20))))
    again = apart.get(f"{AT}/{one['id']}").json()
    assert (again["state"], again["reason"]) == ("open", None), "a larger one asks anew"
    steps = [(step["change"], step["reason"]) for step in again["history"]]
    assert ("explained", "late_sync") in steps, "the reason stays in the history"


def test_a_stale_reason_is_refused_with_what_stands(apart: TestClient, people: Callable[..., PageClient]) -> None:
    one, other = apart.get(AT).json()["items"]
    assert apart.post(f"{AT}/{one['id']}/explanation", json={"reason": "duplicate"}).status_code == 428
    assert explain(apart, one).status_code == 200
    stale = explain(apart, one, "duplicate")
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (stale.json()["current"]["reason"], stale.json()["current"]["version"]) == ("late_sync", 2)
    crossed = explain(apart, other, also=[{"id": one["id"], "version": 1}])
    assert crossed.status_code == 412, "each gap by its own version"
    assert first(apart, measure="online" if other["measure"] == "online" else "received")["version"] == 1
    page = people().post(
        f"/portal/gaps/{one['id']}/explanation", data={"reason": "duplicate", "_if_match": "1", "note": "hai lần"}
    )
    assert page.status_code == 412
    assert "Nội dung vừa gửi: <strong>Trùng hồ sơ</strong>" in page.text
    assert "hai lần" in page.text
    assert "Đồng bộ chậm" in page.text.split("Nội dung đang lưu:")[1].split("</ul>")[0]


def test_another_wards_gap_answers_exactly_as_a_missing_one(
    api: Api, apart: TestClient, people: Callable[..., PageClient]
) -> None:
    one = first(apart)
    stranger, page = api(unit=OTHER), people(unit=OTHER)
    assert stranger.get(AT).json() == {"standing": 0, "open": 0, "recount": None, "items": [], "next": None}
    assert stranger.get(f"{AT}?unit={WARD}").status_code == 404
    for number in (one["id"], 999_999):
        assert stranger.get(f"{AT}/{number}").status_code == 404
        assert explain(stranger, {"id": number, "version": 1}).status_code == 404
        assert stranger.post(f"{AT}/{number}/explanation", json={"reason": "x"}).status_code == 404, "whatever was sent"
        assert page.get(f"/portal/gaps/{number}").status_code == 404
    texts = {stranger.get(f"{AT}/{n}").json()["detail"] for n in (one["id"], 999_999)}
    assert len(texts) == 1
    beside = first(apart)
    crossed = explain(stranger, beside)
    assert crossed.status_code == 404
    assert apart.get(f"{AT}/{one['id']}").json()["version"] == 1
    assert stranger.get(f"{AT}/ageing").json()["total"]["standing"] == 0


def test_a_reason_is_for_one_day_and_source(api: Api, apart: TestClient, machine: TestClient) -> None:
    before = "2026-11-19"
    assert apart.put(REPORT.replace(DAY, before), json=report(OURS)).status_code == 201
    sent(machine, batch(item(theirs(online=10), day=before)))
    here, there = (first(apart, **{"from": day, "to": day}) for day in (DAY, before))
    refused = explain(apart, here, also=[{"id": there["id"], "version": 1}])
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "gap_elsewhere")
    assert refused.json()["errors"][0]["pointer"] == "/also/0/id"


def test_the_analyst_hands_on_and_closes_and_another_difference_opens_again(
    api: Api, apart: TestClient, machine: TestClient
) -> None:
    analyst, one = api("city_analyst"), first(apart)
    at, match = f"{AT}/{one['id']}", {"if-match": '"1"'}
    assert apart.put(f"{at}/owner", json={"owner": "city_analyst"}, headers=match).status_code == 403
    handed = analyst.put(f"{at}/owner", json={"owner": "city_analyst", "note": "Đã gọi"}, headers=match)
    assert (handed.status_code, handed.json()["owner"]) == (200, "city_analyst")
    assert list(standing(analyst, owner="city_analyst")) == [f"{one['period']} {one['measure']}"]
    word = {"outcome": "accepted", "why": "Hai bên chốt khác giờ"}
    by_itself = analyst.put(f"{at}/closure", json={**word, "outcome": "matched"}, headers={"if-match": '"2"'})
    assert by_itself.json()["errors"][0]["code"] == "not_a_choice"
    closed = analyst.put(f"{at}/closure", json=word, headers={"if-match": '"2"'})
    assert (closed.json()["state"], closed.json()["history"][-1]["note"]) == ("closed", "Hai bên chốt khác giờ")
    again = analyst.put(f"{at}/closure", json=word, headers={"if-match": '"3"'})
    assert (again.status_code, again.json()["code"]) == (409, "gap_closed")
    sent(machine, batch(item(theirs(online=30, on_time=14))))
    assert analyst.get(at).json()["state"] == "closed", "the same difference"
    sent(machine, batch(item(theirs(online=25))))
    assert analyst.get(at).json()["state"] == "open"


def test_the_portals_month_quarter_and_year(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    assert officer.put(REPORT, json=report(OURS)).status_code == 201
    for period in ("2026-11", "2026-Q4", "2026"):
        publish(app, clock, PortalMonth(WARD, 40, 30, 8, 2, 20, 0), period=period)
    stands = standing(officer)
    assert stands["2026-11 received"] == stands["2026-Q4 received"] == stands["2026 received"] == (50, 40, "open")
    assert len(stands) == 6
    fixed = {**OURS, "received_online": 30}
    assert officer.put(REPORT, json=report(fixed), headers={"if-match": '"1"'}).status_code == 200
    assert standing(officer) == {}, "a correction of a day that the portal's figures hold"
    clock.set("2026-11-23T17:30:00+07:00")
    later = REPORT.replace(DAY, "2026-11-23")
    assert officer.put(later, json=report(line(received_online=9))).status_code == 201
    assert standing(officer) == {}, "a day that they cannot hold yet"
    publish(app, clock, PortalMonth(WARD, 40, 30, 8, 2, 20, 0))
    assert standing(officer)["2026-11 received"] == (49, 40, "open")


def test_an_agency_s_new_meaning_reaches_what_was_published_of_it(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer, analyst, codes = api(), api("city_analyst"), "/api/v1/external-codes"
    assert officer.put(REPORT, json=report(OURS)).status_code == 201
    for period in ("2026-11", "2026-Q4"):
        publish(app, clock, PortalMonth("H57.11", 40, 30, 8, 2, 20, 0), period=period)
    assert standing(officer) == {}, "nobody knows whose figures they are"
    meaning = {"source": SOURCE, "kind": "unit", "code": "h57.11", "target": WARD}
    made = analyst.put(codes, json=meaning)
    assert made.status_code == 201, made.text
    stands = standing(officer)
    assert stands["2026-11 received"] == stands["2026-Q4 received"] == (50, 40, "open")
    other = {"source": "Hệ thống khác", "kind": "unit", "code": "h57.11", "target": OTHER}
    assert analyst.put(codes, json=other).status_code == 201
    assert standing(officer) == stands, "another system's codes say nothing about the portal"
    assert analyst.put(codes, json={**meaning, "target": OTHER}).status_code == 200
    assert standing(officer) == {}, "they are another unit's"
    assert analyst.put(codes, json=meaning).status_code == 200
    assert standing(officer) == stands
    assert analyst.delete(f"{codes}/{made.json()['id']}").status_code == 204
    assert standing(officer) == {}


def test_an_older_round_that_ends_later_changes_nothing(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    assert officer.put(REPORT, json=report(OURS)).status_code == 201
    publish(app, clock, PortalMonth(WARD, 50, 40, 8, 2, 20, 0))
    clock.set("2026-11-20T16:40:00+07:00")
    publish(app, clock, PortalMonth(WARD, 10, 10, 0, 0, 0, 0))
    assert standing(officer) == {}


def test_another_tolerance_judges_the_whole_ledger_at_once(
    app: FastAPI, api: Api, apart: TestClient, people: Callable[..., PageClient]
) -> None:
    analyst, at = api("city_analyst"), f"{AT}/tolerance"
    assert analyst.get(at).json() == {"dossiers": 2, "share": 0.01, "version": 0, "items": [], "recount": None}
    wider = {"dossiers": 10, "share": 0.01, "why": "Thống nhất ngày 20/11"}
    assert analyst.put(at, json=wider).status_code == 428
    assert apart.put(at, json=wider, headers={"if-match": '"0"'}).status_code == 403
    answer = analyst.put(at, json=wider, headers={"if-match": '"0"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert standing(analyst) == {}
    assert analyst.put(at, json={**wider, "dossiers": 3}, headers={"if-match": '"0"'}).status_code == 412
    browser = people("city_analyst")
    typed = {"_method": "PUT", "_if_match": "1", "dossiers": "3", "share": "1%", "why": "Thử"}
    assert browser.post("/portal/gaps/tolerance", data=typed).status_code == 303
    assert len(standing(analyst)) == 2
    assert first(analyst)["version"] == 3
    too_much = browser.post("/portal/gaps/tolerance", data={**typed, "_if_match": "2", "share": "1"})
    assert too_much.status_code == 422, "one without a per cent would be the whole"


def test_what_happened_is_never_overwritten(app: FastAPI, apart: TestClient) -> None:
    for statement in ("update portal_gap_events set note = 'khác'", "delete from portal_gap_events"):
        with app.state.database.writer.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(text(statement))
    with app.state.database.read() as session:
        assert rebuilding.differences(session) == []


def test_ages_and_shares_are_as_known_at_a_moment(api: Api, apart: TestClient, clock: SetClock) -> None:
    at, analyst = f"{AT}/ageing", api("city_analyst")
    clock.set("2026-11-26T09:00:00+07:00")  # three working days later, one of four a holiday
    assert explain(apart, first(apart)).status_code == 200
    total = analyst.get(at).json()["total"]
    assert (total["standing"], total["to_3"], total["unexplained"], total["explained_in_time"], total["asked"]) == (
        2, 2, 1, 1, 1
    )  # fmt: skip
    clock.set("2026-12-07T09:00:00+07:00")
    page = analyst.get(at).json()
    (row,) = page["rows"]
    assert (row["key"], row["more"], row["asked"], row["share"]) == (WARD, 2, 2, 0.5)
    assert page["cut_off"] == "2026-12-07T02:00:00Z"
    then = analyst.get(f"{at}?as_of=2026-11-20&group_by=month").json()
    assert [(one["key"], one["to_1"], one["not_due"]) for one in then["rows"]] == [("2026-11", 2, 2)]
    assert apart.get(at).json()["total"]["standing"] == 2, "a ward sees its own"
    rows = list(csv.DictReader(io.StringIO(analyst.get(f"{at}.csv").content.decode("utf-8-sig"))))
    assert [one["key"] for one in rows] == [WARD, "total"]
    assert analyst.get(f"{at}?from=2026-12-02&to=2026-12-01").json()["errors"][0]["code"] == "period_reversed"


def test_a_ward_explains_with_one_tap_and_no_script(
    apart: TestClient, people: Callable[..., PageClient], machine: TestClient
) -> None:
    browser = people()
    page = browser.get("/portal/gaps").text
    assert page.count('<li class="card') == 1, "one card for the day, whatever differs in it"
    one, other = apart.get(AT).json()["items"]
    tapped = {
        "_if_match": "1", "also[0][id]": str(other["id"]), "also[0][version]": "1", "reason": "not_digitised",
    }  # fmt: skip
    done = browser.post(f"/portal/gaps/{one['id']}/explanation", data=tapped)
    assert (done.status_code, done.headers["location"]) == (303, f"/portal/gaps?explained={one['id']}")
    page = browser.get("/portal/gaps").text
    assert "Hồ sơ giấy chưa số hóa" in page
    assert "Đã giải trình, số chưa khớp" in page
    sent(machine, batch(item(theirs())))
    assert "Không có chênh lệch vượt ngưỡng." in browser.get("/portal/gaps").text
    city = people("city_analyst")
    closed = city.get("/portal/gaps?state=closed").text
    assert f"/throughput/figures/{WARD}/{DAY}" in closed
    assert "Thứ Sáu 20/11/2026, hệ thống của thành phố" in closed
    alone = city.get(f"/portal/gaps/{one['id']}").text.replace("\u00a0", " ")
    assert ", thứ Sáu 20/11/2026, hệ thống của thành phố" in alone, "no capital within a sentence"


# What each step says, and the one of its own kind that must have come before it, if any.
STEPS = {
    "report": None, "correction": "report", "ministry": None, "figures": None, "more figures": "figures",
    "pull": None, "newer pull": None, "quarter": None, "event 1": None, "event 2": None, "other report": None,
}  # fmt: skip
# Both sides of what stands at the end: days with a source, the month and the quarter with the portal's newest word.
END = {
    (WARD, DAY, "received"): (45, 40), (WARD, DAY, "online"): (35, 30),
    (WARD, "2026-11", "received"): (95, 70), (WARD, "2026-11", "online"): (75, 50),
    (WARD, "2026-Q4", "received"): (95, 80), (WARD, "2026-Q4", "online"): (75, 60),
    (OTHER, DAY, "received"): (50, 2), (OTHER, DAY, "online"): (40, 2), (OTHER, DAY, "direct"): (8, 0),
    (OTHER, DAY, "on_time"): (20, 0),
}  # fmt: skip
MOMENTS = {"pull": "2026-11-20T16:40:00+07:00", "newer pull": "2026-11-20T16:44:00+07:00"}


def take(app: FastAPI, clients: dict[str, TestClient], clock: SetClock, step: str) -> None:
    """Let one thing be said; what the portal said is known by when it was asked."""
    clock.set(MOMENTS.get(step, "2026-11-20T16:45:00+07:00"))
    if step in ("report", "correction", "ministry", "other report"):
        unit, system = (OTHER if step == "other report" else WARD), ("ministry" if step == "ministry" else "city")
        body = report({**OURS, "received_online": 35} if step == "correction" else OURS)
        match = {"if-match": '"1"'} if step == "correction" else {}
        at = f"{API}/throughput/reports/{unit}/{DAY}/{system}"
        answer = clients[unit].put(at, json=body, headers=match)
    elif step.endswith("figures"):
        answer = clients["machine"].put(
            f"{API}/throughput/figures", json=batch(item(theirs(online=20 if step == "figures" else 30)))
        )
    elif step.startswith("event"):
        one = {"dossier": f"H57-{step[-1]}", "procedure": "1.001193", "receiving_unit": OTHER, "competent_unit": OTHER,
               "channel": "online", "status": 2, "at": f"{DAY}T0{step[-1]}:00:00+07:00"}  # fmt: skip
        answer = clients["gate"].post(f"{API}/portal/events", json={"source": "mot-cua", "events": [one]})
    else:
        online = {"pull": 10, "newer pull": 50, "quarter": 60}[step]
        period = "2026-Q4" if step == "quarter" else "2026-11"
        publish(app, clock, PortalMonth(WARD, online + 20, online, 16, 4, 40, 0), period=period)
        return
    assert answer.is_success, answer.text


@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_reports_events_and_pulls_ends_in_the_same_ledger(
    app: FastAPI, api: Api, keyed: None, clock: SetClock, seed: int
) -> None:
    clients = {WARD: api(), OTHER: api(unit=OTHER), "machine": api("machine", scopes=SCOPES),
               "gate": api("machine", scopes=["portal:events"], name="mot-cua")}  # fmt: skip
    order = list(STEPS)
    if seed:
        random.Random(seed).shuffle(order)
    for step, before in STEPS.items():
        if before is not None and order.index(before) > order.index(step):
            here, there = order.index(before), order.index(step)
            order[here], order[there] = step, before
    for step in order:
        take(app, clients, clock, step)
    items = api("city_analyst").get(AT).json()["items"]
    assert {(one["unit"], one["period"], one["measure"]): (one["ours"], one["theirs"]) for one in items} == END, order
    by = audit.Context(clock.now(), None, "test", "command")
    assert rebuilding.rebuild(app.state.database, clock, by) == 0, "comparing all of it anew finds nothing else"
    assert proof(app) == []
