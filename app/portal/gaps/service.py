"""What people do with gaps: give the reason, hand one on, close one; each names the version that was looked at."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.core import audit
from app.core.access import Caller
from app.core.db import take_turns
from app.core.errors import Conflict, Fault, Forbidden, Invalid
from app.core.versions import check_match, etag
from app.portal.gaps import listing
from app.portal.gaps.rules import BY_HAND, GapChange, GapState
from app.portal.gaps.schemas import AlsoIn, GapClosureIn, GapExplanationIn, GapOwnerIn, PortalGapOut
from app.portal.gaps.writing import FRESH, keep_shown, place_of, write


def explain(
    session: Session, caller: Caller, number: int, *, body: GapExplanationIn, if_match: str | None, now: datetime
) -> PortalGapOut:
    """Give a gap its reason, and the same to other measures of its day or period; the figures stay as they are.

    Raises NotFound for another unit's, Conflict where it is over, Invalid for one that is not of the same day or period
    and source, PreconditionFailed where one of them changed since it was looked at.
    """
    row = _held(session, caller, number, if_match, now)
    if not listing.may_explain(caller, row.unit_id):
        raise Forbidden
    named = {row.id: row}  # one that is named twice is explained once
    for place, also in enumerate(body.also):
        other = _beside(session, caller, row, place, also, now)
        named.setdefault(other.id, other)
    for each in named.values():
        if (each.state, each.reason, each.note or "") == (GapState.explained, body.reason, body.note):
            continue  # the same again is no news
        values = FRESH | {
            "state": GapState.explained.value, "reason": body.reason.value, "note": body.note or None,
            "explained_at": now, "explained_by": caller.label, "explained_size": each.ours - each.theirs,
        }  # fmt: skip
        _write(session, caller, each, values, GapChange.explained, now)
    return listing.one(session, caller, number, now)


def _beside(session: Session, caller: Caller, row: Any, place: int, also: AlsoIn, now: datetime) -> Any:
    other = _held(session, caller, also.id, etag(also.version), now)
    if place_of(other) != place_of(row):
        raise Invalid([Fault(f"/also/{place}/id", "gap_elsewhere")])
    return other


def assign(
    session: Session, caller: Caller, number: int, *, body: GapOwnerIn, if_match: str | None, now: datetime
) -> PortalGapOut:
    """Hand a gap on, or tell its owner what is to be done.

    Raises NotFound, Conflict where it is over, PreconditionFailed where it changed since.
    """
    row = _held(session, caller, number, if_match, now)
    if row.owner != body.owner or body.note:
        _write(session, caller, row, {"owner": body.owner.value}, GapChange.assigned, now, body.note or None)
    return listing.one(session, caller, number, now)


def close(
    session: Session, caller: Caller, number: int, *, body: GapClosureIn, if_match: str | None, now: datetime
) -> PortalGapOut:
    """End a gap that still stands, by the analyst's word; another difference opens it again.

    Raises NotFound, Conflict where it is over, Invalid for an outcome that comes by itself, PreconditionFailed where it
    changed since.
    """
    row = _held(session, caller, number, if_match, now)
    if body.outcome not in BY_HAND:
        raise Invalid([Fault("/outcome", "not_a_choice", {"choices": ", ".join(one.value for one in BY_HAND)})])
    values = {
        "state": GapState.closed.value, "outcome": body.outcome.value, "closed_at": now, "closed_by": caller.label,
    }  # fmt: skip
    _write(session, caller, row, values, GapChange.closed, now, body.why)
    return listing.one(session, caller, number, now)


def _held(session: Session, caller: Caller, number: int, if_match: str | None, now: datetime) -> Any:
    """Return a gap that stands, held until the end of the transaction."""
    take_turns(session, [listing.visible(session, caller, number).unit_id])
    row = listing.visible(session, caller, number, lock=True)
    check_match(if_match, None, row.version, lambda: listing.one(session, caller, number, now))
    if row.state == GapState.closed:
        raise Conflict("gap_closed")
    return row


def _write(
    session: Session, caller: Caller, row: Any, values: dict[str, Any], change: GapChange, now: datetime,
    told: str | None = None,
) -> None:  # fmt: skip
    write(session, row, values, change, now, caller.label, told)
    keep_shown(session, [place_of(row)])
    kept = {name: value for name, value in values.items() if name in ("state", "reason", "note", "owner", "outcome")}
    audit.record(
        session, f"portal.gap_{change.value}", f"portal/gaps/{row.id}",
        before={name: getattr(row, name) for name in kept}, after=kept, reason=told,
    )  # fmt: skip
