"""Which other systems speak of which units, and which of them make reports without a person."""

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import audit, hot, stamps
from app.core.access import Caller
from app.core.db import upsert
from app.procedures.rules import System
from app.throughput.figures.models import FigureSender, FigureSource
from app.throughput.figures.reading import DAY
from app.throughput.figures.source_schemas import FigureSourceIn, FigureSourceOut, FigureSourcePage
from app.throughput.forms import STAMP
from app.units import service as units
from app.units.models import Unit

_UNIT, _SOURCE, _SENDER = hot.table(Unit).c, hot.table(FigureSource).c, hot.table(FigureSender).c


def listing(session: Session, caller: Caller) -> FigureSourcePage:
    """Return which sources speak of which units, and whether they confirm."""
    spoken = (
        select(DAY.unit_id, DAY.system, DAY.source, func.max(DAY.day).label("day"), func.max(DAY.known_at).label("at"))
        .group_by(DAY.unit_id, DAY.system, DAY.source)
        .subquery()
    )
    of_all = hot.table(FigureSender).alias("of_all").c
    query = (
        select(
            _UNIT.code, _UNIT.name, _SOURCE.system, _SOURCE.source, _SOURCE.confirms,
            func.coalesce(_SENDER.sender, of_all.sender).label("sender"), spoken.c.day, spoken.c.at,
        )
        .select_from(hot.table(FigureSource))
        .join(hot.table(Unit), _UNIT.id == _SOURCE.unit_id)
        .outerjoin(
            hot.table(FigureSender), (_SENDER.source == _SOURCE.source) & (_SENDER.unit_id == _SOURCE.unit_id)
        )
        .outerjoin(of_all.source.table, (of_all.source == _SOURCE.source) & of_all.unit_id.is_(None))
        .outerjoin(
            spoken,
            (spoken.c.unit_id == _SOURCE.unit_id)
            & (spoken.c.system == _SOURCE.system)
            & (spoken.c.source == _SOURCE.source),
        )
        .order_by(_SOURCE.source, _UNIT.sort_key, _UNIT.code, _SOURCE.system)
    )  # fmt: skip
    if caller.units is not None:
        query = query.where(_SOURCE.unit_id.in_(caller.units))
    return FigureSourcePage(
        items=[
            FigureSourceOut(
                unit=row.code, name=row.name, system=System(row.system), source=row.source, confirms=row.confirms,
                sender=row.sender, last_day=row.day, last_known_at=row.at,
            )
            for row in session.execute(query)
        ]
    )  # fmt: skip


def put(session: Session, caller: Caller, *, values: FigureSourceIn) -> FigureSourceOut:
    """Say whether a source's figures become a unit's report without a person."""
    unit = units.named(session, values.unit, "/unit")
    key = {"unit_id": unit.id, "system": values.system.value, "source": values.source}
    which = [_SOURCE[name] == value for name, value in key.items()]
    before = session.execute(select(_SOURCE.confirms).where(*which)).scalar_one_or_none()
    statement = upsert(session.get_bind().dialect.name, hot.table(FigureSource)).values(**key, confirms=values.confirms)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["unit_id", "system", "source"], set_={"confirms": values.confirms}
        )
    )
    if before is None:
        stamps.touch(session, STAMP)
    if before is not values.confirms:
        audit.record(
            session, "figure_source.put", f"figure-sources/{unit.code}/{values.system.value}",
            before=None if before is None else {"source": values.source, "confirms": before},
            after={"source": values.source, "confirms": values.confirms},
        )  # fmt: skip
    return next(
        one for one in listing(session, caller).items
        if (one.unit, one.system, one.source) == (unit.code, values.system, values.source)
    )  # fmt: skip
