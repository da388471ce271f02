"""How the report that stands came to replace the one before: what its receipt says of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import Date, Integer, bindparam, select
from sqlmodel import Session

from app.core import hot
from app.procedures.rules import System
from app.throughput import forward, reading
from app.throughput.figures import confirming
from app.throughput.listing import FieldChangeOut, changes_of
from app.units.models import Unit

# Longer than a correction is ever carried: the days between are still open.
REACH = timedelta(days=60)


class Came(StrEnum):
    """How a revision came to be; only the first is somebody's correction."""

    corrected = "corrected"
    completed = "completed"
    restored = "restored"
    carried = "carried"
    by_system = "by_system"
    explained = "explained"


@dataclass(frozen=True)
class Revised:
    """What a report's last revision changed, and how it came; `origin`: the day whose correction it follows."""

    came: Came
    changes: list[FieldChangeOut]
    origin: date | None = None


_ORIGINS = (
    select(reading.REPORT.day, reading.REVISION.id)
    .join(reading.REVISION.id.table, reading.REVISION.report_id == reading.REPORT.id)
    .where(
        reading.REPORT.unit_id == bindparam("unit", type_=Integer), reading.REPORT.system == bindparam("system"),
        reading.REPORT.day < bindparam("day", type_=Date), reading.REPORT.day >= bindparam("first", type_=Date),
    )
)  # fmt: skip


def revised(session: Session, unit: Unit, day: date, system: System) -> Revised | None:
    """Return how the report that stands differs from the one before and how it came; None of a first one."""
    assert unit.id is not None
    before, standing = reading.last_two(session, unit.id, day, system)
    if before is None or standing is None:
        return None
    changes = changes_of(before.lines, standing.lines)
    origin = _origin(session, unit.id, day, system, standing.sent_digest)
    if origin is not None:
        return Revised(Came.carried, changes, origin)
    if standing.revision_id in confirming.made(session, unit.id, day, system):
        return Revised(Came.by_system, changes)
    if (before.partial, before.unavailable) == (standing.partial, standing.unavailable) and not changes:
        return Revised(Came.explained, changes)
    if before.unavailable is not None and standing.unavailable is None:
        return Revised(Came.restored, changes)
    return Revised(Came.completed if before.partial else Came.corrected, changes)


def _origin(session: Session, unit_id: int, day: date, system: System, digest: str) -> date | None:
    """Return the day whose correction a revision follows: it is known by that revision, and not by a body."""
    values = {"unit": unit_id, "system": system.value, "day": day, "first": day - REACH}
    rows = hot.run(session, _ORIGINS, values)
    return next((of_day for of_day, number in rows if forward.digest(number) == digest), None)
