"""Ranks of units by a rate: how sure a rate is, who has a rank, whose doing a change of rank is. Pure."""

from bisect import bisect_left
from collections.abc import Hashable, Mapping
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, TypeVar

from app.throughput.rules import Share

Key = TypeVar("Key", bound=Hashable)


class Rate(StrEnum):
    """The rates that units are ranked by."""

    online = "online"
    on_time = "on_time"
    overdue = "overdue"
    settlement = "settlement"


# More may be resolved than was received: settlement is no share of anything, and has no interval.
PROPORTIONS = frozenset({Rate.online, Rate.on_time, Rate.overdue})
LESS_IS_BETTER = frozenset({Rate.overdue})
# z = 1.96 for 95 %; its square is 2401/625.
_Z2, _SCALE = 2401, 625


class Interval(NamedTuple):
    """Where a proportion may truly lie."""

    low: float
    high: float


class Change(NamedTuple):
    """Places gained since the previous period (lost: below zero): in all, by a unit's own doing, by the others'."""

    rank: int
    own: int
    others: int


def wilson(share: Share) -> Interval | None:
    """Return the Wilson interval at 95 % of a proportion; None where it is none: over nothing, or over the whole.

    The ends solve n(p − k/n)² = z²p(1 − p); exactly 0 and 1 where nothing or all was counted.
    """
    k, n = share.numerator, share.denominator
    if not 0 <= k <= n or n == 0:
        return None
    with localcontext(prec=40):
        middle = Decimal(2 * _SCALE * k + _Z2)
        root = (Decimal(4 * _Z2 * _SCALE * k * (n - k)) / n + _Z2 * _Z2).sqrt()
        below = 2 * (_SCALE * n + _Z2)
        return Interval(float((middle - root) / below), float((middle + root) / below))


def ranks(shares: Mapping[Key, Share], rate: Rate, minimum_base: int) -> dict[Key, int]:
    """Return the ranks, 1 for the best, the same for the same rate; none under the minimum base."""
    places = _places(shares, rate, minimum_base)
    ordered = sorted(places.values())
    return {key: 1 + bisect_left(ordered, place) for key, place in places.items()}


def changes(now: Mapping[Key, Share], before: Mapping[Key, Share], rate: Rate, minimum_base: int) -> dict[Key, Change]:
    """Return how ranks changed, for who has one in both periods.

    A unit's own part is what its new rate would have brought it among the others' previous ones; the rest is theirs.
    """
    new, old = _places(now, rate, minimum_base), _places(before, rate, minimum_base)
    new_order, old_order = sorted(new.values()), sorted(old.values())
    found = {}
    for key in new.keys() & old.keys():
        was, is_now = 1 + bisect_left(old_order, old[key]), 1 + bisect_left(new_order, new[key])
        # Among the others only: its own previous rate is no rival.
        alone = 1 + bisect_left(old_order, new[key]) - (old[key] < new[key])
        found[key] = Change(was - is_now, was - alone, alone - is_now)
    return found


def _places(shares: Mapping[Key, Share], rate: Rate, minimum_base: int) -> dict[Key, Fraction]:
    """Return what ranks are sorted by, exactly: two shares that are equal share their rank."""
    sign = 1 if rate in LESS_IS_BETTER else -1
    least = max(1, minimum_base)
    return {key: Fraction(sign * s.numerator, s.denominator) for key, s in shares.items() if s.denominator >= least}
