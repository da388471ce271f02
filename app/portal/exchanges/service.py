"""Writing exchanges down, finding them again, and forgetting those that are old enough."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, tuple_
from sqlmodel import Session, col

from app.core import hot
from app.core.clock import at, end_of
from app.core.errors import Fault, Invalid, NotFound
from app.core.paging import Page, cut
from app.portal.adapters import maps
from app.portal.adapters.rules import UNHASHED, Endpoint, Outcome, Purpose
from app.portal.adapters.transport import Exchange
from app.portal.exchanges.models import PortalExchange
from app.portal.exchanges.rules import masked_text
from app.portal.exchanges.schemas import ExchangeDetail, ExchangeOut, ExchangePage

_TABLE = hot.table(PortalExchange)
_SHOWN = [_TABLE.c[name] for name in ExchangeOut.model_fields]


@dataclass(frozen=True)
class Wanted:
    """Which exchanges are asked for; None: all."""

    endpoint: Endpoint | None = None
    purpose: Purpose | None = None
    outcome: Outcome | None = None
    first: date | None = None
    last: date | None = None
    text: str | None = None


def record(session: Session, exchange: Exchange, now: datetime) -> None:
    """Write one try down, its bodies masked before they reach the database."""
    kept = maps.of(exchange.endpoint).kept
    received = exchange.received
    hashed = exchange.purpose not in UNHASHED
    session.execute(
        insert(_TABLE).values(
            at=now, endpoint=exchange.endpoint.value, purpose=exchange.purpose.value, attempt=exchange.attempt,
            outcome=exchange.outcome.value, http_status=exchange.status, milliseconds=exchange.milliseconds,
            sent_bytes=len(exchange.sent), sent_sha256=hashlib.sha256(exchange.sent).hexdigest() if hashed else None,
            sent_body=masked_text(exchange.sent, kept),
            received_bytes=None if received is None else len(received),
            received_sha256=hashlib.sha256(received).hexdigest() if hashed and received is not None else None,
            received_body=None if received is None else masked_text(received, kept),
        )
    )  # fmt: skip


def listing(session: Session, page: Page, wanted: Wanted) -> ExchangePage:
    """Return exchanges, the newest first; raises Invalid for a cursor that is not of this list."""
    query = _narrowed(select(*_SHOWN), wanted).order_by(col(PortalExchange.id).desc())
    if page.after is not None:
        if [type(part) for part in page.after] != [int]:
            raise Invalid([Fault("?cursor", "bad_cursor")])
        query = query.where(tuple_(col(PortalExchange.id)) < tuple_(page.after[0]))
    rows, following = cut(list(session.execute(query.limit(page.limit + 1))), page, lambda row: [row.id])
    return ExchangePage(items=[ExchangeOut(**row._mapping) for row in rows], next=following)


def one(session: Session, number: int) -> ExchangeDetail:
    """Return one exchange with its bodies; raises NotFound."""
    row = session.get(PortalExchange, number)
    if row is None:
        raise NotFound
    return ExchangeDetail(**row.model_dump())


def forget(session: Session, now: datetime, days: int) -> int:
    """Delete the exchanges that are older than the installation keeps them; returns how many."""
    before = now - timedelta(days=days)
    gone = session.execute(delete(_TABLE).where(_TABLE.c.at < before).returning(_TABLE.c.id)).all()
    return len(gone)


def _narrowed(query: Any, wanted: Wanted) -> Any:
    for column, value in (("endpoint", wanted.endpoint), ("purpose", wanted.purpose), ("outcome", wanted.outcome)):
        if value is not None:
            query = query.where(_TABLE.c[column] == value.value)
    if wanted.first is not None:
        query = query.where(_TABLE.c.at >= at(wanted.first, time(0)))
    if wanted.last is not None:
        query = query.where(_TABLE.c.at <= end_of(wanted.last))
    if wanted.text is not None:
        columns = ("sent_body", "received_body", "sent_sha256", "received_sha256")
        query = query.where(or_(*(_TABLE.c[name].contains(wanted.text, autoescape=True) for name in columns)))
    return query
