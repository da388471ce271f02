"""Stretches of time that the dashboard speaks of, and what each is held against: pure."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from app.core.periods import WEEK, iso_of
from app.indicators.rules import PeriodType, period_at, period_of


class SpanKind(StrEnum):
    """How long a stretch of time is."""

    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"
    year = "year"


SHOWN = (SpanKind.day, SpanKind.week, SpanKind.month, SpanKind.year)


@dataclass(frozen=True, slots=True)
class Span:
    """A day, ISO week, month, quarter or year by its name; `last` is earlier than its end while it runs."""

    kind: SpanKind
    name: str
    first: date
    last: date


def span_of(name: str) -> Span:
    """Return the span of an ISO name (`2026-11-20`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`); raises ValueError."""
    if re.fullmatch(WEEK, name):
        first = date.fromisocalendar(int(name[:4]), int(name[6:]), 1)
        return Span(SpanKind.week, name, first, first + timedelta(days=6))
    found = period_of(name)
    return Span(SpanKind(found.type.value), found.name, found.first, found.last)


def span_written(text: str) -> Span:
    """Return the span that somebody's words mean (`tuần 47/2026`, `11/2026`), or its ISO name; raises ValueError."""
    name = iso_of(text)
    if name is None:
        raise ValueError(text)
    return span_of(name)


def span_at(day: date, kind: SpanKind) -> Span:
    """Return the whole span of a kind in which a day lies."""
    if kind is SpanKind.week:
        year, week, _ = day.isocalendar()
        return span_of(f"{year:04}-W{week:02}")
    return span_of(period_at(day, PeriodType(kind.value)).name)


def until(span: Span, day: date) -> Span:
    """Return a span as far as a day, for one that still runs on it."""
    return replace(span, last=day) if span.first <= day < span.last else span


def before(span: Span) -> Span:
    """Return the span before: the whole of it, or as many of its days as a running one has had."""
    whole = span_at(span.first - timedelta(days=1), span.kind)
    if span.last == span_of(span.name).last:
        return whole
    return until(whole, whole.first + (span.last - span.first))
