"""The figures door: what another system sends, what it becomes, what is refused; nothing of a person is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.support.clients import DAY, OTHER, WARD, PageClient, line
from tests.support.figures import AT, BEFORE, REPORTS, SCOPES, Api, batch, figures, item, proposals, put, sent, statuses
from tests.support.page import read


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
    rows = [" ".join(row.text.split()) for row in read(cells).all("tr")]
    assert rows[1:] == ["Hộ tịch 14Báo cáo: 12"], "a row a field"
    assert officer.get(f"/throughput/figures/{OTHER}/{DAY}").status_code == 404
