"""Data on persons, which the city does not keep: a file with a column of it is refused before it is kept.

Only columns are judged, by their headings and by what their cells look like: an office's own address over a table, and
the name under a signature, are none.
"""

import re
from collections.abc import Iterable
from itertools import islice

from app.core.errors import Problem
from app.core.grids import Cell, Grid, count_of, place
from app.core.text import search_key

_HEADING = re.compile(
    r"\b(ho (va )?ten|ho (va )?(chu|ten) dem|ten (nguoi|cong dan|khach hang|chu)"
    r"|cong dan|khach hang|chu ho so|(nguoi|to chuc|ca nhan) (nop|yeu cau|de nghi|dang ky)|to chuc ca nhan"
    r"|ca nhan to chuc"
    r"|cccd|cmnd|cmt|can cuoc|chung minh (nhan dan|thu)|(so|ma) dinh danh|dinh danh ca nhan|ho chieu|giay to tuy than"
    r"|dien thoai|sdt|so dt|dtdd|di dong|e ?mail|thu dien tu|so tai khoan"
    r"|dia chi|noi o|noi cu tru|thuong tru|tam tru|ho khau|(ngay|nam) sinh"
    r"|full name|applicant|citizen|date of birth|phone|nom et prenoms?|telephone|adresse|date de naissance)\b"
)
_SIGNATURE = re.compile(r"\b(ky|dong dau|chu ky)\b")
_OF_AN_OFFICE = re.compile(r"\b(don vi|co quan|to chuc hanh chinh)\b")
_VALUE = re.compile(
    r"(\+?84|0)[\s.]?[35789]([\s.]?\d){8}"  # a mobile telephone
    r"|0\d{11}"  # a citizen's number begins with a province's, from 001 to 096
    r"|[^\s@]+@[^\s@]+\.[a-z]{2,}",
    re.IGNORECASE,
)
_SHORTEST = 10  # of a telephone's and a citizen's numbers
_LEAST = 2  # one such cell may be the office's own
_ROWS = 20  # of headings are judged, each by so many cells below
_BELOW = 200


def refuse(grids: Iterable[Grid]) -> None:
    """Raise Problem for a table with a column on persons, naming the cell."""
    for grid in grids:
        if (found := _found(grid)) is not None:
            where = place(*found) if grid.name is None else f"{grid.name}!{place(*found)}"
            raise Problem("personal_data", status=422, values={"place": where, "text": grid.at(*found).text[:60]})


def _found(grid: Grid) -> tuple[int, int] | None:
    return _by_headings(grid) or _by_values(grid)


def _by_headings(grid: Grid) -> tuple[int, int] | None:
    rows = ((number, row) for number, row in enumerate(grid.rows) if _is_of_words(row))
    named = ((number, row, [c for c, cell in enumerate(row) if _is_heading(cell)]) for number, row in rows)
    # A lone "Địa chỉ" with something beside it is the office's own.
    headings = (
        (number, columns)
        for number, row, columns in named
        if len(columns) > 1 or (columns and sum(not cell.is_blank for cell in row) > 2)
    )
    for number, columns in islice(headings, _ROWS):
        for column in columns:
            if _has_words_below(grid, number, column):
                return number, column
    return None


def _by_values(grid: Grid) -> tuple[int, int] | None:
    first: dict[int, list[int]] = {}
    none: set[int] = set()  # cells that were looked at: the same text is one cell, however often it stands there
    for number, row in enumerate(grid.rows):
        for column, cell in enumerate(row):
            if id(cell) in none:
                continue
            if not _is_value(cell):
                none.add(id(cell))
                continue
            rows = first.setdefault(column, [])
            rows.append(number)
            if len(rows) == _LEAST:
                return rows[0], column
    return None


def _is_of_words(row: list[Cell]) -> bool:
    """Tell whether a row may be one of headings: with figures, codes or days in it, it is not."""
    return all(
        cell.is_blank or (isinstance(cell.value, str) and re.search(r"[^\W\d_]", cell.value) and not _is_value(cell))
        for cell in row
    )


def _is_heading(cell: Cell) -> bool:
    if not isinstance(cell.value, str) or len(cell.value) > 60 or ":" in cell.value.rstrip(": "):
        return False
    words = search_key(cell.value)
    return bool(_HEADING.search(words)) and not _SIGNATURE.search(words) and not _OF_AN_OFFICE.search(words)


def _has_words_below(grid: Grid, row: int, column: int) -> bool:
    """Tell whether more than counts stand under a heading: "Công dân rút" heads counts."""
    filled = (cell for n in range(row + 1, len(grid.rows)) if not (cell := grid.at(n, column)).is_blank)
    below = list(islice(filled, _BELOW))
    return sum(count_of(cell)[0] is None for cell in below) * 2 > len(below)


def _is_value(cell: Cell) -> bool:
    value = cell.value
    if isinstance(value, str):
        may_be = len(value) >= _SHORTEST or "@" in value
        return may_be and bool(_VALUE.fullmatch(value.strip("' ")))
    # As a number, a telephone and a citizen's number have lost their zero.
    return isinstance(value, int | float) and not isinstance(value, bool) and 10**8 <= value < 10**12
