"""Findings follow the reports: opened, changed and closed in the transaction that writes one, at no cost otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from app.core import hot
from app.core.clock import day_of
from app.procedures.rules import System
from app.throughput import reading, rules
from app.throughput.cases import Case
from app.throughput.findings.models import Finding, FindingEvent
from app.throughput.findings.rules import (
    ASKED,
    OWNERS,
    Answer,
    FindingChange,
    FindingKind,
    FindingState,
    Found,
    Place,
    Standing,
    after_report,
    found_in,
    moved,
)
from app.throughput.forms import Reference
from app.throughput.writing import ReportCorrected, ReportReceived
from app.units.models import Unit

FINDING = hot.table(Finding)
EVENT = hot.table(FindingEvent)
_insert_finding = insert(FINDING).returning(FINDING.c.id)
_update_finding = update(FINDING).where(FINDING.c.id == bindparam("which"))
_insert_event = insert(EVENT)


@dataclass(frozen=True)
class Scope:
    """One report whose findings are judged: whose it is, by whom it was sent, and when."""

    reference: Reference
    unit: Unit
    day: date
    system: System
    by: str
    at: datetime


def on_report(session: Session, event: ReportReceived | ReportCorrected) -> None:
    """Judge a report's findings and the next report's openings; a report with nothing odd asks for no statement."""
    w = event.written
    scope = Scope(w.reference, w.unit, event.day, event.system, w.sent_by, w.at)
    found = found_in(((q.code, q.field, q.values) for q in w.asked), w.gaps)
    if found or _had_any(w.case):
        judge(session, scope, ASKED, found, answers_of(w.case.draft.reasons, w.gaps))
    corrected = _large_correction(w.case, w.reference, w.at)
    if corrected:
        judge(session, scope, {FindingKind.large_correction}, corrected, {})
    if w.following is not None:
        of_next = Scope(w.reference, w.unit, w.following.day, event.system, w.sent_by, w.at)
        openings = found_in((), w.following.gaps)
        judge(
            session, of_next, {FindingKind.opening_gap}, openings, answers_of(w.following.reasons, w.following.gaps)
        )  # fmt: skip


def _had_any(case: Case) -> bool:
    """Tell whether the report that is replaced may have findings, from what is known of it anyway."""
    stored, previous = case.stored, case.previous
    if stored is None:
        return False
    if any(kind in stored.warnings for kind in ASKED):
        return True
    openings = {code: line.carried_over for code, line in stored.lines.items()}
    return bool(stored.unavailable is None and previous and rules.adjustments(openings, previous.closing))


def _large_correction(case: Case, reference: Reference, at: datetime) -> dict[Place, Found]:
    stored, least = case.stored, reference.form.large_correction
    # Completing a part, or a system that was down, corrects nothing that was said of the whole day.
    if stored is None or stored.partial or stored.unavailable is not None or at <= case.deadlines.due_at:
        return {}
    size = moved(stored.lines, case.draft.lines)
    return {(FindingKind.large_correction, None): Found(size, least)} if size >= least else {}


def answers_of(reasons: Iterable[reading.Reason], gaps: Mapping[str, tuple[int, int]]) -> dict[Place, Answer]:
    """Return what is answered: a question by any reason for it, an opening where the reasons explain all of it."""
    answers: dict[Place, Answer] = {}
    for r in reasons:
        if r.warning in ASKED:
            kind = FindingKind(r.warning)
            amount, explained = gaps.get(r.field or "", (0, 0))
            if kind is not FindingKind.opening_gap or amount == explained:
                answers[kind, r.field] = Answer(r.reason, r.note)
    return answers


def judge(
    session: Session,
    scope: Scope,
    kinds: Iterable[FindingKind],
    found: Mapping[Place, Found],
    answers: Mapping[Place, Answer],
) -> None:
    """Bring the findings of some kinds about a report to what is found in it now."""
    for place, row, change, answer in changes(session, scope, kinds, found, answers):
        _apply(session, scope, place, row, change, found.get(place), answer)


def changes(
    session: Session,
    scope: Scope,
    kinds: Iterable[FindingKind],
    found: Mapping[Place, Found],
    answers: Mapping[Place, Answer],
) -> list[tuple[Place, Any, FindingChange, Answer | None]]:
    """Return what a report does to its findings, each with the row that there is of it."""
    rows = {(FindingKind(row.kind), row.code): row for row in _standing(session, scope, kinds)}
    out = []
    for place in sorted({*rows, *found}, key=lambda p: (p[0], p[1] or "")):
        row, answer = rows.get(place), answers.get(place) or answers.get((place[0], None))
        change = after_report(standing_of(row) if row else None, found.get(place), answer)
        if change is not None:
            out.append((place, row, change, answer))
    return out


def _standing(session: Session, scope: Scope, kinds: Iterable[FindingKind]) -> Any:
    assert scope.unit.id is not None
    return session.execute(
        select(FINDING, reading.FIELD_CODE.label("code"))
        .outerjoin(reading.FIELD_CODE.table, FINDING.c.field_id == reading.FIELD_ID)
        .where(
            FINDING.c.unit_id == scope.unit.id, FINDING.c.day == scope.day, FINDING.c.system == scope.system.value,
            FINDING.c.kind.in_([kind.value for kind in kinds]),
        )
    )  # fmt: skip


def standing_of(row: Any) -> Standing:
    """Return a finding as it is kept."""
    answer = Answer(row.reason, row.note or "") if row.reason is not None else None
    return Standing(FindingState(row.state), Found(row.value, row.usual, row.low, row.high), answer)


def _apply(
    session: Session,
    scope: Scope,
    place: Place,
    row: Any,
    change: FindingChange,
    found: Found | None,
    answer: Answer | None,
) -> None:
    values: dict[str, Any] = found._asdict() if found else {}
    if change is FindingChange.opened:
        values |= opened(scope.reference, scope.unit, scope.at)
    elif change in (FindingChange.explained, FindingChange.gone):
        values |= {"state": FindingState(change.value).value, "closed_at": scope.at, "closed_by": scope.by}
    if answer is not None and change is FindingChange.explained:
        values |= answer._asdict()
    if row is None:
        assert found is not None
        kind, field = place
        key = {
            "unit_id": scope.unit.id, "day": scope.day, "system": scope.system.value, "kind": kind.value,
            "field_id": scope.reference.by_code[field].id if field else None, "owner": OWNERS[kind].value,
            "reason": None, "note": None,
        }  # fmt: skip
        ((number,),) = hot.run(session, _insert_finding, key | values)
    else:
        number = row.id
        hot.run(session, _update_finding, values | {"which": number})
    figures = found or Found(row.value, row.usual)
    note_event(session, number, scope.at, change, scope.by, figures, answer if "reason" in values and answer else None)


def opened(reference: Reference, unit: Unit, at: datetime) -> dict[str, Any]:
    """Return what makes a finding open: since when, and until which working day it is to be explained."""
    assert unit.id is not None
    due = reference.calendar(unit.id).add_working_days(day_of(at), reference.form.finding_days)
    return {
        "state": FindingState.open.value, "opened_at": at, "due_on": due, "closed_at": None, "closed_by": None,
    }  # fmt: skip


def note_event(
    session: Session,
    number: int,
    at: datetime,
    change: FindingChange,
    by: str | None,
    found: Found,
    answer: Answer | None = None,
) -> None:
    """Add a step to a finding's history."""
    row = {
        "finding_id": number, "at": at, "change": change.value, "by": by, "value": found.value, "usual": found.usual,
        "reason": answer.reason if answer else None, "note": answer.note if answer else None,
    }  # fmt: skip
    hot.run(session, _insert_event, row)
