"""Reads one workbook in a process of its own, so that a hostile file costs neither the server's time nor its memory.

Run by `app.core.sheets` as a script: the workbook on standard input, limits as arguments, JSON on standard output.
"""

import io
import json
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

MEMORY = 768 * 1024 * 1024
SECONDS = 8
MAX_TEXT = 500


class Refused(Exception):
    """The workbook is not read, for the reason that its code names."""


class Scan:
    """What the values alone do not tell of a sheet: its true size, its formulas, its error cells."""

    def __init__(self, max_rows: int, max_columns: int, max_cells: int) -> None:
        self.max_rows, self.max_columns, self.max_cells = max_rows, max_columns, max_cells
        self.formulas: set[tuple[int, int]] = set()
        self.broken: set[tuple[int, int]] = set()
        self.cells = 0
        self.row, self.column = -1, -1
        self.has_formula = self.has_value = self.is_error = self.is_text = self.inside = False

    def run(self, xml: bytes) -> None:
        """Walk through a sheet's XML; raises Refused as soon as it is too large."""
        if b"<!DOCTYPE" in xml[:4096] or b"<!ENTITY" in xml[:4096]:
            raise Refused("file_unreadable")
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
                self.column = -1
            case "c":
                self.column = column_of(attributes["r"]) if "r" in attributes else self.column + 1
                self.has_formula = self.has_value = False
                self.is_error = attributes.get("t") == "e"
                self.is_text = attributes.get("t") == "str"
            case "f":
                self.has_formula = True
            case "v":
                self.inside = True
            case "is":
                self.has_value = True

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
        if self.is_error or (self.has_formula and not self.has_value and not self.is_text):
            self.broken.add(at)


def column_of(reference: str) -> int:
    """Return the number of the column in `C7`, from 0."""
    number = 0
    for char in reference:
        if not char.isalpha():
            break
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
        parser = expat.ParserCreate()
        parser.StartElementHandler = handler
        parser.Parse(book.read(part), True)
    return parts


def encoded(value: Any, *, formula: bool, broken: bool) -> Any:
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
    else:
        plain = value
    return ["f", plain] if formula and plain is not None else plain


def read(content: bytes, max_sheets: int, max_rows: int, max_columns: int, max_cells: int) -> list[dict[str, Any]]:
    """Return the visible sheets with their cells."""
    import python_calamine as calamine

    book = zipfile.ZipFile(io.BytesIO(content))
    parts = sheet_parts(book)
    opened = calamine.load_workbook(io.BytesIO(content))
    kinds = calamine.SheetTypeEnum, calamine.SheetVisibleEnum
    sheets: list[dict[str, Any]] = []
    for number, about in enumerate(opened.sheets_metadata):
        if about.typ != kinds[0].WorkSheet or about.visible != kinds[1].Visible:
            continue
        if len(sheets) == max_sheets:
            raise Refused("too_many_sheets")
        scan = Scan(max_rows, max_columns, max_cells)
        scan.run(book.read(parts[number]))
        sheet = opened.get_sheet_by_index(number)
        rows = [
            [
                encoded(value, formula=(r, c) in scan.formulas, broken=(r, c) in scan.broken)
                for c, value in enumerate(row)
            ]
            for r, row in enumerate(sheet.to_python(skip_empty_area=False, nrows=max_rows))
        ]
        for r, c in scan.broken:  # calamine ends the sheet before an empty result
            while len(rows) <= r:
                rows.append([])
            rows[r] += [None] * (c + 1 - len(rows[r]))
            rows[r][c] = ["x", None]
        sheets.append({"name": about.name, "rows": rows, "merged": sheet.merged_cell_ranges or []})
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
