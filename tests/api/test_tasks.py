"""Tasks through the API: bad input refused with stable codes and nothing lost, who may what, progress, files."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.core.web import API
from app.tasks import states
from app.tasks.models import Task
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock
from tests.support.tasks import DOCUMENT, PDF, directive, task, with_directive, with_task

Api = Callable[..., TestClient]
AT = f"{API}/tasks/T1"


@pytest.fixture
def analyst(api: Api) -> TestClient:
    """Who keeps the tasks."""
    return api("city_analyst")


@pytest.fixture
def number(analyst: TestClient) -> int:
    """A directive, with a task of the ward's coordinated by a department, and a regular one."""
    made = with_directive(analyst)
    with_task(analyst, "T1", made, coordinating_units=["SO-KHCN"])
    with_task(analyst, "R1", made, kind="regular", rhythm="month", deadline=None)
    return made


def codes(answer: Any) -> set[str]:
    """Return the codes of what is wrong."""
    found = answer.json()
    return {found["code"], *(e["code"] for e in found["errors"])} - {"invalid"}


WRONG_TASKS: list[tuple[dict[str, Any], str, int]] = [
    ({"deadline": "2025-12-31"}, "deadline_before_directive", 422),
    ({"deadline": "2025"}, "deadline_before_directive", 422),
    ({"deadline": "cuối năm"}, "bad_period", 422),
    ({"deadline": "30/2/2026"}, "bad_period", 422),
    ({"deadline": "2026-02-30"}, "bad_period", 422),
    ({"lead_unit": [WARD, OTHER]}, "two_leads", 422),
    ({"lead_unit": f"{WARD}, {OTHER}"}, "two_leads", 422),
    ({"coordinating_units": [WARD]}, "lead_coordinates", 422),
    ({"coordinating_units": ["SO-KHCN", "SO-KHCN"]}, "unit_twice", 422),
    ({"lead_unit": "KHONG-CO"}, "unknown_unit", 422),
    ({"directive": 999}, "unknown_directive", 422),
    ({"clause": "IX"}, "unknown_clause", 422),
    ({"phase": "urgent"}, "unknown_phase", 422),
    ({"programme": "khong-co"}, "unknown_programme", 422),
    ({"parent": "KHONG"}, "unknown_task", 422),
    ({"parent": "T9"}, "unknown_task", 422),
    ({"kind": "regular"}, "rhythm_missing", 422),
    ({"rhythm": "month"}, "rhythm_of_dated", 422),
    ({"title": "Kế hoạch TUYỆT MẬT"}, "classified_refused", 422),
    ({"code": "summary"}, "task_code_reserved", 422),
    ({"code": "T1"}, "code_in_use", 409),
    ({"surprise": 1}, "unknown_property", 422),
]


@pytest.mark.parametrize(("more", "code", "status"), WRONG_TASKS)
def test_a_wrong_task_is_refused(
    analyst: TestClient, number: int, more: dict[str, Any], code: str, status: int
) -> None:
    answer = analyst.post(f"{API}/tasks", json=task("T9", number) | more)
    assert (answer.status_code, codes(answer)) == (status, {code}), answer.text
    assert analyst.get(f"{API}/tasks/T9").status_code == 404


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"secrecy": "secret"}, "classified_refused"),
        ({"title": "Báo cáo (MẬT)"}, "classified_refused"),
        ({"clauses": [{"label": "I", "text": "a"}, {"label": "I", "text": "b"}]}, "clause_twice"),
        ({}, "directive_known"),
        ({"link": "javascript:alert(1)"}, "invalid_value"),
    ],
)
def test_a_wrong_directive_is_refused(analyst: TestClient, number: int, more: dict[str, Any], code: str) -> None:
    assert code in codes(analyst.post(f"{API}/directives", json=directive() | more))


def test_parents_stand_one_level_above_and_never_in_a_circle(analyst: TestClient, number: int) -> None:
    with_task(analyst, "C1", number, parent="T1")
    body = analyst.get(f"{AT}/form").json()
    for parent, code in (("T1", "parent_cycle"), ("C1", "parent_cycle"), ("R1", "parent_too_deep")):
        answer = analyst.put(AT, json=body | {"parent": parent}, headers={"if-match": '"1"'})
        assert codes(answer) == {code}, answer.text
    assert codes(analyst.post(f"{API}/tasks", json=task("C2", number, parent="C1"))) == {"parent_too_deep"}


def test_a_stale_edit_loses_nothing(analyst: TestClient, number: int) -> None:
    body = analyst.get(f"{AT}/form").json()
    assert analyst.put(AT, json=body | {"product": "A"}).status_code == 428
    assert analyst.put(AT, json=body | {"product": "A"}, headers={"if-match": '"1"'}).status_code == 200
    stale = analyst.put(AT, json=body | {"product": "B"}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert stale.json()["current"]["product"] == "A"
    same = analyst.put(AT, json=body | {"product": "A"}, headers={"if-match": '"1"'})
    assert (same.status_code, same.headers["etag"]) == (200, '"2"'), "the same again is no change"
    moved = analyst.put(AT, json=body | {"product": "A", "deadline": "2027"}, headers={"if-match": '"2"'})
    assert codes(moved) == {"deadline_by_extension"}


def test_a_task_is_read_as_it_was_known_then(api: Api, analyst: TestClient, number: int, clock: SetClock) -> None:
    ward, seen = api(), {"as_of": clock.now().isoformat()}
    first = ward.get(AT).json()
    clock.set("2026-11-24T09:00:00+07:00")
    body = analyst.get(f"{AT}/form").json()
    words = {
        "title": "Tên mới",
        "tags": ["moi"],
        "coordinating_units": ["SO-YT"],
        "product": "Phần mềm",
        "clause": None,
    }
    assert analyst.put(AT, json=body | words, headers={"if-match": "*"}).is_success
    assert ward.post(f"{AT}/updates", json={"done": "Xong phần đầu", "percent": 40}).is_success
    then, now = ward.get(AT, params=seen).json(), ward.get(AT).json()
    told = {"version", "as_of", "may", "updated_at"}
    assert {k: v for k, v in then.items() if k not in told} == {k: v for k, v in first.items() if k not in told}
    assert (now["title"], now["tags"], now["percent"]["value"]) == ("Tên mới", ["moi"], 40)
    assert then["may"] == [], "nothing is done to the past"
    asked = [
        ({"tag": "moi"}, seen, 0),
        ({"tag": "moi"}, {}, 1),
        ({"unit": "SO-YT"}, seen, 0),
        ({"q": "ten moi"}, {}, 1),
    ]
    for query, moment, there in asked:
        found = analyst.get(f"{API}/tasks", params=query | moment | {"level": "all"}).json()["items"]
        assert len(found) == there, (query, moment)
    assert ward.get(AT, params={"as_of": "2020-01-01"}).status_code == 404, "it was not there yet"


def test_a_photo_comes_with_the_words(api: Api, number: int) -> None:
    form = {"done": "Đã lắp máy", "percent": "40"}
    made = api().post(f"{AT}/updates", data=form, files={"file": ("anh.jpg", b"\xff\xd8\xff0000")})
    assert made.status_code == 201, made.text
    (update,) = made.json()["updates"]
    assert (update["done"], [e["title"] for e in update["evidence"]]) == ("Đã lắp máy", ["anh.jpg"])
    assert made.json()["percent"] == {"value": 40, "source": "declared"}
    assert codes(api().post(f"{AT}/updates", files={"file": ("a.exe", b"MZ")})) == {"file_type_refused"}
    much = api().post(f"{AT}/updates", data={"percent": "140"}, files={"file": ("a.jpg", b"\xff\xd8\xff")})
    assert codes(much) == {"number_too_large"}
    assert len(api().get(AT).json()["updates"]) == 1, "a refusal leaves nothing behind"


def test_who_may_update_propose_and_accept(api: Api, analyst: TestClient, number: int) -> None:
    ward, other, department = api(), api(unit=OTHER), api("department_officer")
    update = {"done": "Đã khảo sát"}
    assert other.post(f"{AT}/updates", json=update).status_code == 404, "another's task is not seen"
    assert other.get(f"{API}/tasks").json()["items"] == []
    assert department.post(f"{AT}/updates", json=update).status_code == 201, "who coordinates may say how it stands"
    proposal = {"result": "Xong", "document": "1/BC"}
    assert codes(department.post(f"{AT}/proposal", json=proposal)) == {"only_the_lead"}
    with_task(analyst, "C1", number, parent="T1", lead_unit=OTHER)
    assert other.get(AT).status_code == 200, "the parent of one's own is seen"
    assert codes(other.post(f"{AT}/updates", json=update)) == {"not_your_task"}
    assert codes(ward.post(f"{AT}/acceptance", json={})) == {"forbidden"}
    assert codes(analyst.post(f"{AT}/acceptance", json={})) == {"act_not_allowed"}
    assert codes(ward.post(f"{AT}/proposal", json={"result": "Xong"})) == {"evidence_required"}
    assert ward.get(AT).json()["status"] == "not_started", "a coordinating unit's word begins nothing"
    assert codes(ward.post(f"{AT}/proposal", json=proposal | {"completed_on": "2026-12-01"})) == {"day_in_future"}
    assert ward.post(f"{AT}/proposal", json=proposal).json()["bucket"] == "awaiting_acceptance"
    assert analyst.post(f"{AT}/acceptance", json={}).json()["bucket"] == "completed_on_time"
    assert codes(ward.post(f"{AT}/updates", json=update)) == {"task_ended"}
    assert codes(api("leader").post(f"{AT}/updates", json=update)) == {"forbidden"}


def test_no_machine_of_one_unit_speaks_for_the_city(api: Api, number: int) -> None:
    scopes = ["tasks:read", "tasks:update", "tasks:keep", "tasks:accept"]
    machine = api("machine", WARD, scopes=scopes)
    assert machine.post(f"{AT}/proposal", json={"result": "Xong", "document": "1/BC"}).status_code == 200
    assert machine.post(f"{AT}/acceptance", json={}).status_code == 403
    assert machine.post(f"{AT}/cancellation", json={"document": DOCUMENT}).status_code == 403
    assert api("machine", scopes=scopes).post(f"{AT}/acceptance", json={}).status_code == 200


def test_a_proposal_is_judged_by_its_day_and_extensions_stand_beside(
    api: Api, analyst: TestClient, number: int, clock: SetClock
) -> None:
    ward = api()
    with_task(analyst, "T2", number, deadline="2026-11-23")
    at = f"{API}/tasks/T2"
    extended = {"deadline": "2026-11-30", "document": DOCUMENT}
    assert codes(analyst.post(f"{at}/extensions", json={"deadline": "2026-11-30"})) == {"document_required"}
    assert codes(analyst.post(f"{at}/extensions", json=extended | {"deadline": "2026-11-22"})) == {
        "extension_not_later"
    }
    assert analyst.post(f"{at}/extensions", json=extended).status_code == 201
    clock.set("2026-11-25T09:00:00+07:00")
    assert ward.get(at).json()["bucket"] == "overdue", "the programme counts by the original deadline"
    sent = ward.post(f"{at}/proposal", json={"result": "Xong", "document": "1/BC", "completed_on": "2026-11-24"})
    assert sent.json()["timeliness"] == {"headline": "original", "original": "late", "approved": "on_time"}
    clock.set("2026-12-20T09:00:00+07:00")
    assert analyst.post(f"{at}/acceptance", json={}).json()["bucket"] == "completed_late"
    programme = analyst.get(f"{API}/tasks/programmes").json()["items"][1]
    body = {k: programme[k] for k in ("name_vi", "name_en", "name_fr", "phases")} | {"headline": "approved"}
    tag = {"if-match": f'"{programme["version"]}"'}
    assert analyst.put(f"{API}/tasks/programmes/city", json=body, headers=tag).status_code == 200
    assert ward.get(at).json()["bucket"] == "completed_on_time"
    before = analyst.get(f"{API}/tasks?as_of=2026-12-19&q=T2").json()["items"][0]
    assert before["bucket"] == "awaiting_acceptance", "what was told before stays"


@pytest.mark.parametrize("act", ["cancellation", "merger", "split", "reclassification"])
def test_the_base_changes_only_by_a_document(analyst: TestClient, number: int, act: str) -> None:
    bodies: dict[str, Any] = {
        "cancellation": {}, "merger": {"into": "R1"}, "reclassification": {"kind": "regular", "rhythm": "month"},
        "split": {"parts": [{"code": "P1", "title": "Một"}, {"code": "P2", "title": "Hai"}]},
    }  # fmt: skip
    assert codes(analyst.post(f"{AT}/{act}", json=bodies[act])) == {"document_required"}
    assert analyst.get(f"{API}/tasks/scope").json()["items"][0]["kind"] == "added"
    done = analyst.post(f"{AT}/{act}", json=bodies[act] | {"document": DOCUMENT})
    assert done.status_code == 200, done.text
    entry = analyst.get(f"{API}/tasks/T1").json()["scope"][-1]
    assert (entry["document"], entry["document_on"]) == (DOCUMENT["number"], DOCUMENT["day"])
    if act != "reclassification":
        assert done.json()["bucket"] == "cancelled"
        again = analyst.post(f"{AT}/{act}", json=bodies[act] | {"document": DOCUMENT})
        assert codes(again) <= {"act_not_allowed", "code_in_use"}


def _docx(text: str, name: str = "word/document.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr(name, f"<w:p><w:t>{text}</w:t></w:p>")
    return out.getvalue()


FILES = [
    ("ghi-chu.exe", b"MZ", "file_type_refused"), ("gia.pdf", b"<html>", "file_type_refused"),
    ("trang.html", b"<html>", "file_type_refused"), ("anh.svg", b"<svg>", "file_type_refused"),
    ("macro.docx", _docx("x", "word/vbaProject.bin"), "file_type_refused"),
    ("hong.docx", b"PK\x03\x04x", "file_type_refused"),
    ("bao-cao-tuyet-mat.pdf", PDF, "classified_refused"), ("kin.docx", _docx("TỐI MẬT"), "classified_refused"),
    ("rong.pdf", b"", "file_empty"), ("to.pdf", PDF + b"0" * 5_250_000, "file_too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "code"), FILES, ids=[f[0] for f in FILES])
def test_forbidden_and_large_evidence_is_refused(api: Api, number: int, name: str, content: bytes, code: str) -> None:
    answer = api().post(f"{AT}/evidence", files={"file": (name, content)})
    assert codes(answer) == {code}, answer.text
    assert api().get(AT).json()["evidence"] == []


def test_only_where_a_photo_is_taken_a_smaller_one_is_advised(
    app: FastAPI, people: Callable[..., PageClient], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.settings, "max_file_bytes", 1024)
    refused = people().post("/tasks/T1/evidence", files={"file": ("anh.pdf", PDF + b"0" * 2000)})
    assert refused.status_code == 413
    field = refused.text.split('id="file-error"')[1].split("</p>")[0]
    assert "Chọn tệp khác. Nếu là ảnh, chụp ở cỡ nhỏ hơn." in field
    assert 'data-too-large="Tệp quá lớn, chỉ nhận đến 1 KB. Chọn tệp khác. Nếu là ảnh' in refused.text


def test_evidence_is_read_by_those_who_see_the_task(api: Api, analyst: TestClient, number: int) -> None:
    sent = api().post(f"{AT}/evidence", files={"file": ("bảo mật thông tin.docx", _docx("Bảo mật thông tin"))})
    assert sent.status_code == 201, sent.text
    (proof,) = sent.json()["evidence"]
    path = f"{AT}/files/{proof['file']}"
    for reader in (analyst, api("department_officer")):
        given = reader.get(path)
        assert given.content == _docx("Bảo mật thông tin") or given.status_code == 200
        assert given.headers["content-disposition"].startswith("attachment")
    assert api(unit=OTHER).get(path).status_code == 404
    assert analyst.get(f"{API}/tasks/R1/files/{proof['file']}").status_code == 404, "of another task"


def test_percentages_say_where_they_come_from(api: Api, analyst: TestClient, number: int) -> None:
    ward = api()
    told = ward.post(f"{AT}/updates", json={"done": "Một nửa", "percent": 50}).json()
    assert told["percent"] == {"value": 50, "source": "declared"}
    items = [{"title": "A", "weight": 3}, {"title": "B", "weight": 1}]
    tag = {"if-match": ward.get(AT).headers["etag"]}
    assert analyst.put(f"{AT}/milestones", json={"items": items}, headers=tag).json()["percent"]["value"] == 0
    assert codes(ward.post(f"{AT}/updates", json={"percent": 90})) == {"percent_from_milestones"}
    assert codes(ward.post(f"{AT}/updates", json={"milestones": [3]})) == {"unknown_milestone"}
    assert codes(ward.post(f"{AT}/updates", json={})) == {"update_empty"}
    told = ward.post(f"{AT}/updates", json={"milestones": [1]}).json()
    assert told["percent"] == {"value": 75, "source": "milestones"}
    assert codes(ward.post(f"{API}/tasks/R1/proposal", json={"result": "x", "document": "1"})) == {"regular_goes_on"}


def test_an_act_handed_out_follows_its_children(api: Api, analyst: TestClient, number: int) -> None:
    act = {
        "code": "G", "title": "Ban hành kế hoạch", "programme": "city", "lead_unit": "SO-KHCN", "units": [WARD, OTHER],
        "deadline": "2026-12",
    }  # fmt: skip
    at = f"{API}/directives/{number}/hand-outs"
    assert codes(analyst.post(at, json=act | {"units": []})) == {"nobody_chosen"}
    made = analyst.post(at, json=act, headers={"idempotency-key": "once"})
    again = analyst.post(at, json=act, headers={"idempotency-key": "once"})
    assert (made.status_code, again.json()) == (201, made.json())
    assert codes(analyst.post(at, json=act)) == {"code_in_use"}
    assert codes(analyst.post(f"{API}/tasks/G/start", json={})) == {"follows_its_children"}
    total = analyst.get(f"{API}/tasks/summary").json()["total"]
    assert total == 3, "children are not counted for the city"
    for unit in (WARD, OTHER):
        one = f"{API}/tasks/G.{unit}"
        assert api(unit=unit).post(f"{one}/proposal", json={"result": "Xong", "document": "1/KH"}).is_success
        assert analyst.post(f"{one}/acceptance", json={}).is_success
    whole = analyst.get(f"{API}/tasks/G").json()
    assert (whole["status"], whole["percent"]) == ("completed", {"value": 100, "source": "children"})
    assert analyst.post(f"{API}/tasks/G.{WARD}/return", json={"reason": "Thiếu"}).is_success
    assert analyst.get(f"{API}/tasks/G").json()["status"] == "in_progress"
    assert api().get(f"{API}/tasks/G/matrix").json()["total"] == 1, "how the others stand is not a ward's to see"
    assert api("department_officer").get(f"{API}/tasks/G/matrix").json()["total"] == 2
    assert api("department_officer").get(f"{API}/tasks/G/matrix?as_of=2026-11-01").status_code == 404


def test_party_documents_have_no_file_and_clauses_in_use_stay(analyst: TestClient) -> None:
    party = with_directive(analyst, party=True, link="https://dangcongsan.vn/x")
    answer = analyst.post(f"{API}/directives/{party}/file", files={"file": ("a.pdf", PDF)})
    assert codes(answer) == {"party_document_no_file"}
    with_task(analyst, "T3", party, clause="II.1")
    body = directive(party=True, clauses=[])
    changed = analyst.put(f"{API}/directives/{party}", json=body, headers={"if-match": '"1"'})
    assert codes(changed) == {"clause_in_use"}
    late = directive(party=True, issued_on="2027-01-01")
    changed = analyst.put(f"{API}/directives/{party}", json=late, headers={"if-match": '"1"'})
    assert codes(changed) == {"deadline_before_directive"}


def test_the_six_clear_points(analyst: TestClient, number: int) -> None:
    clear = {
        "accountable_position": "Giám đốc", "responsible_position": "Trưởng phòng", "product": "Báo cáo",
        "authority": "Của Sở",
    }  # fmt: skip
    with_task(analyst, "T5", number, **clear)
    found = analyst.get(f"{API}/tasks/gaps").json()
    assert (found["total"], found["lacking"]) == (3, 2)
    assert found["items"][1]["missing"] == ["person", "responsibility", "product", "authority"]


@pytest.mark.each
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("unit=19789", ["R1", "T1"]),
        ("unit=SO-KHCN", ["T1"]),
        ("unit=SO-KHCN&role=lead", []),
        ("bucket=not_started", ["T1"]),
        ("bucket=regular_on_schedule&programme=city", ["R1"]),
        ("deadline=2026-12", ["T1"]),
        ("deadline=2026-Q3", []),
        ("q=thu+nghiem+t1", ["T1"]),
        ("q=98/KH", ["R1", "T1"]),
        ("programme=centre", []),
        ("as_of=2026-11-19", []),
        ("updated_since=2026-11-19", ["R1", "T1"]),
        ("updated_since=2026-11-20", []),
        ("limit=1", ["R1"]),
    ],
)
def test_filters_stand_in_the_address(analyst: TestClient, number: int, query: str, expected: list[str]) -> None:
    found = analyst.get(f"{API}/tasks?{query}").json()
    assert [item["code"] for item in found["items"]] == expected
    assert (found["next"] is not None) == (query == "limit=1")


def test_changes_are_followed_in_the_present_only(analyst: TestClient, number: int) -> None:
    assert analyst.get(f"{API}/tasks").json()["complete_until"] is None
    followed = analyst.get(f"{API}/tasks?updated_since=2026-11-19").json()["complete_until"]
    assert followed == "2026-11-20T09:43:00Z", "two minutes back, as for reports and figures"
    again = analyst.get(f"{API}/tasks", params={"updated_since": followed}).json()["items"]
    assert [item["code"] for item in again] == ["R1", "T1"], "what was being written meanwhile comes again"
    for where in ("", "/summary", "/shortcomings"):
        refused = analyst.get(f"{API}/tasks{where}?updated_since=2026-11-19&as_of=2026-11-19")
        assert refused.json()["errors"][0]["code"] == "updated_since_of_past", where
    refused = analyst.get(f"{API}/tasks/compare?from=2026-11-19&updated_since=2026-11-19")
    assert refused.json()["errors"][0]["code"] == "updated_since_of_past"


def test_a_coordinating_units_word_moves_nothing(api: Api, analyst: TestClient, number: int, clock: SetClock) -> None:
    with_task(
        analyst, "R2", number, kind="regular", rhythm="week", deadline=None, coordinating_units=["SO-KHCN"]
    )  # fmt: skip
    clock.set("2026-12-15T09:00:00+07:00")
    helper = api("department_officer")
    for code in ("T1", "R2"):
        assert helper.post(f"{API}/tasks/{code}/updates", json={"done": "Đã góp ý"}).status_code == 201
    refused = helper.post(f"{AT}/updates", json={"done": "Đã góp ý", "percent": 90})
    assert (refused.status_code, codes(refused)) == (403, {"only_the_lead"})
    stands = analyst.get(AT).json()
    assert (stands["status"], stands["percent"], stands["updates"][0]["done"]) == ("not_started", None, "Đã góp ý")
    assert analyst.get(f"{API}/tasks/R2").json()["bucket"] == "regular_overdue", "the lead still owes its own"
    assert api().post(f"{API}/tasks/R2/updates", json={"on_track": True}).status_code == 201
    assert analyst.get(f"{API}/tasks/R2").json()["bucket"] == "regular_on_schedule"


def test_a_call_that_waited_is_written_after_what_came_before_it(
    api: Api, analyst: TestClient, number: int, clock: SetClock
) -> None:
    clock.set(f"{DAY}T16:50:00+07:00")
    assert api().post(f"{AT}/proposal", json={"result": "Xong", "document": "1/BC"}).status_code == 200
    clock.set(f"{DAY}T16:49:59+07:00")
    assert analyst.post(f"{AT}/acceptance", json={}).status_code == 200
    clock.set(f"{DAY}T16:55:00+07:00")
    assert analyst.get(AT).json()["bucket"] == "completed_on_time"

    def stood(moment: str) -> str:
        known = analyst.get(f"{API}/tasks", params={"q": "T1", "as_of": f"{DAY}T{moment}+07:00"}).json()["items"]
        return str(known[0]["bucket"])

    assert [stood("16:49:59"), stood("16:50:00")] == ["not_started", "completed_on_time"]
    acts = [row["at"] for row in analyst.get(AT).json()["acts"]]
    assert acts == sorted(acts)


def test_another_headline_counts_anew_only_what_was_extended(
    analyst: TestClient, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_task(analyst, "T2", number, deadline="2026-11")
    more = {"deadline": "2027-03", "document": DOCUMENT}
    assert analyst.post(f"{API}/tasks/T2/extensions", json=more).status_code == 201
    assert analyst.get(f"{API}/tasks/T2").json()["bucket"] == "not_started"
    written: list[str] = []
    write = states.write

    def noted(session: Session, one: Task, now: datetime) -> None:
        written.append(one.code)
        write(session, one, now)

    monkeypatch.setattr(states, "write", noted)
    row = next(x for x in analyst.get(f"{API}/tasks/programmes").json()["items"] if x["code"] == "city")
    body = {k: v for k, v in row.items() if k not in ("code", "version")} | {"headline": "approved"}
    tag = {"if-match": f'"{row["version"]}"'}
    assert analyst.put(f"{API}/tasks/programmes/city", json=body, headers=tag).status_code == 200
    assert written == ["T2"]
