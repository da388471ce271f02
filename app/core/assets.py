"""Static files; our own scripts go out without comments and indents: a slow line need not carry them."""

import hashlib
from functools import lru_cache
from typing import Any

from rjsmin import jsmin
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from app.core.settings import project_root

FOLDER = project_root() / "static"


class Assets(StaticFiles):
    """The folder of static files."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Any) -> Response:
        """Answer with a file; those of `vendor` go out as they came."""
        if path not in OWN_SCRIPTS:
            return await super().get_response(path, scope)
        body = script(path)
        tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        response = Response(body, media_type="text/javascript", headers={"ETag": tag})
        asked = Headers(scope=scope).get("if-none-match", "")
        return NotModifiedResponse(response.headers) if tag in asked else response


OWN_SCRIPTS = frozenset(path.name for path in FOLDER.glob("*.js"))


@lru_cache
def script(name: str) -> bytes:
    """Return one of our own scripts as it goes out."""
    minified: str = jsmin((FOLDER / name).read_text(encoding="utf-8"))
    return minified.encode()
