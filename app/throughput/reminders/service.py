"""The list of reminders with how each ended, and the count for the mark in the page's head."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Integer, String, and_, bindparam, case, func, or_, select
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput.approvals.rules import Stage
from app.throughput.findings.follow import FINDING
from app.throughput.findings.rules import FindingState
from app.throughput.forms import Reference
from app.throughput.reminders.making import (
    APPROVAL,
    OBLIGATION,
    REACH,
    REMINDER,
    REPORT,
    still_owed,
    still_returned,
    with_report,
)
from app.throughput.reminders.models import ReminderOut, ReminderPage, ToDoFold, ToDoOut
from app.throughput.reminders.rules import ReminderEnd, ReminderStep, ReminderTo
from app.throughput.reopenings import service as reopenings
from app.throughput.reopenings.listing import waiting as reopenings_asked
from app.throughput.reopenings.models import Reopening
from app.throughput.timing import is_met
from app.units.models import Unit

_UNIT = hot.table(Unit)
_RETURNED = REPORT.alias("returned")
_ASKED = hot.table(Reopening)
_of_obligation = and_(
    OBLIGATION.c.unit_id == REMINDER.c.unit_id, OBLIGATION.c.day == REMINDER.c.day,
    OBLIGATION.c.system == REMINDER.c.system,
)  # fmt: skip
_of_finding = and_(FINDING.c.state == FindingState.open.value, REMINDER.c.made_at >= FINDING.c.opened_at)
_joined = (
    REMINDER.join(_UNIT, _UNIT.c.id == REMINDER.c.unit_id)
    .outerjoin(OBLIGATION, _of_obligation)
    .outerjoin(REPORT, with_report)
    .outerjoin(FINDING, FINDING.c.id == REMINDER.c.finding_id)
    .outerjoin(APPROVAL, APPROVAL.c.id == REMINDER.c.approval_id)
    .outerjoin(_RETURNED, _RETURNED.c.id == APPROVAL.c.report_id)
)
AT_FIRST = 20  # units that a fold of what is to be done shows; the list has all
_of_sending = and_(REMINDER.c.finding_id.is_(None), REMINDER.c.approval_id.is_(None))


@dataclass(frozen=True)
class Wanted:
    """Which reminders are asked for."""

    unit: Unit | None = None
    is_open: bool | None = None
    first: date | None = None
    last: date | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether less than all is asked for."""
        return self != Wanted()


def _is_open(now: Any) -> Any:
    owed = and_(_of_sending, OBLIGATION.c.id.is_not(None), still_owed(now))
    returned = and_(REMINDER.c.approval_id.is_not(None), still_returned(_RETURNED.c))
    return or_(owed, returned, and_(REMINDER.c.finding_id.is_not(None), _of_finding))


def listing(session: Session, caller: Caller, wanted: Wanted, now: datetime, page: Page | None) -> ReminderPage:
    """Return the reminders that the caller may see, newest first."""
    query = _rows(now).order_by(REMINDER.c.id.desc())
    if caller.units is not None:
        query = query.where(REMINDER.c.unit_id.in_(caller.units))
    if wanted.unit is not None:
        query = query.where(REMINDER.c.unit_id == wanted.unit.id)
    if wanted.is_open is not None:
        query = query.where(case((_is_open(now), 1), else_=0) == int(wanted.is_open))
    if wanted.first is not None:
        query = query.where(REMINDER.c.day >= wanted.first)
    if wanted.last is not None:
        query = query.where(REMINDER.c.day <= wanted.last)
    if page is not None:
        if page.after is not None:
            if len(page.after) != 1 or not isinstance(page.after[0], int):
                raise Invalid([Fault("?cursor", "bad_cursor")])
            query = query.where(REMINDER.c.id < page.after[0])
        query = query.limit(page.limit + 1)
    rows, following = list(session.execute(query)), None
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row.id])
    reference = Reference.read(session)
    return ReminderPage(items=[_out(reference, row, now) for row in rows], next=following, to_do=None)


def overview(session: Session, caller: Caller, wanted: Wanted, now: datetime, page: Page) -> ReminderPage:
    """Return a page of the list; the first of all reminders with what waits for the caller."""
    found = listing(session, caller, wanted, now, page)
    if not wanted.is_narrowed and page.after is None:
        asked = reopenings_asked(session, caller) if caller.may("reopenings:decide") else None
        found.to_do = ToDoOut(waiting=count(session, caller, now), folds=to_do(session, caller, now), reopenings=asked)
    return found


def to_do(session: Session, caller: Caller, now: datetime) -> list[ToDoFold]:
    """Return what a caller's position is reminded of now, each once, oldest day first; of each only the first units."""
    wanted = [REMINDER.c.to_role == caller.role, _is_open(now), REMINDER.c.day >= day_of(now) - REACH]
    if caller.units is not None:
        wanted.append(REMINDER.c.unit_id.in_(caller.units))
    one = (REMINDER.c.finding_id, REMINDER.c.approval_id, REMINDER.c.unit_id, REMINDER.c.day, REMINDER.c.system)
    once = select(func.max(REMINDER.c.id).label("id"), *one).select_from(_joined).where(*wanted).group_by(*one).cte()
    together = (once.c.finding_id.is_not(None), once.c.approval_id.is_not(None), once.c.day, once.c.system)
    place = func.row_number().over(partition_by=together, order_by=(_UNIT.c.sort_key, once.c.id))
    ranked = select(once.c.id, place.label("place")).join(_UNIT, _UNIT.c.id == once.c.unit_id).subquery()
    units = func.count(func.distinct(once.c.unit_id))
    counted = session.execute(select(units, func.count(), *together).group_by(*together))
    counts = {tuple(row[2:]): {"units": row[0], "n": row[1]} for row in counted}
    first = _rows(now).where(REMINDER.c.id.in_(select(ranked.c.id).where(ranked.c.place <= AT_FIRST)))
    folds: dict[tuple[Any, ...], list[ReminderOut]] = {}
    reference = Reference.read(session)
    for row in session.execute(first.order_by(REMINDER.c.day, _UNIT.c.sort_key, REMINDER.c.id)):
        key = (row.finding_id is not None, row.approval_id is not None, row.day, row.system)
        folds.setdefault(key, []).append(_out(reference, row, now))
    none = {"units": 0, "n": 0}  # another process may write between the two questions
    return [ToDoFold(**counts.get(key, none), shown=items) for key, items in folds.items()]


def one(session: Session, number: int, now: datetime) -> ReminderOut:
    """Return one reminder."""
    return _out(Reference.read(session), session.execute(_rows(now).where(REMINDER.c.id == number)).one(), now)


def _rows(now: datetime) -> Any:
    city = APPROVAL.alias("overruling").c
    overruled_at = (
        select(city.at)
        .where(city.report_id == APPROVAL.c.report_id, city.version == APPROVAL.c.version,
               city.stage == Stage.city.value, city.ended_at.is_(None), APPROVAL.c.stage != Stage.city.value)
        .scalar_subquery()
        .label("overruled_at")
    )  # fmt: skip
    return select(
        REMINDER, _UNIT.c.code, _UNIT.c.name, OBLIGATION.c.id.label("owed"), OBLIGATION.c.due_at,
        OBLIGATION.c.locks_at, OBLIGATION.c.waived_at, REPORT.c.first_met_at, REPORT.c.first_complete_at,
        REPORT.c.partial, FINDING.c.state, FINDING.c.opened_at, FINDING.c.closed_at,
        case((still_returned(_RETURNED.c), 1), else_=0).label("stands"), APPROVAL.c.version.label("returned_version"),
        APPROVAL.c.ended_at.label("taken_back_at"), _RETURNED.c.version.label("stands_version"),
        _RETURNED.c.updated_at.label("corrected_at"), overruled_at,
        case((reopenings.is_open(REMINDER.c, now), 1), else_=0).label("reopened"),
        reopenings.last_end(REMINDER.c).label("reopened_until"),
    ).select_from(_joined)  # fmt: skip


def _locks_at(reference: Reference, row: Any) -> datetime:
    return reference.deadlines(reference.units[row.code], row.day, System(row.system)).locks_at


def _out(reference: Reference, row: Any, now: datetime) -> ReminderOut:
    ended, at = _end(row, now)
    return ReminderOut(
        id=row.id, unit=row.code, name=row.name, day=row.day, system=System(row.system), finding=row.finding_id,
        returned=row.approval_id is not None,
        step=ReminderStep(row.step), to=ReminderTo(row.to_role), made_at=row.made_at, made_by=row.made_by,
        due_at=row.due_at if row.finding_id is None and row.approval_id is None else None, is_open=ended is None,
        locked=not row.reopened and now > (row.locks_at or _locks_at(reference, row)),
        ended=ended, ended_at=at,
    )  # fmt: skip


def _end(row: Any, now: datetime) -> tuple[ReminderEnd | None, datetime | None]:
    """Return why and when a reminder was over; it stops by itself, and nothing is written for it."""
    if row.finding_id is not None:
        if row.state == FindingState.open:
            # Asked for again since: that has reminders of its own.
            return (None, None) if row.made_at >= row.opened_at else (ReminderEnd.explained, row.opened_at)
        return ReminderEnd(row.state), row.closed_at
    if row.approval_id is not None:
        if row.stands:
            return None, None
        is_corrected = row.stands_version > row.returned_version
        if is_corrected:
            return ReminderEnd.corrected, row.corrected_at
        if row.taken_back_at is None:
            return ReminderEnd.overruled, row.overruled_at
        return ReminderEnd.withdrawn, row.taken_back_at
    if row.owed is None:
        return ReminderEnd.not_owed, None
    if row.waived_at is not None:
        return ReminderEnd.waived, row.waived_at
    if row.first_met_at is not None and is_met(row.first_met_at, row.first_complete_at, partial=bool(row.partial)):
        return ReminderEnd.received, row.first_met_at
    if now <= row.locks_at or row.reopened:
        return None, None
    # What was made while a grant ran is over with the grant.
    is_later = row.reopened_until is not None and row.made_at > row.locks_at
    return ReminderEnd.locked, row.reopened_until if is_later else row.locks_at


_OF_UNITS = (ReminderTo.ward_officer.value, ReminderTo.ward_leader.value)
_last_made = (
    select(REMINDER.c.unit_id, REMINDER.c.day, REMINDER.c.system, func.max(REMINDER.c.made_at).label("made_at"))
    .where(
        REMINDER.c.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date)),
        _of_sending,
        or_(*(REMINDER.c.to_role == role for role in _OF_UNITS)),
    )
    .group_by(REMINDER.c.unit_id, REMINDER.c.day, REMINDER.c.system)
)
_last_made_of = _last_made.where(REMINDER.c.unit_id == bindparam("unit", type_=Integer))


def last_made(
    source: hot.Source, first: date, last: date, unit_id: int | None = None
) -> dict[tuple[int, date, System], datetime]:
    """Return when units, or one, were last reminded to send a report, by unit, day and system."""
    values: dict[str, Any] = {"first": first, "last": last} | ({} if unit_id is None else {"unit": unit_id})
    rows = hot.run(source, _last_made if unit_id is None else _last_made_of, values)
    return {(unit, day, System(system)): moment for unit, day, system, moment in rows}


@lru_cache
def _counting(one_unit: bool, decides: bool) -> Any:
    now, role = bindparam("now", type_=OBLIGATION.c.due_at.type), bindparam("role", type_=String)
    unit = bindparam("unit", type_=Integer)
    owed = (
        select(func.count(func.distinct(OBLIGATION.c.id)))
        .select_from(REMINDER.join(OBLIGATION, _of_obligation).outerjoin(REPORT, with_report))
        .where(
            REMINDER.c.to_role == role, _of_sending, still_owed(now),
            REMINDER.c.day >= bindparam("since", type_=Date),
        )
    )  # fmt: skip
    told = select(REMINDER.c.id).where(REMINDER.c.finding_id == FINDING.c.id, REMINDER.c.to_role == role, _of_finding)
    odd = select(func.count(FINDING.c.id)).where(
        FINDING.c.state == FindingState.open.value, or_(FINDING.c.owner == role, told.exists())
    )
    returned = (
        select(func.count(func.distinct(APPROVAL.c.id)))
        .select_from(REMINDER.join(APPROVAL, APPROVAL.c.id == REMINDER.c.approval_id))
        .join(_RETURNED, _RETURNED.c.id == APPROVAL.c.report_id)
        .where(
            REMINDER.c.to_role == role, still_returned(_RETURNED.c), REMINDER.c.day >= bindparam("since", type_=Date)
        )
    )
    if one_unit:
        owed, odd = owed.where(REMINDER.c.unit_id == unit), odd.where(FINDING.c.unit_id == unit)
        returned = returned.where(REMINDER.c.unit_id == unit)
    total = owed.scalar_subquery() + odd.scalar_subquery() + returned.scalar_subquery()
    if decides:
        total += select(func.count(_ASKED.c.id)).where(_ASKED.c.decision.is_(None)).scalar_subquery()
    return select(total)


def count(source: hot.Source, caller: Caller, now: datetime) -> int:
    """Return how much waits for a caller: what it is reminded of, is to explain, or to answer; one statement."""
    values = {"now": now, "role": caller.role, "since": day_of(now) - REACH}
    if caller.unit_id is not None:
        values["unit"] = caller.unit_id
    ((number,),) = hot.run(source, _counting(caller.unit_id is not None, caller.may("reopenings:decide")), values)
    return int(number)
