"""What a unit has still to explain: questions about its standing reports without a reason, and unexplained openings."""

from collections import defaultdict
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlmodel import Session

from app.core import hot
from app.procedures.rules import System
from app.throughput.findings.service import open_numbers
from app.throughput.forms import Reference
from app.throughput.models import Adjustment, Obligation, Report, ReportReason, ReportRevision
from app.throughput.reading import FIELD_CODE, FIELD_ID
from app.throughput.reopenings import service as reopenings
from app.throughput.rules import SYSTEMS, WarningCode
from app.throughput.shown import warnings_out
from app.units.models import Unit

_REPORT = hot.table(Report).c
_REVISION = hot.table(ReportRevision).c
_REASON = hot.table(ReportReason).c
_ADJUSTMENT = hot.table(Adjustment).c
_OBLIGATION = hot.table(Obligation).c

Key = tuple[date, str]


class OpenQuestion(BaseModel):
    """A question about a day's report that has no reason yet."""

    day: date
    system: Annotated[System, Field(description="Source system")]
    code: Annotated[WarningCode, Field(description="The question; `opening_gap`: an adjustment without a reason")]
    field: str | None
    values: dict[str, int]
    locked: Annotated[bool, Field(description="The day is locked: the report itself takes no answer any more")]
    finding: Annotated[int | None, Field(description="The finding by which it is explained, locked or not; null: none")]


def open_questions(
    session: Session, reference: Reference, unit: Unit, first: date, last: date, now: datetime
) -> list[OpenQuestion]:
    """Return what is unanswered about a unit's reports of a period, oldest day first."""
    assert unit.id is not None
    of_period = (_REPORT.unit_id == unit.id, _REPORT.day.between(first, last), _REVISION.number == _REPORT.version)
    put = {
        (day, system): (warnings, reopened)
        for day, system, warnings, reopened in session.execute(
            select(_REPORT.day, _REPORT.system, _REVISION.warnings, reopenings.is_open(_REPORT, now))
            .join_from(Report, ReportRevision, _REVISION.report_id == _REPORT.id)
            .where(*of_period)
        )
    }
    given: dict[Key, set[tuple[str, str | None]]] = defaultdict(set)
    for day, system, warning, field in session.execute(
        select(_REPORT.day, _REPORT.system, _REASON.warning, FIELD_CODE)
        .join_from(Report, ReportRevision, _REVISION.report_id == _REPORT.id)
        .join(ReportReason, _REASON.revision_id == _REVISION.id)
        .outerjoin(FIELD_CODE.table, _REASON.field_id == FIELD_ID)
        .where(*of_period)
    ):
        given[day, system].add((warning, field))
    gaps: dict[Key, dict[str, tuple[int, int]]] = defaultdict(dict)
    for day, system, field, amount, explained in session.execute(
        select(_ADJUSTMENT.day, _ADJUSTMENT.system, FIELD_CODE, _ADJUSTMENT.amount, _ADJUSTMENT.explained)
        .join(FIELD_CODE.table, _ADJUSTMENT.field_id == FIELD_ID)
        .where(_ADJUSTMENT.unit_id == unit.id, _ADJUSTMENT.day.between(first, last))
    ):
        gaps[day, system][field] = (amount, explained)
    locks = {
        (day, system): locks_at
        for day, system, locks_at in session.execute(
            select(_OBLIGATION.day, _OBLIGATION.system, _OBLIGATION.locks_at).where(
                _OBLIGATION.unit_id == unit.id, _OBLIGATION.day.between(first, last)
            )
        )
    }
    findings = open_numbers(session, unit.id, first, last)
    found = []
    for key in sorted(put, key=lambda k: (k[0], SYSTEMS.index(System(k[1])))):
        day, system = key[0], System(key[1])
        warnings, reopened = put[key]
        open_ones = [w for w in warnings_out(warnings, given[key], gaps[key]) if not w.answered]
        if not open_ones:
            continue
        locked = not reopened and now > (locks.get(key) or reference.deadlines(unit, day, system).locks_at)
        found += [
            OpenQuestion(
                day=day, system=system, code=w.code, field=w.field, values=w.values, locked=locked,
                finding=findings.get((day, system.value, w.code.value, w.field)),
            )
            for w in open_ones
        ]  # fmt: skip
    return found
