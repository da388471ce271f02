"""What asks for attention elsewhere: of the whole city beside the board, of a unit's tasks beside its day."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.indicators.overview import service as indicators
from app.indicators.place import Place
from app.indicators.rules import CITY
from app.portal.gaps import listing as gaps
from app.tasks.asking.lists import questions
from app.tasks.narrowing import Filters
from app.tasks.rules import Bucket, TaskRole
from app.tasks.summary.service import summary
from app.throughput import days
from app.throughput.summary.owed import OBLIGATION, completeness
from app.units.service import visible_unit


@dataclass(frozen=True)
class Glance:
    """How much of what asks for attention, and where it is listed."""

    href: str
    words: str
    n: int
    day: date | None = None


def of_city(session: Session, caller: Caller, now: datetime) -> list[Glance]:
    """Return the few figures that a leader's day begins with; none for who sees a unit of their own."""
    if caller.units is not None:
        return []
    found = []
    before = days.owed_before(session, day_of(now))
    if before is not None and caller.may("reports:read"):
        done = completeness(session, [OBLIGATION.c.day == before, OBLIGATION.c.due_at <= now], None)
        found.append(Glance(f"/throughput/board?day={before}", "glance.reports", done.expected - done.received, before))
    if caller.may("tasks:read"):
        counts = summary(session, caller, filters=Filters(), as_of=None, now=now).buckets
        by_bucket = {one.bucket: one.count for one in counts}
        for bucket, words in ((Bucket.overdue, "glance.tasks_overdue"), (Bucket.due_soon, "glance.tasks_due")):
            found.append(Glance(f"/tasks?bucket={bucket.value}", words, by_bucket[bucket]))
    if caller.may("indicators:read"):
        missed = indicators.missed(session, Place(CITY), now)
        found.append(Glance("/indicators?standing=not_met", "glance.indicators", missed))
    return found


def of_unit(session: Session, caller: Caller, now: datetime) -> list[Glance]:
    """Return what waits for the caller's unit beside its reports: late tasks, questions about them, gaps to explain."""
    if caller.unit_code is None:
        return []
    found = []
    if caller.may("tasks:read"):
        unit = visible_unit(session, caller, caller.unit_code)
        led = summary(session, caller, filters=Filters(unit=unit, role=TaskRole.lead), as_of=None, now=now).buckets
        late = sum(one.count for one in led if one.bucket in (Bucket.overdue, Bucket.regular_overdue))
        asked = len(questions(session, caller, None, unit=unit, state=None, now=now, waiting=True).items)
        found.append(Glance("/tasks/mine#late", "glance.unit_late", late))
        found.append(Glance("/tasks/mine#questions", "glance.unit_asked", asked))
    if caller.may("gaps:read"):
        found.append(Glance("/portal/gaps", "glance.unit_gaps", gaps.counts(session, caller)[1]))
    return [one for one in found if one.n]
