"""A file of totals, or one in their place, is withdrawn as a whole, or not at all and the days are named."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.api.test_figures_file import bring, csv_of, row
from tests.api.test_figures_withdrawn import WHY, withdrawn
from tests.support.clients import DAY, WARD, PageClient, SetClock
from tests.support.figures import AT, BEFORE, REPORTS, SCOPES, Api, confirming, integrity

WEEK = ["2026-11-16", "2026-11-17", "2026-11-18", BEFORE, DAY]


def came(client: TestClient, totals: dict[str, int], source: str = "one-gate", basis: str = "cumulative") -> int:
    """Bring a file of so many dossiers by day, all settled; returns its number."""
    rows = [row(day=day, received_online=n, resolved_early=n) for day, n in totals.items()]
    said: Any = {"since": WEEK[0]} if basis == "cumulative" else {}
    answer = bring(client, csv_of(*rows), source=source, basis=basis, **said)
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["number"]
    return number


def stand(app: FastAPI, source: str = "one-gate") -> dict[str, tuple[int, str | None]]:
    """Return what a source says of each day: the day's own figure, and since when it counts totals."""
    query = text(
        "select d.day, e.value, d.since from external_figures e join figure_days d on d.id = e.figure_day_id "
        "where d.source = :source and e.known_to is null and e.measure = 'received_online' order by d.day"
    )
    with app.state.database.engine.connect() as connection:
        rows = connection.execute(query, {"source": source})
        return {str(one.day)[:10]: (one.value, one.since and str(one.since)[:10]) for one in rows}


def reports(client: TestClient) -> dict[str, tuple[int, int]]:
    """Return each day's report: its version and how many dossiers it says came."""
    found = {day: client.get(f"{REPORTS}/{WARD}/{day}/city") for day in WEEK}
    return {d: (r.json()["version"], r.json()["totals"]["received"]) for d, r in found.items() if r.is_success}


def in_the_way(answer: Any) -> list[tuple[str, str]]:
    """Return the days for which a file is not withdrawn, as the words name them."""
    document = answer.json()
    assert (answer.status_code, document["code"]) == (409, "totals_not_withdrawn"), answer.text
    return [(one["code"], one["message"]["en"].split(": ")[0].split(", ")[1]) for one in document["errors"]]


@pytest.fixture
def machine(api: Api) -> TestClient:
    return api("machine", None, [*SCOPES, "figures:import"], name="one-gate")


def test_the_totals_before_count_again_and_the_days_after_follow(app: FastAPI, machine: TestClient) -> None:
    came(machine, dict(zip(WEEK, (3, 5, 9, 10, 12), strict=True)))
    right = stand(app)
    assert [n for n, _ in right.values()] == [3, 2, 4, 1, 2]
    wrong = came(machine, {WEEK[1]: 8, WEEK[2]: 9})
    assert [n for n, _ in stand(app).values()] == [3, 5, 1, 1, 2]
    (newest, first) = machine.get(f"{AT}/imports").json()["items"]
    assert (newest["whole"], newest["may_withdraw"], newest["ending"], first["standing"]) == (True, True, 1, 4)
    assert withdrawn(machine, wrong).json()["taken_back"] == 1
    assert stand(app) == right
    assert withdrawn(machine, first["id"]).json()["taken_back"] == 5
    assert stand(app) == {}
    assert integrity(app) == []


def test_a_days_figures_in_the_place_of_totals_give_them_back(app: FastAPI, machine: TestClient) -> None:
    came(machine, dict(zip(WEEK, (3, 5, 9, 10, 12), strict=True)))
    right = stand(app)
    over = came(machine, {WEEK[2]: 7}, basis="daily")
    assert stand(app)[WEEK[2]] == (7, None)
    assert withdrawn(machine, over).json()["taken_back"] == 1
    assert stand(app) == right
    came(machine, {DAY: 13})
    assert stand(app)[DAY] == (3, WEEK[0]), "the chain has no hole"


@pytest.mark.parametrize("seed", range(4))
def test_after_withdrawals_stands_what_the_files_left_would_have_said(
    app: FastAPI, machine: TestClient, seed: int
) -> None:
    """Files of random totals, the newest withdrawn now and then; another source is brought only those that are left."""
    chance = random.Random(seed)
    for number in range(3):
        source = f"source-{number}"
        live: list[tuple[int, dict[str, int]]] = []
        for _ in range(8):
            if live and chance.random() < 0.4:
                file, _ = live.pop()
                answer = withdrawn(machine, file)
                assert answer.status_code == 200, answer.text
                continue
            first, last = sorted(chance.sample(range(5), 2)) if live else (0, chance.randrange(5))
            totals = {day: 10 * n + chance.randrange(10) for n, day in enumerate(WEEK) if first <= n <= last}
            rows = [row(day=day, received_online=n, resolved_early=n) for day, n in totals.items()]
            answer = bring(machine, csv_of(*rows), source=source, basis="cumulative", since=WEEK[0])
            if answer.status_code == 200:  # else a day before is missing
                live.append((answer.json()["number"], totals))
        other = f"other-{number}"
        for _, totals in live:
            came(machine, totals, other)
        assert stand(app, source) == stand(app, other), (number, live)
    assert integrity(app) == []


def test_reports_made_of_the_file_are_corrected_by_its_withdrawal(
    app: FastAPI, machine: TestClient, api: Api, clock: SetClock
) -> None:
    confirming(api)
    came(machine, dict(zip(WEEK, (3, 5, 9, 10, 12), strict=True)))
    assert reports(api()) == {WEEK[1]: (1, 2), WEEK[2]: (1, 4), BEFORE: (1, 1), DAY: (1, 2)}, "the first was locked"
    wrong = came(machine, {BEFORE: 11})
    assert reports(api()) == {WEEK[1]: (1, 2), WEEK[2]: (1, 4), BEFORE: (2, 2), DAY: (2, 1)}
    clock.set("2026-11-23T10:00:00+07:00")  # after the grace of both, before their locks
    assert withdrawn(machine, wrong).json()["taken_back"] == 1
    assert reports(api()) == {WEEK[1]: (1, 2), WEEK[2]: (1, 4), BEFORE: (3, 1), DAY: (3, 2)}
    stands = api().get(f"{REPORTS}/{WARD}/{BEFORE}/city").json()
    assert [(r["warning"], r["reason"], r["note"]) for r in stands["reasons"]] == [
        ("correction", "source_error", WHY["reason"])
    ]
    found = api().get(AT, params={"from": WEEK[0], "to": DAY}).json()["items"]
    assert {i["differences"] for i in found if i["day"] != WEEK[0]} == {0}
    assert integrity(app) == []


def test_what_keeps_a_file_is_named_and_nothing_is_changed(
    app: FastAPI, machine: TestClient, api: Api, clock: SetClock
) -> None:
    first = came(machine, dict(zip(WEEK[:4], (3, 5, 9, 10), strict=True)))
    second = came(machine, {DAY: 12})
    stood = stand(app)
    assert in_the_way(withdrawn(machine, first)) == [("figures_rest_on_it", "20/11/2026")]
    third = came(machine, {BEFORE: 11})
    assert in_the_way(withdrawn(machine, first))[0] == ("figures_changed_since", "19/11/2026")
    assert withdrawn(machine, third).json()["taken_back"] == 1
    assert stand(app) == stood
    assert withdrawn(machine, second).json()["taken_back"] == 1
    confirming(api)
    fourth = came(machine, {DAY: 13})
    assert in_the_way(withdrawn(machine, fourth)) == [("figures_report_stays", "20/11/2026")]
    fifth = came(machine, {DAY: 15})
    clock.set("2026-12-01T10:00:00+07:00")
    assert in_the_way(withdrawn(machine, fifth)) == [("figures_report_locked", "20/11/2026")]
    assert (stand(app)[DAY], reports(api())[DAY]) == ((5, WEEK[0]), (2, 5))
    clock.set("2026-11-23T10:00:00+07:00")
    assert withdrawn(machine, fifth).json()["taken_back"] == 1
    assert (stand(app)[DAY], reports(api())[DAY]) == ((3, WEEK[0]), (3, 3))
    assert integrity(app) == []


def test_a_file_brought_before_replaced_totals_were_kept_stays(app: FastAPI, machine: TestClient) -> None:
    came(machine, {WEEK[0]: 3, WEEK[1]: 5})
    over = came(machine, {WEEK[1]: 8})
    with app.state.database.engine.begin() as connection:
        where = {"file": over}
        query = text("select before from figure_import_days where import_id = :file")
        old = json.dumps(json.loads(connection.execute(query, where).scalar_one())[:2])
        connection.execute(
            text("update figure_import_days set before = :old where import_id = :file"), where | {"old": old}
        )
    refused = withdrawn(machine, over)
    assert (refused.status_code, refused.json()["code"]) == (409, "totals_not_kept")
    assert [n for n, _ in stand(app).values()] == [3, 5]


def test_the_page_says_that_it_goes_whole_and_names_the_days(
    app: FastAPI, api: Api, people: Callable[..., PageClient]
) -> None:
    analyst = api("city_analyst")
    first = came(analyst, {WEEK[0]: 3})
    second = came(analyst, {WEEK[1]: 5})
    page = people("city_analyst")
    assert page.get("/throughput/figures/imports").text.count("nên thu hồi cả tệp") == 2
    refused = page.post(f"/throughput/figures/imports/{first}/withdrawal", data=WHY)
    assert refused.status_code == 409
    assert "ngày 17/11/2026: số lũy kế của ngày này tính tiếp từ tệp" in refused.text
    done = page.post(f"/throughput/figures/imports/{second}/withdrawal", data=WHY, follow_redirects=True)
    assert "Đã thu hồi tệp." in done.text
    assert stand(app, "one-gate") == {WEEK[0]: (3, WEEK[0])}
