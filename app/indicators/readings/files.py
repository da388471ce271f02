"""Readings from a table, CSV or XLSX: the rules of every reading, all rows or none."""

from contextlib import nullcontext, suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from app.core import audit, i18n
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid, NotFound, Problem, Words
from app.core.faults import faults_of
from app.core.files import FileOut
from app.core.grids import Cell, Grid, letters
from app.core.trying import tried
from app.indicators.readings import service
from app.indicators.readings.models import Origin
from app.indicators.readings.schemas import ReadingIn, ReadingsError, ReadingsImport
from app.indicators.rules import Period, factor, period_written
from app.indicators.sets import service as sets
from app.indicators.turns import take_period_turns

COLUMNS = ("indicator", *ReadingIn.model_fields)
NEEDED = frozenset({"indicator", "period", "as_of"})
_WHOLE = frozenset({"numerator", "denominator", "rank", "out_of", "supersedes"})


def bring(
    session: Session, caller: Caller, grids: list[Grid], *, file: FileOut, dry_run: bool, now: datetime
) -> ReadingsImport:
    """Record the readings of a file; a dry run says what is wrong instead of refusing, and stores nothing.

    Raises Problem where no sheet has the columns, Invalid with the cells of what is wrong.
    """
    grid, header, first = _sheet(grids)
    faults: list[Fault] = []
    warnings: list[Fault] = []
    with tried(session) if dry_run else nullcontext():
        count = _record(session, caller, grid, header, first, faults, warnings, now)
    if faults and not dry_run:
        raise Invalid(faults)
    if not dry_run:
        audit.record(session, "indicator.readings_brought", f"files/{file.id}", after={"rows": count})
    return ReadingsImport(
        dry_run=dry_run, stored=not dry_run, file=file, rows=count, errors=[_shown(fault) for fault in faults],
        warnings=[_shown(fault) for fault in warnings],
    )  # fmt: skip


def _record(
    session: Session, caller: Caller, grid: Grid, header: dict[str, int], first: int, faults: list[Fault],
    warnings: list[Fault], now: datetime,
) -> int:  # fmt: skip
    """Record a sheet's rows, noting what is wrong; returns how many rows there are."""
    count = 0
    take_period_turns(session, _periods(grid, header, first))
    for number in range(first, len(grid.rows)):
        row = {name: _plain(name, grid.at(number, at)) for name, at in header.items()}
        if all(value is None for value in row.values()):
            continue
        count += 1
        code = row.pop("indicator")
        try:
            if code is None:
                raise Invalid([Fault("/indicator", "required")])
            if "value" in header and grid.at(number, header["value"]).percent:
                row["value"] = _of_percent(session, str(code), row["value"], now)
            body = ReadingIn.model_validate({name: value for name, value in row.items() if value is not None})
            row_kept = service.record(session, caller, str(code), body=body, now=now, origin=Origin.file)
            if service.show(session, row_kept).outside_share:
                warnings.append(_placed(Fault("/value", "outside_share"), number, header))
        except ValidationError as error:
            found = faults_of({**e, "loc": ("body", *e["loc"])} for e in error.errors())
            faults += [_placed(fault, number, header) for fault in found]
        except NotFound:
            faults.append(_placed(Fault("/indicator", "unknown_indicator", {"code": str(code)}), number, header))
        except Problem as problem:
            given = problem.faults or [Fault("/indicator", problem.code, problem.values)]
            faults += [_placed(fault, number, header) for fault in given]
    return count


def _sheet(grids: list[Grid]) -> tuple[Grid, dict[str, int], int]:
    for grid in grids:
        for number, cells in enumerate(grid.rows[:10]):
            header = {cell.text.strip(): at for at, cell in enumerate(cells) if cell.text.strip() in COLUMNS}
            if header.keys() >= NEEDED:
                return grid, header, number + 1
    raise Problem("readings_not_understood", status=422, values={"columns": ", ".join(sorted(NEEDED))})


def _periods(grid: Grid, header: dict[str, int], first: int) -> set[Period]:
    """Return the periods that a table names, as far as they are some."""
    found = set()
    for number in range(first, len(grid.rows)):
        with suppress(ValueError):
            found.add(period_written(grid.at(number, header["period"]).text.strip()))
    return found


def _plain(name: str, cell: Cell) -> Any:
    if cell.is_blank:
        return None
    if isinstance(cell.value, date):
        return cell.value.isoformat()[:10]
    text = cell.text.strip()
    if name in _WHOLE and text.lstrip("-").isdigit():
        return int(text)
    return cell.value if name == "value" else text


def _of_percent(session: Session, code: str, shown: Any, now: datetime) -> Decimal:
    """Return what a per-cent cell means: 0.9337 shown as 93.37 % is 93.37 of an indicator in per cent."""
    measure = sets.definition_of(session, code, day_of(now)).definition.unit_of_measure
    return Decimal(str(shown)) * factor(measure)


def _placed(fault: Fault, row: int, header: dict[str, int]) -> Fault:
    column = header.get(fault.pointer.removeprefix("/").partition("/")[0])
    return Fault(f"/rows/{row + 1}" + (f"/{letters(column)}" if column is not None else ""), fault.code, fault.values)


def _shown(fault: Fault) -> ReadingsError:
    row, _, column = fault.pointer.removeprefix("/rows/").partition("/")
    words = {key: i18n.translate(f"error.{fault.code}", key, **fault.values) for key in ("vi", "en")}
    return ReadingsError(pointer=fault.pointer, place=f"{column}{row}", code=fault.code, message=Words(**words))
