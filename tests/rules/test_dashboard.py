"""The spans of the dashboard: by name, as far as a day, and what each is held against."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard.rules import Span, SpanKind, before, span_at, span_of, until

DAYS = st.dates(date(1950, 1, 10), date(2150, 1, 1))
KINDS = st.sampled_from(SpanKind)


@given(DAYS, KINDS)
def test_a_day_lies_in_the_span_of_it_and_its_name_means_that_span(day: date, kind: SpanKind) -> None:
    span = span_at(day, kind)
    assert span.first <= day <= span.last
    assert span_of(span.name) == span
    assert span.kind is kind


@given(DAYS, KINDS)
def test_the_span_before_a_whole_one_ends_where_it_begins(day: date, kind: SpanKind) -> None:
    span = span_at(day, kind)
    assert before(span).last == span.first - timedelta(days=1)
    assert before(span).kind is kind


@given(DAYS, KINDS)
def test_a_running_span_is_held_against_no_more_days_than_it_has_had(day: date, kind: SpanKind) -> None:
    span = until(span_at(day, kind), day)
    earlier = before(span)
    assert earlier.last < span.first
    assert earlier.first == span_at(earlier.first, kind).first
    if span.last < span_at(day, kind).last:
        assert earlier.last - earlier.first <= span.last - span.first


def test_a_long_month_is_held_against_the_whole_of_a_short_one() -> None:
    running = until(span_of("2026-03"), date(2026, 3, 30))
    assert before(running) == Span(SpanKind.month, "2026-02", date(2026, 2, 1), date(2026, 2, 28))
    assert until(span_of("2026-03"), date(2026, 2, 1)) == span_of("2026-03"), "not begun"


@pytest.mark.parametrize("name", ["2026-13", "2026-02-30", "2026-W54", "2025-W53", "2026-w47", "26-11", "2026-Q5"])
def test_what_names_no_span_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        span_of(name)
