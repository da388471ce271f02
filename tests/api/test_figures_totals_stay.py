"""What keeps a file of totals from being withdrawn: each unit-day is told with the reason that is its own."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core import i18n
from tests.api.test_figures_file import bring, csv_of, row
from tests.api.test_figures_totals_withdrawn import WEEK, came, in_the_way, reports, stand
from tests.api.test_figures_withdrawn import WHY, withdrawn
from tests.support.clients import DAY, WARD, PageClient, SetClock, line
from tests.support.figures import BEFORE, REPORTS, SCOPES, Api, confirming, integrity, put
from tests.support.statements import asked

OF_DAY = f"{REPORTS}/{WARD}/{DAY}/city"


@pytest.fixture
def machine(api: Api) -> TestClient:
    return api("machine", None, [*SCOPES, "figures:import"], name="one-gate")


def test_totals_that_would_stand_below_those_before_them_are_told(app: FastAPI, machine: TestClient) -> None:
    came(machine, {WEEK[0]: 3, WEEK[1]: 10})
    larger = came(machine, {WEEK[1]: 12})
    grown = came(machine, {WEEK[0]: 11})
    assert in_the_way(withdrawn(machine, larger)) == [("figures_before_changed", "17/11/2026")]
    assert [n for n, _ in stand(app).values()] == [11, 1]
    assert withdrawn(machine, grown).json()["taken_back"] == 1
    assert withdrawn(machine, larger).json()["taken_back"] == 1
    assert [n for n, _ in stand(app).values()] == [3, 7]
    assert integrity(app) == []


@pytest.mark.parametrize("seed", range(4))
def test_any_file_goes_or_stays_and_what_stands_is_what_the_files_left_say(
    app: FastAPI, machine: TestClient, seed: int
) -> None:
    """Files of random totals, that move each other's days; whichever is withdrawn, it goes whole or nothing moves."""
    chance = random.Random(seed)
    gone = stayed = 0
    for number in range(3):
        source = f"source-{number}"
        live: list[tuple[int, dict[str, int]]] = []
        for _ in range(20):
            if live and chance.random() < 0.45:
                place = chance.randrange(len(live))
                stood, answer = stand(app, source), withdrawn(machine, live[place][0])
                if answer.status_code == 200:
                    live.pop(place)
                    gone += 1
                else:
                    in_the_way(answer)
                    assert stand(app, source) == stood
                    stayed += 1
            else:
                first, last = sorted(chance.choices(range(5), weights=(3, 2, 1, 1, 1), k=2)) if live else (0, 4)
                totals = {day: 3 * n + chance.randrange(9) for n, day in enumerate(WEEK) if first <= n <= last}
                rows = [row(day=day, received_online=n, resolved_early=n) for day, n in totals.items()]
                answer = bring(machine, csv_of(*rows), source=source, basis="cumulative", since=WEEK[0])
                if answer.status_code == 200:  # else a total shrinks
                    live.append((answer.json()["number"], totals))
                assert answer.status_code in (200, 422), answer.text
            said = dict(sorted({day: n for _, totals in live for day, n in totals.items()}.items()))
            before = [0, *said.values()]
            of_days = {day: (n - before[place], WEEK[0]) for place, (day, n) in enumerate(said.items())}
            assert stand(app, source) == of_days, (number, live)
    assert gone >= 2, "the files that go"
    assert stayed >= 2, "the files that stay"
    assert integrity(app) == []


def test_no_report_is_written_where_the_unit_lets_the_source_confirm_no_more(
    app: FastAPI, machine: TestClient, api: Api
) -> None:
    confirming(api)
    came(machine, dict(zip(WEEK, (3, 5, 9, 10, 12), strict=True)))
    wrong = came(machine, {BEFORE: 11})
    confirming(api, confirms=False)
    stood, made = stand(app), reports(api())
    assert in_the_way(withdrawn(machine, wrong)) == [
        ("figures_not_confirmed", "19/11/2026"), ("figures_not_confirmed", "20/11/2026")
    ]  # fmt: skip
    assert (stand(app), reports(api())) == (stood, made)
    confirming(api)
    assert withdrawn(machine, wrong).json()["taken_back"] == 1
    assert integrity(app) == []


def test_why_a_report_may_not_follow_is_told_by_its_code(app: FastAPI, machine: TestClient, api: Api) -> None:
    confirming(api)
    of_day: Any = {"source": "one-gate", "basis": "cumulative", "since": DAY}
    lacking = bring(machine, csv_of(row(received_online=3, pending_overdue="")), **of_day)
    assert lacking.json()["confirming"][0]["code"] == "figure_missing"
    whole = bring(machine, csv_of(row(received_online=4)), **of_day).json()["number"]
    assert api().get(OF_DAY).json()["version"] == 1
    refused = withdrawn(machine, whole)
    assert in_the_way(refused) == [("figures_report_refused", "20/11/2026")]
    assert "(figure_missing)" in refused.json()["errors"][0]["message"]["en"]


def test_a_reopening_that_is_over_or_of_other_fields_is_a_lock(api: Api, machine: TestClient, clock: SetClock) -> None:
    confirming(api)
    came(machine, dict(zip(WEEK, (3, 5, 9, 10, 12), strict=True)))
    wrong = came(machine, {DAY: 13})
    clock.set("2026-12-01T10:00:00+07:00")
    at = f"{REPORTS}/{WARD}/{DAY}/city/reopenings"
    made = api().post(at, json={"why": "Nhầm tệp", "fields": ["CT"]}).json()
    granted = api("city_analyst").put(
        f"/api/v1/throughput/reopenings/{made['id']}/grant",
        json={"hours": 4, "fields": ["CT"], "reason": "Đã xem biên bản"},
        headers={"if-match": f'"{made["version"]}"'},
    )  # fmt: skip
    assert granted.status_code == 200, granted.text
    assert in_the_way(withdrawn(machine, wrong)) == [("figures_report_locked", "20/11/2026")], "grant_field"
    clock.set("2026-12-01T18:00:00+07:00")
    assert in_the_way(withdrawn(machine, wrong)) == [("figures_report_locked", "20/11/2026")], "grant_over"


def test_an_approved_report_is_corrected_and_a_persons_stays(app: FastAPI, machine: TestClient, api: Api) -> None:
    """The withdrawal corrects as anybody does: what was approved is looked at again, a person's is not touched."""
    confirming(api)
    came(machine, dict(zip(WEEK, (3, 5, 9, 10, 12), strict=True)))
    wrong = came(machine, {DAY: 13})
    approved = api("city_analyst").put(f"{OF_DAY}/approvals/city", json={"version": 2})
    assert approved.json()["status"] == "approved_city", approved.text
    assert withdrawn(machine, wrong).json()["taken_back"] == 1
    stands = api().get(OF_DAY).json()
    assert (stands["version"], stands["status"], stands["totals"]["received"]) == (3, "received", 2)
    assert api("city_analyst").get(f"{OF_DAY}/approvals").json()["unusual"][0] == "corrected_since"
    again = came(machine, {DAY: 14})
    put(api(), line(received_online=7), **{"if-match": '"4"'})
    assert withdrawn(machine, again).json()["taken_back"] == 1
    assert (stand(app)[DAY], reports(api())[DAY]) == ((2, WEEK[0]), (5, 7)), "the figures went, the person's word not"
    assert integrity(app) == []


def test_days_not_concerned_cost_no_statement(app: FastAPI, machine: TestClient) -> None:
    def cost(days: list[str], source: str, system: str) -> int:
        came_with: Any = {"source": source, "basis": "cumulative", "since": days[0]}

        def brought(totals: dict[str, int]) -> int:
            rows = [row(day=d, system=system, received_online=n, resolved_early=n) for d, n in totals.items()]
            answer = bring(machine, csv_of(*rows), **came_with)
            assert answer.status_code == 200, answer.text
            number: int = answer.json()["number"]
            return number

        brought({day: 3 * n for n, day in enumerate(days)})
        wrong = brought({DAY: 50})
        with asked(app.state.database.engine) as seen:
            assert withdrawn(machine, wrong).json()["taken_back"] == 1
        return len(seen)

    cost([BEFORE, DAY], "warming", "Thành phố")
    assert cost(WEEK, "of-a-week", "Thành phố") == cost([BEFORE, DAY], "of-two-days", "Bộ, ngành")


def test_each_unit_day_is_told_with_code_and_system_and_of_many_how_many_more(machine: TestClient) -> None:
    days = [str(date(2026, 9, 25) + timedelta(days=n)) for n in range(57)]
    both = [(day, n, system) for n, day in enumerate(days) for system in ("Thành phố", "Bộ, ngành")]
    said: Any = {"source": "one-gate", "basis": "cumulative", "since": days[0]}

    def rows(of: list[tuple[str, int, str]]) -> bytes:
        return csv_of(*(row(day=d, system=s, received_online=n, resolved_early=n) for d, n, s in of))

    first = bring(machine, rows(both[:2]), **said).json()["number"]
    assert bring(machine, rows(both[2:4]), **said).status_code == 200
    few = withdrawn(machine, first).json()["errors"]
    assert [one["message"]["en"].split(": ")[0] for one in few] == [
        f"Thuận Hóa ({WARD}), 26/09/2026, City", f"Thuận Hóa ({WARD}), 26/09/2026, Ministries"
    ]  # fmt: skip
    assert bring(machine, rows(both[4:]), **said).status_code == 200
    told = withdrawn(machine, first).json()["errors"]
    assert [one["code"] for one in told[:50]] == ["figures_rest_on_it"] * 50
    assert [(one["code"], one["message"]["vi"][-4:]) for one in told[50:]] == [("figures_more_days", ": 62")]


def test_the_page_keeps_what_was_typed_open(api: Api, people: Callable[..., PageClient]) -> None:
    analyst = api("city_analyst")
    first = came(analyst, {WEEK[0]: 3})
    came(analyst, {WEEK[1]: 5})
    page = people("city_analyst").post(f"/throughput/figures/imports/{first}/withdrawal", data=WHY)
    assert page.status_code == 409
    (fold,) = [part for part in page.text.split("<details")[1:] if part.startswith(" open")]
    assert (f"/imports/{first}/withdrawal" in fold, f">{WHY['reason']}</textarea>" in fold) == (True, True)
    assert page.text.count(f"{WHY['reason']}</textarea>") == 1, "in the refused file's fold alone"
    for n in range(6, 55):
        came(analyst, {WEEK[1]: n})
    page = people("city_analyst").post(f"/throughput/figures/imports/{first}/withdrawal", data=WHY)
    assert page.text.count(f"{WHY['reason']}</textarea>") == 1, "a file further back as well"


@pytest.mark.parametrize("n", [1, 2])
def test_one_and_many_are_said_rightly(n: int) -> None:
    keys = "throughput.figures_withdraw_whole", "throughput.figures_withdraw_lead", "reminders.made_all"
    for words in (i18n.translate(key, locale, n=n) for key in keys for locale in ("en", "fr")):
        assert f": {n}. " in f"{words} ".replace("\u202f", " "), words
        assert not any(word in words for word in (" parts", "éléments", f"{n} unit", f"{n} jours")), words
