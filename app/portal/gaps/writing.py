"""Writing gaps and what happened to them: each step beside the row that it changes."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from app.core import hot
from app.portal.comparison.rules import Measure, Span, bounds
from app.portal.gaps.models import PortalGap, PortalGapEvent
from app.portal.gaps.rules import GapChange, GapOutcome, GapOwner, GapState, GapSystem, Standing
from app.procedures.rules import System
from app.throughput.figures.reading import keep_open

GAP_TABLE: Any = hot.table(PortalGap)
EVENT_TABLE: Any = hot.table(PortalGapEvent)
GAP, EVENT = GAP_TABLE.c, EVENT_TABLE.c
Change = dict[str, Any]  # what happened to a gap by itself, as the audit log has it
# What a reason and an end leave behind; the history keeps them.
FRESH: dict[str, Any] = dict.fromkeys(
    ("reason", "note", "explained_at", "explained_by", "explained_size", "outcome", "closed_at", "closed_by")
)


class Place(NamedTuple):
    """What is compared: a unit's day or period in one system, with one source."""

    unit_id: int
    span: Span
    first: date
    system: GapSystem
    source: str


class Due(NamedTuple):
    """What has to happen to a gap (`row` None: it has none yet), and by which version of the tolerance."""

    place: Place
    measure: Measure
    row: Any
    change: GapChange
    standing: Standing
    tolerance: int


def standing_of(row: Any) -> Standing:
    """Return a stored gap as the rules read it."""
    outcome = None if row.outcome is None else GapOutcome(row.outcome)
    return Standing(GapState(row.state), row.ours, row.theirs, outcome, row.explained_size)


def place_of(row: Any) -> Place:
    """Return what a stored gap compares."""
    return Place(row.unit_id, Span(row.span), row.first, GapSystem(row.system), row.source)


def follow(session: Session, due: Due, now: datetime) -> Change:
    """Do what has to happen to a gap, and return it as the audit log has it."""
    standing, change = due.standing, due.change
    values: dict[str, Any] = {
        "ours": standing.ours, "theirs": standing.theirs, "state": standing.state.value, "tolerance": due.tolerance,
    }  # fmt: skip
    if due.row is None:
        number, version = _open(session, due.place, due.measure, values, now), 1
    else:
        if change is GapChange.reopened:
            values |= FRESH | {"opened_at": now}
        elif change in (GapChange.matched, GapChange.gone):
            assert standing.outcome is not None
            values |= {"outcome": standing.outcome.value, "closed_at": now, "closed_by": None}
        number, version = due.row.id, due.row.version + 1
        write(session, due.row, values, change, now)
    return {"gap": number, "version": version, "change": change.value, "ours": standing.ours, "theirs": standing.theirs}


def _open(session: Session, place: Place, measure: Measure, said: dict[str, Any], now: datetime) -> int:
    values = FRESH | said | {
        "unit_id": place.unit_id, "span": place.span.value, "first": place.first,
        "last": bounds(place.span, place.first)[1], "system": place.system.value, "source": place.source,
        "measure": measure.value, "owner": GapOwner.ward_officer.value, "opened_at": now, "first_opened_at": now,
        "version": 1,
    }  # fmt: skip
    number: int = session.execute(insert(GAP_TABLE).returning(GAP.id), values).scalar_one()
    note(session, number, values, GapChange.opened, now)
    return number


def write(
    session: Session, row: Any, values: Mapping[str, Any], change: GapChange, now: datetime, by: str | None = None,
    told: str | None = None,
) -> None:  # fmt: skip
    """Change a gap and put down what happened; `told`: words that belong to the step alone.

    Who began earlier may write later: no step is dated before the one that it follows, and the gap says its moment.
    """
    now = max(now, session.execute(select(func.max(EVENT.at)).where(EVENT.gap_id == row.id)).scalar_one())
    moments = {name: now for name in ("opened_at", "explained_at", "closed_at") if values.get(name) is not None}
    values = {**values, **moments, "version": row.version + 1}
    session.execute(update(GAP_TABLE).where(GAP.id == row.id).values(values))
    note(session, row.id, {**row._mapping, **values}, change, now, by, told)


def note(
    session: Session, number: int, gap: Mapping[str, Any], change: GapChange, now: datetime, by: str | None = None,
    told: str | None = None,
) -> None:  # fmt: skip
    """Add a step to a gap's history."""
    explained, ended = change is GapChange.explained, gap["outcome"] is not None
    row = {
        "gap_id": number, "version": gap["version"], "at": now, "change": change.value, "by": by,
        "ours": gap["ours"], "theirs": gap["theirs"], "owner": gap["owner"],
        "reason": gap["reason"] if explained else None, "outcome": gap["outcome"] if ended else None,
        "note": told or (gap["note"] if explained else None),
    }  # fmt: skip
    session.execute(insert(EVENT_TABLE), row)


def keep_shown(session: Session, places: Iterable[Place]) -> None:
    """Tell each unit-day's own table how many of its gaps want a reason: the day's form shows that."""
    for place in places:
        if place.span is Span.day:
            query = select(func.count()).where(
                GAP.unit_id == place.unit_id, GAP.span == Span.day.value, GAP.first == place.first,
                GAP.system == place.system.value, GAP.source == place.source, GAP.state == GapState.open.value,
            )  # fmt: skip
            keep_open(
                session, place.unit_id, place.first, System(place.system.value), place.source,
                session.execute(query).scalar_one(),
            )  # fmt: skip
