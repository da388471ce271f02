"""The demonstration's gaps: days on which the one-gate system lagged, some explained, some closed by a late sync.

The same for the same days: nothing here is drawn by chance, and no report is touched.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from typing import NamedTuple

from sqlmodel import Session

from app.core import audit
from app.core.clock import at
from app.core.db import commit
from app.core.errors import Problem
from app.core.paging import Page
from app.demo.callers import analyst, officer
from app.demo.machine import SOURCE, line_said, machine
from app.portal.adapters.rules import PortalMonth
from app.portal.codes import pulling
from app.portal.gaps import listing, service
from app.portal.gaps.rules import GapOutcome, GapReason
from app.portal.gaps.schemas import AlsoIn, GapClosureIn, GapExplanationIn
from app.portal.simulator import content
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.figures import service as figures
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import FigureDayIn, FiguresIn
from app.throughput.forms import Reference

EVENING, MORNING = time(20, 0), time(8, 30)
# Of which the portal's month is there, and how many online dossiers it lacks beyond its usual lag.
PUBLISHED = {"19789": 0, "19753": 45, "19774": 0, "19804": 0, "19867": 0, "20035": 21}


class Story(NamedTuple):
    """A day on which the one-gate system lacks dossiers: how many working days back, of which unit, what became of it.

    `explained`, `caught_up`: so many working days back; None: not yet.
    """

    back: int
    unit: str
    lacks: int
    reason: GapReason | None = None
    explained: int | None = None
    caught_up: int | None = None
    closed: bool = False


STORIES = (
    Story(12, "19804", 9),
    Story(9, "19789", 6, GapReason.late_sync, explained=8, caught_up=7),
    Story(9, "19774", 7, GapReason.received_for_others, explained=7, closed=True),
    Story(6, "19753", 8),
    Story(4, "19789", 5, GapReason.not_digitised, explained=3),
    Story(3, "19867", 6, GapReason.late_sync, explained=2),
)  # what the one-gate system says of the last days differs too, by itself


def tell(session: Session, days: Sequence[date], now: datetime) -> None:
    """Have the one-gate system lag on some days, people explain, and most of the month before stand with the portal."""
    context = session.info["audit_context"]
    steps: list[tuple[datetime, int, Story, str]] = []
    for number, story in enumerate(STORIES):
        for back, clock, what in (
            (story.back, EVENING, "lag"), (story.explained, MORNING, "explain"), (story.caught_up, EVENING, "catch up"),
        ):  # fmt: skip
            if back is not None and story.back <= len(days):
                steps.append((min(now, at(days[-back], clock)), number, story, what))
    for moment, _, story, what in sorted(steps, key=lambda step: step[:2]):
        session.info["audit_context"] = audit.Context(moment, None, "minh-hoa", "demo")
        day = days[-story.back]
        if what == "explain":
            _explain(session, story, day, moment)
        else:
            _say(session, story, day, story.lacks if what == "lag" else 0, moment)
        commit(session)
    if days:
        _publish(session, days, now)
        commit(session)
    session.info["audit_context"] = context


def _say(session: Session, story: Story, day: date, lacks: int, now: datetime) -> None:
    """Have the source say of a day what the report says, but for some online dossiers of its largest field."""
    unit = Reference.read(session).units[story.unit]
    stored = reading.current(session, unit.id, day, System.CITY)
    if stored is None or not stored.lines:
        return
    applicable = Reference.read(session).applicable(unit, day, System.CITY)
    lines = [line_said(line) for line in stored.lines.values() if line.field in applicable]
    largest = max(lines, key=lambda line: line.received_online or 0)
    largest.received_online = max(0, (largest.received_online or 0) - lacks)
    item = FigureDayIn(unit=unit.code, day=day, system=System.CITY, lines=lines)
    figures.put(
        session, machine(), body=FiguresIn(source=SOURCE, basis=Basis.daily, items=[item]), now=now, dry_run=False
    )


def _explain(session: Session, story: Story, day: date, now: datetime) -> None:
    """Have the unit's officer give one reason for all that differs of a day, and the analyst close what is accepted."""
    assert story.reason is not None
    unit = Reference.read(session).units[story.unit]
    wanted = listing.Wanted(unit=unit, first=day, last=day)
    found = [one for one in listing.listing(session, analyst(), wanted, now, Page(50, None)).items if one.first == day]
    if not found:
        return
    first, *others = found
    body = GapExplanationIn(reason=story.reason, also=[AlsoIn(id=one.id, version=one.version) for one in others])
    service.explain(session, officer(unit), first.id, body=body, if_match=f'"{first.version}"', now=now)
    if story.closed:
        word = GapClosureIn(outcome=GapOutcome.accepted, why="Hồ sơ nhận hộ phường bên, hai hệ thống ghi khác đơn vị")
        for one in found:
            with suppress(Problem):
                service.close(session, analyst(), one.id, body=word, if_match=f'"{one.version + 1}"', now=now)


def _publish(session: Session, days: Sequence[date], now: datetime) -> None:
    """Have the portal's figures of the last whole month stand for a few units, a little behind as the real ones are."""
    month = days[-1].replace(day=1)
    known = [one for one in content.read(session).months if one.agency in PUBLISHED and (one.year, one.month) < (
        month.year, month.month)]  # fmt: skip
    if not known:
        return
    year, number = max((one.year, one.month) for one in known)
    rows = []
    for one in known:
        if (one.year, one.month) == (year, number):
            online = None if one.online is None else max(0, one.online - PUBLISHED[one.agency])
            parts = (online, one.direct, one.post)
            received = None if None in parts else sum(part or 0 for part in parts)
            rows.append(PortalMonth(one.agency, received, *parts, one.on_time, one.overdue))
    asked = min(now, at(next(day for day in days if day >= month), MORNING))
    session.info["audit_context"] = audit.Context(asked, None, "minh-hoa", "demo")
    pulling.keep_months(session, asked, year=year, month=number, rows=rows)
