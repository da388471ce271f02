"""Parts of the page, drawn once for the same answers in a language: most of them are on the next page again."""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.core.recent import Recent
from app.core.web import environment
from app.dashboard.schemas import DashboardOut

MOST = 400  # a leader's page has eight, of 40 KB in all
ASKED = ("unit", "field", "period")
_drawn: Recent[Any, tuple[Any, Markup]] = Recent(MOST)


@pass_context
def part(context: Context, name: str, *answers: str, **given: Any) -> Markup:
    """Return a part of the dashboard's page, from `dashboard/_<name>.html`.

    Its template knows nothing but the answers named, what was asked, what is given, and the language: by these it is
    kept. Answers are what a `Keeper` gives: the same object says the same, and nobody changes it.
    """
    data, locale = context["data"], context["locale"]
    said = [getattr(data, answer) for answer in answers]
    asked = [getattr(data, one) for one in ASKED]
    key = name, locale, str(asked), *given.values(), *map(id, said)
    found = _drawn.get(key)
    if found is None:
        shown = DashboardOut.model_construct(**dict(zip((*ASKED, *answers), (*asked, *said), strict=True)))
        template = environment().get_template(f"dashboard/_{name}.html")
        drawn = template.make_module({"data": shown, "locale": locale, "t": context["t"], **given})
        found = said, escape(drawn)  # with what it says, so that no other object gets its number
        _drawn.put(key, found)
    return found[1]
