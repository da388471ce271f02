"""Which targets are missed, and which will be at the pace of the last twelve months."""

from collections import Counter
from datetime import datetime

from sqlmodel import Session

from app.core.clock import day_of
from app.indicators.overview import pacing
from app.indicators.overview.one import pace_out
from app.indicators.overview.schemas import MissedTarget, StandingCount
from app.indicators.overview.service import Filters, item, of_place
from app.indicators.place import Place
from app.indicators.rules import Standing


def missed(
    session: Session, place: Place, filters: Filters, now: datetime
) -> tuple[list[StandingCount], list[MissedTarget]]:
    """Return how many indicators stand how, and those off their target: missed ones first, by their sets."""
    every = of_place(session, place, filters, day_of(now))
    counts = Counter(h.standing for h in every)
    open_ends = [h for h in every if h.standing in (Standing.not_met, Standing.not_due)]
    paces = pacing.paces(
        session, place, [(h.reading, h.target, h.measure) for h in open_ends if h.reading and h.target]
    )
    found = []
    for h in sorted(open_ends, key=lambda h: h.standing is Standing.not_due):
        pace = paces.get(h.one.indicator.id)
        if h.standing is Standing.not_met or (pace is not None and pace.makes_it is False):
            shown = item(h, pace.makes_it if pace else None)
            found.append(MissedTarget(indicator=shown, pace=pace_out(h, pace)))
    return [StandingCount(standing=one, count=counts[one]) for one in Standing], found
