"""What could not be counted: laid aside without a word of persons, and counted once its unit is known."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.core.db import upsert
from app.portal.events.models import PortalAside
from app.portal.events.rules import Unfit
from app.portal.events.schemas import AsideOut, AsidePage, PortalEventIn

_TABLE = hot.table(PortalAside)
_A = _TABLE.c


@dataclass(frozen=True)
class Laid:
    """An event to lay aside: why, at which property, and, where only its unit is not known, the event itself."""

    fault: Unfit
    place: str | None
    code: str | None = None
    dossier: str | None = None
    event: PortalEventIn | None = None


def lay_aside(session: Session, source: str, laid: Iterable[Laid], now: datetime) -> None:
    """Keep events that could not be counted; the same again is one row."""
    rows = [_row(source, one, now) for one in laid]
    if rows:
        statement = upsert(session.get_bind().dialect.name, _TABLE).on_conflict_do_nothing()
        session.execute(statement, rows)


def _row(source: str, one: Laid, now: datetime) -> dict[str, Any]:
    event = one.event
    told: dict[str, Any] = {
        "dossier": one.dossier if event else None,
        "at": event.at if event else None,
        "status": event.status if event else None,
        "procedure": event.procedure if event else None,
        "receiving_code": event.receiving_unit if event else None,
        "competent_code": event.competent_unit if event else None,
        "channel": event.channel.value if event else None,
        "received_at": event.received_at if event else None,
        "due_at": event.due_at if event else None,
    }
    # Of what could not be read nothing is kept that would tell two apart: the moment does.
    key = [source, one.fault.value, one.place, one.dossier, *told.values()]
    if event is None:
        key.append(now.isoformat())
    digest = hashlib.sha256("|".join(map(str, key)).encode()).hexdigest()
    return {"source": source, "digest": digest, "fault": one.fault.value, "place": one.place, "known_at": now,
            "unit_code": one.code, **told}  # fmt: skip


def listing(session: Session) -> AsidePage:
    """Return what was laid aside, by source, reason and code."""
    code = func.coalesce(_A.unit_code, _A.place)
    query: Any = (
        select(_A.source, _A.fault, code, func.count(), func.min(_A.known_at), func.max(_A.known_at))
        .group_by(_A.source, _A.fault, code)
        .order_by(_A.source, _A.fault, code)
    )
    return AsidePage(
        items=[
            AsideOut(
                source=source, fault=Unfit(fault), code=named, events=count, first_known_at=first, last_known_at=last
            )
            for source, fault, named, count, first, last in session.execute(query)
        ]
    )
