"""Checking formulas at both doors: what is said of a right one, and where a wrong one is wrong."""

from collections.abc import Callable

from fastapi.testclient import TestClient

from tests.support.clients import PageClient

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
