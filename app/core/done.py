"""That a change was just made is said once, to who made it: a cookie names the page that its answer leads to."""

import hashlib
from urllib.parse import unquote

from fastapi import Request, Response

COOKIE = "done"
SECONDS = 60


def marked(request: Request, response: Response) -> Response:
    """Return a redirect whose page will say that it is done; whoever else opens the same address reads nothing."""
    if response.status_code == 303:
        to = response.headers["location"].partition("#")[0]
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, _name(to), SECONDS, path="/", secure=secure, httponly=True, samesite="lax")
    return response


def is_said(request: Request) -> bool:
    """Tell whether this page is where an act of this browser led just now."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.method == "GET" and request.cookies.get(COOKIE) == _name(request.url.path + query)


def forget(response: Response) -> None:
    """Say it no second time."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def _name(address: str) -> str:
    return hashlib.sha256(unquote(address).encode()).hexdigest()[:16]
