"""All reports that a stage may look at, in their order, with what is unusual: read lean, however many there are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import Session

from app.core import hot
from app.throughput import questions, reading
from app.throughput.approvals import pins, rules
from app.throughput.approvals.rules import Stage, Unusual, Word
from app.throughput.findings.models import Finding
from app.throughput.findings.rules import FindingKind, FindingState
from app.throughput.models import Adjustment, Obligation, Report, ReportReason, ReportRevision
from app.throughput.rules import SYSTEMS, WarningCode
from app.units.models import Unit

_REPORT = hot.table(Report).c
_REVISION = hot.table(ReportRevision).c
_OBLIGATION = hot.table(Obligation).c
_REASON = hot.table(ReportReason).c
_GAP = hot.table(Adjustment).c
_FINDING = hot.table(Finding).c
_UNIT = hot.table(Unit).c
_standing = hot.table(Report).join(
    hot.table(ReportRevision), and_(_REVISION.report_id == _REPORT.id, _REVISION.number == _REPORT.version)
)
_SYSTEMS = {system.value: place for place, system in enumerate(SYSTEMS)}
Place = tuple[int, str, str, str, int]
Asked = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Placed:
    """A report's place in the list, and what puts it there."""

    report_id: int
    version: int
    place: Place
    waits: bool
    is_approved: bool
    ward_approved: bool
    unusual: list[Unusual]
    open_warnings: int


def same_day(c: Any) -> ColumnElement[bool]:
    """Return the condition that a row is of the same unit, day and system as the report."""
    return and_(c.unit_id == _REPORT.unit_id, c.day == _REPORT.day, c.system == _REPORT.system)


def placed(session: Session, wanted: list[ColumnElement[bool]], stage: Stage) -> list[Placed]:
    """Return the reports that are wanted in the order in which a stage looks at them.

    Both systems of a unit's day stand together, where the weightier of the two belongs.
    """
    rows = [_Row(*row) for row in session.execute(_query(wanted, stage))]
    asked = {row.id: found for row in rows if row.warnings != "[]" and (found := _asked(row.warnings))}
    given = _given(session, wanted) if asked else {}
    judged = []
    ranks: dict[tuple[str, date], int] = {}
    for row in rows:
        mine = row.city if stage is Stage.city else row.ward
        answered = given.get(row.id, ())
        is_open = sum((code, None) not in answered and (code, of) not in answered for code, of in asked.get(row.id, ()))
        open_warnings = row.gaps + is_open
        unusual = _unusual(row, open_warnings)
        rank = rules.rank(unusual, waits=mine is None or Unusual.returned in unusual)
        ranks[row.code, row.day] = min(rank, ranks.get((row.code, row.day), rank))
        judged.append((row, mine, unusual, open_warnings))
    newest_first = {day: str(99_999_999 - int(day.strftime("%Y%m%d"))) for _, day in ranks}
    every = [
        Placed(
            row.id, row.version,
            (ranks[row.code, row.day], row.sort_key, row.code, newest_first[row.day], _SYSTEMS[row.system]),
            mine is None, mine == Word.approved, row.ward == Word.approved, unusual, open_warnings,
        )
        for row, mine, unusual, open_warnings in judged
    ]  # fmt: skip
    return sorted(every, key=lambda one: one.place)


class _Row(NamedTuple):
    """What is read of a report: who says what of its revision, and all that may be unusual about it."""

    id: int
    day: date
    system: str
    version: int
    partial: bool
    unavailable: bool
    warnings: str
    code: str
    sort_key: str
    late: int
    city: str | None
    ward: str | None
    approved: int | None
    gaps: int
    to_be_seen: bool


def _query(wanted: list[ColumnElement[bool]], stage: Stage) -> Any:
    city, ward = pins.words_on(_REPORT.id, _REPORT.version)
    gaps = select(func.count()).where(same_day(_GAP), _GAP.amount != _GAP.explained).scalar_subquery()
    large = select(_FINDING.id).where(
        same_day(_FINDING), _FINDING.state == FindingState.open.value,
        _FINDING.kind == FindingKind.large_correction.value,
    )  # fmt: skip
    return (
        select(
            _REPORT.id, _REPORT.day, _REPORT.system, _REPORT.version, _REPORT.partial, _REPORT.unavailable,
            _REVISION.warnings, _UNIT.code, _UNIT.sort_key,
            case((_REPORT.first_met_at > _OBLIGATION.due_at, 1), else_=0), city, ward,
            pins.last_approved(_REPORT.id, stage), gaps, large.exists(),
        )
        .select_from(_standing)
        .join(hot.table(Unit), _UNIT.id == _REPORT.unit_id)
        .outerjoin(hot.table(Obligation), same_day(_OBLIGATION))
        .where(*wanted)
    )  # fmt: skip


def _asked(warnings: str) -> list[Asked]:
    """Return what was asked of a revision, but for the openings: those are as they are now, not as they were put."""
    return [(q.code.value, q.field) for q in questions.load(warnings) if q.code is not WarningCode.opening_gap]


def _given(session: Session, wanted: list[ColumnElement[bool]]) -> dict[int, set[Asked]]:
    found: dict[int, set[Asked]] = defaultdict(set)
    for report_id, warning, field in session.execute(
        select(_REPORT.id, _REASON.warning, reading.FIELD_CODE)
        .select_from(_standing)
        .join(hot.table(ReportReason), _REASON.revision_id == _REVISION.id)
        .outerjoin(reading.FIELD_CODE.table, _REASON.field_id == reading.FIELD_ID)
        .where(*wanted)
    ):
        found[report_id].add((warning, field))
    return found


def _unusual(row: _Row, open_warnings: int) -> list[Unusual]:
    found = (
        (Unusual.corrected_since, row.approved is not None and row.approved < row.version),
        (Unusual.open_warnings, open_warnings > 0),
        (Unusual.findings, row.to_be_seen),
        (Unusual.late, row.late),
        (Unusual.partial, row.partial),
        (Unusual.unavailable, row.unavailable),
        (Unusual.returned, (row.city or row.ward) == Word.returned),
    )
    return [one for one, holds in found if holds]
