"""What the simulated portal knows: the database's units and catalogue, and its reports, behind which it lags."""

from collections import defaultdict
from datetime import date

from sqlalchemy import select
from sqlmodel import Session

from app.core import hot
from app.portal.simulator.rules import Agency, Content, Field, Month, Procedure, chance, synchronised
from app.procedures.models import Procedure as OurProcedure
from app.procedures.models import ProcedureField
from app.throughput.models import DayTotal
from app.units.models import Unit

_UNIT, _FIELD, _TOTAL = hot.table(Unit).c, hot.table(ProcedureField).c, hot.table(DayTotal).c
_PROCEDURE = hot.table(OurProcedure).c
SILENT = 40  # of a thousand unit-months: the portal publishes nothing of them
OWN_FIELD = Field("LV-QG-01", "Lĩnh vực chỉ Cổng có (mô phỏng)")  # a code that the city has to give a meaning


def read(session: Session) -> Content:
    """Return what the portal knows of this installation; the same database always gives the same."""
    fields = {
        row.id: Field(row.code, row.name_vi) for row in session.execute(select(_FIELD.id, _FIELD.code, _FIELD.name_vi))
    }
    procedures = session.execute(
        select(_PROCEDURE.code, _PROCEDURE.name, _PROCEDURE.field_id).order_by(_PROCEDURE.code)
    )
    units = session.execute(select(_UNIT.id, _UNIT.code, _UNIT.name).order_by(_UNIT.code)).all()
    return Content(
        agencies=tuple(Agency(row.code, row.name) for row in units),
        fields=(*sorted(fields.values(), key=lambda field: field.code), OWN_FIELD),
        procedures=tuple(Procedure(row.code, row.name, fields[row.field_id].code) for row in procedures),
        months=tuple(_months(session, {row.id: row.code for row in units})),
    )


def _months(session: Session, units: dict[int, str]) -> list[Month]:
    sums: dict[tuple[str, int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    rows = session.execute(
        select(
            _TOTAL.unit_id, _TOTAL.day, _TOTAL.received_online, _TOTAL.received_counter, _TOTAL.received_post,
            _TOTAL.resolved_early + _TOTAL.resolved_on_time, _TOTAL.resolved_overdue,
        )
    )  # fmt: skip
    for unit, day, *counts in rows:
        assert isinstance(day, date)
        held = sums[units[unit], day.year, day.month]
        for place, count in enumerate(counts):
            held[place] += count
    return [_month(*key, counts) for key, counts in sorted(sums.items())]


def _month(agency: str, year: int, month: int, counts: list[int]) -> Month:
    if chance("silent", agency, year, month) < SILENT:
        return Month(agency, year, month, None, None, None, None, None)
    online, direct, post, on_time, overdue = (
        synchronised(count, agency, year, month, place) for place, count in enumerate(counts)
    )
    return Month(agency, year, month, online, direct, post, on_time, overdue)
