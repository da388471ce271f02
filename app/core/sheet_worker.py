"""Reads one workbook in a process of its own, so that a hostile file costs neither the server's time nor its memory.

Run by `app.core.sheets` as a script: the workbook on standard input, limits as arguments, JSON on standard output.
"""

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

MEMORY = 768 * 1024 * 1024
SECONDS = 8
MAX_TEXT = 5000  # longer than any field holds, so that what does not fit is refused, not cut
MAX_TEXTS = 4_000_000  # one shared text may stand in every cell
MERGED_ROWS = 40  # only headings are read by what is merged


class Refused(Exception):
    """The workbook is not read, for the reason that its code names."""


class Scan:
    """What the values alone do not tell of a sheet: its true size, its formulas, its per-cent and error cells."""

    def __init__(self, max_rows: int, max_columns: int, max_cells: int, shares: frozenset[str]) -> None:
        self.max_rows, self.max_columns, self.max_cells = max_rows, max_columns, max_cells
        self.shares = shares  # the styles that show 0.9337 as 93.37 %
        self.percents: set[tuple[int, int]] = set()
        self.formulas: set[tuple[int, int]] = set()
        self.broken: set[tuple[int, int]] = set()
        self.cells = 0
        self.row, self.column = -1, -1
        self.has_formula = self.has_value = self.is_error = self.is_text = self.inside = self.is_share = False

    def run(self, xml: bytes) -> None:
        """Walk through a sheet's XML; raises Refused as soon as it is too large."""
        parser = plain_parser(self._start)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
                self.column = -1
            case "c":
                self._place(attributes.get("r"))
                self.has_formula = self.has_value = False
                self.is_error = attributes.get("t") == "e"
                self.is_text = attributes.get("t") == "str"
                self.is_share = attributes.get("s", "0") in self.shares
            case "f":
                self.has_formula = True
            case "v":
                self.inside = True
            case "is":
                self.has_value = True

    def _place(self, reference: str | None) -> None:
        if reference is None:
            self.column += 1
            return
        # As calamine does: where a cell says that it stands counts, not the row it is written in.
        found = re.fullmatch(r"([A-Za-z]{1,3})([0-9]{1,7})", reference)
        if found is None or int(found[2]) < 1:
            raise Refused("file_unreadable")
        self.row, self.column = int(found[2]) - 1, column_of(found[1])

    def _text(self, text: str) -> None:
        self.has_value |= self.inside

    def _end(self, name: str) -> None:
        self.inside = False
        if name.rpartition(":")[2] != "c" or not (self.has_value or self.has_formula):
            return
        self.cells += 1
        if self.row >= self.max_rows or self.cells > self.max_cells:
            raise Refused("too_many_rows")
        if self.column >= self.max_columns:
            raise Refused("too_many_columns")
        at = (self.row, self.column)
        if self.has_formula:
            self.formulas.add(at)
        if self.is_share:
            self.percents.add(at)
        if self.is_error or (self.has_formula and not self.has_value and not self.is_text):
            self.broken.add(at)


def plain_parser(start: Callable[[str, dict[str, str]], None]) -> expat.XMLParserType:
    """Return a parser that refuses a document type, wherever it stands: it is where entities are made."""

    def refuse(*_: object) -> None:
        raise Refused("file_unreadable")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    return parser


def column_of(name: str) -> int:
    """Return the number of a column by its letters, from 0."""
    number = 0
    for char in name:
        number = number * 26 + ord(char.upper()) - 64
    return number - 1


def sheet_parts(book: zipfile.ZipFile) -> list[str]:
    """Return the workbook's sheets as parts of the package, in the order of their tabs."""
    targets: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    parts: list[str] = []

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            wanted = next(v for k, v in attributes.items() if k.rpartition(":")[2] == "id" and ":" in k)
            target = targets[wanted]
            parts.append(target.lstrip("/") if target.startswith("/") else f"xl/{target}")

    for part, handler in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        plain_parser(handler).Parse(book.read(part), True)
    return parts


def share_styles(book: zipfile.ZipFile) -> frozenset[str]:
    """Return the numbers of the cell styles that show a number as a per cent."""
    if "xl/styles.xml" not in book.namelist():
        return frozenset()
    formats = {"9", "10"}  # the two that every workbook has
    found: set[str] = set()
    place = {"inside": False, "at": 0}

    def start(name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "numFmt" if "%" in re.sub(r'"[^"]*"|\\.', "", attributes.get("formatCode", "")):
                formats.add(attributes.get("numFmtId", ""))
            case "cellXfs" | "cellStyleXfs" | "dxfs" as part:
                place["inside"] = part == "cellXfs"
            case "xf" if place["inside"]:
                if attributes.get("numFmtId", "0") in formats:
                    found.add(str(place["at"]))
                place["at"] += 1

    plain_parser(start).Parse(book.read("xl/styles.xml"), True)
    return frozenset(found)


def encoded(value: Any, *, formula: bool, broken: bool, percent: bool = False) -> Any:
    """Return a cell as JSON: a plain value, or a pair of its kind and value."""
    if broken:
        return ["x", None]
    if isinstance(value, datetime):
        plain: Any = ["d", value.date().isoformat()]
    elif isinstance(value, date):
        plain = ["d", value.isoformat()]
    elif isinstance(value, time | timedelta):
        plain = ["d", str(value)]
    elif isinstance(value, str):
        plain = value[:MAX_TEXT] or None
    elif percent and isinstance(value, int | float):
        plain = ["p", value]
    else:
        plain = value
    return ["f", plain] if formula and plain is not None else plain


def trimmed(row: list[Any]) -> list[Any]:
    """Return a row without the blank cells at its end."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def merged_in(ranges: Sequence[Any], max_columns: int) -> list[Any]:
    """Return what is merged among the first rows; raises Refused where it lies over one another."""
    kept = [((top, left), (bottom, right)) for (top, left), (bottom, right) in ranges if top < MERGED_ROWS]
    area = sum(
        (min(bottom, MERGED_ROWS) - top + 1) * (min(right, max_columns) - left + 1)
        for (top, left), (bottom, right) in kept
    )
    if area > 2 * MERGED_ROWS * max_columns:
        raise Refused("file_too_complex")
    return kept


def read(content: bytes, max_sheets: int, max_rows: int, max_columns: int, max_cells: int) -> list[dict[str, Any]]:
    """Return the sheets with their cells, hidden ones too: what is not shown is kept all the same."""
    import python_calamine as calamine

    book = zipfile.ZipFile(io.BytesIO(content))
    parts = sheet_parts(book)
    shares = share_styles(book)
    opened = calamine.load_workbook(io.BytesIO(content))
    kinds = calamine.SheetTypeEnum, calamine.SheetVisibleEnum
    sheets: list[dict[str, Any]] = []
    cells, texts = 0, 0
    for number, about in enumerate(opened.sheets_metadata):
        if about.typ != kinds[0].WorkSheet:
            continue
        if len(sheets) == max_sheets:
            raise Refused("too_many_sheets")
        scan = Scan(max_rows, max_columns, max_cells, shares)
        scan.run(book.read(parts[number]))
        sheet = opened.get_sheet_by_index(number)
        rows = []
        for r, row in enumerate(sheet.to_python(skip_empty_area=False, nrows=max_rows)):
            rows.append(
                trimmed([
                    encoded(
                        value, formula=(r, c) in scan.formulas, broken=(r, c) in scan.broken,
                        percent=(r, c) in scan.percents,
                    )
                    for c, value in enumerate(row)
                ])
            )  # fmt: skip
            cells += len(rows[-1])
            texts += sum(len(value) for value in rows[-1] if isinstance(value, str))
            if cells > max_cells or texts > MAX_TEXTS:
                raise Refused("file_too_complex")
        for r, c in scan.broken:  # calamine ends the sheet before an empty result
            while len(rows) <= r:
                rows.append([])
            rows[r] += [None] * (c + 1 - len(rows[r]))
            rows[r][c] = ["x", None]
        merged = merged_in(sheet.merged_cell_ranges or [], max_columns)
        hidden = about.visible != kinds[1].Visible
        sheets.append({"name": about.name, "hidden": hidden, "rows": rows, "merged": merged})
    return sheets


def main() -> None:
    """Read standard input under limits and write the sheets, or why not."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer: Any = {"sheets": read(sys.stdin.buffer.read(), *(int(limit) for limit in sys.argv[1:]))}
    except Refused as refused:
        answer = {"error": str(refused)}
    except MemoryError:
        answer = {"error": "file_too_complex"}
    except BaseException:  # the reader's own panics are no Exception
        answer = {"error": "file_unreadable"}
    sys.stdout.write(json.dumps(answer, default=str))


if __name__ == "__main__":
    main()
