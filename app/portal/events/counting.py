"""From dossiers to the wards' proposals: the touched days of units are counted anew and given to the figures' door."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlmodel import Session

from app.core import hot
from app.core.access import Caller
from app.portal.events import due
from app.portal.events.due import UnitDay
from app.portal.events.models import PortalDossier
from app.portal.events.rules import folded, tallied
from app.portal.events.schemas import RefusedDayOut
from app.procedures.rules import UNSPLIT, System
from app.throughput.figures import service as figures
from app.throughput.figures.rules import Basis
from app.throughput.figures.schemas import MAX_ITEMS, FigureDayIn, FigureLineIn, FiguresIn, FigureStatus
from app.throughput.forms import Reference
from app.units.models import Unit

Counted = dict[UnitDay, list[tuple[str, str, int]]]
_D = hot.table(PortalDossier).c
AT_ONCE = 300


@dataclass(frozen=True)
class Proposed:
    """How many unit-days were counted anew, and which of them could not be."""

    unit_days: int
    refused: list[RefusedDayOut]


def propose(session: Session, caller: Caller, source: str, touched: Collection[UnitDay], now: datetime) -> Proposed:
    """Count days of units anew and make the counts the source's proposals, by the rules of every proposal.

    A day whose proposal is refused waits, whatever the reason: its events are here and would be no news sent again.

    What a unit does not count by itself goes under the field for totals not yet split: no dossier is lost by it.
    """
    reference = Reference.read(session)
    units = {unit.id: unit for unit in reference.units.values()}
    codes = {info.id: info.code for info in reference.by_code.values()}
    received = _counted(session, source, touched, codes, ("received_unit_id", "received_on", "channel"))
    settled = _counted(session, source, touched, codes, ("settled_unit_id", "settled_on", "settled"))
    ordered = sorted(touched)
    items = [
        _day(reference, units[unit], day, received.get((unit, day), ()), settled.get((unit, day), ()))
        for unit, day in ordered
    ]
    refused = []
    judged: dict[UnitDay, str | None] = {}
    for start in range(0, len(items), MAX_ITEMS):
        body = FiguresIn(source=source, basis=Basis.daily, items=items[start : start + MAX_ITEMS])
        answer = figures.put(session, caller, body=body, now=now, dry_run=False)
        for one in answer.results:
            is_refused = one.status is FigureStatus.refused
            judged[ordered[start + one.index]] = (one.code or "invalid") if is_refused else None
            if is_refused:
                refused.append(RefusedDayOut(unit=one.unit or "", day=body.items[one.index].day, code=one.code))
    due.keep(session, source, judged, now)
    return Proposed(len(items), refused)


def _counted(
    session: Session, source: str, touched: Collection[UnitDay], codes: dict[int, str], names: tuple[str, str, str]
) -> Counted:
    unit, day, kind = (_D[name] for name in names)
    found: Counted = defaultdict(list)
    wanted = sorted(touched)
    for start in range(0, len(wanted), AT_ONCE):
        query: Any = (
            select(unit, day, _D.field_id, kind, func.count())
            .where(_D.source == source, tuple_(unit, day).in_(wanted[start : start + AT_ONCE]))
            .group_by(unit, day, _D.field_id, kind)
        )
        for of_unit, of_day, field, how, count in session.execute(query):
            found[of_unit, of_day].append((codes[field], how, count))
    return found


def _day(
    reference: Reference,
    unit: Unit,
    day: date,
    received: Iterable[tuple[str, str, int]],
    settled: Iterable[tuple[str, str, int]],
) -> FigureDayIn:
    counts = folded(tallied(received, settled), reference.applicable(unit, day, System.CITY), UNSPLIT)
    lines = [FigureLineIn(field=field, **of) for field, of in sorted(counts.items())]
    return FigureDayIn(unit=unit.code, day=day, system=System.CITY, lines=lines)
