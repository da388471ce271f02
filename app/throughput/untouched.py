"""A system of the day's form that is sent as it was drawn: nothing typed is no report of nothing. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from app.core.errors import Fault
from app.procedures.rules import System
from app.throughput.rules import RECEIVED, RESOLVED, WarningCode

NOTHING_TYPED = "nothing_typed"


def untouched(form: Mapping[str, Any], fresh: Collection[str]) -> list[Fault]:
    """Return a fault for each system of a form without a figure of the day, unless its officer says that none came.

    `fresh`: the systems that the form was drawn for with zeros, by the form's own word.
    """
    return [
        Fault(f"/{system.value}", NOTHING_TYPED)
        for system in System
        if system.value in fresh and isinstance(part := form.get(system.value), dict) and _says_nothing(part)
    ]


def _says_nothing(part: Mapping[str, Any]) -> bool:
    lines = part.get("lines")
    rows = [row for row in lines.values() if isinstance(row, dict)] if isinstance(lines, dict) else []
    cells = (row.get(column) for row in rows for column in (*RECEIVED, *RESOLVED))
    typed = any(isinstance(text, str) and text.strip() not in ("", "0") for text in cells)
    reasons = part.get("reasons")
    answers = [one for one in reasons.values() if isinstance(one, dict)] if isinstance(reasons, dict) else []
    return (
        bool(rows)
        and not typed
        and not any(one.get("warning") == WarningCode.all_zero and one.get("reason") for one in answers)
    )
