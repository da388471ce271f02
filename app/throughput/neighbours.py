"""Reading what stands around a day: the reports next before and after, and what came in on other days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Integer, bindparam, func, select
from sqlmodel import Session

from app.core import hot
from app.procedures.models import ProcedureField
from app.procedures.rules import System
from app.throughput.figures.reading import Said
from app.throughput.models import ReportLine
from app.throughput.reading import FIELD_CODE, FIELD_ID, JOINED, LINE, REPORT, REVISION


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The received report next before or after a day: its day, stocks by field."""

    day: date
    opening: dict[str, int]
    closing: dict[str, int]
    overdue: dict[str, int]


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a unit's day and system, where it was read with that of many others.

    The report before; whether there is one after; what was received by field on the same weekdays; what other systems
    say of the day.
    """

    previous: Neighbour | None
    has_following: bool
    past: Mapping[date, Mapping[str, int]]
    said: Sequence[Said]


_stands = (
    (REPORT.unit_id == bindparam("unit", type_=Integer))
    & (REPORT.system == bindparam("system"))
    & REPORT.unavailable.is_(False)
    & (REVISION.number == REPORT.version)
)
_BEFORE = (
    select(REPORT.day, REVISION.id)
    .select_from(JOINED)
    .where(_stands, REPORT.day < bindparam("day", type_=Date))
    .order_by(REPORT.day.desc())
    .limit(1)
)
_AFTER = (
    select(REPORT.day, REVISION.id)
    .select_from(JOINED)
    .where(_stands, REPORT.day > bindparam("day", type_=Date))
    .order_by(REPORT.day)
    .limit(1)
)
_STOCKS = (
    select(FIELD_CODE, LINE.carried_over, LINE.pending_in_time, LINE.pending_overdue)
    .join(hot.table(ProcedureField), LINE.field_id == FIELD_ID)
    .where(LINE.revision_id == bindparam("revision", type_=Integer))
)


def before(session: Session, unit_id: int, day: date, system: System) -> Neighbour | None:
    """Return the last received report before a day: its closings are the day's previous close."""
    return _neighbour(session, _BEFORE, unit_id, day, system)


def after(session: Session, unit_id: int, day: date, system: System) -> Neighbour | None:
    """Return the first received report after a day."""
    return _neighbour(session, _AFTER, unit_id, day, system)


def _neighbour(session: Session, query: Any, unit_id: int, day: date, system: System) -> Neighbour | None:
    rows = hot.run(session, query, {"unit": unit_id, "day": day, "system": system.value})
    if not rows:
        return None
    day, revision = rows[0]
    found = Neighbour(day, {}, {}, {})
    for code, opening, in_time, overdue in hot.gather(session, _STOCKS, {"revision": revision}):
        found.opening[code] = opening
        found.closing[code] = in_time + overdue
        found.overdue[code] = overdue
    return found


_RECEIVED = (
    select(REPORT.day, FIELD_CODE, LINE.received_online + LINE.received_counter + func.coalesce(LINE.received_post, 0))
    .select_from(JOINED)
    .outerjoin(hot.table(ReportLine), LINE.revision_id == REVISION.id)
    .outerjoin(hot.table(ProcedureField), LINE.field_id == FIELD_ID)
    .where(_stands, REPORT.partial.is_(False))
)


@lru_cache
def _received(count: int) -> Any:
    return _RECEIVED.where(REPORT.day.in_([bindparam(f"day{n}", type_=Date) for n in range(count)]))


def received_on(session: Session, unit_id: int, system: System, days: Sequence[date]) -> dict[date, dict[str, int]]:
    """Return what was received on some days, by field; a day without a complete report is absent."""
    values = {"unit": unit_id, "system": system.value, **{f"day{n}": day for n, day in enumerate(days)}}
    rows = hot.gather(session, _received(len(days)), values)
    out: dict[date, dict[str, int]] = {}
    for day, code, value in rows:
        of_day = out.setdefault(day, {})
        if code is not None:
            of_day[code] = value
    return out
