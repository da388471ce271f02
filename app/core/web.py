"""The two doors and the renderer that answers at each: JSON for clients, pages for people, files for spreadsheets."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.routing import iter_route_contexts
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from pydantic import BaseModel

from app.core import charts, done, i18n, tables
from app.core.clock import day_of, now_of
from app.core.errors import Problem
from app.core.paging import Page
from app.core.periods import written
from app.core.settings import project_root
from app.core.versions import WITHOUT_CONTENT, content_tag, named
from app.core.versions import etag as make_etag

API = "/api/v1"
Door = Literal["api", "people"]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True)
class Form:
    """How a refused form is drawn again: its template and what the page needs besides the typed values."""

    template: str
    load: Callable[..., Any] | None
    more: Callable[..., dict[str, Any]] | None


def form(
    template: str, load: Callable[..., Any] | None = None, more: Callable[..., dict[str, Any]] | None = None
) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint so that a refusal at the people's door redraws its form with status and messages.

    `load(request, session)` gives the template's `data`; the typed values come beside it as `typed`.
    `more(request, session, problem, data)` gives what else the page shows, its own `faults` and `typed` included.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.form = Form(template, load, more)  # type: ignore[attr-defined]
        return endpoint

    return mark


class Renderer:
    """Answers one request in the shape its door and suffix ask for."""

    def __init__(self, request: Request) -> None:
        self.request = request

    @property
    def door(self) -> Door:
        door: Door = self.request.state.door
        return door

    def __call__(
        self,
        data: Any,
        template: str,
        *,
        version: int | str | None = None,
        table: Callable[[], tables.Table] | None = None,
        **context: Any,
    ) -> Response:
        """Answer a reading request: `data` is a Pydantic model, `table` its rows where a file may be asked for."""
        shape = self._shape(table is not None)
        if shape in ("csv", "xlsx"):
            assert table is not None
            return self._done(_file(table(), shape))
        if shape == "json":
            response = Response(to_json(data), media_type="application/json")
            tag = make_etag(version, response.body) if version is not None else content_tag(response.body)
        else:
            response = self.page(template, data=data, **context)
            tag = content_tag(response.body)
        response.headers["ETag"] = tag
        response.headers["Vary"] = "Accept, Accept-Language, Cookie, Authorization, HX-Request-Type"
        if tag.removeprefix("W/").strip('"') in (named(self.request.headers.get("if-none-match")) or ()):
            kept = {k: v for k, v in response.headers.items() if k in WITHOUT_CONTENT}
            response = Response(status_code=304, headers=kept)
        return self._done(response)

    def every(self, read: Callable[[Page], Any]) -> list[Any]:
        """Return all rows of a list for a file, whatever page was asked for; raises Problem where they are too many."""
        limit = self.request.app.state.settings.file_rows_max
        found = read(Page(limit, None))
        if found.next is not None:
            raise Problem("table_too_long", status=422, values={"limit": limit})
        items: list[Any] = found.items
        return items

    def saved(
        self,
        data: Any,
        *,
        to: str,
        created: bool = False,
        version: int | str | None = None,
        location: str | None = None,
    ) -> Response:
        """Answer a writing request: 201 or 200 with the row for a client, a redirect to a page for a person."""
        if self.door == "api":
            response = Response(to_json(data), 201 if created else 200, media_type="application/json")
            if created and location:
                response.headers["Location"] = API + location
        else:
            response = done.marked(self.request, see_other(self.request, to))
        if version is not None:
            response.headers["ETag"] = make_etag(version)
        return self._done(response)

    def gone(self, *, to: str) -> Response:
        """Answer a deletion: 204 for a client, a redirect for a person."""
        if self.door == "api":
            return self._done(Response(status_code=204))
        return self._done(done.marked(self.request, see_other(self.request, to)))

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """Answer with a page, or with its fragment when htmx asked for a part."""
        request = self.request
        partial = request.headers.get("hx-request-type") == "partial"
        locale = request.state.locale
        caller = getattr(request.state, "caller", None)
        provided = request.app.state.page_context(request, caller)
        just_done = status == 200 and done.is_said(request)
        body = (
            environment()
            .get_template(template)
            .render(
                {
                    "data": None,
                    "errors": [],
                    "typed": None,
                    "just_done": just_done,
                    **provided,
                    **context,
                    "layout": "layouts/fragment.html" if partial else "layouts/page.html",
                    "t": i18n.translator(locale),
                    "locale": locale,
                    "caller": caller,
                    "path": request.url.path,
                    "query": request.url.query,
                    "host": request.url.netloc,
                    "settings": request.app.state.settings,
                    "demo": request.app.state.settings.demonstration,
                    "now": now_of(request),
                }
            )
        )
        response = Response(body, status, media_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-cache"
        if just_done:
            done.forget(response)
        if (
            request.method == "GET"
            and status == 200
            and request.scope.get("endpoint") not in request.app.state.page_only
        ):
            query = f"?{request.url.query}" if request.url.query else ""
            twin = f"{API}{quote(request.url.path)}{query}"
            response.headers["Link"] = f'<{twin}>; rel="alternate"; type="application/json"'
        return response

    def _shape(self, has_table: bool) -> str:
        wanted = self.request.state.format
        if wanted is None and self.door == "api" and self.request.headers.get("accept", "").startswith("text/csv"):
            wanted = "csv"
        if wanted in ("csv", "xlsx") and not has_table:
            raise Problem("no_table", status=406)
        return wanted or ("json" if self.door == "api" else "html")

    def _done(self, response: Response) -> Response:
        # Kept for the idempotency record, which is written before the commit.
        self.request.state.answer = response
        return response


async def get_renderer(request: Request) -> Renderer:
    """Supply the renderer of this request."""
    return Renderer(request)


Render = Annotated[Renderer, Depends(get_renderer)]


def to_json(data: Any) -> bytes:
    """Return a model (or a list of them) as JSON bytes."""
    assert isinstance(data, BaseModel), "an answer is a schema, never a table row or a bare value"
    return data.model_dump_json(by_alias=True).encode()


def _file(table: tables.Table, shape: str) -> Response:
    body = tables.to_csv(table) if shape == "csv" else tables.to_xlsx(table)
    media = (
        "text/csv; charset=utf-8"
        if shape == "csv"
        else ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    )
    name = quote(f"{table.name}.{shape}")
    return Response(body, media_type=media, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})


@lru_cache
def asset(name: str) -> str:
    """Return the address of a static file, changing with its content so that it may be cached for good."""
    content = (project_root() / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


@lru_cache
def environment() -> Environment:
    """Return the template environment: escaped, strict about unknown names."""
    env = Environment(
        loader=FileSystemLoader(project_root() / "templates"),
        auto_reload=False,  # like the program itself: what was changed on the disk is read at its next start
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def localised(function: Callable[..., str]) -> Callable[..., str]:
        @pass_context
        def apply(context: Context, value: Any, *args: Any) -> str:
            return function(value, context["locale"], *args)

        return apply

    env.filters |= {
        "number": localised(i18n.number),
        "decimal": localised(i18n.decimal),
        "percent": localised(i18n.percent),
        "kilobytes": localised(i18n.kilobytes),
        "target": localised(i18n.target),
        "day": localised(i18n.day),
        "short_day": localised(i18n.short_day),
        "moment": localised(i18n.moment),
        "clock": localised(i18n.clock),
        "who": localised(i18n.who),
    }
    env.filters["day_of"] = day_of
    env.filters["as_written"] = written
    env.globals["asset"] = asset
    env.globals["geometry"] = charts
    env.globals["fresh_key"] = lambda: secrets.token_urlsafe(16)
    return env


def see_other(request: Request, to: str) -> Response:
    """Send a person to another page after a form."""
    # A header is ASCII: what was typed into an address is quoted, what is quoted already stays.
    response = Response(status_code=303, headers={"Location": quote(to, safe="/?#[]@!$&'()*+,;=:%")})
    request.state.answer = response
    return response


def methods_at(request: Request) -> str:
    """Return which methods an address takes, as `Allow` names them; Starlette tells those of its first route alone."""
    found = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path_regex.fullmatch(request.scope["path"])
        for method in route.methods or ()
    }
    return ", ".join(sorted(found))


def page_above(request: Request) -> str:
    """Return the nearest page above an address that only takes what is sent to it; `/` where there is none."""
    pages = [route for route in iter_route_contexts(request.app.routes) if "GET" in (route.methods or ())]
    path: str = request.scope["path"]
    while path := path.rpartition("/")[0]:
        if any(route.path_regex.fullmatch(path) for route in pages):
            return path
    return "/"
