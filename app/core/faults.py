"""What Pydantic finds wrong, as our faults: one stable code each, and where."""

import re
from typing import Any

from app.core.errors import Fault


def faults_of(errors: Any) -> list[Fault]:
    """Return our faults for Pydantic's: one stable code each, a JSON pointer for the place."""
    return [_fault(error) for error in errors]


def _fault(error: dict[str, Any]) -> Fault:
    kind, place, value = error["type"], error["loc"], error.get("input")
    context = error.get("ctx") or {}
    where = _storable("".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in place[1:]))
    pointer = where if place[0] == "body" else f"?{place[-1]}" if place[0] == "query" else f"{place[0]}:{place[-1]}"
    if "code" in context:
        return Fault(pointer, context["code"], context.get("values", {}))
    if kind == "missing":
        return Fault(pointer, "body_missing" if place == ("body",) else "required")
    if kind == "extra_forbidden":
        return Fault(pointer, "unknown_property", {"name": _storable(str(place[-1])[:80])})
    if value is None and kind.endswith("_type"):
        return Fault(pointer, "required")
    if kind in ("int_type", "int_from_float", "int_parsing", "int_parsing_size"):
        if isinstance(value, bool):
            return Fault(pointer, "number_boolean")
        if isinstance(value, float):
            return Fault(pointer, "number_fractional")
        return Fault(pointer, "number_too_large" if kind == "int_parsing_size" else "number_text")
    if kind in ("greater_than_equal", "greater_than"):
        if isinstance(value, int) and value < 0 and context.get("ge") == 0:
            return Fault(pointer, "number_negative")
        return Fault(pointer, "number_too_small", {"limit": context.get("ge", context.get("gt"))})
    if kind in ("less_than_equal", "less_than"):
        return Fault(pointer, "number_too_large", {"limit": context.get("le", context.get("lt"))})
    if kind in ("string_too_long", "too_long"):
        return Fault(pointer, "too_long", {"limit": context.get("max_length")})
    if kind in ("string_too_short", "too_short"):
        return Fault(pointer, "too_short", {"limit": context.get("min_length")})
    if kind.startswith(("date", "time", "timezone")):
        return Fault(pointer, "bad_date" if kind.startswith("date_") or kind == "date_type" else "bad_time")
    if kind in ("enum", "literal_error"):
        return Fault(
            pointer, "not_a_choice", {"choices": ", ".join(re.findall(r"'([^']+)'", str(context.get("expected", ""))))}
        )
    if kind in ("model_attributes_type", "model_type", "dict_type", "list_type", "string_type", "bool_type"):
        return Fault(pointer, "wrong_type")
    return Fault(pointer, "invalid_value")


def _storable(text: str) -> str:
    """Return what a client called something as it can be sent back: short, and of whole characters."""
    return text[:200].encode("utf-8", "replace").decode()
