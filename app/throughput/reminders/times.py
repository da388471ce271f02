"""How long before the deadline a unit wants to be reminded, where that is not the daily form's own."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Shown
from sqlalchemy import CheckConstraint, select
from sqlmodel import Field, Session, SQLModel

from app.core import audit, hot
from app.core.access import Caller
from app.core.errors import Forbidden
from app.core.versions import check_match
from app.throughput.forms import Reference
from app.units.models import Unit

LEAST, MOST = 5, 480


class ReminderTime(SQLModel, table=True):
    """A unit's own time of the first reminder; without a row it is the form's."""

    __tablename__ = "reminder_times"
    __table_args__ = (CheckConstraint(f"minutes between {LEAST} and {MOST}", name="minutes"),)

    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    minutes: int | None
    version: int
    changed_at: datetime
    changed_by: str = Field(max_length=160)


Minutes = Annotated[int, Shown(strict=True, ge=LEAST, le=MOST)]


class ReminderTimeIn(BaseModel):
    """A unit's time of the first reminder."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"minutes": 45}]})

    minutes: Annotated[Minutes | None, Shown(description="Before the deadline; null: the daily form's")] = None


class ReminderTimeOut(BaseModel):
    """When a unit is reminded first."""

    unit: str
    name: str
    minutes: Annotated[int | None, Shown(description="The unit's own; null: the daily form's")]
    applied: Annotated[int, Shown(description="Minutes before the deadline at which the officer is reminded")]
    changed_at: datetime | None
    changed_by: str | None
    version: int


_TIME = hot.table(ReminderTime)


def show(session: Session, unit: Unit) -> ReminderTimeOut:
    """Return when a unit is reminded first."""
    return _out(session, unit, session.get(ReminderTime, unit.id))


def save(
    session: Session, caller: Caller, *, unit: Unit, body: ReminderTimeIn, if_match: str | None, now: datetime
) -> ReminderTimeOut:
    """Set a unit's own time; the same again has no effect. Raises Forbidden to whose unit it is not."""
    if caller.unit_id is not None and caller.unit_id != unit.id:
        raise Forbidden
    assert unit.id is not None
    row = session.get(ReminderTime, unit.id, with_for_update=True)
    before = row.minutes if row else None
    if before == body.minutes:
        return _out(session, unit, row)
    check_match(if_match, None, row.version if row else None)
    if row is None:
        row = ReminderTime(unit_id=unit.id, minutes=None, version=0, changed_at=now, changed_by="")
    row.minutes, row.version, row.changed_at, row.changed_by = body.minutes, row.version + 1, now, caller.label
    session.add(row)
    session.flush()
    audit.record(
        session, "reminder_time.changed", f"reminder_times/{unit.code}", before={"minutes": before},
        after={"minutes": body.minutes},
    )  # fmt: skip
    return _out(session, unit, row)


def own_times(session: Session) -> dict[int, int]:
    """Return the minutes of the units that have their own."""
    rows: Any = session.execute(select(_TIME.c.unit_id, _TIME.c.minutes).where(_TIME.c.minutes.is_not(None)))
    return dict(rows.all())


def _out(session: Session, unit: Unit, row: ReminderTime | None) -> ReminderTimeOut:
    own = row.minutes if row else None
    return ReminderTimeOut(
        unit=unit.code, name=unit.name, minutes=own,
        applied=own if own is not None else Reference.read(session).form.remind_before,
        changed_at=row.changed_at if row else None, changed_by=row.changed_by if row else None,
        version=row.version if row else 0,
    )  # fmt: skip
