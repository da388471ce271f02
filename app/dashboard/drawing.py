"""Parts of the page, drawn once for the same numbers in a language: most of them are on the next page again."""

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.core.web import environment
from app.dashboard.schemas import DashboardOut

MOST = 400  # a leader's page has eight, of 40 KB in all
ASKED = ("unit", "field", "period")
_drawn: dict[Any, Markup] = {}


@pass_context
def part(context: Context, name: str, *answers: str, **given: Any) -> Markup:
    """Return a part of the dashboard's page, from `dashboard/_<name>.html`.

    Its template knows nothing but the answers named, what was asked, what is given, and the language: these are what it
    is kept by.
    """
    data, locale, fields = context["data"], context["locale"], (*ASKED, *answers)
    key = name, locale, data.model_dump_json(include=set(fields)), *given.values()
    found = _drawn.get(key)
    if found is None:
        shown = DashboardOut.model_construct(**{field: getattr(data, field) for field in fields})
        template = environment().get_template(f"dashboard/_{name}.html")
        found = Markup(template.render(data=shown, locale=locale, t=context["t"], **given))  # noqa: S704
        while len(_drawn) >= MOST:  # others draw at the same time: what goes may be gone already
            _drawn.pop(next(iter(_drawn), None), None)
        _drawn[key] = found
    return found
