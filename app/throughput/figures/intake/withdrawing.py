"""The files of unit-days that were brought, and taking one back: what it said ends, what became a report stays."""

import hashlib
import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.db import take_turns
from app.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from app.core.files import FileOut, StoredFile
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput.figures import senders, storing
from app.throughput.figures.intake import words
from app.throughput.figures.intake.schemas import BroughtOut, BroughtPage, WithdrawalIn
from app.throughput.figures.intake.words import Word
from app.throughput.figures.models import FigureDay, FigureImport, FigureImportDay
from app.throughput.figures.reading import DAY, REPORT, REVISION, reported
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import FiguresIn
from app.throughput.figures.storing import Before, Call, Given
from app.throughput.forms import Reference
from app.units.models import Unit

_IMPORT, _OF, _FILE = hot.table(FigureImport).c, hot.table(FigureImportDay).c, hot.table(StoredFile).c
_UNIT = hot.table(Unit).c
_OTHER = hot.table(FigureImportDay).alias("other").c
# Of what a source says now, no other report was made that stands, nor one that differs from it in any cell.
_MADE = (DAY.gaps == 0) & (
    select(REVISION.id)
    .join(REPORT.id.table, (REPORT.id == REVISION.report_id) & (REPORT.version == REVISION.number))
    .where(REVISION.id == DAY.revision_id)
    .exists()
)
_OF_DAY = _OF.figure_day_id == bindparam("of_day")
_end = hot.table(FigureImportDay).update().where(_OF.import_id == bindparam("of_import"), _OF_DAY)
_stand = hot.table(FigureImportDay).update().where(_OF.version == bindparam("of_version"), _OF_DAY)


def note(session: Session, caller: Caller, body: FiguresIn, given: list[Given], *, file: FileOut, now: datetime) -> int:
    """Write down that a file was stored, and which version of which unit-day it gave; returns its number.

    What it said again counts as its word too where only files say it: another file's withdrawal does not end it.
    """
    row = FigureImport(
        file_id=file.id, unit_id=caller.unit_id, source=body.source, basis=body.basis.value, at=now, by=caller.label,
        sender=senders.name_of(caller),
        over_totals=any(one.before is not None and one.before.since is not None for one in given),
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    days = [item.day for item in body.items]
    of_files = set(
        session.scalars(
            select(DAY.id)
            .join(hot.table(FigureImportDay), (_OF.figure_day_id == DAY.id) & (_OF.stands_as == DAY.version))
            .where(DAY.source == body.source, DAY.day.between(min(days), max(days)))
            .where(_OF.again.is_(False), _OF.said_since.is_(False))
        )
    )
    rows = [
        {"import_id": row.id, "figure_day_id": one.figure_day, "version": one.version, "stands_as": one.version,
         "again": one.again, "said_since": False, "withdrawn": False, "taken_back": None,
         "before": None if one.before is None else _kept(one.before)}
        for one in given
        if not one.again or one.figure_day in of_files
    ]  # fmt: skip
    if rows:
        hot.run_many(session, hot.table(FigureImportDay).insert(), rows)
    return row.id


def listing(session: Session, caller: Caller, page: Page) -> BroughtPage:
    """Return the files that were brought, the newest first; raises Invalid for a cursor of another list."""
    query = _query(caller).order_by(_IMPORT.id.desc())
    if page.after is not None:
        if [type(part) for part in page.after] != [int]:
            raise Invalid([Fault("?cursor", "bad_cursor")])
        query = query.where(_IMPORT.id < page.after[0])
    rows, following = cut(list(session.execute(query.limit(page.limit + 1))), page, lambda row: [row.id])
    return BroughtPage(items=[_out(row) for row in rows], next=following)


def withdraw(session: Session, caller: Caller, number: int, *, body: WithdrawalIn, now: datetime) -> BroughtOut:
    """Take back what a file said, where that is the source's word, nobody said it since and no report was made of it.

    The last that was said before and is still said is the source's word again, as a newer version; every older value
    stays in the history. The same again has no effect. Raises NotFound for another's file; Forbidden where the source
    is another's by now; Conflict where it was withdrawn with other words, or where totals are in it or in its place, on
    which later days rest.
    """
    held = select(FigureImport).where(_IMPORT.id == number, _whose(caller)).with_for_update()
    row = session.scalars(held).one_or_none()
    if row is None:
        raise NotFound
    if row.reason is not None:
        if row.reason != body.reason:
            raise Conflict("import_withdrawn")
        return _one(session, caller, number)
    if row.basis == Basis.cumulative or row.over_totals:
        raise Conflict("totals_not_withdrawn")
    of_import = select(DAY.unit_id).join(hot.table(FigureImportDay), _OF.figure_day_id == DAY.id)
    units = set(session.scalars(of_import.where(_OF.import_id == number)))
    take_turns(session, units)
    if not all(map(senders.voices(session, caller, row.source).may, units)):
        raise Forbidden("source_of_another", values={"source": row.source})
    days = session.execute(
        select(*hot.table(FigureDay).c, _UNIT.code, _OF.version.label("given"), _MADE.label("is_made"))
        .join(hot.table(FigureImportDay), (_OF.figure_day_id == DAY.id) & (_OF.stands_as == DAY.version))
        .join(hot.table(Unit), _UNIT.id == DAY.unit_id)
        .where(_OF.import_id == number)
        .order_by(_UNIT.code, DAY.system, DAY.day)
    ).all()
    ending = hot.table(FigureImportDay).update().where(_OF.import_id == number)
    made = [day.id for day in days if day.is_made]
    session.execute(ending.where(_OF.figure_day_id.not_in(made)).values(withdrawn=True))
    said = _said(session, number)
    back = [day for day in days if not day.is_made and not words.is_said(said[day.id], day.given)]
    _take_back(session, caller, row, back, said, now)
    row.withdrawn_at, row.withdrawn_by, row.reason = now, caller.label, body.reason
    session.flush()
    audit.record(
        session, "figures.import_withdrawn", f"figure-imports/{number}",
        after={"file": row.file_id, "source": row.source, "taken_back": len(back)}, reason=body.reason,
    )  # fmt: skip
    return _one(session, caller, number)


def _said(session: Session, number: int) -> dict[int, list[Word]]:
    """Return what files said of the unit-days of one of them, by unit-day."""
    days = select(_OTHER.figure_day_id).where(_OTHER.import_id == number)
    found: dict[int, list[Word]] = defaultdict(list)
    for row in session.execute(select(*hot.table(FigureImportDay).c).where(_OF.figure_day_id.in_(days))):
        is_said = row.said_since or not row.withdrawn
        found[row.figure_day_id].append(Word(row.version, row.again, is_said, row.taken_back, row.before))
    return found


def _take_back(
    session: Session, caller: Caller, row: FigureImport, days: list[Any], said: dict[int, list[Word]], now: datetime
) -> None:  # fmt: skip
    if not days:
        return
    first, last = min(day.day for day in days), max(day.day for day in days)
    reference = Reference.read(session)
    stands = reported(session, {day.unit_id for day in days}, first, last)
    body = FiguresIn.model_construct(source=row.source, basis=Basis.daily, since=None, items=[])
    call = Call(session, reference, caller, body, now, {}, stands, [])
    for day in days:
        key = day.unit_id, System(day.system), day.day
        version, before = words.before(said[day.id], day.given)
        # By no call is this known again: the same figures sent anew are a new word.
        digest = hashlib.sha256(f"withdrawn {row.id} {day.id}".encode()).hexdigest()
        storing.give_back(call, day.id, key, _read(before), day.version, max(now, day.known_at), digest)
        newest = day.version + 1
        hot.run(session, _end.values(taken_back=newest), {"of_import": row.id, "of_day": day.id})
        hot.run(session, _stand.values(stands_as=newest), {"of_version": version, "of_day": day.id})
        audit.record(
            session, "figures.taken_back", f"figures/{day.code}/{day.day}/{day.system}",
            after={"source": row.source, "version": newest, "import": row.id},
        )  # fmt: skip
    storing.finish(call)


def _kept(before: Before) -> str:
    until = before.counted_until.isoformat() if before.counted_until is not None else None
    return json.dumps([until, [[*cell, value] for cell, value in before.figures.items()]], separators=(",", ":"))


def _read(kept: str | None) -> Before | None:
    if kept is None:
        return None
    until, cells = json.loads(kept)
    figures = {(field, measure): value for field, measure, value in cells}
    return Before(None, datetime.fromisoformat(until) if until is not None else None, figures)


def _whose(caller: Caller) -> Any:
    return _IMPORT.unit_id.is_not_distinct_from(caller.unit_id) & (_IMPORT.sender == senders.name_of(caller))


def _query(caller: Caller) -> Any:
    of = select(func.count()).select_from(hot.table(FigureImportDay)).where(_OF.import_id == _IMPORT.id)
    standing = of.join(hot.table(FigureDay), (DAY.id == _OF.figure_day_id) & (DAY.version == _OF.stands_as))
    by_others = (_OTHER.figure_day_id == _OF.figure_day_id) & (_OTHER.version == _OF.version)
    said_beside = select(_OTHER.import_id).where(
        by_others, _OTHER.import_id != _OF.import_id, _OTHER.withdrawn.is_(False)
    )
    columns = {
        "accepted": of.where(_OF.again.is_(False)), "taken_back": of.where(_OF.taken_back.is_not(None)),
        "standing": standing.where(_OF.again.is_(False)),
        "confirmed": standing.where(_OF.again.is_(False), _MADE),
        "ending": standing.where(
            _OF.withdrawn.is_(False), _OF.said_since.is_(False), ~said_beside.exists(), func.coalesce(~_MADE, True)
        ),
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
    may_withdraw = row.reason is None and row.basis == Basis.daily and not row.over_totals
    return BroughtOut(
        id=row.id, source=row.source, basis=Basis(row.basis), at=row.at, by=row.by,
        file=FileOut(id=row.file_id, name=row.name, sha256=row.sha256, size=row.size),
        accepted=row.accepted, standing=row.standing, confirmed=row.confirmed,
        ending=row.ending if may_withdraw else 0, taken_back=row.taken_back,
        withdrawn_at=row.withdrawn_at, withdrawn_by=row.withdrawn_by, reason=row.reason, may_withdraw=may_withdraw,
    )  # fmt: skip
