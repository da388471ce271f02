"""A brought file is withdrawn: its proposals end, what stood before stands again, reports and history stay."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.api.test_figures_file import bring, csv_of, row
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line
from tests.support.figures import (
    AT,
    REPORTS,
    SCOPES,
    Api,
    batch,
    confirming,
    figures,
    integrity,
    item,
    proposals,
    put,
    sent,
)

WHY = {"reason": "Nhầm tệp của ngày khác"}


def withdrawn(client: TestClient, number: int, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"{AT}/imports/{number}/withdrawal", json=body or WHY)


def test_what_stood_before_the_file_stands_again_and_the_history_keeps_both(
    app: FastAPI, api: Api, clock: SetClock
) -> None:
    analyst = api("city_analyst")
    first = bring(analyst, csv_of(row(received_online=3), row(field="CT", received_online=4))).json()["number"]
    clock.set(f"{DAY}T17:10:00+07:00")
    second = bring(analyst, csv_of(row(received_online=8), row(unit=OTHER, received_online=9))).json()["number"]
    assert (proposals(api())["HT.received_online"], "CT.received_online" in proposals(api())) == (8, False)
    clock.set(f"{DAY}T17:20:00+07:00")
    out = withdrawn(analyst, second).json()
    assert (out["taken_back"], out["reason"], out["may_withdraw"]) == (2, WHY["reason"], False)
    assert {k: v for k, v in proposals(api()).items() if v} == {"HT.received_online": 3, "CT.received_online": 4}
    assert proposals(api(unit=OTHER), OTHER) == {}
    (cell,) = [
        one for one in api().get(f"{AT}/{WARD}/{DAY}").json()["cells"]
        if (one["field"], one["measure"]) == ("HT", "received_online")
    ]  # fmt: skip
    assert (cell["value"], cell["superseded"]) == (3, [8, 3])
    again = bring(analyst, csv_of(row(received_online=8), row(unit=OTHER, received_online=9))).json()
    assert again["accepted"] == 2, "the same figures are a new word"
    assert withdrawn(analyst, first).json()["taken_back"] == 0, "newer figures stand in its place"
    assert integrity(app) == []
    with app.state.database.engine.connect() as connection:
        query = text("select action, reason from audit_entries where action like 'figures.%' order by number")
        entries = connection.execute(query).all()
    assert ("figures.import_withdrawn", WHY["reason"]) in [tuple(one) for one in entries]
    assert sum(one.action == "figures.taken_back" for one in entries) == 2


def test_a_report_that_was_made_stays_with_its_figures(app: FastAPI, api: Api) -> None:
    confirming(api)
    analyst = api("city_analyst")
    number = bring(analyst, csv_of(row(received_online=8), row(unit=OTHER, received_online=9))).json()["number"]
    (listed,) = analyst.get(f"{AT}/imports").json()["items"]
    assert (listed["accepted"], listed["standing"], listed["confirmed"]) == (2, 2, 1)
    out = withdrawn(analyst, number).json()
    assert (out["taken_back"], out["standing"], out["confirmed"]) == (1, 1, 1)
    assert api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()["totals"]["received"] == 8
    assert (proposals(api())["HT.received_online"], proposals(api(unit=OTHER), OTHER)) == (8, {})
    assert integrity(app) == []


def test_who_withdraws_what_and_that_the_same_again_changes_nothing(api: Api) -> None:
    analyst = api("city_analyst")
    number = bring(analyst, csv_of(row(received_online=3))).json()["number"]
    machine = api("machine", WARD, ["figures:import"], name="one-gate")
    assert withdrawn(machine, number).status_code == 404, "another's file"
    assert machine.get(f"{AT}/imports").json()["items"] == []
    assert withdrawn(api(), number).status_code == 403
    empty = withdrawn(analyst, number, {"reason": ""})
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/reason")
    first = withdrawn(analyst, number).json()
    assert withdrawn(analyst, number).json() == first
    other = withdrawn(analyst, number, {"reason": "Khác"})
    assert (other.status_code, other.json()["code"]) == (409, "import_withdrawn")


def test_the_page_lists_the_files_and_withdraws_one(api: Api, people: Callable[..., PageClient]) -> None:
    number = bring(api("city_analyst"), csv_of(row(received_online=3))).json()["number"]
    page = people("city_analyst")
    assert "/throughput/figures/imports" in page.get("/throughput/figures").text
    at = f"/throughput/figures/imports/{number}/withdrawal"
    assert f'action="{at}"' in page.get("/throughput/figures/imports").text
    wrong = page.post(at, data={"reason": ""})
    assert (wrong.status_code, 'href="#reason"' in wrong.text, 'id="reason"' in wrong.text) == (422, True, True)
    done = page.post(at, data=WHY, follow_redirects=False)
    assert done.status_code == 303
    html = page.get(done.headers["location"]).text
    assert "Đã thu hồi tệp." in html
    assert "Đã thu hồi tệp." not in page.get(done.headers["location"]).text, "an address says nothing by itself"
    assert WHY["reason"] in html
    assert f'action="{at}"' not in html
    assert "nguồn không còn nêu số" in page.get(f"/throughput/figures?day={DAY}").text


def standing(app: FastAPI, source: str) -> dict[str, int]:
    """Return what a source says now of the ward's day, by field."""
    query = text(
        "select f.code, e.value from external_figures e join figure_days d on d.id = e.figure_day_id "
        "join fields f on f.id = e.field_id "
        "where d.source = :source and e.known_to is null and e.measure = 'received_online'"
    )
    with app.state.database.engine.connect() as connection:
        return {row.code: row.value for row in connection.execute(query, {"source": source})}


def test_of_two_files_withdrawn_in_either_order_neither_is_said_any_more(app: FastAPI, api: Api) -> None:
    analyst = api("city_analyst")
    for order in ((0, 1), (1, 0)):
        source = f"order-{order[0]}"
        files = [bring(analyst, csv_of(row(received_online=n)), source=source).json()["number"] for n in (3, 8)]
        taken_back = [withdrawn(analyst, files[which]).json()["taken_back"] for which in order]
        # Of the first to go the second takes the place; where the second goes first, the first stands and goes too.
        assert taken_back == ([0, 1] if order == (0, 1) else [1, 1])
        assert standing(app, source) == {}
    assert integrity(app) == []


def test_what_was_said_again_since_is_not_ended_by_the_first_file(app: FastAPI, api: Api) -> None:
    machine = api("machine", None, [*SCOPES, "figures:import"], name="one-gate")
    content = csv_of(row(received_online=3))
    first, second = (bring(machine, content).json() for _ in range(2))
    assert (first["accepted"], second["unchanged"]) == (1, 1)
    listed = {one["id"]: one for one in machine.get(f"{AT}/imports").json()["items"]}
    assert [listed[one["number"]]["ending"] for one in (first, second)] == [0, 0]
    assert withdrawn(machine, first["number"]).json()["taken_back"] == 0
    assert standing(app, "one-gate") == {"HT": 3}
    assert [one["ending"] for one in machine.get(f"{AT}/imports").json()["items"]] == [1, 0]
    assert withdrawn(machine, second["number"]).json()["taken_back"] == 1
    assert standing(app, "one-gate") == {}
    third = bring(machine, content).json()["number"]
    again = sent(machine, batch(item(figures(received_online=3))))
    assert again["unchanged"] == 1
    assert withdrawn(machine, third).json()["taken_back"] == 0
    assert standing(app, "one-gate") == {"HT": 3}, "the door said it too"


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_the_last_word_that_nobody_withdrew_stands(app: FastAPI, api: Api, seed: int) -> None:
    """Against a list of words, at one moment: no version can be told from another by when it was known."""
    chance = random.Random(seed)
    machine = api("machine", None, [*SCOPES, "figures:import"], name="one-gate")
    for number in range(3):
        source, said, live = f"source-{number}", [], []
        for _ in range(12):
            act = chance.choice(["file", "file", "door", "withdrawal", "withdrawal"])
            words = chance.choice([{"HT": 1}, {"HT": 2}, {"HT": 1, "CT": 4}])
            if act == "file":
                rows = [row(field=code, received_online=n) for code, n in words.items()]
                live.append(bring(machine, csv_of(*rows), source=source).json()["number"])
                said.append((live[-1], words))
            elif act == "door":
                sent(machine, batch(item(*(figures(c, received_online=n) for c, n in words.items())), source=source))
                said.append((None, words))
            elif live:
                file = live.pop(chance.randrange(len(live)))
                (listed,) = [one for one in machine.get(f"{AT}/imports").json()["items"] if one["id"] == file]
                out = withdrawn(machine, file).json()
                assert out["taken_back"] == listed["ending"]
                said = [word for word in said if word[0] != file]
            assert standing(app, source) == (said[-1][1] if said else {}), (number, said)
    assert integrity(app) == []


def test_a_file_is_withdrawn_in_the_name_it_was_brought_in_while_the_source_is_its(api: Api) -> None:
    """Two vendors of the whole city and its people: none sees another's files, nor takes them back."""
    first, second = (api("machine", None, ["figures:import", "figures:send"], name=f"vendor-{n}") for n in "ab")
    analyst = api("city_analyst")
    number = bring(first, csv_of(row(received_online=3))).json()["number"]
    own = bring(analyst, csv_of(row(received_online=3)), source="to-giay").json()["number"]
    assert [one["id"] for one in first.get(f"{AT}/imports").json()["items"]] == [number]
    assert [one["id"] for one in api("city_analyst").get(f"{AT}/imports").json()["items"]] == [own]
    assert second.get(f"{AT}/imports").json()["items"] == []
    for other, of in ((second, number), (second, own), (first, own), (analyst, number)):
        assert withdrawn(other, of).status_code == 404
    assert analyst.put(f"{AT}/senders/one-gate", json={"sender": "vendor-b"}).status_code == 200
    refused = withdrawn(first, number)
    assert (refused.status_code, refused.json()["code"]) == (403, "source_of_another")
    assert withdrawn(api("city_analyst"), own).json()["taken_back"] == 1, "the city's people for each other"


def test_what_stood_before_keeps_its_cut_off(app: FastAPI, api: Api) -> None:
    machine = api("machine", None, [*SCOPES, "figures:import"], name="one-gate")
    until = f"{DAY}T16:30:00+07:00"
    sent(machine, batch(item(figures(received_online=3), day=DAY, counted_until=until)))
    query = text("select counted_until from figure_days where source = 'one-gate'")

    def kept() -> str:
        with app.state.database.engine.connect() as connection:
            return str(connection.execute(query).scalar_one())

    before = kept()
    number = bring(machine, csv_of(row(received_online=8))).json()["number"]
    assert kept() == "None"
    assert withdrawn(machine, number).json()["taken_back"] == 1
    assert (kept(), standing(app, "one-gate")) == (before, {"HT": 3})


def test_a_report_that_a_person_wrote_since_does_not_hold_a_file(api: Api) -> None:
    confirming(api)
    analyst = api("city_analyst")
    bring(analyst, csv_of(row(received_online=8)))
    put(api(), line(received_online=9), **{"if-match": '"1"'})
    number = bring(analyst, csv_of(row(received_online=9))).json()["number"]
    newest = analyst.get(f"{AT}/imports").json()["items"][0]
    assert (newest["standing"], newest["confirmed"], newest["ending"]) == (1, 0, 1), "it is the person's report"
    out = withdrawn(analyst, number).json()
    assert (out["taken_back"], out["confirmed"]) == (1, 0)
    assert proposals(api())["HT.received_online"] == 8


def test_a_withdrawn_file_stands_no_more_where_others_say_the_same(app: FastAPI, api: Api) -> None:
    analyst = api("city_analyst")

    def brought(online: int) -> int:
        number: int = bring(analyst, csv_of(row(received_online=online))).json()["number"]
        return number

    def standing_of(number: int) -> int:
        return int(next(one["standing"] for one in analyst.get(f"{AT}/imports").json()["items"] if one["id"] == number))

    first, again, other = brought(3), brought(3), brought(8)
    assert withdrawn(analyst, first).json()["taken_back"] == 0
    assert withdrawn(analyst, other).json()["taken_back"] == 1
    assert (standing_of(first), standing(app, "one-gate")) == (0, {"HT": 3})
    third = brought(3)
    assert withdrawn(analyst, again).json()["taken_back"] == 0, "the third says it"
    assert withdrawn(analyst, third).json()["taken_back"] == 1
    assert standing(app, "one-gate") == {}
