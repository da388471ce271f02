"""Receiving another system's figures: each unit-day all or nothing, older values kept, nothing of a person replaced."""

from collections.abc import Iterable
from contextlib import nullcontext, suppress
from datetime import date, datetime

from sqlalchemy import select, update
from sqlmodel import Session

from app.core import hot, stamps
from app.core.access import Caller
from app.core.db import take_turns, upsert
from app.core.errors import Fault, Invalid, Problem, ProblemError, Words
from app.core.handlers import words
from app.core.trying import tried
from app.procedures.rules import System
from app.throughput.figures import chains, confirming, senders, storing
from app.throughput.figures.batch import Item, unbalanced, understood
from app.throughput.figures.confirming import Confirming
from app.throughput.figures.models import FigureDay, FigureSource
from app.throughput.figures.reading import DAY, REPORT, REVISION, keep_gaps, reported
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import (
    ConfirmationOut,
    ConfirmationStatus,
    FigureResultOut,
    FiguresIn,
    FiguresOut,
    FigureStatus,
)
from app.throughput.figures.storing import Call, Given, Word
from app.throughput.forms import STAMP, Reference
from app.throughput.models import Report, ReportRevision
from app.throughput.schemas import ReasonIn
from app.throughput.writing import ReasonsAdded, ReportCorrected, ReportReceived

MAX_FAULTS = 50  # told of one unit-day


def put(
    session: Session,
    caller: Caller,
    *,
    body: FiguresIn,
    now: datetime,
    dry_run: bool,
    whole: bool = False,
    late: ReasonIn | None = None,
    given: list[Given] | None = None,
) -> FiguresOut:
    """Receive unit-days of another system, each all or nothing, and tell what became of each.

    Raises Forbidden where the source's name is another token's for all that the caller sees; with `whole` Invalid where
    anything is wrong with any of them. With `dry_run` all of it is done, reports too, and taken back: the answer is
    that of the same call without it. `late` is the reason of corrections after the grace;
    without it a machine's say that it was late, and a person's are not made. `given`: takes up which versions a file
    gave; without it the call is the door's, whose word no withdrawal ends.
    """
    senders.voices(session, caller, body.source)
    with tried(session) if dry_run else nullcontext():
        results = _put(session, caller, body, now, whole=whole, late=late, given=given)
    for index, faults in body.unread.items():
        said = body.said[index]
        results[index] = _result(index, said["unit"], said["day"], said["system"], FigureStatus.refused, faults)
    ordered = [results[index] for index in sorted(results)]
    counts = {s.value: sum(one.status is s for one in ordered) for s in FigureStatus}
    return FiguresOut(source=body.source, dry_run=dry_run, results=ordered, **counts)


def _put(
    session: Session,
    caller: Caller,
    body: FiguresIn,
    now: datetime,
    *,
    whole: bool,
    late: ReasonIn | None,
    given: list[Given] | None,
) -> dict[int, FigureResultOut]:
    reference = Reference.read(session)
    items = understood(session, reference, caller, body, now)
    known = [item for item in items if item.unit is not None]
    units = {item.key[0] for item in known}
    take_turns(session, units)
    voices = senders.voices(session, caller, body.source)
    for item in known:
        if not voices.may(item.key[0]):
            item.faults.append(voices.refused(item.at))
    standing = storing.standing(session, body.source, units, [item.sent.day for item in known])
    if body.basis is Basis.cumulative:
        moved = chains.judge(session, reference, body, items)
    else:
        moved = []
        for item in items:
            item.of_day = item.counts
            item.faults += unbalanced(item)
    if whole and (faults := [fault for item in items for fault in item.faults]):
        raise Invalid(faults)
    senders.claim(session, voices, {item.key[0] for item in known if not item.faults}, now)
    if _speak(session, body.source, {item.key[:2] for item in known if not item.faults}):
        reference = Reference.read(session)
    days = [item.sent.day for item in known] + [one.day for one in moved]
    reports = reported(session, units, min(days), max(days)) if days else {}
    call = Call(session, reference, caller, body, now, standing, reports, [], late, [] if given is None else given)
    said: list[Word] = []
    results = {item.index: _received(call, item, said) for item in items}
    storing.store(call, said)
    followed = []
    for one in moved:
        if not one.of.faults and not (one.is_sent and results[one.of.index].status is FigureStatus.accepted):
            has_moved = storing.move(call, one)
            if has_moved and not one.is_sent:
                followed.append(one)
    storing.finish(call)
    if given is None:
        storing.said_since(session, call.given)
    _confirm(call, [item for item in items if not item.faults], followed, results)
    return results


def _received(call: Call, item: Item, said: list[Word]) -> FigureResultOut:
    """Return what becomes of a unit-day; what is to be stored of it joins what is `said`."""
    sent, system = item.sent, item.sent.system.value
    if item.faults:
        return _result(item.index, sent.unit, str(sent.day), system, FigureStatus.refused, item.faults)
    stands, digest = call.standing.get(item.key), item.digest(call.body.since)
    if stands is not None and stands.digest == digest:
        status, version = FigureStatus.unchanged, stands.version
        call.given.append(Given(stands.id, version, again=True, before=None, stands_as=version))
    else:
        status, version = FigureStatus.accepted, stands.version + 1 if stands else 1
        said.append(Word(item, stands, version, digest))
    return _result(item.index, sent.unit, str(sent.day), system, status, [], version)


def _speak(session: Session, source: str, pairs: Iterable[tuple[int, System]]) -> bool:
    """Note which units a source speaks of; where that is new, every process reads it anew."""
    rows = [{"unit_id": unit, "system": system.value, "source": source, "confirms": False} for unit, system in pairs]
    table = hot.table(FigureSource)
    query = select(table.c.unit_id, table.c.system).where(table.c.source == source)
    known = {(row[0], row[1]) for row in session.execute(query)}
    new = [row for row in rows if (row["unit_id"], row["system"]) not in known]
    if new:
        statement = upsert(session.get_bind().dialect.name, table).on_conflict_do_nothing()
        session.execute(statement, new)
        stamps.touch(session, STAMP)
    return bool(new)


def _confirm(call: Call, items: list[Item], followed: list[chains.Later], results: dict[int, FigureResultOut]) -> None:
    """Make reports of what was sent and of the later days that moved with it, where the units' settings say so.

    In the order in which approvals hold reports: who confirms and who approves wait for each other, and never in a
    ring. A later day whose report cannot follow keeps it, and its differences are asked about.
    """
    asked = confirming.asked(call.session, call.body.source)
    turns: dict[tuple[str, System, date], Item | chains.Later] = {}
    for item in items:
        unit, system, day = item.key
        if item.unit is not None and (unit, system.value) in asked:
            turns[item.unit.code, system, day] = item
    for later in followed:
        if later.of.unit is not None and (later.unit_id, later.system.value) in asked:
            turns[later.of.unit.code, later.system, later.day] = later
    if not turns:
        return
    made = Confirming(call, {one.key: one.of_day for one in turns.values()})
    for _, one in sorted(turns.items(), key=lambda turn: turn[0]):
        if isinstance(one, Item):
            results[one.index].confirmation = _confirmed(made, one)
        else:
            _follow(made, one)
    made.write()


def _follow(made: Confirming, later: chains.Later) -> None:
    assert later.of.unit is not None
    with suppress(Problem):  # raised before anything of this report is written
        made.confirm(later.of.unit, later.day, later.system, later.counted_until, later.of_day, is_sent=False)


def _confirmed(made: Confirming, item: Item) -> ConfirmationOut:
    assert item.unit is not None
    sent = item.sent
    try:
        version, changed = made.confirm(
            item.unit, sent.day, sent.system, sent.counted_until, item.of_day, is_sent=True
        )  # fmt: skip
    except Problem as problem:
        errors = [_error(Fault(f"{item.at}{f.pointer}", f.code, f.values)) for f in problem.faults[:MAX_FAULTS]]
        return ConfirmationOut(status=ConfirmationStatus.refused, code=problem.code, errors=errors, version=None)
    status = ConfirmationStatus.confirmed if changed else ConfirmationStatus.unchanged
    return ConfirmationOut(status=status, code=None, errors=[], version=version)


def _result(
    index: int,
    unit: str | None,
    day: str | None,
    system: str | None,
    status: FigureStatus,
    faults: list[Fault],
    version: int | None = None,
) -> FigureResultOut:
    kinds = {fault.code for fault in faults}
    return FigureResultOut(
        index=index, unit=unit, day=day, system=system, status=status,
        code=None if not kinds else next(iter(kinds)) if len(kinds) == 1 else "invalid",
        errors=[_error(fault) for fault in faults[:MAX_FAULTS]], version=version, confirmation=None,
    )  # fmt: skip


def _error(fault: Fault) -> ProblemError:
    said = {locale: words(fault.code, locale, fault.values) for locale in ("vi", "en")}
    return ProblemError(pointer=fault.pointer[:200], code=fault.code, message=Words(**said))


def on_report(session: Session, event: ReportReceived | ReportCorrected) -> None:
    """Note how the report that stands now differs from what sources say; for most units none does, at no cost."""
    case, is_whole = event.written.case, event.written.case.draft.whole is not None
    counts = {one.number: len(case.differences[one.number]) if is_whole else None for one in case.said or ()}
    keep_gaps(event.written.later, counts)


def on_reasons_added(session: Session, event: ReasonsAdded) -> None:
    """Let a report stay its source's when a person explains it: the same figures, with one more reason."""
    query = (
        select(REPORT.unit_id, REPORT.system, REPORT.day, REVISION.id)
        .select_from(hot.table(Report))
        .join(hot.table(ReportRevision), REVISION.report_id == REPORT.id)
        .where(REPORT.id == event.report_id, REVISION.number.in_([event.version - 1, event.version]))
        .order_by(REVISION.number)
    )
    (unit, system, day, before), (*_, now) = session.execute(query).all()
    made = (DAY.unit_id == unit) & (DAY.system == system) & (DAY.day == day) & (DAY.revision_id == before)
    session.execute(update(hot.table(FigureDay)).where(made).values(revision_id=now))
