"""Periods, amounts, gaps, standing and pace: worked by hand where the figures are published, and as laws."""

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from app.core import i18n
from app.indicators.citations.rules import ASPECTS, COPIED, Change, Differs, change, differences
from app.indicators.rules import (
    LONGEST,
    AmbiguousAmount,
    Comparator,
    PeriodType,
    Standing,
    amount_of,
    before,
    figure,
    gap,
    is_stale,
    of_parts,
    period_at,
    period_of,
    rounded,
    text_of,
    worked_out,
    year_before,
)
from app.indicators.schemas import Figure, worked
from app.indicators.targets.rules import Goal, pace, reached, standing

DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))


@given(DAYS, st.sampled_from(PeriodType))
def test_a_day_lies_in_one_period_of_a_type_and_periods_follow_without_a_gap(day: date, kind: PeriodType) -> None:
    period = period_at(day, kind)
    assert period.first <= day <= period.last
    assert period_of(period.name) == period
    assert before(period).last + timedelta(days=1) == period.first
    assert year_before(period).type is kind
    assert year_before(period).first.year == period.first.year - 1


@pytest.mark.parametrize("name", ["2026-Q5", "2026-13", "2026-02-30", "26", "2026-1", "2026-00", "1899", "", "2026-Q"])
def test_what_is_no_period(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        period_of(name)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("93,37", "93.37"), ("93.37", "93.37"), ("1.234,5", "1234.5"), ("1 234", "1234"),
        ("81,2%", "81.2"), (0.25, "0.25"), (5, "5"), ("-0,5", "-0.5"), ("11.700.000", "11700000"),
        ("0.712", "0.712"), ("0,700", "0.700"), ("93,375", "93.375"), ("93.3750", "93.3750"), (93.375, "93.375"),
        ("0e-100000", "0"), (Decimal("1e14"), "100000000000000"),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(written: object, amount: str) -> None:
    assert amount_of(written) == Decimal(amount)


@pytest.mark.parametrize(
    "written",
    ["", "một", "1,2,3", True, None, "1e999", "nan", "inf", 1e20, "0.1234567", "1..2", "1," + "0" * 40, "1" * 5000,
     "0.700.000", "1e-100000"],
)  # fmt: skip
def test_what_is_no_amount(written: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        amount_of(written)


@pytest.mark.parametrize("written", ["1.234", "93.375", "-1.234", "93.375%", "100.000"])
def test_what_could_be_two_amounts_is_refused(written: str) -> None:
    with pytest.raises(AmbiguousAmount):
        amount_of(written)


@pytest.mark.parametrize("written", ["0e-100000", "0e-999999", "0e99999", "1e14", "1," + "0" * 20, -1.5, "0,000001"])
def test_an_amount_fits_its_column(written: object) -> None:
    assert len(text_of(amount_of(written))) <= LONGEST


@given(st.decimals(-(10**9), 10**9, places=4, allow_nan=False))
def test_an_amount_is_stored_to_the_digit(amount: Decimal) -> None:
    assert amount_of(text_of(amount)) == amount


def test_published_figures_that_do_not_add_up_show_their_gap() -> None:
    # 113/139 = 81.29 %, printed 81.2 %; 105/168 = 62.5 %, printed 62 %; 11/12 = 91.666 %, printed 91.67 %.
    assert gap("81.2", 113, 139, "percent") == Fraction(113 * 100, 139) - Fraction("81.2")
    assert gap("62", 105, 168, "percent") == Fraction(1, 2)
    assert gap("91.67", 11, 12, "percent") is None
    assert gap("1856", 1856, 2307, "procedures") is None
    assert of_parts(54, 72, "tasks") == 54
    assert gap("54", 54, 72, "tasks") is None
    assert gap("0.75", 54, 72, "ratio") is None
    assert gap("53", None, 1133, "percent") is None
    assert figure("81.2", 113, 139, "percent") == Fraction("81.2")  # as printed, never repaired
    assert figure(None, 113, 139, "percent") == Fraction(11300, 139)
    assert worked_out(0, 0, "percent") is None


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 4))
def test_a_value_rounded_half_up_has_no_gap(numerator: int, denominator: int, places: int) -> None:
    exact = Fraction(numerator * 100, denominator) * 10**places
    printed = Decimal((2 * exact.numerator + exact.denominator) // (2 * exact.denominator)).scaleb(-places)
    assert gap(text_of(printed), numerator, denominator, "percent") is None


class _Sent(BaseModel):
    value: Figure


@given(st.decimals(-(10**14), 10**14, places=6, allow_nan=False) | st.sampled_from([Decimal("0.700"), Decimal("1e14")]))
def test_an_amount_goes_out_and_comes_in_to_the_digit(amount: Decimal) -> None:
    stored = text_of(amount)
    sent = json.loads(_Sent(value=Decimal(stored)).model_dump_json(), parse_float=Decimal)["value"]
    assert amount_of(sent) == amount
    assert text_of(_Sent(value=Decimal(stored)).model_dump()["value"]) == stored  # in a table
    assert i18n.decimal(Decimal(stored), "en", 6, 2).replace(",", "") == stored  # on a page


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_what_was_worked_out_is_rounded_once_halves_away_from_zero(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    shown = _Sent(value=worked(exact))
    assert json.loads(shown.model_dump_json(), parse_float=Decimal)["value"] == rounded(exact, 6)
    assert shown.model_dump()["value"] == rounded(exact, 6)
    page = i18n.decimal(shown.value, "en", 6, 2).replace(",", "")
    assert Decimal(page) == rounded(exact, 2)
    assert page == text_of(rounded(exact, 2)) or exact.denominator == 1


def test_halves_are_not_rounded_to_the_even_digit() -> None:
    assert [i18n.decimal(worked(Fraction(n, 1000)), "vi", 6, 2) for n in (125, -125, 62_345)] == [
        "0,13", "-0,13", "62,35",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "goal", "stands"),
    [
        (80, Goal(Comparator.at_least, Fraction(80), None), Standing.met),
        (81, Goal(Comparator.at_least, Fraction(80), None), Standing.exceeded),
        (76, Goal(Comparator.at_least, Fraction(80), None), Standing.near),
        (75, Goal(Comparator.at_least, Fraction(80), None), Standing.not_met),
        (3, Goal(Comparator.at_most, None, Fraction(3)), Standing.met),
        (2, Goal(Comparator.at_most, None, Fraction(3)), Standing.exceeded),
        (4, Goal(Comparator.at_most, None, Fraction(3)), Standing.not_met),
        (5, Goal(Comparator.range, Fraction(4), Fraction(6)), Standing.met),
        (7, Goal(Comparator.range, Fraction(4), Fraction(6)), Standing.not_met),
        (40, Goal(Comparator.equal, Fraction(40), None), Standing.met),
        (39, Goal(Comparator.equal, Fraction(40), None), Standing.near),
        (None, Goal(Comparator.equal, Fraction(40), None), Standing.no_data),
        (40, None, Standing.no_target),
    ],
)
def test_how_a_reading_stands(value: int | None, goal: Goal | None, stands: Standing) -> None:
    assert standing(None if value is None else Fraction(value), goal) is stands


def test_a_strict_bound_is_not_met_by_itself_and_a_goal_is_not_missed_before_its_day() -> None:
    above, below = Goal(Comparator.more_than, Fraction(60), None), Goal(Comparator.less_than, None, Fraction(3))
    assert [standing(Fraction(n), above) for n in (61, 60, 50)] == [Standing.met, Standing.near, Standing.not_met]
    assert [standing(Fraction(n), below) for n in (2, 3, 4)] == [Standing.met, Standing.near, Standing.not_met]
    assert [standing(Fraction(n), above, is_due=False) for n in (61, 60, 50)] == [
        Standing.met, Standing.near, Standing.not_due,
    ]  # fmt: skip
    assert standing(None, above, is_due=False) is Standing.no_data
    at_bound = [(date(2025, 12, 31), Fraction(48)), (date(2026, 12, 31), Fraction(54))]
    found = pace(at_bound, above, date(2027, 12, 31))
    assert found is not None
    assert (found.expected, found.makes_it, found.since, found.until, found.readings) == (
        Fraction(60), False, date(2025, 12, 31), date(2026, 12, 31), 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "goal", "measure", "percent"),
    [
        (40, Goal(Comparator.at_least, Fraction(80), None), "percent", 50),
        (80, Goal(Comparator.at_least, Fraction(80), None), "percent", 100),
        (80, Goal(Comparator.more_than, Fraction(80), None), "percent", 99),
        (79.999, Goal(Comparator.at_least, Fraction(80), None), "percent", 99),
        (6, Goal(Comparator.at_most, None, Fraction(3)), "rank", 50),
        (2, Goal(Comparator.at_most, None, Fraction(3)), "rank", 100),
        (-4, Goal(Comparator.at_least, Fraction(80), None), "points", 0),
        (62.9, None, "percent", 62),
        (62, None, "points", None),
        (5, Goal(Comparator.range, Fraction(4), Fraction(6)), "percent", None),
    ],
)
def test_how_much_of_a_goal_is_reached(value: float, goal: Goal | None, measure: str, percent: int | None) -> None:
    assert reached(Fraction(value), goal, measure) == percent
    assert reached(None, goal, measure) is None


def test_growth_is_held_against_the_year_before() -> None:
    goal = Goal(Comparator.growth, Fraction(10), None)
    assert standing(Fraction(110), goal, Fraction(100)) is Standing.met
    assert standing(Fraction(105), goal, Fraction(100)) is Standing.not_met
    assert standing(Fraction(105), goal, None) is Standing.no_data
    assert standing(Fraction(105), goal, Fraction(0)) is Standing.no_data


@given(st.fractions(0, 100), st.fractions(0, 100), st.fractions(0, 100))
def test_more_never_stands_worse(one: Fraction, other: Fraction, bound: Fraction) -> None:
    goal = Goal(Comparator.at_least, bound, None)
    order = [Standing.not_met, Standing.near, Standing.met, Standing.exceeded]
    worse, better = sorted((one, other))
    assert order.index(standing(worse, goal)) <= order.index(standing(better, goal))


def test_the_pace_to_a_target() -> None:
    goal = Goal(Comparator.at_least, Fraction(80), None)
    points = [(date(2025, 11, 30), Fraction(60)), (date(2026, 11, 30), Fraction(66))]
    found = pace(points, goal, date(2027, 11, 30))
    assert found is not None
    assert (found.needed, found.actual, found.months_left) == (Fraction(14, 12), Fraction(1, 2), 12)
    assert (found.expected, found.makes_it) == (Fraction(72), False)
    alone = pace(points[1:], goal, date(2027, 11, 30))
    assert alone is not None
    assert (alone.actual, alone.makes_it) == (None, None)
    assert pace([], goal, date(2027, 11, 30)) is None
    over = pace(points, Goal(Comparator.at_most, None, Fraction(70)), date(2026, 11, 30))
    assert over is not None
    assert (over.months_left, over.makes_it) == (0, True)


@given(st.lists(st.fractions(0, 100), min_size=2, max_size=13), st.fractions(0, 100), st.integers(1, 60))
def test_who_keeps_the_needed_pace_makes_it(values: list[Fraction], bound: Fraction, months: int) -> None:
    points = [(period_at(date(2025, 1 + n, 1), PeriodType.month).last, v) for n, v in enumerate(values[:12])]
    due = date(2026 + months // 12, 1 + months % 12, 28)
    found = pace(points, Goal(Comparator.at_least, bound, None), due)
    assert found is not None
    assert found.actual is not None
    assert found.makes_it == (found.actual >= found.needed)


def test_a_figure_is_old_past_its_age_and_one_that_never_came_is_missing() -> None:
    assert is_stale(date(2026, 1, 1), 30, date(2026, 2, 1))
    assert not is_stale(date(2026, 1, 1), 31, date(2026, 2, 1))
    assert not is_stale(None, 30, date(2026, 2, 1))
    assert not is_stale(date(2020, 1, 1), None, date(2026, 2, 1))


def test_what_became_of_a_cited_figure() -> None:
    def became(differs: list[Differs] | None, was: bool, now: bool) -> Change:
        return change(differs, was_computed=was, is_computed=now)

    assert became([], True, True) is Change.unchanged
    assert became([Differs.as_of], True, True) is Change.recomputed
    assert became([Differs.figure], True, False) is Change.replaced
    assert became([], True, False) is Change.replaced
    assert became([Differs.figure], False, False) is Change.superseded
    assert became(None, False, False) is Change.gone


@pytest.mark.parametrize("name", COPIED)
def test_a_citation_names_what_differs_and_nothing_else(name: str) -> None:
    cited = dict.fromkeys(COPIED, 1)
    (aspect,) = differences(cited, cited | {name: 2})
    assert name in ASPECTS[aspect]
    assert differences(cited, dict(cited)) == []
