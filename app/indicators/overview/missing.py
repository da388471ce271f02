"""Which targets are missed, and which will be at the pace of the last twelve months."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from app.indicators.overview import pacing
from app.indicators.overview.one import pace_out
from app.indicators.overview.schemas import MissedTarget, StandingCount
from app.indicators.overview.service import Filters, defined_at, held, item, speaking_of
from app.indicators.place import Place
from app.indicators.rules import Standing
from app.indicators.sets.service import Defined
from app.indicators.targets import service as targets
from app.indicators.targets.service import Targets


@dataclass(frozen=True)
class Aims:
    """The indicators of a place and their targets: what figures are held against, and nothing that figures move."""

    found: list[Defined]
    goals: Targets


def aims(session: Session, place: Place, filters: Filters, day: date) -> Aims:
    """Return what holds on a day; it may be kept longer than the session."""
    found = defined_at(session, place, filters, day)
    goals = targets.of_indicators(session, [one.indicator.id for one in found])
    session.expunge_all()  # nothing that somebody else's session does to rows reaches them
    return Aims(found, dict(goals))


def missed(session: Session, place: Place, of: Aims, day: date) -> tuple[list[StandingCount], list[MissedTarget]]:
    """Return how many indicators stand how, and those off their target: missed ones first, by their sets."""
    every = speaking_of(place, held(session, of.found, place, day, of.goals))
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
