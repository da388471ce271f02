"""What the rows of a table say: which field each is, its counts, and what is wrong in which cell. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.core.errors import Fault
from app.core.grids import Grid, count_of, letters, place
from app.core.text import search_key
from app.procedures.rules import System
from app.throughput.intake.layout import FIGURES, MEMOS, MERGED, Layout, is_numbering
from app.throughput.rules import COLUMNS, MAX_COUNT, RECEIVED, RESOLVED

_ORDINAL = re.compile(r"^(?:(?:[ivxlc]+|\d{1,3}(?:\.\d{1,3})*|[a-z])\s*[.)\-:/]\s*)+", re.IGNORECASE)
_TOTAL = re.compile(r"(?:tong(?: so| cong| ho so)?|cong|total|ensemble|tong cong .*|cong .*)")


@dataclass(frozen=True)
class Matched:
    """A row's field, and by what it was known: code, name or external (another system's code)."""

    field: str
    by: str


_MAY_BE_BLANK = frozenset({"carried_over", "pending_in_time", "received_post"})

# What a row's label means in a system: a field, or the code of why it is none.
Matcher = Callable[[str, System], Matched | str]


@dataclass
class RowRead:
    """A row with figures: where it stands, what it says of itself, its field if that is known.

    `counts` has what its columns say; a cell that is wrong says nothing.
    """

    number: int
    label: str
    matched: Matched | None
    counts: dict[str, int | None]
    reason: str | None = None


@dataclass
class Part:
    """One system's rows of a table, with all that was wrong in them."""

    layout: Layout
    rows: list[RowRead] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)
    matched: dict[str, list[RowRead]] = field(default_factory=dict)
    totals_row: int | None = None
    differences: list[tuple[str, int, int]] = field(default_factory=list)


def read_rows(grid: Grid, layout: Layout, match: Matcher, system: System) -> dict[System, Part]:
    """Return what the rows say, by system: the one named in a row's own column, else `system`."""
    parts: dict[System, Part] = {}
    said_totals: dict[System, tuple[bool, dict[str, int | None]]] = {}
    of_system = layout.column("system")
    for number in range(layout.first_row, len(grid.rows)):
        row = grid.rows[number]
        label, code = _label(grid, layout, number)
        if is_numbering(row) or not any(not grid.at(number, c).is_blank for c in _figure_columns(layout)):
            continue
        said = grid.at(number, of_system).text if of_system is not None else ""
        whose = system_named(said) if said.strip() else system
        part = parts.setdefault(whose or system, Part(layout))
        if whose is None:
            part.faults.append(_fault(number, of_system or 0, "unknown_system", {"text": said}))
            continue
        wrong, made = len(part.faults), len(part.computed)
        counts = _counts(grid, layout, number, part)
        if _TOTAL.fullmatch(search_key(strip_ordinal(label))) and not code:
            part.totals_row = number
            said_totals[whose] = bool(said.strip()), counts
            continue
        found = match(code or strip_ordinal(label), whose)
        if code and label:
            named = match(strip_ordinal(label), whose)
            if isinstance(found, str):
                found = named
            elif isinstance(named, Matched) and named.field != found.field:
                part.faults.append(
                    _fault(number, layout.column("field") or 0, "code_name_differ", {"field": found.field})
                )
        if isinstance(found, str) and all(value is None for value in counts.values()):
            del part.faults[wrong:], part.computed[made:]  # words among the figures: a heading, a signature
            continue
        row_read = RowRead(number, label or code, None, counts)
        part.rows.append(row_read)
        if isinstance(found, str):
            row_read.reason = found if any(counts.values()) else "no_figures"
            continue
        row_read.matched = found
        _judge_totals(part, row_read)
        _refuse_twice(part, row_read)
        part.matched.setdefault(found.field, []).append(row_read)
    for part in parts.values():
        part.faults[:0] = _unclear(grid, layout, part)
    for whose, (of_one, counts) in said_totals.items():
        rows = [row for system, part in parts.items() for row in part.rows if system == whose or not of_one]
        sums = {measure: sum(row.counts.get(measure) or 0 for row in rows) for measure in counts}
        parts[whose].differences = [
            (m, value, sums[m]) for m, value in counts.items() if value is not None and value != sums[m]
        ]
    return parts


def _unclear(grid: Grid, layout: Layout, part: Part) -> list[Fault]:
    """Return a fault for each column of figures that may be one of ours and was not read: leaving it out is a guess."""
    return [
        _fault(layout.first_row - 1, column, "column_unclear", {"text": layout.headings[column]})
        for column in sorted(layout.unclear)
        if any(count_of(grid.at(row.number, column))[0] for row in part.rows)
    ]


def _figure_columns(layout: Layout) -> list[int]:
    return [c for c, m in layout.columns.items() if m in FIGURES]


def _label(grid: Grid, layout: Layout, number: int) -> tuple[str, str]:
    name, code, ordinal = (layout.column(m) for m in ("name", "field", "ordinal"))
    label = grid.at(number, name).text.strip() if name is not None else ""
    written = grid.at(number, code).text.strip() if code is not None else ""
    if not label and ordinal is not None and not written:
        label = grid.at(number, ordinal).text.strip()  # "Tổng cộng", merged over the first columns
    return label, written


def strip_ordinal(label: str) -> str:
    """Return a row's name without the `1.`, `II.` or `a)` before it."""
    return _ORDINAL.sub("", label.strip())


def system_named(text: str) -> System | None:
    """Return the source system that a word names; None for an unknown word."""
    key = search_key(text)
    # "Bộ phận Một cửa", "cán bộ" and "toàn bộ" are no ministry.
    if re.search(r"(?<!can )(?<!toan )(?<!noi )\bbo\b(?! phan)|\b(ministry|ministeres?)\b", key):
        return System.MINISTRY
    return System.CITY if re.search(r"\b(thanh pho|tp|city|ville|mot cua)\b", key) else None


def _counts(grid: Grid, layout: Layout, number: int, part: Part) -> dict[str, int | None]:
    counts: dict[str, int | None] = {}
    for column, measure in layout.columns.items():
        if measure not in FIGURES:
            continue
        cell = grid.at(number, column)
        value, fault = count_of(cell)
        if fault:
            part.faults.append(_fault(number, column, fault, {"limit": MAX_COUNT} if "large" in fault else {}))
            continue
        if cell.formula and value is not None:
            part.computed.append(place(number, column))
        counts[measure] = value
    return counts


def _judge_totals(part: Part, row: RowRead) -> None:
    """Compare a row's own sums with its figures: a difference means that a column was misread, or the row is wrong."""
    at = {measure: column for column, measure in part.layout.columns.items()}
    if (at.keys() & {*FIGURES}) - row.counts.keys():
        return  # a cell that is wrong has been told
    get = {m: row.counts.get(m) or 0 for m in FIGURES}
    received = sum(get[c] for c in (*RECEIVED, MERGED))
    sums = {
        "received_total": {received, received + get["carried_over"]},
        "resolved": {sum(get[c] for c in RESOLVED)},
        "pending": {get["pending_in_time"] + get["pending_overdue"]},
    }
    for measure, right in sums.items():
        said = row.counts.get(measure)
        partial = measure == "pending" and "pending_in_time" not in at
        if said is not None and not partial and said not in right:
            values = {"said": said, "sum": max(right)}
            part.faults.append(_fault(row.number, at[measure], "row_total_differs", values))


def _refuse_twice(part: Part, row: RowRead) -> None:
    assert row.matched is not None
    same = part.matched.get(row.matched.field, [])
    # A system that counts finer than we do has several rows for one of our fields: its code map says so.
    if same and not all(r.matched and r.matched.by == "external" for r in (same[0], row)):
        column = part.layout.column("field", "name") or 0
        part.faults.append(_fault(row.number, column, "duplicate_line", {"field": row.matched.field}))


def line_of(rows: Sequence[RowRead], layout: Layout, faults: list[Fault]) -> dict[str, object]:
    """Return the line, as it would be sent, that a field's rows stand for.

    What no column says, or a cell says wrongly, is not in it: in the form it stays as it stands. Only what has no
    column because it is counted in another one is told: post with the counter, early with on time.
    """
    there = set(layout.columns.values())
    assert rows[0].matched is not None
    line: dict[str, object] = {"field": rows[0].matched.field}
    for column in (*COLUMNS, MERGED, *MEMOS):
        if column not in there or any(column not in row.counts for row in rows):
            continue
        values = [value for row in rows if (value := row.counts[column]) is not None]
        total = sum(values) if values or column not in _MAY_BE_BLANK else None
        if total is not None and total > MAX_COUNT:
            faults.append(_fault_of(rows[-1].number, layout, column))
        else:
            line[column] = total
    if MERGED in line:
        line["received_counter"] = line.pop(MERGED)
    if "received_post" not in there:
        line["received_post"] = None
    if "resolved_on_time" in there and "resolved_early" not in there:
        line["resolved_early"] = 0
    memo = {name: line.pop(name, None) for name in MEMOS}
    return line | {"memo": {name: value for name, value in memo.items() if value}}


def _fault_of(row: int, layout: Layout, measure: str) -> Fault:
    return _fault(row, layout.column(measure) or 0, "number_too_large", {"limit": MAX_COUNT})


def _fault(row: int, column: int, code: str, values: Mapping[str, object]) -> Fault:
    return Fault(f"/rows/{row + 1}/{letters(column)}", code, dict(values))
