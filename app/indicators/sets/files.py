"""A set as a file: JSON whole, or a table with one row for each indicator."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any

from pydantic import ValidationError

from app.core.errors import Fault, Invalid, Problem
from app.core.forms import read_json
from app.core.grids import Cell, Grid, letters
from app.core.handlers import faults_of
from app.core.sheets import from_file
from app.core.tables import Table
from app.indicators.sets.schemas import SetIn

_SET = ("code", "scope", "name_vi", "name_en", "name_fr", "source", "note", "valid_from")
_GROUP = ("code", "name_vi", "name_en", "name_fr", "max_score")
_OWN = (
    "code", "name_vi", "name_en", "name_fr", "meaning", "unit_of_measure", "direction", "comparator", "period_type",
    "minimum_base", "source", "legal_basis", "owner_unit", "rhythm", "expected_age", "ends_on", "formula", "part_of",
)  # fmt: skip
_LISTS = ("examples", "targets")  # each as JSON in its cell
COLUMNS = (*(f"set_{name}" for name in _SET), *(f"group_{name}" for name in _GROUP), *_OWN, *_LISTS)
_WHOLE = frozenset({"group_max_score", "minimum_base", "expected_age"})


def table_of(values: SetIn) -> Table:
    """Return a set as a table: a row for each indicator, what belongs to set and group repeated."""
    plain = values.model_dump(mode="json")
    rows = [_row(plain, group, one) for group in plain["groups"] for one in group["indicators"]]
    return Table(f"bo-chi-tieu-{values.code.lower()}", COLUMNS, rows)


def _row(values: dict[str, Any], group: dict[str, Any], one: dict[str, Any]) -> list[Any]:
    row = [values[name] for name in _SET] + [group[name] for name in _GROUP] + [one[name] for name in _OWN]
    return row + [json.dumps(one[name], ensure_ascii=False) if one[name] else None for name in _LISTS]


def read(content: bytes) -> SetIn:
    """Return the set that a file holds, JSON or a table; raises Invalid with the places of what is wrong."""
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return _valid(read_json(content.removeprefix(b"\xef\xbb\xbf")), {})
    for grid in from_file(content):
        header = [cell.text.strip() for cell in grid.rows[0]] if grid.rows else []
        if {"set_code", "group_code", "code"} <= set(header):
            return _of_grid(grid, header)
    raise Problem("set_not_understood", status=422)


def _of_grid(grid: Grid, header: list[str]) -> SetIn:
    """Put the rows of a table together again; `places` says which cell each value came from."""
    places: dict[str, str] = {}
    values: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    for number, cells in enumerate(grid.rows[1:], 2):
        row = {name: _plain(name, grid.at(number - 1, at)) for at, name in enumerate(header) if name in COLUMNS}
        if all(value is None for value in row.values()) or not cells:
            continue
        cell = {name: f"{letters(header.index(name))}{number}" for name in row}
        for name in _SET:
            if name not in values:
                values[name] = row.get(f"set_{name}")
                places[f"/{name}"] = cell.get(f"set_{name}", str(number))
        code = str(row.get("group_code") or "")
        if code not in groups:
            groups[code] = {name: row.get(f"group_{name}") for name in _GROUP} | {"indicators": []}
            for name in _GROUP:
                places[f"/groups/{len(groups) - 1}/{name}"] = cell.get(f"group_{name}", str(number))
        at = f"/groups/{list(groups).index(code)}/indicators/{len(groups[code]['indicators'])}"
        groups[code]["indicators"].append({name: row[name] for name in (*_OWN, *_LISTS) if row.get(name) is not None})
        places |= {f"{at}/{name}": cell.get(name, str(number)) for name in (*_OWN, *_LISTS)}
    body = {name: value for name, value in values.items() if value is not None}
    return _valid(body | {"groups": [_given(group) for group in groups.values()]}, places)


def _given(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if value is not None}


def _plain(name: str, cell: Cell) -> Any:
    value = cell.value
    if cell.is_blank:
        return None
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = cell.text.strip()
    if name in _LISTS:
        with suppress(ValueError, RecursionError):  # text that is no JSON is no list either: refused as one
            return json.loads(text)
        return text
    return int(text) if name in _WHOLE and text.isdigit() else text


def _valid(body: Any, places: dict[str, str]) -> SetIn:
    try:
        return SetIn.model_validate(body)
    except ValidationError as error:
        faults = faults_of({**e, "loc": ("body", *e["loc"])} for e in error.errors())
        raise Invalid(_placed(faults, places)) from None


def _placed(faults: Iterable[Fault], places: dict[str, str]) -> list[Fault]:
    def cell(pointer: str) -> str:
        # What is wrong within a list is wrong in the list's cell.
        known = re.match(r"(/groups/\d+/indicators/\d+/(?:examples|targets))/", pointer)
        place = places.get(known[1] if known else pointer)
        return f"/cells/{place}" if place else pointer

    return [Fault(cell(f.pointer), f.code, f.values) for f in faults]
