"""Findings as they are listed, explained and asked for again."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select, tuple_, update
from sqlalchemy import case as sa_case
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput import questions, reading
from app.throughput.findings import answering, follow
from app.throughput.findings.follow import EVENT, FINDING
from app.throughput.findings.models import (
    ExplanationIn,
    FindingEventOut,
    FindingItem,
    FindingOut,
    FindingPage,
    FindingReopeningIn,
)
from app.throughput.findings.rules import (
    ASKED,
    Answer,
    FindingChange,
    FindingKind,
    FindingOwner,
    FindingState,
)
from app.throughput.forms import Reference
from app.throughput.models import Report
from app.throughput.rules import ReasonCode, WarningCode
from app.units.models import Unit

_UNIT = hot.table(Unit)
_FIELD = reading.FIELD_CODE.table
_REPORT = hot.table(Report)
# The typed reasons that fit, likeliest first; what the city has seen needs no more than a word.
FITTING: dict[FindingKind, tuple[ReasonCode, ...]] = {
    FindingKind.large_correction: (
        ReasonCode.late_correction, ReasonCode.late_sync, ReasonCode.source_error, ReasonCode.other,
    ),
} | {kind: questions.FITTING[WarningCode(kind.value)] for kind in ASKED}  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which findings are asked for."""

    unit: Unit | None = None
    kind: FindingKind | None = None
    state: FindingState | None = None
    owner: FindingOwner | None = None
    first: date | None = None
    last: date | None = None


def _rows() -> Select[Any]:
    return (
        select(FINDING, _UNIT.c.code, _UNIT.c.name, reading.FIELD_CODE.label("field"))
        .join(_UNIT, _UNIT.c.id == FINDING.c.unit_id)
        .outerjoin(_FIELD, FINDING.c.field_id == reading.FIELD_ID)
    )


def listing(session: Session, caller: Caller, wanted: Wanted, now: datetime, page: Page | None) -> FindingPage:
    """Return the findings that the caller may see: the open ones first, oldest due day first; then newest day first."""
    query = _rows()
    if caller.units is not None:
        query = query.where(FINDING.c.unit_id.in_(caller.units))
    if wanted.unit is not None:
        query = query.where(FINDING.c.unit_id == wanted.unit.id)
    for column, value in (("kind", wanted.kind), ("state", wanted.state), ("owner", wanted.owner)):
        if value is not None:
            query = query.where(FINDING.c[column] == value.value)
    if wanted.first is not None:
        query = query.where(FINDING.c.day >= wanted.first)
    if wanted.last is not None:
        query = query.where(FINDING.c.day <= wanted.last)
    is_open = FINDING.c.state == FindingState.open.value
    newest = (FINDING.c.day.desc(), FINDING.c.id.desc())
    query = query.order_by(
        FINDING.c.state != FindingState.open.value, sa_case((is_open, FINDING.c.due_on)),
        sa_case((is_open, FINDING.c.id)), *newest,
    )  # fmt: skip
    if page is not None:
        if page.after is not None:
            query = query.where(_after(page))
        query = query.limit(page.limit + 1)
    rows, following = list(session.execute(query)), None
    if page is not None:
        rows, following = cut(rows, page, _key)
    today = day_of(now)
    return FindingPage(items=[FindingItem(**_columns(row, today)) for row in rows], next=following)


def _key(row: Any) -> list[Any]:
    is_open = row.state == FindingState.open
    return [row.state, (row.due_on if is_open else row.day).isoformat(), row.id]


def _after(page: Page) -> Any:
    """Return what comes after a page: after an open finding the later ones and all closed, after a closed the older."""
    is_open = FINDING.c.state == FindingState.open.value
    state, *key = page.after or [None]
    if state not in list(FindingState):
        raise Invalid([Fault("?cursor", "bad_cursor")])
    place = reading.after_key(Page(page.limit, key))
    if state == FindingState.open:
        return or_(~is_open, and_(is_open, tuple_(FINDING.c.due_on, FINDING.c.id) > place))
    return and_(~is_open, tuple_(FINDING.c.day, FINDING.c.id) < place)


def _columns(row: Any, today: date) -> dict[str, Any]:
    return {
        "id": row.id, "unit": row.code, "name": row.name, "day": row.day, "system": System(row.system),
        "field": row.field, "kind": FindingKind(row.kind), "value": row.value, "usual": row.usual, "low": row.low,
        "high": row.high, "owner": FindingOwner(row.owner), "due_on": row.due_on,
        "overdue": row.state == FindingState.open and row.due_on < today, "state": FindingState(row.state),
        "opened_at": row.opened_at, "closed_at": row.closed_at, "closed_by": row.closed_by,
        "reason": ReasonCode(row.reason) if row.reason else None, "note": row.note,
    }  # fmt: skip


def _visible(session: Session, caller: Caller, number: int) -> Any:
    row = session.execute(_rows().where(FINDING.c.id == number)).first()
    if row is None or not caller.sees(row.unit_id):
        raise NotFound
    return row


def exists(session: Session, caller: Caller, number: int) -> None:
    """Raise NotFound for a finding that is not there, or not for the caller's eyes."""
    _visible(session, caller, number)


def _is_owner(caller: Caller, row: Any) -> bool:
    """Tell whether a finding waits for the caller: a unit's for its own people, the city's for those who see all."""
    if row.owner == FindingOwner.city_analyst:
        return caller.units is None
    return bool(caller.unit_id == row.unit_id)


def one(session: Session, caller: Caller, number: int, now: datetime) -> FindingOut:
    """Return a finding with its history; raises NotFound for another unit's."""
    row = _visible(session, caller, number)
    history = session.execute(select(EVENT).where(EVENT.c.finding_id == number).order_by(EVENT.c.id))
    version = select(_REPORT.c.version).where(
        _REPORT.c.unit_id == row.unit_id, _REPORT.c.day == row.day, _REPORT.c.system == row.system
    )
    is_open = row.state == FindingState.open
    return FindingOut(
        **_columns(row, day_of(now)),
        report_version=session.execute(version).scalar(),
        may_explain=is_open and caller.may("findings:explain") and _is_owner(caller, row),
        may_reopen=row.state == FindingState.explained and caller.may("findings:reopen"),
        fitting=list(FITTING[FindingKind(row.kind)]),
        history=[
            FindingEventOut(
                at=e.at, change=FindingChange(e.change), by=e.by, value=e.value, usual=e.usual,
                reason=ReasonCode(e.reason).value if e.change == FindingChange.explained and e.reason else None,
                note=e.note,
            )
            for e in history
        ],
    )  # fmt: skip


def explain(session: Session, caller: Caller, *, number: int, body: ExplanationIn, now: datetime) -> FindingOut:
    """Explain a finding: the reason goes into the report as its own, figures stay as they are, locked or not.

    Raises Forbidden to who does not own it, Conflict when it is closed, Invalid without the note that `other` wants.
    """
    row = _visible(session, caller, number)
    if not _is_owner(caller, row):
        raise Forbidden
    if row.state != FindingState.open:
        raise Conflict("finding_closed")
    if body.reason is ReasonCode.other and not body.note:
        raise Invalid([Fault("/note", "note_required")])
    answer = Answer(body.reason.value, body.note)
    if row.kind != FindingKind.large_correction:
        reference = Reference.read(session)
        answering.answer(session, reference, caller, row, answer, now)
    row = _visible(session, caller, number)
    if row.state == FindingState.open:  # the same reason again, or the city's own
        closed = {"state": FindingState.explained.value, "closed_at": now, "closed_by": caller.label}
        session.execute(update(FINDING).where(FINDING.c.id == number).values(closed | answer._asdict()))
        found = follow.standing_of(row).found
        follow.note_event(session, number, now, FindingChange.explained, caller.label, found, answer)
    audit.record(
        session, "finding.explained", f"findings/{number}", before={"state": FindingState.open.value},
        after={"state": FindingState.explained.value, **answer._asdict()}, reason=body.note or None,
    )  # fmt: skip
    return one(session, caller, number, now)


def reopen(session: Session, caller: Caller, *, number: int, body: FindingReopeningIn, now: datetime) -> FindingOut:
    """Ask for an explanation again, with the reason; raises Conflict when the finding is not an explained one."""
    row = _visible(session, caller, number)
    if row.state != FindingState.explained:
        raise Conflict("finding_not_explained")
    reference = Reference.read(session)
    values = follow.opened(reference, reference.units[row.code], now)
    session.execute(update(FINDING).where(FINDING.c.id == number).values(values))
    follow.note_event(
        session, number, now, FindingChange.reopened, caller.label, follow.standing_of(row).found,
        Answer(row.reason or "", body.reason),
    )  # fmt: skip
    audit.record(
        session, "finding.reopened", f"findings/{number}", before={"state": row.state},
        after={"state": FindingState.open.value}, reason=body.reason,
    )  # fmt: skip
    return one(session, caller, number, now)


def open_numbers(
    session: Session, unit_id: int, first: date, last: date
) -> dict[tuple[date, str, str, str | None], int]:
    """Return the numbers of a unit's open findings by day, system, kind and field."""
    rows = session.execute(
        select(FINDING.c.id, FINDING.c.day, FINDING.c.system, FINDING.c.kind, reading.FIELD_CODE)
        .outerjoin(_FIELD, FINDING.c.field_id == reading.FIELD_ID)
        .where(
            FINDING.c.unit_id == unit_id, FINDING.c.state == FindingState.open.value, FINDING.c.day.between(first, last)
        )
    )
    return {(day, system, kind, field): number for number, day, system, kind, field in rows}
