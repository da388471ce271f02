"""Writing down, in the transaction of an approval or of its end, what another system is to be told of it."""

from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session

from app.core import hot
from app.core.jobs import service as outbox
from app.core.settings import Settings
from app.portal.messages import rules
from app.portal.messages.rules import Subject
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.approvals.rules import Stage
from app.throughput.approvals.service import ApprovalEnded, ReportApproved, ReportReturned
from app.units.models import Unit

_UNIT = hot.table(Unit).c


def on_approved(session: Session, event: ReportApproved) -> None:
    """Have a day's counts told that the city approved, where the installation sends any.

    Of a day without figures nothing can be told; what was told of it before is taken back.
    """
    settings = _settings(session)
    if event.stage is not Stage.city or settings is None or settings.portal_push == "off":
        return
    subject, now = _subject(session, event.unit_id, event.day, event.system), session.info["audit_context"].at
    stored = reading.current(session, event.unit_id, event.day, event.system)
    assert stored is not None
    if stored.unavailable is not None:
        _take_back(session, subject, now)
        return

    def make(sequence: int) -> tuple[str, str]:
        told = rules.approved(
            subject, revision=event.version, sequence=sequence, decided_at=now, partial=stored.partial,
            lines=stored.lines.values(),
        )  # fmt: skip
        return told.message, rules.written(told)

    outbox.put(session, destination=settings.portal_push, subject=str(subject), now=now, make=make)


def on_approval_ended(session: Session, event: ApprovalEnded) -> None:
    """Have it told that a day's counts are approved no more, if anybody may have been told that they were."""
    if event.stage is Stage.city:
        subject = _subject(session, event.unit_id, event.day, event.system)
        _take_back(session, subject, session.info["audit_context"].at)


def on_returned(session: Session, event: ReportReturned) -> None:
    """Have an earlier revision taken back, too: what the city returns corrects it, so it holds no more either."""
    if event.stage is Stage.city:
        subject = _subject(session, event.unit_id, event.day, event.system)
        _take_back(session, subject, session.info["audit_context"].at)


def _take_back(session: Session, subject: Subject, now: datetime) -> None:
    last = outbox.last(session, str(subject))
    if last is None:
        return
    before = rules.read(last.body)
    if before.withdrawn or outbox.cancel(session, str(subject), now):
        return

    def make(sequence: int) -> tuple[str, str]:
        told = rules.withdrawn(before, sequence=sequence, decided_at=now)
        return told.message, rules.written(told)

    outbox.put(session, destination=last.destination, subject=str(subject), now=now, make=make)


def _settings(session: Session) -> Settings | None:
    """Return what the installation chose; what no request caused, as the demonstration's load, is told to nobody."""
    found: Settings | None = session.info.get("settings")
    return found


def _subject(session: Session, unit_id: int, day: date, system: System) -> Subject:
    code = session.scalar(select(_UNIT.code).where(_UNIT.id == unit_id))
    assert code is not None
    return Subject(code, day, system.value)
