"""Carrying a difference forward: the days that follow keep their adjustments, nothing goes past its limits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.throughput import carrying, rules
from app.throughput.carrying import LaterDay, carry, gone_by, nothing
from app.throughput.rules import Line

FIRST = date(2026, 11, 17)
FIELDS = ("HT", "CT", "LT")
small = st.integers(0, 6)
closes = st.dictionaries(st.sampled_from(FIELDS), small)


@st.composite
def lines(draw: st.DrawFn, close: Mapping[str, int]) -> dict[str, Line]:
    """Draw a balanced day after a close; here and there an opening is not the close before."""
    out = {}
    for code in FIELDS:
        opening = close.get(code, 0) if draw(st.integers(0, 5)) else draw(small)
        received = draw(small)
        resolved = draw(st.integers(0, opening + received))
        overdue = draw(st.integers(0, opening + received - resolved))
        line = replace(
            nothing(code), carried_over=opening, received_online=received, resolved_early=resolved,
            pending_in_time=opening + received - resolved - overdue, pending_overdue=overdue,
        )  # fmt: skip
        if not line.is_zero:
            out[code] = line
    return out


@st.composite
def weeks(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, int], list[LaterDay]]:
    """Draw a close, what it becomes, and the days after; the last ones may be locked."""
    before, after = draw(closes), draw(closes)
    close, days = before, []
    locked = draw(st.integers(0, 6))
    for number in range(draw(st.integers(0, 5))):
        of_day = draw(lines(close))
        days.append(LaterDay(FIRST + timedelta(days=number), number >= locked, of_day))
        close = closing(of_day)
    return before, after, days


def closing(of_day: Mapping[str, Line]) -> dict[str, int]:
    return {code: line.pending for code, line in of_day.items()}


def gaps(close: Mapping[str, int], of_day: Mapping[str, Line]) -> dict[str, int]:
    return rules.adjustments({code: line.carried_over for code, line in of_day.items()}, close)


@given(weeks())
def test_days_that_follow_keep_their_gaps(week: tuple[dict[str, int], dict[str, int], list[LaterDay]]) -> None:
    before, after, days = week
    carried = carry(before, after, days, lambda day, line: True)
    old, new = before, after
    left = set(carrying.changes(before, after))
    stopped = False
    for one in days:
        now = carried.days.get(one.day, dict(one.lines))
        was_gaps, now_gaps = gaps(old, one.lines), gaps(new, now)
        differ = {code for code in FIELDS if was_gaps.get(code, 0) != now_gaps.get(code, 0)}
        assert differ <= left, "only what changed before can show"
        stopped = stopped or bool(differ)
        assert stopped == (carried.stopped_at is not None and carried.stopped_at <= one.day)
        if one.is_locked:
            assert one.day not in carried.days
        old, new = closing(one.lines), closing(now)
        left = set(carrying.changes(old, new))
    if carried.stopped_at is None:
        assert all(gaps(a, b) == gaps(c, d) for a, b, c, d in _pairs(before, after, days, carried.days))


def _pairs(
    before: dict[str, int], after: dict[str, int], days: list[LaterDay], new: dict[date, dict[str, Line]]
) -> list[tuple[dict[str, int], Mapping[str, Line], dict[str, int], Mapping[str, Line]]]:
    out: list[tuple[dict[str, int], Mapping[str, Line], dict[str, int], Mapping[str, Line]]] = []
    for one in days:
        now = new.get(one.day, dict(one.lines))
        out.append((before, one.lines, after, now))
        before, after = closing(one.lines), closing(now)
    return out


@given(weeks())
def test_only_opening_and_in_time_stock_move_and_lines_stay_true(
    week: tuple[dict[str, int], dict[str, int], list[LaterDay]],
) -> None:
    before, after, days = week
    carried = carry(before, after, days, lambda day, line: True)
    standing = {one.day: one.lines for one in days}
    for day, now in carried.days.items():
        for code in FIELDS:
            was, line = standing[day].get(code, nothing(code)), now.get(code, nothing(code))
            moved = line.carried_over - was.carried_over
            assert line == replace(
                was, carried_over=was.carried_over + moved, pending_in_time=was.pending_in_time + moved
            )
            assert line.carried_over + line.received == line.resolved + line.pending
            assert min(line.carried_over, line.pending_in_time) >= 0
        assert not any(line.is_zero for line in now.values())


def test_a_stock_that_would_fall_below_zero_stops_there() -> None:
    days = [
        LaterDay(FIRST, False, {"HT": replace(nothing("HT"), carried_over=5, pending_in_time=5)}),
        LaterDay(
            FIRST + timedelta(days=1), False,
            {"HT": replace(nothing("HT"), carried_over=5, resolved_early=4, pending_in_time=1)},
        ),
    ]  # fmt: skip
    carried = carry({"HT": 5}, {"HT": 3}, days, lambda day, line: True)
    assert list(carried.days) == [FIRST]
    assert carried.days[FIRST]["HT"].pending_in_time == 3
    assert carried.stopped_at == FIRST + timedelta(days=1)


def test_what_a_day_does_not_take_stays_out_of_it() -> None:
    carried = carry({}, {"HT": 2}, [LaterDay(FIRST, False, {})], lambda day, line: False)
    assert (carried.days, carried.stopped_at) == ({}, FIRST)


def test_a_change_of_nothing_carries_nothing() -> None:
    days = [LaterDay(FIRST, True, {"HT": replace(nothing("HT"), carried_over=9, pending_in_time=9)})]
    assert carry({"HT": 4}, {"HT": 4, "LT": 0}, days, lambda day, line: True) == carrying.Carried({}, None)


def test_what_the_next_day_still_goes_by() -> None:
    earlier = [{"HT": 6, "DD": 2}, {"HT": 8, "DD": 2}]
    # HT opened as first closed, DD follows already, CT opened as nobody closed: that was typed.
    assert gone_by({"HT": 9, "DD": 5, "CT": 1}, {"HT": 6, "DD": 5, "CT": 4}, earlier) == {"HT": 6, "DD": 5, "CT": 1}
    assert gone_by({"HT": 9}, {}, [{}]) == {"HT": 0}
    assert gone_by({}, {"HT": 6}, earlier) == {"HT": 6}
