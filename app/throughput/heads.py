"""Writing the heads of reports and their new revisions, of many reports at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.throughput import questions, reading
from app.throughput.cases import Case, Judged
from app.throughput.drafts import Draft
from app.throughput.models import Report, ReportRevision
from app.throughput.reading import Stored
from app.throughput.rules import explained

_REPORT = hot.table(Report)
_REVISION = hot.table(ReportRevision)
_insert_reports = insert(_REPORT).returning(_REPORT.c.unit_id, _REPORT.c.system, _REPORT.c.day, _REPORT.c.id)
_insert_revisions = insert(_REVISION).returning(_REVISION.c.report_id, _REVISION.c.id)
_update_report = update(_REPORT).where(_REPORT.c.id == bindparam("which"))
_end_revision = update(_REVISION).where(_REVISION.c.id == bindparam("which"))


def write(
    session: Session,
    judged: Sequence[Judged],
    asked_of: Sequence[list[questions.Question]],
    caller: Caller,
    now: datetime,
) -> list[Stored]:
    """Write the heads of reports and their new revisions."""
    heads = [_head(one.case, now) for one in judged]
    report_ids = _write(session, judged, heads)
    context = session.info["audit_context"]
    values: list[dict[str, Any]] = [
        {
            "number": head["version"], "known_from": head["updated_at"], "known_to": None,
            "counted_until": one.case.draft.counted_until, "partial": one.case.draft.partial,
            "unavailable": one.case.draft.unavailable, "note": one.case.draft.note, "warnings": questions.dump(raised),
            "door": context.door, "sent_by": caller.label, "sent_digest": one.case.sent_digest,
        }
        for one, head, raised in zip(judged, heads, asked_of, strict=True)
    ]  # fmt: skip
    rows = [
        {**of, "report_id": report_id, "user_id": context.user_id}
        for of, report_id in zip(values, report_ids, strict=True)
    ]
    revisions: dict[int, int] = dict(hot.run_many(session, _insert_revisions, rows))
    return [
        _anew(one.case, head, report_id, revisions[report_id], of)
        for one, head, report_id, of in zip(judged, heads, report_ids, values, strict=True)
    ]


def _head(case: Case, now: datetime) -> dict[str, Any]:
    stored, draft = case.stored, case.draft
    if stored is not None:  # a call that came first may be written last, and clocks are set back
        now = max(now, stored.known_from)
    met = stored.first_met_at if stored else None
    complete = stored.first_complete_at if stored else None
    if not draft.partial:
        met = met or now
        complete = complete or (now if draft.unavailable is None else None)
    return {
        "version": stored.version + 1 if stored else 1, "partial": draft.partial,
        "unavailable": draft.unavailable is not None, "first_met_at": met, "first_complete_at": complete,
        "updated_at": now,
    }  # fmt: skip


def _write(session: Session, judged: Sequence[Judged], heads: Sequence[dict[str, Any]]) -> list[int]:
    """Write the heads of reports, end the revisions that stood, and return the reports' row numbers."""
    fresh, changed, ending = [], [], []
    for one, head in zip(judged, heads, strict=True):
        if (stored := one.case.stored) is None:
            key = {"unit_id": one.unit.id, "day": one.day, "system": one.case.system.value}
            fresh.append({**key, **head, "first_received_at": head["updated_at"]})
        else:
            changed.append({**head, "which": stored.report_id})
            ending.append({"known_to": head["updated_at"], "which": stored.revision_id})
    if changed:
        hot.run_each(session, _update_report, changed)
        hot.run_each(session, _end_revision, ending)
    made = {tuple(key): number for *key, number in hot.run_many(session, _insert_reports, fresh)} if fresh else {}
    return [
        one.case.stored.report_id if one.case.stored else made[one.unit.id, one.case.system.value, one.day]
        for one in judged
    ]


def _anew(case: Case, head: dict[str, Any], report_id: int, revision_id: int, values: dict[str, Any]) -> Stored:
    stored, draft = case.stored, case.draft
    anew = Stored(
        report_id=report_id, version=head["version"],
        first_received_at=stored.first_received_at if stored else head["updated_at"],
        first_met_at=head["first_met_at"], first_complete_at=head["first_complete_at"], report_partial=draft.partial,
        report_unavailable=draft.unavailable is not None, revision_id=revision_id, lines=draft.lines,
        reasons=draft.reasons, owed=case.owed, gaps=_explained(draft), evidence=case.evidence, **values,
    )  # fmt: skip
    anew.figures = draft.figures
    return anew


def _explained(draft: Draft) -> dict[str, tuple[int, int]]:
    amounts = reading.amounts_of(draft.reasons)
    return {code: (gap, explained(gap, amounts.get(code, 0))) for code, gap in draft.gaps.items()}
