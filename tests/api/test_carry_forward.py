"""A correction that is carried forward: the later open days follow in the same call, once, with their reasons."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.web import API
from app.throughput import proof, totals
from tests.pages.test_throughput_pages import form_of
from tests.support.clients import WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
AT = f"{API}/throughput/reports/{WARD}"
DAYS = ("2026-11-18", "2026-11-19", "2026-11-20")
WHY = [{"warning": "correction", "reason": "late_correction"}]
UNMATCHED = "Tồn kỳ trước của ngày"


@pytest.fixture
def officer(app: FastAPI, api: Api, clock: SetClock) -> TestClient:
    """An officer with three received days: 10 received on each, 4 of them resolved, all openings as closed before."""
    client = api()
    for day in DAYS:
        clock.set(f"{day}T16:45+07:00")
        sent = client.put(f"{AT}/{day}/city", json=report(line(received_online=10, resolved_early=4)))
        assert sent.status_code == 201, sent.text
    clock.set("2026-11-20T17:30+07:00")
    return client


def correct(client: TestClient, received: int, day: str = DAYS[0], **more: Any) -> dict[str, Any]:
    """Correct what a day received, and carry it forward."""
    body = report(line(received_online=received, resolved_early=4), reasons=WHY, carry_forward=True) | more
    version = client.get(f"{AT}/{day}/city").json()["version"]
    answer = client.put(f"{AT}/{day}/city", json=body, headers={"if-match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


def stands(client: TestClient, day: str, system: str = "city") -> dict[str, Any]:
    """Return a day's report as it stands."""
    found: dict[str, Any] = client.get(f"{AT}/{day}/{system}").json()
    return found


def stocks(client: TestClient) -> list[tuple[int, int]]:
    """Return opening and in-time stock of each day."""
    found = (stands(client, day)["totals"] for day in DAYS)
    return [(one["carried_over"], one["pending_in_time"]) for one in found]


def gaps(client: TestClient) -> list[tuple[str, int]]:
    """Return the adjustments that the days show."""
    return [
        (day, w["values"]["gap"]) for day in DAYS for w in stands(client, day)["warnings"] if w["code"] == "opening_gap"
    ]


def kept_sums_are_true(app: FastAPI) -> None:
    with app.state.database.read() as session:
        assert list(totals.differences(session)) == []
        assert list(proof.alterations(session)) == []


def test_the_days_after_follow(app: FastAPI, officer: TestClient) -> None:
    assert stocks(officer) == [(0, 6), (6, 12), (12, 18)]
    saved = correct(officer, 13)
    assert saved["carried"] == {"days": list(DAYS[1:]), "stopped_at": None}
    assert stocks(officer) == [(0, 9), (9, 15), (15, 21)]
    assert gaps(officer) == []
    assert [stands(officer, day)["version"] for day in DAYS] == [2, 2, 2]
    kept_sums_are_true(app)


def test_without_it_the_difference_shows_on_the_next_day(app: FastAPI, officer: TestClient) -> None:
    assert correct(officer, 13, carry_forward=False)["carried"] is None
    assert gaps(officer) == [(DAYS[1], -3)]
    assert stands(officer, DAYS[1])["version"] == 1
    kept_sums_are_true(app)


def test_each_day_past_its_grace_says_why(officer: TestClient) -> None:
    correct(officer, 13)
    (reason,) = stands(officer, DAYS[1])["reasons"]
    assert (reason["warning"], reason["reason"]) == ("correction", "late_correction")
    assert "18/11/2026" in reason["note"]
    assert stands(officer, DAYS[2])["reasons"] == [], "the grace of the last day is not over"
    revisions = officer.get(f"{AT}/{DAYS[1]}/city/revisions").json()["items"]
    assert len(revisions) == 2


def test_the_same_again_carries_nothing_twice(app: FastAPI, officer: TestClient) -> None:
    correct(officer, 13)
    before = stocks(officer)
    again = correct(officer, 13)
    assert again["carried"] is None
    assert (stocks(officer), [stands(officer, day)["version"] for day in DAYS]) == (before, [2, 2, 2])
    kept_sums_are_true(app)


def test_a_repeated_call_answers_as_the_first(officer: TestClient) -> None:
    body = report(line(received_online=13, resolved_early=4), reasons=WHY, carry_forward=True)
    headers = {"if-match": '"1"', "idempotency-key": "once"}
    first, second = (officer.put(f"{AT}/{DAYS[0]}/city", json=body, headers=headers) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert stands(officer, DAYS[2])["version"] == 2


def test_a_day_whose_stock_would_fall_below_zero_stops_it(app: FastAPI, officer: TestClient) -> None:
    late = report(line(received_online=0, resolved_early=12))
    assert officer.put(f"{AT}/{DAYS[2]}/city", json=late, headers={"if-match": '"1"'}).status_code == 200
    saved = correct(officer, 8)
    assert saved["carried"] == {"days": [DAYS[1]], "stopped_at": DAYS[2]}
    assert gaps(officer) == [(DAYS[2], 2)]
    kept_sums_are_true(app)


def test_a_gap_of_its_own_is_left_to_the_officer(app: FastAPI, officer: TestClient) -> None:
    own = report(line(carried_over=14, received_online=10, resolved_early=4))
    assert officer.put(f"{AT}/{DAYS[2]}/city", json=own, headers={"if-match": '"1"'}).status_code == 200
    saved = correct(officer, 13)
    assert saved["carried"] == {"days": [DAYS[1]], "stopped_at": DAYS[2]}
    assert gaps(officer) == [(DAYS[2], -1)]
    kept_sums_are_true(app)


def test_overdue_stays_as_typed_and_reasons_stay(officer: TestClient) -> None:
    reasons = [{"warning": "late", "reason": "late_sync"}]
    typed = report(line(received_online=10, resolved_early=4, pending_overdue=5), reasons=reasons, note="Cả ngày")
    assert officer.put(f"{AT}/{DAYS[2]}/city", json=typed, headers={"if-match": '"1"'}).status_code == 200
    correct(officer, 13)
    last = stands(officer, DAYS[2])
    assert (last["totals"]["pending_overdue"], last["totals"]["pending_in_time"]) == (5, 16)
    assert [r["warning"] for r in last["reasons"]] == ["late"]
    assert last["note"] == "Cả ngày"


def test_both_systems_are_carried_in_one_call(app: FastAPI, officer: TestClient, clock: SetClock) -> None:
    for day in DAYS:
        assert officer.put(f"{AT}/{day}/ministry", json=report(line("LT", received_online=2))).status_code == 201
    body = {
        "city": report(line(received_online=11, resolved_early=4), reasons=WHY, carry_forward=True),
        "ministry": report(line("LT", received_online=5), reasons=WHY, carry_forward=True),
    }
    saved = officer.put(f"{AT}/{DAYS[0]}", json=body, headers={"if-match": '"1-1"'})
    assert saved.status_code == 200, saved.text
    carried = {"days": list(DAYS[1:]), "stopped_at": None}
    assert [saved.json()[system]["carried"] for system in ("city", "ministry")] == [carried, carried]
    assert officer.get(f"{AT}/{DAYS[0]}").json()["city"]["carried"] is None
    assert stands(officer, DAYS[2], "ministry")["totals"]["carried_over"] == 7
    kept_sums_are_true(app)


def test_a_day_sent_late_is_carried_too(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    for day in (DAYS[0], DAYS[2]):
        sent = officer.put(f"{AT}/{day}/city", json=report(line(received_online=10)))
        assert sent.status_code == 201, sent.text
    missing = report(line(received_online=3), carry_forward=True)
    saved = officer.put(f"{AT}/{DAYS[1]}/city", json=missing)
    assert saved.json()["carried"] == {"days": [DAYS[2]], "stopped_at": None}
    assert stands(officer, DAYS[2])["totals"]["carried_over"] == 13
    assert gaps(officer) == []
    kept_sums_are_true(app)


def test_the_receipt_names_the_days_that_followed(officer: TestClient, people: Callable[..., PageClient]) -> None:
    browser, at = people(), f"/throughput/reports/{WARD}/{DAYS[0]}/receipt"
    words = "Đã chuyển chênh lệch sang các ngày"
    assert words not in browser.get(at).text
    correct(officer, 13)
    page = browser.get(at).text
    assert f"{words}: 19/11/2026, 20/11/2026" in page
    assert UNMATCHED not in page
    correct(officer, 14, carry_forward=False)
    page = browser.get(at).text
    assert words not in page
    assert f"{UNMATCHED} 19/11/2026" in page


def test_the_receipt_names_the_day_that_could_not_follow(
    officer: TestClient, people: Callable[..., PageClient]
) -> None:
    at = f"/throughput/reports/{WARD}/{DAYS[0]}/receipt"
    late = report(line(received_online=0, resolved_early=12))
    assert officer.put(f"{AT}/{DAYS[2]}/city", json=late, headers={"if-match": '"1"'}).status_code == 200
    assert correct(officer, 8)["carried"] == {"days": [DAYS[1]], "stopped_at": DAYS[2]}
    page = people().get(at).text
    assert "sang các ngày: 19/11/2026<" in page
    assert f'href="/throughput/reports/{WARD}/{DAYS[2]}/worksheet">{UNMATCHED} 20/11/2026' in page
    assert f'href="/throughput/reports/{WARD}/{DAYS[2]}/receipt">{UNMATCHED}' in people("leader").get(at).text
    # Brought in line by hand, there is nothing to tell any more.
    mended = report(line(received_online=2, resolved_early=12))
    assert officer.put(f"{AT}/{DAYS[2]}/city", json=mended, headers={"if-match": '"2"'}).status_code == 200
    assert UNMATCHED not in people().get(at).text


def test_a_check_says_what_would_be_carried(officer: TestClient) -> None:
    body = {"city": report(line(received_online=13, resolved_early=4), reasons=WHY, carry_forward=True)}
    checked = officer.post(f"{AT}/{DAYS[0]}/check", json=body).json()["city"]
    assert checked["carried"] == {"days": list(DAYS[1:]), "stopped_at": None}
    assert stocks(officer) == [(0, 6), (6, 12), (12, 18)]


def test_the_worksheet_lists_the_later_days(officer: TestClient, clock: SetClock) -> None:
    def later(day: str) -> list[tuple[str, bool, bool]]:
        sheet = officer.get(f"{AT}/{day}/worksheet").json()["city"]
        return [(one["day"], one["locked"], one["carried"]) for one in sheet["later"]]

    assert later(DAYS[0]) == [(DAYS[1], False, True), (DAYS[2], False, True)]
    assert later(DAYS[2]) == []
    correct(officer, 13, carry_forward=False)
    assert later(DAYS[0]) == [(DAYS[1], False, False), (DAYS[2], False, False)], "nothing comes past the first"
    clock.set("2026-11-25T18:00+07:00")
    assert later(DAYS[0]) == [(DAYS[1], True, False)], "nothing is touched past a locked day"


def test_a_gap_of_one_field_keeps_no_other_from_being_carried(app: FastAPI, officer: TestClient) -> None:
    both = [line(received_online=10, resolved_early=4), line("CT", carried_over=2)]
    sent = officer.put(f"{AT}/{DAYS[1]}/city", json=report(*both, reasons=WHY), headers={"if-match": '"1"'})
    assert sent.status_code == 200, sent.text
    sheet = officer.get(f"{AT}/{DAYS[0]}/worksheet").json()["city"]
    assert [one["carried"] for one in sheet["later"]] == [True, True]
    assert correct(officer, 13)["carried"]["days"] == list(DAYS[1:])
    assert stocks(officer)[0] == (0, 9)
    assert ("HT", 9) in [(one["field"], one["carried_over"]) for one in stands(officer, DAYS[1])["lines"]]
    kept_sums_are_true(app)


def test_the_worksheet_knows_a_day_that_has_not_begun(officer: TestClient) -> None:
    sheet = officer.get(f"{AT}/2026-11-23/worksheet").json()
    assert (sheet["is_future"], sheet["opens_at"]) == (True, "2026-11-22T17:00:00Z")
    assert officer.get(f"{AT}/{DAYS[2]}/worksheet").json()["is_future"] is False


def test_the_worksheet_gives_past_and_expected_counts(officer: TestClient, clock: SetClock) -> None:
    row = officer.get(f"{AT}/{DAYS[2]}/worksheet").json()["city"]["rows"][0]
    assert (row["field"], row["past"]["yesterday"], row["past_resolved"]["yesterday"]) == ("HT", 10, 4)
    assert row["expected"] is None
    for day in ("2026-11-26", "2026-12-03", "2026-12-10"):
        clock.set(f"{day}T16:45+07:00")
        sent = officer.put(f"{AT}/{day}/city", json=report(line(received_online=12)))
        assert sent.status_code == 201, sent.text
    clock.set("2026-12-17T16:45+07:00")
    sheet = officer.get(f"{AT}/2026-12-17/worksheet").json()["city"]
    row = next(one for one in sheet["rows"] if one["field"] == "HT")
    assert row["expected"] == {"median": 12, "low": 1, "high": 47}
    for received, asked in ((47, False), (48, True)):
        body = {"city": report(line(received_online=received))}
        found = officer.post(f"{AT}/2026-12-17/check", json=body).json()["city"]["warnings"]
        assert ("unusual_value" in [w["code"] for w in found]) == asked


def carry_on(client: TestClient, day: str = DAYS[0], version: int = 2) -> Any:
    """Carry forward what was sent before."""
    return client.post(f"{AT}/{day}/city/carried", headers={"if-match": f'"{version}"'})


def test_what_was_sent_without_it_can_be_carried_afterwards(app: FastAPI, officer: TestClient) -> None:
    correct(officer, 12, carry_forward=False)
    correct(officer, 13, carry_forward=False)
    assert officer.post(f"{AT}/{DAYS[0]}/city/carried").status_code == 428
    assert carry_on(officer, version=2).status_code == 412
    done = carry_on(officer, version=3)
    assert (done.status_code, done.json()) == (200, {"days": list(DAYS[1:]), "stopped_at": None})
    assert stocks(officer) == [(0, 9), (9, 15), (15, 21)]
    assert gaps(officer) == []
    assert [stands(officer, day)["version"] for day in DAYS] == [3, 2, 2]
    assert carry_on(officer, version=3).json() == {"days": [], "stopped_at": None}, "nothing is carried twice"
    assert officer.post(f"{AT}/{DAYS[0]}/ministry/carried", headers={"if-match": "*"}).status_code == 404
    kept_sums_are_true(app)


def test_an_opening_that_was_explained_is_left_as_it_is(officer: TestClient) -> None:
    correct(officer, 13, carry_forward=False)
    why = [{"warning": "opening_gap", "field": "HT", "reason": "late_sync"}]
    body = report(line(carried_over=6, received_online=10, resolved_early=4), reasons=[*why, *WHY])
    assert officer.put(f"{AT}/{DAYS[1]}/city", json=body, headers={"if-match": '"1"'}).status_code == 200
    assert carry_on(officer).json()["days"] == []
    assert stocks(officer) == [(0, 9), (6, 12), (12, 18)]


def test_a_day_that_came_late_is_carried_afterwards(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    for day, at in ((DAYS[0], "18T16:45"), (DAYS[2], "20T16:45"), (DAYS[1], "20T17:00")):
        clock.set(f"2026-11-{at}+07:00")
        assert officer.put(f"{AT}/{day}/city", json=report(line(received_online=5))).status_code == 201
    assert stocks(officer) == [(0, 5), (5, 10), (5, 10)]
    assert carry_on(officer, DAYS[1], 1).json() == {"days": [DAYS[2]], "stopped_at": None}
    assert stocks(officer) == [(0, 5), (5, 10), (10, 15)]
    kept_sums_are_true(app)


def test_a_first_report_has_nothing_to_carry_into_a_day_that_came_after_it(
    api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    officer = api()
    for day, lines in ((DAYS[0], [line("DD", received_online=5)]), (DAYS[1], [line(received_online=1)])):
        clock.set(f"{day}T16:45+07:00")
        assert officer.put(f"{AT}/{day}/city", json=report(*lines)).status_code == 201
    assert "/carried" not in people().get(f"/throughput/reports/{WARD}/{DAYS[0]}/receipt").text
    assert carry_on(officer, version=1).json()["days"] == []
    assert [one["field"] for one in stands(officer, DAYS[1])["lines"]] == ["HT"], "the gap is somebody's to explain"


def test_the_receipt_offers_it_and_does_it(officer: TestClient, people: Callable[..., PageClient]) -> None:
    correct(officer, 13, carry_forward=False)
    page, at = people(), f"/throughput/reports/{WARD}/{DAYS[0]}"
    receipt = page.get(f"{at}/receipt").text
    assert "Tồn đầu các ngày sau còn theo số cũ: 19/11/2026, 20/11/2026." in receipt
    done = page.post(f"{at}/city/carried", data=form_of(receipt, f"{at}/city/carried"))
    assert (done.status_code, done.headers["location"]) == (303, f"{at}/receipt")
    after = page.get(f"{at}/receipt").text
    assert "Đã chuyển chênh lệch sang các ngày: 19/11/2026, 20/11/2026" in after
    assert f"{at}/city/carried" not in after
    assert "/carried" not in people("ward_leader").get(f"{at}/receipt").text


@pytest.mark.parametrize("overruled", [False, True])
def test_a_returned_day_that_only_follows_stays_returned(
    officer: TestClient, api: Api, clock: SetClock, overruled: bool
) -> None:
    clock.set("2026-11-20T17:30+07:00")
    leader, analyst, at = api("ward_leader"), api("city_analyst"), f"{AT}/{DAYS[1]}/city/approvals"
    back = leader.post(f"{at}/ward/return", json={"version": 1, "reason": "Thiếu hồ sơ trực tuyến"})
    assert back.status_code == 200, back.text
    if overruled:
        assert analyst.put(f"{at}/city", json={"version": 1}).status_code == 200
    correct(officer, 13)
    followed = stands(officer, DAYS[1])
    assert (followed["version"], followed["status"]) == (2, "received" if overruled else "returned")
    own = report(line(received_online=11, resolved_early=4), reasons=WHY)
    answered = officer.put(f"{AT}/{DAYS[1]}/city", json=own, headers={"if-match": '"2"'})
    assert (answered.status_code, answered.json()["status"]) == (200, "received")
