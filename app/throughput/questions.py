"""The warnings of a report: questions that never block, each answered once by a typed reason."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlmodel import Session

from app.calendar.rules import Calendar
from app.procedures.rules import System
from app.throughput import neighbours
from app.throughput.drafts import Draft
from app.throughput.figures import reading as figures
from app.throughput.figures.rules import Gap
from app.throughput.forms import Reference
from app.throughput.rules import ReasonCode, WarningCode, rates
from app.throughput.timing import Deadlines
from app.throughput.unusual import had_some, is_unusual
from app.units.models import Unit

# Judged by the whole report: with a line missing there is no answer yet.
OF_THE_SUM = (WarningCode.all_zero, WarningCode.overdue_share)
# The typed reasons that answer a question, likeliest first; each other one may be given too.
FITTING: dict[WarningCode, tuple[ReasonCode, ...]] = {
    WarningCode.opening_gap: (
        ReasonCode.late_sync, ReasonCode.late_correction, ReasonCode.transfer_in, ReasonCode.transfer_out,
        ReasonCode.reopened, ReasonCode.wrong_field, ReasonCode.wrong_unit, ReasonCode.duplicate,
        ReasonCode.field_changed, ReasonCode.unit_changed, ReasonCode.missing_day, ReasonCode.source_error,
        ReasonCode.first_day, ReasonCode.other,
    ),
    WarningCode.non_working_day: (ReasonCode.weekend_service, ReasonCode.campaign, ReasonCode.other),
    WarningCode.all_zero: (ReasonCode.natural_disaster, ReasonCode.source_error, ReasonCode.other),
    WarningCode.unusual_value: (
        ReasonCode.campaign, ReasonCode.late_sync, ReasonCode.natural_disaster, ReasonCode.wrong_field,
        ReasonCode.source_error, ReasonCode.other,
    ),
    WarningCode.overdue_share: (
        ReasonCode.campaign, ReasonCode.late_sync, ReasonCode.natural_disaster, ReasonCode.source_error,
        ReasonCode.other,
    ),
    WarningCode.overdue_stock_fell: (
        ReasonCode.late_correction, ReasonCode.late_sync, ReasonCode.transfer_out, ReasonCode.wrong_field,
        ReasonCode.duplicate, ReasonCode.source_error, ReasonCode.other,
    ),
    WarningCode.external_gap: (
        ReasonCode.late_sync, ReasonCode.source_error, ReasonCode.after_cut_off, ReasonCode.other,
    ),
    WarningCode.late: (
        ReasonCode.late_sync, ReasonCode.source_error, ReasonCode.natural_disaster, ReasonCode.missing_day,
        ReasonCode.other,
    ),
    WarningCode.partial_day: (ReasonCode.source_error, ReasonCode.natural_disaster, ReasonCode.other),
    WarningCode.correction: (
        ReasonCode.late_correction, ReasonCode.late_sync, ReasonCode.after_cut_off, ReasonCode.wrong_field,
        ReasonCode.wrong_unit, ReasonCode.duplicate, ReasonCode.source_error, ReasonCode.other,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A warning as stored: which, where, with what numbers."""

    code: WarningCode
    field: str | None
    values: dict[str, int]


def ask(
    session: Session,
    reference: Reference,
    unit: Unit,
    day: date,
    system: System,
    draft: Draft,
    previous: neighbours.Neighbour | None,
    *,
    deadlines: Deadlines,
    owed: bool,
    calendar: Calendar,
    is_correction: bool,
    met_at: datetime | None,
    now: datetime,
    differences: Mapping[int, Sequence[Gap]],
    around: neighbours.Around | None = None,
) -> list[Question]:
    """Return what a report raises, in the order of the codes.

    `met_at`: when the duty was met before, None while it is not. That it was met late is asked of each revision until
    one says why: nobody's correction, nor one carried from a day before, answers it.
    `differences`: the cells in which it differs from each other system; `around`: what stands around it, where whoever
    calls has read it.
    """
    assert unit.id is not None
    found = [Question(WarningCode.opening_gap, code, {"gap": gap}) for code, gap in sorted(draft.gaps.items())]
    if not calendar.is_working_day(day) and not calendar.may_serve(day) and draft.lines:
        found.append(Question(WarningCode.non_working_day, None, {}))
    if is_correction:
        found.append(Question(WarningCode.correction, None, {}))
    if draft.partial or (draft.unavailable is None and draft.counted_until < deadlines.cut_off_at):
        found.append(Question(WarningCode.partial_day, None, {}))
    if owed and draft.unavailable is None and (met_at or now) > deadlines.due_at:
        found.append(Question(WarningCode.late, None, {}))
    if draft.unavailable is not None:
        return found
    past: Mapping[date, Mapping[str, int]] = {}
    if not draft.partial:
        past = around.past if around else neighbours.received_on(session, unit.id, system, same_weekdays(day))
    nothing = _is_nothing(draft, [sum(counts.values()) for counts in past.values()])
    if nothing:
        found.append(Question(WarningCode.all_zero, None, {}))
    found += _overdue(reference, draft, previous)
    if past and not nothing:  # asked once of the whole day, not of each field again
        for code, line in draft.lines.items():
            if far := is_unusual(line.received, [p.get(code, 0) for p in past.values()]):
                found.append(Question(WarningCode.unusual_value, code, {"median": far[0], "value": far[1]}))
    found += _external(figures.worst(differences.values()))
    return found


def _external(gaps: list[Gap]) -> list[Question]:
    """Return one question for each field that differs from another system's figures, with its largest difference."""
    by_field: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_field.setdefault(gap.field, []).append(gap)
    worst = {code: max(of, key=lambda g: abs(g.said - g.proposed)) for code, of in by_field.items()}
    return [
        Question(
            WarningCode.external_gap, code, {"value": g.said, "external": g.proposed, "cells": len(by_field[code])}
        )
        for code, g in sorted(worst.items())
    ]


def _is_nothing(draft: Draft, same_weekdays: list[int]) -> bool:
    """Tell whether a day has no figure at all, or only stock carried over where the same weekdays had dossiers."""
    flows = draft.figures.received or draft.figures.resolved
    return not draft.lines or (not flows and had_some(same_weekdays))


def _overdue(reference: Reference, draft: Draft, previous: neighbours.Neighbour | None) -> list[Question]:
    found = []
    lines, share = draft.lines, rates(draft.figures)["overdue"]
    if share.value is not None and share.value * 10_000 > reference.form.target_overdue:
        values = {"numerator": share.numerator, "denominator": share.denominator}
        found.append(Question(WarningCode.overdue_share, None, values))
    for code, was in sorted((previous.overdue if previous else {}).items()):
        line = lines.get(code)
        now_overdue = line.pending_overdue if line else 0
        # Overdue stock shrinks only by overdue results, withdrawals, or a supplement that stops the clock.
        ways = (line.resolved_overdue + line.withdrawn + line.memo.get("waiting_applicant", 0)) if line else 0
        if was - now_overdue > ways:
            found.append(Question(WarningCode.overdue_stock_fell, code, {"before": was, "after": now_overdue}))
    return found


@lru_cache(maxsize=1024)
def same_weekdays(day: date) -> tuple[date, ...]:
    """Return the days that say what is usual: the same weekday of the eight weeks before."""
    return tuple(day - timedelta(weeks=n) for n in range(1, 9))


def dump(questions: list[Question]) -> str:
    """Return questions as they are kept with the revision."""
    return json.dumps([[q.code, q.field, q.values] for q in questions], separators=(",", ":"))


def load(text: str) -> list[Question]:
    """Return the questions kept with a revision."""
    return [Question(WarningCode(code), field, values) for code, field, values in json.loads(text)]
