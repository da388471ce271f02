"""Totals kept beside the reports: equal to the lines after every change, found when they are not, rebuilt from them."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.throughput import proof, totals
from tests.support.clients import WARD, SetClock, line, report

Api = Callable[..., TestClient]
BASE = "/api/v1/throughput"
TABLES = ("day_totals", "field_month_totals", "adjustments")
GAP = {"warning": "opening_gap", "reason": "late_sync", "field": "HT"}
REASON = {"warning": "correction", "reason": "source_error"}


def kept(app: FastAPI) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the kept totals."""
    with app.state.database.read() as session:
        return {t: sorted(tuple(map(str, row)) for row in session.execute(text(f"select * from {t}"))) for t in TABLES}


def differences(app: FastAPI) -> list[str]:
    with app.state.database.read() as session:
        return list(totals.differences(session))


def put(client: TestClient, day: str, *lines: dict[str, Any], match: int = 0, **more: Any) -> None:
    body = report(*lines, **({"reasons": [REASON]} if match else {}) | more)
    headers = {"if-match": f'"{match}"'} if match else {}
    answer = client.put(f"{BASE}/reports/{WARD}/{day}/city", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text


def adjustments(app: FastAPI) -> list[tuple[str, str, int, int]]:
    with app.state.database.read() as session:
        rows = session.execute(
            text(
                "select a.day, f.code, a.amount, a.explained from adjustments a join fields f on f.id = a.field_id "
                "order by 1, 2"
            )
        )
        return [(str(day), code, amount, covered) for day, code, amount, covered in rows]


@pytest.fixture
def days(api: Api) -> TestClient:
    """Three days in a row that fit each other."""
    officer = api()
    put(officer, "2026-11-18", line("HT", received_online=10, resolved_on_time=4), line("CT", received_counter=1))
    put(officer, "2026-11-19", line("HT", received_online=5, resolved_early=3), line("CT"))
    put(officer, "2026-11-20", line("HT", carried_over=8, resolved_on_time=8), line("CT", resolved_early=1))
    return officer


def test_days_that_fit_leave_no_adjustment(app: FastAPI, days: TestClient) -> None:
    assert adjustments(app) == []
    assert differences(app) == []


def test_a_field_left_out_had_a_stock(app: FastAPI, days: TestClient) -> None:
    put(days, "2026-11-19", line("HT", received_online=5, resolved_early=3), match=1)  # CT's line is gone
    assert adjustments(app) == [("2026-11-19", "CT", -1, 0), ("2026-11-20", "CT", 1, 0)]
    assert differences(app) == []


def test_corrections_meet_the_next_received_report(app: FastAPI, days: TestClient) -> None:
    put(days, "2026-11-18", line("HT", received_online=12, resolved_on_time=4), line("CT", received_counter=1), match=1)
    assert adjustments(app) == [("2026-11-19", "HT", -2, 0)]
    put(days, "2026-11-19", unavailable={"reason": "Mất kết nối"}, lines=None, match=1)
    assert adjustments(app) == []  # the 20th opens with 8, as the 18th now closes
    put(days, "2026-11-18", line("HT", received_online=9, resolved_on_time=4), line("CT", received_counter=1), match=2)
    assert adjustments(app) == [("2026-11-20", "HT", 3, 0)]
    put(days, "2026-11-18", unavailable={"reason": "Mất kết nối"}, lines=None, match=3)
    assert adjustments(app) == []  # the first day's opening is declared
    put(days, "2026-11-19", line("HT", carried_over=1), match=2)
    assert adjustments(app) == [("2026-11-20", "CT", 1, 0), ("2026-11-20", "HT", 7, 0)]
    assert differences(app) == []


def test_a_day_sent_later_comes_between(app: FastAPI, api: Api) -> None:
    officer = api()
    put(officer, "2026-11-18", line("HT", received_online=10))
    put(officer, "2026-11-20", line("HT", carried_over=15, resolved_on_time=1), reasons=[GAP])
    assert adjustments(app) == [("2026-11-20", "HT", 5, 5)]
    put(officer, "2026-11-19", line("HT", received_online=4))
    assert adjustments(app) == [("2026-11-20", "HT", 1, 1)]
    put(officer, "2026-11-19", line("HT", received_online=7), match=1)
    assert adjustments(app) == [("2026-11-20", "HT", -2, 0)]  # a reason for more says nothing of less
    put(officer, "2026-11-19", line("HT", received_online=0), line("CT", received_online=1), match=2)
    assert adjustments(app) == [("2026-11-20", "CT", -1, 0), ("2026-11-20", "HT", 5, 5)]
    assert differences(app) == []


def test_one_reason_for_all_openings(app: FastAPI, api: Api) -> None:
    officer = api()
    put(officer, "2026-11-19", line("HT", received_online=10), line("CT", received_online=3))
    general = {k: v for k, v in GAP.items() if k != "field"}
    put(officer, "2026-11-20", line("HT", carried_over=12), line("DD", carried_over=1), reasons=[general])
    assert adjustments(app) == [
        ("2026-11-20", "CT", -3, -3), ("2026-11-20", "DD", 1, 1), ("2026-11-20", "HT", 2, 2),
    ]  # fmt: skip
    given = officer.get(f"{BASE}/reports/{WARD}/2026-11-20/city").json()
    assert [(r["field"], r["amount"]) for r in given["reasons"]] == [("CT", -3), ("DD", 1), ("HT", 2)]
    assert all(w["answered"] for w in given["warnings"])
    assert differences(app) == []


def test_months_take_corrections_back(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    clock.set("2026-10-30T16:45:00+07:00")
    put(officer, "2026-10-30", line("HT", received_online=3, received_post=None))
    clock.set("2026-11-02T16:45:00+07:00")
    put(officer, "2026-11-02", line("HT", received_online=4))
    put(officer, "2026-10-30", line("CT", received_counter=2), match=1)
    put(officer, "2026-10-30", unavailable={"reason": "Mất kết nối"}, lines=None, match=2)
    assert differences(app) == []

    def months(field: str) -> Any:
        query = {"from": "2026-10-01", "to": "2026-11-30", "group_by": "month", "field": field}
        return [(r["key"], r["received"]) for r in officer.get(f"{BASE}/summary", params=query).json()["rows"]]

    assert (months("HT"), months("CT")) == ([("2026-11", 4)], [])


@pytest.mark.each
@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("update day_totals set received_online = received_online + 1 where day = '2026-11-19'", "day_totals"),
        ("delete from day_totals where day = '2026-11-19'", "day_totals"),
        ("update field_month_totals set resolved_early = resolved_early + 1", "field_month_totals"),
        ("delete from field_month_totals", "field_month_totals"),
        ("delete from adjustments", "adjustments"),
        ("update adjustments set explained = 1", "adjustments"),
        ("update adjustments set amount = 9", "adjustments"),
        ("update report_lines set received_post = 7, pending_in_time = pending_in_time + 7", "day_totals"),
    ],
)  # fmt: skip
def test_a_wrong_total_is_found_and_mended(app: FastAPI, days: TestClient, statement: str, table: str) -> None:
    put(days, "2026-11-19", line("HT", received_online=6, resolved_early=3), line("CT"), match=1)
    right = kept(app)
    assert right["adjustments"]
    assert differences(app) == []
    with app.state.database.write() as session:
        session.execute(text(statement))
    found = differences(app)
    assert found
    assert any(sentence.startswith(table) for sentence in found)
    with app.state.database.write() as session:
        assert totals.rebuild(session) == 3
    assert differences(app) == []
    if "report_lines" not in statement:
        assert kept(app) == right


def alterations(app: FastAPI) -> list[str]:
    with app.state.database.read() as session:
        return list(proof.alterations(session))


@pytest.mark.each
@pytest.mark.parametrize(
    ("statements", "alone"),
    [
        (["update report_lines set carried_over = carried_over + 1, pending_in_time = pending_in_time + 1 {}"], True),
        (["update report_lines set received_post = null {}"], True),
        (["update report_memos set count = count + 1 {}"], True),
        (["update report_reasons set note = 'x' where revision_id in (select id from report_revisions {})"], True),
        (["update report_reasons set amount = amount + 1"], False),
        (["delete from report_memos {}", "delete from report_lines {}"], True),
        (["delete from report_reasons {}", "delete from report_memos {}", "delete from report_lines {}",
          "delete from report_revisions where id in (select id from report_revisions {})"], True),
    ],
)  # fmt: skip
def test_an_altered_revision_is_found(app: FastAPI, days: TestClient, statements: list[str], alone: bool) -> None:
    """A superseded one too, of which no total speaks."""
    with_memo = line("HT", received_online=6, resolved_early=3, memo={"digitised": 2})
    for match in (1, 2, 3):
        put(days, "2026-11-19", with_memo | {"carried_over": match}, match=match, reasons=[REASON, GAP])
    assert alterations(app) == []
    superseded = "where {} in (select id from report_revisions where known_to is not null and number = 2)"
    with app.state.database.write() as session:
        for statement in statements:
            column = "id" if "report_revisions {}" in statement else "revision_id"
            session.execute(text(statement.format(superseded.format(column))))
    found = alterations(app)
    assert any(f"reports/{WARD}/2026-11-19/city: revision 2" in sentence for sentence in found)
    if alone:
        assert len(found) == 1
        assert differences(app) == []


def test_sums_beyond_two_thousand_million(app: FastAPI, days: TestClient) -> None:
    with app.state.database.write() as session:
        session.execute(text("update day_totals set received_online = 2000000000"))
    answer = days.get(f"{BASE}/summary", params={"from": "2026-11-18", "to": "2026-11-20"})
    assert (answer.status_code, answer.json()["total"]["received_online"]) == (200, 6_000_000_000)


def test_rebuilding_right_totals_changes_nothing(app: FastAPI, days: TestClient) -> None:
    put(days, "2026-11-19", line("HT", received_online=6, resolved_early=3, received_post=None), match=1)
    right = kept(app)
    for _ in range(2):
        with app.state.database.write() as session:
            totals.rebuild(session)
        assert kept(app) == right


def test_the_database_itself_refuses_broken_rows(app: FastAPI, days: TestClient) -> None:
    put(days, "2026-11-19", line("HT", received_online=6, resolved_early=3), line("CT"), match=1)
    current = "known_from, counted_until, partial, note, warnings, sent_by, sent_digest, door"
    second = f"select report_id, number + 1, {current} from report_revisions where known_to is null"
    whole = "day, system, version, partial, unavailable, first_received_at, updated_at"
    for broken in (
        "update report_lines set pending_in_time = pending_in_time + 1",
        "update report_lines set withdrawn = resolved_on_time + 1",
        "update report_lines set received_post = -1, pending_in_time = pending_in_time - 1",
        "update report_lines set carried_over = 1000001, pending_in_time = pending_in_time + 1000001 - carried_over",
        "update reports set system = 'other'",
        "update report_revisions set known_to = null where known_to is not null",
        f"insert into report_revisions (report_id, number, {current}) {second}",
        f"insert into reports (unit_id, {whole}) select unit_id, {whole} from reports",
        "update adjustments set amount = 0",
        f"delete from units where code = '{WARD}'",
    ):
        with pytest.raises(IntegrityError), app.state.database.write() as session:
            session.execute(text(broken))
    assert differences(app) == []
