"""Writing a judged report down: its new revision, its totals and audit, and the later days that it is carried into."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from app.core import audit, events, hot
from app.core.access import Caller
from app.procedures.rules import System
from app.throughput import evidence, forward, heads, proof, questions, reading, totals
from app.throughput.cases import Case, Judged, asked
from app.throughput.drafts import Draft
from app.throughput.forms import Reference
from app.throughput.models import ReportLine, ReportMemo, ReportReason
from app.throughput.reading import Stored
from app.throughput.rules import COLUMNS, counts_of
from app.throughput.schemas import CarriedOut, ReportOut
from app.throughput.shown import report_out
from app.units.models import Unit

_insert_lines = insert(hot.table(ReportLine))
_LINE_NAMES = ("revision_id", "field_id", *COLUMNS)
_insert_memos = insert(hot.table(ReportMemo))
_insert_reasons = insert(hot.table(ReportReason))


@dataclass(frozen=True)
class Written:
    """What the writing of a report knows anyway, so that who follows it need not ask again.

    `following`: the next report, whose openings were judged anew; None too where it is written in this transaction.
    `later`: where rows of those who follow wait for one another.
    """

    case: Case
    asked: list[questions.Question]
    gaps: dict[str, tuple[int, int]]
    following: totals.Following | None
    reference: Reference
    unit: Unit
    sent_by: str
    at: datetime
    later: hot.Later


@dataclass(frozen=True)
class ReportReceived:
    """A first report of a unit, day and system is in."""

    unit_id: int
    day: date
    system: System
    written: Written


@dataclass(frozen=True)
class ReasonsAdded:
    """A report has a revision of the same figures, with more reasons."""

    report_id: int
    version: int


@dataclass(frozen=True)
class ReportCarried:
    """A report has a revision that only follows the correction of a day before: nobody looked at it."""

    report_id: int
    version: int


@dataclass(frozen=True)
class ReportCorrected:
    """A report has a new revision."""

    unit_id: int
    day: date
    system: System
    version: int
    written: Written


@dataclass(frozen=True)
class Saved:
    """What a call did: whether the report is new or the same as before.

    `show`: makes the report as it is shown, for whoever asks.
    """

    show: Callable[[], ReportOut]
    version: int
    created: bool
    changed: bool

    @cached_property
    def report(self) -> ReportOut:
        """The report as it is shown."""
        return self.show()


def write(
    session: Session,
    reference: Reference,
    caller: Caller,
    unit: Unit,
    day: date,
    case: Case,
    now: datetime,
    *,
    carries: bool = False,
    follows: bool = False,
) -> Saved:
    """Make a judged report the one that stands; with `carries`, the later days follow in the same transaction.

    `follows`: it is itself such a later day.
    """
    touched, carried = forward.plan(session, reference, unit, day, case, now) if carries else ([], None)
    known = carried.days if carried is not None else ()
    (new,) = write_all(session, reference, caller, [Judged(unit, day, case)], now, known=known)
    if follows:
        events.publish(session, ReportCarried(new.report_id, new.version))
    told = None
    if carried is not None:
        for later, one in forward.cases_of(session, unit, day, new, case.system, touched, carried, now):
            write(session, reference, caller, unit, later, one, now, follows=True)
        told = CarriedOut(days=list(carried.days), stopped_at=carried.stopped_at)

    def show() -> ReportOut:
        report = report_out(reference, unit, day, case.system, new)
        report.carried = told
        return report

    return Saved(show, new.version, created=case.stored is None, changed=True)


def write_all(
    session: Session,
    reference: Reference,
    caller: Caller,
    judged: Sequence[Judged],
    now: datetime,
    *,
    known: Collection[date] = (),
) -> list[Stored]:
    """Make judged reports, each of another unit, day or system, those that stand: their rows go together.

    Of what stands after one of them nothing may be among the others. `known`: later days that the caller writes next.
    """
    later = hot.Later(session)
    asked_of = [asked(session, reference, one.unit, one.day, one.case, now) for one in judged]
    news = heads.write(session, judged, asked_of, caller, now)
    following = []
    for one, new in zip(judged, news, strict=True):
        _put_lines(reference, new, later)
        evidence.link(session, new.revision_id, new.evidence)
        after = _keep_totals(session, reference, one, later)
        following.append(None if after is not None and after.day in known else after)
    later.write()
    for one, new, raised, after in zip(judged, news, asked_of, following, strict=True):
        written = Written(
            one.case, raised, new.gaps or {}, after, reference, one.unit, caller.label, new.known_from, later
        )  # fmt: skip
        _tell(session, one, new, written)
    later.write()
    return news


def _tell(session: Session, one: Judged, new: Stored, written: Written) -> None:
    """Put a written report into the audit log, and tell all who follow."""
    assert one.unit.id is not None
    case, system = one.case, one.case.system
    stored = case.stored
    digest = proof.digest(new.lines.values(), new.reasons)
    audit.record(
        session, "report.corrected" if stored else "report.received",
        proof.entity(one.unit.code, one.day, system.value),
        before=_summary(stored) if stored else None, reason=_why(case.draft),
        # Calendars change, deadlines with them: by this one the revision was judged.
        after=_summary(new) | {"digest": digest, "due_at": case.deadlines.due_at.isoformat()},
    )  # fmt: skip
    if stored:
        events.publish(session, ReportCorrected(one.unit.id, one.day, system, new.version, written))
    else:
        events.publish(session, ReportReceived(one.unit.id, one.day, system, written))


def _put_lines(reference: Reference, new: Stored, later: hot.Later) -> None:
    ids = reference.by_code
    lines = [(new.revision_id, ids[code].id, *counts_of(line)) for code, line in new.lines.items()]
    later.put_rows(_insert_lines, _LINE_NAMES, lines)
    later.put(_insert_memos, [
        {"revision_id": new.revision_id, "field_id": ids[code].id, "memo": memo, "count": count}
        for code, line in new.lines.items()
        for memo, count in line.memo.items()
    ])  # fmt: skip
    later.put(_insert_reasons, [
        {
            "revision_id": new.revision_id, "warning": r.warning, "field_id": ids[r.field].id if r.field else None,
            "reason": r.reason, "amount": r.amount, "note": r.note,
            "counterpart_id": reference.unit_id(r.counterpart) if r.counterpart else None,
        }
        for r in new.reasons
    ])  # fmt: skip


def _keep_totals(session: Session, reference: Reference, one: Judged, later: hot.Later) -> totals.Following | None:
    assert one.unit.id is not None
    unit_id, day, case = one.unit.id, one.day, one.case
    stored, draft = case.stored, case.draft
    was = stored.lines if stored is not None and stored.unavailable is None else None
    now = draft.lines if draft.unavailable is None else None
    ids = {code: reference.by_code[code].id for code in {**(was or {}), **(now or {}), **draft.gaps}}
    totals.keep(
        session, unit_id, case.system, day, later, old=was, new=now, field_ids=ids,
        gaps=draft.gaps, amounts=reading.amounts_of(draft.reasons), figures=draft.figures,
    )  # fmt: skip
    if case.around is not None and not case.around.has_following:
        return None
    closing = None if now is None else {code: line.pending for code, line in now.items()}
    every = {code: info.id for code, info in reference.by_code.items()}
    return totals.refresh_next(session, unit_id, case.system, day, closing, every)


def _summary(stored: Stored) -> dict[str, Any]:
    f = stored.figures
    return {
        "version": stored.version, "partial": stored.partial, "unavailable": stored.unavailable,
        "received": f.received, "resolved": f.resolved, "pending": f.pending,
    }  # fmt: skip


def _why(draft: Draft) -> str | None:
    return "; ".join(f"{r.warning}: {r.reason}" for r in draft.reasons)[:2000] or None
