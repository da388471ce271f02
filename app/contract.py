"""The contract (OpenAPI) as clients need it: token, headers, and every refusal a problem document."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.schemas import problems

_DESCRIPTION = """Counts are of dossiers. Times are RFC 3339, days are those of Asia/Ho_Chi_Minh.

The words `.csv`, `.xlsx` and `.json` after the address of a list choose a file's format, as `Accept: text/csv` does.
A refusal is a problem document with a stable `code`; a 412 also holds `current`, the row as it stands."""
_TAGS = {
    "accounts": "Users, their sessions, and the tokens of machines",
    "calendar": "Working days, days off with their legal reference, Saturday service",
    "catalogue": "Fields and procedures, and what other systems call them",
    "dashboard": "What a leader asks of the day, in one answer",
    "files": "What was brought as evidence",
    "indicators": "Sets, formulas, readings and targets, and what is estimated from them",
    "portal": "The national portal: its figures beside ours, gaps and their reasons, messages to it",
    "search": "Units, procedures, tasks, indicators and directives by their words",
    "tasks": "Directives, the tasks that they give, progress, blockers and the month's report",
    "throughput": "A unit's day: reports, what is owed, sums, the statutory form, ranking, approval",
    "units": "Wards, communes, departments and the city centre",
}
# Of parameters that say no more where they are declared.
_PARAMETERS = {
    "day": "A day in Asia/Ho_Chi_Minh", "endpoint": "One of the portal's services", "from": "First day, included",
    "name": "Of a rate or a state", "number": "Row number", "session_id": "Row number of a session",
    "stage": "Whose approval: the ward's or the city's", "system": "In whose software the dossiers lie",
    "tag": "A word that tasks are marked with", "to": "Last day, included", "token": "The citation's own word",
    "token_id": "Row number of a token", "unit": "Code of a unit", "user_id": "Row number of a user",
}  # fmt: skip
_WAYS = {"Input": "", "Output": "Full"}
_SAFE = ("get", "head")


def _header(description: str, limit: int = 200) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", "maxLength": limit}}


_ETAG = _header("Of what is read: send it back as If-Match to change it, as If-None-Match to ask whether it changed")
_REQUEST_ID = _header("Number of the request, as in the log")
_RETRY_AFTER = _header("Seconds to wait")
_REPLAYED = _header("`true` when this is the answer to an earlier call with the same Idempotency-Key")
_LANGUAGE = _header("vi, en or fr: language of `detail` and `title`")
_KEY = _header("Chosen by the client: the same call with the same key is carried out once")
_IF_MATCH = _header("The ETag that was read, or `*`: a change of anything newer is refused")
_IF_NONE_MATCH = _header("On reading: an ETag held already (304 when unchanged); on writing `*`: only if there is none")


def customise(app: FastAPI) -> None:
    """Give the application its contract."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _contract(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _contract(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes, description=_DESCRIPTION
    )
    schema["servers"] = [{"url": "/"}]
    schema.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`tiendo57 token create`"}
    }
    schema["security"] = [{"token": []}]
    schema["tags"] = [{"name": name, "description": words} for name, words in _TAGS.items()]
    for unused in ("HTTPValidationError", "ValidationError"):
        schema["components"].get("schemas", {}).pop(unused, None)
    for methods in schema["paths"].values():
        for method, operation in methods.items():
            operation["summary"] = operation.get("description", operation["summary"]).split("\n")[0].rstrip(".")
            _declare_problems(method, operation)
            _declare_headers(method, operation)
    return _named_apart(schema)


def _named_apart(schema: dict[str, Any]) -> dict[str, Any]:
    """Give a shape that is sent with defaults left out, and shown with all of it, two names as a language takes them.

    FastAPI calls both by one title, of which generated clients keep the first and drop what uses the other.
    """
    text, names = json.dumps(schema), schema["components"]["schemas"]
    for name in names:
        plain, _, way = name.partition("-")
        if way:
            assert plain + _WAYS[way] not in names, f"{name}: its plain name is another class's"
            text = text.replace(f'schemas/{name}"', f'schemas/{plain}{_WAYS[way]}"')
            text = text.replace(f'"{name}": {{', f'"{plain}{_WAYS[way]}": {{')
    named: dict[str, Any] = json.loads(text, parse_float=_number)
    for name, shape in named["components"]["schemas"].items():
        shape["title"] = name
    return named


def _number(text: str) -> float:
    """Return a limit: of a whole number a whole one, for FastAPI gives all with a point."""
    return int(float(text)) if float(text).is_integer() else float(text)


def _declare_problems(method: str, operation: dict[str, Any]) -> None:
    """Say of every refusal that it is a problem document, and declare those that any call may meet."""
    any_call = [503]
    if method not in _SAFE:
        any_call.append(422)
    if "requestBody" in operation:
        any_call += [413, 415]
    declared = operation["responses"]
    for status in any_call:
        declared.setdefault(str(status), {"description": problems(status)[status]["description"]})
    for status, answer in declared.items():
        if int(status) >= 400:
            schema = {"$ref": "#/components/schemas/ProblemDocument"}
            answer["content"] = {"application/problem+json": {"schema": schema}}


def _declare_headers(method: str, operation: dict[str, Any]) -> None:
    """Declare the headers that carry versions, retries and languages: a generated client has no others."""
    responses, wanted = operation["responses"], {"Accept-Language": _LANGUAGE}
    if method in _SAFE:
        wanted["If-None-Match"] = _IF_NONE_MATCH
        responses["304"] = {"description": "Unchanged since the ETag sent"}
    else:
        wanted["Idempotency-Key"] = _KEY
        if "412" in responses:
            wanted["If-Match"] = _IF_MATCH
        if "428" in responses and method == "put":
            wanted["If-None-Match"] = _IF_NONE_MATCH
    parameters = operation.setdefault("parameters", [])
    for one in parameters:
        one.setdefault("description", _PARAMETERS.get(one["name"]))
    parameters += [{"name": name, "in": "header", "required": False, **header} for name, header in wanted.items()]
    for status, answer in responses.items():
        headers = answer.setdefault("headers", {})
        headers["X-Request-ID"] = _REQUEST_ID
        if status in ("200", "201", "304") and (method in _SAFE or "If-Match" in wanted):
            headers["ETag"] = _ETAG
        if status in ("200", "201", "204") and method not in _SAFE:
            headers["Idempotency-Replayed"] = _REPLAYED
        if status in ("429", "503"):
            headers["Retry-After"] = _RETRY_AFTER
