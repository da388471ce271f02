"""The figures door: what another system sends, what it becomes, what is refused; nothing of a person is lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.accounts import tokens
from app.core import audit
from app.throughput.figures import confirming as confirming_module
from app.throughput.figures import rebuilding
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = "/api/v1/throughput/figures"
REPORTS = "/api/v1/throughput/reports"
BEFORE = "2026-11-19"
SCOPES = ["figures:send", "reports:read"]


def figures(field: str = "HT", **counts: Any) -> dict[str, Any]:
    """Return what a source counts of a field, all that a report needs."""
    return {k: v for k, v in line(field).items() if k != "received_post"} | counts


def item(*lines: dict[str, Any], unit: str = WARD, day: str = DAY, system: str = "city", **more: Any) -> dict[str, Any]:
    return {"unit": unit, "day": day, "system": system, "lines": list(lines)} | more


def batch(*items: Any, source: str = "one-gate", basis: str = "daily", **more: Any) -> dict[str, Any]:
    return {"source": source, "basis": basis, "items": list(items)} | more


@pytest.fixture
def machine(api: Api) -> TestClient:
    """The one-gate system's token: of no unit, so of all."""
    return api("machine", scopes=SCOPES)


def sent(client: TestClient, body: Any, **options: Any) -> dict[str, Any]:
    answer = client.put(AT, json=body, **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def statuses(answer: dict[str, Any]) -> list[Any]:
    return [(one["status"], one["code"]) for one in answer["results"]]


def proposals(client: TestClient, unit: str = WARD, day: str = DAY) -> dict[str, int]:
    sheet = client.get(f"{REPORTS}/{unit}/{day}/worksheet").json()["city"]
    return {f"{r['field']}.{p['measure']}": p["value"] for r in sheet["rows"] for p in r["proposals"]}


def test_figures_prefill_the_form_and_never_become_the_report_by_themselves(
    machine: TestClient, api: Api, people: Callable[..., PageClient]
) -> None:
    answer = sent(machine, batch(item(figures(received_online=14, resolved_early=9)), item(unit=OTHER)))
    assert statuses(answer) == [("accepted", None)] * 2
    assert (answer["accepted"], answer["refused"], answer["results"][0]["version"]) == (2, 0, 1)
    assert proposals(api())["HT.received_online"] == 14
    page = people().get(f"/throughput/reports/{WARD}/{DAY}/worksheet").text
    assert 'name="city[lines][HT][received_online]" inputmode="numeric" autocomplete="off" value="14"' in page
    # Who does not tell post from counter says nothing of post: not 0.
    assert 'name="city[lines][HT][received_post]" inputmode="numeric" autocomplete="off" value=""' in page
    assert api().get(f"{REPORTS}/{WARD}/{DAY}").status_code == 404


def test_the_same_again_changes_nothing_and_a_newer_value_keeps_the_older(machine: TestClient, api: Api) -> None:
    first = batch(item(figures(received_online=14)))
    sent(machine, first)
    assert statuses(sent(machine, first)) == [("unchanged", None)]
    again = sent(machine, batch(item(figures(received_online=15), figures("CT", received_online=2))))
    assert (statuses(again), again["results"][0]["version"]) == ([("accepted", None)], 2)
    sent(machine, batch(item(figures("CT", received_online=2))))
    cells = {(c["field"], c["measure"]): c for c in api().get(f"{AT}/{WARD}/{DAY}").json()["cells"]}
    gone, stays = cells["HT", "received_online"], cells["CT", "received_online"]
    assert (gone["value"], gone["superseded"]) == (None, [15, 14])
    assert (stays["value"], stays["superseded"]) == (2, [])
    assert proposals(api()).keys() == {f"CT.{m}" for m in figures() if m != "field"}


def test_a_key_replays_the_answer_of_a_whole_call(machine: TestClient) -> None:
    body, key = batch(item(figures(received_online=3)), item(unit="nowhere")), {"idempotency-key": "k1"}
    first, again = (machine.put(AT, json=body, headers=key) for _ in range(2))
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    other = machine.put(AT, json=batch(item()), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_dry_run_says_the_same_and_stores_nothing(machine: TestClient, app: FastAPI) -> None:
    body = batch(item(figures(received_online=3)), item(figures("XX")), item(figures(), unit=OTHER, day="2026-11-21"))
    dry = sent(machine, body, params={"dry_run": "true"})
    with app.state.database.engine.connect() as connection:
        for table in ("figure_days", "external_figures", "figure_sources"):
            assert connection.execute(text(f"select count(*) from {table}")).scalar_one() == 0
    assert dry | {"dry_run": False} == sent(machine, body)


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such unit": (item(unit="99999"), "unknown_unit", "/unit"),
    "a day to come": (item(day="2026-11-21"), "day_in_future", "/day"),
    "a day before the unit": (item(day="2020-01-02"), "unit_closed", "/day"),
    "no such field": (item(figures("G09.TP")), "unknown_field", "/lines/0/field"),
    "a field that does not apply": (item(figures("LN")), "field_not_applicable", "/lines/0/field"),
    "a field twice": (item(figures(), figures()), "duplicate_line", "/lines/1/field"),
    "a line of nothing": (item({"field": "HT"}), "required", "/lines/0"),
    "negative": (item(figures(received_online=-1)), "number_negative", "/lines/0/received_online"),
    "a fraction": (item(figures(received_online=1.5)), "number_fractional", "/lines/0/received_online"),
    "text": (item(figures(received_online="5")), "number_text", "/lines/0/received_online"),
    "truth": (item(figures(received_online=True)), "number_boolean", "/lines/0/received_online"),
    "too much": (item(figures(received_online=10**7)), "number_too_large", "/lines/0/received_online"),
    "a column nobody knows": (item(figures(received_fax=1)), "unknown_property", "/lines/0/received_fax"),
    "no day": ({"unit": WARD, "system": "city", "lines": []}, "required", "/day"),
    "no such system": (item(system="province"), "not_a_choice", "/system"),
    "does not add up": (
        item(figures(carried_over=1, received_online=3, pending_in_time=1)), "unbalanced", "/lines",
    ),
    "more withdrawn": (item(figures(resolved_on_time=1, withdrawn=2)), "withdrawn_over", "/lines/0/withdrawn"),
    "counted tomorrow": (item(counted_until="2026-11-21T00:00:00+07:00"), "counted_in_future", "/counted_until"),
    "counted yesterday": (item(counted_until="2026-11-19T16:00:00+07:00"), "counted_before_day", "/counted_until"),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_unit_day_is_told_with_code_and_place_and_the_others_are_stored(
    machine: TestClient, api: Api, why: str
) -> None:
    wrong, code, place = REFUSED[why]
    answer = sent(machine, batch(item(figures(received_online=4), unit=OTHER), wrong, item(day=BEFORE)))
    assert statuses(answer) == [("accepted", None), ("refused", code), ("accepted", None)], answer
    error = answer["results"][1]["errors"][0]
    assert (error["code"], error["pointer"]) == (code, f"/items/1{place}")
    assert error["message"]["vi"] != error["message"]["en"]
    assert "{" not in error["message"]["vi"] + error["message"]["en"]
    assert (answer["accepted"], answer["refused"]) == (2, 1)
    assert proposals(api()) == {}
    assert proposals(api(unit=OTHER), OTHER)["HT.received_online"] == 4


def test_nothing_of_a_half_valid_unit_day_is_stored(machine: TestClient, api: Api) -> None:
    answer = sent(machine, batch(item(figures(received_online=4), figures("CT", received_online=-1), figures("XX"))))
    assert [e["code"] for e in answer["results"][0]["errors"]] == ["number_negative"]
    answer = sent(machine, batch(item(figures(received_online=4), figures("XX"), figures("LN"))))
    assert answer["results"][0]["code"] == "invalid"
    assert [e["code"] for e in answer["results"][0]["errors"]] == ["unknown_field", "field_not_applicable"]
    assert proposals(api()) == {}


def test_a_unit_day_twice_in_one_call_is_refused_both_times(machine: TestClient, api: Api) -> None:
    answer = sent(machine, batch(item(figures(received_online=1)), item(figures(received_online=2)), item(unit=OTHER)))
    assert statuses(answer) == [("refused", "duplicate_item")] * 2 + [("accepted", None)]
    assert proposals(api()) == {}


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"source": "x", "items": []}, 422, "invalid", "/basis"),
        (batch(), 422, "too_short", "/items"),
        (batch(item(), basis="weekly"), 422, "not_a_choice", "/basis"),
        (batch(item(), basis="cumulative"), 422, "since_missing", "/since"),
        (batch(item(), since=DAY), 422, "since_with_daily", "/since"),
        (batch(item(), source=""), 422, "too_short", "/source"),
        (batch(*[item()] * 201), 413, "batch_too_large", None),
        (batch(item(note="x" * 1_100_000)), 413, "body_too_large", None),
        ([1], 422, "wrong_type", ""),
        (batch({"x": 1}, 5, None), 200, None, None),
    ],
)
def test_a_call_that_cannot_be_understood_is_refused_whole(
    machine: TestClient, body: Any, status: int, code: str | None, pointer: str | None
) -> None:
    answer = machine.put(AT, json=body)
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text[:500]
    if pointer is not None:
        assert pointer in [e["pointer"] for e in answer.json()["errors"]]
    if status == 200:
        assert answer.json()["refused"] == 3


def test_a_token_of_one_unit_speaks_of_no_other_and_only_machines_speak(api: Api) -> None:
    own = api("machine", WARD, scopes=SCOPES)
    assert statuses(sent(own, batch(item(), item(unit=OTHER)))) == [
        ("accepted", None), ("refused", "unit_not_allowed")
    ]  # fmt: skip
    for role in ("ward_officer", "ward_leader", "city_analyst", "administrator"):
        assert api(role).put(AT, json=batch(item())).status_code == 403, role
    assert api("machine", WARD, scopes=["reports:send"]).put(AT, json=batch(item())).status_code == 403
    assert own.get(f"{AT}/{OTHER}/{DAY}").status_code == 404
    assert own.get(AT, params={"unit": OTHER}).status_code == 404


def test_a_source_may_use_its_own_codes_and_keep_apart_what_we_do_not(machine: TestClient, api: Api) -> None:
    analyst = api("city_analyst")
    for kind, code, target in (("unit", "TH-01", WARD), ("field", "G09.TP", "HT"), ("field", "G09.TP2", "HT")):
        body = {"source": "one-gate", "kind": kind, "code": code, "target": target}
        assert analyst.put("/api/v1/external-codes", json=body).status_code in (200, 201)
    lines = [figures("g09.tp", received_online=5), figures("G09.TP2", received_online=2)]
    assert statuses(sent(machine, batch(item(*lines, unit="th-01")))) == [("accepted", None)]
    assert proposals(api())["HT.received_online"] == 7
    assert statuses(sent(machine, batch(item(*lines, unit="TH-01"), source="another"))) == [("refused", "unknown_unit")]


# Totals since a day


def totals(days: dict[str, int], **more: Any) -> dict[str, Any]:
    items = [item(figures(received_online=n, pending_overdue=n % 3), day=day) for day, n in days.items()]
    return batch(*items, basis="cumulative", since="2026-11-16", **more)


def online(client: TestClient) -> dict[str, int]:
    """Return what the source says of each day alone."""
    found = client.get(AT, params={"from": "2026-11-01", "to": DAY, "unit": WARD}).json()["items"]
    return {i["day"][-2:]: i["lines"][0]["received_online"] for i in reversed(found) if i["lines"]}


def test_totals_become_days_whatever_their_order_and_a_corrected_one_moves_the_next(
    machine: TestClient, api: Api
) -> None:
    answer = sent(machine, totals({"2026-11-18": 12, "2026-11-16": 5, "2026-11-17": 9}))
    assert statuses(answer) == [("accepted", None)] * 3
    assert online(api()) == {"16": 5, "17": 4, "18": 3}
    assert statuses(sent(machine, totals({"2026-11-19": 20}))) == [("accepted", None)]
    assert statuses(sent(machine, totals({"2026-11-17": 10}))) == [("accepted", None)]
    assert online(api()) == {"16": 5, "17": 5, "18": 2, "19": 8}
    both = sent(machine, totals({"2026-11-16": 6, "2026-11-17": 10}))
    assert statuses(both) == [("accepted", None), ("unchanged", None)]
    assert online(api()) == {"16": 6, "17": 4, "18": 2, "19": 8}
    stock = api().get(f"{AT}/{WARD}/2026-11-18").json()["cells"]
    assert [c["value"] for c in stock if c["measure"] == "pending_overdue"] == [0]


@pytest.mark.parametrize(
    ("days", "codes"),
    [
        ({"2026-11-19": 11}, ["total_shrank"]),
        ({"2026-11-17": 13}, ["total_shrank"]),
        ({DAY: 30}, ["total_day_missing"]),
        ({"2026-11-19": 20, DAY: 19}, ["totals_refused", "total_shrank"]),
        ({"2026-11-15": 1}, ["before_since"]),
    ],
)
def test_totals_that_shrink_or_skip_a_day_are_refused_and_nothing_is_lost(
    machine: TestClient, api: Api, days: dict[str, int], codes: list[str]
) -> None:
    sent(machine, totals({"2026-11-16": 5, "2026-11-17": 9, "2026-11-18": 12}))
    answer = sent(machine, totals(days) | {"items": [*totals(days)["items"], item(unit=OTHER, day="2026-11-16")]})
    assert statuses(answer) == [*(("refused", code) for code in codes), ("accepted", None)], answer
    assert online(api()) == {"16": 5, "17": 4, "18": 3}


def test_a_field_that_falls_out_of_the_totals_has_shrunk(machine: TestClient) -> None:
    sent(machine, totals({"2026-11-16": 5}))
    body = batch(item(figures("CT"), day="2026-11-17"), basis="cumulative", since="2026-11-16")
    assert statuses(sent(machine, body)) == [("refused", "total_shrank")]


# Beside the report


def warnings(answer: Any) -> list[tuple[str, dict[str, int]]]:
    return [(w["field"], w["values"]) for w in answer.json()["warnings"] if w["code"] == "external_gap"]


def put(client: TestClient, *lines: dict[str, Any], **headers: str) -> Any:
    answer = client.put(f"{REPORTS}/{WARD}/{DAY}/city", json=report(*lines), headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer


def test_what_differs_from_a_source_is_asked_and_counted(machine: TestClient, api: Api) -> None:
    sent(machine, batch(item(figures(received_online=14, received_counter=3), figures("CT", received_online=2))))
    officer = api()
    listed = officer.get(AT).json()
    assert (listed["day"], listed["items"][0]["differences"]) == (DAY, None)
    one = put(officer, line(received_online=14, received_counter=1, received_post=2))
    assert warnings(one) == [("CT", {"value": 0, "external": 2, "cells": 1})]
    assert officer.get(AT).json()["items"][0]["differences"] == 1
    two = put(
        officer, line(received_online=14, received_counter=3), line("CT", received_online=2), **{"if-match": '"1"'}
    )
    assert warnings(two) == []
    assert officer.get(AT).json()["items"][0]["differences"] == 0
    # Figures that come later are compared with the report that stands; it is not touched.
    sent(machine, batch(item(figures(received_online=19, received_counter=3))))
    cell = next(c for c in officer.get(f"{AT}/{WARD}/{DAY}").json()["cells"] if c["differs"])
    assert (cell["measure"], cell["value"], cell["said"]) == ("received_online", 19, 14)
    assert officer.get(f"{REPORTS}/{WARD}/{DAY}/city").json()["version"] == 2


def test_the_largest_differences_of_a_day_come_first_and_pages_lose_none(machine: TestClient, api: Api) -> None:
    units = [WARD, OTHER, "19804"]
    for number, unit in enumerate(units):
        body = report(line(received_online=1), *([line("CT", received_online=3)] if number else []))
        assert api(unit=unit).put(f"{REPORTS}/{unit}/{DAY}/city", json=body).status_code == 201
    lines = [figures(received_online=1), figures("CT", received_online=0, resolved_early=2)]
    third = item(lines[0], unit="19804", system="ministry")
    assert sent(machine, batch(item(lines[0]), item(*lines, unit=OTHER), third))["accepted"] == 3
    analyst = api("city_analyst")
    seen, cursor = [], ""
    while True:
        page = analyst.get(f"{AT}?day={DAY}&limit=1{cursor and '&cursor='}{cursor}").json()
        seen += [(i["unit"], i["differences"]) for i in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == [(OTHER, 2), (WARD, 0), ("19804", None)]
    assert analyst.get(AT, params={"cursor": "WzFd", "day": DAY}).json()["code"] == "bad_cursor"


def test_changes_since_a_moment_miss_nothing(machine: TestClient, api: Api, clock: SetClock) -> None:
    sent(machine, batch(item(figures(received_online=1))))
    clock.set("2026-11-20T16:50:00+07:00")
    feed = api("city_analyst")
    until = feed.get(AT, params={"updated_since": "2026-11-01"}).json()["complete_until"]
    assert until == "2026-11-20T09:48:00Z"
    # A call that began before that page was read and is committed after it.
    clock.set("2026-11-20T16:49:30+07:00")
    sent(machine, batch(item(figures(received_online=2), unit=OTHER)))
    clock.set("2026-11-20T16:55:00+07:00")
    seen = feed.get(AT, params={"updated_since": until}).json()["items"]
    assert [(i["unit"], i["version"]) for i in seen] == [(OTHER, 1)]


def test_a_source_is_the_token_s_that_sent_by_it_first(
    app: FastAPI, machine: TestClient, api: Api, people: Callable[..., PageClient]
) -> None:
    first = batch(item(figures(received_online=1)))
    assert statuses(sent(machine, first)) == [("accepted", None)]
    other = token(app, "Hệ thống khác")
    for dry_run in ("false", "true"):
        refused = other.put(AT, params={"dry_run": dry_run}, json=batch(item(figures(received_online=9))))
        assert (refused.status_code, refused.json()["code"]) == (403, "source_of_another")
    assert statuses(sent(other, batch(item(figures(received_online=9), unit="nowhere"), source="two"))) == [
        ("refused", "unknown_unit")
    ]
    assert statuses(sent(machine, batch(item(figures()), source="two")))[0][0] == "accepted", "nothing was taken of it"
    assert statuses(sent(token(app, "test machine"), first)) == [("unchanged", None)], "the same name, a newer token"
    senders = {"one-gate": "test machine", "two": "test machine"}
    assert {s["source"]: s["sender"] for s in api("leader").get(f"{AT}/sources").json()["items"]} == senders
    assert machine.put(f"{AT}/senders/one-gate", json={"sender": "x"}).status_code == 403
    page = people("city_analyst")
    assert 'action="/throughput/figures/senders/one-gate"' in page.get("/throughput/figures/sources").text
    given = page.post("/throughput/figures/senders/one-gate", data={"_method": "PUT", "sender": "Hệ thống khác"})
    assert given.status_code == 303, given.text
    assert sent(other, batch(item(figures(received_online=9))))["accepted"] == 1
    assert machine.put(AT, json=first).json()["code"] == "source_of_another"


def token(app: FastAPI, name: str) -> TestClient:
    """Return a machine with a token of a name."""
    now = app.state.clock.now()
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(now, None, "test", "command")
        _, clear = tokens.create_token(
            session, role="machine", unit_id=None, scopes=SCOPES, name=name, now=now, expires=now + timedelta(days=1)
        )
    return TestClient(app, base_url="https://testserver", headers={"authorization": f"Bearer {clear}"})


def test_the_kept_differences_are_counted_anew(app: FastAPI, machine: TestClient, api: Api) -> None:
    nothing = item(system="ministry")
    sent(machine, batch(item(figures(received_online=5)), nothing, item(figures(received_online=5), unit=OTHER)))
    api().put(f"{REPORTS}/{WARD}/{DAY}/city", json=report(line(received_online=7)))
    api().put(f"{REPORTS}/{WARD}/{DAY}/ministry", json=report(line("LT", received_online=1)))

    def told() -> list[str]:
        with app.state.database.read() as session:
            return list(rebuilding.differences(session))

    assert told() == []
    with app.state.database.writer.connect() as connection:
        wrong = "update figure_days set gaps = 7 where id = (select max(id) from figure_days where gaps = 1)"
        connection.execute(text(wrong))
        connection.commit()
    assert told() == [f"figure_days {WARD} city {DAY} one-gate: kept 7, the report and the source say 1"]
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(app.state.clock.now(), None, "test", "command")
        assert rebuilding.rebuild(session) == 1
    assert told() == []


# Without a person


def confirming(api: Api, confirms: bool = True) -> None:
    body = {"unit": WARD, "system": "city", "source": "one-gate", "confirms": confirms}
    answer = api("city_analyst").put(f"{AT}/sources", json=body)
    assert (answer.status_code, answer.json()["confirms"]) == (200, confirms), answer.text


def confirmations(answer: dict[str, Any]) -> list[Any]:
    return [(c["status"], c["code"]) if (c := one["confirmation"]) else None for one in answer["results"]]


def test_a_setting_of_the_unit_confirms_without_a_person(app: FastAPI, machine: TestClient, api: Api) -> None:
    confirming(api)
    answer = sent(machine, batch(item(figures(received_online=8)), item(figures(), unit=OTHER)))
    assert confirmations(answer) == [("confirmed", None), None]
    stands = api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()
    assert (stands["version"], stands["totals"]["received"], stands["sent_by"]) == (1, 8, "test machine")
    assert confirmations(sent(machine, batch(item(figures(received_online=8)))))[0] == ("unchanged", None)
    again = sent(machine, batch(item(figures(received_online=9))))
    assert again["results"][0]["confirmation"]["version"] == 2
    with app.state.database.engine.connect() as connection:
        rows = connection.execute(text("select user_name, token_id from audit_entries where action like 'report.%'"))
        assert all(name == "token:test machine" and token for name, token in rows)
    confirming(api, confirms=False)
    assert confirmations(sent(machine, batch(item(figures(received_online=10))))) == [None]


def test_a_persons_report_is_never_confirmed_over(machine: TestClient, api: Api) -> None:
    confirming(api)
    sent(machine, batch(item(figures(received_online=8))))
    put(api(), line(received_online=7), **{"if-match": '"1"'})
    answer = sent(machine, batch(item(figures(received_online=9))))
    assert (statuses(answer), confirmations(answer)) == ([("accepted", None)], [("refused", "report_of_others")])
    stands = api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()
    assert (stands["version"], stands["totals"]["received"]) == (2, 7)


@pytest.mark.parametrize(
    ("moment", "body", "code"),
    [
        ("2026-11-20T11:00:00+07:00", item(figures(received_online=8)), "part_of_day"),
        ("2026-11-30T08:00:00+07:00", item(figures(received_online=8)), "day_locked"),
        ("2026-11-20T16:45:00+07:00", item({"field": "HT", "received_online": 8}), "figure_missing"),
        ("2026-11-20T16:45:00+07:00", item(figures(resolved_early=8)), "pending_negative"),
    ],
)
def test_what_no_person_might_send_is_kept_beside_and_not_confirmed(
    machine: TestClient, api: Api, clock: SetClock, moment: str, body: dict[str, Any], code: str
) -> None:
    confirming(api)
    clock.set(moment)
    answer = sent(machine, batch(body))
    assert (statuses(answer), confirmations(answer)) == ([("accepted", None)], [("refused", code)]), answer
    assert len(proposals(api())) == len(body["lines"][0]) - 1
    assert api().get(f"{REPORTS}/{WARD}/{DAY}/city").status_code == 404


def test_a_late_change_carries_the_reason_it_needs_and_leaves_the_questions_open(
    machine: TestClient, api: Api, clock: SetClock
) -> None:
    confirming(api)
    sent(machine, batch(item(figures(received_online=8))))
    clock.set("2026-11-23T10:00:00+07:00")
    assert confirmations(sent(machine, batch(item(figures(received_online=9))))) == [("confirmed", None)]
    stands = api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()
    assert [(r["warning"], r["reason"]) for r in stands["reasons"]] == [("correction", "late_sync")]


def received(client: TestClient) -> dict[str, tuple[int, int]]:
    """Return each day's report: its version and how many dossiers it says came."""
    found = {day: client.get(f"{REPORTS}/{WARD}/{day}/city") for day in (BEFORE, DAY)}
    return {d: (r.json()["version"], r.json()["totals"]["received"]) for d, r in found.items() if r.is_success}


def since(day: str, *items: dict[str, Any]) -> dict[str, Any]:
    return batch(*items, basis="cumulative", since=day)


def test_a_later_day_that_a_corrected_total_moves_has_its_report_follow(
    app: FastAPI, machine: TestClient, api: Api
) -> None:
    confirming(api)
    # The later day first: reports are made in the order of the days.
    both = item(figures(received_online=15, resolved_early=15)), item(figures(received_online=10, resolved_early=10))
    answer = sent(machine, since(BEFORE, both[0], both[1] | {"day": BEFORE}))
    assert confirmations(answer) == [("confirmed", None)] * 2
    assert received(api()) == {BEFORE: (1, 10), DAY: (1, 5)}
    corrected = since(BEFORE, item(figures(received_online=12, resolved_early=12), day=BEFORE))
    assert confirmations(sent(machine, corrected)) == [("confirmed", None)]
    assert received(api()) == {BEFORE: (2, 12), DAY: (2, 3)}
    assert [i["differences"] for i in api().get(AT, params={"from": BEFORE, "to": DAY}).json()["items"]] == [0, 0]
    query = text("select entity, after from audit_entries where action = 'figures.moved'")
    with app.state.database.engine.connect() as connection:
        ((entity, after),) = connection.execute(query).all()
    assert entity == f"figures/{WARD}/{DAY}/city"
    assert BEFORE in str(after)
    assert confirmations(sent(machine, corrected)) == [("unchanged", None)]
    assert received(api()) == {BEFORE: (2, 12), DAY: (2, 3)}


def test_a_persons_report_of_a_later_day_stays_and_is_asked_about(machine: TestClient, api: Api) -> None:
    confirming(api)
    sent(machine, since(BEFORE, item(figures(received_online=10, resolved_early=10), day=BEFORE)))
    sent(machine, since(BEFORE, item(figures(received_online=15, resolved_early=15))))
    put(api(), line(received_online=6, resolved_early=6), **{"if-match": '"1"'})
    sent(machine, since(BEFORE, item(figures(received_online=12, resolved_early=12), day=BEFORE)))
    assert received(api()) == {BEFORE: (2, 12), DAY: (2, 6)}
    assert [i["differences"] for i in api().get(AT, params={"day": DAY}).json()["items"]] == [2]


def test_a_later_day_that_was_sent_as_a_part_becomes_no_report_by_moving(
    machine: TestClient, api: Api, clock: SetClock
) -> None:
    confirming(api)
    sent(machine, since(BEFORE, item(figures(received_online=10, resolved_early=10), day=BEFORE)))
    clock.set(f"{DAY}T11:00:00+07:00")
    part = sent(machine, since(BEFORE, item(figures(received_online=15, resolved_early=15))))
    assert confirmations(part) == [("refused", "part_of_day")]
    clock.set(f"{DAY}T17:00:00+07:00")
    sent(machine, since(BEFORE, item(figures(received_online=12, resolved_early=12), day=BEFORE)))
    assert received(api()) == {BEFORE: (2, 12)}


def test_an_explained_report_stays_its_sources(machine: TestClient, api: Api, clock: SetClock) -> None:
    confirming(api)
    officer = api()
    first = report(line(received_online=3, resolved_early=3))
    assert officer.put(f"{REPORTS}/{WARD}/{BEFORE}/city", json=first).status_code == 201
    opened: dict[str, Any] = {"carried_over": 5, "pending_in_time": 5}
    same = batch(item(figures(received_online=3, resolved_early=3, **opened)))
    assert confirmations(sent(machine, same)) == [("confirmed", None)]
    findings = "/api/v1/throughput/findings"
    (found,) = officer.get(findings, params={"state": "open"}).json()["items"]
    fitting = officer.get(f"{findings}/{found['id']}").json()["fitting"]
    answer = officer.post(f"{findings}/{found['id']}/explanation", json={"reason": fitting[0]})
    assert answer.status_code == 200, answer.text
    # The same again, also after the grace, takes the explanation back from nobody.
    assert confirmations(sent(machine, same)) == [("unchanged", None)]
    clock.set("2026-11-23T10:00:00+07:00")
    assert confirmations(sent(machine, same)) == [("unchanged", None)]
    stands = officer.get(f"{REPORTS}/{WARD}/{DAY}/city").json()
    assert (stands["version"], [r["warning"] for r in stands["reasons"]]) == (2, ["opening_gap"])
    other = batch(item(figures(received_online=4, resolved_early=4, **opened)))
    assert confirmations(sent(machine, other)) == [("confirmed", None)]
    assert received(officer)[DAY] == (3, 4)


def test_reports_are_made_in_the_order_in_which_approvals_hold_them(
    machine: TestClient, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []
    confirm = confirming_module.confirm

    def noted(*args: Any, **named: Any) -> tuple[int, bool]:
        turns.append((named["unit"].code, str(named["system"]), str(named["day"])))
        return confirm(*args, **named)

    monkeypatch.setattr(confirming_module, "confirm", noted)
    for unit in (WARD, OTHER):
        for system in ("city", "ministry"):
            body = {"unit": unit, "system": system, "source": "one-gate", "confirms": True}
            assert api("city_analyst").put(f"{AT}/sources", json=body).status_code == 200
    places = [(u, s, d) for d in (DAY, BEFORE) for s in ("ministry", "city") for u in (OTHER, WARD)]
    sent(machine, batch(*(item(figures(), unit=u, system=s, day=d) for u, s, d in places)))
    assert turns == sorted(places)


def test_a_dry_run_tries_no_report(machine: TestClient, api: Api) -> None:
    confirming(api)
    dry = sent(machine, batch(item(figures(received_online=9))), params={"dry_run": "true"})
    assert (statuses(dry), confirmations(dry)) == ([("accepted", None)], [None])


def test_who_sets_a_source_and_who_sees_it(machine: TestClient, api: Api, people: Callable[..., PageClient]) -> None:
    sent(machine, batch(item(figures()), item(figures(), unit=OTHER)))
    assert [s["unit"] for s in api().get(f"{AT}/sources").json()["items"]] == [WARD]
    body = {"unit": WARD, "system": "city", "source": "one-gate", "confirms": True}
    assert api().put(f"{AT}/sources", json=body).status_code == 403
    analyst = people("city_analyst")
    form = {"_method": "PUT", "unit": OTHER, "system": "city", "source": "one-gate", "confirms": "true"}
    assert analyst.post("/throughput/figures/sources", data=form).status_code == 303
    listed = api("city_analyst").get(f"{AT}/sources").json()["items"]
    assert {s["unit"]: s["confirms"] for s in listed} == {WARD: False, OTHER: True}
    assert analyst.post("/throughput/figures/sources", data=form | {"unit": "no"}).status_code == 422


def test_the_pages_say_what_came(machine: TestClient, api: Api, people: Callable[..., PageClient]) -> None:
    analyst, officer = people("city_analyst"), people()
    assert "figures:send" in analyst.get("/throughput/figures").text
    sent(machine, batch(item(figures(received_online=14)), item(figures(received_online=3), unit=OTHER)))
    put(api(), line(received_online=12))
    page = analyst.get(f"/throughput/figures?day={DAY}").text
    assert page.index(f"/throughput/figures/{WARD}/") < page.index(f"/throughput/figures/{OTHER}/")
    own = officer.get("/throughput/figures").text
    assert "one-gate" in own
    assert f"/throughput/figures/{OTHER}/" not in own
    cells = officer.get(f"/throughput/figures/{WARD}/{DAY}").text
    assert "14" in cells
    assert officer.get(f"/throughput/figures/{OTHER}/{DAY}").status_code == 404
