"""Reports as they are shown."""

from collections.abc import Collection, Mapping
from datetime import date

from pydantic import TypeAdapter

from app.procedures.rules import System
from app.throughput import questions
from app.throughput.forms import Reference
from app.throughput.reading import Stored
from app.throughput.rules import WarningCode
from app.throughput.schemas import (
    LineOut,
    ReasonOut,
    ReportOut,
    UnavailableOut,
    WarningOut,
    deadlines_out,
    rates_out,
    totals_out,
)
from app.units.models import Unit

# In one call to the validator's own loop: thirty lines a report make it worth it.
_LINES = TypeAdapter(list[LineOut])


def receipt_number(unit: str, day: date, system: System, revision: int) -> str:
    """Return the number of a receipt, to be quoted in a message: unit, day, system and revision."""
    return f"{unit}-{day:%Y%m%d}-{'TP' if system is System.CITY else 'BN'}-{revision}"


def warnings_out(
    put: str, given: Collection[tuple[str, str | None]], gaps: Mapping[str, tuple[int, int]] | None
) -> list[WarningOut]:
    """Return the questions as they were put; those of a standing report's openings (`gaps`) as they are now."""
    found = [
        WarningOut(
            code=q.code, field=q.field, values=q.values,
            answered=(q.code.value, q.field) in given or (q.code.value, None) in given,
        )
        for q in questions.load(put)
    ]  # fmt: skip
    if gaps is None:
        return found
    gap = WarningCode.opening_gap
    return [
        WarningOut(code=gap, field=code, values={"gap": amount}, answered=amount == explained)
        for code, (amount, explained) in sorted(gaps.items())
    ] + [w for w in found if w.code != gap]


def report_out(reference: Reference, unit: Unit, day: date, system: System, stored: Stored) -> ReportOut:
    """Return a revision of a report as it is shown, with sums, rates and open questions."""
    moments = stored.owed or reference.deadlines(unit, day, system)
    figures = stored.figures
    met = stored.first_met_at
    timeliness = None
    if met is not None and stored.owed and stored.is_met and not stored.report_unavailable:
        timeliness = "on_time" if met <= moments.due_at else "late"
    return ReportOut(
        unit=unit.code,
        day=day,
        system=system,
        version=stored.version,
        revision=stored.number,
        receipt=receipt_number(unit.code, day, system, stored.number),
        status=stored.status,
        timeliness=timeliness,
        received_at=stored.known_from,
        sent_by=stored.sent_by,
        counted_until=stored.counted_until,
        partial_day=stored.partial,
        unavailable=UnavailableOut(reason=stored.unavailable) if stored.unavailable is not None else None,
        lines=_LINES.validate_python(
            sorted(stored.lines.values(), key=lambda line: reference.by_code[line.field].sort_order),
            from_attributes=True,
        ),
        note=stored.note,
        reasons=[
            ReasonOut.model_validate(r, from_attributes=True)
            for r in stored.reasons
        ],
        totals=totals_out(figures),
        rates=rates_out(figures),
        warnings=warnings_out(stored.warnings, {(r.warning, r.field) for r in stored.reasons}, stored.gaps),
        evidence=stored.evidence,
        door=stored.door,
        deadlines=deadlines_out(moments),
        carried=None,
    )  # fmt: skip
