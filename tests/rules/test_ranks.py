"""Intervals against tables worked out by hand, ranks against counting, changes against their own definition."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.throughput.ranking.rules import Change, Rate, changes, ranks, wilson
from app.throughput.rules import Share

# The two roots of (n + 3.8416)p² − (2k + 3.8416)p + k²/n = 0, worked out to six places by halving.
INTERVALS = [
    (0, 1, 0.0, 0.793457), (1, 1, 0.206543, 1.0), (0, 10, 0.0, 0.277540), (8, 10, 0.490157, 0.943319),
    (10, 10, 0.722460, 1.0), (11, 12, 0.646114, 0.985135), (12, 12, 0.757499, 1.0), (15, 30, 0.331539, 0.668461),
    (28, 30, 0.786762, 0.981523), (491, 493, 0.985330, 0.998887), (40_867, 44_825, 0.909039, 0.914293),
]  # fmt: skip


@pytest.mark.parametrize(("k", "n", "low", "high"), INTERVALS)
def test_an_interval_is_the_one_worked_out_by_hand(k: int, n: int, low: float, high: float) -> None:
    interval = wilson(Share(k, n))
    assert interval is not None
    assert (round(interval.low, 6), round(interval.high, 6)) == (low, high)


@pytest.mark.parametrize(("k", "n"), [(0, 0), (5, 4), (-1, 4), (3, -2), (0, -1)])
def test_what_is_no_proportion_has_no_interval(k: int, n: int) -> None:
    assert wilson(Share(k, n)) is None


@given(st.integers(1, 3_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_ends_solve_the_equation_of_the_interval(counted: tuple[int, int]) -> None:
    k, n = counted
    interval = wilson(Share(k, n))
    assert interval is not None
    z2, share = Fraction(49, 25) ** 2, Fraction(k, n)

    def off(p: Fraction) -> Fraction:  # below zero within the interval, above it outside
        return n * (p - share) ** 2 - z2 * p * (1 - p)

    step = Fraction(1, 10**13)
    low, high = Fraction(interval.low), Fraction(interval.high)
    assert 0 <= low <= share <= high <= 1
    assert (low == 0) if k == 0 else off(low - step) > 0 > off(low + step)
    assert (high == 1) if k == n else off(high + step) > 0 > off(high - step)
    mirrored = wilson(Share(n - k, n))
    assert mirrored is not None
    assert abs(mirrored.low - (1 - interval.high)) < 1e-14


def test_a_small_base_has_no_rank_and_takes_none() -> None:
    shares = {"nhỏ": Share(12, 12), "lớn": Share(491, 493), "vừa": Share(27, 30), "không": Share(0, 0)}
    assert ranks(shares, Rate.online, 30) == {"lớn": 1, "vừa": 2}
    assert ranks(shares, Rate.online, 12) == {"nhỏ": 1, "lớn": 2, "vừa": 3}
    assert ranks(shares, Rate.online, 0) == {"nhỏ": 1, "lớn": 2, "vừa": 3}, "nothing is no base, whatever the setting"


def test_equal_rates_share_a_rank_and_overdue_counts_the_other_way() -> None:
    shares = {"a": Share(1, 3), "b": Share(100, 300), "c": Share(2, 3), "d": Share(0, 50)}
    assert ranks(shares, Rate.on_time, 1) == {"c": 1, "a": 2, "b": 2, "d": 4}
    assert ranks(shares, Rate.overdue, 1) == {"d": 1, "a": 2, "b": 2, "c": 4}
    # Floats would take these two for the same.
    near = {"a": Share(10**17, 10**17 + 1), "b": Share(10**17 - 1, 10**17)}
    assert ranks(near, Rate.online, 1) == {"a": 1, "b": 2}


# Before: a 90, b 80, c 70, d 60 of 100. Who moved, and what each owes to itself and to the others.
MOVES = [
    # Only d moved, to the top: its own doing; the other three fell because of it.
    ((90, 80, 70, 95), {"d": (3, 3, 0), "a": (-1, 0, -1), "b": (-1, 0, -1), "c": (-1, 0, -1)}),
    # b stood still while c and d passed it.
    ((90, 80, 85, 82), {"a": (0, 0, 0), "b": (-2, 0, -2), "c": (1, 1, 0), "d": (1, 2, -1)}),
    # a fell to 75: two places by itself would be one (c had 70), and c's 78 took one more.
    ((75, 80, 78, 60), {"a": (-2, -1, -1), "b": (1, 0, 1), "c": (1, 0, 1), "d": (0, 0, 0)}),
    # All rose by the same: nobody moved, though each would have by itself.
    ((99, 89, 79, 69), {"a": (0, 0, 0), "b": (0, 0, 0), "c": (0, 0, 0), "d": (0, 0, 0)}),
]


@pytest.mark.parametrize(("now", "expected"), MOVES)
def test_a_change_is_split_into_own_and_others(now: tuple[int, ...], expected: dict[str, tuple[int, ...]]) -> None:
    before = {key: Share(n, 100) for key, n in zip("abcd", (90, 80, 70, 60), strict=True)}
    after = {key: Share(n, 100) for key, n in zip("abcd", now, strict=True)}
    assert changes(after, before, Rate.online, 30) == {key: Change(*parts) for key, parts in expected.items()}


counted = st.integers(0, 60).flatmap(lambda n: st.builds(Share, st.integers(0, 90), st.just(n)))
city = st.dictionaries(st.sampled_from("abcdefgh"), counted)


@given(city, city, st.sampled_from(Rate), st.integers(0, 40))
def test_ranks_and_changes_are_what_counting_gives(
    now: dict[str, Share], before: dict[str, Share], rate: Rate, base: int
) -> None:
    def rivals(shares: dict[str, Share], key: str) -> list[Fraction]:
        return [Fraction(*s) for k, s in shares.items() if k != key and s.denominator >= max(1, base)]

    def rank(value: Fraction, others: list[Fraction]) -> int:
        return 1 + sum(o < value if rate is Rate.overdue else o > value for o in others)

    found = ranks(now, rate, base)
    assert found == {
        key: rank(Fraction(*share), rivals(now, key)) for key, share in now.items() if share.denominator >= max(1, base)
    }
    earlier = ranks(before, rate, base)
    split = changes(now, before, rate, base)
    assert split.keys() == found.keys() & earlier.keys()
    for key, change in split.items():
        assert change.rank == change.own + change.others == earlier[key] - found[key]
        assert change.own == earlier[key] - rank(Fraction(*now[key]), rivals(before, key))
