"""The files of unit-days that were brought, and taking one back: what it said ends, what stood before stands again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.db import take_turns
from app.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from app.core.files import FileOut, StoredFile
from app.core.paging import Page, cut
from app.throughput.figures import senders, storing
from app.throughput.figures.intake import returning, whole, words
from app.throughput.figures.intake.schemas import BroughtOut, BroughtPage, WithdrawalIn
from app.throughput.figures.intake.words import Word
from app.throughput.figures.models import FigureDay, FigureImport, FigureImportDay
from app.throughput.figures.reading import DAY, MADE, reported
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import FiguresIn
from app.throughput.figures.storing import Call, Given
from app.throughput.forms import Reference
from app.units.models import Unit

_IMPORT, _OF, _FILE = hot.table(FigureImport).c, hot.table(FigureImportDay).c, hot.table(StoredFile).c
_UNIT = hot.table(Unit).c
_OF_TOTALS = (_IMPORT.basis == Basis.cumulative.value) | _IMPORT.over_totals
_OTHER = hot.table(FigureImportDay).alias("other").c


def note(session: Session, caller: Caller, body: FiguresIn, given: list[Given], *, file: FileOut, now: datetime) -> int:
    """Write down that a file was stored, and which version of which unit-day it gave; returns its number.

    What it said again counts as its word too where only files say it: another file's withdrawal does not end it. It is
    the word of the version that first said so, however often totals before it moved the day since.
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
    says = (
        select(DAY.id, _OF.version)
        .join(hot.table(FigureImportDay), (_OF.figure_day_id == DAY.id) & (_OF.stands_as == DAY.version))
        .where(DAY.source == body.source, DAY.day.between(min(days), max(days)))
        .where(_OF.withdrawn.is_(False), _OF.said_since.is_(False))
    )
    of_files = {row[0]: row[1] for row in session.execute(says)}
    rows = [
        {"import_id": row.id, "figure_day_id": one.figure_day, "stands_as": one.stands_as,
         "version": of_files[one.figure_day] if one.again else one.version, "again": one.again,
         "said_since": False, "withdrawn": False, "taken_back": None,
         "before": None if one.before is None else returning.kept(one.before)}
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
    """Take back what a file said, where that is the source's word and nobody said it since.

    The last that was said before and is still said is the source's word again, as a newer version; every older value
    stays in the history. Of a file of days, what became a report stays. A file of totals, or one in their place, goes
    whole and the reports that were made of it are corrected, or it does not go at all. The same again has no effect.
    Raises NotFound for another's file; Forbidden where the source is another's by now; Conflict where it was withdrawn
    with other words, or where a day keeps totals from going.
    """
    held = select(FigureImport).where(_IMPORT.id == number, _whose(caller)).with_for_update()
    row = session.scalars(held).one_or_none()
    if row is None:
        raise NotFound
    if row.reason is not None:
        if row.reason != body.reason:
            raise Conflict("import_withdrawn")
        return _one(session, caller, number)
    of_import = select(DAY.unit_id).join(hot.table(FigureImportDay), _OF.figure_day_id == DAY.id)
    units = set(session.scalars(of_import.where(_OF.import_id == number)))
    take_turns(session, units)
    if not all(map(senders.voices(session, caller, row.source).may, units)):
        raise Forbidden("source_of_another", values={"source": row.source})
    if row.basis == Basis.cumulative or row.over_totals:
        taken_back = _whole(session, caller, row, body.reason, now)
    else:
        taken_back = _parts(session, caller, row, now)
    row.withdrawn_at, row.withdrawn_by, row.reason = now, caller.label, body.reason
    session.flush()
    audit.record(
        session, "figures.import_withdrawn", f"figure-imports/{number}",
        after={"file": row.file_id, "source": row.source, "taken_back": taken_back}, reason=body.reason,
    )  # fmt: skip
    return _one(session, caller, number)


def _said(session: Session, row: FigureImport) -> dict[int, list[Word]]:
    """Return what files said of the unit-days of one of them, by unit-day."""
    days = select(_OTHER.figure_day_id).where(_OTHER.import_id == row.id)
    found: dict[int, list[Word]] = defaultdict(list)
    for one in session.execute(select(*hot.table(FigureImportDay).c).where(_OF.figure_day_id.in_(days))):
        is_said = one.said_since or not one.withdrawn
        found[one.figure_day_id].append(Word(one.version, one.again, is_said, one.taken_back, one.before))
    return found


def _parts(session: Session, caller: Caller, row: FigureImport, now: datetime) -> int:
    """Give back each unit-day by itself, but of those that became a report; returns of how many."""
    days = session.execute(
        select(*hot.table(FigureDay).c, _UNIT.code, _OF.version.label("given"), MADE.label("is_made"))
        .join(hot.table(FigureImportDay), (_OF.figure_day_id == DAY.id) & (_OF.stands_as == DAY.version))
        .join(hot.table(Unit), _UNIT.id == DAY.unit_id)
        .where(_OF.import_id == row.id)
        .order_by(_UNIT.code, DAY.system, DAY.day)
    ).all()
    made = [day.id for day in days if day.is_made]
    ending = hot.table(FigureImportDay).update().where(_OF.import_id == row.id)
    session.execute(ending.where(_OF.figure_day_id.not_in(made)).values(withdrawn=True))
    said = _said(session, row)
    back = [day for day in days if not day.is_made and not words.is_said(said[day.id], day.given)]
    if back:
        call = _call(session, caller, row, back, now)
        for day in back:
            version, before = words.before(said[day.id], day.given)
            returning.give(call, _number(row), day, version, returning.read(before))
        storing.finish(call)
    return len(back)


def _whole(session: Session, caller: Caller, row: FigureImport, why: str, now: datetime) -> int:
    """Give back all of a file of totals, or one in their place, with the days that rest on it, or nothing."""
    of_import = _OF.import_id == row.id
    session.execute(hot.table(FigureImportDay).update().where(of_import).values(withdrawn=True))
    if row.over_totals and not all(map(returning.knows_totals, session.scalars(select(_OF.before).where(of_import)))):
        raise Conflict("totals_not_kept")
    said = _said(session, row)
    of_file = select(DAY.unit_id, DAY.day).join(hot.table(FigureImportDay), _OF.figure_day_id == DAY.id)
    units, first = of_file.with_only_columns(DAY.unit_id), of_file.with_only_columns(func.min(DAY.day))
    may_move = DAY.unit_id.in_(units.where(of_import)) & (DAY.day >= first.where(of_import).scalar_subquery())
    days = session.execute(select(DAY.unit_id, DAY.day).where(DAY.source == row.source, may_move)).all()
    return whole.take_back(_call(session, caller, row, days, now), _number(row), said, why) if days else 0


def _call(session: Session, caller: Caller, row: FigureImport, days: Sequence[Any], now: datetime) -> Call:
    first, last = min(day.day for day in days), max(day.day for day in days)
    stands = reported(session, {day.unit_id for day in days}, first, last)
    body = FiguresIn.model_construct(source=row.source, basis=Basis.daily, since=None, items=[])
    return Call(session, Reference.read(session), caller, body, now, {}, stands, [])


def _number(row: FigureImport) -> int:
    assert row.id is not None
    return row.id


def _whose(caller: Caller) -> Any:
    return _IMPORT.unit_id.is_not_distinct_from(caller.unit_id) & (_IMPORT.sender == senders.name_of(caller))


def _query(caller: Caller) -> Any:
    of = select(func.count()).select_from(hot.table(FigureImportDay)).where(_OF.import_id == _IMPORT.id)
    standing = of.join(hot.table(FigureDay), (DAY.id == _OF.figure_day_id) & (DAY.version == _OF.stands_as))
    still = standing.where(_OF.withdrawn.is_(False))
    by_others = (_OTHER.figure_day_id == _OF.figure_day_id) & (_OTHER.version == _OF.version)
    said_beside = select(_OTHER.import_id).where(
        by_others, _OTHER.import_id != _OF.import_id, _OTHER.withdrawn.is_(False)
    )
    nobody_else = still.where(_OF.said_since.is_(False), ~said_beside.exists())
    columns = {
        "accepted": of.where(_OF.again.is_(False)), "taken_back": of.where(_OF.taken_back.is_not(None)),
        "standing": still.where(_OF.again.is_(False)), "confirmed": still.where(_OF.again.is_(False), MADE),
        "ending": nobody_else.where(or_(_OF_TOTALS, func.coalesce(~MADE, True))),
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
        accepted=row.accepted, standing=row.standing, confirmed=row.confirmed,
        ending=row.ending if row.reason is None else 0, taken_back=row.taken_back,
        withdrawn_at=row.withdrawn_at, withdrawn_by=row.withdrawn_by, reason=row.reason,
        may_withdraw=row.reason is None, whole=row.basis == Basis.cumulative or row.over_totals,
    )  # fmt: skip
