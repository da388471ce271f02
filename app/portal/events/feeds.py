"""The sources of events, and how they flow."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.portal.events.models import PortalAside, PortalEvent
from app.portal.events.schemas import FeedOut, FeedPage
from app.throughput.figures.models import FigureSender

_E, _A, _S = hot.table(PortalEvent).c, hot.table(PortalAside).c, hot.table(FigureSender).c


def listing(session: Session, now: datetime) -> FeedPage:
    """Return every source that sent events, with what of it was laid aside."""
    flows: Any = select(_E.source, func.max(_E.known_at), func.max(_E.at)).group_by(_E.source)
    of_day: Any = (
        select(_E.source, func.count()).where(_E.known_at > now - timedelta(hours=24)).group_by(_E.source)
    )  # fmt: skip
    laid: Any = select(_A.source, func.sum(_A.events)).group_by(_A.source)
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
