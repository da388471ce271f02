"""Approving a report's revision, returning it, taking either back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlmodel import Session

from app.core import audit, events, hot, i18n
from app.core.access import Caller
from app.core.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Problem
from app.procedures.rules import System
from app.throughput import proof, reading
from app.throughput.approvals import pins, rules
from app.throughput.approvals.authors import typed_by
from app.throughput.approvals.models import Approval
from app.throughput.approvals.rules import RIGHTS, Said, Stage, Word
from app.throughput.approvals.schemas import ApprovedMany, ApprovedOne, ApproveItem, SaidOut
from app.throughput.forms import Reference
from app.throughput.models import Report, ReportRevision
from app.throughput.schemas import WordsOut
from app.throughput.shown import report_out
from app.throughput.writing import ReasonsAdded, ReportCarried
from app.units.models import Unit
from app.units.service import visible_unit

_REPORT = hot.table(Report).c
_REVISION = hot.table(ReportRevision).c
_UNIT = hot.table(Unit).c
_APPROVAL = hot.table(Approval)


@dataclass(frozen=True)
class Terms:
    """What an installation asks of approvals: by another person than who typed, after the ward."""

    by_another: bool = True
    ward_first: bool = False


@dataclass(frozen=True)
class ReportApproved:
    """A stage approved what stands."""

    unit_id: int
    day: date
    system: System
    stage: Stage
    version: int


@dataclass(frozen=True)
class ApprovalEnded:
    """A stage approves no more what it had approved: taken back, or returned."""

    unit_id: int
    day: date
    system: System
    stage: Stage


@dataclass(frozen=True)
class ReportReturned:
    """A stage returned what stands."""

    unit_id: int
    day: date
    system: System
    stage: Stage
    version: int
    reason: str


@dataclass(frozen=True)
class Held:
    """A report that stands, held until the transaction ends: no correction comes between the look and the word."""

    report_id: int
    version: int
    said: list[Said]


def approve(
    session: Session, caller: Caller, *, unit: Unit, day: date, system: System, stage: Stage, version: int,
    terms: Terms, now: datetime,
) -> None:  # fmt: skip
    """Approve a revision for a stage; the same again has no effect.

    Raises NotFound without a report, Forbidden without the stage's right or for one's own typing, PreconditionFailed
    with the report as it stands when another revision does, Conflict when the ward should be first.
    """
    held = _held(session, unit, day, system)
    may(caller, stage)
    _check_version(session, unit, day, system, held, version)
    standing = rules.standing(held.said, stage, version)
    if standing is not None and standing.word is Word.approved:
        return
    if terms.by_another and typed_by(session, caller, [held.report_id]):
        raise Forbidden("own_typing")
    if terms.ward_first and stage is Stage.city:
        ward = rules.standing(held.said, Stage.ward, version)
        if ward is None or ward.word is not Word.approved:
            raise Conflict("ward_first")
    _say(session, caller, unit, day, system, held, stage, Word.approved, None, now)
    assert unit.id is not None
    events.publish(session, ReportApproved(unit.id, day, system, stage, version))


def give_back(
    session: Session, caller: Caller, *, unit: Unit, day: date, system: System, stage: Stage, reason: str,
    version: int | None, now: datetime,
) -> None:  # fmt: skip
    """Return a report to who sent it, with a reason, until a new revision comes; the same again has no effect."""
    held = _held(session, unit, day, system)
    may(caller, stage)
    _check_version(session, unit, day, system, held, version)
    standing = rules.standing(held.said, stage, held.version)
    if standing is not None and (standing.word, standing.reason) == (Word.returned, reason):
        return
    _say(session, caller, unit, day, system, held, stage, Word.returned, reason, now)
    assert unit.id is not None
    _told_ended(session, unit, day, system, stage, standing)
    events.publish(session, ReportReturned(unit.id, day, system, stage, held.version, reason))


def withdraw(
    session: Session, caller: Caller, *, unit: Unit, day: date, system: System, stage: Stage, reason: str,
    version: int | None, now: datetime,
) -> None:  # fmt: skip
    """Take back what a stage says of what stands, with a reason; raises Conflict where it says nothing.

    Of a report that was corrected since, the stage's last approval is taken back by its own version: it has been told
    to others, and nobody has to speak of the correction for that.
    """
    held = _held(session, unit, day, system)
    may(caller, stage)
    standing = rules.standing(held.said, stage, held.version)
    before = rules.relied_on(held.said, stage, held.version) if standing is None else None
    if before is not None and before.version == version:
        standing = before
    else:
        _check_version(session, unit, day, system, held, version)
    if standing is None:
        raise Conflict("not_approved")
    _end(session, caller, held, stage, now, reason, standing.version)
    audit.record(session, "approval.withdrawn", _place(unit, day, system, stage), before=_told(standing), reason=reason)
    _told_ended(session, unit, day, system, stage, standing)


def approve_many(
    session: Session, caller: Caller, *, stage: Stage, items: list[ApproveItem], terms: Terms, now: datetime
) -> ApprovedMany:
    """Approve many reports, each for itself: what is refused says why and stops nothing."""
    may(caller, stage)
    wanted = [item for item in items if item.approve]
    refusals: dict[int, Problem] = {}
    units: dict[str, Unit] = {}
    # Always in one order: two who approve the same reports wait for each other, and never in a ring.
    for n, item in sorted(enumerate(wanted), key=lambda i: (i[1].unit, i[1].system, i[1].day)):
        try:
            unit = units[item.unit] = units.get(item.unit) or visible_unit(session, caller, item.unit)
            approve(
                session, caller, unit=unit, day=item.day, system=item.system, stage=stage, version=item.version,
                terms=terms, now=now,
            )  # fmt: skip
        except Problem as refusal:  # raised before anything of this report is written
            refusals[n] = refusal
    out = [
        ApprovedOne(
            unit=item.unit, name=units[item.unit].name if item.unit in units else item.unit, day=item.day,
            system=item.system, version=item.version, ok=n not in refusals,
            code=refusals[n].code if n in refusals else None,
            message=_words(refusals[n]) if n in refusals else None,
        )
        for n, item in enumerate(wanted)
    ]  # fmt: skip
    return ApprovedMany(stage=stage, approved=len(out) - len(refusals), refused=len(refusals), items=out)


def may(caller: Caller, stage: Stage) -> None:
    """Raise Forbidden when a caller may not speak for a stage."""
    if not caller.may(RIGHTS[stage]):
        raise Forbidden(values={"right": RIGHTS[stage]})


def stage_of(caller: Caller) -> Stage:
    """Return the stage whose view is a caller's own."""
    return Stage.ward if caller.units is not None else Stage.city


def said_out(said: Said | None) -> SaidOut | None:
    """Return a stage's word as it is shown."""
    return SaidOut.model_validate(said, from_attributes=True) if said else None


def _held(session: Session, unit: Unit, day: date, system: System) -> Held:
    query = (
        select(_REPORT.id, _REPORT.version)
        .where(_REPORT.unit_id == unit.id, _REPORT.day == day, _REPORT.system == system.value)
        .with_for_update()
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return Held(row.id, row.version, pins.of_report(session, row.id))


def on_reasons_added(session: Session, event: ReasonsAdded) -> None:
    """Let what was said stand for the same figures with one more reason: a return asks for figures to be corrected."""
    _stand_on(session, event)


def on_carried(session: Session, event: ReportCarried) -> None:
    """Let a return stand when a report only followed the day before: what it asks for was not looked at."""
    _stand_on(session, event, only_returned=True)


def _stand_on(session: Session, event: ReasonsAdded | ReportCarried, *, only_returned: bool = False) -> None:
    c = _APPROVAL.c
    standing = select(c.stage, c.word, c.at, c.by, c.user_id, c.reason).where(
        c.report_id == event.report_id, c.version == event.version - 1, c.ended_at.is_(None)
    )
    rows = list(session.execute(standing).mappings())
    if only_returned:  # what the city approved all the same is returned no more
        overruled = any(row["stage"] == Stage.city and row["word"] == Word.approved for row in rows)
        rows = [] if overruled else [row for row in rows if row["word"] == Word.returned]
    if not rows:
        return
    of = {"report_id": event.report_id, "version": event.version}
    session.execute(insert(_APPROVAL), [dict(row) | of for row in rows])
    unit, day, system = session.execute(
        select(_UNIT.code, _REPORT.day, _REPORT.system)
        .join(hot.table(Unit), _UNIT.id == _REPORT.unit_id)
        .where(_REPORT.id == event.report_id)
    ).one()
    for row in rows:
        audit.record(
            session, "approval.carried", f"{proof.entity(unit, day, system)}/approvals/{row['stage']}",
            before={"version": event.version - 1, "word": row["word"], "by": row["by"]},
            after={"version": event.version, "word": row["word"], "by": row["by"]},
        )  # fmt: skip


def _check_version(session: Session, unit: Unit, day: date, system: System, held: Held, version: int | None) -> None:
    if version is None or version == held.version:
        return
    assert unit.id is not None
    stored = reading.standing(session, unit.id, day, system)
    assert stored is not None
    current = report_out(Reference.read(session), unit, day, system, stored)
    raise PreconditionFailed("approval_stale", extra={"current": current})


def _say(
    session: Session, caller: Caller, unit: Unit, day: date, system: System, held: Held, stage: Stage, word: Word,
    reason: str | None, now: datetime,
) -> None:  # fmt: skip
    before = rules.standing(held.said, stage, held.version)
    if before is not None:
        _end(session, caller, held, stage, now, None, held.version)
    row = {
        "report_id": held.report_id, "stage": stage.value, "word": word.value, "version": held.version, "at": now,
        "by": caller.label, "user_id": caller.id if caller.id > 0 else None, "reason": reason,
    }  # fmt: skip
    session.execute(insert(_APPROVAL), [row])
    audit.record(
        session, f"report.{word.value}", _place(unit, day, system, stage), before=_told(before),
        after={"version": held.version, "word": word.value}, reason=reason,
    )  # fmt: skip


def _end(
    session: Session, caller: Caller, held: Held, stage: Stage, now: datetime, reason: str | None, version: int
) -> None:  # fmt: skip
    c = _APPROVAL.c
    standing = and_(c.report_id == held.report_id, c.stage == stage.value, c.version == version, c.ended_at.is_(None))
    session.execute(update(_APPROVAL).where(standing).values(ended_at=now, ended_by=caller.label, end_reason=reason))


def _told_ended(
    session: Session, unit: Unit, day: date, system: System, stage: Stage, before: Said | None
) -> None:  # fmt: skip
    if before is not None and before.word is Word.approved:
        assert unit.id is not None
        events.publish(session, ApprovalEnded(unit.id, day, system, stage))


def _place(unit: Unit, day: date, system: System, stage: Stage) -> str:
    return f"{proof.entity(unit.code, day, system.value)}/approvals/{stage.value}"


def _told(said: Said | None) -> dict[str, Any] | None:
    return {"version": said.version, "word": said.word.value, "by": said.by} if said else None


def _words(problem: Problem) -> WordsOut:
    key = f"error.{problem.code}"
    return WordsOut(**{locale: i18n.translate(key, locale, **problem.values) for locale in i18n.LOCALES})
