"""Tables for people's tools: CSV that a spreadsheet opens rightly, and XLSX."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from app.core.clock import HUE

A4 = 9
WIDE, ON_ONE = 6, 14  # columns: with more of them the sheet lies, and goes on on further sheets with the first two
Cell = str | int | float | bool | date | datetime | None


@dataclass(frozen=True)
class Table:
    """A title, the columns' machine names, and rows of plain values."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    counts: Sequence[int] = ()  # columns that take whole numbers from 0 on, when filled in
    book: Callable[[], bytes] | None = None  # a workbook of its own, where a sheet of rows is not what people need


# The full-width signs are the same to a spreadsheet with East Asian settings.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A Vietnamese spreadsheet divides cells at semicolons, and knows no quotation that began before one.
_INSIDE = re.compile(r"([;\t\r\n]\s*\"?)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def _safe(value: Cell) -> Any:
    """Return a value as a file has it: JSON's words for truth, Huế's time and zone for moments."""
    if isinstance(value, bool):
        return "true" if value else "false"
    # A text that begins like a formula would be run by a spreadsheet.
    if isinstance(value, str):
        value = _INSIDE.sub(r"\1'", value)
        return "'" + value if value[:1] in _FORMULA_SIGNS else value
    if isinstance(value, datetime):
        return value.astimezone(HUE).isoformat(timespec="seconds")
    return value


def unmarked(text: str) -> str:
    """Return a text of a CSV without the mark that stands before what a spreadsheet would run."""
    return text[1:] if text.startswith("'") and text[1:2] in _FORMULA_SIGNS else text


def to_csv(table: Table) -> bytes:
    """Return the table as CSV in UTF-8 with a byte-order mark, one header line of machine names."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table.columns)
    writer.writerows([_safe(v) for v in row] for row in table.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_xlsx(table: Table) -> bytes:
    """Return the table as one sheet with a frozen bold header line, or as its own workbook where it has one.

    On paper its header stands on every sheet of A4, which lies where there are many columns.
    """
    if table.book is not None:
        return table.book()
    import xlsxwriter  # imported where it is used: the quick start of the server does not wait for it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(table.name[:31])
    sheet.write_row(0, 0, table.columns, book.add_format({"bold": True, "bottom": 1}))
    day_format = book.add_format({"num_format": "yyyy-mm-dd"})
    share_format = book.add_format({"num_format": "0.0000"})  # as it is shown; the cell keeps every digit
    for number, row in enumerate(table.rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_string(number, column, str(_safe(value)))
            elif isinstance(value, date):
                sheet.write_datetime(number, column, value, day_format)
            elif isinstance(value, float):
                sheet.write_number(number, column, value, share_format)
            else:
                sheet.write(number, column, value)
    for column in table.counts:
        rule = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 1_000_000}
        sheet.data_validation(1, column, 1000, column, rule)
    sheet.freeze_panes(1, 1)
    sheet.autofit()
    sheet.set_paper(A4)
    if len(table.columns) > WIDE:
        sheet.set_landscape()
    sheet.set_margins(0.4, 0.4, 0.6, 0.6)
    if len(table.columns) <= ON_ONE:
        sheet.fit_to_pages(1, 0)
    else:
        sheet.repeat_columns(0, 1)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P/&N")
    book.close()
    return out.getvalue()


def flat(prefix: str, values: dict[str, Any]) -> dict[str, Cell]:
    """Return nested dictionaries as one level of `a_b` names, for a row of a table."""
    row: dict[str, Cell] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            row |= flat(f"{name}_", value)
        elif not isinstance(value, list):
            row[name] = value
    return row


def of_models(name: str, items: Sequence[BaseModel], model: type[BaseModel]) -> Table:
    """Return a table of Pydantic models: a column for every scalar in the model, whether there are rows or not."""
    # What a row stands for comes first, wherever the model inherits it.
    columns = sorted(_columns(model), key=lambda column: column not in ("key", "label"))
    rows = (flat("", item.model_dump(mode="python")) for item in items)
    return Table(name, columns, [[_plain(row.get(c)) for c in columns] for row in rows])


def _columns(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if get_origin(kind) in (Union, UnionType):
            kind = next((a for a in get_args(kind) if a is not type(None)), None)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _columns(kind, f"{prefix}{name}_")
        elif get_origin(kind) not in (list, dict, tuple):
            yield f"{prefix}{name}"


def _plain(value: Any) -> Cell:
    plain: Cell = getattr(value, "value", value)
    return plain
