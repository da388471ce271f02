"""Days of units whose proposals do not yet say what the events say: kept until they do, whoever refused them."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlmodel import Session

from app.core import hot
from app.core.db import upsert
from app.portal.events.models import PortalDossier, PortalDueDay
from app.portal.events.schemas import DueDayOut
from app.units.models import Unit

UnitDay = tuple[int, date]
_TABLE = hot.table(PortalDueDay)
_D, _UNIT, _DOSSIER = _TABLE.c, hot.table(Unit).c, hot.table(PortalDossier).c
_KEY = ["source", "unit_id", "day"]
_done = delete(_TABLE).where(
    _D.source == bindparam("of"), _D.unit_id == bindparam("unit"), _D.day == bindparam("on", type_=_D.day.type)
)
SHOWN = 200


def add(session: Session, source: str, days: Collection[UnitDay], now: datetime) -> None:
    """Have days counted anew at the next turn."""
    rows = [{"source": source, "unit_id": unit, "day": day, "since": now} for unit, day in sorted(days)]
    if rows:
        session.execute(_anew(session), rows)


def add_all(session: Session, source: str, now: datetime) -> None:
    """Have every day that a source's dossiers touch counted anew at the next turn."""
    for unit, day in ((_DOSSIER.received_unit_id, _DOSSIER.received_on),
                      (_DOSSIER.settled_unit_id, _DOSSIER.settled_on)):  # fmt: skip
        query = select(unit, day).where(_DOSSIER.source == source, unit.is_not(None)).distinct()
        add(session, source, {(row[0], row[1]) for row in session.execute(query)}, now)


def keep(session: Session, source: str, judged: dict[UnitDay, str | None], now: datetime) -> None:
    """Take down how the proposals of days were taken: None, and the day is done with; a code, and it waits."""
    done = [{"of": source, "unit": unit, "on": day} for (unit, day), code in judged.items() if code is None]
    if done:
        session.execute(_done, done)
    refused = [
        {"source": source, "unit_id": unit, "day": day, "code": code, "since": now, "tried_at": now}
        for (unit, day), code in judged.items() if code is not None
    ]  # fmt: skip
    if refused:
        insert = upsert(session.get_bind().dialect.name, _TABLE)
        again = {name: insert.excluded[name] for name in ("code", "tried_at")}
        session.execute(insert.on_conflict_do_update(index_elements=_KEY, set_=again), refused)


def next_days(session: Session, source: str, most: int, *, untried: bool) -> list[UnitDay]:
    """Return the days to count now: those not tried first, then (unless `untried`) those tried longest ago."""
    query = select(_D.unit_id, _D.day).where(_D.source == source)
    if untried:
        query = query.where(_D.tried_at.is_(None))
    order = (_D.tried_at.is_not(None), _D.tried_at, _D.unit_id, _D.day)
    return [(unit, day) for unit, day in session.execute(query.order_by(*order).limit(most))]


def count(session: Session, source: str | None = None, *, untried: bool = False) -> int:
    """Return how many days wait, of one source or of all."""
    query = select(func.count()).select_from(_TABLE)
    if source is not None:
        query = query.where(_D.source == source)
    found: int = session.execute(query.where(_D.tried_at.is_(None)) if untried else query).scalar_one()
    return found


def listing(session: Session) -> list[DueDayOut]:
    """Return the first days that wait, by source, unit and day."""
    query: Any = (
        select(_D.source, _UNIT.code.label("unit"), _UNIT.name, _D.day, _D.code, _D.since)
        .join(_UNIT.code.table, _UNIT.id == _D.unit_id)
        .order_by(_D.source, _UNIT.code, _D.day)
        .limit(SHOWN)
    )
    return [DueDayOut(**row._mapping) for row in session.execute(query)]


def _anew(session: Session) -> Any:
    insert = upsert(session.get_bind().dialect.name, _TABLE)
    return insert.on_conflict_do_update(index_elements=_KEY, set_={"code": None, "tried_at": None})
