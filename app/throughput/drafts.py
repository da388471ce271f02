"""From what was sent to a report that can be judged: lines completed, reasons matched, everything wrong named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from sqlmodel import Session

from app.core.clock import day_of
from app.core.errors import Fault
from app.procedures.rules import System
from app.throughput import rules
from app.throughput.forms import Reference
from app.throughput.neighbours import Neighbour
from app.throughput.reading import Reason, Stored, amounts_of
from app.throughput.rules import Figures, Line, ReasonCode, WarningCode, figures_of
from app.throughput.schemas import ReasonIn, ReportIn
from app.throughput.timing import Deadlines
from app.units.models import Unit


@dataclass
class Draft:
    """A report as understood; `faults` empty means that it may be stored.

    `amounts`: how many dossiers a reason was said to speak of, by field, where it was said.
    """

    counted_until: datetime
    counted_given: bool
    partial: bool
    unavailable: str | None
    note: str
    lines: dict[str, Line]
    reasons: list[Reason]
    gaps: dict[str, int]
    amounts: dict[str, int]
    faults: list[Fault]

    @cached_property
    def figures(self) -> Figures:
        """The sums of the lines."""
        return figures_of(self.lines.values())

    @property
    def whole(self) -> dict[str, Line] | None:
        """The lines where they count the whole day: only then can they be compared with what others count."""
        return self.lines if self.unavailable is None and not self.partial else None

    def _gives_the_reasons_of(self, stored: Stored) -> bool:
        """Compare reasons; that of an earlier correction need not be said again where nothing is corrected."""
        known = stored.reasons if not correction_reason_missing(self) else _no_correction(stored.reasons)
        return _bag(self.reasons) == _bag(known)

    def says_the_same_as(self, stored: Stored) -> bool:
        """Tell whether a stored revision says exactly this."""
        return (
            not self.faults
            and (self.counted_until == stored.counted_until or not self.counted_given)
            and self.partial == stored.partial
            and self.unavailable == stored.unavailable
            and self.note == stored.note
            and self.lines == stored.lines
            and self._gives_the_reasons_of(stored)
            and self.amounts.items() <= amounts_of(stored.reasons).items()
        )


def _no_correction(reasons: list[Reason]) -> list[Reason]:
    return [r for r in reasons if r.warning != WarningCode.correction]


def _bag(reasons: list[Reason]) -> list[tuple[str, str, str, str, str]]:
    return sorted((r.warning, r.field or "", r.reason, r.counterpart or "", r.note) for r in reasons)


def understand(
    session: Session,
    reference: Reference,
    unit: Unit,
    day: date,
    system: System,
    body: ReportIn,
    *,
    previous: Neighbour | None,
    stored: Stored | None,
    deadlines: Deadlines,
    now: datetime,
) -> Draft:
    """Complete and check what was sent; nothing is raised here, so that a retry of what stands is still recognised."""
    faults: list[Fault] = []
    if day > day_of(now):
        faults.append(Fault("", "day_in_future", {"day": day}))
    if not unit.is_valid(day):
        faults.append(Fault("", "unit_closed", {"unit": unit.name, "day": day}))
    if body.counted_until is None:
        counted_until = min(deadlines.cut_off_at, now).replace(microsecond=0)
        counted_until = max(counted_until, stored.counted_until) if stored else counted_until
    else:
        counted_until = body.counted_until.astimezone(UTC)
        if counted_until > now:
            faults.append(Fault("/counted_until", "counted_in_future"))
        elif day_of(counted_until) < day:
            faults.append(Fault("/counted_until", "counted_before_day", {"day": day}))
    closing = previous.closing if previous else {}
    standing = stored.lines if stored else {}
    lines = _lines(reference, unit, day, system, body, closing, standing, faults)
    gaps: dict[str, int] = {}
    if previous is not None and body.unavailable is None:
        gaps = rules.adjustments({code: line.carried_over for code, line in lines.items()}, closing)
    return Draft(
        counted_until=counted_until,
        counted_given=body.counted_until is not None,
        partial=body.partial_day,
        unavailable=body.unavailable.reason if body.unavailable else None,
        note=body.note,
        lines=lines,
        reasons=_reasons(reference, body.reasons, lines, gaps, faults),
        gaps=gaps,
        amounts={r.field: r.amount for r in body.reasons if r.field is not None and r.amount is not None},
        faults=faults,
    )


def _lines(
    reference: Reference,
    unit: Unit,
    day: date,
    system: System,
    body: ReportIn,
    closing: dict[str, int],
    standing: Mapping[str, Line],
    faults: list[Fault],
) -> dict[str, Line]:
    if body.unavailable is not None:
        if body.lines:
            faults.append(Fault("/lines", "lines_with_unavailable"))
        if body.partial_day:
            faults.append(Fault("/partial_day", "partial_with_unavailable"))
        return {}
    if body.lines is None:
        faults.append(Fault("/lines", "required"))
        return {}
    applicable = reference.applicable(unit, day, system)
    lines: dict[str, Line] = {}
    seen: set[str] = set()
    for index, typed in enumerate(body.lines):
        place, code = f"/lines/{index}", typed.field
        if code in seen:
            faults.append(Fault(f"{place}/field", "duplicate_line", {"field": code}))
            continue
        seen.add(code)
        if code not in applicable and code not in standing:  # what was counted while it applied stays
            known = reference.knows_field(code)
            problem = "field_not_applicable" if known else "unknown_field"
            faults.append(Fault(f"{place}/field", problem, {"field": code, "code": code}))
            continue
        line, broken = rules.complete(vars(typed), code, typed.memo, closing.get(code, 0))
        broken += rules.broken_memos(line, reference.memos)
        faults += [
            Fault(f"{place}/{b.column}" if b.column else place, b.code, {"field": code, **b.values}) for b in broken
        ]
        if not line.is_zero:
            lines[code] = line
    return lines


def _reasons(
    reference: Reference, given: list[ReasonIn], lines: dict[str, Line], gaps: dict[str, int], faults: list[Fault]
) -> list[Reason]:
    """Return the reasons to store; one for all opening gaps becomes one a field, each with what it explains.

    Why a day had nothing is no reason any more once something was counted: a form sends on what stood.
    """
    reasons: list[Reason] = []
    counted = any(line.received or line.resolved for line in lines.values())
    seen: set[tuple[str, str | None]] = set()
    for index, one in enumerate(given):
        place = f"/reasons/{index}"
        if one.reason == ReasonCode.other and not one.note:
            faults.append(Fault(f"{place}/note", "note_required"))
        if one.field is not None and not reference.knows_field(one.field):
            faults.append(Fault(f"{place}/field", "unknown_field", {"code": one.field}))
        if one.counterpart is not None and reference.unit_id(one.counterpart) is None:
            faults.append(Fault(f"{place}/counterpart", "unknown_unit", {"code": one.counterpart}))
        if one.amount is not None and (one.warning != WarningCode.opening_gap or one.field is None):
            faults.append(Fault(f"{place}/amount", "invalid_value"))
        if (one.warning, one.field) in seen:
            faults.append(Fault(place, "duplicate_reason"))
        seen.add((one.warning, one.field))
        if counted and one.warning == WarningCode.all_zero:
            continue
        fields: list[tuple[str | None, int | None]] = [(one.field, None)]
        if one.warning == WarningCode.opening_gap:
            named = {r.field for r in given if r.warning == WarningCode.opening_gap}
            fields = (
                [(code, amount) for code, amount in sorted(gaps.items()) if code not in named]
                if one.field is None
                else [(one.field, gaps.get(one.field, 0) if one.amount is None else one.amount)]
            ) or [(one.field, 0)]
        reasons += [
            Reason(one.warning.value, code, one.reason.value, amount, one.counterpart, one.note)
            for code, amount in fields
        ]
    return reasons


def correction_reason_missing(draft: Draft) -> bool:
    """Tell whether a correction lacks the typed reason that it needs after the grace."""
    return not any(r.warning == WarningCode.correction for r in draft.reasons)
