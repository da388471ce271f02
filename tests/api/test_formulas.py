"""Checking formulas at both doors: what is said of a right one, and where a wrong one is wrong."""

import json
from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

from app.core import sheets
from tests.support.clients import OTHER, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = "/api/v1/indicators/formulas/check"


def test_a_right_formula_is_told_what_it_means(api: Api) -> None:
    answer = api("city_analyst").post(AT, json={"formula": " received_online/ received "})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["formula"] == "received_online ÷ received"
    assert (said["unit_of_measure"], said["quotient"], said["indicators"]) == ("1", True, [])
    assert [(m["written"], m["kind"], m["unit_of_measure"]) for m in said["measures"]] == [
        ("received_online", "flow", "dossiers"), ("received", "flow", "dossiers"),
    ]  # fmt: skip


def test_a_wrong_formula_is_told_where(api: Api) -> None:
    answer = api("city_analyst").post(AT, json={"formula": "received_online /\r\n * received"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert problem["code"] == "formula_syntax"
    assert problem["errors"][0]["pointer"] == "/formula"
    assert problem["errors"][0]["message"]["vi"].startswith("Dòng 2, ký tự 2: không viết được “*” ở đây.")
    assert problem["errors"][0]["message"]["en"].startswith("Line 2, character 2: “*” cannot stand here.")
    expected = ["number", "measure", "indicator", "function", "na", "("]
    assert problem["positions"] == [
        {"pointer": "/formula", "code": "formula_syntax", "offset": 19, "end": 20, "line": 2, "column": 2,
         "expected": expected},
    ]  # fmt: skip


def test_all_that_is_wrong_is_told_at_once(api: Api) -> None:
    answer = api("city_analyst").post(AT, json={"formula": "recieved[field=XX] + tasks_total + last(resolved)"})
    assert answer.json()["code"] == "invalid"
    assert [(e["code"], p["offset"]) for e, p in zip(answer.json()["errors"], answer.json()["positions"], strict=True)]


def test_pages_mark_what_is_wrong(people: Callable[..., PageClient]) -> None:
    browser = people("city_analyst")
    assert browser.get("/indicators/measures").status_code == 200
    right = browser.post("/indicators/formulas/check", data={"formula": "received_online / received"})
    assert right.status_code == 200
    assert "received_online ÷ received" in right.text
    wrong = browser.post("/indicators/formulas/check", data={"formula": "received_online / <b>"})
    assert wrong.status_code == 422
    assert "received_online / <mark>&lt;</mark>b&gt;" in wrong.text
    part = browser.post(
        "/indicators/formulas/check", data={"formula": "1 +"}, headers={"hx-request-type": "partial"}
    )  # fmt: skip
    assert part.status_code == 422
    assert "<html" not in part.text
    assert "<mark>…</mark>" in part.text


def test_the_measures_are_a_table_that_could_be_brought_again(api: Api) -> None:
    analyst = api("city_analyst")
    listed = analyst.get("/api/v1/indicators/measures").json()["items"]
    assert [m["measure"] for m in listed[:3]] == ["carried_over", "received", "received_online"]
    assert all(all(m["title"].values()) for m in listed)
    grid = sheets.from_file(analyst.get("/api/v1/indicators/measures.xlsx").content)[0]
    assert [row[0].text for row in grid.rows[1:]] == [m["measure"] for m in listed]
    assert api("department_officer").get("/api/v1/indicators/measures").status_code == 200


def test_examples_are_run(api: Api) -> None:
    share = {"formula": "received_online / received", "unit_of_measure": "percent"}
    right = {"inputs": {"received_online": 3, "received": 4}, "expected": "75%"}
    analyst = api("city_analyst")
    assert analyst.post(AT, json=share | {"examples": [right]}).json()["examples"] == 1
    wrong = {"inputs": {"received_online": 3, "received": 0}, "expected": 0}
    answer = analyst.post(AT, json=share | {"examples": [right, wrong]})
    assert answer.status_code == 422
    assert [(e["code"], e["pointer"]) for e in answer.json()["errors"]] == [("formula_example_wrong", "/examples/1")]
    assert answer.json()["errors"][0]["message"]["en"] == "Example 2: it comes to n/a, not 0."
    lacking = {"inputs": {"received_online": 3.5, "received": True}, "expected": "x"}
    assert analyst.post(AT, json=share | {"examples": [lacking]}).status_code == 422


def test_units_and_programmes_are_those_of_the_city(api: Api) -> None:
    analyst = api("city_analyst")
    for named in ("received[unit=19789]", "received[unit=city]", "tasks_overdue[programme=city, unit=SO-KHCN]"):
        assert analyst.post(AT, json={"formula": named}).status_code == 200, named
    for named in ("received[unit=19999]", "tasks_overdue[programme=nowhere]", "received[field=XX]"):
        assert analyst.post(AT, json={"formula": named}).json()["code"] == "formula_unknown_code", named


def test_what_is_no_formula_at_all_is_refused(api: Api) -> None:
    analyst = api("city_analyst")
    bodies: list[Any] = [
        {}, [], {"formula": None}, {"formula": 3}, {"formula": "a" * 2001}, {"formula": "\x00"}, {"formula": "\ud800"},
        {"formula": "1", "more": 1}, {"formula": "1", "period_type": "week"}, {"formula": "1", "examples": [{}]},
        {"formula": "1", "examples": [{"inputs": {"\ud800": 1}, "expected": 1}]},
    ]  # fmt: skip
    for body in bodies:
        sent = analyst.post(AT, content=json.dumps(body), headers={"content-type": "application/json"})
        assert sent.status_code == 422, body
    assert analyst.post(AT, json={"formula": "(" * 1000}).json()["code"] == "formula_too_deep"
    assert analyst.post(AT, json={"formula": "{0.__class__}"}).json()["positions"][0]["offset"] == 0


def test_a_formula_is_tried_on_real_figures_by_who_may_see_them(
    api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    sent = api().put(
        "/api/v1/throughput/reports/19789/2026-11-20/city",
        json=report(line(received_online=3, received_counter=1, memo={"digitised": 2})),
    )
    assert sent.status_code == 201, sent.text
    analyst, officer = api("city_analyst"), api(unit=OTHER)
    tried = analyst.post(AT, json={"formula": "20 × received_online / received"}).json()["preview"]
    assert tried == {"from": "2026-10-22", "to": "2026-11-20", "state": "value", "value": 15.0, "numerator": 60,
                     "denominator": 4}  # fmt: skip
    for text, state in (("resolved / withdrawn", "not_applicable"), ("received[unit=19753]", "missing")):
        assert analyst.post(AT, json={"formula": text}).json()["preview"]["state"] == state
    assert analyst.post(AT, json={"formula": "digitised"}).json()["preview"]["value"] == 2
    assert officer.post(AT, json={"formula": "received[unit=19789]"}).json()["preview"] is None
    shown = people("city_analyst").post("/indicators/formulas/check", data={"formula": "received_online / received"})
    assert "<strong>0,7500</strong> (3/4)" in shown.text
