"""From what a browser's form sends to the JSON it stands for, by the schema of the endpoint's body."""

import json
import re
import types
from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from functools import wraps
from inspect import iscoroutinefunction
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel
from sqlmodel import Session
from starlette.types import Message

from app.core.errors import Fault, Invalid, Problem

_PART = re.compile(r"[^\[\]]+")
_GROUPED = re.compile(r"-?\d{1,3}(?:[.\s]\d{3})+")  # as in `static/day.js`
MAX_FIELDS = 5000
MAX_ITEMS = 500
FORM_OVERHEAD = 65_536  # what a form with a file says around it
HIDDEN = ("_method", "_if_match", "_if_none_match", "_idempotency_key", "_only", "_with", "_fresh", "_later", "_base")


def parse_pairs(body: bytes) -> list[tuple[str, str]]:
    """Return a urlencoded body's pairs; raises Problem for one that is not UTF-8 or has too many.

    A button named `_with` says more than one thing: its value holds pairs in the same form.
    """
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        for value in [value for name, value in pairs[-20:] if name == "_with"]:
            pairs += parse_qsl(value, max_num_fields=20, errors="strict")
    except ValueError:
        raise Problem("malformed_form", status=422) from None
    return pairs


def nest(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the nested dictionaries and lists that names like `lines[3][received_online]` stand for.

    Indexes order a list and may have holes; blank values are kept, so that a page can show again what was typed.
    A button named `_only` sends one part of a form: the names below that key.
    """
    tree: dict[str, Any] = {}
    only = next((value for name, value in pairs if name == "_only" and value), None)
    for name, value in pairs:
        parts = _PART.findall(name)
        if not parts or len(parts) > 6 or parts[0] in HIDDEN:
            continue
        if only is not None and len(parts) > 1 and parts[0] != only:
            continue
        many = name.endswith("[]")
        node = tree
        for part in parts[:-1]:
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                raise Problem("malformed_form", status=422)
            node = child
        if many:
            child = node.setdefault(parts[-1], [])
            if not isinstance(child, list):
                raise Problem("malformed_form", status=422)
            child.append(value)
        elif isinstance(node.get(parts[-1]), dict | list):
            raise Problem("malformed_form", status=422)
        else:
            node[parts[-1]] = value
    return tree


def to_json_value(value: Any, annotation: Any, place: str = "", moved: dict[str, str] | None = None) -> Any:
    """Return a typed value as the JSON that the schema expects; what cannot be read stays text and is refused there.

    Blank means absent (the `_ABSENT` marker); counts take `1.234` and `1 234`, shares `80%` and `0,8`; `on`, `true` and
    `false` are booleans; moments without a zone are of Huế. A row of a list with nothing but its `form_key` is no row;
    `moved` notes where the rows kept stood in the form, so that a message finds its cell again.
    """
    annotation = _bare(annotation)
    origin = get_origin(annotation)
    if isinstance(value, dict):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return _model_values(value, annotation, place, moved)
        if origin is list:
            items = sorted(value.items(), key=lambda kv: (not kv[0].isdigit(), int(kv[0]) if kv[0].isdigit() else 0))
            if len(items) > MAX_ITEMS:
                raise Problem("malformed_form", status=422)
            return _rows(items, get_args(annotation)[0], place, moved)
        if origin is dict:
            inner = get_args(annotation)[1]
            return {k: c for k, v in value.items() if (c := to_json_value(v, inner)) is not _ABSENT}
        return value
    if isinstance(value, list):
        inner = get_args(annotation)[0] if origin is list else str
        return [c for v in value if (c := to_json_value(v, inner)) is not _ABSENT]
    text = value.strip()
    if text == "":
        return _ABSENT
    if annotation is bool:
        return {"on": True, "true": True, "1": True, "false": False, "0": False}.get(text.lower(), value)
    if annotation is int:
        return _whole_number(text)
    if annotation is float:
        return _share(text)
    if annotation in (datetime, AwareDatetime) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", text):
        return text + "+07:00"
    return value


def _rows(items: list[tuple[str, Any]], annotation: Any, place: str, moved: dict[str, str] | None) -> list[Any]:
    model = _bare(annotation)
    key = getattr(model, "form_key", None) if isinstance(model, type) else None
    rows: list[Any] = []
    for index, value in items:
        here = f"{place}/{len(rows)}"
        row = to_json_value(value, annotation, here, moved)
        if row is _ABSENT:
            continue
        if key is not None and isinstance(row, dict) and not {k for k, v in row.items() if v not in ({}, [])} - {*key}:
            continue
        if moved is not None and here != f"{place}/{index}":
            moved[here] = f"{place}/{index}"
        rows.append(row)
    return rows


def _whole_number(text: str) -> int | float | str:
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[.\s]", "", text)
    if re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"-?\d+[.,]\d+", text):
        return float(text.replace(",", "."))  # refused by the schema as a fraction, with that reason
    return 10**18 if re.fullmatch(r"\d{19,}", text) else text


def _share(text: str) -> float | str:
    """Return `80%`, `93,5 %` or `0,8` as a number."""
    found = re.fullmatch(r"(-?\d{1,9}(?:[.,]\d{1,9})?)\s*(%?)", text)
    if found is None:
        return text
    number = Decimal(found[1].replace(",", "."))
    return float(number / 100 if found[2] else number)


class _Absent:
    pass


_ABSENT = _Absent()


def _model_values(
    value: dict[str, Any], model: type[BaseModel], place: str, moved: dict[str, str] | None
) -> dict[str, Any]:
    out = {}
    for name, given in value.items():
        field = model.model_fields.get(name)
        converted = to_json_value(given, field.annotation if field else str, f"{place}/{name}", moved)
        if converted is not _ABSENT:
            out[name] = converted
    return out


def _bare(annotation: Any) -> Any:
    """Return an annotation without `Annotated` and `None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in get_args(annotation) if a is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _committed(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Have an endpoint that writes commit before it returns; another thread would cost more than the commit."""

    @wraps(endpoint)
    def call(*args: Any, **kwargs: Any) -> Any:
        answer = endpoint(*args, **kwargs)
        session = kwargs.get("session")
        if isinstance(session, Session) and "finish" in session.info:
            session.info.pop("finish")()
        return answer

    return call


class DoorRoute(APIRoute):
    """A route whose body is read and understood before, but judged after, the caller and the row are known."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint if iscoroutinefunction(endpoint) else _committed(endpoint), **options)

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()
        annotation = self.body_field.field_info.annotation if self.body_field else None
        asked = {field.validation_alias or field.alias for field in get_flat_params(self.dependant) if _is_query(field)}

        async def understand_then_handle(request: Request) -> Any:
            if request.scope["query_string"] and request.state.door == "api":
                _refuse_unknown(request, asked)
            if annotation is not None:
                kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
                if kind != "multipart/form-data":
                    await _understand(request, annotation)
            return await handle(request)

        return understand_then_handle


def _is_query(field: Any) -> bool:
    return isinstance(field.field_info, Query)


def _refuse_unknown(request: Request, asked: Collection[str]) -> None:
    """Refuse a filter that the address does not have: an answer without it would be taken for the one asked for."""
    # `limit` asks for no other content: where lists come whole, a client may say it all the same.
    unknown = [name for name in request.query_params if name not in asked and name != "limit"]
    if unknown:
        choices = ", ".join(sorted(asked)) or "–"
        raise Invalid([Fault(f"?{name[:80]}", "unknown_parameter", {"choices": choices}) for name in unknown[:20]])


async def _understand(request: Request, annotation: Any) -> None:
    """Put the body's JSON where FastAPI looks for it.

    FastAPI answers malformed JSON before any dependency has run; another ward's report must be 404 whatever the body.
    So a body that cannot be read is replaced by one that no schema takes, and the reason kept for the error handler.
    """
    value: Any = _UNREADABLE
    typed = request.scope["state"].get("form")
    body = b"" if typed is not None else await request.body()
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        if typed is not None:
            value = to_json_value(typed, annotation, "", request.scope["state"]["moved"])
        elif not body:
            return
        elif content_type != "application/json" and not content_type.endswith("+json"):
            raise Problem("unsupported_media_type", status=415)
        else:
            value = read_json(body)
    except Problem as problem:
        request.state.body_problem = problem
    request._json = value
    # A form's too: the same Idempotency-Key with other content is another call.
    request._body = body or json.dumps(value).encode()
    request.scope["headers"] = [(k, v) for k, v in request.scope["headers"] if k != b"content-type"] + [
        (b"content-type", b"application/json")
    ]
    if hasattr(request, "_headers"):
        del request._headers


_UNREADABLE = 0


def read_json(body: bytes) -> Any:
    """Return what a JSON body says; raises Problem for what is no JSON."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Problem("malformed_json", status=422) from None


def replaying(body: bytes) -> Any:
    """Return an ASGI `receive` that gives a body already read, once."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
