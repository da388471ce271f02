"""Another tolerance goes through the whole ledger: what is small in the call itself, the rest part by part after it."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from app.core import audit
from app.core.clock import Clock
from app.core.db import Database, take_turns
from app.core.recurring import repeated
from app.portal.gaps import keeping, rebuilding
from app.portal.gaps.rebuilding import Part, Through
from app.portal.gaps.tolerances import RECOUNTS, UNDER_WAY, extent

_TABLE, _R = RECOUNTS, RECOUNTS.c
EVERY = 1.0  # seconds between two parts: between them others write


def begin(session: Session, version: int, now: datetime) -> None:
    """Have the ledger judged by a version of the tolerance, in place of one that was not through yet."""
    session.execute(update(_TABLE).where(_R.ended_at.is_(None)).values(ended_at=now))
    row = {"tolerance": version, "begun_at": now, "through_day": None, "through_id": None, "through_period": None,
           "compared": 0, "changed": 0, "ended_at": None}  # fmt: skip
    session.execute(insert(_TABLE), row)
    days = rebuilding.part_after(session, Through())
    if days is not None and days.cells and days.size == rebuilding.DAYS:
        return
    # So little that nobody waits for it: a small city sees its ledger judged as it saves. Days, then periods; what is
    # more than a part of either is left.
    take_turns(session, keeping.every_unit(session))
    if go_on(session, now) and days is not None and days.cells:
        go_on(session, now)


def go_on(session: Session, now: datetime) -> bool:
    """Judge the next part, if any is left; tells whether there was one. Whoever comes meanwhile waits for this part."""
    row = session.execute(UNDER_WAY.with_for_update()).first()
    if row is None:
        return False
    part = rebuilding.part_after(session, Through(row.through_day, row.through_id, row.through_period))
    if part is not None:
        take_turns(session, {cell[0] for cell in part.cells})
        changes = rebuilding.compare(session, part, now)
        keeping.recorded(session, changes)
        row = _noted(session, row, part, len(changes))
    if part is None or rebuilding.part_after(session, part.through) is None:
        session.execute(update(_TABLE).where(_R.tolerance == row.tolerance).values(ended_at=now))
        audit.record(
            session, "portal.gaps_recounted", "portal/tolerance",
            after={"version": row.tolerance, "compared": row.compared, "changed": row.changed},
        )  # fmt: skip
    return part is not None


def _noted(session: Session, row: Any, part: Part, changed: int) -> Any:
    values = {"through_day": part.through.day, "through_id": part.through.id, "through_period": part.through.period,
              "compared": row.compared + part.size, "changed": row.changed + changed}  # fmt: skip
    session.execute(update(_TABLE).where(_R.tolerance == row.tolerance).values(values))
    return session.execute(select(_TABLE).where(_R.tolerance == row.tolerance)).one()


def kept_up(database: Database, clock: Clock) -> AbstractAsyncContextManager[None]:
    """While the application serves, judge what another tolerance has left, a part a second."""

    def due(session: Session, now: datetime, last: datetime | None) -> bool:
        return session.execute(UNDER_WAY).first() is not None

    return repeated(go_on, database, clock, every=EVERY, trouble="gaps_not_recounted", due=due)


def differences(session: Session) -> list[str]:
    """Return a sentence for each gap that is not as it should be, as far as the tolerance of now has judged them."""
    row = session.execute(UNDER_WAY).first()
    through = Through(row.through_day, row.through_id, row.through_period) if row is not None else None
    return rebuilding.differences(session, through)


def left(session: Session) -> str | None:
    """Return how far the ledger is judged where it is not to its end: no fault, but verify again."""
    row = session.execute(UNDER_WAY).first()
    if row is None:
        return None
    of = f"{row.compared} of {extent(session)} days and periods"
    return f"portal_gaps: tolerance {row.tolerance} has judged {of}; the rest is not proved yet, verify again"
