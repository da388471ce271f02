"""What could not be counted: laid aside without a word of persons, and counted once its unit is known."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session

from app.core import audit, hot
from app.core.db import upsert
from app.core.errors import NotFound
from app.portal.events import due
from app.portal.events.models import PortalAside
from app.portal.events.rules import Unfit
from app.portal.events.schemas import AsideOut, AsidePage, DismissIn, PortalEventIn

_TABLE = hot.table(PortalAside)
_A = _TABLE.c
_CODE: Any = func.coalesce(_A.unit_code, _A.place)


@dataclass(frozen=True)
class Laid:
    """An event to lay aside: why, at which property, and, where only its unit is not known, the event itself."""

    fault: Unfit
    place: str | None
    code: str | None = None
    dossier: str | None = None
    event: PortalEventIn | None = None


def lay_aside(session: Session, source: str, laid: Iterable[Laid], now: datetime) -> None:
    """Keep events that could not be counted: the same again is one row, of what is not kept they are numbered."""
    events, counts = [], Counter[tuple[Unfit, str | None]]()
    for one in laid:
        if one.event is None:
            counts[one.fault, one.place] += 1
        else:
            events.append(_row(source, one, one.event, now))
    insert = upsert(session.get_bind().dialect.name, _TABLE)
    if events:
        session.execute(insert.on_conflict_do_nothing(), events)
    if counts:
        more = {"events": _A.events + insert.excluded.events, "last_at": insert.excluded.last_at}
        rows = [_number(source, fault, place, count, now) for (fault, place), count in counts.items()]
        session.execute(insert.on_conflict_do_update(index_elements=["source", "digest"], set_=more), rows)


def _row(source: str, one: Laid, event: PortalEventIn, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {
        "dossier": one.dossier,
        "at": event.at,
        "status": event.status,
        "procedure": event.procedure,
        "receiving_code": event.receiving_unit,
        "competent_code": event.competent_unit,
        "channel": event.channel.value,
        "received_at": event.received_at,
        "due_at": event.due_at,
    }
    return {"source": source, "digest": _digest(source, one.fault.value, one.place, *told.values()),
            "fault": one.fault.value, "place": one.place, "known_at": now, "last_at": now, "events": 1,
            "unit_code": one.code, **told}  # fmt: skip


def _number(source: str, fault: Unfit, place: str | None, count: int, now: datetime) -> dict[str, Any]:
    return {"source": source, "digest": _digest(source, fault.value, place), "fault": fault.value, "place": place,
            "known_at": now, "last_at": now, "events": count}  # fmt: skip


def _digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def listing(session: Session) -> AsidePage:
    """Return what was laid aside, by source, reason and code, and the days whose proposals do not stand."""
    query: Any = (
        select(_A.source, _A.fault, _CODE, func.sum(_A.events), func.min(_A.known_at), func.max(_A.last_at))
        .group_by(_A.source, _A.fault, _CODE)
        .order_by(_A.source, _A.fault, _CODE)
    )
    return AsidePage(
        items=[
            AsideOut(
                source=source, fault=Unfit(fault), code=named, events=count, first_known_at=first, last_known_at=last
            )
            for source, fault, named, count, first, last in session.execute(query)
        ],
        days=due.listing(session),
        refused=due.count(session),
    )


def dismiss(session: Session, source: str, *, which: DismissIn) -> None:
    """Take laid-aside events of one reason and code off the list; sent again they come back.

    Raises NotFound where there are none.
    """
    gone = session.execute(
        delete(_TABLE)
        .where(_A.source == source, _A.fault == which.fault.value, func.coalesce(_CODE, "") == (which.code or ""))
        .returning(_A.events)
    ).scalars()
    count = sum(gone)
    if not count:
        raise NotFound
    audit.record(
        session, "portal.aside_dismissed", f"portal/aside/{source}",
        before={"fault": which.fault.value, "code": which.code, "events": count},
    )  # fmt: skip
