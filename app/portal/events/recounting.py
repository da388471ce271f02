"""Counting again: events whose unit has become known, dossiers by the catalogue of now, days that were refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select, tuple_
from sqlmodel import Session, col

from app.accounts.rules import Role
from app.core import audit, hot
from app.core.access import Caller
from app.core.clock import Clock
from app.core.db import Database, take_turns
from app.core.text import search_key
from app.portal.events import counting, due, service
from app.portal.events.models import PortalAside, PortalDossier, PortalEvent
from app.portal.events.rules import Channel, Unfit
from app.portal.events.schemas import ReplayOut
from app.throughput.figures.models import FigureSender

_ASIDE, _DOSSIER = hot.table(PortalAside), hot.table(PortalDossier)
_A, _D, _S = _ASIDE.c, _DOSSIER.c, hot.table(FigureSender).c
_WAITING = _A.fault == Unfit.unknown_unit.value
MOST, DAYS, PAIRS = 2_000, 200, 300  # events and days of one transaction: wards wait for it where there is one writer


@dataclass(frozen=True)
class _Again:
    """A laid-aside event as it came."""

    procedure: str
    receiving_unit: str
    competent_unit: str
    channel: Channel
    status: int
    at: datetime
    received_at: datetime | None
    due_at: datetime | None


def replay(
    session: Session, caller: Caller, source: str, *, now: datetime, stopped_ends: bool, untried: bool = False
) -> ReplayOut:  # fmt: skip
    """Count events of a source whose unit has become known since, and days that were refused (`untried`: were not yet).

    So many as one transaction may hold: `ready` says how many are left of those that could be.
    """
    take_turns(session, [service.EVERYBODY])
    sender = _sender(session, caller, source)
    units = service.units_of(session, source)
    ready = _ready(session, source, set(units))
    query = select(PortalAside).where(
        col(PortalAside.source) == source, _WAITING,
        tuple_(_A.competent_code, _A.receiving_code).in_(list(ready)[:PAIRS]),
    )  # fmt: skip
    found = list(session.scalars(query.order_by(col(PortalAside.id)).limit(MOST)))
    rows = [service.row_of(source, row.dossier or "", _again(row), units, now) for row in found]
    taken = service.take(session, sender, source, rows, now, stopped_ends=stopped_ends)
    if found:
        session.execute(delete(_ASIDE).where(_A.id.in_([row.id for row in found])))
    days = due.next_days(session, source, DAYS, untried=untried)
    counted = counting.propose(session, sender, source, days, now) if days else counting.Proposed(0, [])
    good = sum(p.unit_days - len(p.refused) for p in (taken.proposed, counted))
    if found or good:
        audit.record(
            session, "portal.events_replayed", f"portal/events/{source}",
            after={"accepted": taken.accepted, "duplicates": taken.duplicates, "unit_days": good},
        )  # fmt: skip
    left: int = session.execute(select(func.coalesce(func.sum(_A.events), 0)).where(_A.source == source)).scalar_one()
    return ReplayOut(
        accepted=taken.accepted, duplicates=taken.duplicates, unit_days=good,
        ready=sum(ready.values()) - len(found) + due.count(session, source, untried=True), left=left,
        refused=due.count(session, source),
    )  # fmt: skip


def recount(
    database: Database, clock: Clock, by: audit.Context, source: str, *, stopped_ends: bool
) -> ReplayOut:  # fmt: skip
    """Work out all dossiers of a source anew, by the catalogue of now, and have all its days' proposals say so.

    In many transactions, each of which may be the last: what is left of it is done by the next recount, or a replay.
    """

    def do(what: Callable[[Session, datetime], Any]) -> Any:
        now = clock.now()
        with database.write() as session:
            session.info["audit_context"] = replace(by, at=now)
            take_turns(session, [service.EVERYBODY])
            return what(session, now)

    after: str | None = ""
    while after is not None:
        after = do(partial(_settled, source=source, after=after, stopped_ends=stopped_ends))
    do(lambda session, now: due.add_all(session, source, now))
    caller = _machine(source)
    told = [ReplayOut(accepted=0, duplicates=0, unit_days=0, ready=1, left=0, refused=0)]
    while told[-1].ready:
        told.append(
            do(lambda s, now: replay(s, caller, source, now=now, stopped_ends=stopped_ends, untried=True))
        )  # fmt: skip
    sums = {name: sum(getattr(one, name) for one in told) for name in ("accepted", "duplicates", "unit_days")}
    return told[-1].model_copy(update=sums)


def sources(session: Session) -> list[str]:
    """Return the names of all sources of events."""
    names = [select(hot.table(PortalEvent).c.source).distinct(), select(_A.source).distinct()]
    return sorted({name for query in names for name in session.execute(query).scalars()})


def _settled(session: Session, now: datetime, *, source: str, after: str, stopped_ends: bool) -> str | None:
    """Work the next dossiers out anew; returns the last of them, None where there is none left."""
    query = select(_D.dossier).where(_D.source == source, _D.dossier > after).order_by(_D.dossier).limit(MOST)
    part = list(session.execute(query).scalars())
    due.add(session, source, service.settle(session, source, part, stopped_ends=stopped_ends), now)
    return part[-1] if part else None


def _ready(session: Session, source: str, known: set[str]) -> dict[tuple[str, str], int]:
    """Return how many events wait by the codes of their two units, where both are known by now."""
    codes = (_A.competent_code, _A.receiving_code)
    query = select(*codes, func.count()).where(_A.source == source, _WAITING).group_by(*codes).order_by(*codes)
    return {
        (competent, receiving): count for competent, receiving, count in session.execute(query)
        if search_key(competent) in known and search_key(receiving) in known
    }  # fmt: skip


def _again(row: PortalAside) -> _Again:
    assert row.at is not None
    assert row.status is not None
    return _Again(
        row.procedure or "", row.receiving_code or "", row.competent_code or "", Channel(row.channel or ""), row.status,
        row.at, row.received_at, row.due_at,
    )  # fmt: skip


def _sender(session: Session, caller: Caller, source: str) -> Caller:
    """Return the caller as who may speak in the source's name: what was laid aside is still its sender's word."""
    rows = session.execute(select(_S.unit_id, _S.sender).where(_S.source == source))
    voices: dict[int | None, str] = {row.unit_id: row.sender for row in rows}
    names = {voices[None]} if None in voices else set(voices.values())
    return replace(caller, label=names.pop(), role=Role.machine.value) if len(names) == 1 else caller


def _machine(source: str) -> Caller:
    return Caller(
        id=0, user_name="tiendo57", label=source, role=Role.machine.value, unit_id=None, unit_code=None,
        rights=frozenset({"portal:events"}), units=None,
    )  # fmt: skip
