"""How every error becomes an answer: problem details for clients, a page or the form again for people."""

import json
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from app.core import done, i18n
from app.core.access import get_caller
from app.core.coming import came_from
from app.core.errors import Conflict, Fault, Invalid, NoUnit, Problem, ProblemDocument, ProblemError, Unavailable, Words
from app.core.faults import faults_of
from app.core.versions import Replayed
from app.core.web import Form, Renderer, methods_at, page_above, see_other

log = structlog.get_logger()
UNIQUE_VIOLATION = "23505"  # PostgreSQL's; on SQLite writers take turns
_BY_STATUS = {
    400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "no_table", 413: "body_too_large", 415: "unsupported_media_type",
}  # fmt: skip


def install(app: FastAPI) -> None:
    """Register the handlers on an application."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Replayed, _on_replayed)
    app.add_exception_handler(OperationalError, on_database)
    app.add_exception_handler(PoolTimeout, on_database)
    app.add_exception_handler(IntegrityError, _on_clash)
    app.add_exception_handler(DataError, _on_unstorable)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return await answer_in_thread(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = faults_of(error.errors())
    unreadable: Problem | None = getattr(request.state, "body_problem", None)
    if unreadable is not None:
        # What is wrong with the address goes first: at an address that names nothing there is no form to draw again.
        faults = [fault for fault in faults if fault.pointer.startswith("path:")]
    problem = Invalid(faults) if faults or unreadable is None else unreadable
    return await answer_in_thread(request, problem)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, "bad_request")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # Typed into a browser: the page above it shows what can be done there.
        headers["Allow"], request.state.above = methods_at(request), page_above(request)
    return await answer_in_thread(request, Problem(code, status=error.status_code, headers=headers))


async def _on_replayed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Replayed)
    return done.marked(request, error.response)  # the first answer was lost: who asks again has seen nothing


async def on_database(request: Request, error: Exception) -> Response:
    """Return the answer while the database is away or busy."""
    log.warning("database_unavailable", **_told(error))
    return await answer_in_thread(request, Unavailable("unavailable"))


async def _on_clash(request: Request, error: Exception) -> Response:
    # Two calls made the same row in one moment; what stands shows itself when the second asks again.
    if getattr(getattr(error, "orig", None), "sqlstate", None) != UNIQUE_VIOLATION:
        raise error
    return await answer_in_thread(request, Conflict())


async def _on_unstorable(request: Request, error: Exception) -> Response:
    # Text with a NUL, a number beyond the column: PostgreSQL says what no schema had said.
    log.warning("unstorable_value", path=request.url.path, **_told(error))
    return await answer_in_thread(request, Invalid(code="invalid_value"))


async def answer_defect(request: Request, error: Exception) -> Response:
    """Return the answer to what nobody foresaw, and log it."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return await on_database(request, error)
    of_database = next((link for link in _chain(error) if isinstance(link, DBAPIError)), None)
    if of_database is None:
        log.error("defect", path=request.url.path, exc_info=error)
    else:
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("defect", path=request.url.path, **_told(of_database), where=where)
    return await answer_in_thread(request, Problem("internal", status=500))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and those it came from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _told(error: Exception) -> dict[str, str | None]:
    """Return what the log says of a database's error: never its text, for PostgreSQL quotes the refused row in it."""
    origin = getattr(error, "orig", None)
    diagnosis = getattr(origin, "diag", None)
    told = {
        "error": type(error).__name__,
        "code": getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorname", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
    }
    if origin is not None and told["code"] is None:
        told["detail"] = str(origin)[:200]  # no server spoke: the text says why none could be reached
    return told


async def answer_in_thread(request: Request, problem: Problem) -> Response:
    """Return the answer to a refusal, as a page with the navigation of who is signed in."""
    as_json = request.state.format == "json"  # asked for by a page's script, which reads a refusal too
    if problem.status == 401 and request.state.door == "people" and not as_json:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.method not in ("GET", "HEAD"):
            session_ended: Response = await request.app.state.session_ended(request)
            return session_ended
        to = f"/sign-in?to={quote(wanted)}"
        # A part of a page that asks for itself would follow to the sign-in unseen: the whole page has to go there.
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": to})
        return Response(status_code=303, headers={"Location": to})
    if request.state.door == "people" and problem.status < 500 and not hasattr(request.state, "caller"):
        await run_in_threadpool(get_caller, request)  # an address that nothing matches still shows whose page it is
    # Another page helps who asked for a page; in place of a file it would be taken for the file.
    if isinstance(problem, NoUnit) and request.state.door == "people" and request.state.format is None:
        return see_other(request, problem.to)
    marker: Form | None = getattr(request.scope.get("endpoint"), "form", None)
    if any(fault.pointer.startswith("path:") for fault in problem.faults):
        marker = None  # an address that names nothing has no form
    if (
        marker
        and request.state.door == "people"
        and not as_json
        and problem.status in (400, 409, 412, 413, 422, 428, 429)
    ):
        return await run_in_threadpool(_form_again, request, problem, marker)
    return answer(request, problem)


def _form_again(request: Request, problem: Problem, marker: Form) -> Response:
    """Draw the refused form with its messages and what was typed."""
    data = None
    more: dict[str, Any] = {}
    if marker.load is not None:
        try:
            with request.app.state.database.read() as session:
                data = marker.load(request, session)
                more = marker.more(request, session, problem, data) if marker.more else {}
        except Problem as other:
            return answer(request, other)
        except (ValueError, OverflowError, DataError) as error:
            # Refused before its address was judged: "abc" is no day, and there is no form of it to draw.
            log.warning("form_not_drawn", path=request.url.path, error=type(error).__name__)
            return answer(request, problem)
    found = more.pop("faults", problem.faults) or [Fault("", problem.code, problem.values)]
    response = Renderer(request).page(
        marker.template, status=problem.status, data=data,
        **{"typed": _typed(request), **problem.extra, **more},
        errors=_shown(request, found), problem=describe(request, problem),
    )  # fmt: skip
    response.headers.update(problem.headers)
    return response


def _typed(request: Request) -> dict[str, Any]:
    """Return what was typed: into a form, or into the filters of a page, which are its address."""
    return dict(request.query_params) if request.method == "GET" else getattr(request.state, "typed", {})


def _shown(request: Request, faults: list[Fault]) -> list[dict[str, Any]]:
    """Return faults in words, each with its place as the form had it."""
    locale, moved = request.state.locale, getattr(request.state, "moved", {})
    return [
        {"pointer": as_typed(f.pointer, moved), "code": f.code, "values": f.values,
         "message": words(f.code, locale, f.values)}
        for f in faults
    ]  # fmt: skip


def as_typed(pointer: str, moved: dict[str, str]) -> str:
    """Return where a pointer's row stood in the form, blank rows before it counted."""
    for kept, typed in moved.items():
        if pointer == kept or pointer.startswith(kept + "/"):
            return typed + pointer[len(kept) :]
    return pointer


def answer(request: Request, problem: Problem) -> Response:
    """Return a problem as problem details or as a page, by the request's door."""
    document = describe(request, problem)
    if request.state.door == "api" or request.state.format == "json":
        headers = problem.headers | ({"WWW-Authenticate": "Bearer"} if problem.status == 401 else {})
        body = document.model_dump(mode="json") | {k: _jsonable(v) for k, v in problem.extra.items()}
        return Response(
            json.dumps(body, ensure_ascii=False), problem.status, headers, media_type="application/problem+json"
        )
    response = Renderer(request).page(
        "errors/error.html", status=problem.status, problem=document, errors=_shown(request, problem.faults),
        above=getattr(request.state, "above", "/"), back=came_from(request),
        asked=list(request.query_params.multi_items()) if request.method == "GET" else [],
    )  # fmt: skip
    response.headers.update(problem.headers)
    return response


def _jsonable(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def describe(request: Request, problem: Problem) -> ProblemDocument:
    """Return the problem document of a refusal, its main words in the request's language."""
    locale = request.state.locale
    return ProblemDocument(
        type=f"urn:tiendo57:problem:{problem.code}",
        title=i18n.translate(f"error.status_{problem.status}", locale)
        if i18n.has(f"error.status_{problem.status}")
        else i18n.translate("error.status_400", locale),
        status=problem.status,
        detail=words(problem.code, locale, problem.values or (problem.faults[0].values if problem.faults else {})),
        code=problem.code,
        message=_both(problem.code, problem.values or (problem.faults[0].values if problem.faults else {})),
        errors=[ProblemError(pointer=f.pointer, code=f.code, message=_both(f.code, f.values)) for f in problem.faults],
        request_id=request.scope.get("state", {}).get("request_id"),
    )


def words(code: str, locale: Any, values: dict[str, Any]) -> str:
    """Return the sentence of an error code; of a missing right, with the right's name."""
    sentence = i18n.translate(f"error.{code}", locale, **values)
    right = values.get("right")
    named = f"accounts.scope_{str(right).replace(':', '_')}"
    if code == "forbidden" and i18n.has(named):
        # A token asks for its scope by the code, an administrator by the words.
        name = i18n.translate(named, locale)
        sentence += " " + i18n.translate("accounts.right_needed", locale, right=name, code=right)
    return sentence


def _both(code: str, values: dict[str, Any]) -> Words:
    return Words(vi=words(code, "vi", values), en=words(code, "en", values))
