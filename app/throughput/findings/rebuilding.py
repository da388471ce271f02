"""Findings worked out of the reports that stand, in one pass: after a bulk load, and to prove those that are kept."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from app.core import hot
from app.procedures.rules import System
from app.throughput import questions, reading
from app.throughput.findings import follow
from app.throughput.findings.follow import FINDING, Scope
from app.throughput.findings.rules import ASKED, Answer, FindingKind, FindingState, Found, Place, found_in, moved
from app.throughput.forms import Reference
from app.throughput.models import Adjustment, Report, ReportReason, ReportRevision
from app.throughput.reading import OBLIGATION, REPORT, REVISION

_ADJUSTMENT = hot.table(Adjustment).c
_REASON = hot.table(ReportReason).c
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
    for scope, found in _large(session):
        follow.judge(session, scope, {FindingKind.large_correction}, found, {})
    return count


def differences(session: Session) -> Iterator[str]:
    """Yield a sentence for every finding that is not what its report says."""
    for scope, found, answers in _odd(session):
        for (kind, field), _, change, _ in follow.changes(session, scope, ASKED, found, answers):
            where = f"{scope.unit.code} {scope.system.value} {scope.day} {kind.value} {field or '-'}"
            yield f"findings {where}: the report says {change.value}"


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


def _large(session: Session) -> Iterator[tuple[Scope, dict[Place, Found]]]:
    """Yield the large corrections after the deadline that no finding tells of yet."""
    reference = Reference.read(session)
    units = {unit.id: unit for unit in reference.units.values()}
    least = reference.form.large_correction
    before, after = hot.table(ReportRevision).alias("before").c, REVISION
    known = select(FINDING.c.id).where(
        FINDING.c.unit_id == REPORT.unit_id, FINDING.c.day == REPORT.day, FINDING.c.system == REPORT.system,
        FINDING.c.kind == FindingKind.large_correction.value,
    )  # fmt: skip
    rows: Any = session.execute(
        select(REPORT.unit_id, REPORT.system, REPORT.day, before.id.label("was"), after.id, after.known_from,
               after.sent_by)
        .select_from(hot.table(Report))
        .join(hot.table(ReportRevision), after.report_id == REPORT.id)
        .join(before.id.table, (before.report_id == after.report_id) & (before.number == after.number - 1))
        .join(OBLIGATION.id.table, (OBLIGATION.unit_id == REPORT.unit_id) & (OBLIGATION.day == REPORT.day)
              & (OBLIGATION.system == REPORT.system))
        .where(after.known_from > OBLIGATION.due_at, before.partial.is_(False), before.unavailable.is_(None),
               ~known.exists())
        .order_by(after.known_from, after.id)
    ).all()  # fmt: skip
    for row in rows:
        size = moved(reading.lines_of(session, row.was), reading.lines_of(session, row.id))
        if size >= least:
            scope = Scope(reference, units[row.unit_id], row.day, System(row.system), row.sent_by, row.known_from)
            yield scope, {(FindingKind.large_correction, None): Found(size, least)}
