"""A sheet of many unit-days as the figures door takes them: which column is which, what each row says. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from app.core import i18n
from app.core.errors import Fault
from app.core.grids import BLANK, Cell, Grid, count_of, letters
from app.core.settings import Locale
from app.core.text import search_key
from app.procedures.rules import System
from app.throughput.figures.rules import MEASURES
from app.throughput.intake.rows import system_named
from app.throughput.intake.words import speaks_of_figures
from app.throughput.rules import MAX_COUNT

WHOSE = ("unit", "day", "system")
KEY = (*WHOSE, "field")
COLUMNS = ("unit", "unit_name", "day", "system", "field", "field_name", *MEASURES)
_HEADING_ROWS = 20
_MAX_TEXT = 200
_WHERE = re.compile(r"/items/(\d+)(?:/(\w+)(?:/(\d+)(?:/(\w+))?)?)?")


@dataclass(frozen=True)
class Found:
    """A sheet with its first row after the headings, where its columns are, and headings that may mean figures."""

    grid: Grid
    first: int
    columns: dict[str, int]
    unclear: dict[int, str]


@dataclass
class UnitDay:
    """The rows of one unit, day and system, as they are written: each a field's with its counts."""

    unit: str
    day: date
    system: System
    rows: list[int] = field(default_factory=list)
    lines: list[tuple[str, dict[str, int]]] = field(default_factory=list)


def heading(name: str, locale: Locale = "vi") -> str:
    """Return how a column of the file is headed."""
    kind = "column" if name in MEASURES else "figures_column"
    return i18n.translate(f"throughput.{kind}.{name}", locale)


@cache
def _headings() -> dict[str, str]:
    known = {search_key(heading(name, locale)): name for name in COLUMNS for locale in i18n.LOCALES}
    return known | {search_key(name): name for name in COLUMNS}


def found(grids: Sequence[Grid]) -> Found | None:
    """Return the first sheet that has a row with the headings of unit, day, system, field and a count."""
    for grid in grids:
        for number, row in enumerate(grid.rows[:_HEADING_ROWS]):
            named = {c: name for c, cell in enumerate(row) if (name := _headings().get(search_key(cell.text)))}
            columns = {name: c for c, name in reversed(named.items())}
            if columns.keys() >= set(KEY) and columns.keys() & set(MEASURES):
                # A second column of one name, and one that speaks of figures in other words: not to be left out.
                unclear = {c: row[c].text for c, name in named.items() if columns[name] != c and name in MEASURES}
                others = {c: cell.text for c, cell in enumerate(row) if c not in named}
                unclear |= {c: text[:_MAX_TEXT] for c, text in others.items() if speaks_of_figures(text)}
                return Found(grid, number + 1, columns, unclear)
    return None


def read(sheet: Found, faults: list[Fault]) -> list[UnitDay]:
    """Return a sheet's unit-days in their order; a row without a count is left blank on purpose.

    What is wrong in a cell is told of it, and its row is left out.
    """
    days: dict[tuple[str, date, System], UnitDay] = {}
    known: dict[Any, tuple[str, date, System]] = {}
    counted: dict[int, tuple[int | None, str | None]] = {}  # by the cell: the same text is one, of thousands
    counts_at = [(m, sheet.columns[m]) for m in MEASURES if m in sheet.columns]
    width = max(sheet.columns.values()) + 1
    for number in range(sheet.first, len(sheet.grid.rows)):
        row = sheet.grid.rows[number]
        if len(row) < width:
            row = [*row, *[BLANK] * (width - len(row))]
        counts: dict[str, int] = {}
        wrong: list[Fault] = []
        for measure, column in counts_at:
            cell = row[column]
            if cell is BLANK:
                continue
            if (read_before := counted.get(id(cell))) is None:
                read_before = counted[id(cell)] = count_of(cell, MAX_COUNT)
            count, code = read_before
            if code is not None:
                wrong.append(fault(number, column, code, {"limit": MAX_COUNT} if "large" in code else {}))
            elif count is not None:
                counts[measure] = count
        if not counts and not wrong:
            continue
        of = _whose(sheet, number, row, known, wrong)
        code = _code(row[sheet.columns["field"]])
        if not code:
            wrong.append(fault(number, sheet.columns["field"], "required"))
        if wrong or of is None:
            faults += wrong
            continue
        if (one := days.get(of)) is None:
            one = days[of] = UnitDay(*of)
        one.rows.append(number)
        one.lines.append((code, counts))
    for column, text in sheet.unclear.items():
        if any(count_of(sheet.grid.at(n, column))[0] is not None for n in range(sheet.first, len(sheet.grid.rows))):
            faults.append(fault(sheet.first - 1, column, "column_unclear", {"text": text}))
    return list(days.values())


def _whose(
    sheet: Found, number: int, row: list[Cell], known: dict[Any, tuple[str, date, System]], faults: list[Fault]
) -> tuple[str, date, System] | None:
    """Return whose a row is: judged once for all that are written alike, for a unit-day has many."""
    cells = row[sheet.columns["unit"]], row[sheet.columns["day"]], row[sheet.columns["system"]]
    written = cells[0].value, cells[1].value, cells[2].value
    if (found := known.get(written)) is not None:
        return found
    said = len(faults)
    unit, day, system = _code(cells[0]), day_of_cell(cells[1]), system_named(cells[2].text)
    for name, cell, wrong in (
        ("unit", cells[0], None), ("day", cells[1], "bad_date" if day is None else None),
        ("system", cells[2], "unknown_system" if system is None else None),
    ):  # fmt: skip
        code = "required" if cell.is_blank else wrong
        if code is not None:
            faults.append(fault(number, sheet.columns[name], code, {"text": cell.text[:60]}))
    if len(faults) > said or day is None or system is None:
        return None
    known[written] = unit, day, system
    return unit, day, system


def _code(cell: Cell) -> str:
    """Return a code as text, without the mark that keeps a spreadsheet from running it."""
    return cell.text.strip().removeprefix("'")[:_MAX_TEXT]


def day_of_cell(cell: Cell) -> date | None:
    """Return the day in a cell: a date, `20/11/2026` or `2026-11-20`; None where there is none."""
    return cell.value if isinstance(cell.value, date) else _day(cell.text.strip().strip("'"))


def _day(text: str) -> date | None:
    parts = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text)
    try:
        return date(int(parts[3]), int(parts[2]), int(parts[1])) if parts else date.fromisoformat(text)
    except ValueError:
        return None


def fault(row: int, column: int | None, code: str, values: dict[str, object] | None = None) -> Fault:
    """Return a fault of a cell, or (without a column) of a row, by a pointer of numbers as a spreadsheet shows them."""
    return Fault(f"/rows/{row + 1}" + (f"/{letters(column)}" if column is not None else ""), code, values or {})


def in_cells(sheet: Found, days: Sequence[UnitDay], said: Sequence[Fault]) -> Iterator[Fault]:
    """Give faults of the door's items as those of the cells that the items came from."""
    for one in said:
        where = _WHERE.match(one.pointer)
        if where is None:
            yield one
            continue
        item, name, line, measure = days[int(where[1])], where[2], where[3], where[4]
        row = item.rows[int(line)] if line is not None else item.rows[0]
        column = sheet.columns.get(measure or ("" if name in (None, "lines") else name))
        if line is None and name == "lines" and (code := one.values.get("field")) is not None:
            row = next((n for n, (of, _) in zip(item.rows, item.lines, strict=True) if of == code), row)
        yield fault(row, column, one.code, one.values)


def order(one: Fault) -> tuple[int, str]:
    """Return where a fault stands among the others: by its row."""
    parts = one.pointer.split("/")
    return (int(parts[2]) if len(parts) > 2 and parts[1] == "rows" else 0), one.pointer
