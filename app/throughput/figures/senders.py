"""Whose a source's name is, unit by unit: the token's that sent by it first, until the city names another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session

from app.accounts import tokens
from app.accounts.rules import CITY_SENDER, Role
from app.core import audit, hot
from app.core.access import Caller
from app.core.db import upsert
from app.core.errors import Fault, Forbidden, Invalid
from app.throughput.figures.models import FigureSender
from app.throughput.figures.source_schemas import FigureSenderIn, FigureSenderOut
from app.units import service as units
from app.units.models import Unit

_SENDER = hot.table(FigureSender)
_MARK = "token:"


def name_of(caller: Caller) -> str:
    """Return by what a caller is known as a sender: a machine by its token's name, people of the city all by one.

    Tokens of that very name may live on from before it was kept for people: with a mark it is never theirs.
    """
    if caller.role != Role.machine:
        return CITY_SENDER
    return f"{_MARK}{caller.label}" if caller.label.replace(_MARK, "") == CITY_SENDER else caller.label


@dataclass(frozen=True, slots=True)
class Voices:
    """Who sends in a source's name, by unit, None standing for all units that have no sender of their own."""

    caller: Caller
    source: str
    senders: dict[int | None, str]

    @property
    def name(self) -> str:
        """By what the caller is known as a sender."""
        return name_of(self.caller)

    def of(self, unit_id: int) -> str | None:
        """Return the name of the token that sends a unit's figures, None while nobody does."""
        return self.senders.get(unit_id) or self.senders.get(None)

    def may(self, unit_id: int) -> bool:
        """Tell whether the caller sends a unit's figures, or may be the first who does."""
        return self.of(unit_id) in (None, self.name)

    def check(self) -> None:
        """Raise Forbidden where the caller may send of no unit that it sees."""
        if self.caller.units is not None:
            may = any(self.may(unit) for unit in self.caller.units)
        else:
            may = self.name in self.senders.values() or None not in self.senders
        if not may:
            raise Forbidden("source_of_another", values={"source": self.source})

    def refused(self, at: str) -> Fault:
        """Return what is said of a unit that another token sends."""
        return Fault(f"{at}/unit", "source_of_another", {"source": self.source})


_SENDERS = select(_SENDER.c.unit_id, _SENDER.c.sender).where(_SENDER.c.source == bindparam("of_source"))


def voices(session: Session, caller: Caller, source: str) -> Voices:
    """Return who sends in a source's name; raises Forbidden where that is never the caller."""
    found = Voices(caller, source, dict(hot.run(session, _SENDERS, {"of_source": source})))
    found.check()
    return found


def claim(session: Session, found: Voices, unit_ids: set[int], now: datetime) -> None:
    """Make a source's name the caller's for units that are nobody's; of two who come at once the second is refused.

    A token of no unit takes it for all of them, one of a unit for its own only.
    """
    free = {unit for unit in unit_ids if found.of(unit) is None}
    for unit in sorted(free) if found.caller.units is not None else [None] if free else []:
        row = {"source": found.source, "unit_id": unit, "sender": found.name, "since": now}
        statement = upsert(session.get_bind().dialect.name, _SENDER).values(row).on_conflict_do_nothing()
        if session.execute(statement.returning(_SENDER.c.id)).first() is None:
            # Another was faster: a call is stored in one name, or not at all.
            if not all(map(voices(session, found.caller, found.source).may, unit_ids)):
                raise Forbidden("source_of_another", values={"source": found.source})
            continue
        code = session.get_one(Unit, unit).code if unit is not None else None
        audit.record(session, "figure_source.claimed", f"figure-senders/{found.source}",
                     after={"unit": code, "sender": found.name})  # fmt: skip


def put(session: Session, source: str, *, values: FigureSenderIn, now: datetime) -> FigureSenderOut:
    """Say by which token a source's figures of a unit, or of all, come from now on; the same again has no effect.

    Raises Invalid where no live token of that name sends figures of the unit, or of all units.
    """
    unit = units.named(session, values.unit, "/unit") if values.unit is not None else None
    if values.sender != CITY_SENDER:
        token = tokens.sender_of_figures(session, values.sender, unit.id if unit else None, now=now)
        if token is None or (unit is None and token.unit_id is not None):
            raise Invalid([Fault("/sender", "unknown_sender", {"name": values.sender})])
    which = (_SENDER.c.source == source, _SENDER.c.unit_id.is_(None) if unit is None else _SENDER.c.unit_id == unit.id)
    before = session.execute(select(_SENDER.c.sender, _SENDER.c.since).where(*which)).first()
    if before is not None and before.sender == values.sender:
        return FigureSenderOut(
            source=source, unit=unit.code if unit else None, sender=before.sender, since=before.since
        )
    row: dict[str, Any] = {"sender": values.sender, "since": now}
    if before is None:
        session.execute(_SENDER.insert().values(row | {"source": source, "unit_id": unit.id if unit else None}))
    else:
        session.execute(_SENDER.update().where(*which).values(row))
    audit.record(
        session, "figure_source.sender_put", f"figure-senders/{source}",
        before={"sender": before.sender} if before else None,
        after={"unit": unit.code if unit else None, "sender": values.sender},
    )  # fmt: skip
    return FigureSenderOut(source=source, unit=unit.code if unit else None, sender=values.sender, since=now)
