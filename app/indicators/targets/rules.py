"""How a reading stands to what was to be reached, and whether it will be: pure."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.indicators.rules import ABOVE, BELOW, PERCENT, PLAIN_OF, Comparator, Standing

NEAR = Fraction(5, 100)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached: `low` is the bound of ≥, >, = and growth, `high` that of ≤ and <; a range has both."""

    comparator: Comparator
    low: Fraction | None
    high: Fraction | None

    @property
    def bound(self) -> Fraction:
        """The one number of a goal that is no range; of a range its lower end."""
        found = self.high if self.comparator in BELOW else self.low
        assert found is not None
        return found

    def is_reached(self, value: Fraction) -> bool:
        """Tell whether a value is at the bound or beyond it; at a strict one, beyond it. Not of a range."""
        if value == self.bound:
            return self.comparator not in PLAIN_OF
        return (value < self.bound) is (self.comparator in BELOW)


def standing(
    value: Fraction | None, goal: Goal | None, before: Fraction | None = None, *, is_due: bool = True
) -> Standing:
    """Return how a reading stands to a goal; `before` is the reading a year earlier, for growth in per cent.

    Nearly met: within 5 % of the bound. A goal whose period has not ended is not missed yet.
    """
    found = _standing(value, goal, before)
    return Standing.not_due if found is Standing.not_met and not is_due else found


def _standing(value: Fraction | None, goal: Goal | None, before: Fraction | None) -> Standing:
    if value is None:
        return Standing.no_data
    if goal is None:
        return Standing.no_target
    if goal.comparator is Comparator.growth:
        if not before:
            return Standing.no_data
        value = (value - before) / abs(before) * 100
    if goal.comparator in (Comparator.equal, Comparator.range):
        low = goal.bound
        high = goal.high if goal.comparator is Comparator.range and goal.high is not None else low
        if low <= value <= high:
            return Standing.met
        missed = low - value if value < low else value - high
        return Standing.near if missed <= abs(low if value < low else high) * NEAR else Standing.not_met
    if goal.is_reached(value):
        # Beyond a strict bound is what was asked for.
        return Standing.met if value == goal.bound or goal.comparator in PLAIN_OF else Standing.exceeded
    return Standing.near if abs(value - goal.bound) <= abs(goal.bound) * NEAR else Standing.not_met


def reached(value: Fraction | None, goal: Goal | None, measure: str) -> int | None:
    """Return how much of a goal is reached, in whole per cent from 0 to 100; without one a percentage itself.

    None for a goal that has no one bound above nought. Only what is reached is 100.
    """
    if value is None:
        return None
    if goal is None:
        share = value / 100 if measure == PERCENT else None
    elif goal.comparator not in ABOVE | BELOW or goal.bound <= 0:
        return None
    elif goal.is_reached(value):
        return 100
    else:
        share = min(value / goal.bound if goal.comparator in ABOVE else goal.bound / value, Fraction(99, 100))
    return None if share is None else max(0, min(100, int(share * 100)))


@dataclass(frozen=True, slots=True)
class Pace:
    """Whether a target will be made: what each month must bring, and what each month brought.

    The actual pace rests on `readings` readings from `since` to `until`.
    """

    needed: Fraction
    actual: Fraction | None
    since: date | None
    until: date
    readings: int
    months_left: int
    expected: Fraction | None
    makes_it: bool | None


def months_between(first: date, last: date) -> int:
    """Return how many months lie between two days, by their months."""
    return (last.year - first.year) * 12 + last.month - first.month


def pace(points: list[tuple[date, Fraction]], goal: Goal, due: date) -> Pace | None:
    """Return the pace that a goal needs until its day against the one of the last twelve months' readings.

    `points` are the days that readings speak of, oldest first. None where there is no reading, or the goal is no bound.
    """
    if not points or goal.comparator not in ABOVE | BELOW:
        return None
    at, value = points[-1]
    left = max(0, months_between(at, due))
    since = [point for point in points[:-1] if 0 < months_between(point[0], at) <= 12]
    actual = (value - since[0][1]) / months_between(since[0][0], at) if since else None
    short = goal.bound - value
    needed = short / left if left else short
    expected = value + actual * left if actual is not None else None
    if expected is None:
        makes_it = True if goal.is_reached(value) and not left else None
    else:
        makes_it = goal.is_reached(expected)
    return Pace(needed, actual, since[0][0] if since else None, at, len(since) + 1, left, expected, makes_it)
