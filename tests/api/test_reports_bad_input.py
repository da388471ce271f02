"""Bad reports at both doors: the same stable code at the same place, and nothing stored by halves."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select

from app.core import events
from app.core.audit import AuditEntry
from app.core.versions import IdempotencyRecord
from app.throughput.models import (
    Adjustment,
    DayTotal,
    FieldMonthTotal,
    Obligation,
    Report,
    ReportLine,
    ReportMemo,
    ReportReason,
    ReportRevision,
)
from app.units.models import UnitChanged
from app.units.service import by_code
from tests.support.clients import DAY, OTHER, WARD, PageClient, line, report

Api = Callable[..., TestClient]
People = Callable[..., PageClient]
CLOSED = "19774"
COUNTS = [column for column in line() if column != "field"]
TABLES: tuple[Any, ...] = (
    Report, ReportRevision, ReportLine, ReportMemo, ReportReason, DayTotal, FieldMonthTotal, Adjustment, Obligation,
    AuditEntry, IdempotencyRecord,
)  # fmt: skip


def counts(app: FastAPI) -> list[int]:
    """Return how many rows every table has that a report may touch."""
    with app.state.database.read() as session:
        return [session.execute(select(func.count()).select_from(table.__table__)).scalar_one() for table in TABLES]


def pairs(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Return the form fields that say what a JSON body says."""
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in pairs(v, f"{name}[{k}]" if name else k)]
    if isinstance(value, list):
        return [p for i, v in enumerate(value) for p in pairs(v, f"{name}[{i}]")]
    if value is None:
        return [(name, "")]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


def good() -> dict[str, Any]:
    """Return a report that is right in every line."""
    return report(
        line("HT", carried_over=4, received_online=5, resolved_on_time=3, withdrawn=1),
        line("CT", carried_over=0, received_counter=7, resolved_early=7, memo={"digitised": 2}),
    )


def path_of(unit: str, day: str, system: str = "city") -> str:
    return f"/throughput/reports/{unit}/{day}" + (f"/{system}" if system else "")


def refusal(page: Response) -> tuple[str, list[str]]:
    """Return the code and the places that a page of refusal names."""
    code = re.search(r"<code>\d{3} ([a-z_]+)</code>", page.text)
    assert code, page.text
    return code[1], re.findall(r"<li>.*? <code>([^<]*)</code></li>", page.text)


@dataclass(frozen=True)
class Bad:
    """One thing wrong and the answer; `form`: how a form says it, False where it cannot; `forms`: other ways."""

    name: str
    set: dict[str, Any]
    place: str
    code: str
    status: int = 422
    form: Any = None
    unit: str = WARD
    day: str = DAY
    system: str = "city"
    forms: tuple[str, ...] = field(default=())


def reason(warning: str, why: str = "other", **more: Any) -> dict[str, Any]:
    return {"warning": warning, "reason": why, "note": "Ghi rõ"} | more


BAD = [
    Bad("future day", {}, "", "day_in_future", day="2026-11-23"),
    Bad("far future day", {}, "", "day_in_future", day="2199-12-31"),
    Bad("locked day", {}, "", "day_locked", 409, day="2026-11-13"),
    Bad("before units were", {}, "", "day_locked", 409, day="1999-01-01"),
    Bad("closed unit", {}, "", "unit_closed", unit=CLOSED),
    Bad("unknown unit", {}, "", "not_found", 404, unit="99999"),
    Bad("unit of odd signs", {}, "", "not_found", 404, unit="a%27b"),
    Bad("unknown field", {"lines.1.field": "KHONGCO"}, "/lines/1/field", "unknown_field"),
    Bad("field in other case", {"lines.1.field": "ct"}, "/lines/1/field", "unknown_field"),
    Bad("field of the other system", {"lines.1.field": "HKD"}, "/lines/1/field", "field_not_applicable"),
    Bad("field of another kind of unit", {"lines.1.field": "LN"}, "/lines/1/field", "field_not_applicable"),
    Bad("field missing", {"lines.1.field": None}, "/lines/1/field", "required"),
    Bad("field too long", {"lines.1.field": "A" * 36}, "/lines/1/field", "too_long"),
    Bad("field with a control character", {"lines.1.field": "HT\x07"}, "/lines/1/field", "bad_text"),
    Bad("negative", {"lines.0.received_online": -1}, "/lines/0/received_online", "number_negative", forms=("-1.000",)),
    Bad("negative opening", {"lines.0.carried_over": -3}, "/lines/0/carried_over", "number_negative"),
    Bad("fractional", {"lines.0.received_online": 1.5}, "/lines/0/received_online", "number_fractional",
        form="1,5", forms=("1.5", "0,0", "1.2345", "1,234")),
    Bad("a float", {"lines.0.received_post": 5.0}, "/lines/0/received_post", "number_fractional"),
    Bad("text", {"lines.0.resolved_overdue": "5"}, "/lines/0/resolved_overdue", "number_text",
        form="năm", forms=("1 2 3", "1e3", "+5", "0x10", "1.234.56", "--1", "1_000", "5 hồ sơ")),
    Bad("boolean", {"lines.0.received_online": True}, "/lines/0/received_online", "number_boolean", form=False),
    Bad("true as text", {"lines.0.received_online": "true"}, "/lines/0/received_online", "number_text"),
    Bad("over the limit", {"lines.0.received_online": 1_000_001}, "/lines/0/received_online", "number_too_large",
        forms=("1.000.001", "1 000 001")),
    Bad("huge", {"lines.0.received_online": 10**30}, "/lines/0/received_online", "number_too_large",
        forms=("9" * 300,)),
    Bad("a count emptied", {"lines.0.received_counter": None}, "/lines/0/received_counter", "required"),
    Bad("no number at all", {"lines.0.received_counter": float("nan")}, "/lines/0/received_counter",
        "number_fractional", form=False),
    Bad("duplicate lines", {"lines.1.field": "HT"}, "/lines/1/field", "duplicate_line"),
    Bad("broken identity", {"lines.0.pending_in_time": 5}, "/lines/0", "unbalanced"),
    Bad("computed stock below zero", {"lines.0.resolved_early": 7}, "/lines/0/pending_in_time", "pending_negative"),
    Bad("computed stock over the limit", {"lines.0.carried_over": 1_000_000}, "/lines/0/pending_in_time",
        "number_too_large", form="1.000.000"),
    Bad("withdrawn over resolved on time", {"lines.0.withdrawn": 4}, "/lines/0/withdrawn", "withdrawn_over"),
    Bad("unknown memo", {"lines.1.memo": {"kho_khan": 1}}, "/lines/1/memo/kho_khan", "unknown_memo"),
    Bad("memo over its column", {"lines.1.memo.digitised": 8}, "/lines/1/memo/digitised", "memo_over"),
    Bad("memo over a computed column", {"lines.0.memo": {"waiting_applicant": 7}}, "/lines/0/memo/waiting_applicant",
        "memo_over"),
    Bad("negative memo", {"lines.1.memo.digitised": -1}, "/lines/1/memo/digitised", "number_negative"),
    Bad("fractional memo", {"lines.1.memo.digitised": 0.5}, "/lines/1/memo/digitised", "number_fractional"),
    Bad("lines of an unavailable system", {"unavailable": {"reason": "Mất kết nối"}}, "/lines",
        "lines_with_unavailable"),
    Bad("part of an unavailable day", {"unavailable": {"reason": "Mất kết nối"}, "partial_day": True, "lines": None},
        "/partial_day", "partial_with_unavailable"),
    Bad("unavailable without a reason", {"unavailable": {"reason": " "}, "lines": None}, "/unavailable/reason",
        "too_short", form=False),
    Bad("no lines", {"lines": None}, "/lines", "required"),
    Bad("two reasons for one question", {"reasons": [reason("late"), reason("late", "campaign")]}, "/reasons/1",
        "duplicate_reason"),
    Bad("other without a note", {"reasons": [reason("late", note=" ")]}, "/reasons/0/note", "note_required"),
    Bad("unknown question", {"reasons": [reason("why")]}, "/reasons/0/warning", "not_a_choice"),
    Bad("unknown reason", {"reasons": [reason("late", "because")]}, "/reasons/0/reason", "not_a_choice"),
    Bad("reason of an unknown field", {"reasons": [reason("opening_gap", field="X1")]}, "/reasons/0/field",
        "unknown_field"),
    Bad("unknown counterpart", {"reasons": [reason("opening_gap", "transfer_in", counterpart="99999")]},
        "/reasons/0/counterpart", "unknown_unit"),
    Bad("counted in the future", {"counted_until": "2026-11-20T16:46:00+07:00"}, "/counted_until",
        "counted_in_future", forms=("2026-11-20T16:46",)),
    Bad("counted before the day", {"counted_until": "2026-11-19T23:59:59+07:00"}, "/counted_until",
        "counted_before_day", forms=("2026-11-19T23:59",)),
    Bad("counted until a number", {"counted_until": 1763600000}, "/counted_until", "bad_time"),
    Bad("counted long ago", {"counted_until": "0001-01-01T00:00:00+14:00"}, "/counted_until", "bad_time"),
    Bad("counted until no zone", {"counted_until": "2026-11-20T16:00:00"}, "/counted_until", "bad_time", form=False),
    Bad("counted until nonsense", {"counted_until": "chiều"}, "/counted_until", "bad_time"),
    Bad("unknown property", {"tong_so": 1}, "/tong_so", "unknown_property"),
    Bad("unknown property of a line", {"lines.0.received": 5}, "/lines/0/received", "unknown_property"),
    Bad("odd truth", {"partial_day": "có"}, "/partial_day", "wrong_type"),
    Bad("note too long", {"note": "x" * 1001}, "/note", "too_long"),
    Bad("bad day", {}, "path:day", "bad_date", day="2026-11-31"),
    Bad("day of no calendar", {}, "path:day", "bad_date", day="hom-nay"),
    Bad("unknown system", {}, "path:system", "not_a_choice", system="tinh"),
]  # fmt: skip


def body_of(bad: Bad) -> dict[str, Any]:
    body = good()
    for where, value in bad.set.items():
        node: Any = body
        *way, last = where.split(".")
        for part in way:
            node = node[int(part)] if isinstance(node, list) else node[part]
        node[last] = value
    return body


def form_bodies(bad: Bad) -> list[list[tuple[str, str]]]:
    """Return the forms that make the same mistake."""
    if bad.form is False:
        return []
    plain = [p for p in pairs(body_of(bad)) if p[0] != "lines"]
    if not bad.set:
        return [plain]
    where = next(iter(bad.set))
    first, *rest = where.split(".")
    name = first + "".join(f"[{part}]" for part in rest)
    spoken = ([bad.form] if bad.form is not None else []) + list(bad.forms)
    bodies = [] if bad.form is not None else [plain]
    return bodies + [[(n, s if n == name else v) for n, v in plain] for s in spoken]


@pytest.fixture
def closed(app: FastAPI) -> None:
    """Close a unit on the eve of the day."""
    with app.state.database.write() as session:
        from app.core import audit

        session.info["audit_context"] = audit.Context(app.state.clock.now(), None, "test", "command")
        unit = by_code(session, CLOSED)
        unit.valid_to = date(2026, 11, 19)
        session.add(unit)
        session.flush()
        events.publish(session, UnitChanged(unit.id))


@pytest.mark.usefixtures("closed")
def test_the_same_mistake_has_the_same_code_and_place_at_both_doors(app: FastAPI, api: Api, people: People) -> None:
    clients = {unit: (api(unit=unit), people(unit=unit)) for unit in (WARD, CLOSED)}
    before = counts(app)
    seen: set[str] = set()
    wrong: list[Any] = []
    for bad in BAD:
        client, person = clients.get(bad.unit, clients[WARD])
        path = path_of(bad.unit, bad.day, bad.system)
        answer = client.put(
            f"/api/v1{path}", content=json.dumps(body_of(bad)), headers={"content-type": "application/json"}
        )
        document = answer.json()
        places = [(e["pointer"], e["code"]) for e in document["errors"]]
        expected = [] if bad.status in (404, 409) else [(bad.place, bad.code)]
        told = [("", bad.code)] if bad.status == 409 else expected
        if (answer.status_code, document["code"], places) != (bad.status, bad.code, told):
            wrong.append((bad.name, "JSON", answer.status_code, document["code"], places))
        assert all(document["message"].values()), bad.name
        assert "{" not in "".join(document["message"].values()), document
        seen.add(document["code"])
        for form in form_bodies(bad):
            page = send_form(person, path, form)
            code, where = refusal(page)
            if (page.status_code, code, where) != (bad.status, bad.code, [bad.place] if bad.place and expected else []):
                wrong.append((bad.name, "form", page.status_code, code, where, form[:4]))
            if expected and bad.form is None and not bad.forms:
                assert document["errors"][0]["message"]["vi"] in unescape(page.text), bad.name
    assert not wrong, "\n".join(map(str, wrong))
    assert counts(app) == before
    assert {b.code for b in BAD} <= seen


def send_form(person: PageClient, path: str, form: list[tuple[str, str]], **hidden: str) -> Response:
    """Send a form as a browser without script does."""
    body = urlencode([("_method", "PUT"), *((f"_{k}", v) for k, v in hidden.items()), *form])
    answer = person.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert isinstance(answer, Response)
    return answer


def test_a_good_report_is_taken_at_both_doors(app: FastAPI, api: Api, people: People) -> None:
    before = counts(app)
    assert api().put(f"/api/v1{path_of(WARD, DAY)}", json=good()).status_code == 201
    page = send_form(people("ward_officer", OTHER), path_of(OTHER, DAY), pairs(good()))
    assert (page.status_code, page.headers["location"]) == (303, f"/throughput/reports/{OTHER}/{DAY}/receipt")
    api_lines = api().get(f"/api/v1{path_of(WARD, DAY)}").json()
    form_lines = api("ward_officer", OTHER).get(f"/api/v1{path_of(OTHER, DAY)}").json()
    assert api_lines["lines"] == form_lines["lines"]
    assert (api_lines["door"], form_lines["door"]) == ("api", "people")
    after = counts(app)
    assert [b - a for a, b in zip(before, after, strict=True)][:5] == [2, 2, 4, 2, 0]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1.234", 1234), ("1 234", 1234), ("1\u00a0234", 1234), ("1\u202f234", 1234), ("1\u2009234", 1234),
        ("1.000.000", 1_000_000), (" 12 ", 12), ("007", 7), ("0", 0), ("123", 123),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(api: Api, people: People, typed: str, meant: int) -> None:
    form = [
        (n, typed if n.endswith(("[received_online]", "[resolved_early]")) else v) for n, v in pairs(report(line()))
    ]
    assert send_form(people(), path_of(WARD, DAY), form).status_code == 303
    lines = api().get(f"/api/v1{path_of(WARD, DAY)}").json()["lines"]
    assert [(x["received_online"], x["resolved_early"]) for x in lines] == ([(meant, meant)] if meant else [])


def test_blank_cells_that_may_be_blank(api: Api, people: People) -> None:
    officer, person = api(), people()
    first = report(line("HT", carried_over=0, received_online=9))
    assert officer.put(f"/api/v1{path_of(WARD, '2026-11-19')}", json=first).status_code == 201
    blank = line("HT", carried_over=None, received_post=None, received_online=1, resolved_early=2, pending_in_time=None)
    assert send_form(person, path_of(WARD, DAY), pairs(report(blank))).status_code == 303
    (stored,) = officer.get(f"/api/v1{path_of(WARD, DAY)}").json()["lines"]
    assert (stored["carried_over"], stored["received_post"], stored["pending_in_time"]) == (9, None, 8)


def test_a_row_with_nothing_but_its_field_is_no_line(api: Api, people: People) -> None:
    empty = {"field": "CT"} | dict.fromkeys([k for k in line() if k != "field"])
    form = pairs({"lines": [empty, line("HT", received_online=3)]})
    assert send_form(people(), path_of(WARD, DAY), form).status_code == 303
    assert [x["field"] for x in api().get(f"/api/v1{path_of(WARD, DAY)}").json()["lines"]] == ["HT"]


def test_every_mistake_is_named_at_once(api: Api) -> None:
    body = report(
        line("HT", received_online=1, resolved_early=2),
        line("X9"),
        line("CT", resolved_on_time=1, withdrawn=2, received_online=1),
        counted_until="2027-01-01T00:00:00Z",
    )
    document = api().put(f"/api/v1{path_of(WARD, DAY)}", json=body).json()
    assert document["code"] == "invalid"
    assert {(e["pointer"], e["code"]) for e in document["errors"]} == {
        ("/counted_until", "counted_in_future"), ("/lines/0/pending_in_time", "pending_negative"),
        ("/lines/1/field", "unknown_field"), ("/lines/2/withdrawn", "withdrawn_over"),
    }  # fmt: skip
    assert "HT" in next(e["message"]["en"] for e in document["errors"] if e["code"] == "pending_negative")


def test_both_systems_name_the_system_too(app: FastAPI, api: Api) -> None:
    officer, before = api(), counts(app)
    body = {"city": good(), "ministry": report(line("CT", received_online=1), line("HT", received_online=-1))}
    answer = officer.put(f"/api/v1{path_of(WARD, DAY, '')}", json=body)
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/ministry/lines/1/received_online", "number_negative")
    ]
    body["ministry"] = report(line("CT", received_online=1))
    body["city"]["lines"][0]["withdrawn"] = 99
    answer = officer.put(f"/api/v1{path_of(WARD, DAY, '')}", json=body)
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/city/lines/0/withdrawn", "withdrawn_over"), ("/ministry/lines/0/field", "field_not_applicable"),
    ]  # fmt: skip
    for nothing in ({}, {"city": None}):
        answer = officer.put(f"/api/v1{path_of(WARD, DAY, '')}", json=nothing)
        assert (answer.status_code, answer.json()["code"]) == (422, "nothing_sent")
    assert counts(app) == before


@pytest.mark.parametrize("system", ["city", ""])
def test_bodies_that_are_none(app: FastAPI, api: Api, system: str) -> None:
    officer, before = api(), counts(app)
    address = f"/api/v1{path_of(WARD, DAY, system)}"

    def put(content: bytes, kind: str | None = "application/json") -> tuple[int, str, list[str]]:
        headers = {} if kind is None else {"content-type": kind}
        answer = officer.put(address, content=content, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"], [e["pointer"] for e in answer.json()["errors"]]

    for malformed in (b"{", b"{}}", b"\xff\xfe", b'{"lines": [', b"{'lines': []}", b"[" * 100_000, b"nothing"):
        assert put(malformed) == (422, "malformed_json", []), malformed[:20]
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "image/png", ""):
        assert put(b"{}", kind)[:2] == (415, "unsupported_media_type"), kind
    assert put(b"")[:2] == (422, "body_missing")
    for other in (b"[]", b"0", b'"lines"', b"null", b"true"):
        assert put(other)[0] == 422, other
    many = report(*(line(f"A{n}") for n in range(201)))
    answer = officer.put(address, json=many if system else {"city": many})
    assert {e["code"] for e in answer.json()["errors"]} == {"too_long"}
    assert counts(app) == before


def test_forms_that_are_none(app: FastAPI, people: People) -> None:
    person, before = people(), counts(app)
    path = path_of(WARD, DAY)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for content, status, code in (
        (b"_method=PUT&note=%ff", 422, "malformed_form"),
        (b"\xff\xfe", 422, "malformed_form"),
        (b"_method=PUT&" + b"&".join(b"a%d=1" % n for n in range(5001)), 422, "malformed_form"),
        (b"_method=PUT&lines=1&lines[0][field]=HT", 422, "malformed_form"),
    ):
        page = person.post(path, content=content, headers=kind)
        assert (page.status_code, refusal(page)[0]) == (status, code)
    assert person.put(path, content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    assert counts(app) == before


def test_bodies_over_the_limit(app: FastAPI, api: Api, people: People) -> None:
    officer, person, before = api(), people(), counts(app)
    path, limit = path_of(WARD, DAY), app.state.settings.max_body_bytes
    large = b'{"note": "' + b"x" * limit + b'"}'
    kind = {"content-type": "application/json"}
    for content in (large, iter([large[:limit], large[limit:]])):
        answer = officer.put(f"/api/v1{path}", content=content, headers=kind)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert answer.headers["content-type"] == "application/problem+json"
    form = b"_method=PUT&note=" + b"x" * limit
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for content in (form, iter([form[:limit], form[limit:]])):
        page = person.post(path, content=content, headers=kind)
        assert (page.status_code, refusal(page)[0]) == (413, "body_too_large")
    others = [
        officer.put(f"/api/v1{path_of(u, DAY)}", content=large, headers={"content-type": "application/json"})
        for u in (OTHER, "99999")
    ]
    assert alike(others[0]) == alike(others[1])  # said before anybody looked whose unit it is
    assert counts(app) == before


def test_another_wards_report_answers_as_a_missing_unit(app: FastAPI, api: Api, people: People) -> None:
    """Whatever the body: who may not see the unit learns nothing, not even that the body was bad."""
    stranger, person = api("ward_officer", OTHER), people("ward_officer", OTHER)
    assert api().put(f"/api/v1{path_of(WARD, DAY)}", json=good()).status_code == 201
    before = counts(app)
    json_type = "application/json"
    bodies: list[tuple[bytes, str | None]] = [
        (json.dumps(good()).encode(), json_type),
        (b"{nonsense", json_type),
        (b"\xff", json_type),
        (b"", None),
        (b"[]", json_type),
        (b'{"x": 1}', json_type),
        (json.dumps(report(*[line()] * 400)).encode(), json_type),
        (b"a=1", "application/x-www-form-urlencoded"),
        (b"x", "text/plain"),
    ]
    for system in ("/city", ""):
        for content, kind in bodies:
            for more in ({}, {"if-match": '"1"'}, {"if-none-match": "*"}, {"idempotency-key": "k"}):
                headers = more | ({} if kind is None else {"content-type": kind})
                theirs, missing = (
                    stranger.put(f"/api/v1/throughput/reports/{unit}/{DAY}{system}", content=content, headers=headers)
                    for unit in (WARD, "99999")
                )
                assert alike(theirs) == alike(missing), (content[:30], more)
                assert theirs.status_code == 404, (content[:30], more)
    for path in ("", "/city", "/worksheet", "/receipt", "/city/revisions", "/city?as_of=2026-11-20", "/ministry"):
        theirs, missing = (stranger.get(f"/api/v1/throughput/reports/{u}/{DAY}{path}") for u in (WARD, "99999"))
        assert theirs.status_code == 404
        assert alike(theirs) == alike(missing), path
        pages = [person.get(f"/throughput/reports/{u}/{DAY}{path}") for u in (WARD, "99999")]
        assert pages[0].status_code == 404
        assert pages[0].text.replace(WARD, "99999") == pages[1].text
    for query in ("reports", "obligations", "summary"):
        theirs, missing = (stranger.get(f"/api/v1/throughput/{query}?unit={u}") for u in (WARD, "99999"))
        assert theirs.status_code == 404
        assert alike(theirs) == alike(missing), query
    for form in (pairs(good()), [("x", "1")], [("lines[0][received_online]", "-1")]):
        answers = [send_form(person, path_of(u, DAY, ""), form) for u in (WARD, "99999")]
        assert answers[0].status_code == 404
        assert answers[0].text.replace(WARD, "99999") == answers[1].text
    assert counts(app) == before


def alike(answer: Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return an answer without what tells one request from another."""
    headers = {k: v for k, v in answer.headers.items() if k != "x-request-id"}
    return answer.status_code, headers, {k: v for k, v in answer.json().items() if k != "request_id"}


def test_bad_questions_of_reading_routes(api: Api) -> None:
    officer = api()
    for address, code in (
        ("summary?from=2026-11-20&to=2026-11-19", "period_reversed"),
        ("summary?from=1990-01-01&to=2026-11-19", "period_too_long"),
        ("summary?from=2023-11-02&to=2026-11-20&group_by=week", "period_too_long"),
        ("summary?from=2025-10-16&to=2026-11-20&as_of=2026-11-20", "period_too_long"),
        ("summary?group_by=ward", "not_a_choice"),
        ("summary?field=KHONG", "unknown_field"),
        ("summary?as_of=hom-qua", "bad_time"),
        ("summary?as_of=2026-02-30", "bad_date"),
        ("summary?as_of=0001-01-01T00:00:00%2B14:00", "bad_time"),
        ("summary?as_of=9999-12-31", "bad_date"),
        ("summary?from=0", "bad_date"),
        ("summary?from=9999-12-31", "bad_date"),
        ("reports?cursor=xx", "bad_cursor"),
        ("reports?cursor=WzEsMl0", "bad_cursor"),
        ("reports?cursor=WyIyMDI2LTExLTIwIiwxMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMF0", "bad_cursor"),
        ("reports?cursor=WyIyMDI2LTExLTIwIiwiMSJd&limit=0", "number_too_small"),
        ("reports?updated_since=2026", "bad_time"),
        ("obligations?from=2026-11-01&cursor=WyJhIl0", "bad_cursor"),
        ("obligations?from=2026-11-01&cursor=WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwXQ", "bad_cursor"),
        (f"reports/{WARD}/{DAY}/city?as_of=x", "bad_time"),
    ):
        answer = officer.get(f"/api/v1/throughput/{address}")
        assert (answer.status_code, answer.json().get("code")) == (422, code), address
    for longest in (
        "from=2016-11-14&to=2026-11-20", "from=2023-11-03&to=2026-11-20&group_by=week",
        "from=2025-10-17&to=2026-11-20&as_of=2026-11-20",
        "from=2025-10-17&to=2026-11-20&as_of=2026-11-20&group_by=week",
    ):  # fmt: skip
        assert officer.get(f"/api/v1/throughput/summary?{longest}").status_code == 200, longest


@pytest.mark.parametrize(
    ("cell", "typed", "code"),
    [
        ("received_online", "-1", "number_negative"), ("received_online", "1,5", "number_fractional"),
        ("received_online", "năm", "number_text"), ("received_online", "1.000.001", "number_too_large"),
        ("received_online", "", "required"), ("withdrawn", "99", "withdrawn_over"),
        ("pending_in_time", "1.234", "unbalanced"), ("resolved_early", "50", "pending_negative"),
        ("memo][digitised", "99", "memo_over"),
    ],
)  # fmt: skip
def test_the_days_form_comes_back_with_the_message_at_its_cell(
    app: FastAPI, people: People, cell: str, typed: str, code: str
) -> None:
    """Rows carry their field's code; blank rows before the wrong one move nothing."""
    person = people()
    rows = {"DD": line("DD") | dict.fromkeys(COUNTS, ""), "HT": line("HT", carried_over=2, received_online=3)}
    form = pairs({"city": {"lines": {"CT": {"field": "CT"}, **rows}, "note": "Giữ <lại>"}})
    name = f"city[lines][HT][{cell}]"
    form = [p for p in form if p[0] != name] + [(name, typed)]
    before = counts(app)
    page = send_form(person, path_of(WARD, DAY, ""), form)
    assert page.status_code == 422
    place = {"unbalanced": "", "pending_negative": "pending_in_time"}.get(code, cell.replace("][", "-"))
    anchor = f"city-lines-HT-{place}".rstrip("-")
    assert f'href="#{anchor}"' in page.text
    assert f'id="{anchor}"' in page.text
    assert f'name="{name}"' in page.text
    assert f'value="{typed}"' in page.text
    assert "Giữ &lt;lại&gt;" in page.text
    assert counts(app) == before


def test_forms_at_addresses_that_name_nothing(app: FastAPI, people: People) -> None:
    person, before = people(), counts(app)
    for path, status in (
        (path_of(WARD, "hom-nay", ""), 422), (path_of(WARD, "2026-02-30", ""), 422), (path_of("99999", DAY, ""), 404),
        (path_of("99999", "hom-nay", ""), 404), (path_of(OTHER, DAY, ""), 404), (path_of(WARD, DAY, "tinh"), 422),
    ):  # fmt: skip
        assert send_form(person, path, [("city[note]", "x")]).status_code == status, path
    assert counts(app) == before
