"""Bodies that an endpoint reads by itself: a form with a file, or what is one of several shapes.

They are read by a dependency that comes after caller and row, so that another's row is 404 whatever was sent, and
before the session, so that nobody waits for a file to be read.
"""

import hashlib
import json
from pathlib import PurePosixPath
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from app.core.errors import Fault, Invalid, Problem
from app.core.faults import faults_of
from app.core.files import Upload
from app.core.forms import FORM_OVERHEAD, nest, read_json, to_json_value
from app.core.settings import Settings
from app.core.text import normalized

Model = TypeVar("Model", bound=BaseModel)
MAX_PARTS = 80  # fields beside a file: fifty milestones and what is said of them
NO_NAME = "tep"


def is_multipart(request: Request) -> bool:
    """Tell whether a request brings a file."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == "multipart/form-data"


async def read_upload(request: Request) -> Upload:
    """Read the file of a form; raises Problem where there is none, or it is larger than the setting allows."""
    pairs, upload = await _parts(request)
    if upload is None:
        raise Invalid([Fault("/file", "required")])
    if not upload.content:
        raise Invalid([Fault("/file", "file_empty")])
    _refuse_large(request, pairs, upload)
    return Upload(upload.name, upload.content, dict(pairs))


async def read_form(request: Request, model: type[Model]) -> tuple[Model, Upload | None]:
    """Read a form of a schema's fields that may bring a file; raises Problem as for a form without one."""
    pairs, upload = await _parts(request)
    state = request.scope["state"]
    _keep(request, pairs, upload)
    if upload is not None:
        _refuse_large(request, pairs, upload)
    hash_of_both = request._body
    key = dict(pairs).get("_idempotency_key")
    if key and state["door"] == "people":
        request.scope["headers"] = [*request.scope["headers"], (b"idempotency-key", key.encode("latin-1", "replace"))]
        if hasattr(request, "_headers"):
            del request._headers
    values = await read_model(request, model)
    request._body = hash_of_both
    if upload is not None and not upload.content:
        if upload.name != NO_NAME:
            raise Invalid([Fault("/file", "file_empty")])
        upload = None  # a browser sends the field of a file that nobody chose
    return values, upload


async def read_words(request: Request) -> tuple[list[tuple[str, str]], str | None]:
    """Read what a form with a file says in words, and the name of its file; raises Problem for words beyond a form's.

    For who is told to sign in first: no more is kept of it than of a form without a file.
    """
    pairs, upload = await _parts(request)
    if sum(len(name) + len(value) for name, value in pairs) > request.app.state.settings.max_body_bytes:
        raise Problem("body_too_large", status=413)
    return pairs, upload.name if upload is not None and upload.content else None


def _keep(request: Request, pairs: list[tuple[str, str]], upload: Upload | None) -> None:
    """Have a refusal show again what was typed, and say which file has to be chosen anew."""
    state = request.scope["state"]
    state["form"] = state["typed"] = nest(pairs)
    state["file_brought"] = upload.name if upload is not None and upload.content else None
    state["moved"] = {}


def too_large(settings: Settings, *faults: str) -> Problem:
    """Return the refusal of a file beyond the setting, at some places of the form."""
    limit = settings.max_file_bytes
    values = {"limit": f"{limit // 1_048_576} MB" if limit >= 1_048_576 else f"{limit // 1024} KB"}
    found = [Fault(place, "file_too_large", values) for place in faults]
    return Problem("file_too_large", status=413, faults=found, values=values)


def _refuse_large(request: Request, pairs: list[tuple[str, str]], upload: Upload) -> None:
    """Refuse a file beyond the setting, once the words beside it are known: they are drawn again."""
    settings = request.app.state.settings
    if len(upload.content) > settings.max_file_bytes:
        _keep(request, pairs, upload)
        raise too_large(settings, "/file")


async def _parts(request: Request) -> tuple[list[tuple[str, str]], Upload | None]:
    if not is_multipart(request):
        raise Problem("unsupported_media_type", status=415)
    limit = request.app.state.settings.max_file_bytes
    upload = None
    try:
        # The parts lie in files of the system's: they are closed whatever comes.
        async with request.form(max_files=1, max_fields=MAX_PARTS, max_part_size=FORM_OVERHEAD) as form:
            brought = form.get("file")
            pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
            if isinstance(brought, UploadFile):
                upload = Upload(_file_name(brought.filename or ""), await brought.read(limit + 1), {})
    except HTTPException:
        raise Problem("malformed_form", status=422) from None
    content = upload.content if upload else b""
    # An Idempotency-Key belongs to this file and these fields.
    request._body = hashlib.sha256(content).digest() + repr(sorted(pairs)).encode()
    return pairs, upload


def _file_name(name: str) -> str:
    """Return a file's name without folders and signs that no name needs."""
    last = PurePosixPath(normalized("NFC", name[-1000:]).replace("\\", "/")).name
    clean = "".join(c for c in last if c.isprintable() and c not in '"<>|:*?')
    return clean[-200:].strip() or NO_NAME


async def read_model(request: Request, model: type[Model]) -> Model:
    """Read JSON, or at the people's door a form, as a schema; raises Problem as any endpoint would."""
    state = request.scope["state"]
    typed = state.get("form")
    if typed is not None:
        value = to_json_value(typed, model, "", state["moved"])
        request._body = json.dumps(value).encode()
    else:
        body = await request.body()
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if not body:
            raise Invalid([Fault("", "body_missing")])
        if kind != "application/json" and not kind.endswith("+json"):
            raise Problem("unsupported_media_type", status=415)
        value = read_json(body)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid(faults_of({**one, "loc": ("body", *one["loc"])} for one in error.errors())) from None


def upload_body(**properties: Any) -> dict[str, Any]:
    """Declare a form with a file, for OpenAPI."""
    file = {"type": "string", "format": "binary", "description": "CSV or XLSX"}
    schema = {"type": "object", "required": ["file"], "properties": {"file": file, **properties}}
    return {"content": {"multipart/form-data": {"schema": schema}}, "required": True}


def one_of_bodies(model: type[BaseModel], **properties: Any) -> dict[str, Any]:
    """Declare that an endpoint takes a schema's JSON or a form with a file, for OpenAPI."""
    declared = upload_body(**properties)
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    # Whatever it refers to is used by some answer too, and stands with those.
    schema.pop("$defs", None)
    declared["content"]["application/json"] = {"schema": schema}
    return declared


def body_or_form(model: type[BaseModel]) -> dict[str, Any]:
    """Declare that an endpoint takes a schema's JSON, or a form of its fields that may bring a file, for OpenAPI."""
    file = {"type": "string", "format": "binary", "description": "A picture, PDF or office document"}
    declared = one_of_bodies(model)
    fields = declared["content"]["application/json"]["schema"]["properties"]
    properties = dict(_form_field(name, schema) for name, schema in fields.items())
    form = {"type": "object", "properties": {"file": file, **properties}}
    declared["content"]["multipart/form-data"] = {"schema": form}
    return declared


def _form_field(name: str, schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a field as a form sends it: a list by its name with `[]`, once for each value; null is a blank."""
    given = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key not in ("anyOf", "default", "title")}
    found = {**given[0], **kept} if len(given) == 1 else kept
    return f"{name}[]" if found.get("type") == "array" else name, found
