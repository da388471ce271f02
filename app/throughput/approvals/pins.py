"""What is said of reports' revisions, for those who only show it."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, exists, func, or_, select
from sqlmodel import Session

from app.core import hot
from app.procedures.rules import System
from app.throughput.approvals import rules
from app.throughput.approvals.models import Approval
from app.throughput.approvals.rules import ReportStatus, Said, Stage, Word, status_of
from app.throughput.models import Report

ROW = hot.table(Approval).c
_REPORT = hot.table(Report).c
Come = tuple[ReportStatus, bool]
_COLUMNS = (
    ROW.stage, ROW.word, ROW.version, ROW.at, ROW.by, ROW.user_id, ROW.reason, ROW.ended_at, ROW.ended_by,
    ROW.end_reason,
)  # fmt: skip
_OF_REPORT = select(*_COLUMNS).where(ROW.report_id == bindparam("report", type_=Integer)).order_by(ROW.id)
_PINNED = select(ROW.stage, ROW.word, ROW.at, ROW.ended_at).where(
    ROW.report_id == bindparam("report", type_=Integer), ROW.version == bindparam("version", type_=Integer)
)  # fmt: skip


def of_report(session: Session, report_id: int) -> list[Said]:
    """Return all that was ever said of a report, oldest first."""
    return [_said(row) for row in hot.run(session, _OF_REPORT, {"report": report_id})]


def of_reports(session: Session, of: ColumnElement[bool]) -> dict[int, list[Said]]:
    """Return what was said of many reports, oldest first; `of`: a condition on the row of `approvals`."""
    found: dict[int, list[Said]] = {}
    for row in session.execute(select(ROW.report_id, *_COLUMNS).where(of).order_by(ROW.id)):
        found.setdefault(row[0], []).append(_said(row[1:]))
    return found


def status(session: Session, report_id: int, version: int, as_of: datetime | None = None) -> ReportStatus:
    """Return how far a revision has come, now or at a moment."""
    words: dict[str, str] = {}
    for stage, word, at, ended_at in hot.run(session, _PINNED, {"report": report_id, "version": version}):
        stood = ended_at is None if as_of is None else at <= as_of and (ended_at is None or ended_at > as_of)
        if stood:
            words[stage] = word
    return status_of(words.get(Stage.city), words.get(Stage.ward))


def words_on(report_id: Any, version: Any) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Return as columns what city and ward say of the revision that a query shows."""

    def word(stage: Stage) -> ColumnElement[str]:
        mine = (ROW.report_id == report_id, ROW.version == version, ROW.stage == stage.value, ROW.ended_at.is_(None))
        return select(ROW.word).where(*mine).scalar_subquery()

    return word(Stage.city), word(Stage.ward)


def last_approved(report_id: Any, stage: Stage) -> ColumnElement[int]:
    """Return as a column the newest revision of a report that a stage approved and did not take back."""
    approved = (ROW.stage == stage.value, ROW.word == Word.approved.value, ROW.ended_at.is_(None))
    return select(func.max(ROW.version)).where(ROW.report_id == report_id, *approved).scalar_subquery()


def has_status(status: ReportStatus, report_id: Any, version: Any) -> ColumnElement[bool]:
    """Return the condition that the revision a query shows has come so far."""

    def says(stage: Stage, word: Word | None = None) -> ColumnElement[bool]:
        mine = [ROW.report_id == report_id, ROW.version == version, ROW.stage == stage.value, ROW.ended_at.is_(None)]
        return exists().where(*mine, *([ROW.word == word.value] if word else []))

    nothing_of_city = ~says(Stage.city)
    return {
        ReportStatus.received: and_(nothing_of_city, ~says(Stage.ward)),
        ReportStatus.approved_ward: and_(nothing_of_city, says(Stage.ward, Word.approved)),
        ReportStatus.approved_city: says(Stage.city, Word.approved),
        ReportStatus.returned: or_(
            says(Stage.city, Word.returned), and_(nothing_of_city, says(Stage.ward, Word.returned))
        ),
    }[status]


def corrected_since(said: Collection[Said], version: int) -> bool:
    """Tell whether an approval of an earlier revision was undone by a later one, and is not given anew."""
    approved = [s for s in said if s.word is Word.approved and s.stands]
    return any(s.version < version for s in approved) and all(s.version < version for s in approved)


def of_day(session: Session, day: date, unit_ids: list[int] | None) -> dict[tuple[int, System], Come]:
    """Return by unit and system how far a day's reports have come, and whether one was corrected since its approval."""
    wanted = [_REPORT.day == day] + ([_REPORT.unit_id.in_(unit_ids)] if unit_ids is not None else [])
    reports = list(session.execute(select(_REPORT.id, _REPORT.unit_id, _REPORT.system, _REPORT.version).where(*wanted)))
    found = of_reports(session, ROW.report_id.in_(select(_REPORT.id).where(*wanted)))
    out = {}
    for number, unit_id, system, version in reports:
        said = found.get(number, [])
        out[unit_id, System(system)] = (rules.status(said, version), corrected_since(said, version))
    return out


def _said(row: Any) -> Said:
    stage, word, version, at, by, by_id, reason, ended_at, ended_by, end_reason = row
    return Said(Stage(stage), Word(word), version, at, by, by_id, reason, ended_at, ended_by, end_reason)
