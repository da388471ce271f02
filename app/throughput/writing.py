"""Writing a judged report down: its new revision, its totals and audit, and the later days that it is carried into."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session

from app.core import audit, events, hot
from app.core.access import Caller
from app.procedures.rules import System
from app.throughput import evidence, forward, proof, questions, reading, totals
from app.throughput.cases import Case, asked
from app.throughput.drafts import Draft
from app.throughput.forms import Reference
from app.throughput.models import Report, ReportLine, ReportMemo, ReportReason, ReportRevision
from app.throughput.reading import Stored
from app.throughput.rules import COLUMNS, counts_of, explained
from app.throughput.schemas import CarriedOut, ReportOut
from app.throughput.shown import report_out
from app.units.models import Unit

_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_insert_report = insert(_REPORT).returning(_REPORT.c.id)
_insert_revision = insert(_REVISION).returning(_REVISION.c.id)
_update_report = update(_REPORT).where(_REPORT.c.id == bindparam("which"))
_end_revision = update(_REVISION).where(_REVISION.c.id == bindparam("which"))
_insert_lines = insert(hot.table(ReportLine))
_insert_memos = insert(hot.table(ReportMemo))
_insert_reasons = insert(hot.table(ReportReason))


@dataclass(frozen=True)
class Written:
    """What the writing of a report knows anyway, so that who follows it need not ask again.

    `following`: the next report, whose openings were judged anew; None too where it is written in this transaction.
    """

    case: Case
    asked: list[questions.Question]
    gaps: dict[str, tuple[int, int]]
    following: totals.Following | None
    reference: Reference
    unit: Unit
    sent_by: str
    at: datetime


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
    """What a call did: whether the report is new or the same as before, the row and content of a revision it made.

    `show`: makes the report as it is shown, for whoever asks.
    """

    show: Callable[[], ReportOut]
    version: int
    created: bool
    changed: bool
    revision_id: int | None = None
    draft: Draft | None = None

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
    assert unit.id is not None
    touched, carried = forward.plan(session, reference, unit, day, case, now) if carries else ([], None)
    stored, draft, system = case.stored, case.draft, case.system
    raised = asked(session, reference, unit, day, case, now)
    new = _stored_anew(session, unit.id, day, case, raised, caller, now)
    _write_lines(session, reference, new, case)
    evidence.link(session, new.revision_id, new.evidence)
    following = _keep_totals(session, reference, unit.id, day, case)
    if following is not None and carried is not None and following.day in carried.days:
        following = None
    digest = proof.digest(new.lines.values(), new.reasons)
    audit.record(
        session, "report.corrected" if stored else "report.received", proof.entity(unit.code, day, system.value),
        before=_summary(stored) if stored else None, reason=_why(draft),
        # Calendars change, deadlines with them: by this one the revision was judged.
        after=_summary(new) | {"digest": digest, "due_at": case.deadlines.due_at.isoformat()},
    )  # fmt: skip
    written = Written(case, raised, new.gaps or {}, following, reference, unit, caller.label, new.known_from)
    events.publish(
        session,
        ReportCorrected(unit.id, day, system, new.version, written)
        if stored
        else ReportReceived(unit.id, day, system, written),
    )
    if follows:
        events.publish(session, ReportCarried(new.report_id, new.version))
    told = None
    if carried is not None:
        for later, one in forward.cases_of(session, unit, day, new, system, touched, carried, now):
            write(session, reference, caller, unit, later, one, now, follows=True)
        told = CarriedOut(days=list(carried.days), stopped_at=carried.stopped_at)

    def show() -> ReportOut:
        report = report_out(reference, unit, day, system, new)
        report.carried = told
        return report

    return Saved(show, new.version, created=stored is None, changed=True, revision_id=new.revision_id, draft=draft)


def _stored_anew(
    session: Session,
    unit_id: int,
    day: date,
    case: Case,
    raised: list[questions.Question],
    caller: Caller,
    now: datetime,
) -> Stored:
    stored, draft = case.stored, case.draft
    if stored is not None:  # a call that came first may be written last, and clocks are set back
        now = max(now, stored.known_from)
    met = stored.first_met_at if stored else None
    complete = stored.first_complete_at if stored else None
    if not draft.partial:
        met = met or now
        complete = complete or (now if draft.unavailable is None else None)
    number = stored.version + 1 if stored else 1
    head = {
        "version": number, "partial": draft.partial, "unavailable": draft.unavailable is not None,
        "first_met_at": met, "first_complete_at": complete, "updated_at": now,
    }  # fmt: skip
    if stored is None:
        key = {"unit_id": unit_id, "day": day, "system": case.system.value, "first_received_at": now}
        ((report_id,),) = hot.run(session, _insert_report, key | head)
    else:
        report_id = stored.report_id
        hot.run(session, _update_report, head | {"which": report_id})
        hot.run(session, _end_revision, {"known_to": now, "which": stored.revision_id})
    context = session.info["audit_context"]
    values: dict[str, Any] = {
        "number": number, "known_from": now, "known_to": None, "counted_until": draft.counted_until,
        "partial": draft.partial, "unavailable": draft.unavailable, "note": draft.note,
        "warnings": questions.dump(raised), "door": context.door, "sent_by": caller.label,
        "sent_digest": case.sent_digest,
    }  # fmt: skip
    row = {**values, "report_id": report_id, "user_id": context.user_id}
    ((revision_id,),) = hot.run(session, _insert_revision, row)
    anew = Stored(
        report_id=report_id, version=number, first_received_at=stored.first_received_at if stored else now,
        first_met_at=met, first_complete_at=complete, report_partial=draft.partial,
        report_unavailable=draft.unavailable is not None, revision_id=revision_id, lines=draft.lines,
        reasons=draft.reasons, owed=case.owed, gaps=_explained(draft), evidence=case.evidence, **values,
    )  # fmt: skip
    anew.figures = draft.figures
    return anew


def _explained(draft: Draft) -> dict[str, tuple[int, int]]:
    amounts = reading.amounts_of(draft.reasons)
    return {code: (gap, explained(gap, amounts.get(code, 0))) for code, gap in draft.gaps.items()}


def _write_lines(session: Session, reference: Reference, new: Stored, case: Case) -> None:
    ids = reference.by_code
    put = case.around.later.insert if case.around else partial(hot.run_many, session)
    if new.lines:
        rows = [
            {
                "revision_id": new.revision_id,
                "field_id": ids[code].id,
                **dict(zip(COLUMNS, counts_of(line), strict=True)),
            }
            for code, line in new.lines.items()
        ]
        put(_insert_lines, rows)
    memos = [
        {"revision_id": new.revision_id, "field_id": ids[code].id, "memo": memo, "count": count}
        for code, line in new.lines.items()
        for memo, count in line.memo.items()
    ]
    if memos:
        put(_insert_memos, memos)
    if new.reasons:
        reasons = [
            {
                "revision_id": new.revision_id, "warning": r.warning, "field_id": ids[r.field].id if r.field else None,
                "reason": r.reason, "amount": r.amount, "note": r.note,
                "counterpart_id": reference.unit_id(r.counterpart) if r.counterpart else None,
            }
            for r in new.reasons
        ]  # fmt: skip
        put(_insert_reasons, reasons)


def _keep_totals(
    session: Session, reference: Reference, unit_id: int, day: date, case: Case
) -> totals.Following | None:
    stored, draft = case.stored, case.draft
    was = stored.lines if stored is not None and stored.unavailable is None else None
    now = draft.lines if draft.unavailable is None else None
    ids = {code: reference.by_code[code].id for code in {**(was or {}), **(now or {}), **draft.gaps}}
    totals.keep(
        session, unit_id, case.system, day, old=was, new=now, field_ids=ids,
        gaps=draft.gaps, amounts=reading.amounts_of(draft.reasons), figures=draft.figures,
        later=case.around.later if case.around else None,
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
