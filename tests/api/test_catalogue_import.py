"""The catalogue as a file, and other systems' codes: tried first, stored whole or not at all, then used."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.core.web import API
from app.procedures.catalogue_import import COLUMNS
from tests.support.clients import DAY, WARD, PageClient
from tests.support.workbooks import workbook

Api = Callable[..., TestClient]
NEW = ("1.999999", "Thủ tục mới", "HT", "commune", 5, "full", True, "2026-01-01", "")


def bring(client: TestClient, content: bytes, *, dry_run: bool) -> Response:
    at = f"{API}/procedures/import?dry_run={str(dry_run).lower()}"
    return client.post(at, files={"file": ("danh muc.xlsx", content)})


@pytest.mark.parametrize("shape", ["csv", "xlsx"])
def test_the_catalogue_comes_back_unchanged(api: Api, shape: str) -> None:
    analyst = api("city_analyst")
    known = len(analyst.get(f"{API}/procedures?limit=1000").json()["items"])
    dry = bring(analyst, analyst.get(f"{API}/procedures/template.{shape}").content, dry_run=True).json()
    assert (dry["errors"], dry["new"], dry["changed"], dry["unchanged"]) == ([], 0, 0, known)


def test_new_and_changed_rows_are_shown_then_stored(api: Api) -> None:
    analyst = api("city_analyst")
    first = analyst.get(f"{API}/procedures?limit=1").json()["items"][0]
    row = [first[name] if first[name] is not None else "" for name in COLUMNS]
    row[1] = "Tên đã đổi"
    content = workbook(COLUMNS, row, NEW)
    dry = bring(analyst, content, dry_run=True).json()
    assert [(r["row"], r["state"], r["changes"]) for r in dry["rows"]] == [(3, "new", []), (2, "changed", ["name"])]
    assert analyst.get(f"{API}/procedures/1.999999").status_code == 404
    assert bring(analyst, content, dry_run=False).json()["stored"] is True
    assert analyst.get(f"{API}/procedures/1.999999").json()["field"] == "HT"
    changed = analyst.get(f"{API}/procedures/{first['code']}").json()
    assert (changed["name"], changed["version"]) == ("Tên đã đổi", first["version"] + 1)
    again = analyst.post(f"{API}/procedures/import", json={"file": dry["file"]["id"]}).json()
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 2)
    assert analyst.get(f"{API}/files/{dry['file']['id']}").content == content


def test_what_has_no_column_stays_as_it_stands(api: Api) -> None:
    analyst = api("city_analyst")
    full = (*NEW[:-1], "2027-12-31")
    assert bring(analyst, workbook(COLUMNS, full), dry_run=False).status_code == 200
    short = [n for n, name in enumerate(COLUMNS) if name not in ("days_allowed", "non_boundary", "valid_to")]
    content = workbook([COLUMNS[n] for n in short], [full[n] for n in short])
    assert bring(analyst, content, dry_run=True).json()["unchanged"] == 1
    emptied = bring(analyst, workbook(COLUMNS, (*NEW[:4], "", *NEW[5:])), dry_run=True).json()
    assert emptied["rows"][0]["changes"] == ["days_allowed", "valid_to"], "a blank cell says that there is none"


def test_a_catalogue_that_changed_since_it_was_tried_is_not_written_over(api: Api) -> None:
    analyst, content = api("city_analyst"), workbook(COLUMNS, NEW)
    tried = bring(analyst, content, dry_run=True).json()
    one = analyst.get(f"{API}/procedures?limit=1").json()["items"][0]
    kept = {k: v for k, v in one.items() if not k.startswith("field_") and k not in ("code", "version")}
    at, as_tried = f"{API}/procedures/import", {"if-match": f'"{tried["version"]}"'}
    assert analyst.put(
        f"{API}/procedures/{one['code']}", json=kept | {"name": "Khác"}, headers={"if-match": "*"}
    ).is_success
    assert analyst.post(at, json={"file": tried["file"]["id"]}, headers=as_tried).json()["code"] == "stale"
    assert analyst.get(f"{API}/procedures/1.999999").status_code == 404
    again = bring(analyst, content, dry_run=True).json()["version"]
    done = analyst.post(at, json={"file": tried["file"]["id"]}, headers={"if-match": f'"{again}"'})
    assert done.status_code == 200, done.text


def test_vietnamese_headings_and_words_are_read(api: Api) -> None:
    headings = ("Tên thủ tục", "Mã thủ tục", "Mã lĩnh vực", "Cấp giải quyết", "Mức độ trực tuyến", "Phi địa giới",
                "Hiệu lực từ", "Thời hạn (ngày làm việc)")  # fmt: skip
    row = ("Thủ tục mới", "1.999999", "HT", "Cấp xã", "Toàn trình", "Có", "01/02/2026", "5")
    read = bring(api("city_analyst"), workbook(headings, row), dry_run=False)
    assert read.status_code == 200, read.text
    shown = api("city_analyst").get(f"{API}/procedures/1.999999").json()
    expected = {"level": "commune", "online_level": "full", "non_boundary": True, "valid_from": "2026-02-01"}
    assert {name: shown[name] for name in expected} == expected
    assert shown["days_allowed"] == 5


WRONG: dict[str, tuple[dict[int, Any], str, str]] = {
    "an unknown field": ({2: "ZZZ"}, "/rows/3/C", "unknown_field"),
    "no name": ({1: ""}, "/rows/3/B", "required"),
    "a level that is none": ({3: "tỉnh"}, "/rows/3/D", "not_a_choice"),
    "a term that is no number": ({4: "năm"}, "/rows/3/E", "number_text"),
    "a day that is none": ({7: "31/02/2026"}, "/rows/3/H", "bad_date"),
    "an end before the start": ({8: "2025-01-01"}, "/rows/3/I", "ends_before_start"),
    "the same code twice": ({0: "1.888888"}, "/rows/3/A", "code_twice"),
}


@pytest.mark.parametrize("what", WRONG)
def test_one_wrong_cell_stores_nothing(api: Api, what: str) -> None:
    analyst = api("city_analyst")
    cells, pointer, code = WRONG[what]
    wrong = [cells.get(n, value) for n, value in enumerate(NEW)]
    content = workbook(COLUMNS, ("1.888888", *NEW[1:]), wrong)
    told = bring(analyst, content, dry_run=True).json()["errors"]
    assert [(e["pointer"], e["code"]) for e in told] == [(pointer, code)]
    refused = bring(analyst, content, dry_run=False)
    assert refused.status_code == 422
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]
    assert analyst.get(f"{API}/procedures/1.888888").status_code == 404


def test_who_may_not_edit_may_not_import_nor_read_the_file(api: Api) -> None:
    file = bring(api("city_analyst"), workbook(COLUMNS, NEW), dry_run=True).json()["file"]["id"]
    for role in ("ward_officer", "leader", "administrator"):
        client = api(role)
        assert bring(client, workbook(COLUMNS, NEW), dry_run=True).status_code == 403
        assert client.get(f"{API}/files/{file}").status_code == 404
    assert bring(api("city_analyst"), workbook(("Họ tên",), ("A",)), dry_run=True).json()["code"] == (
        "catalogue_not_understood"
    )


def test_another_systems_code_is_put_used_and_taken_away(api: Api) -> None:
    analyst, officer = api("city_analyst"), api()
    at = f"{API}/external-codes"
    code = {"source": "Một cửa tỉnh", "kind": "field", "code": "G09-TP", "target": "HT"}
    made = analyst.put(at, json=code)
    assert made.status_code == 201, made.text
    assert analyst.put(at, json=code).status_code == 200
    block = (
        "Lĩnh vực\tTiếp nhận trực tuyến\tTiếp nhận trực tiếp\tGiải quyết đúng hạn\tGiải quyết quá hạn\n"
        "g09 tp\t14\t2\t9\t0\nG09-TP\t1\t0\t1\t0\n"
    )
    reading = f"{API}/throughput/reports/{WARD}/{DAY}/reading"
    read = officer.post(reading, json={"text": block}).json()["city"]
    assert [(row["field"], row["by"]) for row in read["rows"]] == [("HT", "external")] * 2
    assert read["errors"] == [], "rows that another system counts finer are added up"
    assert (len(read["lines"]), read["lines"][0]["received_online"]) == (1, 15)
    assert analyst.put(at, json=code | {"target": "CT"}).status_code == 200
    assert officer.post(reading, json={"text": block}).json()["city"]["rows"][0]["field"] == "CT"
    assert officer.put(at, json=code).status_code == 403
    assert analyst.put(at, json=code | {"target": "ZZ"}).json()["errors"][0]["code"] == "unknown_field"
    assert analyst.put(at, json=code | {"code": "ct"}).json()["code"] == "code_in_use", "ours means ours"
    assert analyst.put(at, json=code | {"kind": "unit"}).json()["errors"][0]["code"] == "unknown_unit"
    number = analyst.get(at).json()["items"][0]["id"]
    assert analyst.delete(f"{at}/{number}").status_code == 204
    assert analyst.delete(f"{at}/{number}").status_code == 404
    assert officer.post(reading, json={"text": block}).json()["city"]["rows"] == []


def test_the_pages_import_and_keep_codes(people: Callable[..., PageClient]) -> None:
    analyst = people("city_analyst")
    assert 'enctype="multipart/form-data"' in analyst.get("/procedures/template").text
    dry = analyst.post("/procedures/import?dry_run=true", files={"file": ("a.xlsx", workbook(COLUMNS, NEW))})
    assert dry.status_code == 200, dry.text
    number = dry.text.partition('href="/files/')[2].partition('"')[0]
    mark = dry.text.partition('name="_if_match" value="')[2].partition('"')[0]
    typed = {"file": number, "_idempotency_key": "k", "_if_match": mark}
    done = analyst.post("/procedures/import?dry_run=false", data=typed)
    assert (done.status_code, done.headers["location"]) == (303, "/procedures")
    wrong = workbook(COLUMNS, (*NEW[:2], "ZZ", *NEW[3:]))
    assert "C2" in analyst.post("/procedures/import?dry_run=true", files={"file": ("b.xlsx", wrong)}).text
    assert analyst.post("/procedures/import?dry_run=true", files={"file": ("c", b"%PDF-1")}).status_code == 422
    code = {"source": "Một cửa", "kind": "field", "code": "TP", "target": "HT", "_method": "PUT"}
    assert analyst.post("/external-codes", data=code).status_code == 303
    assert "Một cửa" in analyst.get("/external-codes").text
    again = analyst.post("/external-codes", data=code | {"target": "ZZ"})
    assert again.status_code == 422
    assert 'value="ZZ"' in again.text
