"""What is refused of indicators, at both doors: a stable code with its place, and the same words on the page."""

import html
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.web import API
from tests.support.clients import PageClient
from tests.support.indicators import by_formula, indicator, indicator_set, reading, with_set

AT = f"{API}/indicators"
SHARE = "received_online / received"
GOAL = {"place": "city", "period": "2027", "low": "85", "document": "KH 98", "version": "1"}


@pytest.fixture
def analyst(api: Callable[..., TestClient]) -> TestClient:
    """An analyst, two indicators of which one names the other, a target, a reading that was superseded."""
    client = api("city_analyst")
    named = indicator("LOI-2", period_type="month", **by_formula("1 × @LOI-1"))
    with_set(client, indicator("LOI-1", period_type="month"), named, indicator("LOI-3"), code="LOI")
    first = client.post(f"{AT}/LOI-3/readings", json=reading("2026-Q2", value=60)).json()["id"]
    assert client.post(f"{AT}/LOI-3/readings", json=reading("2026-Q2", value=61, supersedes=first)).status_code == 201
    assert client.post(f"{AT}/LOI-3/targets", json=GOAL | {"low": 80, "version": 1}).status_code == 201
    return client


def told(answer: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Return where what is wrong, by its code, and the Vietnamese words of it."""
    body = answer.json()
    found = [(e["pointer"], e["code"]) for e in body["errors"]] or [("", body["code"])]
    return found, [e["message"]["vi"] for e in body["errors"]] or [body["message"]["vi"]]


@pytest.mark.parametrize(
    ("formula", "about", "code", "at", "expected"),
    [
        ("received_online / recieved", {}, "formula_unknown_measure", (18, 26), []),
        ("received_online /", {}, "formula_ends", (17, 17),
         ["number", "measure", "indicator", "function", "na", "("]),
        ("if(received > 30; 1, 2)", {}, "formula_syntax", (16, 17), ["operator", ","]),
        ("received + tasks_total", {}, "formula_unit_mismatch", (9, 10), []),
        ("1 × @LOI-2", {"code": "LOI-1", "period_type": "month"}, "formula_cycle", (4, 10), []),
        ("received / (2 − 2)", {}, "formula_divides_by_zero", (12, 17), []),
    ],
)  # fmt: skip
def test_a_wrong_formula_is_pointed_at_by_place_and_what_may_stand_there_at_both_doors(
    analyst: TestClient, people: Callable[..., PageClient], formula: str, about: dict[str, str], code: str,
    at: tuple[int, int], expected: list[str],
) -> None:  # fmt: skip
    answer = analyst.post(f"{AT}/formulas/check", json={"formula": formula} | about)
    found, words = told(answer)
    assert (answer.status_code, found) == (422, [("/formula", code)])
    (position,) = answer.json()["positions"]
    start, end = at
    assert (position["offset"], position["end"], position["expected"]) == (start, end, expected)
    page = people("city_analyst").post("/indicators/formulas/check", data={"formula": formula} | about)
    assert page.status_code == 422
    assert words[0] in html.unescape(page.text)
    marked = html.escape(formula[:start], quote=True) + f"<mark>{html.escape(formula[start:end]) or '…'}</mark>"
    assert marked.replace("&gt;", ">") in page.text.replace("&gt;", ">")


@pytest.mark.parametrize(
    ("path", "form", "status", "wrong"),
    [
        ("readings", reading("2026-10", value="1"), 422, ("/period", "wrong_period_type")),
        ("readings", reading("2027-Q1", value="1"), 422, ("/period", "period_in_future")),
        ("readings", reading("2026-Q3", value="1", as_of="2026-12-01"), 422, ("/as_of", "as_of_in_future")),
        ("readings", reading("2026-Q2", value="62"), 409, ("", "reading_exists")),
        ("readings", reading("2026-Q2", value="62", supersedes="first"), 409, ("", "reading_superseded")),
        ("readings", reading("2026-Q3", value="93.375"), 422, ("/value", "amount_ambiguous")),
        ("targets", GOAL, 409, ("", "target_overlaps")),
        ("targets", GOAL | {"period": "2027-Q2"}, 409, ("", "target_overlaps")),
        ("targets", GOAL | {"low": "", "high": "5", "period": "2028"}, 422, ("/low", "required")),
    ],
)
def test_a_reading_or_target_that_breaks_a_rule_is_refused_with_its_code_at_both_doors(
    analyst: TestClient, people: Callable[..., PageClient], path: str, form: dict[str, Any], status: int,
    wrong: tuple[str, str],
) -> None:  # fmt: skip
    kept = analyst.get(f"{AT}/LOI-3").json()
    if form.get("supersedes"):
        listed = analyst.get(f"{AT}/readings?indicator=LOI-3&superseded=true").json()["items"]
        form = form | {"supersedes": next(one["id"] for one in listed if not one["standing"])}
    whole = {"version": int(form["version"])} if "version" in form else {}
    answer = analyst.post(f"{AT}/LOI-3/{path}", json={k: v for k, v in form.items() if v != ""} | whole)
    found, words = told(answer)
    assert (answer.status_code, found[0]) == (status, wrong), answer.text
    page = people("city_analyst").post(f"/indicators/LOI-3/{path}", data=form)
    assert page.status_code == status, page.text
    assert words[0] in html.unescape(page.text)
    assert f'value="{form["period"]}"' in page.text  # nothing typed is lost
    assert analyst.get(f"{AT}/LOI-3").json() == kept


def test_a_circle_an_unknown_measure_and_a_formula_without_example_keep_a_set_out_at_both_doors(
    analyst: TestClient, people: Callable[..., PageClient]
) -> None:
    browser = people("city_analyst")
    one = {"period_type": "month"}
    for wrong, code in (
        ([indicator("XAU-1", **one, **by_formula("1 × @XAU-2")), indicator("XAU-2", **one, **by_formula("1 × @XAU-1"))],
         "formula_cycle"),
        ([indicator("XAU-1", **one, **by_formula("recieved / received"))], "formula_unknown_measure"),
        ([indicator("XAU-1", **one, **by_formula("received + tasks_total"))], "formula_unit_mismatch"),
        ([indicator("XAU-1", **one, formula=SHARE, examples=[])], "formula_without_example"),
    ):  # fmt: skip
        body = indicator_set(*wrong, code="XAU")
        answer = analyst.post(f"{AT}/sets", json=body)
        found, words = told(answer)
        name = "examples" if code == "formula_without_example" else "formula"
        assert (answer.status_code, found[0]) == (422, (f"/groups/0/indicators/0/{name}", code)), answer.text
        page = browser.post("/indicators/sets/import", files={"file": ("xau.json", json.dumps(body).encode())})
        assert (page.status_code, words[0] in html.unescape(page.text)) == (422, True), page.text
        assert analyst.get(f"{AT}/sets/XAU").status_code == 404
