"""Carrying the change of a close through the days after it, so that their adjustments stay as they were. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.throughput.rules import MAX_COUNT, Line


@dataclass(frozen=True, slots=True)
class LaterDay:
    """A received report after the corrected one: its lines, and whether it may still be changed."""

    day: date
    is_locked: bool
    lines: Mapping[str, Line]


@dataclass(frozen=True, slots=True)
class Carried:
    """The new lines of each day that follows, and the first day that does not follow in every field."""

    days: dict[date, dict[str, Line]]
    stopped_at: date | None


def changes(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return by how much each field's close changes, where it does."""
    found = {code: after.get(code, 0) - before.get(code, 0) for code in {**before, **after}}
    return {code: change for code, change in found.items() if change}


def gone_by(
    close: Mapping[str, int], opening: Mapping[str, int], earlier: Sequence[Mapping[str, int]]
) -> dict[str, int]:
    """Return the close that a next day still goes by: an earlier one's where it opened so, else the one that stands."""
    moved = changes(opening, close)
    of_old = {code for code in moved if any(opening.get(code, 0) == one.get(code, 0) for one in earlier)}
    return {**close, **{code: opening.get(code, 0) for code in of_old}}


def carry(
    before: Mapping[str, int],
    after: Mapping[str, int],
    later: Sequence[LaterDay],
    may_stand: Callable[[date, Line], bool],
) -> Carried:
    """Add what a close changed by, from `before` to `after`, to opening and in-time stock of the days after it.

    A field follows where its opening was the close before, and while the day is open and its stocks stay counts; what
    was overdue stays as it was typed. `may_stand` tells whether a day takes a line as it would become.
    """
    left, close = changes(before, after), before
    carried = Carried({}, None)
    for one in later:
        if not left:
            break
        moved: dict[str, Line] = {}
        for code, change in left.items():
            line = one.lines.get(code) or nothing(code)
            new = replace(line, carried_over=line.carried_over + change, pending_in_time=line.pending_in_time + change)
            follows = not one.is_locked and line.carried_over == close.get(code, 0)
            if follows and _counts(new) and may_stand(one.day, new):
                moved[code] = new
        if moved:
            lines = {**one.lines, **moved}
            carried.days[one.day] = {code: line for code, line in lines.items() if not line.is_zero}
        if len(moved) < len(left) and carried.stopped_at is None:
            carried = replace(carried, stopped_at=one.day)
        close = {code: line.pending for code, line in one.lines.items()}
        left = {code: left[code] for code in moved}
    return carried


def nothing(code: str) -> Line:
    """Return the line that a field without one stands for."""
    return Line(code, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def _counts(line: Line) -> bool:
    return 0 <= line.carried_over <= MAX_COUNT and 0 <= line.pending_in_time <= MAX_COUNT
