"""Periods as people write them mean the same as their ISO names, whatever the language of who writes."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import i18n
from app.core.periods import written
from app.core.settings import Locale
from app.core.web import environment
from app.indicators.rules import PeriodType, period_at, period_written


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("quý 2/2026", "2026-Q2"), ("Quý II/2026", "2026-Q2"), ("quý IV năm 2026", "2026-Q4"), ("Q2 2026", "2026-Q2"),
        ("q2/2026", "2026-Q2"), ("2026 Q2", "2026-Q2"), ("2026-q2", "2026-Q2"), ("quarter 2, 2026", "2026-Q2"),
        ("trimestre 2 2026", "2026-Q2"), ("quy 2 2026", "2026-Q2"), ("tháng 7/2026", "2026-07"), ("7/2026", "2026-07"),
        ("07-2026", "2026-07"), ("tháng 7 năm 2026", "2026-07"), ("2026/7", "2026-07"), ("7.2026", "2026-07"),
        ("năm 2026", "2026"), ("Năm  2026 ", "2026"), ("2026", "2026"), ("année 2026", "2026"),
        ("20/11/2026", "2026-11-20"), ("ngày 5 tháng 1 năm 2026", "2026-01-05"), ("2026/1/5", "2026-01-05"),
        ("2026-11-20", "2026-11-20"), ("2026-11", "2026-11"), ("2026-Q4", "2026-Q4"),
    ],
)  # fmt: skip
def test_a_period_is_read_as_people_write_it(typed: str, name: str) -> None:
    assert period_written(typed).name == name


@pytest.mark.parametrize(
    "written",
    # T2: the second month in Vietnamese, the second quarter in French.
    ["", "quý", "quý 5/2026", "13/2026", "0/2026", "30/2/2026", "2/26", "T2/2026", "quý 2", "6 tháng 2026", "2026-H2",
     "quý 2/2026 và quý 3/2026", "20/11/2026 đến 30/11/2026", "1899", "٢٠٢٦", "7/٢٠٢٦", "x" * 41, "2026-13"],
)  # fmt: skip
def test_what_could_be_none_or_two_periods_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        period_written(written)


@given(st.dates(date(1950, 1, 1), date(2150, 12, 31)), st.sampled_from(PeriodType), st.sampled_from(i18n.LOCALES))
def test_what_a_page_shows_of_a_period_is_read_as_that_period(day: date, kind: PeriodType, locale: Locale) -> None:
    words: Any = environment().get_template("indicators/_words.html").make_module({"t": i18n.translator(locale)})
    shown = period_at(day, kind)
    assert period_written(str(words.period(shown.name))) == shown
    assert period_written(written(shown.name)) == shown
