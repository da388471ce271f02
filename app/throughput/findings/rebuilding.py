"""Findings worked out of the reports that stand, in one pass: after a bulk load, and to prove those that are kept."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from app.core import hot
from app.core.audit import AuditEntry
from app.procedures.rules import System
from app.throughput import proof, questions, reading
from app.throughput.findings import follow
from app.throughput.findings.follow import FINDING, Scope
from app.throughput.findings.rules import (
    ASKED,
    Answer,
    FindingChange,
    FindingKind,
    FindingState,
    Found,
    Place,
    found_in,
    moved,
)
from app.throughput.forms import Reference
from app.throughput.models import Adjustment, Report, ReportReason, ReportRevision
from app.throughput.reading import OBLIGATION, REPORT, REVISION

_ADJUSTMENT = hot.table(Adjustment).c
_REASON = hot.table(ReportReason).c
_AUDIT = hot.table(AuditEntry).c
_standing = hot.table(Report).join(
    hot.table(ReportRevision), (REVISION.report_id == REPORT.id) & (REVISION.number == REPORT.version)
)
Key = tuple[int, str, date]


def rebuild(session: Session) -> int:
    """Bring all findings to what the reports say, large corrections among them; returns how many reports were odd."""
    count = 0
    for scope, found, answers in _odd(session):
        follow.judge(session, scope, ASKED, found, answers)
        count += 1
    noted = _noted(session)
    for one in _corrections(session, ()):
        if one.is_large and _key(one.scope) not in noted:
            place = (FindingKind.large_correction, None)
            follow.judge(session, one.scope, {place[0]}, {place: Found(one.size, one.least)}, {})
    for key, kept, size in _wrong_corrections(session):
        if kept is not None:
            _mend(session, key, size)
    return count


def _mend(session: Session, key: Key, size: int) -> None:
    """Set how many dossiers the finding of a large correction tells of; its state and its reason stay."""
    of = (FINDING.c.unit_id == key[0], FINDING.c.system == key[1], FINDING.c.day == key[2])
    kind = FINDING.c.kind == FindingKind.large_correction.value
    mended = update(FINDING).where(*of, kind).values(value=size).returning(FINDING.c.id, FINDING.c.usual)
    for number, usual in session.execute(mended).all():
        at = session.info["audit_context"].at
        follow.note_event(session, number, at, FindingChange.changed, None, Found(size, usual))


def differences(session: Session) -> Iterator[str]:
    """Yield a sentence for every finding that is not what its report says."""
    for scope, found, answers in _odd(session):
        for (kind, field), _, change, _ in follow.changes(session, scope, ASKED, found, answers):
            where = f"{scope.unit.code} {scope.system.value} {scope.day} {kind.value} {field or '-'}"
            yield f"findings {where}: the report says {change.value}"
    codes = {unit.id: unit.code for unit in Reference.read(session).units.values()}
    for key, kept, size in _wrong_corrections(session):
        where = f"findings {codes[key[0]]} {key[1]} {key[2]} large_correction"
        said = f"the report says {size}"
        yield f"{where}: {said}, there is none" if kept is None else f"{where}: kept {kept}, {said}"


def _wrong_corrections(session: Session) -> Iterator[tuple[Key, int | None, int]]:
    """Yield where a large correction has no finding (None), or one that tells of another or of none, and its size.

    A calendar that was changed since may have moved a deadline: a finding of then stays right.
    """
    noted, sizes, large = _noted(session), defaultdict(set), {}
    for one in _corrections(session, noted):
        sizes[_key(one.scope)].add(one.size)
        if one.is_large:
            large[_key(one.scope)] = one.size
    for key in sorted({*noted, *large}):
        if key not in noted:
            yield key, None, large[key]
        elif noted[key] != large.get(key, noted[key]) or noted[key] not in (sizes[key] or {0}):
            yield key, noted[key], large.get(key, max(sizes[key], default=0))


def _odd(session: Session) -> Iterator[tuple[Scope, dict[Place, Found], dict[Place, Answer]]]:
    """Yield the reports with something to be explained, or with a finding that is open, oldest day first."""
    reference = Reference.read(session)
    units = {unit.id: unit for unit in reference.units.values()}
    gaps: dict[Key, dict[str, tuple[int, int]]] = defaultdict(dict)
    for unit_id, system, day, code, amount, explained in session.execute(
        select(_ADJUSTMENT.unit_id, _ADJUSTMENT.system, _ADJUSTMENT.day, reading.FIELD_CODE, _ADJUSTMENT.amount,
               _ADJUSTMENT.explained)
        .join(reading.FIELD_CODE.table, _ADJUSTMENT.field_id == reading.FIELD_ID)
    ):  # fmt: skip
        gaps[unit_id, system, day][code] = (amount, explained)
    still_open = select(FINDING.c.unit_id, FINDING.c.system, FINDING.c.day)
    waiting = {tuple(row) for row in session.execute(still_open.where(FINDING.c.state == FindingState.open.value))}
    rows = session.execute(
        select(REPORT.unit_id, REPORT.system, REPORT.day, REVISION.id, REVISION.warnings, REVISION.known_from,
               REVISION.sent_by)
        .select_from(_standing)
        .order_by(REPORT.day, REPORT.unit_id, REPORT.system)
    ).all()  # fmt: skip
    for row in rows:
        key = (row.unit_id, row.system, row.day)
        if key not in gaps and key not in waiting and not any(kind in row.warnings for kind in ASKED):
            continue
        asked = ((q.code.value, q.field, q.values) for q in questions.load(row.warnings))
        found = found_in(asked, gaps.get(key, {}))
        scope = Scope(reference, units[row.unit_id], row.day, System(row.system), row.sent_by, row.known_from)
        yield scope, found, follow.answers_of(_reasons(session, row.id), gaps.get(key, {}))


def _reasons(session: Session, revision_id: int) -> list[reading.Reason]:
    rows = session.execute(
        select(_REASON.warning, reading.FIELD_CODE, _REASON.reason, _REASON.amount, _REASON.note)
        .outerjoin(reading.FIELD_CODE.table, _REASON.field_id == reading.FIELD_ID)
        .where(_REASON.revision_id == revision_id)
    )
    return [reading.Reason(warning, code, reason, amount, None, note) for warning, code, reason, amount, note in rows]


@dataclass(frozen=True)
class _Corrected:
    """A correction of a report: how many dossiers it moved, from how many on that was large then, was it due."""

    scope: Scope
    size: int
    least: int
    is_due: bool

    @property
    def is_large(self) -> bool:
        return self.is_due and self.size >= self.least


def _key(scope: Scope) -> Key:
    assert scope.unit.id is not None
    return scope.unit.id, scope.system.value, scope.day


def _noted(session: Session) -> dict[Key, int]:
    """Return how many dossiers the findings of large corrections say were moved."""
    query = select(FINDING.c.unit_id, FINDING.c.system, FINDING.c.day, FINDING.c.value)
    rows = session.execute(query.where(FINDING.c.kind == FindingKind.large_correction.value))
    return {(unit, system, day): value for unit, system, day, value in rows}


def _corrections(session: Session, noted: Collection[Key]) -> Iterator[_Corrected]:
    """Yield the corrections that may have been large, oldest first: those after the deadline, or of a finding."""
    reference = Reference.read(session)
    units = {unit.id: unit for unit in reference.units.values()}
    thresholds, known = _thresholds(session), _deadlines(session)
    before, after = hot.table(ReportRevision).alias("before").c, REVISION
    rows: Any = session.execute(
        select(REPORT.unit_id, REPORT.day, REPORT.system, before.id.label("was"), after.id, after.number,
               after.known_from, after.sent_by, OBLIGATION.due_at)
        .select_from(hot.table(Report))
        .join(hot.table(ReportRevision), after.report_id == REPORT.id)
        .join(before.id.table, (before.report_id == after.report_id) & (before.number == after.number - 1))
        .outerjoin(OBLIGATION.id.table, (OBLIGATION.unit_id == REPORT.unit_id) & (OBLIGATION.day == REPORT.day)
                   & (OBLIGATION.system == REPORT.system))
        .where(before.partial.is_(False), before.unavailable.is_(None))
        .order_by(after.known_from, after.id)
    ).all()  # fmt: skip
    for row in rows:
        scope = Scope(reference, units[row.unit_id], row.day, System(row.system), row.sent_by, row.known_from)
        then = known.get((proof.entity(scope.unit.code, row.day, row.system), row.number))
        due_at = then or row.due_at or reference.deadlines(scope.unit, scope.day, scope.system).due_at
        is_due = row.known_from > due_at
        if is_due or _key(scope) in noted:
            size = moved(reading.lines_of(session, row.was), reading.lines_of(session, row.id))
            least = next((was for at, was in thresholds if row.known_from < at), reference.form.large_correction)
            yield _Corrected(scope, size, least, is_due)


def _deadlines(session: Session) -> dict[tuple[str, int], datetime]:
    """Return by which deadlines corrections were judged, by report and version; of the oldest nobody wrote it down."""
    found = {}
    query = select(_AUDIT.entity, _AUDIT.after).where(_AUDIT.action == "report.corrected")
    for entity, after in session.execute(query):
        with suppress(ValueError, TypeError, KeyError):  # an entry that was altered may say anything
            said = json.loads(after)
            found[entity, said["version"]] = datetime.fromisoformat(said["due_at"])
    return found


def _thresholds(session: Session) -> list[tuple[datetime, int]]:
    """Return the moments at which the city changed from how many dossiers on a correction is large, and from what."""
    query = select(_AUDIT.at, _AUDIT.before).where(_AUDIT.action == "form.updated").order_by(_AUDIT.number)
    found = []
    for at, before in session.execute(query):
        with suppress(ValueError, TypeError, KeyError):  # an entry that was altered may say anything
            found.append((at, json.loads(before)["follow_up"]["large_correction"]))
    return found
