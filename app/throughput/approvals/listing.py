"""What a stage has to approve, what is unusual first; one report as its reviewer sees it; what came back to a ward."""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid, NotFound
from app.core.paging import Page, cut
from app.procedures.rules import System
from app.throughput import reading
from app.throughput.approvals import pins, rules
from app.throughput.approvals.authors import typed_by
from app.throughput.approvals.ordering import Place, Placed, placed, same_day
from app.throughput.approvals.rules import Said, Stage, Word
from app.throughput.approvals.schemas import ApprovalItem, ApprovalPage, ApprovalsOut, ReturnedOut, WaitingDay
from app.throughput.approvals.service import Terms, said_out
from app.throughput.forms import Reference
from app.throughput.listing import changes_of
from app.throughput.models import DayTotal, Obligation, Report, ReportRevision
from app.throughput.reopenings import service as reopenings
from app.throughput.rules import COLUMNS, Figures
from app.throughput.schemas import totals_out
from app.throughput.shown import receipt_number, report_out
from app.units.models import Unit

BACK = timedelta(days=14)
AT_ONCE = 500
_REPORT = hot.table(Report).c
_REVISION = hot.table(ReportRevision).c
_OBLIGATION = hot.table(Obligation).c
_DAY = hot.table(DayTotal).c
_UNIT = hot.table(Unit).c


def listing(
    session: Session, caller: Caller, page: Page | None, *, stage: Stage, day: date | None, now: datetime,
    terms: Terms, unit: Unit | None = None, waits: bool | None = None,
) -> ApprovalPage:  # fmt: skip
    """Return what a stage is to approve: of a day all reports, without one what waits of the last 14 days.

    Both systems of a unit's day stand together, where the weightier of the two belongs.
    """
    every = placed(session, _of(caller, stage, day, now, unit), stage)
    found = every if waits is None else [one for one in every if one.waits is waits]
    shown, following = found, None
    if page is not None:
        begin = bisect_right(found, _key(page.after), key=lambda one: one.place) if page.after is not None else 0
        shown, following = cut(found[begin : begin + page.limit + 1], page, lambda one: one.place)
    return ApprovalPage(
        stage=stage,
        day=day,
        waiting=sum(one.waits for one in every),
        unusual=sum(one.waits and bool(one.unusual) for one in every),
        approved=sum(one.is_approved for one in every),
        other_days=_other_days(session, _of(caller, stage, None, now, unit), day) if day is not None else [],
        items=_items(session, caller, shown, stage, terms),
        next=following,
    )


def following(
    session: Session, caller: Caller, *, stage: Stage, day: date, now: datetime, terms: Terms
) -> tuple[ApprovalItem | None, int]:
    """Return the next report that a caller may approve at a stage, and how many there are.

    For who sees one unit, of the last 14 days; else of a day. Neither what he typed nor what the ward is to approve
    first waits for him.
    """
    wanted = _of(caller, stage, day if caller.units is None else None, now)
    own = typed_by(session, caller, select(_REPORT.id).where(*wanted)) if terms.by_another else set()
    after_ward = terms.ward_first and stage is Stage.city
    waiting = [
        one
        for one in placed(session, wanted, stage)
        if one.waits and one.report_id not in own and (one.ward_approved or not after_ward)
    ]
    # One that was corrected since the order was read has no item: the one after it is next.
    items = (item for one in waiting for item in _items(session, caller, [one], stage, terms))
    return next(items, None), len(waiting)


def _of(
    caller: Caller, stage: Stage, day: date | None, now: datetime, unit: Unit | None = None
) -> list[ColumnElement[bool]]:
    """Return the conditions of a stage's list: of a day all reports, without one what waits of the last 14 days."""
    wanted = [_REPORT.day == day] if day is not None else [_REPORT.day > day_of(now) - BACK, _REPORT.day <= day_of(now)]
    if caller.units is not None:
        wanted.append(_REPORT.unit_id.in_(caller.units))
    if unit is not None:
        wanted.append(_REPORT.unit_id == unit.id)
    if day is None:
        city, ward = pins.words_on(_REPORT.id, _REPORT.version)
        wanted.append((city if stage is Stage.city else ward).is_(None))
    return wanted


def _other_days(session: Session, waiting: list[ColumnElement[bool]], day: date) -> list[WaitingDay]:
    """Return the days but one on which reports wait, the newest first."""
    counts = select(_REPORT.day, func.count()).where(*waiting, _REPORT.day != day).group_by(_REPORT.day)
    return [WaitingDay(day=on, waiting=n) for on, n in session.execute(counts.order_by(_REPORT.day.desc()))]


def last_day(session: Session, now: datetime) -> date:
    """Return the last day of which there is a report, today where there is none."""
    day: date | None = session.execute(select(func.max(_REPORT.day)).where(_REPORT.day <= day_of(now))).scalar()
    return day or day_of(now)


def _key(after: list[Any]) -> Place:
    if [type(part) for part in after] != [int, str, str, str, int]:
        raise Invalid([Fault("?cursor", "bad_cursor")])
    return after[0], after[1], after[2], after[3], after[4]


def _items(session: Session, caller: Caller, shown: list[Placed], stage: Stage, terms: Terms) -> list[ApprovalItem]:
    """Return some reports of the list with all that is shown of them.

    A report that was corrected since the order was read is left out: what was found unusual was not of this revision.
    """
    items = []
    # A whole list may hold more reports than a statement takes values.
    for start in range(0, len(shown), AT_ONCE):
        some = shown[start : start + AT_ONCE]
        ids = [one.report_id for one in some]
        rows = {row.id: row for row in session.execute(_rows([_REPORT.id.in_(ids)]))}
        said = pins.of_reports(session, pins.ROW.report_id.in_(ids))
        own = typed_by(session, caller, ids) if terms.by_another else set()
        items += [
            _item(rows[one.report_id], one, said.get(one.report_id, []), one.report_id in own, stage)
            for one in some
            if one.report_id in rows and rows[one.report_id].version == one.version
        ]
    return items


def _rows(wanted: list[ColumnElement[bool]]) -> Any:
    report = hot.table(Report)
    standing = and_(_REVISION.report_id == _REPORT.id, _REVISION.number == _REPORT.version)
    return (
        select(
            *report.c, _REVISION.sent_by, _REVISION.known_from, _UNIT.code,
            _UNIT.name, *(_DAY[c] for c in (*COLUMNS, "post_unsplit")),
        )
        .select_from(report)
        .join(hot.table(ReportRevision), standing)
        .join(hot.table(Unit), _UNIT.id == _REPORT.unit_id)
        .outerjoin(hot.table(DayTotal), same_day(_DAY))
        .where(*wanted)
    )  # fmt: skip


def _item(row: Any, one: Placed, said: list[Said], own: bool, stage: Stage) -> ApprovalItem:
    status, standing = rules.status(said, row.version), rules.standing(said, stage, row.version)
    returned = _returned(said, row.version)
    approved = standing if standing is not None and standing.word is Word.approved else None
    figures = None
    if row.carried_over is not None:
        figures = Figures(**{c: getattr(row, c) for c in (*COLUMNS, "post_unsplit")})
    system = System(row.system)
    return ApprovalItem(
        unit=row.code, name=row.name, day=row.day, system=system, version=row.version,
        receipt=receipt_number(row.code, row.day, system, row.version), status=status, waits=standing is None,
        unusual=one.unusual, open_warnings=one.open_warnings, received_at=row.known_from, sent_by=row.sent_by,
        is_own=own,
        approved_at=approved.at if approved else None, approved_by=approved.by if approved else None,
        returned_reason=returned.reason if returned else None,
        totals=totals_out(figures) if figures is not None else None,
    )  # fmt: skip


def _returned(said: list[Said], version: int) -> Said | None:
    """Return who returned what stands, the city before the ward; None: nobody, or the city approved it."""
    for stage in (Stage.city, Stage.ward):
        standing = rules.standing(said, stage, version)
        if standing is not None:
            return standing if standing.word is Word.returned else None
    return None


def review(
    session: Session, caller: Caller, *, unit: Unit, day: date, system: System, stage: Stage, terms: Terms
) -> ApprovalsOut:
    """Return a report as its reviewer sees it; raises NotFound without one."""
    assert unit.id is not None
    revisions = reading.all_revisions(session, unit.id, day, system)
    if not revisions:
        raise NotFound
    reference, stored = Reference.read(session), reading.standing(session, unit.id, day, system)
    assert stored is not None
    said = pins.of_report(session, stored.report_id)
    since = rules.last_approval(said, stage, stored.version)
    then = next((r for r in revisions if since is not None and r.number == since.version), None)
    found = _items(session, caller, placed(session, [_REPORT.id == stored.report_id], stage), stage, terms)
    if [one.version for one in found] != [stored.version]:
        # A revision came in between: it is the one to be looked at.
        return review(session, caller, unit=unit, day=day, system=system, stage=stage, terms=terms)
    (item,) = found
    ward, city = (rules.standing(said, s, stored.version) for s in (Stage.ward, Stage.city))
    mine = ward if stage is Stage.ward else city
    may = caller.may(rules.RIGHTS[stage]) and not item.is_own and (mine is None or mine.word is not Word.approved)
    if terms.ward_first and stage is Stage.city:
        may = may and ward is not None and ward.word is Word.approved
    return ApprovalsOut(
        unit=unit.code, unit_name=unit.name, day=day, system=system, stage=stage, version=stored.version,
        status=item.status, ward=said_out(ward), city=said_out(city), since=said_out(since if then else None),
        relied_on=said_out(rules.relied_on(said, stage, stored.version) if mine is None else None),
        changes=changes_of(then.lines, stored.lines) if then else [], unusual=item.unusual, may_approve=may,
        is_own=item.is_own, history=[o for s in reversed(said) if (o := said_out(s))],
        report=report_out(reference, unit, day, system, stored),
    )  # fmt: skip


def returned(session: Session, unit: Unit, now: datetime, day: date | None = None) -> list[ReturnedOut]:
    """Return what came back to a unit and has no new revision yet, oldest day first; of one day, or of the last 60."""
    assert unit.id is not None
    wanted = [
        _REPORT.unit_id == unit.id, pins.ROW.version == _REPORT.version, pins.ROW.ended_at.is_(None),
        _REPORT.day == day if day is not None else _REPORT.day >= day_of(now) - timedelta(days=60),
    ]  # fmt: skip
    query = (
        select(
            _REPORT.day, _REPORT.system, pins.ROW.stage, pins.ROW.word, pins.ROW.reason, pins.ROW.at, pins.ROW.by,
            _OBLIGATION.locks_at, reopenings.is_open(_REPORT, now).label("reopened"),
        )
        .select_from(hot.table(Report))
        .join(pins.ROW.report_id.table, pins.ROW.report_id == _REPORT.id)
        .outerjoin(hot.table(Obligation), same_day(_OBLIGATION))
        .where(*wanted)
        .order_by(_REPORT.day, _REPORT.system, pins.ROW.stage)  # the city's word comes first
    )  # fmt: skip
    reference = Reference.read(session)
    first: dict[tuple[date, str], Any] = {}
    for row in session.execute(query):
        first.setdefault((row.day, row.system), row)
    return [
        ReturnedOut(
            day=row.day, system=System(row.system), stage=Stage(row.stage), reason=row.reason, at=row.at, by=row.by,
            locked=not row.reopened
            and now > (row.locks_at or reference.deadlines(unit, row.day, System(row.system)).locks_at),
        )
        for row in first.values()
        if row.word == Word.returned
    ]  # fmt: skip
