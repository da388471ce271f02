"""The files of unit-days that were brought, and taking one back: what it said ends, what became a report stays."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.db import take_turns
from app.core.errors import Conflict, NotFound
from app.core.files import FileOut, StoredFile
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput.figures import storing
from app.throughput.figures.intake.schemas import BroughtOut, BroughtPage, WithdrawalIn
from app.throughput.figures.models import FigureDay, FigureImport, FigureImportDay
from app.throughput.figures.reading import DAY, FIGURE, reported
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import FigureResultOut, FiguresIn, FigureStatus
from app.throughput.figures.storing import Call
from app.throughput.forms import Reference
from app.units.models import Unit

_IMPORT, _OF, _FILE = hot.table(FigureImport).c, hot.table(FigureImportDay).c, hot.table(StoredFile).c
_UNIT = hot.table(Unit).c


def note(
    session: Session, caller: Caller, body: FiguresIn, results: list[FigureResultOut], *, file: FileOut, now: datetime
) -> int:
    """Write down that a file was stored, and which version of which unit-day it gave; returns its number."""
    row = FigureImport(
        file_id=file.id, unit_id=caller.unit_id, source=body.source, basis=body.basis.value, at=now, by=caller.label
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    given = {
        (one.unit, one.day, one.system.value): result.version
        for one, result in zip(body.items, results, strict=True)
        if result.status is FigureStatus.accepted
    }
    if given:
        days = [day for _, day, _ in given]
        found = session.execute(
            select(DAY.id, _UNIT.code, DAY.day, DAY.system)
            .join(hot.table(Unit), _UNIT.id == DAY.unit_id)
            .where(DAY.source == body.source, DAY.day.between(min(days), max(days)))
        )
        rows = [
            {"import_id": row.id, "figure_day_id": number, "version": given[key], "taken_back": False}
            for number, *of in found
            if (key := (of[0], of[1], of[2])) in given
        ]
        hot.run_many(session, hot.table(FigureImportDay).insert(), rows)
    return row.id


def listing(session: Session, caller: Caller, page: Page) -> BroughtPage:
    """Return the files that were brought, the newest first."""
    query = _query(caller).order_by(_IMPORT.id.desc())
    if page.after is not None:
        query = query.where(_IMPORT.id < int(page.after[0]))
    rows, following = cut(list(session.execute(query.limit(page.limit + 1))), page, lambda row: [row.id])
    return BroughtPage(items=[_out(row) for row in rows], next=following)


def withdraw(session: Session, caller: Caller, number: int, *, body: WithdrawalIn, now: datetime) -> BroughtOut:
    """Take back what a file said, where it is still the source's word and no report was made of it.

    What stood before it is the source's word again, as a newer version; every older value stays in the history. The
    same again has no effect. Raises NotFound for another's file; Conflict where it was withdrawn with other words, or
    has totals, on which later days rest.
    """
    held = select(FigureImport).where(_IMPORT.id == number, _whose(caller)).with_for_update()
    row = session.scalars(held).one_or_none()
    if row is None:
        raise NotFound
    if row.reason is not None:
        if row.reason != body.reason:
            raise Conflict("import_withdrawn")
        return _one(session, caller, number)
    if row.basis == Basis.cumulative:
        raise Conflict("totals_not_withdrawn")
    of_import = select(DAY.unit_id).join(hot.table(FigureImportDay), _OF.figure_day_id == DAY.id)
    units = set(session.scalars(of_import.where(_OF.import_id == number)))
    take_turns(session, units)
    days = session.execute(
        select(*hot.table(FigureDay).c, _UNIT.code)
        .join(hot.table(FigureImportDay), (_OF.figure_day_id == DAY.id) & (_OF.version == DAY.version))
        .join(hot.table(Unit), _UNIT.id == DAY.unit_id)
        .where(_OF.import_id == number)
        .order_by(_UNIT.code, DAY.system, DAY.day)
    ).all()
    # In no cell another than the report that was made of it: that report was made of these very figures.
    back = [day for day in days if day.revision_id is None or day.gaps != 0]
    _take_back(session, caller, row, back, now)
    row.withdrawn_at, row.withdrawn_by, row.reason = now, caller.label, body.reason
    session.flush()
    audit.record(
        session, "figures.import_withdrawn", f"figure-imports/{number}",
        after={"file": row.file_id, "source": row.source, "taken_back": len(back)}, reason=body.reason,
    )  # fmt: skip
    return _one(session, caller, number)


def _take_back(session: Session, caller: Caller, row: FigureImport, days: list[Any], now: datetime) -> None:
    if not days:
        return
    first, last = min(day.day for day in days), max(day.day for day in days)
    reference = Reference.read(session)
    stands = reported(session, {day.unit_id for day in days}, first, last)
    body = FiguresIn.model_construct(source=row.source, basis=Basis.daily, since=None, items=[])
    call = Call(session, reference, caller, body, now, {}, stands, [])
    before = _before(session, days, {info.id: code for code, info in reference.by_code.items()})
    for day in days:
        key = day.unit_id, System(day.system), day.day
        # By no call is this known again: the same figures sent anew are a new word.
        digest = hashlib.sha256(f"withdrawn {row.id} {day.id}".encode()).hexdigest()
        storing.give_back(call, day.id, key, before.get(day.id, {}), day.version, max(now, day.known_at), digest)
        audit.record(
            session, "figures.taken_back", f"figures/{day.code}/{day.day}/{day.system}",
            after={"source": row.source, "version": day.version + 1, "import": row.id},
        )  # fmt: skip
    storing.finish(call)
    session.execute(
        hot.table(FigureImportDay)
        .update()
        .where(_OF.import_id == row.id, _OF.figure_day_id.in_([day.id for day in days]))
        .values(taken_back=True)
    )


def _before(session: Session, days: list[Any], codes: dict[int, str]) -> dict[int, dict[str, dict[str, int]]]:
    """Return what stood of unit-days right before their newest version, by field and measure."""
    newest = {day.id: day for day in days}
    rows = session.execute(
        select(
            FIGURE.figure_day_id, FIGURE.field_id, FIGURE.measure, FIGURE.version, FIGURE.value, FIGURE.known_to
        )
        .where(FIGURE.figure_day_id.in_(newest))
        .order_by(FIGURE.version)
    )  # fmt: skip
    last: dict[tuple[int, int, str], Any] = {}
    for one in rows:
        if one.version < newest[one.figure_day_id].version:
            last[one.figure_day_id, one.field_id, one.measure] = one
    found: dict[int, dict[str, dict[str, int]]] = {}
    for one in last.values():
        if one.known_to is None or one.known_to >= newest[one.figure_day_id].known_at:
            found.setdefault(one.figure_day_id, {}).setdefault(codes[one.field_id], {})[one.measure] = one.value
    return found


def _whose(caller: Caller) -> Any:
    return _IMPORT.unit_id.is_not_distinct_from(caller.unit_id)


def _query(caller: Caller) -> Any:
    of = select(func.count()).select_from(hot.table(FigureImportDay)).where(_OF.import_id == _IMPORT.id)
    newest = of.join(hot.table(FigureDay), (DAY.id == _OF.figure_day_id) & (DAY.version == _OF.version))
    columns = {
        "accepted": of, "taken_back": of.where(_OF.taken_back),
        "standing": newest, "confirmed": newest.where(DAY.revision_id.is_not(None), DAY.gaps == 0),
    }  # fmt: skip
    counts = (of.correlate(hot.table(FigureImport)).scalar_subquery().label(name) for name, of in columns.items())
    return (
        select(*hot.table(FigureImport).c, _FILE.name, _FILE.sha256, _FILE.size, *counts)
        .join(hot.table(StoredFile), _FILE.id == _IMPORT.file_id)
        .where(_whose(caller))
    )  # fmt: skip


def _one(session: Session, caller: Caller, number: int) -> BroughtOut:
    return _out(session.execute(_query(caller).where(_IMPORT.id == number)).one())


def _out(row: Any) -> BroughtOut:
    return BroughtOut(
        id=row.id, source=row.source, basis=Basis(row.basis), at=row.at, by=row.by,
        file=FileOut(id=row.file_id, name=row.name, sha256=row.sha256, size=row.size),
        accepted=row.accepted, standing=row.standing, confirmed=row.confirmed, taken_back=row.taken_back,
        withdrawn_at=row.withdrawn_at, withdrawn_by=row.withdrawn_by, reason=row.reason,
        may_withdraw=row.reason is None and row.basis == Basis.daily,
    )  # fmt: skip
