"""Proof that no revision was altered: a digest of its figures lies in the audit chain beside the word that it came."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import hot
from app.core.audit import AuditEntry
from app.procedures.models import ProcedureField
from app.throughput.models import Report, ReportLine, ReportMemo, ReportReason, ReportRevision
from app.throughput.reading import Reason
from app.throughput.rules import COLUMNS, Line, counts_of
from app.units.models import Unit

ACTIONS = ("report.received", "report.corrected")
_BATCH = 1000
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_LINE = hot.table(ReportLine).c
_MEMO = hot.table(ReportMemo).c
_REASON = hot.table(ReportReason).c


def entity(unit: str, day: date, system: str) -> str:
    """Return a report's name in the audit."""
    return f"reports/{unit}/{day}/{system}"


def digest(lines: Iterable[Line], reasons: Iterable[Reason]) -> str:
    """Return SHA-256 over a revision's lines by field, their memo counts and its reasons, in one canonical form."""
    rows = [[line.field, *counts_of(line), dict(line.memo)] for line in lines]
    return _digest(rows, [[r.warning, r.field, r.reason, r.amount, r.counterpart, r.note] for r in reasons])


def _digest(lines: list[list[Any]], reasons: list[list[Any]]) -> str:
    content = [sorted(lines, key=lambda line: str(line[0])), reasons]
    return hashlib.sha256(_CANONICAL.encode(content).encode()).hexdigest()


def alterations(session: Session) -> Iterator[str]:
    """Yield a sentence for every revision, superseded ones too, that is not as the audit says, or does not add up."""
    fields = _codes(session, ProcedureField)
    units = _codes(session, Unit)
    sealed = _sealed(session)
    revisions = session.execute(
        select(
            col(ReportRevision.id), col(ReportRevision.number), col(Report.unit_id), col(Report.day), col(Report.system)
        )
        .join(Report, col(Report.id) == col(ReportRevision.report_id))
        .order_by(col(ReportRevision.id))
    ).all()
    for start in range(0, len(revisions), _BATCH):
        batch = revisions[start : start + _BATCH]
        lines, reasons = _content(session, batch[0][0], batch[-1][0], fields, units)
        for number, version, unit_id, day, system in batch:
            name = entity(units[unit_id], day, system)
            rows = lines.get(number, [])
            if not all(_adds_up(row) for row in rows):
                yield f"{name}: revision {version} does not add up"
            kept = sealed.pop((name, version), None)
            if kept is None:
                yield f"{name}: revision {version} is not in the audit"
            elif kept != _digest(rows, reasons.get(number, [])):
                yield f"{name}: revision {version} was altered"
    for name, version in sorted(sealed):
        yield f"{name}: revision {version} is missing"


def _codes(session: Session, model: type[ProcedureField] | type[Unit]) -> dict[int | None, str]:
    return {row.id: row.code for row in session.execute(select(col(model.id), col(model.code)))}


def _sealed(session: Session) -> dict[tuple[str, int], str]:
    """Return the digests in the audit by report and version."""
    query = select(col(AuditEntry.entity), col(AuditEntry.after)).where(col(AuditEntry.action).in_(ACTIONS))
    found: dict[tuple[str, int], str] = {}
    for name, after in session.execute(query.execution_options(yield_per=_BATCH)):
        with suppress(ValueError, TypeError, KeyError):  # an entry that was altered may say anything
            said = json.loads(after)
            found[name, said["version"]] = said["digest"]
    return found


def _content(
    session: Session, first: int, last: int, fields: Mapping[int | None, str], units: Mapping[int | None, str]
) -> tuple[dict[int, list[list[Any]]], dict[int, list[list[Any]]]]:
    """Return the lines and the reasons of the revisions from one to another, as they are digested."""
    memos: dict[tuple[int, int], dict[str, int]] = {}
    of_memos = select(_MEMO.revision_id, _MEMO.field_id, _MEMO.memo, _MEMO["count"])
    for number, field_id, memo, count in session.execute(of_memos.where(_MEMO.revision_id.between(first, last))):
        memos.setdefault((number, field_id), {})[memo] = count
    lines: dict[int, list[list[Any]]] = {}
    of_lines = select(_LINE.revision_id, _LINE.field_id, *(_LINE[column] for column in COLUMNS))
    for number, field_id, *counts in session.execute(of_lines.where(_LINE.revision_id.between(first, last))):
        lines.setdefault(number, []).append([fields[field_id], *counts, memos.get((number, field_id), {})])
    reasons: dict[int, list[list[Any]]] = {}
    r = _REASON
    of_reasons = select(r.revision_id, r.warning, r.field_id, r.reason, r.amount, r.counterpart_id, r.note)
    rows = session.execute(of_reasons.where(r.revision_id.between(first, last)).order_by(r.id))
    for number, warning, field_id, reason, amount, counterpart_id, note in rows:
        reasons.setdefault(number, []).append(
            [warning, fields.get(field_id), reason, amount, units.get(counterpart_id), note]
        )
    return lines, reasons


def _adds_up(row: list[Any]) -> bool:
    opening, online, counter, post, early, on_time, overdue, withdrawn, in_time, late = row[1:11]
    adds_up: bool = opening + online + counter + (post or 0) == early + on_time + overdue + in_time + late
    return adds_up and withdrawn <= on_time
