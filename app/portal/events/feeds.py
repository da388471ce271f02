"""The sources of events, and counting again what was laid aside for them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from app.core import audit, hot
from app.core.access import Caller
from app.core.db import take_turns
from app.core.text import search_key
from app.portal.events import service
from app.portal.events.models import PortalAside, PortalEvent
from app.portal.events.rules import Channel, Unfit
from app.portal.events.schemas import FeedOut, FeedPage, ReplayOut
from app.throughput.figures.models import FigureSender

_E, _A, _S = hot.table(PortalEvent).c, hot.table(PortalAside).c, hot.table(FigureSender).c


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


def listing(session: Session, now: datetime) -> FeedPage:
    """Return every source that sent events, with what of it was laid aside."""
    flows: Any = select(_E.source, func.max(_E.known_at), func.max(_E.at)).group_by(_E.source)
    of_day: Any = (
        select(_E.source, func.count()).where(_E.known_at > now - timedelta(hours=24)).group_by(_E.source)
    )  # fmt: skip
    laid: Any = select(_A.source, func.count()).group_by(_A.source)
    newest = {source: (known, happened) for source, known, happened in session.execute(flows)}
    day: dict[str, int] = {row[0]: row[1] for row in session.execute(of_day)}
    aside: dict[str, int] = {row[0]: row[1] for row in session.execute(laid)}
    of_all: Any = select(_S.source, _S.sender).where(_S.unit_id.is_(None))
    senders: dict[str, str] = {row[0]: row[1] for row in session.execute(of_all)}
    items = []
    for source in sorted({*newest, *aside}):
        known, happened = newest.get(source, (None, None))
        items.append(
            FeedOut(
                source=source, sender=senders.get(source), last_known_at=known, last_at=happened,
                events_day=day.get(source, 0), aside=aside.get(source, 0),
            )
        )  # fmt: skip
    return FeedPage(items=items)


def replay(session: Session, caller: Caller, source: str, *, now: datetime, stopped_ends: bool) -> ReplayOut:
    """Count the events of a source whose unit has become known since; the others stay aside."""
    take_turns(session, [service.EVERYBODY])
    units = service.units_of(session, source)
    waiting = session.scalars(
        select(PortalAside)
        .where(col(PortalAside.source) == source, col(PortalAside.fault) == Unfit.unknown_unit.value)
        .order_by(col(PortalAside.id))
        .with_for_update()
    ).all()
    ready = [row for row in waiting if all(search_key(code or "") in units for code in _codes(row))]
    rows = [service.row_of(source, row.dossier or "", _again(row), units, now) for row in ready]
    sender = _sender(session, caller, source)
    taken = service.take(session, sender, source, rows, now, stopped_ends=stopped_ends)
    if ready:
        session.execute(delete(hot.table(PortalAside)).where(_A.id.in_([row.id for row in ready])))
        audit.record(
            session, "portal.events_replayed", f"portal/events/{source}",
            after={"accepted": taken.accepted, "duplicates": taken.duplicates},
        )  # fmt: skip
    left = session.execute(select(func.count()).where(_A.source == source)).scalar_one()
    return ReplayOut(accepted=taken.accepted, duplicates=taken.duplicates, left=left)


def _codes(row: PortalAside) -> tuple[str | None, str | None]:
    return row.competent_code, row.receiving_code


def _again(row: PortalAside) -> _Again:
    assert row.at is not None
    assert row.status is not None
    return _Again(
        row.procedure or "", row.receiving_code or "", row.competent_code or "", Channel(row.channel or ""), row.status,
        row.at, row.received_at, row.due_at,
    )  # fmt: skip


def _sender(session: Session, caller: Caller, source: str) -> Caller:
    """Return the caller as who may speak in the source's name: what was laid aside is still its sender's word."""
    sender = session.execute(select(_S.sender).where(_S.source == source, _S.unit_id.is_(None))).scalar_one_or_none()
    return caller if sender is None else replace(caller, label=sender)
