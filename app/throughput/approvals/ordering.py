"""All reports that a stage may look at, in their order, with what is unusual: read lean, however many there are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import Session

from app.core import hot
from app.procedures.rules import System
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
Place = tuple[int, str, str, str, int]
Asked = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Placed:
    """A report's place in the list, and what puts it there."""

    report_id: int
    place: Place
    waits: bool
    is_approved: bool
    unusual: list[Unusual]
    open_warnings: int


def same_day(c: Any) -> ColumnElement[bool]:
    """Return the condition that a row is of the same unit, day and system as the report."""
    return and_(c.unit_id == _REPORT.unit_id, c.day == _REPORT.day, c.system == _REPORT.system)


def placed(session: Session, wanted: list[ColumnElement[bool]], stage: Stage) -> list[Placed]:
    """Return the reports that are wanted in the order in which a stage looks at them.

    Both systems of a unit's day stand together, where the weightier of the two belongs.
    """
    rows = session.execute(_query(wanted, stage)).all()
    asked = {row.id: found for row in rows if (found := _asked(row.warnings))}
    given = _given(session, wanted) if asked else {}
    judged = [(row, *_judged(row, asked.get(row.id, ()), given.get(row.id, set()), stage)) for row in rows]
    ranks: dict[tuple[int, date], int] = {}
    for row, waits, unusual, _ in judged:
        rank = rules.rank(unusual, waits=waits or Unusual.returned in unusual)
        ranks[row.unit_id, row.day] = min(rank, ranks.get((row.unit_id, row.day), rank))
    every = []
    for row, waits, unusual, open_warnings in judged:
        newest_first = str(99_999_999 - int(row.day.strftime("%Y%m%d")))
        system = SYSTEMS.index(System(row.system))
        place = (ranks[row.unit_id, row.day], row.sort_key, row.code, newest_first, system)
        is_approved = _mine(row, stage) == Word.approved
        every.append(Placed(row.id, place, waits, is_approved, unusual, open_warnings))
    return sorted(every, key=lambda one: one.place)


def _query(wanted: list[ColumnElement[bool]], stage: Stage) -> Any:
    city, ward = pins.words_on(_REPORT.id, _REPORT.version)
    gaps = select(func.count()).where(same_day(_GAP), _GAP.amount != _GAP.explained).scalar_subquery()
    large = select(_FINDING.id).where(
        same_day(_FINDING), _FINDING.state == FindingState.open.value,
        _FINDING.kind == FindingKind.large_correction.value,
    )  # fmt: skip
    return (
        select(
            _REPORT.id, _REPORT.unit_id, _REPORT.day, _REPORT.system, _REPORT.version, _REPORT.partial,
            _REPORT.unavailable, _REPORT.first_met_at, _REVISION.warnings, _UNIT.code, _UNIT.sort_key,
            _OBLIGATION.due_at, city.label("city"), ward.label("ward"),
            pins.last_approved(_REPORT.id, stage).label("approved"), gaps.label("gaps"),
            large.exists().label("to_be_seen"),
        )
        .select_from(_standing)
        .join(hot.table(Unit), _UNIT.id == _REPORT.unit_id)
        .outerjoin(hot.table(Obligation), same_day(_OBLIGATION))
        .where(*wanted)
    )  # fmt: skip


def _asked(warnings: str) -> list[Asked]:
    """Return what was asked of a revision, but for the openings: those are as they are now, not as they were put."""
    if warnings == "[]":
        return []
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


def _judged(row: Any, asked: Any, given: set[Asked], stage: Stage) -> tuple[bool, list[Unusual], int]:
    """Return whether a report waits for the stage's word, what is unusual about it, and how many questions are open."""
    open_warnings = row.gaps + sum((code, None) not in given and (code, field) not in given for code, field in asked)
    met = row.first_met_at
    found = {
        Unusual.corrected_since: row.approved is not None and row.approved < row.version,
        Unusual.open_warnings: open_warnings > 0,
        Unusual.findings: bool(row.to_be_seen),
        Unusual.late: row.due_at is not None and met is not None and met > row.due_at,
        Unusual.partial: row.partial,
        Unusual.unavailable: row.unavailable,
        Unusual.returned: (row.city or row.ward) == Word.returned,
    }
    return _mine(row, stage) is None, [one for one, holds in found.items() if holds], open_warnings


def _mine(row: Any, stage: Stage) -> str | None:
    said: str | None = row.city if stage is Stage.city else row.ward
    return said
