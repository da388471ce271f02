"""Hostile files: refused in time and with bounded memory, nothing left behind; none with data on persons is kept."""

import gc
import io
import resource
import time
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.core import sheets
from app.core.errors import Unavailable
from app.core.web import API
from tests.api.test_intake_files import AT, Api, bring, stored
from tests.support.clients import PageClient
from tests.support.workbooks import GOOD, HEADINGS, part, repacked, workbook

pytestmark = pytest.mark.once


def bomb() -> bytes:
    return repacked(workbook(HEADINGS, GOOD), {"xl/media/zeros.bin": b"\0" * (64 * 1024 * 1024)})


def lying_bomb() -> bytes:
    """A sheet of a gigabyte that says it is small."""
    out = io.BytesIO(repacked(workbook(HEADINGS, GOOD), {"xl/worksheets/sheet1.xml": b" " * (30 * 1024 * 1024)}))
    content = bytearray(out.getvalue())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as book:
        size = book.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    return bytes(content.replace(size, (1000).to_bytes(4, "little")))


def million_rows() -> bytes:
    row = b"<row><c><v>1</v></c></row>"
    good = workbook(HEADINGS, GOOD)
    sheet = part(good).replace(b"</sheetData>", row * 1_000_000 + b"</sheetData>")
    return repacked(good, {"xl/worksheets/sheet1.xml": sheet})


def far_cell() -> bytes:
    return workbook(HEADINGS, GOOD, more=lambda book, sheet: sheet.write(1_048_575, 16_383, 1))


def entities() -> bytes:
    good = workbook(HEADINGS, GOOD)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'.encode()
    sheet = head + part(good).partition(b"?>")[2].replace(b"<sheetData>", b"<sheetData><row><c><v>&l9;</v></c></row>")
    return repacked(good, {"xl/worksheets/sheet1.xml": sheet})


def with_rows(rows: bytes) -> bytes:
    good = workbook(HEADINGS, GOOD)
    return repacked(good, {"xl/worksheets/sheet1.xml": part(good).replace(b"</sheetData>", rows + b"</sheetData>")})


def with_doctype(before: bytes) -> bytes:
    good = workbook(HEADINGS, GOOD)
    head, _, rest = part(good).partition(b"?>")
    sheet = head + b"?>" + before + b'<!DOCTYPE x [<!ENTITY e "1">]>' + rest
    return repacked(good, {"xl/worksheets/sheet1.xml": sheet})


def utf16_doctype() -> bytes:
    good = workbook(HEADINGS, GOOD)
    sheet = '<!DOCTYPE x [<!ENTITY e "1">]>' + part(good).decode().partition("?>")[2]
    return repacked(good, {"xl/worksheets/sheet1.xml": sheet.encode("utf-16")})


def shared_text() -> bytes:
    rows = b"".join(
        b'<row r="%d">' % n + b'<c t="s"><v>0</v></c>' * 39 + b"</row>" for n in range(3, 5000)
    )  # fmt: skip
    texts = part(with_rows(rows), "xl/sharedStrings.xml").replace(HEADINGS[0].encode(), "ố".encode() * 500)
    return repacked(with_rows(rows), {"xl/sharedStrings.xml": texts})


def corners() -> bytes:
    return with_rows(b"".join(b'<row r="%d"><c r="GR%d"><v>1</v></c></row>' % (n, n) for n in range(3, 5000)))


def lying_row() -> bytes:
    return with_rows(b'<row r="3"><c r="A900000"><v>1</v></c></row>')


def merged() -> bytes:
    good = workbook(HEADINGS, GOOD)
    ranges = b"<mergeCells>" + b'<mergeCell ref="A1:CU40"/>' * 300_000 + b"</mergeCells>"
    sheet = part(good).replace(b"</sheetData>", b"</sheetData>" + ranges)
    return repacked(good, {"xl/worksheets/sheet1.xml": sheet})


def parts() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for number in range(50_000):
            book.writestr(str(number), b"")
    return out.getvalue()


def long_headings() -> bytes:
    rows = ["\t".join(["Lĩnh vực", *[f"{n} " + "trong do " * 50] * 190]) for n in range(39)]
    return "\n".join([*rows, "Hộ tịch" + "\t1" * 190]).encode()


HOSTILE: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a zip bomb": (bomb, {"file_too_complex"}),
    "a zip bomb that lies": (lying_bomb, {"file_too_complex", "file_unreadable"}),
    "a million rows": (million_rows, {"too_many_rows"}),
    "a cell at the far end": (far_cell, {"too_many_rows"}),
    "entities in entities": (entities, {"file_unreadable"}),
    "too many sheets": (
        lambda: workbook(HEADINGS, more=lambda book, _: [book.add_worksheet() for _ in range(30)]), {"too_many_sheets"},
    ),
    "macros": (lambda: repacked(workbook(HEADINGS, GOOD), {"xl/vbaProject.bin": b"x"}), {"file_macros"}),
    "an old or locked workbook": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, {"file_old_or_locked"}),
    "a broken zip": (lambda: workbook(HEADINGS, GOOD)[:-200], {"file_unreadable"}),
    "broken XML": (
        lambda: repacked(workbook(HEADINGS, GOOD), {"xl/worksheets/sheet1.xml": b"<a><b>"}), {"file_unreadable"},
    ),
    "a document": (lambda: repacked(b"PK\x05\x06" + b"\0" * 18, {"word/document.xml": b"<a/>"}), {"file_type"}),
    "a page": (lambda: b"<html><table><tr><td>1</td></tr></table></html>", {"file_type"}),
    "a PDF": (lambda: b"%PDF-1.7\n", {"file_type"}),
    "bytes": (lambda: b"\x00\x01\x02" * 50, {"file_type"}),
    "another encoding": (lambda: "Lĩnh vực;Trực tuyến".encode("cp1258", "replace") + b"\xff", {"file_encoding"}),
    "a CSV of a million rows": (lambda: b"a,1\n" * 1_000_000, {"too_many_rows"}),
    "a CSV of a million columns": (lambda: b"1," * 1_000_000, {"too_many_columns"}),
    "the wrong sheet": (lambda: workbook(("Phí", "Lệ phí"), ("A", "1990")), {"table_not_understood"}),
    "a document type far behind": (lambda: with_doctype(b"<!--" + b" " * 9000 + b"-->"), {"file_unreadable"}),
    "a document type in UTF-16": (utf16_doctype, {"file_unreadable"}),
    "one text in each of 195,000 cells": (shared_text, {"file_too_complex"}),
    "cells in the corners of a wide sheet": (corners, {"file_too_complex"}),
    "a row that lies about its number": (lying_row, {"too_many_rows"}),
    "a cell without a place": (lambda: with_rows(b'<row r="9"><c r="?"><v>1</v></c></row>'), {"file_unreadable"}),
    "300,000 merged ranges": (merged, {"file_too_complex"}),
    "100,000 parts": (parts, {"file_too_complex"}),
    "a CSV of a million cells": (lambda: (b"1," * 199 + b"1\n") * 5000, {"file_too_complex"}),
    "a field of a megabyte": (lambda: b'Ten,So\n"' + b"a" * 1_000_000 + b'",1\n', {"file_unreadable"}),
    "marks heaped on a letter": (lambda: ("Lĩnh vực\ta" + "\u0301\u0323" * 60_000).encode(), {"table_not_understood"}),
    "headings that no pattern gets through": (long_headings, {"table_not_understood"}),
    "quotation marks that nobody closes": (lambda: b'"a,\n' * 4000, {"table_not_understood"}),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_in_time_and_leaves_nothing(app: FastAPI, api: Api, what: str) -> None:
    make, codes = HOSTILE[what]
    content, officer = make(), api()
    began = time.monotonic()
    answer = bring(officer, content, "import")
    assert time.monotonic() - began < 10
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in codes
    assert (stored(app, "stored_files"), stored(app, "reports")) == (0, 0)
    assert bring(officer, workbook(HEADINGS, GOOD)).status_code == 200, "the next is read as ever"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1024 * 1024, "in kilobytes"


def test_a_file_over_the_limit_and_none_at_all_are_refused(api: Api) -> None:
    officer = api()
    assert bring(officer, b"a" * 5_300_000, name="a.csv").status_code == 413
    assert bring(officer, b"").json()["code"] == "file_empty"
    assert officer.post(f"{AT}/reading", files={"other": ("a", b"1")}).json()["errors"][0]["pointer"] == "/file"
    assert officer.post(f"{AT}/import", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert officer.post(f"{AT}/reading", content=b"--y", headers=broken).json()["code"] == "malformed_form"
    assert bring(officer, workbook(HEADINGS, GOOD), system="khác").json()["code"] == "not_a_choice"


PERSONAL: dict[str, Callable[[], bytes]] = {
    "names beside the figures": lambda: workbook((*HEADINGS, "Họ và tên người nộp"), (*GOOD, "Trần Thị B")),
    "telephones": lambda: workbook((*HEADINGS, "Số điện thoại"), (*GOOD, "0905 123 456")),
    "a list on another sheet": lambda: workbook(
        HEADINGS, GOOD, more=lambda book, _: people_on(book.add_worksheet("Danh sách"))
    ),
    "a list on a hidden sheet": lambda: workbook(HEADINGS, GOOD, more=lambda book, _: hidden(book)),
    "a CSV with addresses": lambda: "Lĩnh vực;Địa chỉ;Trực tuyến\nHộ tịch;12 Lê Lợi;1\n".encode(),
    "numbers without a heading": lambda: b"HT,1,046201001234\nCT,2,046201005678\n",
    "telephones that lost their zero": lambda: workbook((*HEADINGS, "x"), (*GOOD, 905123456), (*GOOD, 905123457)),
    "decomposed": lambda: workbook(
        (*HEADINGS, unicodedata.normalize("NFD", "Địa chỉ thường trú")), (*GOOD, "12 Lê Lợi")
    ),
    "e-mail": lambda: workbook((*HEADINGS, "Email"), (*GOOD, "a@b.vn")),
}


def people_on(sheet: Any) -> None:
    sheet.write_row(0, 0, ("STT", "Họ tên", "CCCD"))
    sheet.write_row(1, 0, (1, "Trần Thị B", "046301001234"))


def hidden(book: Any) -> None:
    sheet = book.add_worksheet("Nguồn")
    people_on(sheet)
    sheet.hide()


@pytest.mark.parametrize("what", PERSONAL)
def test_a_file_with_data_on_persons_is_refused_and_not_kept(app: FastAPI, api: Api, what: str) -> None:
    for to in ("reading", "import?dry_run=true", "import"):
        answer = bring(api(), PERSONAL[what](), to)
        assert (answer.status_code, answer.json()["code"]) == (422, "personal_data"), answer.text
    assert stored(app, "stored_files") == 0


def test_what_is_no_column_on_persons_is_taken(api: Api) -> None:
    letterhead = (("Địa chỉ", "12 Lê Lợi"), ("Điện thoại: 0234 3822 222", "Email", "ubnd@hue.gov.vn"))
    signed = (("", "Người lập", "Kiểm tra", "Chủ tịch"), ("", *["(Ký, ghi rõ họ tên)"] * 3), ("", "An", "Bình", "Chi"))
    memo = (*HEADINGS, "Chờ người nộp bổ sung", "Họ tên")
    content = workbook(*letterhead, memo, (*GOOD, 3), ("CC", "Căn cước công dân", 1, 0, 0, 0, 1, 0, 0, 0), *signed)
    read = bring(api(), content)
    assert read.status_code == 200, read.text
    assert read.json()["city"]["lines"][0]["memo"] == {"waiting_applicant": 3}


@pytest.mark.parametrize("name", ["xl/pivotCache/pivotCacheRecords1.xml", "xl/embeddings/oleObject1.bin"])
def test_what_carries_data_that_no_sheet_shows_is_refused(app: FastAPI, api: Api, name: str) -> None:
    answer = bring(api(), repacked(workbook(HEADINGS, GOOD), {name: b"<x/>"}))
    assert (answer.status_code, answer.json()["code"]) == (422, "file_hidden_data")
    assert stored(app, "stored_files") == 0


def _children() -> set[str]:
    """Return the numbers of this process's children, those that ended and were not waited for among them."""
    return {number for task in Path("/proc/self/task").iterdir() for number in (task / "children").read_text().split()}


def test_readers_are_few_and_leave_neither_children_nor_descriptors(api: Api) -> None:
    officer = api()
    bring(officer, workbook(HEADINGS, GOOD))
    gc.collect()
    before, children = set(Path("/proc/self/fd").iterdir()), _children()
    for content in (workbook(HEADINGS, GOOD), bomb(), b"PK\x03\x04", b"a" * 3_000_000, merged()):
        bring(officer, content, "import")
    officer.post(f"{AT}/reading", files={"other": ("a", b"1" * 2_000_000)})
    assert len(set(Path("/proc/self/fd").iterdir()) - before) <= 2, "the database's own may come and go"
    assert _children() <= children, "whose end is awaited; other tests' servers may live on"
    taken = 0
    while sheets._places.acquire(blocking=False):
        taken += 1
    try:
        with pytest.raises(Unavailable):
            sheets.from_file(b"a,1")
    finally:
        sheets._places.release(taken)
    assert taken == 6, "every reader gave its place back"


NAMES = {
    "../../etc/mau.xlsx": "mau.xlsx",
    "C:\\Users\\an\\số liệu.xlsx": "số liệu.xlsx",
    "a\u202excod.xlsx": "axcod.xlsx",
    "\u200b..": "..",
    "x" * 3000 + ".xlsx": "x" * 195 + ".xlsx",
    "a;b=<c>.xlsx": "a;b=c.xlsx",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_files_name_is_only_a_name(api: Api, name: str) -> None:
    officer = api()
    file = bring(officer, workbook(HEADINGS, GOOD), name=name).json()["file"]
    assert file["name"] == NAMES[name]
    header = officer.get(f"{API}/files/{file['id']}").headers["content-disposition"]
    assert header.isascii()
    assert header.startswith("attachment; filename*=UTF-8''")
    assert not {'"', ";", "\r", "\n", "/"} & set(header.partition("''")[2])


def test_pages_refuse_a_file_with_data_on_persons_in_words(people: Callable[..., PageClient]) -> None:
    answer = people().post(f"{AT.removeprefix(API)}/reading", files={"file": ("a.xlsx", PERSONAL["telephones"]())})
    assert answer.status_code == 422
    assert "dữ liệu cá nhân" in answer.text
