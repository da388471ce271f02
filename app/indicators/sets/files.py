"""A set as a file: JSON whole, or a table with a row for each indicator and for each further target of it."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from app.core.errors import Fault, Invalid, Problem
from app.core.faults import faults_of
from app.core.forms import read_json
from app.core.grids import Cell, Grid, letters
from app.core.sheets import MAX_ROWS, from_file
from app.core.tables import Table, unmarked
from app.indicators.rules import AmbiguousAmount, amount_of
from app.indicators.sets.schemas import SetIn

_SET = ("code", "scope", "name_vi", "name_en", "name_fr", "source", "note", "valid_from")
_GROUP = ("code", "name_vi", "name_en", "name_fr", "max_score")
_OWN = (
    "code", "name_vi", "name_en", "name_fr", "meaning", "unit_of_measure", "direction", "comparator", "period_type",
    "minimum_base", "source", "legal_basis", "owner_unit", "rhythm", "expected_age", "ends_on", "formula", "part_of",
)  # fmt: skip
_TARGET = ("place", "period", "low", "high", "document", "document_on")
_TARGETS = tuple(f"target_{name}" for name in _TARGET)
_EXAMPLE = "example"  # as JSON in its cell
COLUMNS = (*(f"set_{name}" for name in _SET), *(f"group_{name}" for name in _GROUP), *_OWN, *_TARGETS, _EXAMPLE)
_WHOLE = frozenset({"group_max_score", "minimum_base", "expected_age"})
_AMOUNTS = frozenset({"target_low", "target_high"})
_CODES = frozenset({"set_code", "group_code", "code"})
_EXACT = 15  # digits that a spreadsheet keeps of a number


def table_of(values: SetIn) -> Table:
    """Return a set as a table: a row for each indicator, what belongs to set and group repeated.

    An indicator's first target and example stand in its row, each further one in a row with nothing but its codes.
    Raises Problem where there are more rows than go in again.
    """
    plain = values.model_dump(mode="json")
    rows = [row for group in plain["groups"] for one in group["indicators"] for row in _rows(plain, group, one)]
    if len(rows) >= MAX_ROWS:
        raise Problem("set_too_long", status=422, values={"limit": MAX_ROWS - 1})
    return Table(f"bo-chi-tieu-{values.code.lower()}", COLUMNS, rows)


def _rows(values: dict[str, Any], group: dict[str, Any], one: dict[str, Any]) -> Iterator[list[Any]]:
    head = [values[name] for name in _SET] + [group[name] for name in _GROUP] + [one[name] for name in _OWN]
    codes = [value if name in _CODES else None for name, value in zip(COLUMNS, head, strict=False)]
    for number in range(max(1, len(one["targets"]), len(one["examples"]))):
        goal = one["targets"][number] if number < len(one["targets"]) else {}
        example = one["examples"][number] if number < len(one["examples"]) else None
        yield [
            *(codes if number else head), *(_amount(goal.get(name)) for name in _TARGET),
            json.dumps(example, ensure_ascii=False) if example else None,
        ]  # fmt: skip


def _amount(value: Any) -> Any:
    """Return an amount so that a table gives it back: text where a number would lose digits or could mean two things.

    93.375 in a CSV could be ninety-three thousand; `93,375` is not.
    """
    if not isinstance(value, float):
        return value
    written = repr(value)
    try:
        exact = amount_of(written) == amount_of(value) and sum(map(str.isdigit, written)) <= _EXACT
    except AmbiguousAmount:
        exact = False
    return value if exact else written.replace(".", ",")


@dataclass(frozen=True, slots=True)
class SetFile:
    """The set that a file holds; of a table the cell that each value came from, by its pointer."""

    values: SetIn
    places: dict[str, str]


def read(content: bytes) -> SetFile:
    """Return the set that a file holds, JSON or a table; raises Invalid with the places of what is wrong."""
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return _valid(read_json(content.removeprefix(b"\xef\xbb\xbf")), {})
    for grid in from_file(content):
        header = [cell.text.strip() for cell in grid.rows[0]] if grid.rows else []
        if {"set_code", "group_code", "code"} <= set(header):
            return _of_grid(grid, header)
    raise Problem("set_not_understood", status=422)


def _of_grid(grid: Grid, header: list[str]) -> SetFile:
    """Put the rows of a table together again; `places` says which cell each value came from."""
    places = {"/groups": f"{letters(header.index('group_code'))}1"}
    values: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    for number, cells in enumerate(grid.rows[1:], 2):
        row = {name: _plain(name, grid.at(number - 1, at)) for at, name in enumerate(header) if name in COLUMNS}
        if all(value is None for value in row.values()) or not cells:
            continue
        cell = dict.fromkeys(COLUMNS, str(number)) | {name: f"{letters(header.index(name))}{number}" for name in row}
        for name in _SET:
            if name not in values:
                values[name] = row.get(f"set_{name}")
                places[f"/{name}"] = cell[f"set_{name}"]
        code = str(row.get("group_code") or "")
        if code not in groups:
            groups[code] = {name: row.get(f"group_{name}") for name in _GROUP} | {"indicators": []}
            places[f"/groups/{len(groups) - 1}"] = cell["group_code"]
            for name in _GROUP:
                places[f"/groups/{len(groups) - 1}/{name}"] = cell[f"group_{name}"]
        _into_group(f"/groups/{list(groups).index(code)}", groups[code]["indicators"], row, cell, places)
    body = {name: value for name, value in values.items() if value is not None}
    return _valid(body | {"groups": [_given(group) for group in groups.values()]}, places)


def _into_group(
    group: str, found: list[dict[str, Any]], row: dict[str, Any], cell: dict[str, str], places: dict[str, str]
) -> None:
    """Add the indicator of a row to its group, or what the row says further of one that is there."""
    goal = {name: row[column] for name, column in zip(_TARGET, _TARGETS, strict=True) if row.get(column) is not None}
    example = row.get(_EXAMPLE)
    known = [one.get("code") for one in found]
    if (goal or example is not None) and row.get("code") in known and _agrees(row, found[known.index(row.get("code"))]):
        index = known.index(row.get("code"))
    else:
        index = len(found)
        found.append({name: row[name] for name in _OWN if row.get(name) is not None} | {"targets": [], "examples": []})
        places |= {f"{group}/indicators/{index}/{name}": cell[name] for name in _OWN}
        places[f"{group}/indicators/{index}"] = cell["code"]
        places[f"{group}/indicators/{index}/examples"] = cell.get(_EXAMPLE, cell["code"])
    one, at = found[index], f"{group}/indicators/{index}"
    if goal:
        to = f"{at}/targets/{len(one['targets'])}"
        places |= {f"{to}/{name}": cell[column] for name, column in zip(_TARGET, _TARGETS, strict=True)}
        places[to] = cell["target_place"]
        one["targets"].append(goal)
    if example is not None:
        places[f"{at}/examples/{len(one['examples'])}"] = cell[_EXAMPLE]
        one["examples"].append(example)


def _agrees(row: dict[str, Any], one: dict[str, Any]) -> bool:
    """Tell whether a row says nothing else of its indicator than the row that defined it."""
    return all(row.get(name) in (None, one.get(name)) for name in _OWN)


def _given(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if value is not None}


def _plain(name: str, cell: Cell) -> Any:
    value = cell.value
    if cell.is_blank:
        return None
    if isinstance(value, date):
        return value.isoformat()[:10]
    if name in _AMOUNTS and isinstance(value, int | float):
        # As it is shown: 0.8 under a per-cent sign is 80%.
        return f"{Decimal(str(value)) * 100:f}%".replace(".", ",") if cell.percent else value
    text = unmarked(cell.text.strip())
    if name == _EXAMPLE:
        with suppress(ValueError, RecursionError):  # text that is no JSON is no example either: refused as one
            return json.loads(text)
        return text
    return int(text) if name in _WHOLE and text.isdigit() else text


def _valid(body: Any, places: dict[str, str]) -> SetFile:
    try:
        return SetFile(SetIn.model_validate(body), places)
    except ValidationError as error:
        faults = faults_of({**e, "loc": ("body", *e["loc"])} for e in error.errors())
        raise Invalid(placed(faults, places)) from None


def placed(faults: Iterable[Fault], places: dict[str, str]) -> list[Fault]:
    """Return what is wrong by the cell that it came from, or the nearest one; of JSON by its pointer."""

    def cell(pointer: str) -> str:
        at = pointer
        while at and at not in places:
            at = at.rpartition("/")[0]
        return f"/cells/{places[at]}" if at else pointer

    return [Fault(cell(f.pointer), f.code, f.values) for f in faults]
