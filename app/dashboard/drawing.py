"""Parts of the page, drawn once for the same answers in a language: most of them are on the next page again."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.core import charts, i18n
from app.core.recent import Recent
from app.core.settings import Locale
from app.core.web import environment
from app.dashboard.schemas import DashboardOut, ServedDay

MOST = 4000  # a leader's page has eight of 40 KB in all, and two times 31 rows of days in them
ASKED = ("unit", "field", "period")
MACROS = ("charts", "figures", "tables")
_drawn: Recent[Any, tuple[Any, Markup]] = Recent(MOST)


class Duty(NamedTuple):
    """What was owed of a day: by how many units, of how many it is complete, and of how many not due yet."""

    day: date
    expected: int
    complete: int
    not_due: int


def duties(data: DashboardOut) -> tuple[Duty, ...]:
    """Return what was owed of each of the last days, which stays while the figures of a report are corrected."""
    days = data.served.series if data.served else []
    return tuple(Duty(one.day, one.expected, one.complete, one.not_due) for one in days)


class Course(NamedTuple):
    """What the last days are drawn by: the end of their scale, whether some are off, each day's rate on time."""

    top: int
    has_days_off: bool
    rates: list[float | None]

    @property
    def ends(self) -> tuple[float, float] | None:
        """The lowest and the highest of several rates."""
        known = [rate for rate in self.rates if rate is not None]
        return (min(known), max(known)) if len(known) > 1 else None


def course_of(days: Sequence[ServedDay]) -> Course | None:
    """Return that; None where nobody reported."""
    counts = [count for one in days for count in (one.received, one.resolved) if count is not None]
    if not counts:
        return None
    rates = [one.on_time.value if one.on_time else None for one in days if one.expected]
    return Course(charts.ceiling(counts), not all(one.expected for one in days), rates)


@lru_cache
def macros(locale: Locale) -> dict[str, Any]:
    """Return what every part may call, in a language: its files of macros, each read once and not by every part."""
    known = {"t": i18n.translator(locale), "locale": locale}
    files = {name: environment().get_template(f"macros/{name}.html").make_module(known) for name in MACROS}
    return {**files, "course_of": course_of}


@pass_context
def part(context: Context, name: str, *answers: str, **given: Any) -> Markup:
    """Return a part of the dashboard's page, from `dashboard/_<name>.html`.

    Its template knows nothing but the answers named, what was asked, what is given, and the language: by these it is
    kept. Answers are what a `Keeper` gives: the same object says the same, and nobody changes it. What is given is told
    apart by its value.
    """
    data, locale = context["data"], context["locale"]
    said = [getattr(data, answer) for answer in answers]
    asked = data.unit and (data.unit.code, data.unit.name), data.field, data.period
    values = (tuple(one) if isinstance(one, list) else one for one in given.values())
    key = name, locale, asked, *values, *map(id, said)
    found = _drawn.get(key)
    if found is None:
        of = {one: getattr(data, one) for one in ASKED} | dict(zip(answers, said, strict=True))
        shown = SimpleNamespace(**of)
        template = environment().get_template(f"dashboard/_{name}.html")
        known = {"data": shown, "locale": locale, "t": context["t"], "part": part}
        drawn = template.make_module(known | macros(locale) | given)
        found = said, escape(drawn)  # with what it says, so that no other object gets its number
        _drawn.put(key, found)
    return found[1]
