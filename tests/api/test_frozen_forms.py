"""Frozen copies of form II.06a: to the digit as they were, refused while incomplete, seen by whom the figures are."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

from app.__main__ import cli
from app.core.web import API
from tests.api.test_form_ii06a import BY_HAND, OCTOBER, ask, run_month, table
from tests.support.clients import OTHER, WARD, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"{API}/throughput/forms/II.06a/frozen"


def correct(api: Api) -> None:
    """Correct the last day: 2 more came in online and stayed."""
    body = report(
        line(carried_over=25, received_online=5, received_counter=2, received_post=1, resolved_early=1,
             resolved_on_time=3, pending_overdue=5),
        line("CT", received_online=6, resolved_overdue=5, pending_overdue=1),
        reasons=[{"warning": "correction", "reason": "late_sync"}],
    )  # fmt: skip
    path = f"{API}/throughput/reports/{WARD}/2026-10-14/city"
    answer = api().put(path, json=body, headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text


def test_a_copy_stays_to_the_digit_what_it_was(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock)
    analyst = api("city_analyst")
    made = analyst.post(AT, json=OCTOBER)
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"{AT}/{made.json()['number']}"
    number, content = made.json()["number"], made.json()["content"]
    assert table(content) == BY_HAND
    again = analyst.post(AT, json=OCTOBER | {"regime": "statutory"})
    assert (again.status_code, again.json()) == (200, made.json()), "the same figures are the copy that stands"
    clock.set("2026-10-15T17:30:00+07:00")
    correct(api)
    assert table(ask(api, **OCTOBER))["HT"][:2] == [117, 68]
    kept = analyst.get(f"{AT}/{number}").json()
    assert kept == made.json()
    then = ask(api, **OCTOBER, as_of=content["as_of"])
    assert then == content, "asked for as of then, the form is the copy"
    renewed = analyst.post(AT, json=OCTOBER)
    assert renewed.status_code == 201
    assert renewed.json()["number"] != number
    listed = analyst.get(AT, params={"limit": 1}).json()
    assert [item["number"] for item in listed["items"]] == [renewed.json()["number"]]
    rest = analyst.get(AT, params={"cursor": listed["next"]}).json()
    assert ([item["number"] for item in rest["items"]], rest["next"]) == ([number], None)
    assert {"content"} == kept.keys() - rest["items"][0].keys()
    rows = analyst.get(f"{AT}/{number}.csv").content.decode("utf-8-sig").splitlines()
    assert rows[1] == "HT,1,Hộ tịch,115,66,45,4,88,22,66,0,27,22,5,0,0"
    book = zipfile.ZipFile(io.BytesIO(analyst.get(f"{AT}/{number}.xlsx").content))
    assert b"<f>D10+E10+F10</f><v>115</v>" in book.read("xl/worksheets/sheet1.xml")


def test_what_is_not_complete_is_not_frozen(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock, explained=False)
    analyst = api("city_analyst")
    for asked in (OCTOBER, {"period": "2026-10"}, {"period": "2026-11", "unit": WARD}):
        refused = analyst.post(AT, json=asked)
        assert (refused.status_code, refused.json()["code"]) == (409, "form_incomplete"), asked
    assert analyst.get(AT).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"period": "2026-13"}, 422, "bad_period"),
        ({"period": "2026-10", "from": "2026-10-01"}, 422, "period_or_days"),
        ({"from": "2026-10-02", "to": "2026-10-01"}, 422, "period_reversed"), ({"as_of": "2026-10-01"}, 422, None),
        ({"period": "2026-10", "unit": "19999"}, 404, "not_found"),
    ],
)  # fmt: skip
def test_what_cannot_be_frozen_is_refused(api: Api, body: dict[str, str], status: int, code: str | None) -> None:
    answer = api("city_analyst").post(AT, json=body)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code
    if code == "bad_period":
        assert answer.json()["errors"][0]["pointer"] == "/period"


def test_who_freezes_and_who_sees_it(app: FastAPI, api: Api, clock: SetClock) -> None:
    run_month(app, api, clock)
    assert api().post(AT, json=OCTOBER).status_code == 403
    assert api("leader").post(AT, json=OCTOBER).status_code == 403
    leader = api("ward_leader")
    assert leader.post(AT, json={"period": "2020-01"}).status_code == 403, "no more than its own"
    assert leader.post(AT, json=OCTOBER | {"unit": OTHER}).status_code == 404
    own = leader.post(AT, json=OCTOBER)
    assert own.status_code == 201, own.text
    kind = api("city_analyst").post(AT, json={"period": "2020-01", "kind": "commune"})
    city = api("city_analyst").post(AT, json={"period": "2020-01"})
    both = api("city_analyst").post(AT, json={"period": "2020-01", "units": [WARD, OTHER]})
    assert both.json()["units"] == sorted((WARD, OTHER))
    assert both.json()["sha256"] != city.json()["sha256"]
    made = [one.json()["number"] for one in (own, kind, city, both)]
    seen = {
        unit: [api(unit=unit).get(f"{AT}/{number}").status_code for number in made] for unit in (WARD, OTHER)
    }  # fmt: skip
    assert seen == {WARD: [200, 404, 200, 404], OTHER: [404, 404, 200, 404]}
    assert [item["number"] for item in api(unit=OTHER).get(AT).json()["items"]] == [made[2]]
    assert api(unit=OTHER).get(AT, params={"unit": WARD}).status_code == 404
    assert [item["number"] for item in api("leader").get(AT).json()["items"]] == made[::-1]


def test_a_copy_that_was_altered_is_found_out(
    app: FastAPI, api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api("city_analyst").post(AT, json={"period": "2020-01"}).status_code == 201
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0
    with app.state.database.writer.connect() as connection:
        altered = text("update frozen_forms set content = replace(content, :was, :is_now)")
        connection.execute(altered, {"was": '"c3":0', "is_now": '"c3":1'})
        connection.commit()
    found = CliRunner().invoke(cli, ["verify"])
    assert found.exit_code == 1
    assert "frozen_forms" in found.output


@pytest.mark.once
def test_a_person_freezes_with_one_button(app: FastAPI, api: Api, people: Any, clock: SetClock) -> None:
    run_month(app, api, clock)
    leader = people("ward_leader")
    page = leader.get("/throughput/forms/II.06a", params=OCTOBER).text
    assert 'action="/throughput/forms/II.06a/frozen"' in page
    assert (
        'action="/throughput/forms/II.06a/frozen"' not in people().get("/throughput/forms/II.06a", params=OCTOBER).text
    )
    form = OCTOBER | {"regime": "statutory", "_idempotency_key": "một lần"}
    sent = leader.post("/throughput/forms/II.06a/frozen", data=form)
    assert sent.status_code == 303, sent.text
    copy = leader.get(sent.headers["location"]).text
    for words in ("Bản chốt số", "Chốt lúc 15/10/2026 17:00 bởi", "Biểu tham chiếu", "Thủ trưởng đơn vị", "115"):
        assert words in copy, words
    assert sent.headers["location"] in leader.get("/throughput/forms/II.06a/frozen").text
    refused = leader.post("/throughput/forms/II.06a/frozen", data={"period": "2026-11", "unit": WARD})
    assert refused.status_code == 409
    assert "Chưa đủ số liệu: chưa chốt được biểu" in refused.text
