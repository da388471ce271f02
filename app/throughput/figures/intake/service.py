"""A file of unit-days, through the figures door: all of it or nothing, what is wrong told by row and column."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from app.core import audit, i18n
from app.core.access import Caller
from app.core.errors import Fault, Invalid, Problem, Words
from app.core.files import FileOut
from app.core.grids import Grid
from app.core.text import search_key
from app.procedures import codes
from app.procedures.codes import CodeKind
from app.procedures.rules import System
from app.throughput.figures import service as door
from app.throughput.figures.intake import rules, withdrawing
from app.throughput.figures.intake.rules import Found, UnitDay
from app.throughput.figures.intake.schemas import (
    ConfirmingOut,
    FiguresCellError,
    FiguresFileIn,
    FiguresImportOut,
    FiguresOfDayOut,
)
from app.throughput.figures.schemas import (
    ConfirmationStatus,
    FigureDayIn,
    FigureResultOut,
    FiguresIn,
    FigureStatus,
)
from app.throughput.figures.storing import Given
from app.throughput.forms import Reference
from app.throughput.rules import ReasonCode, WarningCode
from app.throughput.schemas import ReasonIn


class ReadLine(NamedTuple):
    """A field's counts as the door takes them: each cell was judged, and of thousands none is judged again."""

    field: str
    counts: dict[str, int]


def sheet_of(grids: list[Grid]) -> Found:
    """Return the sheet with the figures; raises Problem where no headings of them were found."""
    if (sheet := rules.found(grids)) is None:
        raise Problem("figures_not_understood", status=422)
    return sheet


def bring(
    session: Session, caller: Caller, sheet: Found, *, said: FiguresFileIn, file: FileOut, now: datetime, dry_run: bool
) -> FiguresImportOut:
    """Say what a file of unit-days does and, without `dry_run`, do it; then raises Invalid with the cells."""
    faults: list[Fault] = []
    days = rules.read(sheet, faults)
    if not days and not faults:
        faults.append(Fault("/file", "file_without_figures"))
    results: list[FigureResultOut] = []
    given: list[Given] = []
    body: FiguresIn | None = None
    confirming: list[ConfirmingOut] = []
    if said.reason is ReasonCode.other and not said.note:
        faults.append(Fault("/note", "note_required"))
    if days:
        reference = Reference.read(session)
        body = _body(session, reference, days, said)
        try:
            # What could not be read is wrong already: the rest is only judged, so that all is told at once.
            out = door.put(
                session, caller, body=body, now=now, dry_run=dry_run or bool(faults), whole=True, late=_late(said),
                given=given,
            )  # fmt: skip
            results = out.results
            confirming = _confirming(reference, body, results)
        except Invalid as invalid:
            faults += rules.in_cells(sheet, days, invalid.faults)
    faults.sort(key=rules.order)
    if faults and not dry_run:
        raise Invalid(faults)
    number = None
    if not dry_run and body is not None:
        number = withdrawing.note(session, caller, body, given, file=file, now=now)
        audit.record(
            session, "figures.imported", f"figure-senders/{said.source}",
            after={"file": file.id, "sha256": file.sha256, "unit_days": len(days), "import": number},
        )  # fmt: skip
    return FiguresImportOut(
        number=number, dry_run=dry_run, stored=not dry_run, file=file, source=said.source, basis=said.basis,
        since=said.since, rows=sum(len(one.rows) for one in days), results=[] if faults else results,
        accepted=sum(one.status is FigureStatus.accepted for one in results),
        unchanged=sum(one.status is FigureStatus.unchanged for one in results),
        days=[] if faults else _by_day(days, results), confirming=[] if faults else confirming,
        errors=[_shown(one) for one in faults],
    )  # fmt: skip


def _late(said: FiguresFileIn) -> ReasonIn | None:
    """Return what a file says of the reports that it corrects after the grace."""
    if said.reason is None:
        return None
    return ReasonIn(warning=WarningCode.correction, reason=said.reason, note=said.note)


def _confirming(reference: Reference, body: FiguresIn, results: list[FigureResultOut]) -> list[ConfirmingOut]:
    """Return the unit-days that become reports without a person, or would but for what is told."""
    found = []
    for one, result in zip(body.items, results, strict=True):
        unit, became = reference.units.get(one.unit), result.confirmation
        if unit is not None and became is not None:
            found.append(
                ConfirmingOut(
                    unit=unit.code, name=unit.full_name, day=one.day, system=one.system, status=became.status,
                    code=became.code, errors=became.errors,
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: (one.status is not ConfirmationStatus.refused, one.day, one.system, one.unit))


def _body(session: Session, reference: Reference, days: list[UnitDay], said: FiguresFileIn) -> FiguresIn:
    """Return the call that a file stands for; its cells are judged, and there may be more of them than in a call."""
    units = _names((unit.name, code) for code, unit in reference.units.items())
    theirs = codes.of_source(session, said.source)[CodeKind.unit]
    fields = _names((info.name_vi, code) for code, info in reference.by_code.items())

    def item(one: UnitDay) -> FigureDayIn:
        key = search_key(one.unit)
        unit = one.unit if one.unit in reference.units else units.get(key) or theirs.get(key, one.unit)
        lines: list[Any] = [
            ReadLine(code if reference.knows_field(code) else fields.get(search_key(code), code), counts)
            for code, counts in one.lines
        ]
        return FigureDayIn.model_construct(
            unit=unit, day=one.day, system=one.system, counted_until=None, lines=lines
        )  # fmt: skip

    items = [item(one) for one in days]
    return FiguresIn.model_construct(source=said.source, basis=said.basis, since=said.since, items=items)


def _names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return codes by folded name, where a name is one row's alone."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, code in pairs:
        found[search_key(name)].add(code)
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}


def _by_day(days: list[UnitDay], results: list[FigureResultOut]) -> list[FiguresOfDayOut]:
    found: dict[tuple[date, System], list[FigureResultOut]] = defaultdict(list)
    for one, result in zip(days, results, strict=True):
        found[one.day, one.system].append(result)
    return [
        FiguresOfDayOut(
            day=day, system=system, units=len(of),
            accepted=sum(one.status is FigureStatus.accepted for one in of),
            unchanged=sum(one.status is FigureStatus.unchanged for one in of),
            confirmed=_confirmations(of, ConfirmationStatus.confirmed),
            not_confirmed=_confirmations(of, ConfirmationStatus.refused),
        )
        for (day, system), of in sorted(found.items())
    ]  # fmt: skip


def _confirmations(results: list[FigureResultOut], status: ConfirmationStatus) -> int:
    return sum(one.confirmation is not None and one.confirmation.status is status for one in results)


def _shown(fault: Fault) -> FiguresCellError:
    row, _, column = fault.pointer.removeprefix("/rows/").partition("/")
    said = {locale: i18n.translate(f"error.{fault.code}", locale, **fault.values) for locale in ("vi", "en")}
    values = {k: v if isinstance(v, int) else str(v) for k, v in fault.values.items()}
    place = f"{column}{row}" if fault.pointer.startswith("/rows/") else None
    return FiguresCellError(pointer=fault.pointer, place=place, code=fault.code, values=values, message=Words(**said))
