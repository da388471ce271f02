"""Understanding a pasted block or a file as a unit's day: which table, which rows are which field, what is wrong."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from app.core import i18n
from app.core.errors import Fault, Problem
from app.core.grids import Cell, Grid, letters
from app.core.text import search_key
from app.procedures import codes
from app.procedures.codes import CodeKind
from app.procedures.rules import UNSPLIT, FieldInfo, System
from app.throughput.forms import Reference
from app.throughput.intake.layout import Layout, layout_of
from app.throughput.intake.rows import Matched, Part, line_of, read_rows, system_named
from app.throughput.intake.schemas import (
    ColumnOut,
    DifferenceOut,
    PlacedError,
    RowOut,
    SystemRead,
    TotalsRow,
    Understood,
    UnmatchedRow,
)
from app.throughput.schemas import WordsOut
from app.units.models import Unit
from app.units.service import shown as units_shown

_KIND = re.compile(r"^(?:.* )?(?:phuong|xa|thi tran|p\.?|x\.?|tt\.?) ")
_PREFIX = re.compile(r"^(?:linh vuc|nhom|nhom linh vuc|thu tuc|tthc|ve)\s+")


@dataclass(frozen=True)
class Names:
    """By what a unit's fields are known on a day: codes, names with and without diacritics, other systems' codes."""

    codes: dict[str, str]
    names: dict[str, set[str]]
    external: dict[str, str]
    applicable: dict[System, frozenset[str]]

    def match(self, label: str, system: System) -> Matched | str:
        """Return the field that a row's label means, or the code of why it means none."""
        here = self.applicable[system]
        written = search_key(label)
        if (code := self.codes.get(written)) is not None:
            return Matched(code, "code") if code in here else "field_not_applicable"
        if (code := self.external.get(written)) is not None:
            return Matched(code, "external") if code in here else "field_not_applicable"
        bare = search_key(re.sub(r"\([^)]*\)", " ", label))
        for key in dict.fromkeys((written, bare, _PREFIX.sub("", bare))):
            found = self.names.get(key, set())
            if len(found & here) == 1:
                return Matched(next(iter(found & here)), "name")
            if found:
                return "ambiguous_field" if len(found & here) > 1 else "field_not_applicable"
        return "unknown_field"


def names_of(session: Session, reference: Reference, unit: Unit, day: date) -> Names:
    """Return by what the fields of a unit's day are known."""
    assert unit.id is not None
    here = {s: frozenset(reference.fields.fields(unit.id, unit.kind, day, s.value)) for s in System}
    names: dict[str, set[str]] = {}
    for code, info in reference.by_code.items():
        for key in _spellings(info):
            names.setdefault(key, set()).add(code)
    by_code = {search_key(code): code for code in reference.by_code}
    return Names(by_code, names, codes.targets(session, CodeKind.field), here)


def _spellings(info: FieldInfo) -> Iterable[str]:
    for name in (info.name_vi, info.name_en, info.name_fr, info.short_name):
        yield search_key(name)
    words = search_key(info.name_vi).split()
    if len(words) > 1 and info.code != UNSPLIT:
        yield "".join(word[0] for word in words)


def understand(
    session: Session,
    reference: Reference,
    unit: Unit,
    day: date,
    grids: list[Grid],
    *,
    system: System | None,
) -> Understood:
    """Return what some sheets say of a unit's day; raises Problem for no table, or two of one system."""
    names = names_of(session, reference, unit, day)
    ours = _own_names(session, unit)
    found: dict[System, tuple[Grid, Part]] = {}
    for grid in grids:
        layout = layout_of(grid)
        if layout is None:
            continue
        default = system or (system_named(grid.name or "") or System.CITY)
        for whose, part in read_rows(_of_unit(grid, layout, ours), layout, names.match, default).items():
            if whose in found:
                raise Problem("table_twice", status=422, values={"sheet": grid.name or ""})
            found[whose] = (grid, part)
    if not found:
        raise Problem("table_not_understood", status=422)
    read = {s.value: _shown(*found[s]) if s in found else None for s in System}
    return Understood(unit=unit.code, unit_name=unit.name, day=day, file=None, **read)


def _own_names(session: Session, unit: Unit) -> set[str]:
    one = units_shown(session, [unit])[0]
    names = {search_key(name) for name in (one.code, one.name, one.full_name, *one.former_names, *one.other_names)}
    assert unit.id is not None
    # A former district was several wards of today: what is written in its name is not this one's.
    names = {name for name in names if not name.startswith("quan ")}
    return names | {code for code, target in codes.targets(session, CodeKind.unit).items() if target == unit.code}


def _of_unit(grid: Grid, layout: Layout, ours: set[str]) -> Grid:
    """Return a table without the rows of other units, where a column names them."""
    column = layout.column("unit")
    if column is None:
        return grid

    last = ""
    rows: list[list[Cell]] = []
    for number, row in enumerate(grid.rows):
        if number < layout.first_row:
            rows.append(row)
            continue
        # A unit's name is often written once, over all its rows.
        last = search_key(grid.at(number, column).text) or last
        rows.append(row if not last or last in ours or _KIND.sub("", last) in ours else [])
    return Grid(grid.name, rows, grid.merged)


def _shown(grid: Grid, part: Part) -> SystemRead:
    faults = list(part.faults)
    lines = [line_of(rows, part.layout, faults) for rows in part.matched.values()]
    return SystemRead(
        layout=part.layout.kind,
        sheet=grid.name,
        columns=[
            ColumnOut(place=letters(c), heading=part.layout.headings.get(c, ""), measure=part.layout.columns.get(c))
            for c in sorted({*part.layout.columns, *part.layout.headings})
        ],
        rows=[
            RowOut(row=row.number + 1, label=row.label, field=row.matched.field, by=row.matched.by)
            for row in part.rows
            if row.matched is not None
        ],
        lines=lines,
        unmatched=[
            UnmatchedRow(row=row.number + 1, label=row.label, reason=row.reason)
            for row in part.rows
            if row.reason is not None
        ],
        errors=[placed(fault) for fault in faults],
        computed=part.computed,
        totals=None
        if part.totals_row is None
        else TotalsRow(
            row=part.totals_row + 1,
            differences=[DifferenceOut(measure=m, said=said, sum=total) for m, said, total in part.differences],
        ),
    )


def placed(fault: Fault) -> PlacedError:
    """Return a fault with its place as a spreadsheet shows it, and its words."""
    words = {locale: i18n.translate(f"error.{fault.code}", locale, **fault.values) for locale in i18n.LOCALES}
    return PlacedError(
        pointer=fault.pointer, place=place_of(fault.pointer), code=fault.code,
        values={k: v if isinstance(v, int) else str(v) for k, v in fault.values.items()},
        message=WordsOut.model_validate(words),
    )  # fmt: skip


def place_of(pointer: str) -> str | None:
    """Return the place that a pointer into a table names, as a spreadsheet shows it: `C7`, or `7` for a row."""
    found = re.fullmatch(r"/rows/(\d+)(?:/([A-Z]+))?", pointer)
    return (found[2] or "") + found[1] if found else None


def cell_of(read: SystemRead, line: int, column: str) -> str:
    """Return the pointer of the cell that a line's figure came from; of its row where it stands in no cell."""
    row = next(row.row for row in read.rows if row.field == read.lines[line]["field"])
    where = next((c.place for c in read.columns if c.measure == column), None)
    return f"/rows/{row}/{where}" if where else f"/rows/{row}"
