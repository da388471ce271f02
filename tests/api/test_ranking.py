"""The ranking: hand-worked figures of five wards, periods, what was known when, and who sees it."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from app.core.web import API
from tests.support.clients import OTHER, WARD, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"{API}/throughput/ranking"
PERIOD = {"from": "2026-11-18", "to": "2026-11-19"}
# Received online and at the counter, resolved early and overdue: (before: 16–17 November), (now: 18–19 November).
# Pending follows: nothing is left over before, so that overdue is judged on what was received.
WARDS: dict[str, tuple[tuple[int, int, int, int], tuple[int, int, int, int]]] = {
    WARD: ((60, 40, 90, 10), (493, 0, 491, 2)),
    OTHER: ((12, 0, 12, 0), (12, 0, 12, 0)),
    "19804": ((90, 10, 95, 5), (80, 20, 95, 5)),
    "19777": ((50, 50, 50, 50), (90, 10, 97, 3)),
}


def send(api: Api, unit: str, day: str, counts: tuple[int, int, int, int], **more: Any) -> None:
    online, counter, early, overdue = counts
    body = report(
        line(received_online=online, received_counter=counter, resolved_early=early, resolved_overdue=overdue), **more
    )
    headers = {"if-match": "*"} if more else {}
    answer = api(unit=unit).put(f"{API}/throughput/reports/{unit}/{day}/city", json=body, headers=headers)
    assert answer.is_success, answer.text


@pytest.fixture
def figures(api: Api) -> None:
    for unit, (before, now) in WARDS.items():
        send(api, unit, "2026-11-17", before)
        send(api, unit, "2026-11-19", now)


def ranked(api: Api, rate: str, **more: str) -> dict[str, dict[str, Any]]:
    answer = api("city_analyst").get(AT, params={"rate": rate, **PERIOD, **more})
    assert answer.status_code == 200, answer.text
    return {item["unit"]: item for item in answer.json()["items"]}


def change(rank: int, own: int, others: int) -> dict[str, int]:
    return {"rank": rank, "own": own, "others": others}


def test_units_are_ranked_by_what_was_counted(api: Api, figures: None) -> None:
    found = ranked(api, "on_time")
    assert [(found[u]["rank"], found[u]["numerator"], found[u]["denominator"]) for u in WARDS] == [
        (1, 491, 493), (None, 12, 12), (3, 95, 100), (2, 97, 100)
    ]  # fmt: skip
    assert list(found)[:3] == [WARD, "19777", "19804"]
    assert found[WARD]["interval"] == {
        "low": pytest.approx(0.985330, abs=1e-6),
        "high": pytest.approx(0.998887, abs=1e-6),
    }
    assert found[OTHER]["interval"] == {"low": pytest.approx(0.757499, abs=1e-6), "high": 1.0}
    # Before: 19804 first with 95, the ward second with 90, 19777 third with 50.
    assert found[WARD]["change"] == change(1, 1, 0)
    assert found["19777"]["change"] == change(1, 2, -1)
    assert found["19804"]["change"] == change(-2, 0, -2)
    assert found[OTHER]["change"] is None
    assert found[OTHER]["value"] == 1.0, "shown, and not ranked"


def test_the_other_rates(api: Api, figures: None) -> None:
    found = ranked(api, "overdue")
    assert [found[u]["rank"] for u in WARDS] == [1, None, 3, 2]
    assert (found[WARD]["numerator"], found[WARD]["denominator"]) == (2, 493)
    found = ranked(api, "online")
    assert [found[u]["rank"] for u in WARDS] == [1, None, 3, 2]
    found = ranked(api, "settlement")
    assert [found[u]["rank"] for u in WARDS] == [1, None, 1, 1], "all resolved what they received: equal"
    assert {item["interval"] is None for item in found.values()} == {True}


def test_who_owes_and_did_not_report_is_named_without_a_rank(api: Api, figures: None) -> None:
    answer = api("city_analyst").get(AT, params=PERIOD).json()
    assert answer["completeness"] == {"expected": 80, "received": 0, "late": 0, "waived": 0, "unavailable": 0}
    assert len(answer["items"]) == 40
    silent = [item for item in answer["items"] if item["unit"] not in WARDS]
    assert {(i["rank"], i["numerator"], i["denominator"], i["value"], i["interval"]) for i in silent} == {
        (None, 0, 0, None, None)
    }
    named = api("city_analyst").get(AT, params=PERIOD | {"q": "thuan hoa"}).json()
    assert named["items"] == [item for item in answer["items"] if item["unit"] == WARD]
    assert named["completeness"] == answer["completeness"]
    counted = [(one["numerator"], one["denominator"]) for one in answer["items"]]
    n, of = sum(n for n, _ in counted), sum(of for _, of in counted)
    assert answer["city"] == named["city"] == {"numerator": n, "denominator": of, "value": pytest.approx(n / of)}
    assert answer["cut_off"] == "2026-11-19T09:30:00Z"
    assert (answer["rate"], answer["minimum_base"], answer["as_of"]) == ("on_time", 30, None)
    assert (answer["previous_from"], answer["previous_to"]) == ("2026-11-16", "2026-11-17")


def test_what_one_ward_reports_of_a_sunday_does_not_date_the_ranking(api: Api, clock: SetClock, figures: None) -> None:
    clock.set("2026-11-22T12:00:00+07:00")
    sunday = report(line(received_online=1, resolved_early=1), counted_until="2026-11-22T11:00:00+07:00")
    assert api().put(f"{API}/throughput/reports/{WARD}/2026-11-22/city", json=sunday).status_code == 201
    period = {"from": "2026-11-18", "to": "2026-11-22"}
    answer = api("city_analyst").get(AT, params=period | {"rate": "on_time"}).json()
    assert answer["cut_off"] == "2026-11-19T09:30:00Z", "of Thursday, the newest day that was owed and has reports"
    assert next(i for i in answer["items"] if i["unit"] == WARD)["denominator"] == 494, "its figures count all the same"
    alone = {"from": "2026-11-22", "to": "2026-11-22", "rate": "on_time"}
    assert api("city_analyst").get(AT, params=alone).json()["cut_off"] == "2026-11-22T04:00:00Z"


def test_the_minimum_base_is_the_definition_s(api: Api, figures: None) -> None:
    analyst = api("city_analyst")
    form = analyst.get(f"{API}/throughput/forms/daily").json()
    kept = {k: v for k, v in form.items() if k not in ("code", "version")}
    changed = analyst.put(
        f"{API}/throughput/forms/daily", json=kept | {"minimum_base": 12}, headers={"if-match": f'"{form["version"]}"'}
    )
    assert changed.status_code == 200, changed.text
    assert [ranked(api, "on_time")[u]["rank"] for u in WARDS] == [2, 1, 4, 3]


def test_what_was_known_then_is_ranked_as_then(api: Api, figures: None, clock: SetClock) -> None:
    before = ranked(api, "on_time")
    moment = "2026-11-20T17:00:00+07:00"
    clock.set("2026-11-20T18:00:00+07:00")
    send(api, WARD, "2026-11-19", (493, 0, 93, 400), reasons=[{"warning": "correction", "reason": "source_error"}])
    assert ranked(api, "on_time")[WARD]["rank"] == 3
    assert ranked(api, "on_time", as_of=moment) == before
    assert ranked(api, "on_time", as_of="2026-11-20")[WARD]["numerator"] == 93


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"from": "2026-11-20", "to": "2026-11-19"}, "period_reversed"),
        ({"from": "2015-01-01", "to": "2026-11-19"}, "period_too_long"),
        ({"from": "2025-01-01", "to": "2026-11-19", "as_of": "2026-11-19"}, "period_too_long"),
        ({"rate": "qd766_progress"}, "not_a_choice"), ({"from": "0"}, "bad_date"),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked_is_refused(api: Api, wrong: dict[str, str], code: str) -> None:
    answer = api("city_analyst").get(AT, params=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert api("city_analyst").get(AT, params={"from": "1900-01-01", "to": "1909-12-31"}).status_code == 200


def test_who_sees_it(api: Api, client: TestClient, figures: None) -> None:
    assert client.get(AT).status_code == 401
    statuses = {
        role: api(role).get(AT).status_code
        for role in ("ward_officer", "ward_leader", "department_officer", "city_analyst", "leader", "administrator")
    }
    assert [role for role, status in statuses.items() if status == 200] == ["ward_leader", "city_analyst", "leader"]
    assert set(statuses.values()) == {200, 403}


def test_files_hold_what_the_answer_holds(api: Api, figures: None) -> None:
    analyst = api("city_analyst")
    file = analyst.get(f"{AT}.csv", params=PERIOD)
    named = f"xep-hang-on_time-{PERIOD['from']}-{PERIOD['to']}.csv"
    assert named in file.headers["content-disposition"], "a saved file says what it ranks, and of when"
    rows = file.content.decode("utf-8-sig").splitlines()
    assert rows[0] == (
        "unit,name,rank,numerator,denominator,value,interval_low,interval_high,change_rank,change_own,change_others"
    )
    assert rows[1].startswith(f"{WARD},Thuận Hóa,1,491,493,0.99594")
    assert len(rows) == 41
    for rate, width in (("on_time", 11), ("settlement", 9)):
        book = analyst.get(f"{AT}.xlsx", params={"rate": rate, **PERIOD})
        shown = analyst.get(AT, params={"rate": rate, **PERIOD}).json()
        grid = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
        top = next(n for n, row in enumerate(grid) if row[0] == "Hạng")
        assert (grid[top][1:6], len(grid[top])) == (["Mã đơn vị", "Đơn vị", "Tử số", "Mẫu số", "Tỷ lệ"], width)
        for row, item in zip(grid[top + 1 :], shown["items"], strict=False):
            counted = [item["unit"], item["name"], item["numerator"], item["denominator"], item["value"]]
            interval, change = item["interval"], item["change"]
            more = [interval["low"], interval["high"]] if interval else [None] * (width - 9)
            more += [change["rank"], change["own"], change["others"]] if change else [None] * 3
            assert [cell if cell != "" else None for cell in row] == [
                item["rank"] or ("Mẫu số nhỏ, chưa xếp hạng" if item["denominator"] else "Không có số liệu"),
                *counted, *more,
            ]  # fmt: skip
        said = " ".join(str(cell) for row in (*grid[:top], *grid[top + 41 :]) for cell in row)
        assert ("Chưa đủ số liệu" in said, "mẫu số từ 30 hồ sơ trở lên" in said) == (True, True)
        assert ("không có khoảng tin cậy" in said) == (rate == "settlement")


def test_the_page_says_it_in_words(people: Any, api: Api, figures: None) -> None:
    page = people("ward_leader").get("/throughput/ranking", params={"rate": "on_time", **PERIOD}).text
    assert "Tỷ lệ giải quyết trước hạn, đúng hạn" in page
    assert "99,59%" in page
    assert "98,53% đến 99,89%" in page
    assert "Mẫu số nhỏ, chưa xếp hạng" in page
    assert "Tăng 1 bậc" in page
    assert "do đơn vị +2, do đơn vị khác -1" in page
    assert "Chưa đủ số liệu" in page
    assert f"unit={OTHER}" not in page, "leads a ward to nothing that it may not open"
    settlement = people("leader").get("/throughput/ranking", params={"rate": "settlement", **PERIOD}).text
    assert "Khoảng tin cậy 95%" not in settlement
