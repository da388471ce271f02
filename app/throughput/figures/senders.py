"""Whose a source's name is: the token that sent by it first, until the city names another."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.db import upsert
from app.core.errors import Forbidden
from app.throughput.figures.models import FigureSender
from app.throughput.figures.schemas import FigureSenderIn, FigureSenderOut

_SENDER = hot.table(FigureSender)
_of_source = select(_SENDER.c.sender, _SENDER.c.since)


def check(session: Session, caller: Caller, source: str) -> bool:
    """Tell whether a source's name is the caller's already; raises Forbidden where it is another token's."""
    sender = session.execute(_of_source.where(_SENDER.c.source == source)).first()
    if sender is not None and sender.sender != caller.label:
        raise Forbidden("source_of_another", values={"source": source})
    return sender is not None


def claim(session: Session, caller: Caller, source: str, now: datetime) -> None:
    """Make a source's name the caller's; of two who come at once the second is refused."""
    row = {"source": source, "sender": caller.label, "since": now}
    statement = upsert(session.get_bind().dialect.name, _SENDER).values(row).on_conflict_do_nothing()
    if session.execute(statement.returning(_SENDER.c.source)).first() is None:
        check(session, caller, source)
        return
    audit.record(session, "figure_source.claimed", f"figure-senders/{source}", after={"sender": caller.label})


def put(session: Session, source: str, *, values: FigureSenderIn, now: datetime) -> FigureSenderOut:
    """Say by the name of which token a source's figures come from now on; the same again has no effect."""
    before = session.execute(_of_source.where(_SENDER.c.source == source)).first()
    if before is None or before.sender != values.sender:
        row = {"source": source, "sender": values.sender, "since": now}
        statement = upsert(session.get_bind().dialect.name, _SENDER).values(row)
        changed = {"sender": values.sender, "since": now}
        session.execute(statement.on_conflict_do_update(index_elements=["source"], set_=changed))
        audit.record(
            session, "figure_source.sender_put", f"figure-senders/{source}",
            before={"sender": before.sender} if before else None, after={"sender": values.sender},
        )  # fmt: skip
    stands = session.execute(_of_source.where(_SENDER.c.source == source)).one()
    return FigureSenderOut(source=source, sender=stands.sender, since=stands.since)
