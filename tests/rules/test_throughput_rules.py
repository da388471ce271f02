"""The arithmetic of the daily report: identities of a line, adjustments, periods, rates."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.throughput import rules, unusual
from app.throughput.rules import COLUMNS, FLOWS, MAX_COUNT, DayOf, Figures, Line, figures_of, period

PARTS: Mapping[str, str | None] = {
    "received_for_others": None, "waiting_applicant": "pending_in_time", "digitised": "received",
}  # fmt: skip
count = st.integers(0, MAX_COUNT)
small = st.integers(0, 20)


def typed(numbers: st.SearchStrategy[int] = small) -> st.SearchStrategy[dict[str, int | None]]:
    optional = ("carried_over", "received_post", "pending_in_time")
    return st.fixed_dictionaries({c: st.none() | numbers if c in optional else numbers for c in COLUMNS})


def balanced(line: Line) -> bool:
    return line.carried_over + line.received == line.resolved + line.pending


@given(typed(), small)
def test_a_line_balances_or_is_named(values: dict[str, int | None], before: int) -> None:
    line, broken = rules.complete(values, "HT", {}, before)
    codes = {b.code for b in broken}
    assert line.carried_over == (before if values["carried_over"] is None else values["carried_over"])
    assert line.received_post == values["received_post"]
    for column in set(COLUMNS) - {"carried_over", "received_post", "pending_in_time"}:
        assert getattr(line, column) == values[column]
    if values["pending_in_time"] is None:
        assert balanced(line)
        assert ("pending_negative" in codes) == (line.pending_in_time < 0)
        assert "unbalanced" not in codes
    else:
        assert line.pending_in_time == values["pending_in_time"]
        assert ("unbalanced" in codes) == (not balanced(line))
    assert ("withdrawn_over" in codes) == (line.withdrawn > line.resolved_on_time)
    if not broken:
        assert all(0 <= (getattr(line, c) or 0) <= MAX_COUNT for c in COLUMNS)


@given(typed(count), count)
def test_large_counts_stay_within_the_limit(values: dict[str, int | None], before: int) -> None:
    line, broken = rules.complete(values | {"pending_in_time": None}, "HT", {}, before)
    codes = {b.code for b in broken}
    assert ("number_too_large" in codes) == (line.pending_in_time > MAX_COUNT)


def test_how_far_a_line_is_off_is_said() -> None:
    values: dict[str, int | None] = dict.fromkeys(COLUMNS, 0)
    _, (broken,) = rules.complete(values | {"carried_over": 5, "pending_in_time": 9}, "HT", {}, 0)
    assert broken == ("", "unbalanced", {"n": 4, "total": 5, "accounted": 9})
    _, (broken,) = rules.complete(
        values | {"carried_over": 5, "resolved_early": 4, "pending_overdue": 3, "pending_in_time": None}, "HT", {}, 0
    )
    assert broken == ("pending_in_time", "pending_negative", {"available": 5, "used": 7, "n": 2})


@given(typed(), st.dictionaries(st.sampled_from([*PARTS, "odd"]), small))
def test_memo_counts_are_parts(values: dict[str, int | None], memo: dict[str, int]) -> None:
    line, broken = rules.complete(values, "HT", memo, 0)
    assume(not broken)
    wrong = {b.column: b.code for b in rules.broken_memos(line, PARTS)}
    for code, number in memo.items():
        over = code in PARTS and PARTS[code] is not None and number > getattr(line, str(PARTS[code]))
        assert wrong.get(f"memo/{code}") == ("unknown_memo" if code == "odd" else "memo_over" if over else None)


def test_a_memo_is_not_blamed_for_a_stock_below_zero() -> None:
    values: dict[str, int | None] = dict.fromkeys(COLUMNS, 0)
    line, broken = rules.complete(
        values | {"resolved_early": 3, "pending_in_time": None}, "HT", {"waiting_applicant": 0}, 0
    )
    assert [b.code for b in broken] == ["pending_negative"]
    assert rules.broken_memos(line, PARTS) == []


stocks = st.dictionaries(st.sampled_from(("HT", "CT", "LT", "DD")), st.integers(0, 9))


@given(stocks, stocks)
def test_adjustments_are_what_is_missing_between_two_days(opening: dict[str, int], closing: dict[str, int]) -> None:
    gaps = rules.adjustments(opening, closing)
    assert 0 not in gaps.values()
    for code in {*opening, *closing}:
        assert closing.get(code, 0) + gaps.get(code, 0) == opening.get(code, 0)
    assert sum(gaps.values()) == sum(opening.values()) - sum(closing.values())


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_a_reason_covers_no_more_than_it_was_given_for(adjustment: int, amount: int) -> None:
    covered = rules.explained(adjustment, amount)
    assert covered * adjustment >= 0
    assert abs(covered) <= min(abs(adjustment), abs(amount))
    if adjustment * amount > 0:
        assert abs(covered) == min(abs(adjustment), abs(amount))
    else:
        assert covered == 0


@st.composite
def good_lines(draw: st.DrawFn, opening: st.SearchStrategy[int] = small) -> Line:
    values = draw(typed()) | {"carried_over": draw(opening), "pending_in_time": None}
    total = sum(values[c] or 0 for c in ("carried_over", *rules.RECEIVED))
    for column in (*rules.RESOLVED, "pending_overdue"):
        values[column] = min(values[column] or 0, total)
        total -= values[column] or 0
    values["withdrawn"] = min(values["withdrawn"] or 0, values["resolved_on_time"] or 0)
    line, broken = rules.complete(values, "HT", {}, 0)
    assert not broken
    return line


@given(st.lists(good_lines()))
def test_sums_of_lines_balance_too(lines: list[Line]) -> None:
    total = figures_of(lines)
    assert total.difference == 0
    assert total.total == total.resolved + total.pending
    for column in COLUMNS:
        assert getattr(total, column) == sum(getattr(line, column) or 0 for line in lines)
    assert total.post_unsplit == sum(line.received_post is None for line in lines)
    halves = figures_of(lines[::2]).add(figures_of(lines[1::2]))
    assert halves == total


@st.composite
def days(draw: st.DrawFn) -> list[DayOf]:
    """Draw days in a row whose adjustments are what lies between them, explained in whole or part."""
    out: list[DayOf] = []
    for line in draw(st.lists(good_lines(), max_size=6)):
        gap = line.carried_over - out[-1].figures.pending if out else draw(st.integers(-5, 5))
        out.append(DayOf(figures_of([line]), gap, rules.explained(gap, draw(st.integers(-20, 20)))))
    return out


@given(days())
def test_a_period(of: list[DayOf]) -> None:
    sums = period(of)
    for column in (*FLOWS, "post_unsplit"):
        assert getattr(sums, column) == sum(getattr(d.figures, column) for d in of)
    if not of:
        assert sums == Figures()
        return
    assert sums.carried_over == of[0].figures.carried_over + sum(d.explained for d in of[1:])
    assert (sums.pending_in_time, sums.pending_overdue) == (
        of[-1].figures.pending_in_time, of[-1].figures.pending_overdue,
    )  # fmt: skip
    assert sums.adjustments == sum(d.adjustment for d in of[1:])
    # What does not add up is exactly what nobody explained.
    assert sums.difference == sum(d.adjustment - d.explained for d in of[1:])


@given(days(), st.data())
def test_a_period_is_its_two_parts(of: list[DayOf], data: st.DataObject) -> None:
    """Flows add up over any cut; the stock at the cut is joined by the first later day's adjustment."""
    cut = data.draw(st.integers(0, len(of)))
    whole, first, second = period(of), period(of[:cut]), period(of[cut:])
    for column in FLOWS:
        assert getattr(whole, column) == getattr(first, column) + getattr(second, column)
    if 0 < cut < len(of):
        joint = of[cut]
        assert (
            whole.carried_over
            == first.carried_over + second.carried_over - joint.figures.carried_over + joint.explained
        )
        assert whole.adjustments == first.adjustments + second.adjustments + joint.adjustment
        assert whole.pending == second.pending


@given(good_lines())
def test_rates_are_two_integers(line: Line) -> None:
    rates = rules.rates(line)
    assert set(rates) == {"online", "on_time", "overdue", "settlement", "qd766_progress"}
    for name, share in rates.items():
        assert share.numerator >= 0
        assert share.denominator >= 0
        if share.denominator == 0:
            assert share.value is None, name
        elif name != "settlement":  # more may be resolved than came in
            assert 0 <= (share.value or 0) <= 1, name
    assert rules.rates(figures_of([line])) == rates
    assert rates["on_time"].numerator + line.resolved_overdue == rates["on_time"].denominator
    assert rates["overdue"].denominator == line.resolved + line.pending


@pytest.mark.parametrize(
    ("value", "past", "found"),
    [
        (100, [20, 20], None),
        (80, [20, 20, 20], (20, 80)),
        (79, [20, 20, 20], None),
        (0, [20, 20, 20], (20, 0)),
        (5, [25, 25, 25, 1], (25, 5)),
        (7, [25, 25, 25, 1], None),
        (20, [0, 0, 0], (0, 20)),
        (19, [0, 0, 0], None),
        (0, [0, 0, 0], None),
    ],
)
def test_a_day_unlike_its_weekday(value: int, past: list[int], found: tuple[int, int] | None) -> None:
    assert unusual.is_unusual(value, past) == found


def test_a_line_of_zeros_says_nothing() -> None:
    zero: dict[str, Any] = dict.fromkeys(COLUMNS, 0) | {"field": "HT"}
    assert Line(**zero).is_zero
    assert Line(**(zero | {"received_post": None, "memo": {"digitised": 0}})).is_zero
    assert not Line(**(zero | {"memo": {"received_for_others": 1}})).is_zero
    for column in set(COLUMNS) - {"withdrawn"}:
        assert not Line(**(zero | {column: 1})).is_zero
