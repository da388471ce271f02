"""The ward's desk: what it owes today, what is late, what is done, and yesterday's figures beside it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.clock import day_of
from app.procedures.rules import System
from app.throughput.approvals import listing as approvals
from app.throughput.approvals.schemas import ReturnedOut
from app.throughput.days import days_off_until
from app.throughput.desk.open_questions import OpenQuestion, open_questions
from app.throughput.forms import Reference
from app.throughput.models import DayTotal
from app.throughput.obligations import service as obligations
from app.throughput.obligations.schemas import ObligationOut
from app.throughput.reminders.service import last_made
from app.throughput.reopenings import listing as reopenings
from app.throughput.reopenings.schemas import ReopeningOut
from app.throughput.rules import COLUMNS, SYSTEMS, Figures, WarningCode
from app.throughput.schemas import DayOffOut, RatesOut, TotalsOut, rates_out, totals_out
from app.throughput.timing import State, worst
from app.units.models import Unit

_DAY = hot.table(DayTotal).c
OPEN = frozenset({State.late, State.partial, State.due, State.not_due})
DONE_DAYS = 5
RECENT_DAYS = 10
LOOK_BACK = timedelta(days=14)
EXPLAIN_BACK = timedelta(days=31)


class TodaySystem(BaseModel):
    """One system's part of a day."""

    system: Annotated[System, Field(description="Source system")]
    state: Annotated[State, Field(description="Where it stands")]
    due_at: datetime
    days_off: Annotated[list[DayOffOut], Field(description="That the deadline passes over")]
    locks_at: datetime
    locked: bool
    received_at: datetime | None
    reminded_at: Annotated[datetime | None, Field(description="When it was last asked for; null: not, or not owed now")]
    returned: Annotated[bool, Field(description="It came back, and has no new revision yet")]
    totals: Annotated[TotalsOut | None, Field(description="null: no figures received")]


class TodayDay(BaseModel):
    """A day that is owed, or was."""

    day: date
    state: Annotated[State, Field(description="The worst of its systems")]
    is_open: Annotated[bool, Field(description="Something is still to be sent, and may be")]
    next_deadline: Annotated[datetime | None, Field(description="Of what is still to be sent; null: nothing is")]
    systems: list[TodaySystem]


class PreviousDay(BaseModel):
    """The sums of the last day before today that has figures."""

    day: date
    systems: Annotated[list[System], Field(description="Whose figures are in")]
    received: int
    resolved: int
    pending: int
    pending_overdue: int
    rates: RatesOut


class RecentDay(BaseModel):
    """What a day that was owed came to; null: no figures are in."""

    day: date
    received: int | None
    resolved: int | None


class GapsOut(BaseModel):
    """What may still be explained, of the last 31 days."""

    questions: Annotated[int, Field(description="Unanswered questions, adjustments not counted")]
    adjustments: Annotated[int, Field(description="Adjustments without a reason")]
    items: list[OpenQuestion]


class TodayOut(BaseModel):
    """What a unit has to do now: late days first, then what is due, then what is done."""

    unit: str
    unit_name: str
    now: datetime
    today: date
    may_report_today: Annotated[bool, Field(description="Nothing is owed today, but the unit may report: a Saturday")]
    previous: Annotated[PreviousDay | None, Field(description="null: no figures yet")]
    recent: Annotated[list[RecentDay], Field(description="The last owed days before today, ten at most, oldest first")]
    gaps: GapsOut
    returned: Annotated[list[ReturnedOut], Field(description="Reports that came back and have no new revision yet")]
    reopened: Annotated[list[ReopeningOut], Field(description="Locked days that may be corrected now, and until when")]
    items: list[TodayDay]


def today(session: Session, caller: Caller, unit: Unit, now: datetime) -> TodayOut:
    """Return what a unit owes, with the last days' figures and what is to be explained."""
    assert unit.id is not None
    reference, day = Reference.read(session), day_of(now)
    owed = obligations.listing(session, caller, obligations.Wanted(unit), now, None).items
    recent = obligations.Wanted(unit, first=day - LOOK_BACK, last=day - timedelta(days=1))
    found = {(o.day, o.system): o for o in [*owed, *obligations.listing(session, caller, recent, now, None).items]}
    returned = approvals.returned(session, unit, now)
    back = {(one.day, one.system) for one in returned}
    figures = _totals(session, unit.id, {d for d, _ in found})
    reminded = last_made(session, min((d for d, _ in found), default=day), day, unit.id)
    days = _days(found.values(), lambda o: _system(reference, unit, o, figures, back, reminded))
    calendar = reference.calendar(unit.id)
    questions = open_questions(session, reference, unit, day - EXPLAIN_BACK, day, now)
    questions = [q for q in questions if q.finding is not None or not q.locked]
    gaps = sum(q.code is WarningCode.opening_gap for q in questions)
    return TodayOut(
        unit=unit.code,
        unit_name=unit.name,
        now=now,
        today=day,
        may_report_today=calendar.may_serve(day) and all(d.day != day for d in days),
        previous=_previous(session, unit.id, day),
        recent=_recent(sorted({d for d, _ in found if day - LOOK_BACK <= d < day}), figures),
        gaps=GapsOut(questions=len(questions) - gaps, adjustments=gaps, items=questions),
        returned=returned,
        reopened=reopenings.running_now(session, unit, now),
        items=in_order(days, day),
    )


def in_order(days: Iterable[TodayDay], today: date) -> list[TodayDay]:
    """Return late days first, then what is due, oldest first each; then today and the last days done, newest first."""
    rows = sorted(days, key=lambda d: d.day)
    late = [d for d in rows if d.is_open and d.state is State.late]
    due = [d for d in rows if d.is_open and d.state is not State.late]
    done = [d for d in rows if not d.is_open and d.day == today]
    done += [d for d in reversed(rows) if not d.is_open and d.day != today][:DONE_DAYS]
    return [*late, *due, *done]


def _days(owed: Iterable[ObligationOut], shown: Callable[[ObligationOut], TodaySystem]) -> list[TodayDay]:
    by_day: dict[date, list[ObligationOut]] = {}
    for one in sorted(owed, key=lambda o: (o.day, SYSTEMS.index(o.system))):
        by_day.setdefault(one.day, []).append(one)
    out = []
    for day, systems in by_day.items():
        to_send = [o for o in systems if o.state in OPEN and not o.locked]
        out.append(
            TodayDay(
                day=day,
                state=worst(o.state for o in systems),
                is_open=bool(to_send),
                next_deadline=min((o.due_at for o in to_send), default=None),
                systems=[shown(o) for o in systems],
            )
        )
    return out


def _system(
    reference: Reference, unit: Unit, owed: ObligationOut, totals: dict[tuple[date, str], Figures],
    returned: Collection[tuple[date, System]], reminded: Mapping[tuple[int, date, System], datetime],
) -> TodaySystem:  # fmt: skip
    assert unit.id is not None
    figures = totals.get((owed.day, owed.system.value))
    return TodaySystem(
        system=owed.system,
        state=owed.state,
        due_at=owed.due_at,
        days_off=days_off_until(reference, unit.id, owed.day, owed.due_at),
        locks_at=owed.locks_at,
        locked=owed.locked,
        received_at=owed.received_at,
        reminded_at=reminded.get((unit.id, owed.day, owed.system)) if owed.state in OPEN else None,
        returned=(owed.day, owed.system) in returned,
        totals=totals_out(figures) if figures is not None else None,
    )


def _totals(session: Session, unit_id: int, days: Iterable[date]) -> dict[tuple[date, str], Figures]:
    columns = (*COLUMNS, "post_unsplit")
    rows = session.execute(
        select(_DAY.day, _DAY.system, *(_DAY[c] for c in columns)).where(
            _DAY.unit_id == unit_id, _DAY.day.in_(list(days))
        )
    )
    return {(row[0], row[1]): Figures(**dict(zip(columns, row[2:], strict=True))) for row in rows}


def _recent(days: list[date], totals: dict[tuple[date, str], Figures]) -> list[RecentDay]:
    out = []
    for day in days[-RECENT_DAYS:]:
        parts = [totals[day, system.value] for system in SYSTEMS if (day, system.value) in totals]
        received, resolved = sum(part.received for part in parts), sum(part.resolved for part in parts)
        out.append(RecentDay(day=day, received=received if parts else None, resolved=resolved if parts else None))
    return out


def _previous(session: Session, unit_id: int, today: date) -> PreviousDay | None:
    newest = select(func.max(_DAY.day)).where(_DAY.unit_id == unit_id, _DAY.day < today)
    day = session.execute(newest).scalar()
    if day is None:
        return None
    by_system = _totals(session, unit_id, [day])
    figures = Figures()
    for part in by_system.values():
        figures.add(part)
    return PreviousDay(
        day=day,
        systems=[system for system in SYSTEMS if (day, system.value) in by_system],
        received=figures.received,
        resolved=figures.resolved,
        pending=figures.pending,
        pending_overdue=figures.pending_overdue,
        rates=rates_out(figures),
    )
