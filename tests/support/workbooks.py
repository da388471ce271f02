"""Workbooks as people and attackers make them, built for tests."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter

HEADINGS = (
    "Mã lĩnh vực", "Lĩnh vực", "Tiếp nhận trực tuyến", "Tiếp nhận trực tiếp", "Tiếp nhận qua bưu chính",
    "Giải quyết trước hạn", "Giải quyết đúng hạn", "Giải quyết quá hạn", "Đang giải quyết, quá hạn",
)  # fmt: skip
GOOD = ("HT", "Hộ tịch", 14, 2, 0, 9, 4, 0, 1)


def workbook(*rows: Sequence[Any], sheet: str = "Thành phố", more: Any = None) -> bytes:
    """Return a workbook of one sheet; `more(book, sheet)` does what rows cannot say."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    if more is not None:
        more(book, page)
    book.close()
    return out.getvalue()


def repacked(content: bytes, parts: dict[str, bytes]) -> bytes:
    """Return a workbook with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def part(content: bytes, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    """Return one part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read(name)
