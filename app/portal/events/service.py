"""Taking the one-gate system's events in: persons dropped, dossiers hashed, copies and disorder without effect."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlmodel import Session

from app.core import audit, hot
from app.core.access import Caller
from app.core.clock import day_of
from app.core.db import take_turns, upsert
from app.core.text import search_key
from app.portal.events.aside import Laid, lay_aside
from app.portal.events.counting import Proposed, propose
from app.portal.events.due import UnitDay
from app.portal.events.models import PortalDossier, PortalEvent
from app.portal.events.rules import STEM, Channel, Event, Facts, Unfit, facts, is_procedure_code, is_unit_code
from app.portal.events.schemas import AsideEventOut, EventsOut, PortalEventIn, PortalEventsIn
from app.procedures import codes
from app.procedures.codes import CodeKind
from app.procedures.models import Procedure
from app.procedures.rules import UNSPLIT
from app.throughput.figures import senders
from app.throughput.forms import Reference

_EVENT, _DOSSIER = hot.table(PortalEvent), hot.table(PortalDossier)
_PROCEDURE = hot.table(Procedure).c
EVERYBODY = 0  # no unit's number: who takes events in does so one after the other, for a dossier may change its unit
AHEAD = timedelta(minutes=5)  # so far clocks of two machines may differ
AT_ONCE = 500


@dataclass(frozen=True)
class Keys:
    """What the installation decides: the key of the hash, and whether a stopped dossier has ended."""

    secret: bytes
    stopped_ends: bool


class Told(Protocol):
    """An event's own words, as they came or as they were laid aside."""

    @property
    def procedure(self) -> str: ...
    @property
    def receiving_unit(self) -> str: ...
    @property
    def competent_unit(self) -> str: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def status(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def received_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Taken:
    """What came of some events."""

    accepted: int
    duplicates: int
    proposed: Proposed


def receive(session: Session, caller: Caller, *, body: PortalEventsIn, now: datetime, keys: Keys) -> EventsOut:
    """Take events in and bring the proposals of the days that they touch up to date.

    Raises Forbidden where the source's name is another token's.
    """
    voices = senders.voices(session, caller, body.source)
    take_turns(session, [EVERYBODY])
    units = units_of(session, body.source)
    rows: list[dict[str, Any]] = []
    aside = [AsideEventOut(index=n, fault=Unfit.unreadable, place=place or None) for n, place in body.unread.items()]
    laid = [Laid(Unfit.unreadable, place or None) for place in body.unread.values()]
    procedures = _known(session, {one.procedure for one in body.events if not is_procedure_code(one.procedure)})
    for index, event in zip(body.places, body.events, strict=True):
        dossier = hashed(keys.secret, event.dossier)
        fault, place, code = _unfit(event, units, procedures, now)
        if fault is None:
            rows.append(row_of(body.source, dossier, event, units, now))
        else:
            aside.append(AsideEventOut(index=index, fault=fault, place=place))
            laid.append(Laid(fault, place, code, dossier, event if fault is Unfit.unknown_unit else None))
    spoken = {row["competent_unit_id"] for row in rows} or {EVERYBODY for one in laid if one.event}
    senders.claim(session, voices, spoken, now)
    lay_aside(session, body.source, laid, now)
    taken = take(session, caller, body.source, rows, now, stopped_ends=keys.stopped_ends)
    if taken.accepted or laid:
        audit.record(
            session, "portal.events_received", f"portal/events/{body.source}",
            after={"accepted": taken.accepted, "duplicates": taken.duplicates, "aside": len(laid)},
        )  # fmt: skip
    return EventsOut(
        source=body.source, accepted=taken.accepted, duplicates=taken.duplicates,
        aside=sorted(aside, key=lambda one: one.index), unit_days=taken.proposed.unit_days,
        refused_days=taken.proposed.refused,
    )  # fmt: skip


def take(
    session: Session, caller: Caller, source: str, rows: list[dict[str, Any]], now: datetime, *, stopped_ends: bool
) -> Taken:
    """Store events, work out their dossiers anew, and count the touched days; what is known already has no effect."""
    new = _stored(session, rows)
    touched: set[UnitDay] = set()
    if new:
        touched = settle(session, source, {row[1] for row in new}, stopped_ends=stopped_ends)
    proposed = propose(session, caller, source, touched, now) if touched else Proposed(0, [])
    return Taken(len(new), len(rows) - len(new), proposed)


def hashed(secret: bytes, code: str) -> str:
    """Return by what a dossier is known: without the key its code cannot be guessed and tried."""
    return hmac.new(secret, code.strip().upper().encode(), hashlib.sha256).hexdigest()


def units_of(session: Session, source: str) -> Mapping[str, int]:
    """Return the numbers of units by our folded codes and by the source's own."""
    reference = Reference.read(session)
    theirs = codes.of_source(session, source)[CodeKind.unit]
    known = {search_key(code): unit.id for code, unit in reference.units.items()}
    return {**{key: reference.units[ours].id for key, ours in theirs.items()}, **known}


def _unfit(
    event: PortalEventIn, units: Mapping[str, int], procedures: Collection[str], now: datetime
) -> tuple[Unfit | None, str | None, str | None]:
    """Return what is wrong with an event, at which property; and the code to be given a meaning."""
    if not is_procedure_code(event.procedure) and event.procedure not in procedures:
        return Unfit.unreadable, "procedure", None
    unknown = [
        (place, code) for place in ("competent_unit", "receiving_unit")
        if search_key(code := getattr(event, place)) not in units
    ]  # fmt: skip
    for place, code in unknown:  # before any of them is kept
        if not is_unit_code(code):
            return Unfit.unreadable, place, None
    if unknown:
        return Unfit.unknown_unit, *unknown[0]
    for place in ("at", "received_at"):
        moment = getattr(event, place)
        if moment is not None and moment > now + AHEAD:
            return Unfit.in_future, place, None
    return None, None, None


def row_of(source: str, dossier: str, event: Told, units: Mapping[str, int], now: datetime) -> dict[str, Any]:
    told = {
        "procedure": event.procedure,
        "receiving_unit_id": units[search_key(event.receiving_unit)],
        "competent_unit_id": units[search_key(event.competent_unit)],
        "channel": event.channel.value,
        "received_on": day_of(event.received_at) if event.received_at else None,
        "due_on": day_of(event.due_at) if event.due_at else None,
    }
    digest = hashlib.sha256("|".join(map(str, told.values())).encode()).hexdigest()[:32]
    return {"source": source, "dossier": dossier, "at": event.at, "status": event.status, "digest": digest, **told,
            "known_at": now}  # fmt: skip


def _stored(session: Session, rows: list[dict[str, Any]]) -> list[Any]:
    """Insert the events that are new and return their keys."""
    new: list[Any] = []
    key = ("source", "dossier", "at", "status", "digest")
    once = list({tuple(row[name] for name in key): row for row in rows}.values())
    if once:
        statement = upsert(session.get_bind().dialect.name, _EVENT).on_conflict_do_nothing()
        new += session.execute(statement.returning(*(_EVENT.c[name] for name in key)), once).all()
    return new


def settle(session: Session, source: str, dossiers: Collection[str], *, stopped_ends: bool) -> set[UnitDay]:
    """Work out what all events of some dossiers say; returns the days of units whose counts change by it."""
    wanted = sorted(dossiers)
    touched: set[UnitDay] = set()
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        events = _events(session, source, part)
        known = {code: facts(of, stopped_ends=stopped_ends) for code, of in events.items()}
        fields = _fields(session, {one.procedure for one in known.values()})
        stored = {
            row.dossier: dict(row._mapping)
            for row in session.execute(
                select(_DOSSIER).where(_DOSSIER.c.source == source, _DOSSIER.c.dossier.in_(part))
            )
        }
        changed = []
        for code, one in known.items():
            row = _dossier(source, code, one, fields)
            if row != stored.get(code):
                changed.append(row)
                touched |= _places(row) | _places(stored.get(code, {}))
        if changed:
            _write(session, changed)
    return touched


def _events(session: Session, source: str, dossiers: list[str]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    table = _EVENT.c
    query = select(
        table.dossier, table.at, table.status, table.digest, table.procedure, table.competent_unit_id, table.channel,
        table.received_on, table.due_on,
    ).where(table.source == source, table.dossier.in_(dossiers))  # fmt: skip
    for code, at, status, digest, *rest in session.execute(query):
        found[code].append(Event(at, status, digest, day_of(at), *rest))
    return found


def _fields(session: Session, procedures: Iterable[str]) -> Mapping[str, int]:
    """Return the numbers of procedures' fields, by the code, else by the nation's procedure in it, else not split."""
    wanted = set(procedures)
    known = _known(session, wanted | {code[:STEM] for code in wanted})
    rest = Reference.read(session).by_code[UNSPLIT].id
    return {code: known.get(code, known.get(code[:STEM], rest)) for code in wanted}


def _known(session: Session, codes: Collection[str]) -> Mapping[str, int]:
    """Return the fields' numbers of those procedures that the catalogue has."""
    if not codes:
        return {}
    query = select(_PROCEDURE.code, _PROCEDURE.field_id).where(_PROCEDURE.code.in_(codes))
    return {row.code: row.field_id for row in session.execute(query)}


def _dossier(source: str, code: str, one: Facts, fields: Mapping[str, int]) -> dict[str, Any]:
    return {
        "source": source, "dossier": code, "field_id": fields[one.procedure], "status": one.status,
        "channel": one.channel, "received_on": one.received_on, "received_unit_id": one.received_unit,
        "settled_on": one.settled_on, "settled_unit_id": one.settled_unit,
        "settled": one.settled.value if one.settled else None,
    }  # fmt: skip


def _places(row: Mapping[str, Any]) -> set[UnitDay]:
    pairs = ((row.get(f"{what}_unit_id"), row.get(f"{what}_on")) for what in ("received", "settled"))
    return {(unit, day) for unit, day in pairs if unit is not None and day is not None}


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    statement = upsert(session.get_bind().dialect.name, _DOSSIER)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in ("source", "dossier")}
    session.execute(statement.on_conflict_do_update(index_elements=["source", "dossier"], set_=changed), rows)
