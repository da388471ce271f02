"""The catalogue of procedures as a file: what is new, what changes, what is wrong where; all of it or nothing."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError
from sqlmodel import Session

from app.core import i18n, versions
from app.core.access import Caller
from app.core.errors import Fault, Invalid, Problem, Words
from app.core.faults import faults_of
from app.core.files import FileOut
from app.core.grids import Cell, Grid, count_of, letters
from app.core.tables import Table
from app.core.text import search_key
from app.procedures import catalogue
from app.procedures.models import ProcedureIn, ProcedureNew, ProcedureOut
from app.procedures.rules import Level, OnlineLevel

COLUMNS = ("code", "name", "field", "level", "days_allowed", "online_level", "non_boundary", "valid_from", "valid_to")
_NEEDED = {"code", "name", "field", "level", "online_level", "valid_from"}
_WORDS: dict[str, dict[str, Any]] = {
    "level": {"cap thanh pho": Level.CITY, "thanh pho": Level.CITY, "cap xa": Level.COMMUNE, "xa": Level.COMMUNE},
    "online_level": {
        "toan trinh": OnlineLevel.FULL, "mot phan": OnlineLevel.PARTIAL,
        "cung cap thong tin": OnlineLevel.INFORMATION,
    },
    "non_boundary": {
        "co": True, "x": True, "true": True, "1": True, "khong": False, "false": False, "0": False,
    },
}  # fmt: skip


class CatalogueColumn(BaseModel):
    """A column of the catalogue's file: its name, its heading in Vietnamese, whether it must be filled in."""

    name: str
    heading: str
    needed: bool


class CatalogueTemplate(BaseModel):
    """The columns of the catalogue's file."""

    columns: list[CatalogueColumn]


class RowState(StrEnum):
    """What a row does to the catalogue."""

    new = "new"
    changed = "changed"
    unchanged = "unchanged"


class CatalogueRow(BaseModel):
    """A row and what it does; `changes` are the columns that differ."""

    row: int
    code: str
    name: str
    state: Annotated[RowState, Field(description="What it does: new | changed | unchanged")]
    changes: list[str]


class CellError(BaseModel):
    """What is wrong in a cell; `place` as a spreadsheet shows it."""

    pointer: str
    place: str
    code: str
    values: Annotated[dict[str, int | str], Field(description="What the sentence is about")]
    message: Words


class CatalogueImport(BaseModel):
    """What an import did, or would do; with errors it does nothing."""

    dry_run: bool
    stored: bool
    version: Annotated[str, Field(description="The catalogue as it was compared; storing may name it in `If-Match`")]
    file: FileOut
    new: int
    changed: int
    unchanged: int
    rows: Annotated[list[CatalogueRow], Field(description="New rows, then changed ones; the others are only counted")]
    errors: list[CellError]


@dataclass(frozen=True)
class _Read:
    row: int
    values: ProcedureNew


def template() -> CatalogueTemplate:
    """Return the columns of the catalogue's file."""
    return CatalogueTemplate(
        columns=[CatalogueColumn(name=name, heading=_heading(name), needed=name in _NEEDED) for name in COLUMNS]
    )


def as_table(session: Session) -> Table:
    """Return the catalogue as it stands, as the file in which it is edited."""
    rows = (one.model_dump(mode="json") for one in catalogue.listing(session, None).items)
    return Table("thu-tuc", COLUMNS, [[row[name] for name in COLUMNS] for row in rows])


def bring(
    session: Session, caller: Caller, grids: list[Grid], *, file: FileOut, dry_run: bool, if_match: str | None = None
) -> CatalogueImport:
    """Say what a file does to the catalogue and, without `dry_run`, do it; raises Invalid with the cells then."""
    grid, first, columns = _found(grids)
    faults: list[Fault] = []
    standing = {one.code: one for one in catalogue.listing(session, None).items}
    read = _rows(grid, first, columns, standing, faults)
    version = _version(standing)
    if if_match is not None and not dry_run:
        versions.check_match(if_match, None, version)
    known = catalogue.field_codes(session)
    faults += [
        _fault(one.row, columns["field"], "unknown_field", {"code": one.values.field})
        for one in read
        if one.values.field not in known
    ]
    if faults and not dry_run:
        raise Invalid(sorted(faults, key=_order))
    rows = [_compared(one, standing.get(one.values.code)) for one in read]
    if not dry_run:
        for one, row in zip(read, rows, strict=True):
            if row.state != RowState.unchanged:
                catalogue.put(session, caller, values=one.values)
    counts = {state: sum(row.state == state for row in rows) for state in RowState}
    return CatalogueImport(
        dry_run=dry_run, stored=not dry_run, version=version, file=file,
        new=counts[RowState.new], changed=counts[RowState.changed], unchanged=counts[RowState.unchanged],
        rows=sorted((r for r in rows if r.state != RowState.unchanged), key=lambda r: (r.state != RowState.new, r.row)),
        errors=[_shown(fault) for fault in sorted(faults, key=_order)],
    )  # fmt: skip


def _version(standing: dict[str, ProcedureOut]) -> str:
    """Return a mark of the whole catalogue: between trying a file and storing it, somebody may have changed a row."""
    said = "".join(f"{code}={one.version};" for code, one in sorted(standing.items()))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _found(grids: list[Grid]) -> tuple[Grid, int, dict[str, int]]:
    """Return the sheet with the catalogue, its first row after the headings, and where its columns are."""
    headings = {search_key(_heading(name)): name for name in COLUMNS} | {search_key(name): name for name in COLUMNS}
    for grid in grids:
        for number, row in enumerate(grid.rows[:20]):
            named = ((c, headings.get(search_key(cell.text))) for c, cell in enumerate(row))
            columns = {name: c for c, name in reversed(list(named)) if name is not None}
            if columns.keys() >= _NEEDED:
                return grid, number + 1, columns
    raise Problem("catalogue_not_understood", status=422)


def _rows(
    grid: Grid, first: int, columns: dict[str, int], standing: dict[str, ProcedureOut], faults: list[Fault]
) -> list[_Read]:
    read: list[_Read] = []
    seen: set[str] = set()
    for number in range(first, len(grid.rows)):
        if all(grid.at(number, column).is_blank for column in columns.values()):
            continue
        wrong: list[Fault] = []
        values = {name: _value(name, grid.at(number, c), number, c, wrong) for name, c in columns.items()}
        try:
            given = {name: value for name, value in values.items() if value is not None}
            if (stands := standing.get(str(values["code"]))) is not None:  # of what has no column nothing is said
                given |= {name: getattr(stands, name) for name in ProcedureIn.model_fields if name not in columns}
            one = _Read(number, ProcedureNew.model_validate(given))
        except ValidationError as error:
            found = faults_of({**e, "loc": ("body", *e["loc"])} for e in error.errors())
            told = {fault.pointer for fault in wrong}
            places = [(fault, columns.get(fault.pointer.split("/")[1])) for fault in found]
            wrong += [
                cell
                for fault, column in places
                if (cell := _fault(number, column, fault.code, fault.values)).pointer not in told
            ]
            faults += wrong
            continue
        faults += wrong
        if one.values.valid_to is not None and one.values.valid_to < one.values.valid_from:
            faults.append(_fault(number, columns["valid_to"], "ends_before_start", {}))
        if one.values.code in seen:
            faults.append(_fault(number, columns["code"], "code_twice", {"code": one.values.code}))
        seen.add(one.values.code)
        read.append(one)
    return read


def _value(name: str, cell: Cell, row: int, column: int, faults: list[Fault]) -> Any:
    """Return a cell's value as the schema takes it; what cannot be read is told and left out."""
    if cell.is_blank:
        return None
    if cell.broken:
        faults.append(_fault(row, column, "formula_without_value", {}))
        return None
    if name == "days_allowed":
        number, code = count_of(cell, 1000)
        if code:
            faults.append(_fault(row, column, code, {"limit": 1000} if "large" in code else {}))
        return number
    if name in ("valid_from", "valid_to"):
        return _day(cell)
    if name in _WORDS:
        if isinstance(cell.value, bool):
            return cell.value
        return _WORDS[name].get(search_key(cell.text), cell.text)
    # A code like 1.004194 is text that a spreadsheet may have taken for a number, and an export has escaped.
    text = cell.text.removeprefix("'")
    return f"{cell.value:.6f}" if name == "code" and isinstance(cell.value, float) else text


def _day(cell: Cell) -> str:
    if isinstance(cell.value, date):
        return cell.value.isoformat()
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", cell.text)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else cell.text


def _compared(one: _Read, stands: ProcedureOut | None) -> CatalogueRow:
    changes: list[str] = []
    if stands is not None:
        changes = [name for name in ProcedureIn.model_fields if getattr(one.values, name) != getattr(stands, name)]
    state = RowState.new if stands is None else RowState.changed if changes else RowState.unchanged
    return CatalogueRow(row=one.row + 1, code=one.values.code, name=one.values.name, state=state, changes=changes)


def _heading(name: str) -> str:
    return i18n.translate(f"procedures.import_column.{name}", "vi")


def _fault(row: int, column: int | None, code: str, values: dict[str, Any]) -> Fault:
    return Fault(f"/rows/{row + 1}" + (f"/{letters(column)}" if column is not None else ""), code, values)


def _order(fault: Fault) -> tuple[int, str]:
    return int(fault.pointer.split("/")[2]), fault.pointer


def _shown(fault: Fault) -> CellError:
    row, _, column = fault.pointer.removeprefix("/rows/").partition("/")
    words = {key: i18n.translate(f"error.{fault.code}", key, **fault.values) for key in ("vi", "en")}
    values = {k: v if isinstance(v, int) else str(v) for k, v in fault.values.items()}
    return CellError(
        pointer=fault.pointer, place=f"{column}{row}", code=fault.code, values=values, message=Words(**words)
    )
