"""The template of a file of unit-days: a row for each unit, system and field, to be filled in and brought back."""

from collections.abc import Iterator
from datetime import date

from sqlmodel import Session

from app.core.access import Caller
from app.core.errors import Problem
from app.core.sheets import MAX_ROWS
from app.core.tables import Cell, Table
from app.procedures.rules import System
from app.throughput.figures.intake import rules
from app.throughput.figures.intake.schemas import FiguresColumnOut, FiguresTemplateOut
from app.throughput.figures.rules import MEASURES
from app.throughput.forms import Reference, owes
from app.units.models import Unit

_SYSTEMS = {System.CITY: "Thành phố", System.MINISTRY: "Bộ, ngành"}


def columns(day: date) -> FiguresTemplateOut:
    """Return the columns of the file."""
    return FiguresTemplateOut(
        day=day,
        columns=[
            FiguresColumnOut(name=name, heading=rules.heading(name), needed=name in rules.KEY) for name in rules.COLUMNS
        ],
    )


def usual_day(session: Session, caller: Caller, today: date) -> date:
    """Return the day that a file is usually of: today, or the last working day before a Sunday or a holiday."""
    calendar = Reference.read(session).calendars[caller.unit_id]
    return today if calendar.is_working_day(today) else calendar.add_working_days(today, -1)


def as_table(session: Session, caller: Caller, day: date, unit: Unit | None, system: System | None) -> Table:
    """Return the file to be filled in; raises Problem where it would have more rows than are read back."""
    reference = Reference.read(session)
    units = [unit] if unit is not None else _units(reference, caller, day)
    rows = [row for one in units for row in _rows(reference, one, day, [system] if system else list(System))]
    if len(rows) >= MAX_ROWS:
        raise Problem("too_many_rows", status=422, values={"limit": MAX_ROWS})
    headings = [rules.heading(name) for name in rules.COLUMNS]
    counts = [n for n, name in enumerate(rules.COLUMNS) if name in MEASURES]
    return Table(f"mau-so-lieu-{day}", headings, rows, counts)


def _units(reference: Reference, caller: Caller, day: date) -> list[Unit]:
    found = (
        one
        for one in reference.units.values()
        if caller.sees(one.id) and one.is_valid(day) and owes(reference.form, one)
    )
    return sorted(found, key=lambda one: one.code)


def _rows(reference: Reference, unit: Unit, day: date, systems: list[System]) -> Iterator[list[Cell]]:
    for system in systems:
        for code, info in reference.applicable(unit, day, system).items():
            about: list[Cell] = [unit.code, unit.name, day, _SYSTEMS[system], code, info.name_vi]
            yield about + [None] * len(MEASURES)
