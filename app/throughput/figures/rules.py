"""The arithmetic of another system's figures: totals to days, and how a report differs from them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from app.throughput.rules import COLUMNS, FLOWS, Line

MEASURES = COLUMNS  # what another system may count of a field
# What a report's line cannot be without; the others are worked out or may be missing.
NEEDED = (
    "received_online", "received_counter", "resolved_early", "resolved_on_time", "resolved_overdue", "pending_overdue",
)  # fmt: skip

Counts = Mapping[str, Mapping[str, int]]  # by field, by measure


class Basis(StrEnum):
    """What the flows of a day count."""

    daily = "daily"
    cumulative = "cumulative"


class Shrunk(NamedTuple):
    """A total that is smaller than the one of the day before, or gone."""

    field: str
    measure: str
    before: int
    after: int


class Gap(NamedTuple):
    """A cell in which a report and another system differ."""

    field: str
    measure: str
    said: int
    proposed: int


def of_the_day(before: Counts, after: Counts) -> tuple[dict[str, dict[str, int]], list[Shrunk]]:
    """Return a day's counts from its totals and those of the day before, and which totals shrank.

    Flows are differences; stocks are counted at the day's end and stay. What was absent before is 0.
    """
    shrunk = [
        Shrunk(field, measure, total, after.get(field, {}).get(measure, 0))
        for field, totals in before.items()
        for measure, total in totals.items()
        if measure in FLOWS and after.get(field, {}).get(measure, 0) < total
    ]
    days = {
        field: {
            measure: total - before.get(field, {}).get(measure, 0) if measure in FLOWS else total
            for measure, total in totals.items()
        }
        for field, totals in after.items()
    }
    return days, shrunk


def together(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the sum of counts that another system keeps apart and we do not."""
    out: dict[str, int] = {}
    for part in parts:
        for measure, count in part.items():
            out[measure] = out.get(measure, 0) + count
    return out


def off_balance(counts: Mapping[str, int]) -> tuple[int, int] | None:
    """Return both sides of a line's identity where all of it is given and they differ."""
    if not {"carried_over", "pending_in_time", *NEEDED} <= counts.keys():
        return None
    total = counts["carried_over"] + sum(counts.get(c, 0) for c in FLOWS if c.startswith("received"))
    accounted = sum(counts[c] for c in ("resolved_early", "resolved_on_time", "resolved_overdue"))
    accounted += counts["pending_in_time"] + counts["pending_overdue"]
    return None if total == accounted else (total, accounted)


def gaps(lines: Mapping[str, Line], proposed: Counts) -> list[Gap]:
    """Return the cells in which a report differs from what another system names; a field without a line is 0.

    Where one of the two does not split post from the counter, both together are compared.
    """
    found = []
    for field, counts in proposed.items():
        line = lines.get(field)
        merged = "received_post" not in counts or (line is not None and line.received_post is None)
        for measure, value in counts.items():
            said = (getattr(line, measure) or 0) if line is not None else 0
            if merged and measure == "received_counter":
                said += (line.received_post or 0) if line is not None else 0
                value += counts.get("received_post", 0)
            if said != value and not (merged and measure == "received_post"):
                found.append(Gap(field, measure, said, value))
    return found


def first_missing(days: Iterable[date], counted: Iterable[date]) -> date | None:
    """Return the first of some days that is not counted."""
    known = set(counted)
    return next((day for day in days if day not in known), None)
