"""Which kind of table somebody brings, and which of its columns is which. Pure.

Three kinds are known by their headings: our own template (it has the fields' codes), form II.06a in its 13 columns, and
what one-gate systems export. Without headings the number of columns and the identities tell.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from app.core.grids import Cell, Grid, count_of
from app.throughput.intake.words import measures_of, speaks_of_figures
from app.throughput.rules import COLUMNS, RECEIVED, RESOLVED

MERGED = "received_counter_post"
TOTALS = ("received_total", "resolved", "pending")
MEMOS = ("received_for_others", "waiting_applicant", "digitised", "paid_online", "fully_online")
FIGURES = (*COLUMNS, MERGED, *TOTALS, *MEMOS)
# The order of the form's columns 3 to 13, of our own ten, and of the seven that are typed.
_II06A = (
    "received_total", "received_online", MERGED, "carried_over", "resolved", *RESOLVED, "pending", "pending_in_time",
    "pending_overdue",
)  # fmt: skip
_TYPED = (*RECEIVED, *RESOLVED, "pending_overdue")
_NINE = tuple(c for c in COLUMNS if c != "withdrawn")
_HEADING_ROWS = 40
_LEVELS = 8  # rows of headings, one under the other
_FIRSTS = 5  # a title with a number beside it looks like a first row
_MAX_HEADING = 200
_NUMBERING = re.compile(r"\(?\s*(\d{1,2}|[abc])\s*\)?(\s*=.*)?", re.IGNORECASE)


class LayoutKind(StrEnum):
    """What kind of table was recognised."""

    sheet = "sheet"
    ii06a = "ii06a"
    one_gate = "one_gate"
    plain = "plain"


@dataclass(frozen=True)
class Layout:
    """Where what stands: the measure of each column, its heading as written, the row after the headings.

    `unclear` are columns whose headings speak of figures, but not clearly of which, or of which another one does.
    """

    kind: LayoutKind
    columns: dict[int, str]
    headings: dict[int, str]
    first_row: int
    unclear: frozenset[int] = frozenset()

    def column(self, *measures: str) -> int | None:
        """Return the column of the first of these measures that there is."""
        where = {measure: column for column, measure in self.columns.items()}
        return next((where[m] for m in measures if m in where), None)


def layout_of(grid: Grid) -> Layout | None:
    """Return what kind of table a sheet holds; None where it cannot be told."""
    firsts = list(islice(_first_rows(grid), _FIRSTS))
    for first in firsts:
        columns, headings = _by_headings(grid, first)
        figures = {m for m in columns.values() if m in FIGURES}
        enough = "received_online" in figures and figures & set(RESOLVED) and len(figures) >= 4
        if enough and ({"field", "name"} & set(columns.values())):
            unclear = frozenset(c for c, h in headings.items() if c not in columns and speaks_of_figures(h))
            return Layout(_kind(columns), columns, headings, first, unclear)
    return _by_position(grid, firsts[0]) if firsts else None


def _kind(columns: dict[int, str]) -> LayoutKind:
    found = set(columns.values())
    if {"received_total", "received_online", MERGED, "carried_over", "resolved", "pending"} <= found:
        return LayoutKind.ii06a
    return LayoutKind.sheet if "field" in found and "received_post" in found else LayoutKind.one_gate


def _first_rows(grid: Grid) -> Iterator[int]:
    """Give the rows that may be the first with figures."""
    for number, row in enumerate(grid.rows[:_HEADING_ROWS]):
        named = any(isinstance(c.value, str) and re.search(r"[^\W\d_]", c.text) for c in row)
        if named and not is_numbering(row) and any(_is_count(cell) for cell in row):
            yield number


def _is_count(cell: Cell) -> bool:
    # A lone dash may stand for nothing in a heading too.
    return count_of(cell)[0] is not None and any(c.isdigit() for c in cell.text)


def is_numbering(row: Sequence[Cell]) -> bool:
    """Tell whether a row only numbers the columns: `(1) (2) (3)=(4)+(5)+(6)`, `A B 1 2 3`."""
    said = [cell.text.strip() for cell in row if not cell.is_blank]
    found = [m for text in said if (m := _NUMBERING.fullmatch(text))]
    numbers = [int(m[1]) for m in found if m[1].isdigit()]
    return len(said) >= 3 and len(found) == len(said) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _by_headings(grid: Grid, first: int) -> tuple[dict[int, str], dict[int, str]]:
    rows = _heading_rows(grid, first)[-_LEVELS:]
    width = grid.width
    texts = [[row[c].text.strip()[:_MAX_HEADING] for c in range(width)] for row in rows]
    below = [False] * width
    for row_texts in reversed(texts):
        for column in range(1, width):
            # A heading over several columns stands in the first of them only.
            if not row_texts[column] and below[column]:
                row_texts[column] = row_texts[column - 1]
        below = [below[c] or bool(row_texts[c]) for c in range(width)]
    named: dict[int, list[str]] = {}
    for column in range(width):
        parts = list(dict.fromkeys(row_texts[column] for row_texts in texts if row_texts[column]))
        if parts:
            named[column] = parts
    columns: dict[int, str] = {}
    for column, measure in measures_of(named).items():
        if measure not in columns.values():
            columns[column] = measure
    return columns, {column: " – ".join(parts) for column, parts in named.items()}


def _heading_rows(grid: Grid, first: int) -> list[list[Cell]]:
    rows = _unmerged(grid, first)
    return [row for row in rows if not is_numbering(row) and sum(not c.is_blank for c in row) > 1]


def _unmerged(grid: Grid, rows: int) -> list[list[Cell]]:
    """Return the first rows with what was merged across written into each of its cells."""
    width = grid.width
    out = [[grid.at(r, c) for c in range(width)] for r in range(rows)]
    for (top, left), (bottom, right) in grid.merged:
        for r in range(top, min(bottom + 1, rows)):
            # Over the whole width it is a title.
            for c in range(left, min(right + 1, width) if right - left + 1 < width else left):
                out[r][c] = grid.at(top, left)
    return out


def _by_position(grid: Grid, first: int) -> Layout | None:
    rows = [row for row in grid.rows[first:] if any(_is_count(cell) for cell in row)]
    name = next((c for c in range(grid.width) if _mostly(rows, c, _is_words)), None)
    if name is None:
        return None
    figures = [c for c in range(name + 1, grid.width) if _mostly(rows, c, lambda cell: count_of(cell)[1] is None)]
    while figures and all(c >= len(row) or row[c].is_blank for row in rows for c in figures[-1:]):
        figures.pop()  # a block copied with empty columns at its end
    orders = {11: _II06A, 10: COLUMNS, 9: _NINE, 7: _TYPED}
    order = orders.get(len(figures))
    headed = (sum(not row[c].is_blank for c in figures) for row in _heading_rows(grid, first))
    if order is None or any(count * 2 > len(figures) for count in headed):
        return None  # headings that are not understood say something else than the order does
    columns = {name: "name"} | dict(zip(figures, order, strict=True))
    layout = Layout(LayoutKind.ii06a if order is _II06A else LayoutKind.plain, columns, {}, first)
    return layout if len(figures) == 7 or _mostly_balanced(layout, rows) else None


def _is_words(cell: Cell) -> bool:
    return isinstance(cell.value, str) and sum(c.isalpha() for c in cell.text) >= 2 and not _ROMAN.fullmatch(cell.text)


_ROMAN = re.compile(r"\s*[IVXLC]+\s*[.)]?\s*")


def _mostly(rows: Sequence[Sequence[Cell]], column: int, test: Callable[[Cell], bool]) -> bool:
    there = [row[column] for row in rows if column < len(row)]
    return bool(there) and sum(map(test, there)) * 5 >= len(rows) * 4


def _mostly_balanced(layout: Layout, rows: Sequence[Sequence[Cell]]) -> bool:
    good = 0
    for row in rows:
        counts = {m: count_of(row[c])[0] or 0 if c < len(row) else 0 for c, m in layout.columns.items() if m in FIGURES}
        received = sum(counts.get(c, 0) for c in (*RECEIVED, MERGED))
        resolved = sum(counts[c] for c in RESOLVED)
        pending = counts["pending_in_time"] + counts["pending_overdue"]
        said = [counts.get("received_total", counts["carried_over"] + received), counts.get("resolved", resolved)]
        good += counts["carried_over"] + received == resolved + pending and said == [
            counts["carried_over"] + received, resolved,
        ]  # fmt: skip
    return good * 5 >= len(rows) * 4
