"""A month's report: worked out at its cut-off, approved, sent, kept to the letter; its files say the same."""

import hashlib
import io
import zipfile
from typing import Any

import pytest
from docx import Document
from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel import Session

from app.core import sheets
from app.core.web import API
from app.tasks.monthly import files, service
from app.tasks.monthly.schemas import MonthlyRow
from tests.support.clients import WARD
from tests.support.tasks import DOCUMENT, with_directive, with_task

AT = f"{API}/tasks/monthly/city/2026-11"


@pytest.fixture
def analyst(api: Any) -> Any:
    """An analyst, a task that is done late, one under way with words, and one overdue."""
    client, ward = api("city_analyst"), api()
    number = with_directive(client)
    with_task(client, "DONE", number, deadline="2026-11-10", centre_code="I.1")
    with_task(client, "RUNS", number, product="Báo cáo & <đề án>")
    with_task(client, "LATE", number, deadline="2026-10")
    said = {"done": "Đã làm =1+1", "difficulties": "Thiếu kinh phí", "proposals": "Bổ sung kinh phí"}
    assert ward.post(f"{API}/tasks/RUNS/updates", json=said).status_code == 201
    assert ward.post(f"{API}/tasks/DONE/proposal", json={"result": "Xong", "document": "1/BC"}).is_success
    assert client.post(f"{API}/tasks/DONE/acceptance", json={}).is_success
    return client


def test_the_report_counts_in_four_words_and_says_what_changed(analyst: Any) -> None:
    found = analyst.get(AT).json()
    assert (found["stage"], found["cut_off"], found["approval"], found["send_by"]) == (
        "collecting", "2026-11-20", "2026-11-23", "2026-11-23",
    )  # fmt: skip
    content = found["content"]
    words = {one["word"]: one["count"] for one in content["words"]}
    assert words == {"completed": 0, "completed_late": 1, "in_progress": 1, "not_completed": 1, None: 0}
    assert (content["total"], content["total_before"], content["added"]) == (3, 0, 3)
    runs = next(row for row in content["rows"] if row["code"] == "RUNS")
    assert (runs["word"], runs["difficulties"], runs["cause"]) == ("in_progress", "Thiếu kinh phí", "added")


def test_approved_and_sent_it_stays_to_the_letter(analyst: Any, api: Any, clock: Any, app: FastAPI) -> None:
    early = analyst.post(f"{AT}/approval")
    assert (early.status_code, early.json()["code"]) == (409, "before_cut_off")
    written = analyst.put(AT, json={"causes": "Chờ hướng dẫn"})
    assert written.json()["version"] == 1
    assert analyst.put(AT, json={"causes": "Khác"}).status_code == 428
    clock.set("2026-11-21T08:00+07:00")
    assert analyst.post(f"{AT}/dispatch", json={"document": DOCUMENT}).json()["code"] == "monthly_not_approved"
    approved = analyst.post(f"{AT}/approval").json()
    assert (approved["stage"], approved["content"]["causes"]) == ("to_send", "Chờ hướng dẫn")
    assert analyst.put(AT, json={}, headers={"If-Match": "*"}).json()["code"] == "monthly_closed"
    again = analyst.post(f"{AT}/withdrawal", json={"reason": "Sửa kiến nghị"}).json()
    assert (again["state"], again["sha256"]) == ("draft", None)
    assert analyst.post(f"{AT}/approval").json()["sha256"] == approved["sha256"]
    sent = analyst.post(f"{AT}/dispatch", json={"document": DOCUMENT}).json()
    assert (sent["stage"], sent["document"]) == ("sent", DOCUMENT["number"])
    assert api().post(f"{API}/tasks/LATE/proposal", json={"result": "Xong", "document": "2/BC"}).is_success
    kept = analyst.get(AT).json()
    assert kept["content"] == approved["content"]
    assert analyst.post(f"{AT}/withdrawal", json={"reason": "Sửa"}).status_code == 409
    with app.state.database.read() as session:
        assert list(service.damaged(session)) == []


def test_the_files_that_were_sent_stay_when_a_template_changes(
    analyst: Any, clock: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.set("2026-11-21T08:00+07:00")
    assert analyst.post(f"{AT}/approval").json()["files"] == []
    sent = analyst.post(f"{AT}/dispatch", json={"document": DOCUMENT}).json()
    assert [one["name"] for one in sent["files"]] == ["bao-cao-city-2026-11.xlsx", "bao-cao-city-2026-11.docx"]
    monkeypatch.setattr(files, "workbook", lambda content: b"another template")
    monkeypatch.setattr(files, "document", lambda content: b"another template")
    for one, address in zip(sent["files"], (f"{AT}.xlsx", f"{AT}/document"), strict=True):
        given = analyst.get(address).content
        assert hashlib.sha256(given).hexdigest() == one["sha256"]
        assert analyst.get(f"{API}/files/{one['id']}").content == given
    assert list(service.damaged(session)) == []
    session.execute(text("update stored_files set content = :other where name like '%.docx'"), {"other": b"other"})
    session.expire_all()
    assert ["bao-cao-city-2026-11.docx" in fault for fault in service.damaged(session)] == [True]


def test_what_was_sent_back_is_not_reported_as_a_result(analyst: Any, api: Any, clock: Any) -> None:
    ward = api()

    def results() -> dict[str, Any]:
        return {row["code"]: row["result"] for row in analyst.get(AT).json()["content"]["rows"]}

    clock.set("2026-11-20T18:00+07:00")
    for code in ("RUNS", "LATE"):
        assert ward.post(f"{API}/tasks/{code}/proposal", json={"result": "Đã xong", "document": "3/BC"}).is_success
    assert (results()["RUNS"], results()["LATE"]) == ("Đã xong", "Đã xong")
    clock.set("2026-11-20T19:00+07:00")
    for code in ("RUNS", "LATE"):
        assert analyst.post(f"{API}/tasks/{code}/return", json={"reason": "Thiếu quyết định"}).is_success
    assert (results()["RUNS"], results()["LATE"]) == ("Đã làm =1+1", None), "the city has not accepted it"
    clock.set("2026-11-20T20:00+07:00")
    assert ward.post(f"{API}/tasks/LATE/proposal", json={"result": "Đã bổ sung", "document": "4/BC"}).is_success
    assert (results()["LATE"], results()["DONE"]) == ("Đã bổ sung", "Xong")


def test_a_regular_task_has_its_rhythm_not_its_old_date(analyst: Any) -> None:
    for code, rhythm in (("LATE", "year"), ("RUNS", "month")):
        body = {"kind": "regular", "rhythm": rhythm, "document": DOCUMENT}
        assert analyst.post(f"{API}/tasks/{code}/reclassification", json=body).is_success
    rows = {row["code"]: row for row in analyst.get(AT).json()["content"]["rows"]}
    assert [(rows[code]["rhythm"], rows[code]["deadline"]) for code in ("LATE", "RUNS", "DONE")] == [
        ("year", None), ("month", None), (None, "2026-11-10"),
    ]  # fmt: skip
    shown = [files.deadline_words(MonthlyRow.model_validate(rows[code])) for code in ("LATE", "RUNS", "DONE")]
    assert shown == ["Hằng năm", "Nhiệm vụ thường xuyên", "10/11/2026"]


def test_verify_tells_of_a_changed_copy(analyst: Any, clock: Any, app: FastAPI, session: Session) -> None:
    clock.set("2026-11-21T08:00+07:00")
    assert analyst.post(f"{AT}/approval").is_success
    session.execute(text("update monthly_reports set content = replace(content, 'LATE', 'GOOD')"))
    assert len(list(service.damaged(session))) == 1


def test_its_files_hold_the_same_and_run_nothing(analyst: Any) -> None:
    (grid,) = sheets.from_file(analyst.get(f"{AT}.xlsx").content)
    cells = [[cell.text for cell in row] for row in grid.rows]
    heads = next(n for n, row in enumerate(cells) if row and row[0] == "TT")
    assert next(row[1:3] for row in cells[heads + 1 :]) == ["I.1", "Nhiệm vụ thử nghiệm DONE"]
    assert "Đã làm =1+1" in [cell for row in cells for cell in row]
    answer = analyst.get(f"{AT}/document")
    assert "bao-cao-city-2026-11.docx" in answer.headers["content-disposition"]
    made = Document(io.BytesIO(answer.content))
    table = made.tables[-1]
    assert len(table.rows) == 4
    said = {cell.text for row in table.rows for cell in row.cells}
    assert {"Đã hoàn thành quá hạn", "Đang thực hiện", "Chưa hoàn thành", "Báo cáo & <đề án>"} <= said
    assert "{" not in "".join(p.text for p in made.paragraphs)
    assert not [name for name in zipfile.ZipFile(io.BytesIO(answer.content)).namelist() if "vba" in name.lower()]


def test_a_ward_has_no_part_in_it(analyst: Any, api: Any) -> None:
    assert api().get(AT).status_code == 403
    assert api("leader").get(f"{API}/tasks/monthly?programme=city").json()["items"][0]["stage"] == "collecting"
    assert analyst.get(f"{API}/tasks/monthly/city/2027-01").status_code == 404
    assert api(unit=WARD).get(f"{API}/tasks/monthly").status_code == 403
