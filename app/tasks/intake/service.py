"""An annex of tasks: what its rows would become, what is wrong where; all of it or nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import Session, col

from app.core import audit, i18n
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid, Problem, Words
from app.core.faults import faults_of
from app.core.files import FileOut
from app.core.grids import Cell, Grid, letters
from app.core.text import search_key
from app.tasks import service as tasks
from app.tasks.intake.rules import (
    NEEDED,
    UnitNames,
    When,
    as_percent,
    code_of,
    columns_of,
    is_idle,
    progress_of,
    unit_for,
    when_of,
)
from app.tasks.intake.schemas import AnnexError, AnnexImport, AnnexRow, AnnexUnit, UnitMeant
from app.tasks.models import Task
from app.tasks.progress import service as progress
from app.tasks.progress.schemas import UpdateIn
from app.tasks.rules import TaskKind
from app.tasks.schemas import TaskNew, UnitName
from app.units import service as units
from app.units.models import Unit

_FIELDS = {"title": "title", "product": "product", "rhythm": "deadline"}


class Annex:
    """An annex being read: its columns, what its words for units mean, what is wrong in it."""

    def __init__(self, session: Session, grids: list[Grid], meant: list[UnitMeant], day: date) -> None:
        """Find the sheet and its columns; raises Problem where no row has the headings of an annex."""
        for grid in grids:
            for number, row in enumerate(grid.rows[:20]):
                columns = columns_of(search_key(cell.text) for cell in row)
                if columns.keys() >= NEEDED:
                    self.grid, self.first, self.columns = grid, number + 1, columns
                    break
            else:
                continue
            break
        else:
            raise Problem("annex_not_understood", status=422)
        valid = units.valid_units(session, day)
        self.by_code: dict[str, Unit] = {unit.code: unit for unit in valid}
        self.names = UnitNames(
            [(name, unit.code) for unit in valid for name in (unit.name, unit.full_name) if name],
            [(name, unit.code) for unit, name in units.other_names(session, valid)],
        )
        self.meant = {one.written: one.code for one in meant if one.code}
        self.units: dict[str, AnnexUnit] = {}
        self.faults: list[Fault] = []

    def cell(self, row: int, name: str) -> Cell:
        """Return the cell of a column; blank where the annex has no such column."""
        return self.grid.at(row, self.columns.get(name, 10_000))

    def unit(self, row: int, name: str, written: str) -> str | None:
        """Return the code of the unit that some words mean; what nobody can tell is a fault."""
        code, exact = self.meant.get(written), True
        if code is None:
            code, exact = unit_for(written, self.names)
        found = self.by_code.get(code) if code else None
        shown = UnitName(code=found.code, name=found.name) if found else None
        self.units[written] = AnnexUnit(written=written, unit=shown, exact=exact and found is not None)
        if found is None:
            self.faults.append(_fault(row, self.columns.get(name), "unknown_unit", {"code": written}))
            return None
        return found.code

    def when(self, row: int) -> When:
        """Return when a row's task ends; what cannot be read is a fault."""
        value = self.cell(row, "deadline").value
        found = When(value.isoformat()) if isinstance(value, date) else when_of(
            search_key(self.cell(row, "deadline").text)
        )  # fmt: skip
        if found is None:
            self.faults.append(_fault(row, self.columns.get("deadline"), "deadline_unreadable", {}))
        return found or When()


def bring(
    session: Session, caller: Caller, grids: list[Grid], *, file: FileOut, programme: str, directive: int, prefix: str,
    meant: list[UnitMeant], dry_run: bool, now: datetime,
) -> AnnexImport:  # fmt: skip
    """Say what tasks an annex brings and, without `dry_run`, add them; raises Invalid with the cells then."""
    annex = Annex(session, grids, meant, day_of(now))
    rows = _rows(session, annex, programme, directive, prefix)
    unsure = [one.written for one in annex.units.values() if one.unit is not None and not one.exact]
    if not dry_run:
        if annex.faults:
            raise Invalid(annex.faults)
        if unsure:
            raise Invalid([Fault("/units", "unit_unconfirmed", {"code": unsure[0]})])
        for number, values, said in rows:
            try:
                task = tasks.add(session, caller, values=values, now=now)
                if said is not None:
                    progress.say(session, caller, task, body=said.update, now=now, begins=said.begins)
            except Problem as problem:
                raise Invalid([Fault(f"/rows/{number + 1}", f.code, f.values) for f in problem.faults]) from None
        audit.record(session, "tasks.imported", f"files/{file.id}", after={"file": file.sha256, "tasks": len(rows)})
    return AnnexImport(
        dry_run=dry_run, stored=not dry_run, programme=programme, directive=directive, prefix=prefix, file=file,
        tasks=[
            AnnexRow(
                row=number + 1, code=v.code, centre_code=v.centre_code or "", title=v.title, lead_unit=v.lead_unit,
                deadline=v.deadline, result=said.update.done if said else None,
                percent=said.update.percent if said else None,
            )
            for number, v, said in rows
        ],
        units=list(annex.units.values()), meant=meant, errors=[_shown(fault) for fault in annex.faults],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What an annex says was done so far, and whether that says that work has begun."""

    update: UpdateIn
    begins: bool


Row = tuple[int, TaskNew, Said | None]


def _rows(session: Session, annex: Annex, programme: str, directive: int, prefix: str) -> list[Row]:
    found: list[Row] = []
    seen: set[str] = set()
    for row in range(annex.first, len(annex.grid.rows)):
        number, title = (annex.cell(row, name).text.strip() for name in ("number", "title"))
        written = annex.cell(row, "lead_unit").text.strip()
        if not title or title.strip("()").isdigit() or not (number or written):
            continue
        if not written and annex.cell(row, "deadline").is_blank:
            continue  # the heading of a group
        before = len(annex.faults)
        for name, text in (("number", number), ("lead_unit", written)):
            if not text:
                annex.faults.append(_fault(row, annex.columns.get(name), "required", {}))
        several = [part.strip() for part in written.replace("\n", ";").split(";") if part.strip()]
        if len(several) > 1:
            annex.faults.append(_fault(row, annex.columns.get("lead_unit"), "two_leads", {}))
        lead = annex.unit(row, "lead_unit", written) if len(several) == 1 else None
        helpers = [
            annex.unit(row, "coordinating", part.strip())
            for part in annex.cell(row, "coordinating").text.replace("\n", ";").replace(",", ";").split(";")
            if part.strip()
        ]
        when = annex.when(row)
        if len(annex.faults) > before:
            continue
        values = {
            "code": code_of(prefix, number), "centre_code": number, "title": title, "programme": programme,
            "directive": directive, "lead_unit": lead, "coordinating_units": list(dict.fromkeys(helpers)),
            "product": annex.cell(row, "product").text.strip() or None, "deadline": when.period,
            "kind": "regular" if when.rhythm else "dated", "rhythm": when.rhythm,
        }  # fmt: skip
        try:
            new = TaskNew.model_validate(values)
        except ValidationError as error:
            for fault in faults_of({**e, "loc": ("body", *e["loc"])} for e in error.errors()):
                annex.faults.append(
                    _fault(
                        row,
                        annex.columns.get(_FIELDS.get(fault.pointer.split("/")[1], "number")),
                        fault.code,
                        fault.values,
                    )
                )
            continue
        known = session.scalar(select(col(Task.id)).where(col(Task.code) == new.code))
        if new.code in seen or known is not None:
            annex.faults.append(_fault(row, annex.columns.get("number"), "code_in_use", {}))
        seen.add(new.code)
        found.append((row, new, _said(annex, row, new)))
    return found


def _said(annex: Annex, row: int, new: TaskNew) -> Said | None:
    """Return what an annex says was done so far, as the task's first update; None where it says nothing."""
    value, text = annex.cell(row, "progress").value, annex.cell(row, "progress").text
    if isinstance(value, float) and 0 < value < 1:
        text = as_percent(value)
    told = progress_of(text)
    if told.fault is not None:
        annex.faults.append(_fault(row, annex.columns.get("progress"), told.fault, {}))
        return None
    words, percent = told.other, told.percent
    if percent is not None and new.kind is not TaskKind.dated:
        words, percent = text.strip(), None  # a regular task has no percent: its words are kept
    done = "\n".join(part for part in (annex.cell(row, "result").text.strip(), words) if part)
    if not (done or told.begun):
        return None
    try:
        update = UpdateIn(done=done or None, percent=percent, on_track=not done and percent is None)
        return Said(update, begins=told.begun or not is_idle(done))
    except ValidationError as error:
        name = "result" if annex.cell(row, "result").text.strip() else "progress"
        for fault in faults_of(error.errors()):
            annex.faults.append(_fault(row, annex.columns.get(name), fault.code, fault.values))
        return None


def _fault(row: int, column: int | None, code: str, values: dict[str, Any]) -> Fault:
    return Fault(f"/rows/{row + 1}" + (f"/{letters(column)}" if column is not None else ""), code, values)


def _shown(fault: Fault) -> AnnexError:
    row, _, column = fault.pointer.removeprefix("/rows/").partition("/")
    words = {key: i18n.translate(f"error.{fault.code}", key, **fault.values) for key in ("vi", "en")}
    values = {k: v if isinstance(v, int) else str(v) for k, v in fault.values.items()}
    return AnnexError(
        pointer=fault.pointer, place=f"{column}{row}", code=fault.code, values=values, message=Words(**words)
    )
