"""Loads the demonstration through the same services as everybody's reports, in the order in which they came in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby

from sqlalchemy import insert, select
from sqlmodel import Session, col

from app.accounts.demonstration import demo_accounts
from app.calendar.service import calendar_for
from app.core import audit
from app.core.audit import AuditEntry
from app.core.clock import SystemClock, at, day_of
from app.core.db import Database, commit
from app.core.i18n import LOCALES
from app.core.progress import progress
from app.core.settings import Settings
from app.demo import afterwards, gaps, machine
from app.demo import tasks as demo_tasks
from app.demo.callers import officer
from app.demo.desks import Line
from app.demo.figures import Figures, Filing
from app.demo.plan import FIRST_DAY
from app.indicators.computed import rebuilding
from app.indicators.computed import service as computed
from app.indicators.readings import words
from app.procedures.rules import System
from app.throughput import reading, service
from app.throughput.findings import rebuilding as findings
from app.throughput.forms import Reference
from app.throughput.models import PublishedFigure, Report, ReportRevision
from app.throughput.obligations import making as obligations
from app.throughput.reminders import making as reminders
from app.throughput.rules import COLUMNS
from app.throughput.schemas import LineIn, ReasonIn, ReportIn, UnavailableIn
from app.units.models import Unit
from app.wiring import wire

LOADED = "demonstration.loaded"
UNSAID_DAYS = 8  # working days in which an opening may still wait for its reason, so that there are findings to see


class Stage(StrEnum):
    """How far a database is from holding the demonstration whole."""

    EMPTY = "empty"
    HALF = "half"
    WHOLE = "whole"
    REAL = "real"


def stage(database: Database) -> Stage:
    """Tell whether a database is empty, holds the demonstration or half of one, or real reports."""
    with database.read() as session:
        if session.execute(select(col(Report.id)).limit(1)).first() is None:
            return Stage.EMPTY
        if session.execute(select(col(AuditEntry.number)).where(col(AuditEntry.action) == LOADED).limit(1)).first():
            return Stage.WHOLE
        real = select(col(ReportRevision.id)).where(col(ReportRevision.door) != "demo").limit(1)
        return Stage.REAL if session.execute(real).first() else Stage.HALF


def load(database: Database, settings: Settings, *, until: date, seed: int = 57) -> int:
    """Load the working days from 1 July 2025 to `until`, a transaction for each day on which reports came in.

    What an interrupted load left is gone on with. Returns how many filings were received. The newest day leaves some
    units owing, so that there is work to see.
    """
    now = SystemClock().now()
    wire()
    with database.write() as session:
        session.info["audit_context"] = audit.Context(now, None, "tiendo57", "demo")
        obligations.extend(session, now, settings.obligations_horizon_days, first=FIRST_DAY)
        _publish(session)
        if settings.demonstration:
            demo_accounts(session, now)
        calendar = calendar_for(session)
    days = list(calendar.working_days(FIRST_DAY, until))
    figures = Figures(days, calendar.next_working_day, seed)
    # Only what may still be sent is left owing: a past period stands whole.
    open_days = days[-1:] if days and calendar.add_working_days(days[-1], 3) >= day_of(now) else []
    filings = [f for day in days for f in figures.day(day, leave_owing=day in open_days) if f.received_at <= now]
    filings.sort(key=lambda f: f.received_at)
    filings = [_unsaid(f) if f.day in days[-UNSAID_DAYS:] else f for f in _not_yet(database, filings)]
    with database.write() as session:
        session.info["audit_context"] = audit.Context(now, None, "tiendo57", "demo")
        session.info[computed.DEFERRED] = True
        demo_tasks.load(session, until=until, now=now, seed=seed)
    with (
        Session(database.writer, expire_on_commit=False) as session,
        progress("Demonstration", len(filings), "reports") as advance,
    ):
        session.info[computed.DEFERRED] = True
        reference = Reference.read(session)
        units = {unit.code: unit for unit in session.scalars(select(Unit))}
        session.commit()
        for _, of_day in groupby(filings, key=lambda f: f.received_at.date()):
            advance(_receive(session, reference, units, of_day))
            commit(session)
        session.info["audit_context"] = audit.Context(now, None, "tiendo57", "demo")
        findings.rebuild(session)
        afterwards.follow(session, units, days, now)
        machine.speak(session, days[-2:], now)
        commit(session)
        gaps.tell(session, days, now)
        last = days[-1] if days else until
        for moment in (at(last, time(16, 30)), at(last, time(17, 15)), at(last, time(18, 0))):
            reminders.make(session, moment)
        rebuilding.rebuild(session, now)
        audit.record(session, LOADED, "demonstration", after={"until": str(until), "seed": seed})
        commit(session)
    return len(filings)


def _not_yet(database: Database, filings: list[Filing]) -> list[Filing]:
    with database.read() as session:
        query = select(col(Unit.code), col(Report.day), col(Report.system), col(Report.version))
        rows = session.execute(query.join(Report, col(Report.unit_id) == col(Unit.id)))
        stands = {(code, day, system): version for code, day, system, version in rows}
    return [f for f in filings if stands.get((f.unit, f.day, f.system), 0) < f.revision]


def _unsaid(filing: Filing) -> Filing:
    """Return a filing as it came before anybody asked why its openings are not the close before."""
    return replace(filing, reasons=tuple(r for r in filing.reasons if r.reason != "missing_day"))


def _receive(session: Session, reference: Reference, units: dict[str, Unit], filings: Iterable[Filing]) -> int:
    count = 0
    for filing in filings:
        unit = units[filing.unit]
        assert unit.id is not None
        at = filing.received_at.astimezone(UTC)
        session.info["audit_context"] = audit.Context(at, None, "minh-hoa", "demo")
        system = System(filing.system)
        if_match = None
        if filing.revision > 1:
            standing = reading.current(session, unit.id, filing.day, system)
            if_match = f'"{standing.version}"' if standing else None
        service.put_report(
            session, officer(unit), unit=unit, day=filing.day, system=system, body=_body(filing),
            match=service.Match(if_match), now=at, reference=reference,
        )  # fmt: skip
        count += 1
    return count


def _body(filing: Filing) -> ReportIn:
    return ReportIn(
        counted_until=filing.counted_until,
        partial_day=filing.partial_day,
        unavailable=UnavailableIn(reason=filing.unavailable) if filing.unavailable else None,
        lines=None if filing.unavailable else [_line(line) for line in filing.lines],
        reasons=[
            ReasonIn.model_validate(
                {
                    "warning": r.warning, "field": r.field, "reason": r.reason, "counterpart": r.counterpart,
                    "note": r.note or "",
                }
            )
            for r in filing.reasons
        ],
    )  # fmt: skip


def _line(line: Line) -> LineIn:
    # The figures are ours: built without validation, they are judged by the rules like everybody's.
    return LineIn.model_construct(
        field=line.field_code, memo=line.memo, **{column: getattr(line, column) for column in COLUMNS}
    )


def _publish(session: Session) -> None:
    if session.execute(select(col(PublishedFigure.id)).limit(1)).first() is not None:
        return
    units = {code: number for number, code in session.execute(select(col(Unit.id), col(Unit.code)))}
    rows = []
    for row in words.rows():
        if not row["measure"]:
            continue
        first, last = _period(row["period"])
        rows.append(
            {
                "first": first, "last": last, "as_of": datetime.fromisoformat(row["as_of"]),
                "unit_id": units[row["unit_code"]] if row["unit_code"] else None, "measure": row["measure"],
                "numerator": int(row["numerator"]) if row["numerator"] else None,
                "denominator": int(row["denominator"]) if row["denominator"] else None,
                "value": row["value"], "unit_of_measure": row["unit"],
            }
            | {f"{words}_{locale}": row[f"{words}_{locale}"] for words in ("source", "note") for locale in LOCALES}
        )  # fmt: skip
    session.execute(insert(PublishedFigure), rows)


def _period(text: str) -> tuple[date, date]:
    if len(text) == 10:
        return date.fromisoformat(text), date.fromisoformat(text)
    first = date.fromisoformat(f"{text}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
