"""An explanation written into its report: one more reason, every figure as it stands."""

import hashlib
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.core import events
from app.core.access import Caller
from app.procedures.rules import System
from app.throughput import evidence, neighbours, reading, rules, writing
from app.throughput.cases import Case
from app.throughput.drafts import Draft
from app.throughput.findings.rules import Answer, FindingKind
from app.throughput.forms import Reference
from app.throughput.reading import Reason
from app.throughput.rules import WarningCode


def answer(session: Session, reference: Reference, caller: Caller, finding: Any, given: Answer, now: datetime) -> None:
    """Make a revision of a finding's report that says the reason; what is locked are its figures, and none changes."""
    unit, system = reference.units[finding.code], System(finding.system)
    stored = reading.current(session, finding.unit_id, finding.day, system)
    assert stored is not None, "a finding is about a report"
    previous = neighbours.before(session, finding.unit_id, finding.day, system)
    openings = {code: line.carried_over for code, line in stored.lines.items()}
    gaps = rules.adjustments(openings, previous.closing) if previous and stored.unavailable is None else {}
    amount = gaps.get(finding.field) if finding.kind == FindingKind.opening_gap else None
    own = Reason(finding.kind, finding.field, given.reason, amount, None, given.note)
    reasons = [r for r in stored.reasons if (r.warning, r.field) != (own.warning, own.field)] + [own]
    deadlines = stored.owed or reference.deadlines(unit, finding.day, system)
    if now > deadlines.grace_until and all(r.warning != WarningCode.correction for r in reasons):
        reasons.append(Reason(WarningCode.correction.value, None, given.reason, None, None, given.note))
    if reasons == stored.reasons:
        return
    draft = Draft(
        counted_until=stored.counted_until, counted_given=True, partial=stored.partial, unavailable=stored.unavailable,
        note=stored.note, lines=stored.lines, reasons=reasons, gaps=gaps, amounts=reading.amounts_of(reasons),
        faults=[],
    )  # fmt: skip
    # It was sent by nobody's body: known by what it explains.
    digest = hashlib.sha256(f"finding {finding.id} of {stored.revision_id}".encode()).hexdigest()
    rests_on = evidence.of_revision(session, stored.revision_id)
    case = Case(system, stored, previous, draft, stored.owed, deadlines, digest, rests_on)
    saved = writing.write(session, reference, caller, unit, finding.day, case, now)
    events.publish(session, writing.ReasonsAdded(stored.report_id, saved.version))
