"""Pages by cursor: the last row's key, opaque to the client; the cap is never silent (`next`)."""

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from app.core.errors import Fault, Invalid

# No call takes longer from its moment to its commit: queue, lock and work have limits of their own. What changed before
# this much ago is told by a list of changes; what is younger may have begun earlier and be committed later.
SETTLED = timedelta(minutes=2)


@dataclass(frozen=True)
class Page:
    """What a caller asked for: at most `limit` rows after the row whose key is `after`."""

    limit: int
    after: list[Any] | None


def encode(key: list[Any]) -> str:
    """Return the cursor that stands for a row's key."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":"), default=str).encode()).decode().rstrip("=")


def decode(cursor: str) -> list[Any]:
    """Return the key that a cursor stands for; raises Invalid for one that we did not make."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise Invalid([Fault("?cursor", "bad_cursor")]) from None
    if not isinstance(key, list) or not all(_is_key(k) for k in key):
        raise Invalid([Fault("?cursor", "bad_cursor")])
    return key


def _is_key(part: Any) -> bool:
    # What no column holds, a database may refuse with a fault of its own.
    if isinstance(part, str):
        return "\0" not in part and part.isprintable()
    return type(part) is int and abs(part) < 2**31


def get_page(
    request: Request,
    limit: Annotated[int | None, Query(ge=1, le=10_000, description="Rows a page")] = None,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of the page before")] = None,
) -> Page:
    """Supply the page asked for, capped by the installation's setting."""
    settings = request.app.state.settings
    return Page(min(limit or settings.page_size, settings.page_size_max), decode(cursor) if cursor else None)


Paging = Annotated[Page, Depends(get_page)]


def cut(rows: list[Any], page: Page, key: Any) -> tuple[list[Any], str | None]:
    """Split `limit + 1` rows read into the page and the cursor of the next one."""
    if len(rows) <= page.limit:
        return rows, None
    kept = rows[: page.limit]
    return kept, encode(list(key(kept[-1])))
