"""What in a report is to be explained, which figures show it, and what becomes of it: pure."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from app.throughput.rules import Line

# Of 1,000 days of pure chance one lies outside.
CHANCE = 3.29


class FindingKind(StrEnum):
    """What is odd; all but a large correction are questions of the report by the same name."""

    unusual_value = "unusual_value"
    opening_gap = "opening_gap"
    overdue_stock_fell = "overdue_stock_fell"
    large_correction = "large_correction"
    all_zero = "all_zero"


class FindingState(StrEnum):
    """Where a finding stands: to be explained, explained, or gone by itself with its cause."""

    open = "open"
    explained = "explained"
    gone = "gone"


class FindingOwner(StrEnum):
    """The position that a finding waits for: the unit's own officer, or the city's analyst."""

    ward_officer = "ward_officer"
    city_analyst = "city_analyst"


class FindingChange(StrEnum):
    """What happened to a finding."""

    opened = "opened"
    changed = "changed"
    explained = "explained"
    gone = "gone"
    reopened = "reopened"


ASKED = frozenset(FindingKind) - {FindingKind.large_correction}
OWNERS = dict.fromkeys(ASKED, FindingOwner.ward_officer) | {
    # Its reason was typed with it: the city wants to have seen it.
    FindingKind.large_correction: FindingOwner.city_analyst,
}


class Found(NamedTuple):
    """The figures of a finding: what was counted, what is usual or was before, the normal range where there is one."""

    value: int
    usual: int | None = None
    low: int | None = None
    high: int | None = None


Place = tuple[FindingKind, str | None]


def chance_range(median: int) -> tuple[int, int]:
    """Return between which counts a day of chance lies, the median being the mean of a Poisson distribution.

    By the square root, whose spread is a half whatever the mean (Anscombe 1948); 99.9 % of days lie within.
    """
    root = math.sqrt(max(median, 1))
    return math.floor(max(0.0, root - CHANCE / 2) ** 2), math.ceil((root + CHANCE / 2) ** 2)


def found_in(
    asked: Iterable[tuple[str, str | None, Mapping[str, int]]], gaps: Mapping[str, tuple[int, int]]
) -> dict[Place, Found]:
    """Return what a report's questions (code, field, numbers) and its openings as they are now show."""
    found: dict[Place, Found] = {}
    for code, field, values in asked:
        if code == FindingKind.unusual_value:
            low, high = chance_range(values["median"])
            found[FindingKind.unusual_value, field] = Found(values["value"], values["median"], low, high)
        elif code == FindingKind.overdue_stock_fell:
            found[FindingKind.overdue_stock_fell, field] = Found(values["after"], values["before"])
        elif code == FindingKind.all_zero:
            found[FindingKind.all_zero, None] = Found(0)
    return found | {(FindingKind.opening_gap, code): Found(gap) for code, (gap, _) in gaps.items()}


def moved(before: Mapping[str, Line], after: Mapping[str, Line]) -> int:
    """Return how many dossiers a correction moved: received or resolved, field by field, whichever are more.

    Stocks follow from the flows, and those of the days after from this day's: they are not counted again.
    """
    received = resolved = 0
    for code in {**before, **after}:
        was, now = before.get(code), after.get(code)
        received += abs((now.received if now else 0) - (was.received if was else 0))
        resolved += abs((now.resolved if now else 0) - (was.resolved if was else 0))
    return max(received, resolved)


class Answer(NamedTuple):
    """The typed reason that a report gives for what is odd in it."""

    reason: str
    note: str


class Standing(NamedTuple):
    """A finding as it is kept: its state, its figures, and the last explanation."""

    state: FindingState
    found: Found
    answer: Answer | None


def after_report(standing: Standing | None, found: Found | None, answer: Answer | None) -> FindingChange | None:
    """Return what a report does to a finding; None: nothing.

    What is answered in the very report that raises it never was to be explained. An answer that the city was not
    content with counts no more.
    """
    if standing is None:
        return FindingChange.opened if found and not answer else None
    if standing.state is not FindingState.open:
        return FindingChange.opened if found and not answer else None
    if answer is not None and answer != standing.answer:
        return FindingChange.explained
    if found is None:
        return FindingChange.gone
    return FindingChange.changed if found != standing.found else None
