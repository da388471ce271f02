"""Which targets are missed, and which will be at the pace of the last twelve months."""

from collections import Counter
from datetime import date

from sqlmodel import Session

from app.indicators.overview import pacing
from app.indicators.overview.one import pace_out
from app.indicators.overview.schemas import MissedTarget, StandingCount
from app.indicators.overview.service import Aims, Filters, aims_of, defined_at, held, item, speaking_of
from app.indicators.place import Place
from app.indicators.rules import Standing
from app.indicators.sets.service import Defined


def aims(session: Session, place: Place, filters: Filters, day: date) -> tuple[list[Defined], Aims]:
    """Return the indicators that hold on a day, and what readings are held against: nothing that figures move.

    It may be kept longer than the session.
    """
    found = defined_at(session, place, filters, day)
    against = aims_of(session, found)
    session.expunge_all()  # nothing that becomes of rows in this session reaches them
    return found, against


def missed(
    session: Session, place: Place, found: list[Defined], against: Aims, day: date
) -> tuple[list[StandingCount], list[MissedTarget]]:
    """Return how many indicators stand how, and those off their target: missed ones first, by their sets."""
    every = speaking_of(place, held(session, found, place, day, against))
    counts = Counter(h.standing for h in every)
    open_ends = [h for h in every if h.standing in (Standing.not_met, Standing.not_due)]
    aimed = [(h.reading, h.target, h.measure) for h in open_ends if h.reading and h.target]
    paces = pacing.paces(session, place, aimed, against.measures)
    shown = []
    for h in sorted(open_ends, key=lambda h: h.standing is Standing.not_due):
        pace = paces.get(h.one.indicator.id)
        if h.standing is Standing.not_met or (pace is not None and pace.makes_it is False):
            one = item(h, pace.makes_it if pace else None)
            shown.append(MissedTarget(indicator=one, pace=pace_out(h, pace)))
    return [StandingCount(standing=one, count=counts[one]) for one in Standing], shown
