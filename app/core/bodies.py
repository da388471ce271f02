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
from app.core.files import Upload
from app.core.forms import FORM_OVERHEAD, read_json, to_json_value
from app.core.handlers import faults_of
from app.core.text import normalized

Model = TypeVar("Model", bound=BaseModel)


def is_multipart(request: Request) -> bool:
    """Tell whether a request brings a file."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == "multipart/form-data"


async def read_upload(request: Request) -> Upload:
    """Read the file of a form; raises Problem where there is none, or it is larger than the setting allows."""
    if not is_multipart(request):
        raise Problem("unsupported_media_type", status=415)
    limit = request.app.state.settings.max_file_bytes
    try:
        # The parts lie in files of the system's: they are closed whatever comes.
        async with request.form(max_files=1, max_fields=10, max_part_size=FORM_OVERHEAD) as form:
            brought = form.get("file")
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            if not isinstance(brought, UploadFile):
                raise Invalid([Fault("/file", "required")])
            name, content = brought.filename or "", await brought.read(limit + 1)
    except HTTPException:
        raise Problem("malformed_form", status=422) from None
    if len(content) > limit:
        raise Problem("file_too_large", status=413, values={"limit": limit // 1024})
    if not content:
        raise Invalid([Fault("/file", "file_empty")])
    # An Idempotency-Key belongs to this file and these fields.
    request._body = hashlib.sha256(content).digest() + repr(sorted(fields.items())).encode()
    return Upload(_file_name(name), content, fields)


def _file_name(name: str) -> str:
    """Return a file's name without folders and signs that no name needs."""
    last = PurePosixPath(normalized("NFC", name[-1000:]).replace("\\", "/")).name
    clean = "".join(c for c in last if c.isprintable() and c not in '"<>|:*?')
    return clean[-200:].strip() or "tep"


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
