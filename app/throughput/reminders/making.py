"""Reminders are made: by the ladder, each step once whoever runs it, and by hand."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlmodel import Session

from app.core import audit, hot
from app.core.clock import Clock, at, day_of
from app.core.db import Database, upsert
from app.core.errors import Conflict
from app.core.recurring import repeated
from app.procedures.rules import System
from app.throughput.approvals.models import Approval
from app.throughput.approvals.rules import Stage, Word
from app.throughput.findings.follow import FINDING
from app.throughput.findings.rules import FindingOwner, FindingState
from app.throughput.forms import Reference
from app.throughput.models import Obligation, Report
from app.throughput.obligations import service as obligations
from app.throughput.reminders.models import Reminder
from app.throughput.reminders.rules import TO, Ladder, ReminderStep, finding_steps, report_steps, returned_steps
from app.throughput.reminders.times import own_times
from app.throughput.reopenings import service as reopenings
from app.throughput.writing import ReasonsAdded, ReportCarried
from app.units.models import Unit

REMINDER = hot.table(Reminder)
APPROVAL = hot.table(Approval)
OBLIGATION = hot.table(Obligation)
REPORT = hot.table(Report)
# Longer than any lock and the longest holidays between.
REACH = timedelta(days=30)
EVERY = 60
AT_ONCE = 500

with_report = and_(
    REPORT.c.unit_id == OBLIGATION.c.unit_id, REPORT.c.day == OBLIGATION.c.day, REPORT.c.system == OBLIGATION.c.system
)
not_met = or_(REPORT.c.first_met_at.is_(None), and_(REPORT.c.partial, REPORT.c.first_complete_at.is_(None)))


def still_owed(now: Any) -> Any:
    """Return the condition that a report is owed, not in, and may still be sent: before the lock, or by a grant."""
    may_be_sent = or_(OBLIGATION.c.locks_at >= now, reopenings.is_open(OBLIGATION.c, now))
    return and_(OBLIGATION.c.waived_at.is_(None), not_met, may_be_sent)


def batched(rows: list[Any], size: int) -> Iterator[list[Any]]:
    """Yield a list in parts."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def make(session: Session, now: datetime) -> int:
    """Write down the steps that have come and return how many; what another process wrote stays the only one."""
    rows = due(session, now)
    if not rows:
        return 0
    made = len(_made(session, rows))
    if made:
        audit.record(session, "reminders.made", "reminders", after={"count": made})
    return made


def due(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Return the reminders that are to be made now."""
    reference = Reference.read(session)
    first = day_of(now) - REACH
    rows = [
        *_of_reports(session, reference, first, now),
        *_of_returned(session, reference, first, now),
        *_of_findings(session, reference, now),
    ]
    if not rows:
        return []
    known: set[str] = set()
    for some in batched([row["key"] for row in rows], AT_ONCE):
        known.update(session.scalars(select(REMINDER.c.key).where(REMINDER.c.key.in_(some))))
    return [row for row in rows if row["key"] not in known]


def _of_reports(session: Session, reference: Reference, first: date, now: datetime) -> list[dict[str, Any]]:
    form, city = reference.form, reference.calendars[None]
    usual, own = Ladder(form.remind_before, form.remind_leader, form.remind_city), own_times(session)
    earliest = max([usual.before, *own.values()])
    owed = session.execute(
        select(OBLIGATION.c.unit_id, OBLIGATION.c.day, OBLIGATION.c.system, OBLIGATION.c.due_at)
        .outerjoin(REPORT, with_report)
        .where(OBLIGATION.c.day >= first, OBLIGATION.c.due_at <= now + timedelta(minutes=earliest), still_owed(now))
        .order_by(OBLIGATION.c.day, OBLIGATION.c.unit_id, OBLIGATION.c.system)
    )
    return [
        _row(unit_id, day, system, step, now, f"{unit_id}/{day}/{system}/{step.value}")
        for unit_id, day, system, due_at in owed
        for ladder in [usual._replace(before=own.get(unit_id, usual.before))]
        for step in report_steps(due_at, ladder, now, day_of(now), reference.calendar(unit_id), city)
    ]


def still_returned(report: Any) -> Any:
    """Return the condition that a return stands: not taken back, of the revision that stands, and last to be said."""
    city = APPROVAL.alias("of_city").c
    overruled = exists().where(
        city.report_id == APPROVAL.c.report_id, city.version == APPROVAL.c.version, city.stage == Stage.city.value,
        city.ended_at.is_(None),
    )  # fmt: skip
    return and_(
        APPROVAL.c.word == Word.returned.value, APPROVAL.c.ended_at.is_(None), APPROVAL.c.version == report.version,
        or_(APPROVAL.c.stage == Stage.city.value, ~overruled),
    )  # fmt: skip


def _of_returned(session: Session, reference: Reference, first: date, now: datetime) -> list[dict[str, Any]]:
    city = reference.calendars[None]
    waiting = session.execute(
        select(APPROVAL.c.id, APPROVAL.c.at, REPORT.c.unit_id, REPORT.c.day, REPORT.c.system)
        .join(REPORT, REPORT.c.id == APPROVAL.c.report_id)
        .where(REPORT.c.day >= first, still_returned(REPORT.c))
        .order_by(APPROVAL.c.id)
    )
    return [
        _row(r.unit_id, r.day, r.system, step, now, f"returned/{r.id}/{step.value}") | {"approval_id": r.id}
        for r in waiting
        for step in returned_steps(day_of(r.at), day_of(now), reference.calendar(r.unit_id), city)
    ]


def _of_findings(session: Session, reference: Reference, now: datetime) -> list[dict[str, Any]]:
    city = reference.calendars[None]
    waiting = session.execute(
        select(FINDING).where(FINDING.c.state == FindingState.open.value, FINDING.c.due_on < day_of(now))
        .order_by(FINDING.c.id)
    )  # fmt: skip
    return [
        _row(f.unit_id, f.day, f.system, step, now, f"finding/{f.id}/{f.due_on}/{step.value}") | {"finding_id": f.id}
        for f in waiting
        for step in finding_steps(
            f.due_on, day_of(now), reference.calendar(f.unit_id), city, of_city=f.owner == FindingOwner.city_analyst
        )
    ]


def _row(unit_id: int, day: date, system: str, step: ReminderStep, now: datetime, key: str) -> dict[str, Any]:
    return {
        "key": key, "unit_id": unit_id, "day": day, "system": system, "finding_id": None, "approval_id": None,
        "step": step.value,
        "to_role": TO[step].value, "made_at": now, "made_by": None,
    }  # fmt: skip


def by_hand(session: Session, by: str, *, unit: Unit, day: date, system: System, now: datetime) -> int:
    """Remind a unit of a report now, and return the reminder's number.

    Raises NotFound where nothing is owed, Conflict when it is in, waived or locked, on the unit's day off, and when the
    unit was reminded by hand a moment ago.
    """
    owed = obligations.one(session, unit, day, system, now)
    if owed.received_at is not None or owed.waived_at is not None:
        raise Conflict("already_reported")
    if owed.locked:
        raise Conflict("day_locked")
    reference = Reference.read(session)
    if not reference.calendar(unit.id).is_working_day(day_of(now)):
        raise Conflict("reminder_on_day_off")
    count, last = session.execute(
        select(func.count(), func.max(REMINDER.c.made_at)).where(
            REMINDER.c.unit_id == unit.id, REMINDER.c.day == day, REMINDER.c.system == system.value,
            REMINDER.c.step == ReminderStep.by_hand.value,
        )
    ).one()  # fmt: skip
    pause = timedelta(minutes=reference.form.remind_again)
    if last is not None and now < last + pause:
        raise Conflict("reminded_recently", values={"minutes": reference.form.remind_again})
    key = f"{unit.id}/{day}/{system.value}/by_hand/{count + 1}"
    row = _row(unit.id, day, system.value, ReminderStep.by_hand, now, key) | {"made_by": by}
    made = _made(session, [row])
    if not made:  # another was as quick
        raise Conflict("reminded_recently", values={"minutes": reference.form.remind_again})
    place = f"reports/{unit.code}/{day}/{system.value}"
    audit.record(session, "reminder.made", place, after={"step": ReminderStep.by_hand.value, "to": row["to_role"]})
    return made[key]


def _made(session: Session, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Write reminders down and return the numbers of the new ones by their key; what another wrote stays as it is."""
    statement = upsert(session.get_bind().dialect.name, REMINDER).on_conflict_do_nothing(index_elements=["key"])
    made: dict[str, int] = {}
    for some in batched(rows, AT_ONCE):
        written = session.execute(statement.values(some).returning(REMINDER.c.key, REMINDER.c.id))
        made.update((key, number) for key, number in written)
    return made


def _all_due(day: date, now: datetime) -> Any:
    """Return the condition of what all are reminded of: late, or due on the day itself and no longer counted."""
    is_due = or_(OBLIGATION.c.due_at < now, OBLIGATION.c.due_at < at(day + timedelta(days=1), time()))
    return and_(OBLIGATION.c.day == day, OBLIGATION.c.cut_off_at <= now, is_due, still_owed(now))


def units_due(session: Session, *, day: date, now: datetime) -> int:
    """Return how many units a reminder to all is for, whoever was reminded a moment ago among them."""
    reference = Reference.read(session)
    query = select(OBLIGATION.c.unit_id).outerjoin(REPORT, with_report).where(_all_due(day, now)).distinct()
    return sum(reference.calendar(number).is_working_day(day_of(now)) for number in session.scalars(query))


def to_all(
    session: Session, by: str, *, day: date, system: System | None, now: datetime
) -> tuple[list[tuple[int, str]], int, int]:  # fmt: skip
    """Remind every unit of what it owes of a day and is late with, or has due on the day itself.

    Returns the units and systems that were reminded, how many were reminded by hand a moment ago, and how many have
    their day off.
    """
    reference = Reference.read(session)
    pause, today = timedelta(minutes=reference.form.remind_again), day_of(now)
    hand = (REMINDER.c.day == day) & (REMINDER.c.step == ReminderStep.by_hand.value)
    before = and_(
        hand, REMINDER.c.unit_id == OBLIGATION.c.unit_id, REMINDER.c.system == OBLIGATION.c.system,
    )  # fmt: skip
    query = (
        select(OBLIGATION.c.unit_id, OBLIGATION.c.system, func.count(REMINDER.c.id), func.max(REMINDER.c.made_at))
        .select_from(OBLIGATION.outerjoin(REPORT, with_report).outerjoin(REMINDER, before))
        .where(_all_due(day, now))
        .group_by(OBLIGATION.c.unit_id, OBLIGATION.c.system)
        .order_by(OBLIGATION.c.unit_id, OBLIGATION.c.system)
    )
    rows, recently, resting = [], 0, 0
    for unit_id, name, count, last in session.execute(query if system is None else query.where(_of(system))):
        if not reference.calendar(unit_id).is_working_day(today):
            resting += 1
        elif last is not None and now < last + pause:
            recently += 1
        else:
            key = f"{unit_id}/{day}/{name}/by_hand/{count + 1}"
            rows.append(_row(unit_id, day, name, ReminderStep.by_hand, now, key) | {"made_by": by})
    # Always in one order: two that are at it at once wait for each other, and neither for ever.
    new = _made(session, rows)
    made = [(row["unit_id"], row["system"]) for row in rows if row["key"] in new]
    if made:
        codes = {unit.id: unit.code for unit in reference.units.values()}
        told = {
            "step": ReminderStep.by_hand.value, "count": len(made), "system": system.value if system else None,
            "reports": [f"{codes[unit_id]}/{name}" for unit_id, name in made],
        }  # fmt: skip
        audit.record(session, "reminders.made", f"reminders/{day}", after=told)
    return made, recently + len(rows) - len(made), resting


def _of(system: System) -> Any:
    return OBLIGATION.c.system == system.value


def on_return_stands(session: Session, event: ReasonsAdded | ReportCarried) -> None:
    """Have reminders of a return go on with it where it was carried to a report's next revision."""
    c, next_ = APPROVAL.c, APPROVAL.alias("next").c
    carried = (
        select(c.id, next_.id.label("now"))
        .join(next_.id.table, and_(next_.report_id == c.report_id, next_.stage == c.stage))
        .where(
            c.report_id == event.report_id, c.version == event.version - 1, c.word == Word.returned.value,
            c.ended_at.is_(None), next_.version == event.version, next_.ended_at.is_(None),
        )
    )  # fmt: skip
    for was, now in session.execute(carried).all():
        key = func.replace(REMINDER.c.key, f"returned/{was}/", f"returned/{now}/")
        session.execute(REMINDER.update().where(REMINDER.c.approval_id == was).values(approval_id=now, key=key))


def kept_up(database: Database, clock: Clock) -> AbstractAsyncContextManager[None]:
    """While the application serves, make the reminders as their moments come; it writes only when there are any."""

    def any_due(session: Session, now: datetime, _: datetime | None) -> bool:
        return bool(due(session, now))

    return repeated(make, database, clock, every=EVERY, trouble="reminders_not_made", due=any_due)
