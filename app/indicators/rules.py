"""Periods, amounts and how a reading stands to its target: pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from app.core import periods

CITY, NATIONAL = "city", "national"
CODE = r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+"
SET_CODE = r"[A-Z][A-Z0-9]*"
PERCENT = "percent"
DIVIDED = frozenset({PERCENT, "ratio", "points"})  # of anything else a numerator is the count itself
PLACES = 6  # of an amount that is stored or sent
WORKED_PLACES = 12  # of one worked out, until it is rounded to be sent or shown
LONGEST = 30  # characters of an amount, as it is stored


class SetScope(StrEnum):
    """For whom a set is."""

    national = "national"
    city = "city"
    unit = "unit"


class Direction(StrEnum):
    """Whether more is better."""

    up = "up"
    down = "down"
    none = "none"


class Comparator(StrEnum):
    """How a reading is held against its target."""

    at_least = "at_least"
    more_than = "more_than"
    at_most = "at_most"
    less_than = "less_than"
    equal = "equal"
    range = "range"
    growth = "growth"


class PeriodType(StrEnum):
    """For what stretch of time an indicator is read."""

    day = "day"
    month = "month"
    quarter = "quarter"
    year = "year"


BELOW = frozenset({Comparator.at_most, Comparator.less_than})  # their bound is `high`
ABOVE = frozenset({Comparator.at_least, Comparator.more_than})
STRICT = {Comparator.at_least: Comparator.more_than, Comparator.at_most: Comparator.less_than}
PLAIN_OF = {strict: plain for plain, strict in STRICT.items()}
PLAIN = tuple(one for one in Comparator if one not in PLAIN_OF)


class ReadingState(StrEnum):
    """How sure a reading is; `not_available`: it is known that there is none."""

    provisional = "provisional"
    official = "official"
    not_available = "not_available"


class Standing(StrEnum):
    """How a reading stands to its target."""

    exceeded = "exceeded"
    met = "met"
    near = "near"
    not_due = "not_due"
    not_met = "not_met"
    no_target = "no_target"
    no_data = "no_data"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time by its ISO name, with its first and last day."""

    name: str
    type: PeriodType
    first: date
    last: date


@lru_cache(maxsize=4096)
def period_of(name: str) -> Period:
    """Return the period that an ISO name means (`2026-11-20`, `2026-11`, `2026-Q4`, `2026`); raises ValueError."""
    if re.fullmatch(periods.ISO, name) is None:
        raise ValueError(name)
    year = int(name[:4])
    if len(name) == 4:
        return Period(name, PeriodType.year, date(year, 1, 1), date(year, 12, 31))
    if name[5] == "Q":
        last = int(name[6]) * 3
        return Period(name, PeriodType.quarter, date(year, last - 2, 1), _month_end(year, last))
    if len(name) == 7:
        return Period(name, PeriodType.month, date(year, int(name[5:]), 1), _month_end(year, int(name[5:])))
    day = date.fromisoformat(name)
    return Period(name, PeriodType.day, day, day)


def period_written(text: str) -> Period:
    """Return the period that somebody's words mean: `quý 2/2026`, `Q2 2026`, `7/2026`, or its ISO name.

    Raises ValueError.
    """
    name = periods.iso_of(text)
    if name is None:
        raise ValueError(text)
    return period_of(name)


@lru_cache(maxsize=4096)
def period_at(day: date, kind: PeriodType) -> Period:
    """Return the period of a type in which a day lies."""
    if kind is PeriodType.day:
        return period_of(day.isoformat())
    if kind is PeriodType.month:
        return period_of(f"{day.year:04}-{day.month:02}")
    if kind is PeriodType.quarter:
        return period_of(f"{day.year:04}-Q{(day.month + 2) // 3}")
    return period_of(f"{day.year:04}")


def before(period: Period) -> Period:
    """Return the period of the same type that ends where this one begins."""
    return period_at(period.first - timedelta(days=1), period.type)


def year_before(period: Period) -> Period:
    """Return the same period of the year before; of 29 February, the 28th."""
    first = period.first
    day = date(first.year - 1, first.month, min(first.day, 28) if first.month == 2 else first.day)
    return period_at(day, period.type)


def _month_end(year: int, month: int) -> date:
    return date(year, 12, 31) if month == 12 else date(year, month + 1, 1) - timedelta(days=1)


class AmbiguousAmount(ValueError):
    """A text that could mean two amounts."""


def amount_of(written: object) -> Decimal:
    """Return the amount that a number or a text means; raises ValueError.

    Text is read as Vietnamese writes it: `93,37`, `1.234,5`, `11.700.000`; `93.37` and `0.712` are understood. `1.234`
    could be one thousand and more, or one and a bit: AmbiguousAmount.
    """
    if isinstance(written, bool) or not isinstance(written, int | float | str | Decimal):
        raise ValueError(written)
    # A float knows no places that were written: 50.0 is 50.
    text = str(int(written) if isinstance(written, float) and written.is_integer() else written)
    if isinstance(written, str):
        text = re.sub(r"[\s\u00a0\u202f]|%$", "", written.strip())
        if re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text):
            raise AmbiguousAmount(written)
        if re.fullmatch(r"-?[1-9]\d{0,2}(\.\d{3})+(,\d+)?", text):
            text = text.replace(".", "")
        text = text.replace(",", ".")
    if len(text) > LONGEST:
        raise ValueError(written)
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(written) from None
    if not found.is_finite() or abs(found) >= 10**15 or -int(found.normalize().as_tuple().exponent) > PLACES:
        raise ValueError(written)
    # Digits, not an exponent, are what is stored: `0e-100000` is plain nought.
    places = min(PLACES, places_of(found))
    return found.quantize(Decimal(1).scaleb(-places))


def text_of(amount: Decimal) -> str:
    """Return an amount as it is stored: plain digits, as many places as were given."""
    return format(amount, "f")


def rounded(value: Fraction, places: int = PLACES) -> Decimal:
    """Return a value rounded for showing or keeping, halves away from zero; exact however large it is."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal((int(value < 0 and whole > 0), tuple(map(int, str(whole))), -places))


def places_of(amount: Decimal) -> int:
    """Return how many decimal places an amount was given with."""
    return max(0, -int(amount.as_tuple().exponent))


def factor(measure: str) -> int:
    """Return what a share is multiplied by in a unit of measure: 100 where it is per cent."""
    return 100 if measure == PERCENT else 1


def worked_out(numerator: int | None, denominator: int | None, measure: str) -> Fraction | None:
    """Return numerator over denominator in the unit of measure; None without both, or over nothing."""
    if numerator is None or not denominator:
        return None
    return Fraction(numerator, denominator) * factor(measure)


def of_parts(numerator: int | None, denominator: int | None, measure: str) -> Fraction | None:
    """Return what parts that somebody gave say: divided for a share, ratio or score; else the count, of its base."""
    if measure in DIVIDED:
        return worked_out(numerator, denominator, measure)
    return None if numerator is None or not denominator else Fraction(numerator)


def figure(value: str | None, numerator: int | None, denominator: int | None, measure: str) -> Fraction | None:
    """Return what a reading says: the value as published, or else worked out from its parts."""
    return Fraction(value) if value is not None else worked_out(numerator, denominator, measure)


def is_outside_share(value: Fraction | None, measure: str) -> bool:
    """Tell whether a percentage is below 0 or above 100: of growth it may be, of a share it is a slip."""
    return measure == PERCENT and value is not None and not 0 <= value <= 100


def is_within(scope: SetScope, place: str, *, target: bool = False) -> bool:
    """Tell whether a set of a scope has readings, or targets, of a place.

    A set for units speaks of units; the city sets no targets for the country, though it is read beside it.
    """
    if scope is SetScope.unit:
        return place not in (CITY, NATIONAL)
    return scope is SetScope.national or place != NATIONAL or not target


def gap(value: str | None, numerator: int | None, denominator: int | None, measure: str) -> Fraction | None:
    """Return by how much the parts' value differs from the one published beside them; None where they agree.

    They agree where rounding to the published places, halves away from zero, gives what was published; of counts with a
    base the numerator is the value itself.
    """
    right = of_parts(numerator, denominator, measure)
    if value is None or right is None:
        return None
    return None if rounded(right, places_of(Decimal(value))) == Decimal(value) else right - Fraction(value)


def is_stale(as_of: date | None, expected_age: int | None, day: date) -> bool:
    """Tell whether a figure is older than the indicator lets it be; one that never came is missing, not old."""
    return expected_age is not None and as_of is not None and (day - as_of).days > expected_age
