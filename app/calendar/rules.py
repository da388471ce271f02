"""Which days are worked, and counting by them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)
SATURDAY = 5


class DayKind(StrEnum):
    """Why a day is not what its weekday says."""

    HOLIDAY = "holiday"
    DAY_OFF_IN_LIEU = "day_off_in_lieu"
    SWAPPED_WORKING_DAY = "swapped_working_day"
    LOCAL_CLOSURE = "local_closure"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one unit, or of the city: Monday to Friday but for the days named here.

    A closure is stronger than a swapped working day: a flood is not put off.
    """

    days_off: frozenset[date] = frozenset()
    days_worked: frozenset[date] = frozenset()
    closures: frozenset[date] = frozenset()
    saturday_services: tuple[tuple[date, date | None], ...] = ()

    def is_working_day(self, day: date) -> bool:
        """Tell whether the unit works on a day, and so owes what is due by working days."""
        if day in self.closures:
            return False
        if day in self.days_worked:
            return True
        return day.weekday() < SATURDAY and day not in self.days_off

    def may_serve(self, day: date) -> bool:
        """Tell whether the unit may report on a day: a working day, or a Saturday of its own service.

        Such a Saturday is no working day: nobody is nagged and no term counts it.
        """
        if self.is_working_day(day):
            return True
        if day.weekday() != SATURDAY or day in self.days_off or day in self.closures:
            return False
        return any(first <= day and (last is None or day <= last) for first, last in self.saturday_services)

    def next_working_day(self, day: date) -> date:
        """Return the first working day after a day."""
        return self.add_working_days(day, 1)

    def add_working_days(self, day: date, n: int) -> date:
        """Return the `n`th working day after a day (before it, if negative); the day itself is never counted."""
        step = _DAY if n > 0 else -_DAY
        for _ in range(abs(n)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def working_days(self, first: date, last: date) -> Iterator[date]:
        """Yield the working days from `first` to `last`, both included."""
        day = first
        while day <= last:
            if self.is_working_day(day):
                yield day
            day += _DAY

    def working_days_between(self, first: date, last: date) -> int:
        """Return how many working days come after `first`, up to and with `last`; negative when `last` is earlier.

        `add_working_days(first, working_days_between(first, last))` is `last` where `last` is a working day.
        """
        if last < first:
            return -self.working_days_between(last, first)
        return sum(1 for _ in self.working_days(first + _DAY, last))
