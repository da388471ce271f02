"""Files with figures: read, kept as evidence, stored whole or not at all."""

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.core.web import API
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.workbooks import GOOD, HEADINGS, workbook

Api = Callable[..., TestClient]
AT = f"{API}/throughput/reports/{WARD}/{DAY}"
SEND: dict[str, Any] = {
    "field": "HT", "received_online": 14, "received_counter": 2, "received_post": 0, "resolved_early": 9,
    "resolved_on_time": 4, "resolved_overdue": 0, "pending_overdue": 1, "memo": {},
}  # fmt: skip


def bring(
    client: TestClient, content: bytes, to: str = "reading", name: str = "so lieu.xlsx", **fields: str
) -> Response:
    return client.post(f"{AT}/{to}", files={"file": (name, content)}, data=fields)


def stored(app: FastAPI, table: str) -> int:
    with app.state.database.engine.connect() as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


def test_a_file_is_understood_and_kept_and_the_report_names_it(app: FastAPI, api: Api) -> None:
    officer, content = api(), workbook(HEADINGS, GOOD)
    answer = bring(officer, content)
    assert answer.status_code == 200, answer.text
    read = answer.json()
    assert read["city"]["layout"] == "sheet"
    assert read["city"]["lines"] == [SEND]
    assert read["ministry"] is None
    assert stored(app, "reports") == 0
    file = read["file"]
    assert file == {"id": file["id"], "name": "so lieu.xlsx", "sha256": file["sha256"], "size": len(content)}
    again = bring(officer, content)
    assert again.json()["file"] == file, "the same file is kept once"
    body = report(line(received_online=14), evidence=[file["id"]])
    sent = officer.put(f"{AT}/city", json=body)
    assert sent.status_code == 201, sent.text
    assert sent.json()["evidence"] == [file]
    assert officer.get(f"{AT}/city").json()["evidence"] == [file]
    assert officer.get(f"{AT}/city/revisions").json()["items"][0]["report"]["evidence"] == [file]
    given = officer.get(f"{API}/files/{file['id']}")
    assert given.content == content
    assert given.headers["content-disposition"].startswith("attachment;")
    assert given.headers["x-content-type-options"] == "nosniff"


def test_evidence_alone_is_a_change_and_none_is_none(api: Api) -> None:
    officer = api()
    file = bring(officer, workbook(HEADINGS, GOOD)).json()["file"]["id"]
    figures = report(line(received_online=14))
    assert officer.put(f"{AT}/city", json=figures).json()["evidence"] == []
    again = officer.put(f"{AT}/city", json=figures | {"evidence": [file]}, headers={"if-match": '"1"'})
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert officer.put(f"{AT}/city", json=figures | {"evidence": [file]}).json()["version"] == 2
    assert officer.put(f"{AT}/city", json=figures).json()["version"] == 2, "nothing said of files is no change"


@pytest.mark.parametrize("who", ["another ward", "nobody"])
def test_anothers_file_is_as_unknown_as_none(api: Api, who: str) -> None:
    officer = api()
    other = api(unit=OTHER)
    at = f"{API}/throughput/reports/{OTHER}/{DAY}/reading"
    theirs = other.post(at, files={"file": ("a.xlsx", workbook(HEADINGS, GOOD))}).json()["file"]["id"]
    wanted = theirs if who == "another ward" else 999
    refused = officer.put(f"{AT}/city", json=report(line(), evidence=[wanted]))
    assert refused.status_code == 422
    assert refused.json()["errors"][0] | {"message": ""} == {
        "pointer": "/evidence/0", "code": "unknown_file", "message": ""
    }  # fmt: skip
    assert officer.get(f"{API}/files/{wanted}").status_code == 404
    assert officer.post(f"{AT}/import", json={"file": wanted}).status_code == 422
    assert api("city_analyst").get(f"{API}/files/{theirs}").status_code == 200
    assert api("administrator").get(f"{API}/files/{theirs}").status_code == 404, "figures are not for administrators"


@pytest.mark.parametrize("shape", ["xlsx", "csv"])
def test_the_template_comes_back_as_it_was_given(api: Api, shape: str) -> None:
    officer = api()
    officer.put(f"{API}/throughput/reports/{WARD}/2026-11-19/city", json=report(line(received_online=7)))
    shown = officer.get(f"{AT}/template").json()
    filled = officer.get(f"{AT}/template.{shape}")
    assert filled.status_code == 200
    read = bring(officer, filled.content, name=f"mau.{shape}").json()
    for system in ("city", "ministry"):
        found = read[system]
        assert found["layout"] == "sheet"
        assert (found["errors"], found["unmatched"]) == ([], [])
        wanted = {row["field"]: row["counts"] for row in shown["rows"] if row["system"] == system}
        assert {row["field"]: row["carried_over"] for row in found["lines"]} == {
            field: counts["carried_over"] for field, counts in wanted.items()
        }
    assert next(row for row in read["city"]["lines"] if row["field"] == "HT")["carried_over"] == 7
    imported = officer.post(f"{AT}/import", json={"file": read["file"]["id"]})
    assert imported.status_code == 201, imported.text
    assert imported.json()["report"]["city"]["totals"]["pending"] == 7


def test_an_import_is_rehearsed_then_stored_with_its_file(app: FastAPI, api: Api) -> None:
    officer, content = api(), workbook(HEADINGS, GOOD)
    dry = bring(officer, content, "import?dry_run=true").json()
    assert (dry["dry_run"], dry["stored"], dry["errors"], dry["report"]) == (True, False, [], None)
    assert dry["checked"]["city"]["totals"]["received"] == 16
    assert stored(app, "reports") == 0
    done = bring(officer, content, "import")
    assert done.status_code == 201, done.text
    assert done.json()["report"]["city"]["evidence"] == [dry["understood"]["file"]]
    assert done.headers["etag"] == '"1-0"'
    assert bring(officer, content, "import").status_code == 200, "the same again is no change"
    changed = workbook(HEADINGS, (*GOOD[:2], 15, *GOOD[3:]))
    assert bring(officer, changed, "import").status_code == 428
    file = bring(officer, changed).json()["file"]["id"]
    answer = officer.post(f"{AT}/import", json={"file": file}, headers={"if-match": '"1-0"'})
    assert answer.json()["report"]["version"] == "2-0"
    stale = officer.post(f"{AT}/import", json={"file": file + 0}, headers={"if-match": '"1-0"'})
    assert stale.status_code == 200
    with app.state.database.engine.connect() as connection:
        actions = set(connection.execute(text("select action from audit_entries")).scalars())
    assert "file.kept" in actions


def test_a_template_of_what_stands_brought_back_changes_nothing(api: Api, clock: SetClock) -> None:
    """After the grace, sent late and with reasons and a note: whoever changes one system corrects that one alone."""
    officer = api()
    clock.set("2026-11-20T18:00:00+07:00")
    body = report(line(received_online=7), note="Mất điện buổi sáng", counted_until="2026-11-20T17:30:00+07:00")
    late = {"reasons": [{"warning": "late", "reason": "late_sync"}]}
    for system in ("city", "ministry"):
        assert officer.put(f"{AT}/{system}", json=body | late).status_code == 201
    clock.set("2026-11-24T10:00:00+07:00")
    given = officer.get(f"{AT}/template.csv").content
    dry = bring(officer, given, "import?dry_run=true", "mau.csv").json()
    assert (dry["errors"], dry["if_match"]) == ([], None)
    assert [dry["checked"][system]["same"] for system in ("city", "ministry")] == [True, True]
    same = bring(officer, given, "import", "mau.csv")
    assert (same.status_code, same.json()["report"]["version"]) == (200, "1-1")
    # One figure of the city's part is another: only that part wants its reason and its version.
    rows = given.decode().splitlines()
    at = next(n for n, row in enumerate(rows) if "HT" in row.split(";" if ";" in row else ",")[:2])
    changed = "\n".join([*rows[:at], rows[at].replace(",7,", ",8,", 1).replace(",7,", ",8,"), *rows[at + 1 :]]).encode()
    dry = bring(officer, changed, "import?dry_run=true", "mau.csv").json()
    assert dry["if_match"] == '"1-1"'
    assert [error["pointer"] for error in dry["errors"]] == ["/city/reasons"]


WRONG: dict[str, tuple[list[Any], list[tuple[str, str]]]] = {
    "a fraction": ([GOOD, ("CT", "Chứng thực", 1.5, 0, 0, 0, 0, 0, 0)], [("/rows/3/C", "number_fractional")]),
    "a negative": ([("HT", "Hộ tịch", -1, 0, 0, 0, 0, 0, 0)], [("/rows/2/C", "number_negative")]),
    "text": ([("HT", "Hộ tịch", "mười", 0, 0, 0, 0, 0, 0), GOOD[:0]], [("/rows/2/C", "number_text")]),
    "a date": ([("HT", "Hộ tịch", 14, date(2026, 1, 2), 0, 0, 0, 0, 0)], [("/rows/2/D", "number_is_date")]),
    "an unknown field": ([GOOD, ("ZZ", "Không có", 1, 0, 0, 0, 0, 0, 0)], [("/rows/3", "rows_unmatched")]),
    "a code and another's name": ([("HT", "Chứng thực", 1, 0, 0, 0, 0, 0, 0)], [("/rows/2/A", "code_name_differ")]),
    "twice": ([GOOD, GOOD], [("/rows/3/A", "duplicate_line")]),
    "more resolved than there is": (
        [("HT", "Hộ tịch", 1, 0, 0, 9, 0, 0, 0)], [("/rows/2", "pending_negative")],
    ),
    "a total that differs": ([GOOD, ("", "Tổng cộng", 99, 2, 0, 9, 4, 0, 1)], [("/rows/3/C", "totals_differ")]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_by_row_and_column_and_nothing_is_stored(app: FastAPI, api: Api, what: str) -> None:
    rows, expected = WRONG[what]

    def dates(book: Any, sheet: Any) -> None:
        for r, row in enumerate(rows, 1):
            for c, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(r, c, value, book.add_format({"num_format": "dd/mm/yyyy"}))

    plain = [[None if isinstance(value, date) else value for value in row] for row in rows]
    content, officer = workbook(HEADINGS, *plain, more=dates), api()
    dry = bring(officer, content, "import?dry_run=true").json()
    assert [(e["pointer"], e["code"]) for e in dry["errors"]][: len(expected)] == expected
    refused = bring(officer, content, "import")
    assert refused.status_code == 422
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == expected
    assert stored(app, "reports") == 0


def formula(value: Any) -> bytes:
    return workbook(
        HEADINGS, GOOD, more=lambda book, sheet: sheet.write_formula(1, 2, "=7*2", None, value)
    )  # fmt: skip


def test_a_formula_counts_as_what_it_last_gave(api: Api) -> None:
    read = bring(api(), formula(14)).json()["city"]
    assert read["lines"] == [SEND]
    assert read["computed"] == ["C2"]


@pytest.mark.parametrize("value", ["", "#DIV/0!"])
def test_a_formula_without_a_result_is_an_error(api: Api, value: str) -> None:
    read = bring(api(), formula(value)).json()["city"]
    assert [(e["place"], e["code"]) for e in read["errors"]] == [("C2", "formula_without_value")]


def test_a_column_that_is_not_there_is_asked_for_and_not_taken_for_zero(app: FastAPI, api: Api) -> None:
    officer, content = api(), workbook(HEADINGS[:-1], GOOD[:-1])
    line = bring(officer, content).json()["city"]["lines"][0]
    assert "pending_overdue" not in line
    dry = bring(officer, content, "import?dry_run=true").json()
    assert [(e["pointer"], e["code"]) for e in dry["errors"]] == [("/city", "column_missing")]
    assert "quá hạn" in dry["errors"][0]["message"]["vi"]
    assert bring(officer, content, "import").json()["code"] == "column_missing"
    assert stored(app, "reports") == 0


def test_rows_added_up_beyond_what_a_cell_holds_are_told(api: Api) -> None:
    code = {"source": "Khác", "kind": "field", "code": "Tư pháp", "target": "HT"}
    assert api("city_analyst").put(f"{API}/external-codes", json=code).status_code == 201
    row = ("", "Tư pháp", 900_000, 0, 0, 0, 0, 0, 0)
    read = bring(api(), workbook(HEADINGS, row, row))
    assert read.status_code == 200, read.text
    assert [(e["place"], e["code"]) for e in read.json()["city"]["errors"]] == [("C3", "number_too_large")]


@pytest.mark.parametrize(
    ("sheet", "system"),
    [("Bộ phận Một cửa", "city"), ("Toàn bộ", "city"), ("Bộ, ngành", "ministry"), ("Bộ Tư pháp", "ministry")],
)
def test_a_sheets_name_tells_the_system(api: Api, sheet: str, system: str) -> None:
    read = bring(api(), workbook(HEADINGS, GOOD, sheet=sheet)).json()
    assert [name for name in ("city", "ministry") if read[name]] == [system]


def test_a_systems_own_total_is_compared_with_its_own_rows(api: Api) -> None:
    headings = ("Hệ thống", *HEADINGS)
    rows = (("Thành phố", *GOOD), ("Thành phố", "", "Tổng cộng", *GOOD[2:]), ("Bộ, ngành", *GOOD))
    read = bring(api(), workbook(headings, *rows)).json()
    assert read["city"]["totals"] == {"row": 3, "differences": []}


def test_merged_headings_are_read(api: Api) -> None:
    def more(book: Any, sheet: Any) -> None:
        for left, right, words in ((2, 4, "Tiếp nhận mới"), (5, 7, "Đã giải quyết"), (8, 9, "Đang giải quyết")):
            sheet.merge_range(1, left, 1, right, words)
        sheet.merge_range(0, 0, 0, 9, "BÁO CÁO NGÀY")

    leaves = (
        "TT",
        "Lĩnh vực",
        "Trực tuyến",
        "Trực tiếp",
        "BCCI",
        "Trước hạn",
        "Đúng hạn",
        "Trễ hạn",
        "Trong hạn",
        "Trễ hạn",
    )
    content = workbook((), (), leaves, (1, "Hộ tịch", 14, 2, 0, 9, 4, 0, 2, 1), more=more)
    read = bring(api(), content).json()["city"]
    assert read["lines"] == [SEND | {"pending_in_time": 2}]


def test_decomposed_names_and_numbers_as_text_are_read(api: Api) -> None:
    apart = [unicodedata.normalize("NFD", words) for words in HEADINGS]
    content = workbook(apart, ("", unicodedata.normalize("NFD", "Hộ tịch"), "14", "2 ", "'0", "9", "4", "0", "1"))
    assert bring(api(), content).json()["city"]["lines"] == [SEND]


def test_another_ward_is_missing_whatever_is_brought(api: Api) -> None:
    officer, good = api(), workbook(HEADINGS, GOOD)
    for to in ("reading", "import"):
        for unit in (OTHER, "19999"):
            at = f"{API}/throughput/reports/{unit}/{DAY}/{to}"
            for content in (good, b"", b"PK"):
                assert officer.post(at, files={"file": ("a", content)}).status_code == 404
            assert officer.post(at, content=b"{").status_code == 404


def test_a_repeated_call_with_another_file_is_another_call(api: Api) -> None:
    officer, key, content = api(), {"idempotency-key": "k1"}, workbook(HEADINGS, GOOD)
    first = officer.post(f"{AT}/import", files={"file": ("a", content)}, headers=key)
    again = officer.post(f"{AT}/import", files={"file": ("a", content)}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    other = officer.post(f"{AT}/import", files={"file": ("a", workbook(HEADINGS, GOOD, GOOD))}, headers=key)
    assert other.json()["code"] == "idempotency_key_reused"


def test_the_pages_go_from_a_block_to_the_form(people: Callable[..., PageClient]) -> None:
    officer = people()
    at = f"/throughput/reports/{WARD}/{DAY}"
    shown = officer.get(f"{at}/template")
    assert f'action="{at}/reading"' in shown.text
    block = "\t".join(HEADINGS) + "\n" + "\t".join(map(str, GOOD))
    read = officer.post(f"{at}/reading", data={"text": block})
    assert read.status_code == 200, read.text
    assert 'name="city[lines][HT][received_online]" value="14"' in read.text
    as_json = officer.post(f"{at}/reading.json", data={"text": block})
    assert as_json.json()["city"]["lines"] == [SEND]
    told = officer.post(f"{at}/reading.json", data={"text": "Kính gửi"})
    assert (told.status_code, told.json()["code"]) == (422, "table_not_understood")
    filled = officer.post(
        f"{at}/fill",
        data={"city[lines][HT][field]": "HT", "city[lines][HT][received_online]": "14", "city[evidence][]": "1"},
    )
    assert filled.status_code == 200
    assert 'name="_method" value="PUT"' in filled.text
    for odd in ("city[lines][HT]", "city[lines]", "city", "city[lines][HT][memo]", "city[evidence]", "x[y][z]"):
        assert officer.post(f"{at}/fill", data={odd: "1"}).status_code == 200
    refused = officer.post(f"{at}/reading", data={"text": "Kính gửi"})
    assert refused.status_code == 422
    assert "Kính gửi" in refused.text


def test_the_pages_go_from_a_file_to_the_receipt(people: Callable[..., PageClient]) -> None:
    officer = people()
    at = f"/throughput/reports/{WARD}/{DAY}"
    read = officer.post(f"{at}/reading", files={"file": ("a.xlsx", workbook(HEADINGS, GOOD))})
    assert read.status_code == 200, read.text
    number = read.text.partition('href="/files/')[2].partition('"')[0]
    assert officer.get(f"/files/{number}").status_code == 200
    dry = officer.post(f"{at}/import?dry_run=true", data={"file": number})
    assert "dry_run=false" in dry.text
    done = officer.post(f"{at}/import?dry_run=false", data={"file": number, "_idempotency_key": "abc"})
    assert (done.status_code, done.headers["location"]) == (303, f"{at}/receipt")
    assert f'href="/files/{number}"' in officer.get(f"{at}/city/revisions").text
    wrong = workbook(HEADINGS, (*GOOD[:2], "mười", *GOOD[3:]))
    number = officer.post(f"{at}/reading", files={"file": ("b.xlsx", wrong)}).text.partition('href="/files/')[2]
    dry = officer.post(f"{at}/import?dry_run=true", data={"file": number.partition('"')[0]})
    assert "C2" in dry.text
    assert "dry_run=false" not in dry.text


def test_a_wrong_cell_is_named_by_its_row_and_column_too(people: Callable[..., PageClient]) -> None:
    content = workbook(HEADINGS, ("HT", "Hộ tịch", 1.5, 0, 0, 0, 0, 0, 0))
    page = people().post(f"/throughput/reports/{WARD}/{DAY}/reading", files={"file": ("so lieu.xlsx", content)}).text
    summary = page[page.index("error-summary") :][:900]
    assert "C2" in summary
    assert "Hộ tịch, Tiếp nhận trực tuyến" in summary
