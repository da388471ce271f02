"""Sending a report: judged in the order of DAILY_REPORT.md, whatever comes twice, late, stale or in parts."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.core.events import subscribe
from app.throughput.writing import ReportCorrected, ReportReceived
from tests.api.test_reports_bad_input import counts, pairs, send_form
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report

Api = Callable[..., TestClient]
People = Callable[..., PageClient]
EVENING = "2026-11-20T16:45:00+07:00"
LOCKED = "2026-11-26T08:00:00+07:00"  # the 24th is a holiday: the third working day after the 20th is the 26th, 17:00
AFTER_LOCK = "2026-11-26T17:00:01+07:00"
AFTER_GRACE = "2026-11-23T09:00:01+07:00"
BODY = report(line("HT", carried_over=2, received_online=5, resolved_on_time=3))
OTHER_BODY = report(line("HT", carried_over=2, received_online=6, resolved_on_time=3))
BAD_BODY = report(line("HT", received_online=1, resolved_on_time=3, carried_over=0))
REASON = {"warning": "correction", "reason": "source_error"}


def address(system: str = "/city", unit: str = WARD, day: str = DAY) -> str:
    return f"/api/v1/throughput/reports/{unit}/{day}{system}"


def put(client: TestClient, body: Any = BODY, system: str = "/city", day: str = DAY, **headers: str) -> Response:
    answer = client.put(
        address(system, day=day), json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    assert isinstance(answer, Response)
    return answer


def said(answer: Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def test_the_first_report_is_created(api: Api) -> None:
    officer = api()
    answer = put(officer)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == address()
    created = answer.json()
    assert (created["version"], created["revision"], created["status"]) == (1, 1, "received")
    assert (created["unit"], created["day"], created["system"]) == (WARD, DAY, "city")
    assert created["receipt"] == f"{WARD}-20261120-TP-1"
    assert created["timeliness"] == "on_time"
    assert created["lines"] == [
        {
            "field": "HT", "carried_over": 2, "received_online": 5, "received_counter": 0, "received_post": 0,
            "resolved_early": 0, "resolved_on_time": 3, "resolved_overdue": 0, "withdrawn": 0, "pending_in_time": 4,
            "pending_overdue": 0, "memo": {},
        }
    ]  # fmt: skip
    assert created["totals"]["received"] == 5
    assert created["rates"]["online"] == {"numerator": 5, "denominator": 5, "value": 1.0}
    read = officer.get(address())
    assert read.json() == created
    tag = read.headers["etag"]
    assert re.fullmatch(r'"1\.[0-9a-f]{8}"', tag)
    assert officer.get(address(), headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize("headers", [{}, {"if_match": '"7"'}, {"if_match": "*"}, {"if_none_match": "*"}])
@pytest.mark.parametrize("moment", [EVENING, AFTER_GRACE, AFTER_LOCK])
def test_the_same_again_is_answered_as_before(
    app: FastAPI, api: Api, clock: SetClock, headers: dict[str, str], moment: str
) -> None:
    officer = api()
    body = BODY | {"note": "Ghi chú", "reasons": [{"warning": "late", "reason": "other", "note": "Mất điện"}]}
    first = put(officer, body)
    before = counts(app)
    clock.set(moment)
    again = put(officer, body, **headers)
    assert (again.status_code, again.headers["etag"], again.json()) == (200, '"1"', first.json())
    in_other_words = body | {
        "lines": [line("CT"), body["lines"][0] | {"pending_in_time": 4}],
        "counted_until": "2026-11-20T09:30:00Z", "partial_day": False, "unavailable": None,
    }  # fmt: skip
    assert put(officer, in_other_words, **headers).json() == first.json()
    assert counts(app) == before


@pytest.mark.parametrize(
    "other",
    [
        OTHER_BODY, BODY | {"note": "Thêm"}, BODY | {"partial_day": True}, BODY | {"lines": []},
        BODY | {"counted_until": "2026-11-20T16:00:00+07:00"},
        {"unavailable": {"reason": "Mất kết nối"}, "reasons": [REASON]},
        BODY | {"reasons": [REASON]},
        report(line("HT", carried_over=2, received_online=5, resolved_on_time=3, withdrawn=1)),
        report(line("HT", carried_over=2, received_online=5, resolved_on_time=3, received_post=None)),
        report(line("HT", carried_over=2, received_online=5, resolved_on_time=3, memo={"digitised": 0})),
    ],
)  # fmt: skip
def test_any_other_word_makes_another_report(api: Api, other: dict[str, Any]) -> None:
    officer = api()
    put(officer)
    assert said(put(officer, other)) == (428, "precondition_required")
    changed = put(officer, other, if_match='"1"')
    assert (changed.status_code, changed.json()["version"], changed.headers["etag"]) == (200, 2, '"2"')


def test_a_locked_day_is_refused_before_anything_else(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer)
    clock.set(LOCKED)
    assert said(put(officer, OTHER_BODY)) == (428, "precondition_required")
    clock.set("2026-11-26T17:00:00+07:00")
    assert said(put(officer, OTHER_BODY)) == (428, "precondition_required")
    clock.set(AFTER_LOCK)
    before = counts(app)
    for body in (OTHER_BODY, BAD_BODY):
        for headers in ({}, {"if_match": '"1"'}, {"if_match": '"9"'}, {"if_none_match": "*"}):
            assert said(put(officer, body, **headers)) == (409, "day_locked")
    for body in (BODY, BAD_BODY):
        assert said(put(officer, body, "/ministry", if_match='"1"')) == (409, "day_locked")
    assert counts(app) == before


def test_preconditions_come_before_the_rules(app: FastAPI, api: Api) -> None:
    officer = api()
    for body in (BODY, BAD_BODY):
        for match in ('"1"', "*", 'W/"1"', '""'):
            assert said(put(officer, body, if_match=match)) == (412, "no_such_version"), match
    assert said(put(officer, BAD_BODY, if_none_match="*")) == (422, "pending_negative")
    assert put(officer, if_none_match="*").status_code == 201
    before = counts(app)
    for body in (OTHER_BODY, BAD_BODY):
        assert said(put(officer, body, if_none_match="*")) == (412, "already_exists")
        assert said(put(officer, body, if_none_match="*", if_match='"1"')) == (412, "already_exists")
        assert said(put(officer, body)) == (428, "precondition_required")
        stale = put(officer, body, if_match='"0", "2"')
        assert said(stale) == (412, "stale")
        assert stale.json()["current"] == officer.get(address()).json()
    assert said(put(officer, BAD_BODY, if_match='"1"')) == (422, "pending_negative")
    assert counts(app) == before
    for version, headers in ((2, '"1"'), (3, "*"), (4, '"9", "3"'), (5, 'W/"4"')):
        body = report(line("HT", received_online=version))
        answer = put(officer, body, if_match=headers)
        assert (answer.status_code, answer.json()["version"]) == (200, version)


def test_a_correction_after_the_grace_has_its_reason(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer)
    clock.set("2026-11-23T09:00:00+07:00")
    assert put(officer, OTHER_BODY, if_match='"1"').status_code == 200
    clock.set(AFTER_GRACE)
    before = counts(app)
    refused = put(officer, BODY, if_match='"2"')
    assert said(refused) == (422, "reason_required")
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/reasons", "reason_required")]
    assert said(put(officer, BODY | {"reasons": [{"warning": "late", "reason": "campaign"}]}, if_match='"2"')) == (
        422, "reason_required",
    )  # fmt: skip
    assert counts(app) == before
    corrected = put(officer, BODY | {"reasons": [REASON]}, if_match='"2"').json()
    assert (corrected["version"], corrected["timeliness"]) == (3, "on_time")
    assert [(w["code"], w["answered"]) for w in corrected["warnings"]] == [("correction", True)]
    late = put(officer, BODY, "/ministry")
    assert (late.status_code, late.json()["timeliness"]) == (201, "late")


def test_a_first_report_after_the_grace_needs_no_reason(api: Api, clock: SetClock) -> None:
    clock.set(AFTER_GRACE)
    late = put(api())
    assert (late.status_code, late.json()["timeliness"]) == (201, "late")
    assert [(w["code"], w["answered"]) for w in late.json()["warnings"]] == [("late", False)]


def test_a_call_with_a_key_is_answered_once(app: FastAPI, api: Api, clock: SetClock) -> None:
    officer = api()
    first = put(officer, idempotency_key="a-1")
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    changed = put(officer, OTHER_BODY, if_match='"1"', idempotency_key="a-2")
    assert changed.status_code == 200
    before = counts(app)
    for moment in (EVENING, AFTER_GRACE, AFTER_LOCK):
        clock.set(moment)
        again = put(officer, idempotency_key="a-1")
        assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, '"1"')
        assert (again.headers["location"], again.headers["idempotency-replayed"]) == (address(), "true")
        again = put(officer, OTHER_BODY, if_match='"1"', idempotency_key="a-2")
        assert (again.status_code, again.content) == (200, changed.content)
        for other in (OTHER_BODY, BAD_BODY, {}):
            assert said(put(officer, other, idempotency_key="a-1")) == (422, "idempotency_key_reused")
        assert said(put(officer, BODY, "/ministry", idempotency_key="a-1")) == (422, "idempotency_key_reused")
        malformed = officer.put(
            address(), content="{", headers={"content-type": "application/json", "idempotency-key": "a-1"}
        )
        assert said(malformed) == (422, "idempotency_key_reused")
    assert counts(app) == before
    assert said(put(officer, idempotency_key="x" * 201)) == (422, "bad_idempotency_key")


def test_a_key_belongs_to_its_caller_and_to_what_succeeded(app: FastAPI, api: Api) -> None:
    officer, other = api(), api("ward_officer", OTHER)
    before = counts(app)
    assert said(put(officer, BAD_BODY, idempotency_key="k"))[0] == 422
    assert counts(app) == before  # a refused call keeps its key free
    assert put(officer, idempotency_key="k").status_code == 201
    for body in (BODY, OTHER_BODY):
        assert said(put(other, body, idempotency_key="k")) == (404, "not_found")  # never another's answer
    mine = other.put(address(unit=OTHER), json=BODY, headers={"idempotency-key": "k"})
    assert (mine.status_code, mine.json()["unit"]) == (201, OTHER)


def test_a_form_sent_twice_is_one_report(app: FastAPI, people: People) -> None:
    person = people()
    path = f"/throughput/reports/{WARD}/{DAY}/city"
    answers = [send_form(person, path, pairs(BODY), idempotency_key="f-1") for _ in range(3)]
    assert {(a.status_code, a.headers["location"]) for a in answers} == {
        (303, f"/throughput/reports/{WARD}/{DAY}/receipt")
    }
    assert counts(app)[:3] == [1, 1, 1]
    stale = send_form(person, path, pairs(OTHER_BODY), if_match="9")
    assert stale.status_code == 412
    assert send_form(person, path, pairs(OTHER_BODY)).status_code == 428
    assert send_form(person, path, pairs(OTHER_BODY), if_match="1").status_code == 303
    assert counts(app)[:3] == [1, 2, 2]


def test_both_systems_in_one_call(app: FastAPI, api: Api) -> None:
    officer = api()
    ministry = report(line("LT", received_online=3, resolved_early=3))
    first = put(officer, {"city": BODY, "ministry": ministry}, "")
    assert (first.status_code, first.headers["etag"], first.headers["location"]) == (201, '"1-1"', address(""))
    assert first.json()["city"] == officer.get(address()).json()
    assert first.json()["ministry"] == officer.get(address("/ministry")).json()
    assert officer.get(address("")).json() == first.json()
    assert re.fullmatch(r'"1-1\.[0-9a-f]{8}"', officer.get(address("")).headers["etag"])
    before = counts(app)
    for same in ({"city": BODY, "ministry": ministry}, {"city": BODY}, {"ministry": ministry, "city": None}):
        again = put(officer, same, "", if_match='"5-5"')
        assert (again.status_code, again.json(), again.headers["etag"]) == (200, first.json(), '"1-1"')
    assert said(put(officer, {"city": OTHER_BODY, "ministry": ministry}, "")) == (428, "precondition_required")
    stale = put(officer, {"city": OTHER_BODY}, "", if_match='"1"')
    assert said(stale) == (412, "stale")
    assert stale.json()["current"] == first.json()
    assert said(put(officer, {"city": OTHER_BODY}, "", if_none_match="*")) == (412, "already_exists")
    assert counts(app) == before
    changed = put(officer, {"city": OTHER_BODY, "ministry": ministry}, "", if_match='"1-1"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2-1"')
    assert changed.json()["ministry"] == first.json()["ministry"]  # untouched


def test_an_absent_system_is_not_sent(app: FastAPI, api: Api) -> None:
    officer = api()
    first = put(officer, {"city": BODY}, "")
    assert (first.status_code, first.headers["etag"], first.json()["ministry"]) == (201, '"1-0"', None)
    assert said(officer.get(address("/ministry"))) == (404, "not_found")
    ministry = report(line("LT", received_online=3))
    assert said(put(officer, {"ministry": ministry}, "", if_match='"0-0"')) == (412, "stale")
    second = put(officer, {"ministry": ministry}, "")  # nothing stands there that could be lost
    assert (second.status_code, second.headers["etag"]) == (201, '"1-1"')
    assert second.json()["city"] == first.json()["city"]
    assert said(put(officer, {"city": BODY}, "", day="2026-11-19", if_match='"1-0"')) == (412, "no_such_version")


def test_both_systems_or_none(app: FastAPI, api: Api, clock: SetClock) -> None:
    """What is wrong with one system keeps the other one out, also when it fails while it is being written."""
    officer = api()
    before = counts(app)
    bad = put(officer, {"city": BODY, "ministry": report(line("LT", received_online=-1))}, "")
    assert bad.status_code == 422
    bad = put(officer, {"city": BODY, "ministry": report(line("CT"))}, "")
    assert [e["pointer"] for e in bad.json()["errors"]] == ["/ministry/lines/0/field"]
    assert counts(app) == before

    class Overflow(Exception):
        pass

    def refuse(_: Any, event: ReportReceived) -> None:
        if event.system == "ministry" and not allowed:
            raise Overflow

    allowed: list[bool] = []
    subscribe(ReportReceived, refuse)
    try:
        answer = put(officer, {"city": BODY, "ministry": report(line("LT", received_online=1))}, "")
        assert said(answer) == (500, "internal")
        assert counts(app) == before
    finally:
        allowed.append(True)
    assert put(officer, {"city": BODY, "ministry": report(line("LT", received_online=1))}, "").status_code == 201


def test_one_system_locked_by_its_own_standing(api: Api, clock: SetClock) -> None:
    officer = api()
    put(officer)
    clock.set(AFTER_LOCK)
    assert said(put(officer, {"city": BODY, "ministry": report()}, "")) == (409, "day_locked")
    assert put(officer, {"city": BODY}, "").status_code == 200


def test_each_change_is_told_and_audited(app: FastAPI, api: Api, clock: SetClock) -> None:
    told: list[Any] = []

    def note_received(_: Any, event: ReportReceived) -> None:
        told.append(event)

    def note_corrected(_: Any, event: ReportCorrected) -> None:
        told.append(event)

    subscribe(ReportReceived, note_received)
    subscribe(ReportCorrected, note_corrected)
    officer = api()
    put(officer)
    put(officer)
    clock.set(AFTER_GRACE)
    put(officer, OTHER_BODY | {"reasons": [REASON]}, if_match='"1"')
    assert [type(e) for e in told] == [ReportReceived, ReportCorrected]
    assert told[1].version == 2
    with app.state.database.read() as session:
        from sqlalchemy import select
        from sqlmodel import col

        from app.core.audit import AuditEntry, broken_links

        entries = session.scalars(
            select(AuditEntry)
            .where(col(AuditEntry.entity) == f"reports/{WARD}/{DAY}/city")
            .order_by(col(AuditEntry.number))
        ).all()
        assert [e.action for e in entries] == ["report.received", "report.corrected"]
        assert json.loads(entries[1].before or "")["received"] == 5
        assert json.loads(entries[1].after or "")["received"] == 6
        assert entries[1].reason == "correction: source_error"
        assert entries[0].door == "api"
        assert entries[0].token_id is not None
        assert list(broken_links(session)) == []


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("ward_officer", 201), ("ward_leader", 201), ("department_officer", 403), ("city_analyst", 403),
        ("leader", 403), ("administrator", 403),
    ],
)  # fmt: skip
def test_who_may_send(api: Api, role: str, status: int) -> None:
    assert put(api(role)).status_code == status


def test_machines_send_for_their_own_unit(api: Api) -> None:
    assert put(api("machine", WARD, ["reports:send"])).status_code == 201
    assert said(put(api("machine", None, ["reports:send", "reports:read"]))) == (403, "forbidden")
    assert said(put(api("machine", OTHER, ["reports:send"]))) == (404, "not_found")
    assert said(put(api("machine", WARD, ["reports:read"]))) == (403, "forbidden")


def test_counted_until_left_out(api: Api, clock: SetClock) -> None:
    """Absent it is the cut-off or now; sent again it stays; a fuller report counts on."""
    clock.set("2026-11-20T11:00:00.5+07:00")
    officer = api()
    morning = put(officer, BODY | {"partial_day": True})
    assert morning.json()["counted_until"] == "2026-11-20T04:00:00Z"
    clock.set(EVENING)
    assert put(officer, BODY | {"partial_day": True}).json() == morning.json()
    evening = put(officer, OTHER_BODY, if_match='"1"').json()
    assert (evening["counted_until"], evening["warnings"]) == ("2026-11-20T09:30:00Z", [])
    later = put(officer, OTHER_BODY | {"counted_until": "2026-11-20T16:40:00+07:00"}, if_match='"2"').json()
    assert later["counted_until"] == "2026-11-20T09:40:00Z"
    assert put(officer, BODY, if_match='"3"').json()["counted_until"] == "2026-11-20T09:40:00Z"


def test_an_unavailable_system(api: Api, clock: SetClock) -> None:
    officer = api()
    down = put(officer, {"unavailable": {"reason": "  Trục không phản hồi "}}, "/ministry").json()
    assert down["unavailable"] == {"reason": "Trục không phản hồi"}
    assert (down["lines"], down["timeliness"], down["warnings"]) == ([], None, [])
    up = put(officer, report(line("LT", received_online=2)), "/ministry", if_match='"1"').json()
    assert (up["unavailable"], up["totals"]["received"], up["timeliness"]) == (None, 2, "on_time")
    lost = {"unavailable": {"reason": "Lại mất"}, "reasons": [REASON]}
    again = put(officer, lost, "/ministry", if_match='"2"').json()
    assert (again["version"], again["totals"]["received"]) == (3, 0)


def test_a_correction_at_an_earlier_moment(api: Api, clock: SetClock) -> None:
    """The clock was set back, or a call that came first is written last: a revision never ends before it began."""
    officer = api()
    put(officer)
    clock.set("2026-11-20T16:40:00+07:00")
    assert put(officer, OTHER_BODY, if_match="*").status_code == 200
    first, second = officer.get(f"{address()}/revisions").json()["items"][::-1]
    assert (first["known_to"], second["known_from"]) == (first["known_from"], first["known_from"])
    assert officer.get(address()).json()["totals"]["received"] == 6


def test_an_adjustment_that_changed_may_be_explained_anew(api: Api, people: People, clock: SetClock) -> None:
    """The eve is corrected after its morrow gave a reason; the same words stay a retry, another amount is a change."""
    officer = api()
    eve, reason = "2026-11-19", {"warning": "opening_gap", "reason": "transfer_in", "field": "HT"}
    put(officer, report(line("HT", carried_over=8)), day=eve)
    body = report(line("HT", carried_over=10), reasons=[reason])
    first = put(officer, body).json()
    assert [(w["code"], w["values"], w["answered"]) for w in first["warnings"]] == [("opening_gap", {"gap": 2}, True)]
    assert first["reasons"][0]["amount"] == 2
    eve_anew = report(line("HT", carried_over=5), reasons=[REASON])
    assert put(officer, eve_anew, day=eve, if_match='"1"').status_code == 200
    said_two = report(line("HT", carried_over=10), reasons=[reason | {"amount": 2}])
    for moment in (EVENING, AFTER_GRACE, AFTER_LOCK):
        clock.set(moment)
        for again in (body, said_two):
            for headers in (dict[str, str](), {"if_match": '"1"'}, {"if_none_match": "*"}):
                answer = put(officer, again, **headers)
                assert (answer.status_code, answer.json()["version"]) == (200, 1)
    clock.set(EVENING)
    sheet = people().get(f"/throughput/reports/{WARD}/{DAY}/worksheet").text
    assert '<input type="hidden" name="city[reasons][opening_gap-HT][amount]" value="5">' in sheet
    anew = report(line("HT", carried_over=10), reasons=[reason | {"amount": 5}])
    assert said(put(officer, anew)) == (428, "precondition_required")
    explained = put(officer, anew, if_match='"1"')
    assert (explained.status_code, explained.json()["version"]) == (200, 2)
    assert explained.json()["reasons"][0]["amount"] == 5
    total = officer.get("/api/v1/throughput/summary?from=2026-11-19&to=2026-11-20").json()["total"]
    assert (total["adjustments"], total["difference"]) == (5, 0)
    assert put(officer, anew, if_match='"2"').json() == explained.json()


def test_a_reason_for_a_part_of_a_gap_leaves_the_rest_open(api: Api) -> None:
    officer = api()
    reason = {"warning": "opening_gap", "reason": "transfer_in", "field": "HT", "amount": 3}
    put(officer, report(line("HT", carried_over=8)), day="2026-11-19")
    part = put(officer, report(line("HT", carried_over=12), reasons=[reason])).json()
    assert [(w["values"], w["answered"]) for w in part["warnings"]] == [({"gap": 4}, False)]
    assert officer.get(address()).json() == part
    total = officer.get("/api/v1/throughput/summary?from=2026-11-19&to=2026-11-20").json()["total"]
    assert (total["adjustments"], total["difference"]) == (4, 1)
    for wrong in ({"field": None}, {"warning": "all_zero"}):
        refused = put(officer, report(line("HT"), reasons=[reason | wrong]), if_match='"1"')
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/reasons/0/amount", "invalid_value")]


def test_a_retry_stays_one_whatever_its_words_would_mean_by_now(api: Api, clock: SetClock) -> None:
    """Openings are completed from the day before, fields cease to apply: the call sent again is still that call."""
    officer, eve = api(), "2026-11-19"
    put(officer, report(line("HT", received_online=8)), day=eve)
    body = report(line("HT", received_online=2), line("CT", received_online=1))
    first = put(officer, body).json()
    assert next(i for i in first["lines"] if i["field"] == "HT")["carried_over"] == 8
    put(officer, report(line("HT", received_online=5), reasons=[REASON]), day=eve, if_match='"1"')
    rule = {"unit": WARD, "system": "city", "applies": False}
    assert api("city_analyst").post("/api/v1/fields/CT/exceptions", json=rule).status_code == 200
    for moment in (EVENING, AFTER_GRACE, AFTER_LOCK):
        clock.set(moment)
        again = put(officer, body)
        assert (again.status_code, again.json()["version"], again.json()["lines"]) == (200, 1, first["lines"])
        both = officer.put(address(""), json={"city": body})
        assert (both.status_code, both.json()["version"]) == (200, "1-0")


def test_a_question_follows_the_day_before(api: Api) -> None:
    """A correction of the eve puts a question to its morrow, and takes it back, without a revision of the morrow."""
    officer = api()
    eve = "2026-11-19"
    put(officer, report(line("HT", carried_over=8)), day=eve)
    assert put(officer, report(line("HT", carried_over=8))).json()["warnings"] == []
    tags = {path: officer.get(path).headers["etag"] for path in (address(), address(""))}
    put(officer, report(line("HT", carried_over=3), reasons=[REASON]), day=eve, if_match='"1"')
    asked = [{"code": "opening_gap", "field": "HT", "values": {"gap": 5}, "answered": False}]
    assert officer.get(address()).json()["warnings"] == asked
    for path, old in tags.items():  # the version stands, what is read has changed
        changed = officer.get(path, headers={"if-none-match": old})
        assert (changed.status_code, changed.headers["etag"] == old) == (200, False)
        assert officer.get(path, headers={"if-none-match": changed.headers["etag"]}).status_code == 304
    assert officer.get(address("")).json()["city"]["warnings"] == asked
    assert officer.get(address("/worksheet")).json()["city"]["report"]["warnings"] == asked
    assert officer.get(f"{address()}?as_of=2026-11-20").json()["warnings"] == []  # as it was put then
    given = report(line("HT", carried_over=8), reasons=[{"warning": "opening_gap", "reason": "late_correction"}])
    answered = put(officer, given, if_match=tags[address()]).json()["warnings"]
    assert answered == officer.get(address()).json()["warnings"] == [asked[0] | {"answered": True}]
    put(officer, report(line("HT", carried_over=8), reasons=[REASON]), day=eve, if_match='"2"')
    assert officer.get(address()).json()["warnings"] == []


def test_a_field_that_is_left_out_is_stated_as_zero_with_its_stock(api: Api) -> None:
    officer = api()
    at = f"/api/v1/throughput/reports/{WARD}/{{}}/city"
    both = report(line(received_online=5), line("CT", received_online=3))
    assert officer.put(at.format("2026-11-19"), json=both).json()["totals"]["pending"] == 8
    one = officer.put(at.format(DAY), json=report(line(received_online=1))).json()
    assert [one["totals"][name] for name in ("carried_over", "received", "pending")] == [5, 1, 6]
    asked = {w["field"]: w["values"]["gap"] for w in one["warnings"] if w["code"] == "opening_gap"}
    assert asked == {"CT": -3}, "the three dossiers are gone from the sums, and asked about"
