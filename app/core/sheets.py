"""What people bring as tables: a block pasted from a spreadsheet, a CSV file, an XLSX workbook; limits first."""

import csv
import io
import json
import re
import subprocess
import sys
import threading
import time
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from app.core import personal, sheet_worker
from app.core.errors import Problem, Unavailable
from app.core.grids import BLANK, Cell, Grid
from app.core.text import normalized

MAX_SHEETS = 20
MAX_ROWS = 5000
MAX_COLUMNS = 200
MAX_CELLS = 200_000
MAX_UNPACKED = 40 * 1024 * 1024
MAX_PARTS = 1000
WAIT_SECONDS = 9
_OLE = b"\xd0\xcf\x11\xe0"
_ENTRY = b"PK\x01\x02"  # begins each line of a package's table of contents
# What carries data that no sheet shows: a pivot table's source, a document within the document.
_CARRIERS = ("xl/pivotcache/pivotcacherecords", "xl/embeddings/")
# Each reader may take a core and its memory for seconds: further files wait their turn, and not many of them.
_readers = threading.BoundedSemaphore(2)
_places = threading.BoundedSemaphore(6)


def from_text(text: str, name: str | None = None) -> Grid:
    """Return the table that a pasted block or a CSV file stands for, whatever divides its cells."""
    text = text.lstrip("\ufeff").replace("\0", "")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    rows: list[list[Cell]] = []
    known: dict[str, Cell] = {}  # many rows say the same: each text is made a cell once
    cells = 0
    for row in _divided(text):
        if len(row) > MAX_COLUMNS:
            raise Problem("too_many_columns", status=422, values={"limit": MAX_COLUMNS})
        rows.append([known.get(value) or known.setdefault(value, _cell(value)) for value in row])
        cells += len(row)
        if len(rows) > MAX_ROWS:
            raise Problem("too_many_rows", status=422, values={"limit": MAX_ROWS})
        if cells > MAX_CELLS:
            raise Problem("file_too_complex", status=422)
    return Grid(name, rows)


def _cell(value: str) -> Cell:
    return Cell(clean) if (clean := _clean(value)) else BLANK


def _clean(value: str) -> str:
    value = value.strip()[: sheet_worker.MAX_TEXT]
    if not value.isascii():
        value = normalized("NFC", value)
    if value.isprintable():
        return value
    # A lone surrogate was typed by nobody, and cannot be sent back.
    kinds = ((c, unicodedata.category(c)) for c in value)
    return "".join(" " if kind in ("Cc", "Zs") else c for c, kind in kinds if kind != "Cs").strip()


def _divided(text: str) -> Iterable[list[str]]:
    sample = [line for line in text[:50_000].split("\n") if line.strip()][:50]
    if any("\t" in line for line in sample):
        mark = "\t"
    else:
        # A comma also stands inside names: the mark that most lines have, as often as the others.
        counts = {mark: [line.count(mark) for line in sample] for mark in (";", ",", "|")}
        mark = max(counts, key=lambda m: (sum(n > 0 for n in counts[m]), sum(counts[m]), m == ";"), default=",")
        if not any(counts[mark]):
            return (re.split(r"\s{2,}", line.strip()) for line in text.split("\n", MAX_ROWS + 1))
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        try:
            # One more than are taken: a million need not be divided to be refused.
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, quoting=quoting)
            rows = list(islice(_narrow(reader), MAX_ROWS + 1))
        except csv.Error:
            continue
        # A quotation mark that nobody closed would take all the rest for one cell.
        quoted = quoting != csv.QUOTE_NONE and '"' in text
        if not quoted or not any(value.count("\n") > 5 for row in rows for value in row):
            return rows
    raise Problem("file_unreadable", status=422)


def _narrow(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    cells = 0
    for row in rows:
        cells += len(row)
        yield row
        if cells > MAX_CELLS:
            return


def from_file(content: bytes) -> list[Grid]:
    """Return a file's sheets that are shown; raises Problem for what is no CSV or XLSX, too large, or not to be kept.

    Not to be kept are macros, and data on persons, on sheets that are hidden too.
    """
    until = time.monotonic() + WAIT_SECONDS
    if not _places.acquire(blocking=False):
        raise Unavailable("busy")
    try:
        if not _readers.acquire(timeout=WAIT_SECONDS / 2):
            raise Unavailable("busy")
        try:
            sheets = _sheets_of(content, until)
        finally:
            _readers.release()
    finally:
        _places.release()
    personal.refuse(grid for grid, _ in sheets)
    return [grid for grid, hidden in sheets if not hidden]


def _sheets_of(content: bytes, until: float) -> list[tuple[Grid, bool]]:
    if content[:4] == _OLE:
        raise Problem("file_old_or_locked", status=422)
    if content[:2] == b"PK":
        _refuse_package(content)
        return _workbook(content, until)
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
    return [(from_text(text), False)]


def _refuse_package(content: bytes) -> None:
    """Judge a workbook by its table of contents, before anything is unpacked."""
    if content.count(_ENTRY) > MAX_PARTS:
        raise Problem("file_too_complex", status=422)
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
    if any(name.lower().startswith(_CARRIERS) for name in names):
        raise Problem("file_hidden_data", status=422)
    if len(names) < len(parts) or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Problem("file_too_complex", status=422)


def _workbook(content: bytes, until: float) -> list[tuple[Grid, bool]]:
    limits = [str(limit) for limit in (MAX_SHEETS, MAX_ROWS, MAX_COLUMNS, MAX_CELLS)]
    command = [sys.executable, "-I", str(Path(sheet_worker.__file__)), *limits]
    try:
        # It is given nothing of ours to know: no settings, no folder.
        done = subprocess.run(  # noqa: S603
            command, input=content, capture_output=True, timeout=until - time.monotonic(), check=False, env={}, cwd="/"
        )
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"error": "file_too_complex"}
    except (subprocess.TimeoutExpired, ValueError):
        answer = {"error": "file_too_complex"}
    if "error" in answer:
        limits_of = {"too_many_rows": MAX_ROWS, "too_many_columns": MAX_COLUMNS, "too_many_sheets": MAX_SHEETS}
        code: str = answer["error"]
        raise Problem(code, status=422, values={"limit": limits_of[code]} if code in limits_of else {})
    return [
        (
            Grid(
                sheet["name"],
                [[_decoded(value) for value in row] for row in sheet["rows"]],
                [((a[0], a[1]), (b[0], b[1])) for a, b in sheet["merged"]],
            ),
            sheet["hidden"],
        )
        for sheet in answer["sheets"]
    ]


def _decoded(value: Any) -> Cell:
    if value is None:
        return BLANK
    if not isinstance(value, list):
        return Cell(_clean(value) or None) if isinstance(value, str) else Cell(value)
    kind, inner = value
    if kind == "x":
        return Cell(broken=True)
    if kind == "f":
        return replace(_decoded(inner), formula=True)
    if kind == "p":
        return Cell(inner, percent=True)
    try:
        return Cell(date.fromisoformat(inner))
    except ValueError:
        return Cell(str(inner))
