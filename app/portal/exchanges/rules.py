"""What of a body may be kept: only the values of keys that a generation's words name. Pure."""

import json
import re
from collections.abc import Collection
from typing import Any

MASK = "***"
MAX_ROWS = 20
MAX_VALUE = 200
MAX_TEXT = 16_000
MAX_DEPTH = 6
_NAME = re.compile(r"[A-Za-z_]\w{0,39}", re.ASCII)
# A telephone, a citizen's number, an address of mail: nothing that a code or a count looks like.
_PERSONAL = re.compile(r"(\+?84|0)[\s.]?[35789]([\s.]?\d){8}|0\d{11}|[^\s@]+@[^\s@]+\.[a-z]{2,}", re.IGNORECASE)


def masked(value: Any, kept: Collection[str], *, name: str = "", depth: int = 0) -> Any:
    """Return a JSON value with all hidden but what stands under a kept key; long lists are cut and say so."""
    if isinstance(value, dict):
        if depth >= MAX_DEPTH:
            return MASK
        return {
            key if _NAME.fullmatch(key) else MASK: masked(inner, kept, name=key, depth=depth + 1)
            for key, inner in list(value.items())[:60]
        }
    if isinstance(value, list):
        if depth >= MAX_DEPTH:
            return MASK
        shown = [masked(inner, kept, name=name, depth=depth + 1) for inner in value[:MAX_ROWS]]
        return shown if len(value) <= MAX_ROWS else [*shown, f"… +{len(value) - MAX_ROWS}"]
    if value is None:
        return None
    if name not in kept:
        return MASK
    if isinstance(value, str):
        return MASK if _PERSONAL.search(value) else value[:MAX_VALUE]
    return value


def masked_text(body: bytes, kept: Collection[str]) -> str:
    """Return a body as it is kept: JSON with its values masked; of anything else only how long it was."""
    try:
        value = json.loads(body)
        text = json.dumps(masked(value, kept), ensure_ascii=False)
        text.encode()  # half a character is no text that a database takes
    except (ValueError, RecursionError):
        return f"(no JSON: {len(body)} B)"
    text = text.replace("\\u0000", "")
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + " …"
