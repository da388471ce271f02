"""The periods of statutory forms: days, months, quarters, halves, years; from the 15th to the 14th, or of the calendar.

Pure.
"""

import re
from datetime import date, timedelta
from enum import StrEnum

_PERIOD = re.compile(
    r"(?P<year>(?:19|20|21)\d\d)(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])|H(?P<half>[12])))?"
)


class Regime(StrEnum):
    """Where periods begin and end."""

    statutory = "statutory"
    calendar = "calendar"


def span(period: str, regime: Regime) -> tuple[date, date] | None:
    """Return the first and last day of a period; None for what names none.

    A statutory period ends on the 14th of its last month and begins on the 15th of the month before its first one; one
    day is that day in either regime.
    """
    found = _PERIOD.fullmatch(period)
    if found is None:
        try:
            day = date.fromisoformat(period) if re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", period) else None
        except ValueError:
            return None
        return (day, day) if day else None
    first, last = 1, 12
    if found["month"]:
        first = last = int(found["month"])
    elif found["quarter"]:
        first, last = int(found["quarter"]) * 3 - 2, int(found["quarter"]) * 3
    elif found["half"]:
        first, last = int(found["half"]) * 6 - 5, int(found["half"]) * 6
    year = int(found["year"])
    if regime is Regime.calendar:
        return _month(year, first, 1), _month(year, last + 1, 1) - timedelta(days=1)
    return _month(year, first - 1, 15), _month(year, last, 14)


def _month(year: int, month: int, day: int) -> date:
    """Return a day of a month counted from January, beyond the year's ends too."""
    months = year * 12 + month - 1
    return date(months // 12, months % 12 + 1, day)


def newest(today: date, regime: Regime) -> str:
    """Return the newest month that is over."""
    months = today.year * 12 + today.month - 1
    if regime is Regime.calendar or today.day < 15:
        months -= 1
    return f"{months // 12}-{months % 12 + 1:02}"
