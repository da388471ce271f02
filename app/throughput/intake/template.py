"""The template of a unit's day: its fields in their order with their openings, to be filled in and brought back."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlmodel import Session

from app.core import i18n
from app.core.tables import Cell, Table
from app.procedures.rules import System
from app.throughput import worksheet
from app.throughput.intake.layout import MEMOS
from app.throughput.rules import COLUMNS
from app.throughput.worksheet import SheetRow, WorksheetOut
from app.units.models import Unit

_ABOUT = ("system", "field", "name")


class TemplateColumn(BaseModel):
    """A column: its name in the API, its heading in the file, whether a whole number is filled in."""

    name: str
    heading: str
    is_count: bool


class TemplateRow(BaseModel):
    """A field's row as the file has it; null: worked out when it is left blank."""

    system: Annotated[System, Field(description="Source system")]
    field: str
    name: str
    counts: dict[str, int | None]


class TemplateOut(BaseModel):
    """The template of a unit's day."""

    unit: str
    unit_name: str
    day: date
    version: Annotated[str, Field(description="Versions that stand, `city-ministry`")]
    exists: bool
    columns: list[TemplateColumn]
    rows: list[TemplateRow]


def template(session: Session, unit: Unit, day: date, now: datetime) -> TemplateOut:
    """Return the template of a day: what stands is in it, else the openings and zeros."""
    sheet = worksheet.worksheet(session, unit, day, now)
    return TemplateOut(
        unit=unit.code, unit_name=unit.name, day=day, version=sheet.version, exists=sheet.exists,
        columns=_columns(), rows=_rows(sheet),
    )  # fmt: skip


def as_table(shown: TemplateOut) -> Table:
    """Return the template as the file that is filled in: Vietnamese headings, codes beside names."""
    rows: list[list[Cell]] = [
        [
            i18n.translate(f"throughput.intake_system.{row.system.value}", "vi"),
            row.field,
            row.name,
            *(row.counts[c.name] for c in shown.columns if c.is_count),
        ]
        for row in shown.rows
    ]
    counts = [n for n, column in enumerate(shown.columns) if column.is_count]
    return Table(f"so-lieu-{shown.unit}-{shown.day}", [c.heading for c in shown.columns], rows, counts)


def _columns() -> list[TemplateColumn]:
    keys = {name: f"throughput.intake_column.{name}" for name in _ABOUT}
    keys |= {name: f"throughput.column.{name}" for name in COLUMNS} | {m: f"throughput.memo.{m}" for m in MEMOS}
    return [
        TemplateColumn(name=name, heading=i18n.translate(key, "vi"), is_count=name not in _ABOUT)
        for name, key in keys.items()
    ]


def _rows(sheet: WorksheetOut) -> list[TemplateRow]:
    return [
        TemplateRow(system=one.system, field=row.field, name=row.names.vi, counts=_counts(row, one.report is not None))
        for one in (sheet.city, sheet.ministry)
        for row in one.rows
    ]


def _counts(row: SheetRow, stands: bool) -> dict[str, int | None]:
    if row.line is not None:
        return {column: getattr(row.line, column) for column in COLUMNS} | {m: row.line.memo.get(m, 0) for m in MEMOS}
    counts: dict[str, int | None] = dict.fromkeys((*COLUMNS, *MEMOS), 0)
    counts["pending_in_time"] = None
    if not stands:
        counts |= {"carried_over": row.opening, "pending_overdue": row.overdue_before}
    return counts


def filled(sheet: WorksheetOut, typed: dict[str, Any]) -> dict[str, Any]:
    """Return what was understood as if it had been typed; cells of which nothing was said stay as they are."""
    out = dict(typed)
    for one in (sheet.city, sheet.ministry):
        of_system = out.get(one.system.value)
        lines = of_system.get("lines") if isinstance(of_system, dict) else None
        if not isinstance(of_system, dict) or not isinstance(lines, dict):
            continue
        stands = {row.field: _typed_row(row, one.report is not None) for row in one.rows}
        given = {field: _over(stands.get(field, {}), line) for field, line in lines.items() if isinstance(line, dict)}
        out[one.system.value] = {**of_system, "lines": {**stands, **given}}
    return out


def _over(stands: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    memo = line.get("memo")
    # Of a line whose post is not split from the counter nothing is said: its cell is left blank.
    cells = {**stands, "received_post": "", **line}
    return cells | ({"memo": {**stands.get("memo", {}), **memo}} if isinstance(memo, dict) else {})


def _typed_row(row: SheetRow, stands: bool) -> dict[str, Any]:
    counts = _counts(row, stands)
    typed: dict[str, Any] = {c: "" if counts[c] is None else str(counts[c]) for c in COLUMNS if c != "pending_in_time"}
    memo = {m: str(counts[m]) for m in MEMOS if counts[m]}
    return {"field": row.field, **typed} | ({"memo": memo} if memo else {})
