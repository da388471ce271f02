"""Confirming a source's figures without a person, where the unit's setting says so: through everybody's service."""

from datetime import date, datetime

from sqlalchemy import Date, Integer, bindparam, select, update
from sqlmodel import Session

from app.accounts.rules import Role
from app.core import hot
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Invalid
from app.procedures.rules import System
from app.throughput import cases, service
from app.throughput.around import Many
from app.throughput.figures.batch import Counts
from app.throughput.figures.models import FigureDay, FigureSource
from app.throughput.figures.reading import DAY
from app.throughput.figures.rules import NEEDED
from app.throughput.forms import Reference
from app.throughput.rules import ReasonCode, WarningCode
from app.throughput.schemas import ReasonIn, ReportIn
from app.throughput.service import Match
from app.units.models import Unit

_SOURCE = hot.table(FigureSource).c
_of_day = (
    (DAY.unit_id == bindparam("unit", type_=Integer))
    & (DAY.system == bindparam("of_system"))
    & (DAY.source == bindparam("of_source"))
    & (DAY.day == bindparam("of_day", type_=Date))
)
_MADE = select(DAY.revision_id).where(_of_day)
_make = update(hot.table(FigureDay)).where(_of_day)


def made(session: Session, unit_id: int, day: date, system: System) -> set[int]:
    """Return the revisions of a day's report that a source's figures made last."""
    mine = (DAY.unit_id == unit_id) & (DAY.system == system.value) & (DAY.day == day)
    return set(session.scalars(select(DAY.revision_id).where(mine, DAY.revision_id.is_not(None))))


def asked(session: Session, source: str) -> set[tuple[int, str]]:
    """Return the units and systems whose figures of a source become the report."""
    query = select(_SOURCE.unit_id, _SOURCE.system).where(_SOURCE.source == source, _SOURCE.confirms.is_(True))
    return {(unit, system) for unit, system in session.execute(query)}


def confirm(
    session: Session,
    reference: Reference,
    caller: Caller,
    *,
    many: Many,
    source: str,
    unit: Unit,
    day: date,
    system: System,
    counted_until: datetime | None,
    counts: Counts,
    now: datetime,
    is_sent: bool = True,
    late: ReasonIn | None = None,
) -> tuple[int, bool]:
    """Make a source's figures the unit's report; returns its version and whether that changed anything.

    Never of a part of the day, nor over a report that this source did not make. A machine explains nothing: what is
    asked stays open for the unit, and only a late correction carries the reason that it cannot do without, `late`: a
    machine's own is that it was late, a person says why or the report stays. The same figures again change nothing:
    what a person explained of them stands. Not `is_sent`: the figures of a day that moved with the totals before it.
    `many`: what stands around the unit-days of the call.
    """
    assert unit.id is not None
    standing = many.standing(unit.id, day, system)
    stored = standing.stored
    which = {"unit": unit.id, "of_system": system.value, "of_day": day, "of_source": source}
    if stored is not None:
        ((made,),) = hot.run(session, _MADE, which)
        if stored.revision_id != made:
            raise Conflict("report_of_others")
    moments = standing.owed or reference.deadlines(unit, day, system)
    # When a day that only moved was counted is not known from this call: its report tells that it was a whole one.
    if counted_until is None and not is_sent and stored is None:
        raise Conflict("part_of_day")
    if (counted_until or now) < moments.cut_off_at:
        raise Conflict("part_of_day")
    faults = [
        Fault("/lines", "figure_missing", {"field": code, "column": column})
        for code, of in counts.items()
        for column in NEEDED
        if column not in of
    ]
    if faults:
        raise Invalid(faults)
    if late is None and caller.role == Role.machine:
        late = ReasonIn(warning=WarningCode.correction, reason=ReasonCode.late_sync)
    is_late = stored is not None and now > moments.grace_until
    body = ReportIn.model_validate({
        "counted_until": counted_until, "lines": [{"field": code, **of} for code, of in sorted(counts.items())],
        "reasons": [late] if is_late and late is not None else [],
    })  # fmt: skip
    if stored is not None:
        draft = cases.understood(session, reference, unit, day, system, body, now, standing).draft
        if not draft.faults and draft.lines == stored.lines:
            return stored.version, False
    match = Match(f'"{stored.version}"' if stored else None)
    saved = service.put_report(
        session, caller, unit=unit, day=day, system=system, body=body, match=match, now=now,
        reference=reference, standing=standing,
    )  # fmt: skip
    if saved.draft is not None and saved.revision_id is not None:
        hot.run(session, _make, which | {"revision_id": saved.revision_id})
        many.wrote(unit.id, day, system, saved.draft, saved.revision_id)
    return saved.version, saved.changed
