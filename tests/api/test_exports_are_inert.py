"""No export runs anything: a text that begins like a formula stays text, in every CSV and XLSX there is."""

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from app.core import sheets
from app.core.tables import Table, to_csv, to_xlsx
from app.core.web import API
from tests.support.clients import DAY, WARD, line, report
from tests.support.workbooks import part

pytestmark = pytest.mark.once

Api = Callable[..., TestClient]
# Workbooks whose sums are live: formulas of ours over cells, never what was typed.
LIVE = {
    f"{API}/throughput/forms/II.06a": rb"[-+()A-O\d]+|SUM\([C-M]\d+:[C-M]\d+\)",
    f"{API}/throughput/board": rb"SUM\([I-N]\d+:[I-N]\d+\)",
    f"{API}/throughput/ranking": rb"D\d+/E\d+",
    f"{API}/throughput/summary": rb"SUM\([C-O]\d+:[C-O]\d+\)",
}
SIGNS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x","y")']


@pytest.mark.parametrize("sign", SIGNS)
def test_a_text_like_a_formula_is_inert_in_both_formats(sign: str) -> None:
    table = Table("t", ["a", "b"], [[sign, -5]])
    body = to_csv(table).decode("utf-8-sig").splitlines()[1].lstrip('"')
    assert body.startswith("'"), body
    assert to_csv(table).decode("utf-8-sig").rstrip().endswith("-5"), "a number stays a number"
    assert b"<f>" not in part(to_xlsx(table))
    assert sheets.from_file(to_xlsx(table))[0].rows[1][0].formula is False


@pytest.mark.parametrize("inside", ["a;=1+1", 'a";"=1+1', "a\n=1+1", "a; \t@x", "a;-1"])
def test_a_csv_is_inert_where_cells_are_divided_at_semicolons(inside: str) -> None:
    body = to_csv(Table("t", ["a", "b"], [["x", inside]])).decode("utf-8-sig")
    for cell in re.split(r"[;\t\r\n]", body):
        assert not re.match(r'[\s"]*[=+\-@]', cell), body


def test_truth_and_moments_are_written_as_the_docs_say() -> None:
    moment = datetime(2026, 11, 20, 9, 30, 5, 123, tzinfo=UTC)
    table = Table("t", ["yes", "no", "nothing", "at", "day"], [[True, False, None, moment, date(2026, 11, 20)]])
    assert to_csv(table).decode("utf-8-sig").splitlines()[1] == "true,false,,2026-11-20T16:30:05+07:00,2026-11-20"
    yes, no, _, at, _ = sheets.from_file(to_xlsx(table))[0].rows[1]
    assert (yes.value, no.value, at.value) == (True, False, "2026-11-20T16:30:05+07:00")


def test_every_export_there_is_is_inert(app: FastAPI, api: Api) -> None:
    analyst, manager = api("city_analyst"), api("administrator")
    evil = "=cmd|'/c calc'!A1"
    one = analyst.get(f"{API}/procedures?limit=1").json()["items"][0]
    kept = {k: v for k, v in one.items() if not k.startswith("field_") and k not in ("code", "version")}
    at = f"{API}/procedures/{one['code']}"
    assert analyst.put(at, json=kept | {"name": evil}, headers={"if-match": "*"}).status_code == 200
    names = {f"name_{locale}": evil for locale in ("vi", "en", "fr")}
    applies = {"city": ["ward"], "ministry": []}
    field = {"code": "MOI", "short_name": evil, "valid_from": "2026-01-01", "applies": applies, **names}
    assert analyst.post(f"{API}/fields", json=field).status_code == 201
    code = {"source": evil, "kind": "field", "code": evil, "target": "MOI"}
    assert analyst.put(f"{API}/external-codes", json=code).status_code == 201
    unit = {"code": "=X", "name": evil, "full_name": evil, "kind": "ward", "valid_from": "2026-01-01"}
    assert manager.post(f"{API}/units", json=unit | {"code": "99999"}).status_code == 201
    assert api().put(f"{API}/throughput/reports/{WARD}/{DAY}/city", json=report(line(received_online=1))).is_success
    paths = sorted(
        {
            (route.path or "").replace("{unit}", WARD).replace("{day}", DAY)
            for route in iter_route_contexts(app.routes)
            if (route.path or "").startswith(API) and "GET" in (route.methods or ())
        }
    )
    seen, found = 0, 0
    for path in (p for p in paths if "{" not in p):
        for client in (analyst, manager, api()):
            answer = client.get(f"{path}.csv")
            if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/csv"):
                continue
            seen += 1
            found += "cmd|" in answer.text
            assert not re.search(r'(^|,|\n)"?=cmd', answer.text), path
            book = client.get(f"{path}.xlsx")
            if path in LIVE:
                formulas = re.findall(rb"<f>(.*?)</f>", part(book.content))
                assert all(re.fullmatch(LIVE[path], f) for f in formulas), formulas
                continue
            assert b"<f>" not in part(book.content), path
            assert not any(cell.formula for grid in sheets.from_file(book.content) for row in grid.rows for cell in row)
    assert seen > 8
    assert found > 4, "the search cannot find what is there"
    assert io.BytesIO(to_csv(Table("t", ["a"], []))).read(3) == b"\xef\xbb\xbf"
