"""A system of the day's form that is sent as it was drawn: nothing typed is no report of nothing. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from app.core.errors import Fault
from app.procedures.rules import System
from app.throughput.rules import RECEIVED, RESOLVED, SYSTEMS, WarningCode

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


def put_off(
    found: Collection[Fault], form: Mapping[str, Any], version: str | None, later: Collection[str]
) -> list[Fault]:
    """Return those faults that were answered before with "later": the other system went alone, and is sent again.

    `version`: of the day that the form was drawn from, `city-ministry`, 0 for a system not sent; `later`: the systems
    that somebody was asked about then, by the form's own word. A note says something.
    """
    numbers = (version or "").strip('"').partition(".")[0].split("-")
    sent = {
        system.value for system, number in zip(SYSTEMS, numbers, strict=False) if number.isdecimal() and int(number)
    }
    left = []
    for fault in found:
        system = fault.pointer[1:]
        others = {one.value for one in System} - {system}
        note = form[system].get("note")
        answered = system in later and others <= sent and others <= form.keys()
        if answered and not (isinstance(note, str) and note.strip()):
            left.append(fault)
    return left


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
