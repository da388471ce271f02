"""Two people changed one day: which cells both changed, which only one of them. Pure.

A cell goes by the name of its input in the day's form; its values are what the input shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.clock import HUE
from app.core.forms import to_json_value
from app.throughput.rules import COLUMNS
from app.throughput.schemas import LineOut, ReportOut

WORKED_OUT = "pending_in_time"
ABOUT = ("partial_day", "note", "counted_until")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it was, as the others left it, as I typed it."""

    name: str
    system: str
    field: str | None
    column: str
    base: str
    theirs: str
    mine: str


@dataclass
class Merged:
    """The cells that are not as they were: changed by both, by the others only, by me only."""

    both: dict[str, Cell] = field(default_factory=dict)
    theirs: dict[str, Cell] = field(default_factory=dict)
    mine: dict[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a form without a report shows of a field: the close before it, and what was overdue of that."""

    close: int
    overdue: int


Place = tuple[str | None, str]
Cells = dict[Place, str]


def merge(
    system: str, base: Mapping[Place, str], theirs: Mapping[Place, str], mine: Mapping[Place, str],
    names: Mapping[Place, str],
) -> Merged:  # fmt: skip
    """Return what became of every cell; one that both changed to the same is as settled as one nobody changed.

    A cell that a form did not hold is as it was; an in-time stock left blank follows from the others.
    """
    merged = Merged()
    for place in {**base, **theirs, **mine}:
        if (place[1] == WORKED_OUT and place not in mine) or (place[1] == "counted_until" and place not in base):
            continue
        was = base.get(place, "")
        now, typed = theirs.get(place, ""), mine.get(place, was)
        if now == typed:
            continue
        name = names.get(place) or name_of(system, place)
        cell = Cell(name, system, *place, was, now, typed)
        kind = merged.mine if now == was else merged.theirs if typed == was else merged.both
        kind[name] = cell
    return merged


def name_of(system: str, place: Place) -> str:
    """Return the name that the day's form gives a cell's input."""
    code, column = place
    if column in ABOUT:
        return f"{system}[{column}]"
    parts = column.split("/")
    rows = [] if parts[0] == "reasons" else ["lines", str(code)]
    return system + "".join(f"[{part}]" for part in (*rows, *parts))


def of_report(report: ReportOut | None, openings: Mapping[str, Opening], memos: tuple[str, ...]) -> Cells:
    """Return the cells of a form that shows a report, or of one that nothing was sent of yet."""
    cells: Cells = {}
    stands = report is not None and report.unavailable is None
    lines = {line.field: line for line in report.lines} if report is not None else {}
    for code, opening in openings.items():
        line = lines.get(code)
        for column in COLUMNS:
            blank = {"carried_over": opening.close, "pending_overdue": opening.overdue} if not stands else {}
            cells[code, column] = _count(line, column) if line else str(blank.get(column, 0))
        for memo in memos:
            cells[code, f"memo/{memo}"] = str(line.memo.get(memo) or "") if line else ""
    if report is not None:
        cells[None, "partial_day"] = "true" if report.partial_day else ""
        cells[None, "note"] = report.note
        until = report.counted_until.astimezone(HUE)
        cells[None, "counted_until"] = until.strftime("%Y-%m-%dT%H:%M" + (":%S" if until.second else ""))
        for reason in report.reasons:
            at = f"reasons/{reason.warning.value}-{reason.field or ''}"
            cells[reason.field, f"{at}/reason"] = reason.reason.value
            cells[reason.field, f"{at}/note"] = reason.note
            cells[reason.field, f"{at}/counterpart"] = reason.counterpart or ""
    return cells


def _count(line: LineOut, column: str) -> str:
    count = getattr(line, column)
    return "" if count is None else str(count)


def of_form(system: str, typed: Mapping[str, Any], openings: Mapping[str, Opening]) -> tuple[Cells, dict[Place, str]]:
    """Return the cells as they were typed, and the names of their inputs; a blank opening means the close before."""
    cells: Cells = {}
    names: dict[Place, str] = {}

    def put(code: str | None, column: str, text: Any, name: str) -> None:
        if isinstance(text, str):
            cells[code, column] = text
            names[code, column] = name

    for key, row in _rows(typed.get("lines")):
        code = row.get("field")
        if not isinstance(code, str):
            continue
        at = f"{system}[lines][{key}]"
        for column in COLUMNS:
            text = _number(row.get(column))
            if column == "carried_over" and text == "" and code in openings:
                text = str(openings[code].close)
            if column != WORKED_OUT or text != "":
                put(code, column, text, f"{at}[{column}]")
        memos = row.get("memo")
        for memo, text in memos.items() if isinstance(memos, dict) else ():
            put(code, f"memo/{memo}", _number(text), f"{at}[memo][{memo}]")
    cells[None, "partial_day"] = "true" if typed.get("partial_day") in ("on", "true", "1") else ""
    for column in ("note", "counted_until"):
        put(None, column, typed.get(column), f"{system}[{column}]")
    for key, row in _rows(typed.get("reasons")):
        if row.get("warning") and row.get("reason"):
            at = f"reasons/{row['warning']}-{row.get('field') or ''}"
            for column in ("reason", "note", "counterpart"):
                put(row.get("field") or None, f"{at}/{column}", row.get(column), f"{system}[reasons][{key}][{column}]")
    return cells, names


def _number(text: Any) -> Any:
    """Return a count as an input shows it, `1.234` as `1234`; what is no number stays as it was typed."""
    if not isinstance(text, str):
        return None
    number = to_json_value(text, int)
    return str(number) if isinstance(number, int) else text.strip()


def _rows(rows: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(k, row) for k, row in rows.items() if isinstance(row, dict)] if isinstance(rows, dict) else []


def filled(typed: Mapping[str, Any], merged: Merged) -> dict[str, Any]:
    """Return what was typed with the cells that only the others changed as they left them.

    An in-time stock is worked out again: it follows from cells of both.
    """
    out = dict(typed)
    for cell in merged.theirs.values():
        path = cell.name.replace("]", "").split("[")
        node = out
        for depth, part in enumerate(path[:-1]):
            inner = node.get(part)
            node[part] = dict(inner) if isinstance(inner, dict) else {}  # a made-up form may have a text there
            node = node[part]
            if depth == 2 and cell.field:
                node.setdefault("field", cell.field)
            if depth == 2 and path[1] == "reasons":
                node.setdefault("warning", path[2].partition("-")[0])
        node[path[-1]] = "" if cell.column == WORKED_OUT else cell.theirs
    return out
