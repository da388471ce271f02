"""Figures that become the report without a person, where a unit's setting says so, and never over a person's."""

from datetime import date
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.procedures.rules import System
from app.throughput.around import Many
from app.throughput.figures.confirming import Confirming
from app.units.models import Unit
from app.units.service import by_code
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report
from tests.support.figures import (
    AT,
    BEFORE,
    REPORTS,
    Api,
    batch,
    confirming,
    figures,
    integrity,
    item,
    proposals,
    put,
    sent,
    statuses,
)
from tests.support.statements import asked


def confirmations(answer: dict[str, Any]) -> list[Any]:
    return [(c["status"], c["code"]) if (c := one["confirmation"]) else None for one in answer["results"]]


def audited(app: FastAPI) -> int:
    with app.state.database.engine.connect() as connection:
        return int(connection.execute(text("select number from audit_head")).scalar_one())


def test_a_setting_of_the_unit_confirms_without_a_person(
    app: FastAPI, machine: TestClient, api: Api, people: Any
) -> None:
    confirming(api)
    answer = sent(machine, batch(item(figures(received_online=8)), item(figures(), unit=OTHER)))
    assert confirmations(answer) == [("confirmed", None), None]
    stands = api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()
    assert (stands["version"], stands["totals"]["received"], stands["sent_by"]) == (1, 8, "test machine")
    assert confirmations(sent(machine, batch(item(figures(received_online=8)))))[0] == ("unchanged", None)
    again = sent(machine, batch(item(figures(received_online=9))))
    assert again["results"][0]["confirmation"]["version"] == 2
    receipt = people().get(f"/throughput/reports/{WARD}/{DAY}/receipt").text
    assert "Số liệu được cập nhật từ hệ thống khác đã gửi báo cáo này." in receipt
    assert "bản sửa" not in receipt, "nobody corrected anything"
    with app.state.database.engine.connect() as connection:
        rows = connection.execute(text("select user_name, token_id from audit_entries where action like 'report.%'"))
        assert all(name == "token:test machine" and token for name, token in rows)
    confirming(api, confirms=False)
    assert confirmations(sent(machine, batch(item(figures(received_online=10))))) == [None]


def test_a_call_of_none_of_the_units_that_confirm_makes_no_report(machine: TestClient, api: Api) -> None:
    confirming(api)
    for params in ({"dry_run": "true"}, {}):
        of_another = sent(machine, batch(item(figures(), unit=OTHER)), params=params)
        assert (statuses(of_another), confirmations(of_another)) == ([("accepted", None)], [None])
    refused = sent(machine, batch(item(figures("XX"))))
    assert (refused["refused"], confirmations(refused)) == (1, [None])


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


def test_a_field_with_open_dossiers_that_a_source_does_not_name_is_not_taken_for_none(
    machine: TestClient, api: Api
) -> None:
    before = report(line(received_online=5), line("CT", received_online=3))
    assert api().put(f"{REPORTS}/{WARD}/{BEFORE}/city", json=before).status_code == 201
    confirming(api)
    alone = item({**figures(received_online=8), "carried_over": 5})
    answer = sent(machine, batch(alone))
    assert confirmations(answer) == [("refused", "figure_missing")]
    assert "CT" in answer["results"][0]["confirmation"]["errors"][0]["message"]["en"]
    assert api().get(f"{REPORTS}/{WARD}/{DAY}/city").status_code == 404
    assert confirmations(sent(machine, batch(item(*alone["lines"], figures("CT"))))) == [("confirmed", None)]
    assert api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()["totals"]["pending"] == 16


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
    confirm = Confirming.confirm

    def noted(self: Confirming, unit: Unit, day: date, system: System, *args: Any, **named: Any) -> tuple[int, bool]:
        turns.append((unit.code, str(system), str(day)))
        return confirm(self, unit, day, system, *args, **named)

    monkeypatch.setattr(Confirming, "confirm", noted)
    for unit in (WARD, OTHER):
        for system in ("city", "ministry"):
            body = {"unit": unit, "system": system, "source": "one-gate", "confirms": True}
            assert api("city_analyst").put(f"{AT}/sources", json=body).status_code == 200
    places = [(u, s, d) for d in (DAY, BEFORE) for s in ("ministry", "city") for u in (OTHER, WARD)]
    sent(machine, batch(*(item(figures(), unit=u, system=s, day=d) for u, s, d in places)))
    assert turns == sorted(places)


@pytest.mark.parametrize("moment", [f"{DAY}T17:00:00+07:00", f"{DAY}T11:00:00+07:00", "2026-11-30T08:00:00+07:00"])
def test_a_dry_run_foresees_each_report_and_leaves_nothing(
    app: FastAPI, machine: TestClient, api: Api, clock: SetClock, moment: str
) -> None:
    confirming(api)
    sent(machine, batch(item(figures(received_online=3), day=BEFORE)))
    before = audited(app)
    clock.set(moment)
    body = batch(item(figures(received_online=9)), item(figures(received_online=4), day=BEFORE))
    dry = sent(machine, body, params={"dry_run": "true"})
    assert audited(app) == before, "nothing of it is in the audit"
    assert DAY not in received(api())
    assert list(proposals(api()).values()).count(9) == 0
    assert None not in confirmations(dry)
    assert dry | {"dry_run": False} == sent(machine, body)
    assert integrity(app) == []


def test_a_dry_run_of_totals_knows_of_the_day_before_in_the_same_call(machine: TestClient, api: Api) -> None:
    confirming(api)
    both = item(figures(received_online=10, resolved_early=10)), item(figures(received_online=15, resolved_early=16))
    body = since(BEFORE, both[0] | {"day": BEFORE}, both[1])
    dry = sent(machine, body, params={"dry_run": "true"})
    assert confirmations(dry) == [("confirmed", None), ("refused", "pending_negative")]
    assert received(api()) == {}
    assert dry | {"dry_run": False} == sent(machine, body)


DAYS = ["2026-10-30", *(f"2026-11-{n}" for n in (13, 16, 17, 18, 19, 20))]  # the first three are locked by the last
Place = tuple[str, str]  # a system and a day


def drawn(lot: Random) -> dict[str, Any]:
    """Return a day's figures: ordinary, unusually many, some that open otherwise than the day before closed."""
    received = lot.choice([lot.randint(0, 9), lot.randint(0, 9), 200])
    resolved = lot.randint(0, received)
    counts: dict[str, Any] = {"received_online": received, "resolved_early": resolved}
    if lot.random() < 0.3:
        counts |= {"carried_over": (opening := lot.randint(0, 5)), "pending_in_time": opening + received - resolved}
    else:
        counts["pending_overdue"] = lot.randint(0, received - resolved)
    return figures(**counts)


def reports_of(client: TestClient, unit: str) -> dict[Place, Any]:
    """Return each report of a unit as it stands, but for what names the unit and the moment."""
    found = {}
    for place in ((system, day) for system in ("city", "ministry") for day in DAYS):
        answer = client.get(f"{REPORTS}/{unit}/{place[1]}/{place[0]}")
        if answer.is_success:
            body = answer.json()
            found[place] = [body[part] for part in ("version", "lines", "totals", "rates", "warnings", "reasons")]
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_a_call_reads_at_once_is_what_it_would_read_one_by_one(
    app: FastAPI, machine: TestClient, api: Api, clock: SetClock, seed: int
) -> None:
    """New days and corrections of both systems in one call and in calls of their own: the same in every report.

    Among days that stand already and are not sent, some a person's, with one after all of them.
    """
    lot, both = Random(seed), (WARD, OTHER)
    officers = {unit: api(unit=unit) for unit in both}
    for unit in both:
        for system in ("city", "ministry"):
            body = {"unit": unit, "system": system, "source": "one-gate", "confirms": True}
            assert api("city_analyst").put(f"{AT}/sources", json=body).status_code == 200
    every = [(system, day) for system in ("city", "ministry") for day in DAYS[:-1]]
    stood = set(lot.sample(every, 7)) | {("city", DAYS[-1])}
    for day in DAYS:  # those of one day at once: what is to be shown is how a call reads many days
        clock.set(f"{day}T17:00:00+07:00")
        of_day = {system: drawn(lot) for system, of in sorted(stood) if of == day}
        persons = {system for system in of_day if day != DAYS[-1] and lot.random() < 0.2}
        for unit in both:
            for system, counts in of_day.items():
                if system in persons:
                    at = f"{REPORTS}/{unit}/{day}/{system}"
                    assert officers[unit].put(at, json=report(line() | counts)).status_code == 201
        machines = [(system, counts) for system, counts in of_day.items() if system not in persons]
        if machines:
            sent(machine, batch(*(item(c, unit=u, day=day, system=s) for u in both for s, c in machines)))
    asked = {place: drawn(lot) for place in sorted({*lot.sample(sorted(stood), 4), *lot.sample(every, 7)})}
    one_by_one = {
        (system, day): confirmations(sent(machine, batch(item(counts, day=day, system=system))))
        for (system, day), counts in asked.items()
    }
    mixed = lot.sample(sorted(asked), len(asked))
    answer = sent(machine, batch(*(item(asked[s, d], unit=OTHER, day=d, system=s) for s, d in mixed)))
    assert dict(zip(mixed, ([one] for one in confirmations(answer)), strict=True)) == one_by_one
    assert {status for ((status, _),) in one_by_one.values()} >= {"confirmed", "refused"}
    mine, theirs = (reports_of(officers[unit], unit) for unit in both)
    assert mine == theirs
    assert integrity(app) == []


def test_a_call_reads_one_close_before_each_day_it_asks_for(app: FastAPI, machine: TestClient, api: Api) -> None:
    confirming(api)
    stood = ["2026-11-17", "2026-11-18", "2026-11-19"]
    for day in stood:
        assert confirmations(sent(machine, batch(item(figures(), day=day)))) == [("confirmed", None)]
    with app.state.database.read() as session:
        units = {code: by_code(session, code).id for code in (WARD, OTHER)}
        keys = [(units[WARD], System.CITY, date.fromisoformat(day)) for day in ("2026-10-30", "2026-11-19")]
        with asked(app.state.database.engine) as statements:
            many = Many.read(session, [*keys, (units[OTHER], System.CITY, keys[1][2])], {})
    assert [str(day) for _, _, day in many.closes] == ["2026-11-18"]
    assert many.stored.keys() == {keys[1]}
    assert many.received[units[WARD], System.CITY][-1] == keys[1][2], "so that the first one has a report after it"
    assert len(statements) <= 10, statements
