"""Reading reports: what stands and what stood."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Date, Integer, bindparam, select, tuple_
from sqlmodel import Session

from app.core import hot
from app.core.errors import Fault, Invalid
from app.core.files import FileOut
from app.core.paging import Page
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput import evidence
from app.throughput.approvals import pins
from app.throughput.approvals.rules import ReportStatus
from app.throughput.models import Adjustment, Obligation, Report, ReportLine, ReportMemo, ReportReason, ReportRevision
from app.throughput.rules import COLUMNS, Figures, Line, WarningCode, figures_of
from app.throughput.timing import Deadlines, is_met
from app.units.models import Unit

LINE = hot.table(ReportLine).c
REVISION = hot.table(ReportRevision).c
REPORT = hot.table(Report).c
OBLIGATION = hot.table(Obligation).c
_ADJUSTMENT = hot.table(Adjustment).c
FIELD_CODE = hot.table(ProcedureField).c.code
FIELD_ID = hot.table(ProcedureField).c.id
AT_ONCE = 256  # revisions


@dataclass(frozen=True, slots=True)
class Reason:
    """A stored reason, by the field's code."""

    warning: str
    field: str | None
    reason: str
    amount: int | None
    counterpart: str | None
    note: str


def amounts_of(reasons: Iterable[Reason]) -> dict[str, int]:
    """Return how many dossiers the reasons for opening gaps speak of, by field."""
    return {r.field: r.amount or 0 for r in reasons if r.warning == WarningCode.opening_gap and r.field is not None}


@dataclass
class Stored:
    """A report and one of its revisions with all that hangs on it; `owed`: what judges it, None when not owed.

    `gaps`: adjustments as they are now and what is explained of them, for the report that stands.
    """

    report_id: int
    version: int
    first_received_at: datetime
    first_met_at: datetime | None
    first_complete_at: datetime | None
    report_partial: bool
    report_unavailable: bool
    revision_id: int
    number: int
    known_from: datetime
    known_to: datetime | None
    counted_until: datetime
    partial: bool
    unavailable: str | None
    note: str
    warnings: str
    door: str
    sent_by: str
    sent_digest: str
    lines: dict[str, Line] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    owed: Deadlines | None = None
    gaps: dict[str, tuple[int, int]] | None = None
    evidence: list[FileOut] = field(default_factory=list)
    status: ReportStatus = ReportStatus.received

    @property
    def is_met(self) -> bool:
        """Whether the duty is met: what is partial and never was complete meets nothing."""
        return is_met(self.first_met_at, self.first_complete_at, partial=self.report_partial)

    @cached_property
    def figures(self) -> Figures:
        """The sums of the lines."""
        return figures_of(self.lines.values())


_HEAD = (
    REPORT.id, REPORT.version, REPORT.first_received_at, REPORT.first_met_at, REPORT.first_complete_at, REPORT.partial,
    REPORT.unavailable,
    REVISION.id, REVISION.number, REVISION.known_from, REVISION.known_to, REVISION.counted_until, REVISION.partial,
    REVISION.unavailable, REVISION.note, REVISION.warnings, REVISION.door, REVISION.sent_by,
    REVISION.sent_digest,
)  # fmt: skip
_MOMENTS = (OBLIGATION.cut_off_at, OBLIGATION.due_at, OBLIGATION.grace_until, OBLIGATION.locks_at)
JOINED = hot.table(ReportRevision).join(hot.table(Report), REVISION.report_id == REPORT.id)
_of_day = (
    (REPORT.unit_id == bindparam("unit", type_=Integer))
    & (REPORT.day == bindparam("day", type_=Date))
    & (REPORT.system == bindparam("system"))
)
_judged = JOINED.outerjoin(
    hot.table(Obligation),
    (OBLIGATION.unit_id == REPORT.unit_id) & (OBLIGATION.day == REPORT.day) & (OBLIGATION.system == REPORT.system),
)
_WHOLE = select(*_HEAD, *_MOMENTS).select_from(_judged)
_CURRENT = _WHOLE.where(_of_day, REVISION.number == REPORT.version)
_AS_OF = _WHOLE.where(
    _of_day,
    REVISION.known_from <= bindparam("as_of", type_=REVISION.known_from.type),
    (REVISION.known_to.is_(None)) | (REVISION.known_to > bindparam("as_of", type_=REVISION.known_from.type)),
)
_ALL = _WHOLE.where(_of_day).order_by(REVISION.number)
_LAST_TWO = _ALL.where(REVISION.number >= REPORT.version - 1)
_OWED = select(*_MOMENTS).where(
    OBLIGATION.unit_id == bindparam("unit", type_=Integer),
    OBLIGATION.day == bindparam("day", type_=Date),
    OBLIGATION.system == bindparam("system"),
)
_MEMO = hot.table(ReportMemo).c
_REASON = hot.table(ReportReason).c


@lru_cache(maxsize=16)
def _hanging(width: int) -> tuple[Any, Any, Any]:
    """Return the statements that read the lines, memo counts and reasons of so many revisions."""
    lines = (
        select(LINE.revision_id, FIELD_CODE, *(LINE[c] for c in COLUMNS))
        .join(hot.table(ProcedureField), LINE.field_id == FIELD_ID)
        .where(hot.among(LINE.revision_id, "r", width))
    )
    memos = (
        select(_MEMO.revision_id, FIELD_CODE, _MEMO.memo, _MEMO["count"])
        .join(hot.table(ProcedureField), _MEMO.field_id == FIELD_ID)
        .where(hot.among(_MEMO.revision_id, "r", width))
    )
    r, unit = _REASON, hot.table(Unit).c
    reasons = (
        select(r.revision_id, r.warning, FIELD_CODE, r.reason, r.amount, unit.code, r.note)
        .outerjoin(hot.table(ProcedureField), r.field_id == FIELD_ID)
        .outerjoin(hot.table(Unit), unit.id == r.counterpart_id)
        .where(hot.among(r.revision_id, "r", width))
        .order_by(r.id)
    )
    return lines, memos, reasons


def after_key(page: Page) -> Any:
    """Return the (day, id) that a page begins after; raises Invalid for a cursor of something else."""
    match page.after:
        case [str(day), int(number)] if 0 <= number < 2**31:
            with suppress(ValueError):
                return tuple_(date.fromisoformat(day), number)
    raise Invalid([Fault("?cursor", "bad_cursor")])


def current(session: Session, unit_id: int, day: date, system: System) -> Stored | None:
    """Return the report that stands, whole; None when there is none."""
    rows = hot.run(session, _CURRENT, {"unit": unit_id, "day": day, "system": system.value})
    return _whole(session, rows)[0] if rows else None


def current_of(
    session: Session, system: System, units: Collection[int], days: Collection[date]
) -> dict[tuple[int, date], Stored]:
    """Return the reports of a system that stand of some units' days, whole, by unit and day."""
    query = select(*_HEAD, *_MOMENTS, REPORT.unit_id, REPORT.day).select_from(_judged)
    here = REPORT.system == system.value, REPORT.unit_id.in_(units), REPORT.day.in_(days)
    rows = session.execute(query.where(*here, REVISION.number == REPORT.version)).all()
    found = _whole(session, [row[:-2] for row in rows])
    return {(row.unit_id, row.day): stored for row, stored in zip(rows, found, strict=True)}


def owed(session: Session, unit_id: int, day: date, system: System) -> Deadlines | None:
    """Return the moments that judge a day as they were written down when it was owed; None when it is not owed."""
    rows = hot.run(session, _OWED, {"unit": unit_id, "day": day, "system": system.value})
    return Deadlines(*rows[0]) if rows else None


_GAPS = (
    select(FIELD_CODE, _ADJUSTMENT.amount, _ADJUSTMENT.explained)
    .join(hot.table(ProcedureField), _ADJUSTMENT.field_id == FIELD_ID)
    .where(
        _ADJUSTMENT.unit_id == bindparam("unit", type_=Integer), _ADJUSTMENT.day == bindparam("day", type_=Date),
        _ADJUSTMENT.system == bindparam("system"),
    )
)  # fmt: skip


def standing(session: Session, unit_id: int, day: date, system: System) -> Stored | None:
    """Return the report that stands with its adjustments as they are now, the day before having changed maybe."""
    stored = current(session, unit_id, day, system)
    if stored is not None:
        rows = hot.run(session, _GAPS, {"unit": unit_id, "day": day, "system": system.value})
        stored.gaps = {code: (amount, covered) for code, amount, covered in rows}
        _with_what_hangs_on_it(session, stored)
    return stored


def at_moment(session: Session, unit_id: int, day: date, system: System, as_of: datetime) -> Stored | None:
    """Return the report as it was known at a moment."""
    values = {"unit": unit_id, "day": day, "system": system.value, "as_of": as_of}
    rows = hot.run(session, _AS_OF, values)
    return _with_what_hangs_on_it(session, _whole(session, rows)[0], as_of) if rows else None


def all_revisions(session: Session, unit_id: int, day: date, system: System) -> list[Stored]:
    """Return every revision of a report, oldest first."""
    rows = hot.run(session, _ALL, {"unit": unit_id, "day": day, "system": system.value})
    return [_with_what_hangs_on_it(session, one) for one in _whole(session, rows)]


def last_two(session: Session, unit_id: int, day: date, system: System) -> tuple[Stored | None, Stored | None]:
    """Return the revision before the one that stands and that one; None where there is none."""
    rows = hot.run(session, _LAST_TWO, {"unit": unit_id, "day": day, "system": system.value})
    before, standing = [None, None, *_whole(session, rows)][-2:]
    return before, standing


def _with_what_hangs_on_it(session: Session, stored: Stored, as_of: datetime | None = None) -> Stored:
    stored.evidence = evidence.of_revision(session, stored.revision_id)
    stored.status = pins.status(session, stored.report_id, stored.number, as_of)
    return stored


def _whole(session: Session, rows: Sequence[Any]) -> list[Stored]:
    """Return revisions with what hangs on them, read for all of them at once."""
    found = []
    for row in rows:
        head, moments = row[: len(_HEAD)], row[len(_HEAD) :]
        stored = Stored(*head)
        stored.owed = Deadlines(*moments) if moments[0] is not None else None
        found.append(stored)
    by_number = {one.revision_id: one for one in found}
    numbers = list(by_number)
    for start in range(0, len(numbers), AT_ONCE):
        part = hot.several("r", numbers[start : start + AT_ONCE])
        _, _, of_reasons = _hanging(len(part))
        for number, lines in _lines(session, part).items():
            by_number[number].lines = lines
        for number, *reason in hot.run(session, of_reasons, part):
            by_number[number].reasons.append(Reason(*reason))
    return found


def _lines(session: Session, part: Mapping[str, int]) -> dict[int, dict[str, Line]]:
    of_lines, of_memos, _ = _hanging(len(part))
    memos: dict[tuple[int, str], dict[str, int]] = {}
    for number, code, memo, count in hot.run(session, of_memos, part):
        memos.setdefault((number, code), {})[memo] = count
    found: dict[int, dict[str, Line]] = {}
    for number, code, *counts in hot.gather(session, of_lines, part):
        found.setdefault(number, {})[code] = Line(*(code, *counts, memos.get((number, code), {})))
    return found


def lines_of(session: Session, revision_id: int) -> dict[str, Line]:
    """Return a revision's lines by the field's code."""
    return _lines(session, hot.several("r", [revision_id])).get(revision_id, {})
