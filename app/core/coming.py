"""Where a person comes from and may go: pages of this site only."""

from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request


def came_from(request: Request) -> str | None:
    """Return the page of this site from which a form was sent; None where the browser does not tell."""
    said = urlsplit(request.headers.get("referer", ""))
    return local_path(said.path, "") or None if said.netloc == request.headers.get("host") else None


def came_with(request: Request, names: Collection[str]) -> list[tuple[str, str]]:
    """Return some of what stood in the address of the page of this site from which a form was sent, as its filters."""
    if came_from(request) is None:
        return []
    said = urlsplit(request.headers["referer"]).query
    try:
        return [(name, value) for name, value in parse_qsl(said, max_num_fields=50) if name in names]
    except ValueError:
        return []


def local_path(to: str | None, default: str = "/") -> str:
    """Return a path on this site only: a redirect never leaves it."""
    if not to or not to.startswith("/") or to.startswith(("//", "/\\")) or not to.isprintable():
        return default
    return to
