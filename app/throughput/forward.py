"""The days after a corrected one: which are touched, and their new revisions when the difference is carried forward."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session

from app.core import i18n
from app.procedures.rules import System
from app.throughput import carrying, evidence, neighbours, reading, rules
from app.throughput.carrying import Carried, LaterDay
from app.throughput.cases import Case
from app.throughput.drafts import Draft
from app.throughput.forms import Reference
from app.throughput.models import ReportRevision
from app.throughput.neighbours import Neighbour
from app.throughput.reading import Reason, Stored
from app.throughput.reopenings import service as reopenings
from app.throughput.reopenings.rules import Grant
from app.throughput.rules import Line, ReasonCode, WarningCode
from app.throughput.timing import Deadlines
from app.units.models import Unit


@dataclass(frozen=True)
class Touched:
    """A received report after a day; `follows`: a change of some field could be carried into it.

    `grant`: it is locked but for what this covers.
    """

    day: date
    stored: Stored
    deadlines: Deadlines
    is_locked: bool
    follows: bool
    grant: Grant | None = None


def later(
    session: Session, reference: Reference, unit: Unit, day: date, system: System, close: dict[str, int], now: datetime
) -> list[Touched]:
    """Return the received reports after a day that closed with `close`, until the first that is locked."""
    assert unit.id is not None
    found: list[Touched] = []
    stopped: set[str] = set()
    for following in _following(session, unit, day, system):
        stored = reading.current(session, unit.id, following.day, system)
        assert stored is not None
        deadlines = stored.owed or reference.deadlines(unit, following.day, system)
        after_lock = now > deadlines.locks_at
        grant = reopenings.running(session, unit.id, following.day, system, now) if after_lock else None
        is_locked = after_lock and grant is None
        stopped |= rules.adjustments(following.opening, close).keys()
        counted = {*following.opening, *close}
        follows = not is_locked and (not counted or not counted <= stopped)
        found.append(Touched(following.day, stored, deadlines, is_locked, follows, grant))
        if is_locked:
            break
        close = following.closing
    return found


def _following(session: Session, unit: Unit, day: date, system: System) -> Iterator[Neighbour]:
    assert unit.id is not None
    while (following := neighbours.after(session, unit.id, day, system)) is not None:
        yield following
        day = following.day


def close_of(report: Stored | Draft | None, previous: Neighbour | None) -> dict[str, int]:
    """Return the close that the next day is judged by: the day's own, else that of the last received before it."""
    if report is not None and report.unavailable is None:
        return {code: line.pending for code, line in report.lines.items()}
    return previous.closing if previous else {}


def plan(
    session: Session, reference: Reference, unit: Unit, day: date, case: Case, now: datetime
) -> tuple[list[Touched], Carried]:
    """Return the later days of a report about to be sent, and how far the change of its close can be carried."""
    before, after = close_of(case.stored, case.previous), close_of(case.draft, case.previous)
    return _onward(session, reference, unit, day, case.system, before, after, now)


def left_behind(
    session: Session, reference: Reference, unit: Unit, day: date, system: System, now: datetime
) -> tuple[list[Touched], Carried]:
    """Return the later days of a report that stands, and how far what they do not know of its corrections can go.

    A field was left behind where the next day opened as it closed before, by an earlier revision or, where the next day
    was received first, with no report; and nobody has said why.
    """
    assert unit.id is not None
    following = neighbours.after(session, unit.id, day, system)
    if following is None:
        return [], Carried({}, None)
    revisions = reading.all_revisions(session, unit.id, day, system)
    previous = neighbours.before(session, unit.id, day, system)
    on_next = reading.current(session, unit.id, following.day, system)
    assert on_next is not None
    came_after = revisions[0].first_received_at > on_next.first_received_at
    closes = [close_of(one, previous) for one in (*([None] if came_after else []), *revisions)]
    before = carrying.gone_by(closes[-1], following.opening, closes[:-1])
    said = {r.field for r in on_next.reasons if r.warning == WarningCode.opening_gap}
    before |= {code: closes[-1].get(code, 0) for code in before if code in said}
    return _onward(session, reference, unit, day, system, before, closes[-1], now)


def _onward(
    session: Session, reference: Reference, unit: Unit, day: date, system: System, before: dict[str, int],
    after: dict[str, int], now: datetime,
) -> tuple[list[Touched], Carried]:  # fmt: skip
    if not carrying.changes(before, after):
        return [], Carried({}, None)
    touched = later(session, reference, unit, day, system, before, now)
    standing = {one.day: one.stored.lines for one in touched}
    granted = {one.day: one.grant for one in touched if one.grant is not None}

    def may_stand(on: date, line: Line) -> bool:
        if on in granted and not granted[on].covers(line.field):
            return False
        counts = line.field in reference.applicable(unit, on, system) or line.field in standing[on]
        return counts and not rules.broken_memos(line, reference.memos)

    days = [LaterDay(one.day, one.is_locked, one.stored.lines) for one in touched]
    return touched, carrying.carry(before, after, days, may_stand)


def cases_of(
    session: Session, unit: Unit, origin: date, new: Stored, system: System, touched: list[Touched], carried: Carried,
    now: datetime,
) -> Iterator[tuple[date, Case]]:  # fmt: skip
    """Yield each carried day as a report to be written, the day before it (first `new`, of `origin`) being written."""
    assert unit.id is not None
    for one in touched:
        if (lines := carried.days.get(one.day)) is None:
            continue
        previous = neighbours.before(session, unit.id, one.day, system)
        draft = _draft(one, lines, previous.closing if previous else {}, origin, now)
        rests_on = evidence.of_revision(session, one.stored.revision_id)
        yield (
            one.day,
            Case(
                system, one.stored, previous, draft, one.stored.owed, one.deadlines, digest(new.revision_id), rests_on
            ),
        )


def digest(origin: int) -> str:
    """Return what the revisions that carry a correction are known by, in place of a body that nobody sent."""
    return hashlib.sha256(f"carried from {origin}".encode()).hexdigest()


_CARRIED = (
    select(reading.REPORT.day)
    .join(ReportRevision, (reading.REVISION.report_id == reading.REPORT.id))
    .where(
        reading.REPORT.unit_id == bindparam("unit"), reading.REPORT.system == bindparam("system"),
        reading.REPORT.day > bindparam("day"), reading.REVISION.number == reading.REPORT.version,
        reading.REVISION.sent_digest == bindparam("digest"),
    )
    .order_by(reading.REPORT.day)
)  # fmt: skip


@dataclass(frozen=True)
class Followed:
    """The days after a report's last change: those it was carried into, and the first whose opening does not match."""

    days: list[date]
    stopped_at: date | None


def followed(session: Session, unit: Unit, day: date, system: System) -> Followed:
    """Return where the last change of a day's close has come to by now."""
    assert unit.id is not None
    revisions = reading.all_revisions(session, unit.id, day, system)
    if not revisions:
        return Followed([], None)
    stored, previous = revisions[-1], neighbours.before(session, unit.id, day, system)
    values = {"unit": unit.id, "system": system.value, "day": day, "digest": digest(stored.revision_id)}
    days = list(session.scalars(_CARRIED, values))
    close = close_of(stored, previous)
    changed = carrying.changes(close_of(revisions[-2] if len(revisions) > 1 else None, previous), close)
    for following in _following(session, unit, day, system):
        if rules.adjustments(following.opening, close).keys() & changed.keys():
            return Followed(days, following.day)
        if following.day not in days:
            break
        close = following.closing
    return Followed(days, None)


def _draft(one: Touched, lines: dict[str, Line], close: dict[str, int], origin: date, now: datetime) -> Draft:
    stored, reasons = one.stored, one.stored.reasons
    if now > one.deadlines.grace_until:
        note = i18n.translate("throughput.carried_note", "vi", day=origin)
        why = Reason(WarningCode.correction.value, None, ReasonCode.late_correction.value, None, None, note)
        reasons = [r for r in reasons if r.warning != WarningCode.correction] + [why]
    return Draft(
        counted_until=stored.counted_until, counted_given=True, partial=stored.partial, unavailable=None,
        note=stored.note, lines=lines, reasons=reasons,
        gaps=rules.adjustments({code: line.carried_over for code, line in lines.items()}, close),
        amounts=reading.amounts_of(reasons), faults=[],
    )  # fmt: skip
