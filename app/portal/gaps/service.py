"""Comparing what the portal publishes of a month with our reports of it."""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from app.core import hot
from app.portal.codes import service as codes
from app.portal.gaps import rules
from app.portal.gaps.rules import Counts, Measure
from app.portal.gaps.schemas import PortalGapOut, PortalGapPage
from app.throughput.forms import Reference
from app.throughput.models import DayTotal
from app.units.models import Unit

_T = hot.table(DayTotal).c


@dataclass(frozen=True)
class _Ours:
    """What a unit's reports of a month say, and to which day."""

    counts: Counts
    through: date


@dataclass(frozen=True)
class _Theirs:
    """What the portal says of a unit's month, and since when we know."""

    counts: Counts
    known_at: datetime


def month(session: Session, first: date, unit: Unit | None, *, everything: bool) -> PortalGapPage:
    """Return the gaps of a month beyond the tolerance, or (`everything`) all of them, the largest first.

    The portal counts a dossier whichever system it lies in, so our reports of both systems are added up.
    """
    ours = _ours(session, first, unit)
    theirs, unmapped = _theirs(session, first, unit)
    names = {code: one.name for code, one in Reference.read(session).units.items()}
    both = sorted(ours.keys() & theirs.keys())
    found = [
        PortalGapOut(
            unit=code, name=names[code], measure=gap.measure, ours=gap.ours, theirs=gap.theirs, gap=gap.size,
            beyond=gap.is_beyond, through=ours[code].through, known_at=theirs[code].known_at,
        )
        for code in both for gap in rules.compared(ours[code].counts, theirs[code].counts)
    ]  # fmt: skip
    return PortalGapPage(
        month=f"{first:%Y-%m}", tolerance=rules.TOLERANCE, tolerance_percent=round(rules.SHARE * 100),
        compared=len(both), beyond=sum(one.beyond for one in found),
        unpublished=[names[code] for code in sorted(ours.keys() - theirs.keys())],
        unreported=[names[code] for code in sorted(theirs.keys() - ours.keys())], unmapped=unmapped,
        items=sorted(
            (one for one in found if everything or one.beyond), key=lambda one: (-abs(one.gap), one.unit, one.measure)
        ),
    )  # fmt: skip


def _ours(session: Session, first: date, unit: Unit | None) -> dict[str, _Ours]:
    codes_of = {one.id: code for code, one in Reference.read(session).units.items()}
    last = first.replace(day=monthrange(first.year, first.month)[1])
    sums = [_T.received_online, _T.received_counter, _T.received_post, _T.resolved_early + _T.resolved_on_time,
            _T.resolved_overdue, _T.post_unsplit]  # fmt: skip
    query: Any = select(_T.unit_id, func.max(_T.day), *map(func.sum, sums)).where(_T.day.between(first, last))
    if unit is not None:
        query = query.where(_T.unit_id == unit.id)
    return {
        codes_of[number]: _Ours(rules.our_counts(*counts, is_split=not unsplit), through)
        for number, through, *counts, unsplit in session.execute(query.group_by(_T.unit_id))
    }


def _theirs(session: Session, first: date, unit: Unit | None) -> tuple[dict[str, _Theirs], list[str]]:
    """Return what the portal says by our unit, and the names of its agencies that are none."""
    parts: dict[str, list[_Theirs]] = defaultdict(list)
    unmapped = []
    for row in codes.month(session, first, unit).items:
        counts: Counts = {measure: getattr(row, measure.value) for measure in Measure}
        if row.unit is None:
            unmapped.append(row.name)
        elif any(count is not None for count in counts.values()):
            parts[row.unit].append(_Theirs(counts, row.known_at))
    return {
        code: _Theirs(rules.together(one.counts for one in of), min(one.known_at for one in of))
        for code, of in parts.items()
    }, unmapped  # fmt: skip
