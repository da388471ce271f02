"""What becomes of a gap as figures come, and how old it is: pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.calendar.rules import Calendar
from app.portal.comparison.rules import Gap, Tolerance


class GapSystem(StrEnum):
    """In whose software the dossiers lie; the portal counts both together."""

    city = "city"
    ministry = "ministry"
    both = "both"


class GapReason(StrEnum):
    """Why two systems differ, the likeliest first."""

    late_sync = "late_sync"
    not_digitised = "not_digitised"
    wrong_unit = "wrong_unit"
    received_for_others = "received_for_others"
    duplicate = "duplicate"
    withdrawn = "withdrawn"
    different_cut_off = "different_cut_off"
    unknown = "unknown"


class GapState(StrEnum):
    """Where a gap stands: it wants a reason, it has one and still stands, it is over."""

    open = "open"
    explained = "explained"
    closed = "closed"


class GapOwner(StrEnum):
    """The position that a gap waits for: of the gap's own unit, or the city's analyst."""

    ward_officer = "ward_officer"
    ward_leader = "ward_leader"
    city_analyst = "city_analyst"


class GapOutcome(StrEnum):
    """How a gap ended: by itself (`matched`, or `gone`: one side says nothing any more), or by the analyst's word."""

    matched = "matched"
    gone = "gone"
    accepted = "accepted"
    source_wrong = "source_wrong"
    report_wrong = "report_wrong"


class GapChange(StrEnum):
    """What happened to a gap."""

    opened = "opened"
    changed = "changed"
    explained = "explained"
    assigned = "assigned"
    closed = "closed"
    matched = "matched"
    gone = "gone"
    reopened = "reopened"


STANDING = (GapState.open, GapState.explained)
BY_HAND = (GapOutcome.accepted, GapOutcome.source_wrong, GapOutcome.report_wrong)
BEGUN = (GapChange.opened, GapChange.reopened)
ENDED = (GapChange.closed, GapChange.matched, GapChange.gone)
EXPLAINED_WITHIN = 3  # working days


@dataclass(frozen=True, slots=True)
class Standing:
    """A gap as it stands; `explained`: the size for which its reason was given."""

    state: GapState
    ours: int | None
    theirs: int | None
    outcome: GapOutcome | None = None
    explained: int | None = None

    @property
    def size(self) -> int | None:
        """What we had more, or (negative) less, when both sides were known."""
        return None if self.ours is None or self.theirs is None else self.ours - self.theirs


def followed(standing: Standing | None, found: Gap | None, tolerance: Tolerance) -> tuple[GapChange, Standing] | None:
    """Return what happens to a gap when both sides are compared anew (`found` None: they cannot be); None: nothing.

    Whether it stands, and with which figures, follows from the figures of now alone, so in whatever order they came the
    ledger is the same. A reason holds for gaps of the same direction that are no larger; the analyst's closing for that
    very difference.
    """
    if found is None or not found.is_beyond(tolerance):
        if standing is None or (standing.state is GapState.closed and standing.outcome not in BY_HAND):
            return None
        if found is None:
            return GapChange.gone, Standing(GapState.closed, None, None, GapOutcome.gone)
        return GapChange.matched, Standing(GapState.closed, found.ours, found.theirs, GapOutcome.matched)
    opened = Standing(GapState.open, found.ours, found.theirs)
    if standing is None:
        return GapChange.opened, opened
    if standing.state is GapState.closed:
        if standing.outcome not in BY_HAND or standing.size != found.size:
            return GapChange.reopened, opened
    elif standing.explained is not None and not _is_covered(found.size, standing.explained):
        return GapChange.reopened, opened
    if (standing.ours, standing.theirs) == (found.ours, found.theirs):
        return None
    return GapChange.changed, Standing(standing.state, found.ours, found.theirs, standing.outcome, standing.explained)


def _is_covered(size: int, explained: int) -> bool:
    return size * explained > 0 and abs(size) <= abs(explained)


class AgeGroup(StrEnum):
    """How old standing gaps are, in working days."""

    to_1 = "to_1"
    to_3 = "to_3"
    to_7 = "to_7"
    more = "more"


def age(calendar: Calendar, since: date, until: date) -> int:
    """Return for how many working days a gap has stood, the day on which it began not counted."""
    return calendar.working_days_between(since, max(since, until))


def age_group(days: int) -> AgeGroup:
    """Return the group of an age."""
    for most, group in ((1, AgeGroup.to_1), (3, AgeGroup.to_3), (7, AgeGroup.to_7)):
        if days <= most:
            return group
    return AgeGroup.more


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a gap's history."""

    day: date
    change: GapChange


@dataclass(frozen=True, slots=True)
class Episode:
    """From a gap's opening to its end: when it was explained first, when it was over."""

    opened_on: date
    explained_on: date | None = None
    ended_on: date | None = None


def episodes(history: Iterable[Step]) -> Iterator[Episode]:
    """Yield the times that a gap stood, from its history in order."""
    opened = explained = None
    for step in history:
        if step.change in BEGUN:
            if opened is not None:
                yield Episode(opened, explained, step.day)
            opened, explained = step.day, None
        elif opened is not None and step.change is GapChange.explained:
            explained = explained or step.day
        elif opened is not None and step.change in ENDED:
            if step.change is GapChange.closed:  # by the analyst's word, which says why
                explained = explained or step.day
            yield Episode(opened, explained, step.day)
            opened = explained = None
    if opened is not None:
        yield Episode(opened, explained)


class Explaining(StrEnum):
    """Whether a gap was explained in time; one that was over before its time asks for no reason."""

    in_time = "in_time"
    late = "late"
    over_before = "over_before"
    not_due = "not_due"


def explaining(one: Episode, calendar: Calendar, until: date) -> Explaining:
    """Tell whether a gap was explained within three working days, as known at the end of a day."""
    if one.explained_on is not None:
        in_time = age(calendar, one.opened_on, one.explained_on) <= EXPLAINED_WITHIN
        return Explaining.in_time if in_time else Explaining.late
    if age(calendar, one.opened_on, one.ended_on or until) > EXPLAINED_WITHIN:
        return Explaining.late
    return Explaining.over_before if one.ended_on is not None else Explaining.not_due
