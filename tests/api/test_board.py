"""The city's board: states worst first, what is owed per system, sums, who is missing; by pages, and as files."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert, select
from sqlmodel import Session

from app.core import sheets
from app.procedures.rules import System
from app.throughput.board import standing
from app.throughput.models import Obligation, Report
from app.throughput.timing import Deadlines, State, state, worst
from app.units.models import Unit
from tests.support.clients import DAY, OTHER, WARD, SetClock, line, report
from tests.support.statements import asked

Api = Callable[..., TestClient]
BOARD = "/api/v1/throughput/board"
AT = "/api/v1/throughput/reports"
DOWN = {"unavailable": {"reason": "Mất kết nối"}}
UTC_NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)


def see(client: TestClient, **query: Any) -> dict[str, Any]:
    """Return the board as a client gets it."""
    answer = client.get(BOARD, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def send(api: Api, unit: str, system: str, body: dict[str, Any], day: str = DAY) -> None:
    """Send a report of a unit."""
    answer = api(unit=unit).put(f"{AT}/{unit}/{day}/{system}", json=body)
    assert answer.status_code == 201, answer.text


def row(data: dict[str, Any], unit: str) -> dict[str, Any]:
    """Return a unit's row."""
    found: dict[str, Any] = next(item for item in data["items"] if item["unit"] == unit)
    return found


def test_a_day_fills_up_worst_first(api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    data = see(analyst)
    assert (data["day"], data["next"], data["cut_off"]) == (DAY, None, None)
    assert len(data["items"]) == data["missing_count"] == data["completeness"]["expected"] == 40
    assert data["counts"] == [{"state": "due", "units": 40}]
    send(api, WARD, "city", report(line(received_online=4, received_counter=1, resolved_early=2)))
    send(api, WARD, "ministry", report(line("LT", received_online=5, resolved_overdue=1, pending_overdue=1)))
    send(api, OTHER, "city", report(line(received_online=9), partial_day=True))
    send(api, "19804", "ministry", DOWN)
    clock.set(f"{DAY}T17:00:01+07:00")
    data = see(analyst)
    assert data["counts"] == [{"state": "late", "units": 39}, {"state": "received_on_time", "units": 1}]
    assert [item["state"] for item in data["items"]] == ["late"] * 39 + ["received_on_time"]
    names = [item["name"] for item in data["items"][:39]]
    assert names[:3] == ["A Lưới 1", "A Lưới 2", "A Lưới 3"], "in Vietnamese order within a state"
    done = row(data, WARD)
    assert done["totals"]["received"] == 10
    assert done["totals"]["pending_overdue"] == 1
    assert (done["version"], done["approved"], done["received_at"]) == ("1-1", None, "2026-11-20T09:45:00Z")
    partial = row(data, OTHER)
    assert [s["state"] for s in partial["systems"]] == ["late", "due"]
    assert (partial["received_at"], partial["version"], partial["totals"]["received"]) == (None, "1-0", 9)
    down = row(data, "19804")
    assert [s["state"] for s in down["systems"]] == ["late", "unavailable"]
    assert down["totals"] is None, "a system that was down is no zero"
    assert data["total"]["received"] == 19
    assert data["total"]["rates"]["online"] == {"numerator": 18, "denominator": 19, "value": 18 / 19}
    assert data["systems"] == [
        {"system": "city", "expected": 40, "received": 1, "late": 39},
        {"system": "ministry", "expected": 40, "received": 1, "late": 0},
    ]  # fmt: skip
    assert data["completeness"]["received"] == 1
    assert data["missing_count"] == len(data["missing"]) == 39
    assert {m["unit"]: m["systems"] for m in data["missing"]}["19804"] == ["city"]
    assert data["cut_off"] == "2026-11-20T09:30:00Z"


def test_an_outage_told_after_figures_wants_a_reason_and_has_its_own_moment(api: Api, clock: SetClock) -> None:
    """Figures taken back are a correction, also while others need no reason; the moment shown is the state's."""
    officer, analyst = api(), api("city_analyst")
    send(api, WARD, "city", report(line(received_online=4)))
    send(api, WARD, "ministry", report(line(received_online=2)))
    clock.set(f"{DAY}T18:20+07:00")
    at, match = f"{AT}/{WARD}/{DAY}/ministry", {"if-match": '"1"'}
    asked = officer.post(f"{AT}/{WARD}/{DAY}/check", json={"ministry": DOWN}).json()["ministry"]
    assert [fault["code"] for fault in asked["faults"]] == ["reason_required"]
    refused = officer.put(at, json=DOWN, headers=match)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "reason_required")
    told = officer.put(
        at, json=DOWN | {"reasons": [{"warning": "correction", "reason": "source_error"}]}, headers=match
    )
    assert told.status_code == 200
    assert {"code": "correction", "field": None, "values": {}, "answered": True} in told.json()["warnings"]
    shown = row(see(analyst), WARD)
    moment = "2026-11-20T11:20:00Z"
    assert [s["received_at"] for s in shown["systems"]] == ["2026-11-20T09:45:00Z", moment]
    table = analyst.get("/api/v1/throughput/board.csv").text.splitlines()
    ours = dict(zip(table[0].split(","), next(r for r in table if r.startswith(WARD)).split(","), strict=True))
    assert ours["ministry_received_at"].startswith("2026-11-20T18:20")
    owed = analyst.get("/api/v1/throughput/obligations", params={"unit": WARD, "day": DAY}).json()["items"]
    assert {o["system"]: o["received_at"] for o in owed}["ministry"] == moment
    # Figures after an outage are what everybody waits for: no reason is asked within the grace.
    back = officer.put(at, json=report(line(received_online=2)), headers={"if-match": '"2"'})
    assert back.status_code == 200


def test_a_waiver_and_a_late_report_are_told_apart(api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    for system in ("city", "ministry"):
        at = f"/api/v1/throughput/obligations/{OTHER}/{DAY}/{system}/waiver"
        assert analyst.put(at, json={"reason": "Ngập lụt"}).status_code == 200
    clock.set("2026-11-23T09:30+07:00")
    late = [{"warning": "late", "reason": "late_sync"}]
    for system in ("city", "ministry"):
        send(api, WARD, system, report(line(received_online=1), reasons=late))
    data = see(analyst, day=DAY)
    assert [row(data, unit)["state"] for unit in (WARD, OTHER)] == ["received_late", "waived"]
    assert [s["received"] for s in data["systems"]] == [2, 2]
    assert row(data, OTHER)["received_at"] is None


def test_pages_and_states_narrow_the_rows_and_nothing_else(api: Api) -> None:
    for unit in (WARD, OTHER):
        for system in ("city", "ministry"):
            send(api, unit, system, report(line(received_online=3)))
    analyst, seen, cursor = api("city_analyst"), [], None
    whole = see(analyst)
    for _ in range(6):
        page = see(analyst, limit=9, **({"cursor": cursor} if cursor else {}))
        assert {k: page[k] for k in page if k not in ("items", "next")} == {
            k: whole[k] for k in whole if k not in ("items", "next")
        }
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole["items"]
    done = see(analyst, state="received_on_time")
    assert {item["unit"] for item in done["items"]} == {WARD, OTHER}
    assert done["missing_count"] == 38
    assert analyst.get(BOARD, params={"state": "lost"}).status_code == 422
    assert [item["unit"] for item in see(analyst, q="thuan ho")["items"]] == [WARD]
    assert {item["unit"] for item in see(analyst, q=OTHER, state="received_on_time")["items"]} == {OTHER}
    named = see(analyst, q="huan")  # words are found by their beginning
    assert (named["items"], named["total"]) == ([], whole["total"])
    assert analyst.get(BOARD + ".csv", params={"q": "Thuận Hoá"}).text.count("\n") == 2
    for cursor in ("x", "WzEsMl0", "WyJhIiwiYiIsImMiXQ"):
        assert analyst.get(BOARD, params={"cursor": cursor}).json()["errors"][0]["pointer"] == "?cursor"


def test_a_day_on_which_nothing_is_owed(api: Api, clock: SetClock) -> None:
    clock.set("2026-11-21T16:45+07:00")
    assert see(api("city_analyst"), day="2026-11-21")["items"] == []
    assert see(api("city_analyst"))["day"] == DAY, "without a day the last one with something owed"
    body = {"unit": WARD, "valid_from": "2026-11-21", "legal_reference": "Kế hoạch 12/KH-UBND"}
    assert api("city_analyst").post("/api/v1/calendar/saturday-services", json=body).status_code == 201
    send(api, WARD, "city", report(line(received_online=2)), day="2026-11-21")
    data = see(api("city_analyst"), day="2026-11-21")
    assert [(i["unit"], i["state"], i["systems"][0]["state"]) for i in data["items"]] == [(WARD, None, None)]
    assert (data["total"]["received"], data["missing_count"], data["counts"]) == (2, 0, [])
    assert data["items"][0]["received_at"] == "2026-11-21T09:45:00Z"


def test_a_unit_sees_its_own_row_and_sums_only(api: Api) -> None:
    send(api, OTHER, "city", report(line(received_online=734_512)))
    send(api, WARD, "city", report(line(received_online=1)))
    data = see(api())
    assert [item["unit"] for item in data["items"]] == [WARD]
    assert [m["unit"] for m in data["missing"]] == [WARD]
    assert (data["total"]["received"], data["completeness"]["expected"]) == (1, 1)
    assert "734512" not in api().get(f"{BOARD}.csv").text
    assert "734512" not in api().get(f"{BOARD}/text").text


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["obligations:read"], 403), (["reports:read"], 403), (["obligations:read", "reports:read"], 200)],
)
def test_it_wants_both_rights(api: Api, scopes: list[str], status: int) -> None:
    for at in (BOARD, f"{BOARD}/text"):
        assert api("machine", scopes=scopes).get(at).status_code == status
        assert api("department_officer").get(at).status_code == 403


def test_the_files_hold_every_unit_of_the_state(api: Api) -> None:
    send(api, WARD, "city", report(line(received_online=4)))
    send(api, WARD, "ministry", report(line("LT", received_online=5)))
    analyst = api("city_analyst")
    answer = analyst.get(f"{BOARD}.csv", params={"limit": 3})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 40
    mine = next(r for r in rows if r["unit"] == WARD)
    assert (mine["state"], mine["city_state"], mine["received"]) == ("received_on_time",) * 2 + ("9",)
    assert mine["ministry_received_at"] == "2026-11-20T16:45:00+07:00"
    done = analyst.get(f"{BOARD}.csv", params={"state": "received_on_time"}).text.splitlines()
    assert len(done) == 2
    assert analyst.get(f"{BOARD}.xlsx").content[:2] == b"PK"


def test_an_unchanged_board_costs_no_body_and_a_change_shows(api: Api) -> None:
    analyst = api("city_analyst")
    tag = analyst.get(BOARD).headers["etag"]
    same = analyst.get(BOARD, headers={"if-none-match": tag})
    assert (same.status_code, same.content) == (304, b"")
    send(api, WARD, "city", report(line(received_online=4)))
    assert analyst.get(BOARD, headers={"if-none-match": tag}).status_code == 200


def test_the_line_for_the_group_names_who_owes(api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    assert analyst.get(f"{BOARD}/text").json() == {
        "text": "Báo cáo ngày 20/11/2026: 0 đơn vị quá hạn. Hệ thống của thành phố: chưa đến hạn. "
        "Hệ thống của bộ, ngành: chưa đến hạn."
    }
    units = [item["unit"] for item in see(analyst)["items"]]
    for unit in units:
        if unit not in (WARD, OTHER):
            send(api, unit, "city", report(line(received_online=9, received_counter=1, resolved_early=4)))
    text = analyst.get(f"{BOARD}/text").json()["text"]
    assert text == (
        "Báo cáo ngày 20/11/2026: 0 đơn vị quá hạn. Số liệu đến 20/11/2026 16:30: tiếp nhận 380 hồ sơ "
        "(trực tuyến 90,00%), giải quyết 152, đang giải quyết 228, trong đó quá hạn 0. "
        "Hệ thống của thành phố: 38/40 đơn vị đã gửi, chưa gửi: Phú Xuân, Thuận Hóa. "
        "Hệ thống của bộ, ngành: chưa đến hạn."
    )
    assert "\n" not in text
    assert "still owing: Phú Xuân" in analyst.get(f"{BOARD}/text", params={"lang": "en"}).json()["text"]
    weekend = analyst.get(f"{BOARD}/text", params={"day": "2026-11-21"}).json()["text"]
    assert weekend == "Ngày 21/11/2026 không đơn vị nào phải báo cáo."


def test_the_database_judges_states_as_the_rules_do(session: Session) -> None:
    """Every combination of moments, receipts and waiver, each as a unit of its own."""
    now, hour = UTC_NOW, timedelta(hours=1)
    day = date(2027, 1, 4)
    units = session.scalars(select(Unit)).all()
    cases = [
        (cut_off, due, waived, met, complete, partial, unavailable)
        for cut_off, due in (
            (now - 2 * hour, now - hour),
            (now, now + hour),
            (now + hour, now + hour),
            (now - hour, now),
        )
        for waived in (False, True)
        for met in (None, due - hour, due, due + hour)
        for complete in ((None, met) if met else (None,))
        for partial in (False, True)
        for unavailable in ((False, True) if met and not partial else (False,))
    ]
    rows, expected = [], []
    days = [day + timedelta(days=n) for n in range(len(cases) // len(units) + 1)]
    places = [(unit, d) for d in days for unit in units]
    for (unit, d), (cut_off, due, waived, met, complete, partial, unavailable) in zip(places, cases, strict=False):
        values = {"unit_id": unit.id, "day": d, "system": "city", "cut_off_at": cut_off, "due_at": due,
                  "grace_until": due, "locks_at": due, "waived_at": now if waived else None,
                  "waived_by": "x" if waived else None, "waiver_reason": "x" if waived else None}  # fmt: skip
        rows.append(values)
        session.add(
            Report(
                unit_id=unit.id, day=d, system="city", version=1, partial=partial, unavailable=unavailable,
                first_received_at=now, first_met_at=met, first_complete_at=complete, updated_at=now,
            )
        )  # fmt: skip
        judged = state(
            Deadlines(cut_off, due, due, due), now, waived=waived, met_at=met, complete_at=complete,
            unavailable=unavailable, partial=partial,
        )  # fmt: skip
        expected.append((unit.id, d, judged))
    session.execute(insert(Obligation), rows)
    session.flush()
    found: dict[Any, State] = {}
    for d in days:
        parts = standing.parts(d, now)
        found |= {(r.unit_id, d): standing.STATES[r.rank] for r in session.execute(select(parts))}
    assert {(u, d): found[u, d] for u, d, _ in expected} == {(u, d): s for u, d, s in expected}
    assert len({s for *_, s in expected}) == len(State)
    assert worst(State) is standing.STATES[0]


def test_a_large_city_costs_no_more_questions(app: FastAPI, api: Api, session: Session) -> None:
    def cost(**query: Any) -> int:
        with asked(app.state.database.engine) as seen:
            assert len(see(analyst, **query)["items"]) == query.get("limit", 40)
        return len(seen)

    analyst = api("city_analyst")
    cost()
    assert cost() == cost(limit=1)


def test_systems_are_counted_by_their_own_reports(api: Api) -> None:
    for unit in (WARD, OTHER):
        send(api, unit, "city", report(line(received_online=1)))
    send(api, OTHER, "ministry", DOWN)
    data = see(api("city_analyst"))
    assert {s["system"]: s["received"] for s in data["systems"]} == {System.CITY: 2, System.MINISTRY: 0}
    assert row(data, OTHER)["state"] == "unavailable"
    assert OTHER not in [m["unit"] for m in data["missing"]], "down is not owing"


def test_what_is_kept_of_a_day_follows_every_change(api: Api, clock: SetClock) -> None:
    """Read before and after each change, the clock standing still where it can."""
    analyst, manager = api("city_analyst"), api("administrator")

    def stands(unit: str) -> tuple[str, list[str], int]:
        item = row(see(analyst), unit)
        return item["state"], [s["state"] for s in item["systems"]], see(analyst)["missing_count"]

    assert stands(WARD) == ("due", ["due", "due"], 40)
    send(api, WARD, "city", DOWN)
    assert stands(WARD) == ("due", ["unavailable", "due"], 40)
    body = report(line(received_online=3), partial_day=True)
    answer = api().put(f"{AT}/{WARD}/{DAY}/city", json=body, headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert stands(WARD)[1] == ["partial", "due"]
    for unit, other in ((OTHER, WARD), (WARD, OTHER)):
        for system in ("city", "ministry"):
            at = f"/api/v1/throughput/obligations/{unit}/{DAY}/{system}/waiver"
            assert analyst.put(at, json={"reason": "Ngập lụt"}).status_code == 200
        assert stands(unit) == ("waived", ["waived", "waived"], 39)
        assert stands(other)[0] != "waived"
        for system in ("city", "ministry"):
            at = f"/api/v1/throughput/obligations/{unit}/{DAY}/{system}/waiver"
            assert analyst.delete(at).status_code == 204
    assert stands(OTHER) == ("due", ["due", "due"], 40)
    shown = manager.get(f"/api/v1/units/{OTHER}")
    renamed = {k: v for k, v in shown.json().items() if k not in ("code", "version")} | {"name": "Phú Xuân mới"}
    changed = manager.put(f"/api/v1/units/{OTHER}", json=renamed, headers={"if-match": shown.headers["etag"]})
    assert changed.status_code == 200, changed.text
    assert row(see(analyst), OTHER)["name"] == "Phú Xuân mới"
    clock.set(f"{DAY}T16:29:59+07:00")
    assert stands(OTHER)[0] == "not_due"
    clock.set(f"{DAY}T16:30:00+07:00")
    assert stands(OTHER)[0] == "due"
    clock.set(f"{DAY}T17:00:00+07:00")
    assert stands(OTHER)[1] == ["due", "due"]
    clock.set(f"{DAY}T17:00:01+07:00")
    assert stands(OTHER)[1] == ["late", "due"]
    flood = {"kind": "local_closure", "name_vi": "Nghỉ do lũ", "legal_reference": "Công điện 01/CĐ-UBND"}
    assert analyst.put(f"/api/v1/calendar/days/{DAY}?unit={OTHER}", json=flood).status_code == 201
    assert OTHER not in [item["unit"] for item in see(analyst)["items"]], "a closed unit owes nothing"


def test_the_workbook_is_a_sheet_for_people_with_the_rows_of_the_list(api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    send(api, WARD, "city", report(line(received_online=4, received_counter=1, resolved_early=2)))
    clock.set(f"{DAY}T17:00:01+07:00")
    data = see(analyst)
    (sheet,) = sheets.from_file(analyst.get(f"{BOARD}.xlsx").content)
    text = [[cell.text for cell in row] for row in sheet.rows]
    assert text[0][0] == "TÌNH HÌNH GỬI BÁO CÁO NGÀY 20/11/2026"
    assert text[1][0].startswith("Thành phố: 1/40 đơn vị · Bộ, ngành: 0/40 đơn vị · Số liệu đến")
    assert text[3][:3] == ["Mã đơn vị", "Đơn vị", "Thành phố"]
    units = text[5:-1]
    assert [(one[0], one[1]) for one in units] == [(item["unit"], item["name"]) for item in data["items"]]
    ours = next(one for one in units if one[0] == WARD)
    assert ours[2:5] == ["Đã nhận, đúng hạn", "20/11/2026 16:45", "Chưa duyệt"]
    assert ours[5:8] == ["Đến giờ gửi", "hạn 23/11/2026 09:00", ""]
    assert ours[8:] == ["5", "4", "2", "0", "3", "0"]
    # Live: a spreadsheet works the sums out anew.
    assert (text[-1][0], text[-1][8:], sheet.rows[-1][8].formula) == ("Tổng cộng", ours[8:], True)
