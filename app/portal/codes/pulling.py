"""Asking the portal for what it publishes, and keeping it: an answer counts whole, or what stood stays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import insert, select, update
from sqlmodel import Session

from app.core import audit, events, hot
from app.core.clock import Clock, day_of
from app.core.db import Database, upsert
from app.core.errors import Conflict
from app.core.settings import Settings
from app.portal.adapters.rules import Adapter, Endpoint, NotOffered, Outcome, PortalFault, PortalMonth, PortalScore
from app.portal.codes.events import PeriodsPulled
from app.portal.codes.models import COUNTS, PortalCode, PortalMark, PortalMonthRow, PortalPeriodRow, PortalScoreRow
from app.portal.codes.rules import CodeOf, Entry, difference, is_credible
from app.portal.codes.schemas import PulledList, PulledOut
from app.portal.health import breakers
from app.portal.health.breakers import Paused
from app.portal.health.connecting import address_of, connect

log = structlog.get_logger()
_CODE, _MONTH, _SCORE = hot.table(PortalCode), hot.table(PortalMonthRow), hot.table(PortalScoreRow)
_PERIOD, _MARK = hot.table(PortalPeriodRow), hot.table(PortalMark)
NIGHT, BY_HAND = 600.0, 60.0  # seconds of a round: nobody waits for the one, a person for the other
SLACK = timedelta(seconds=30)  # to keep what came at the last moment
MONTHS_BACK = 3  # the portal mends its own figures for a while


@dataclass(frozen=True)
class Pull:
    """Where a round keeps what it brings, and for whom."""

    database: Database
    clock: Clock
    by: audit.Context

    def keep(self, what: Callable[[Session, datetime], Any]) -> Any:
        """Do something in a transaction of its own, audited as whoever pulls."""
        now = self.clock.now()
        with self.database.write() as session:
            session.info["audit_context"] = replace(self.by, at=now)
            return what(session, now)


def pull(
    database: Database, settings: Settings, clock: Clock, *, by: audit.Context, tries: int | None = None,
    seconds: float = NIGHT,
) -> PulledOut:  # fmt: skip
    """Bring lists, figures of the last months and scores up to date; what fails leaves what stood, and is named.

    After some `seconds` nothing more is asked. Raises Conflict where no system is connected, or another round is under
    way.
    """
    endpoint = next((one for one in (Endpoint.rest, Endpoint.legacy) if address_of(settings, one)), None)
    if endpoint is None:
        raise Conflict("portal_not_connected")
    adapter = connect(database, settings, clock, endpoint, tries=tries, seconds=seconds)
    run = Pull(database, clock, by)
    until = clock.now() + timedelta(seconds=seconds) + SLACK
    if not run.keep(lambda session, now: breakers.begin(session, endpoint, now, until)):
        raise Conflict("portal_pull_running")
    try:
        pulled = _round(run, adapter)
        run.keep(
            lambda session, _: audit.record(
                session, "portal.pulled", f"portal/codes/{endpoint.value}", after=pulled.model_dump(mode="json")
            )
        )
        return pulled
    finally:
        run.keep(lambda session, _: breakers.end(session, endpoint))


def _round(run: Pull, adapter: Adapter) -> PulledOut:
    failed: list[str] = []
    lists = []
    for kind, ask in _lists(adapter).items():
        found = _asked(kind.value, ask, failed)
        if found is not None:
            kept = run.keep(partial(keep_list, kind=kind, after=found))
            if kept is None:
                failed.append(kind.value)
            else:
                lists.append(kept)
    months: int | None = None
    for year, month in last_months(day_of(run.clock.now())):
        rows = _asked(f"{year}-{month:02d}", partial(adapter.months, year=year, month=month), failed)
        if rows is not None:
            count = run.keep(partial(keep_months, year=year, month=month, rows=rows))
            months = (months or 0) + (count or 0)
    today = day_of(run.clock.now())
    for period, longer in _longer(adapter, today).items():
        rows = _asked(period, longer, failed)
        if rows is not None:
            run.keep(partial(keep_period, period=period, rows=rows))
    scores = _asked("scores", partial(adapter.scores, year=today.year, month=today.month), failed)
    scored = None if scores is None else run.keep(partial(keep_scores, rows=scores))
    return PulledOut(lists=lists, months=months, scores=scored, failed=failed)


def last_months(day: date) -> list[tuple[int, int]]:
    """Return the month of a day and those before it that are asked for again."""
    total = day.year * 12 + day.month - 1
    return [((total - back) // 12, (total - back) % 12 + 1) for back in range(MONTHS_BACK)]


def _longer(adapter: Adapter, day: date) -> dict[str, Callable[[], list[PortalMonth]]]:
    """Return how to ask for the quarter and the year of a day, by their codes; they hold the months that are mended."""
    quarters = {(year, (month + 2) // 3) for year, month in last_months(day)}
    asked: dict[str, Callable[[], list[PortalMonth]]] = {
        f"{year}-Q{quarter}": partial(adapter.quarters, year=year, quarter=quarter)
        for year, quarter in sorted(quarters)
    }
    years = sorted({year for year, _ in quarters})
    return asked | {f"{year}": partial(adapter.years, year=year) for year in years}


def _lists(adapter: Adapter) -> dict[CodeOf, Callable[[], dict[str, Entry]]]:
    return {
        CodeOf.agency: lambda: {one.code: Entry(one.name) for one in adapter.agencies()},
        CodeOf.field: lambda: {one.code: Entry(one.name) for one in adapter.fields()},
        CodeOf.procedure: lambda: {one.code: Entry(one.name, one.field) for one in adapter.procedures()},
    }


def _asked(what: str, ask: Callable[[], Any], failed: list[str]) -> Any:
    """Return what a call brings, None where it does not; a generation that has it not has not failed."""
    try:
        return ask()
    except NotOffered:
        return None
    except (PortalFault, Paused) as fault:
        outcome = fault.outcome if isinstance(fault, PortalFault) else Outcome.unreachable
        log.info("portal_pull_failed", what=what, outcome=outcome.value)
        failed.append(what)
        return None


def keep_list(session: Session, now: datetime, *, kind: CodeOf, after: dict[str, Entry]) -> PulledList | None:
    """Bring one list up to date and return how it differs; None: not credible, what stood stays."""
    table = _CODE.c
    rows = session.execute(
        select(table.code, table.name, table.parent, table.gone_at).where(table.kind == kind.value)
    ).all()
    before = {row.code: Entry(row.name, row.parent) for row in rows if row.gone_at is None}
    if not is_credible(len(before), len(after)):
        log.warning("portal_list_not_credible", kind=kind.value, before=len(before), after=len(after))
        return None
    found = difference(before, after)
    known = {row.code for row in rows}
    new = [
        {"kind": kind.value, "code": code, "name": after[code].name, "parent": after[code].parent, "first_at": now,
         "changed_at": now, "gone_at": None}
        for code in found.added if code not in known
    ]  # fmt: skip
    if new:
        session.execute(insert(_CODE), new)
    of_kind = table.kind == kind.value
    for code in (*found.changed, *(code for code in found.added if code in known)):
        values = {"name": after[code].name, "parent": after[code].parent, "changed_at": now, "gone_at": None}
        session.execute(update(_CODE).where(of_kind, table.code == code).values(values))
    for code in found.gone:
        session.execute(update(_CODE).where(of_kind, table.code == code).values(changed_at=now, gone_at=now))
    counts = {"added": len(found.added), "changed": len(found.changed), "gone": len(found.gone)}
    if any(counts.values()):
        audit.record(session, "portal.list_pulled", f"portal/codes/{kind.value}", after=counts)
    return PulledList(kind=kind, **counts)


def keep_months(session: Session, now: datetime, *, year: int, month: int, rows: list[PortalMonth]) -> int:
    """Keep what the portal says of a month now; an agency that it does not name any more keeps what was said.

    Of the running month it is kept too where it stood on this day: daily differences are derived from that.
    """
    _keep_newest(session, _MONTH, {"year": year, "month": month}, rows, now)
    today = day_of(now)
    if (today.year, today.month) == (year, month):
        _keep_newest(session, _MARK, {"day": today}, rows, now)
    events.publish(session, PeriodsPulled(frozenset({f"{year}-{month:02}"}), now))
    return len(rows)


def keep_period(session: Session, now: datetime, *, period: str, rows: list[PortalMonth]) -> int:
    """Keep what the portal says of a quarter or a year (`2026-Q4`, `2026`) now."""
    _keep_newest(session, _PERIOD, {"period": period}, rows, now)
    events.publish(session, PeriodsPulled(frozenset({period}), now))
    return len(rows)


def _keep_newest(session: Session, table: Any, key: dict[str, Any], rows: list[PortalMonth], now: datetime) -> None:
    """Keep figures by agency; of two rounds the one that asked later counts, whichever comes to its end first."""
    values = [{"agency": row.agency, **key, "known_at": now, **{c: getattr(row, c) for c in COUNTS}} for row in rows]
    if values:
        statement = upsert(session.get_bind().dialect.name, table)
        changed = {name: statement.excluded[name] for name in (*COUNTS, "known_at")}
        newer = table.c.known_at <= statement.excluded.known_at
        keys = ["agency", *key]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed, where=newer), values)


def keep_scores(session: Session, now: datetime, *, rows: list[PortalScore]) -> int:
    """Keep each agency's latest score."""
    values = [
        {"agency": row.agency, "hundredths": round(row.total * 100), "scored_at": row.scored_at[:40], "known_at": now}
        for row in rows
    ]
    if values:
        statement = upsert(session.get_bind().dialect.name, _SCORE)
        changed = {name: statement.excluded[name] for name in ("hundredths", "scored_at", "known_at")}
        session.execute(statement.on_conflict_do_update(index_elements=["agency"], set_=changed), values)
    return len(values)
