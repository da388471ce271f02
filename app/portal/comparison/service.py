"""Comparing what the portal publishes of a period with our reports of it, its days as far as they can be derived."""

from calendar import monthrange
from datetime import date, timedelta

from sqlmodel import Session

from app.portal.codes import service as codes
from app.portal.comparison import reading
from app.portal.comparison.rules import (
    Counts,
    Measure,
    Tolerance,
    compared,
    span_of,
    together,
)
from app.portal.comparison.schemas import DerivedDayOut, DerivedDayPage, PortalComparison, PortalDifferenceOut
from app.throughput.forms import Reference
from app.units.models import Unit


def of_period(
    session: Session, period: str, unit: Unit | None, tolerance: Tolerance, *, everything: bool
) -> PortalComparison:
    """Return the differences of a period beyond the tolerance, or (`everything`) all of them, the largest first."""
    both = reading.sides(session, period, None if unit is None else [unit.code])
    ours, theirs = both.ours, both.theirs
    names = {code: one.name for code, one in Reference.read(session).units.items()}
    of_both = sorted(ours.keys() & theirs.keys())
    found = [
        PortalDifferenceOut(
            unit=code, name=names[code], measure=gap.measure, ours=gap.ours, theirs=gap.theirs, gap=gap.size,
            beyond=gap.is_beyond(tolerance), through=ours[code].through, known_at=theirs[code].known_at,
        )
        for code in of_both for gap in compared(ours[code].counts, theirs[code].counts)
    ]  # fmt: skip
    return PortalComparison(
        period=period, span=span_of(period), tolerance=tolerance.dossiers,
        tolerance_share=tolerance.hundredths / 10_000, compared=len(of_both),
        beyond=sum(one.beyond for one in found),
        unpublished=[names[code] for code in sorted(ours.keys() - theirs.keys())],
        unreported=[names[code] for code in sorted(theirs.keys() - ours.keys())], unmapped=both.unmapped,
        items=sorted(
            (one for one in found if everything or one.beyond), key=lambda one: (-abs(one.gap), one.unit, one.measure)
        ),
    )  # fmt: skip


def derived_days(session: Session, unit: Unit, first: date) -> DerivedDayPage:
    """Return a unit's month by the days on which the portal was asked, the newest first.

    The portal publishes totals alone: a day is the difference of two of them, and holds what was mended of days before.
    """
    last = first.replace(day=monthrange(first.year, first.month)[1])
    cut_off = Reference.read(session).form.city_cut_off
    by_day: dict[date, list[codes.Published]] = {}
    for day, one in codes.marks(session, first, last, unit):
        by_day.setdefault(day, []).append(one)
    items: list[DerivedDayOut] = []
    before: tuple[date | None, Counts] = (None, dict.fromkeys(Measure, 0))
    for of_day in by_day.values():
        known_at = min(one.known_at for one in of_day)
        through = reading.counted_through(known_at, cut_off)
        totals = together({measure: one.counts[measure.value] for measure in Measure} for one in of_day)
        start = first if before[0] is None else before[0] + timedelta(days=1)
        ours = reading.of_days(session, unit, start, through)
        for measure in Measure:
            theirs = _less(totals[measure], before[1][measure])
            items.append(
                DerivedDayOut(
                    day=through, since=before[0], measure=measure, ours=ours[measure], total=totals[measure],
                    theirs=theirs, gap=_less(ours[measure], theirs), derived=True, known_at=known_at,
                )
            )  # fmt: skip
        before = through, totals
    items.sort(key=lambda one: one.day, reverse=True)  # stable: the measures keep their order
    return DerivedDayPage(unit=unit.code, name=unit.name, month=f"{first:%Y-%m}", items=items)


def _less(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other
