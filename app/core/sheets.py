"""What people bring as tables: a block pasted from a spreadsheet, a CSV file, an XLSX workbook; limits first."""

import csv
import io
import json
import re
import subprocess
import sys
import threading
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from app.core import sheet_worker
from app.core.errors import Problem, Unavailable

MAX_SHEETS = 20
MAX_ROWS = 5000
MAX_COLUMNS = 200
MAX_CELLS = 200_000
MAX_UNPACKED = 40 * 1024 * 1024
MAX_PARTS = 1000
WAIT_SECONDS = 9
_OLE = b"\xd0\xcf\x11\xe0"
# Each reader may take a core and its memory for seconds: further files wait their turn.
_readers = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its value, whether a formula made it, and whether it has none to give (an error, or never computed)."""

    value: str | int | float | bool | date | None = None
    formula: bool = False
    broken: bool = False

    @property
    def text(self) -> str:
        """The value as a person reads it."""
        if self.value is None:
            return ""
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return str(self.value)

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.broken and (self.value is None or self.text.strip() == "")


BLANK = Cell()


@dataclass(frozen=True)
class Grid:
    """A sheet: its name (None: pasted), its rows from A1 on, and what was merged as ((row, column), (row, column))."""

    name: str | None
    rows: list[list[Cell]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)

    def at(self, row: int, column: int) -> Cell:
        """Return a cell; beyond the edge it is blank."""
        cells = self.rows[row] if row < len(self.rows) else []
        return cells[column] if column < len(cells) else BLANK

    @property
    def width(self) -> int:
        """The number of columns."""
        return max((len(row) for row in self.rows), default=0)


def letters(column: int) -> str:
    """Return a column's letters as a spreadsheet shows them: 0 is A."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def place(row: int, column: int) -> str:
    """Return a cell's place as a spreadsheet shows it: `C7`."""
    return f"{letters(column)}{row + 1}"


def from_text(text: str, name: str | None = None) -> Grid:
    """Return the table that a pasted block or a CSV file stands for, whatever divides its cells."""
    text = unicodedata.normalize("NFC", text.lstrip("\ufeff")).replace("\0", "")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    rows = _divided(text)
    if len(rows) > MAX_ROWS:
        raise Problem("too_many_rows", status=422, values={"limit": MAX_ROWS})
    if any(len(row) > MAX_COLUMNS for row in rows):
        raise Problem("too_many_columns", status=422, values={"limit": MAX_COLUMNS})
    clip = sheet_worker.MAX_TEXT
    return Grid(name, [[Cell(_clean(value)[:clip] or None) for value in row] for row in rows])


def _clean(value: str) -> str:
    # A lone surrogate was typed by nobody, and cannot be sent back.
    kinds = ((c, unicodedata.category(c)) for c in value)
    return "".join(" " if kind in ("Cc", "Zs") else c for c, kind in kinds if kind != "Cs").strip()


def _divided(text: str) -> list[list[str]]:
    sample = [line for line in text[:50_000].split("\n") if line.strip()][:50]
    if any("\t" in line for line in sample):
        mark = "\t"
    else:
        # A comma also stands inside names: the mark that most lines have, as often as the others.
        counts = {mark: [line.count(mark) for line in sample] for mark in (";", ",", "|")}
        mark = max(counts, key=lambda m: (sum(n > 0 for n in counts[m]), sum(counts[m]), m == ";"), default=",")
        if not any(counts[mark]):
            return [re.split(r"\s{2,}", line.strip()) for line in text.split("\n", MAX_ROWS + 1)]
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        try:
            # One more than are taken: a million need not be divided to be refused.
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, quoting=quoting)
            rows = list(islice(reader, MAX_ROWS + 1))
        except csv.Error:
            continue
        # A quotation mark that nobody closed would take all the rest for one cell.
        if quoting == csv.QUOTE_NONE or not any(value.count("\n") > 5 for row in rows for value in row):
            return rows
    raise Problem("file_unreadable", status=422)


def from_file(content: bytes) -> list[Grid]:
    """Return a file's sheets; raises Problem for what is no CSV or XLSX, has macros, or is too large unpacked."""
    if content[:4] == _OLE:
        raise Problem("file_old_or_locked", status=422)
    if content[:2] == b"PK":
        _refuse_package(content)
        return _workbook(content)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
        if b"\0" in content:
            raise Problem("file_type", status=422)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise Problem("file_encoding", status=422) from None
    if text.lstrip()[:1] == "<" or text[:5] == "%PDF-":
        raise Problem("file_type", status=422)
    return [from_text(text)]


def _refuse_package(content: bytes) -> None:
    """Judge a workbook by its table of contents, before anything is unpacked."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Problem("file_unreadable", status=422) from None
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise Problem("file_type", status=422)
    if any("vbaproject" in name.lower() or name.startswith("xl/macrosheets/") for name in names):
        raise Problem("file_macros", status=422)
    if any(part.flag_bits & 1 for part in parts):
        raise Problem("file_old_or_locked", status=422)
    if len(parts) > MAX_PARTS or len(names) < len(parts) or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Problem("file_too_complex", status=422)


def _workbook(content: bytes) -> list[Grid]:
    limits = [str(limit) for limit in (MAX_SHEETS, MAX_ROWS, MAX_COLUMNS, MAX_CELLS)]
    command = [sys.executable, "-I", str(Path(sheet_worker.__file__)), *limits]
    if not _readers.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("busy")
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=WAIT_SECONDS, check=False)  # noqa: S603
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"error": "file_too_complex"}
    except (subprocess.TimeoutExpired, ValueError):
        answer = {"error": "file_too_complex"}
    finally:
        _readers.release()
    if "error" in answer:
        limits_of = {"too_many_rows": MAX_ROWS, "too_many_columns": MAX_COLUMNS, "too_many_sheets": MAX_SHEETS}
        code: str = answer["error"]
        raise Problem(code, status=422, values={"limit": limits_of[code]} if code in limits_of else {})
    return [
        Grid(
            sheet["name"],
            [[_decoded(value) for value in row] for row in sheet["rows"]],
            [((a[0], a[1]), (b[0], b[1])) for a, b in sheet["merged"]],
        )
        for sheet in answer["sheets"]
    ]


def _decoded(value: Any) -> Cell:
    if not isinstance(value, list):
        return Cell(_clean(unicodedata.normalize("NFC", value)) or None) if isinstance(value, str) else Cell(value)
    kind, inner = value
    if kind == "x":
        return Cell(broken=True)
    if kind == "f":
        return Cell(_decoded(inner).value, formula=True)
    try:
        return Cell(date.fromisoformat(inner))
    except ValueError:
        return Cell(str(inner))


_GROUPED = re.compile(r"\d{1,3}(?:[.\s\u00a0\u202f]\d{3})+")
_NOTHING = frozenset({"-", "–", "—", "−"})


def count_of(cell: Cell, limit: int = 1_000_000) -> tuple[int | None, str | None]:
    """Return the whole number in a cell (None: blank) and the code of what is wrong with it, if anything.

    `1.234` and `1 234` are one thousand and more, as Vietnamese writes; `1,234` could be either and is refused.
    """
    value = cell.value
    if cell.broken:
        return None, "formula_without_value"
    if value is None:
        return None, None
    if isinstance(value, bool):
        return None, "number_boolean"
    if isinstance(value, date):
        return None, "number_is_date"
    if isinstance(value, str):
        text = value.strip().strip("'").strip()
        if text in _NOTHING:
            return 0, None
        if text == "":
            return None, None
        negative = re.fullmatch(r"[-−–]\s*(.+)|\((.+)\)", text)
        text = (negative[1] or negative[2]) if negative else text
        if _GROUPED.fullmatch(text):
            value = int(re.sub(r"\D", "", text))
        elif found := re.fullmatch(r"(\d{1,15})(?:[.,](\d{1,9}))?", text):
            value = int(found[1])
            if found[2] and (len(found[2]) == 3 or int(found[2])):
                return None, "number_fractional"
        else:
            return None, "number_text" if not re.fullmatch(
                r"\d{1,4}[/-]\d{1,2}([/-]\d{1,4})?", text
            ) else "number_is_date"
        value = -value if negative else value
    if isinstance(value, float) and (not value.is_integer() or value != value):
        return None, "number_fractional"
    number = int(value)
    if number < 0:
        return None, "number_negative"
    return (number, None) if number <= limit else (None, "number_too_large")
