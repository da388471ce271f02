"""What is looked for at all, and in which order it is shown: pure."""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum, StrEnum
from typing import TypeVar

from app.core.text import search_key, words_typed

LEAST = 2  # letters or digits: fewer are the beginning of everything
AT_MOST = 7  # of a group: what fits under the box; the rest is in the group's own list
CANDIDATES = 100  # of a group, from which the nearest are chosen
TASKS = 30  # candidates among tasks, of which there are many and each is more to read

Hit = TypeVar("Hit")


class SearchGroup(StrEnum):
    """What is looked through, in the order in which it is shown."""

    units = "units"
    tasks = "tasks"
    procedures = "procedures"
    indicators = "indicators"
    directives = "directives"


class Nearness(IntEnum):
    """How near a find is to what was typed; the smaller, the nearer."""

    code = 0  # the code itself
    code_begins = 1
    name_begins = 2
    name_has = 3  # all of it, one word after the other
    words = 4


def wanted(query: str | None) -> str | None:
    """Return the distinct words typed, in their order; None where they are too short to look for."""
    words = list(dict.fromkeys(words_typed(query or "")))
    return " ".join(words) if sum(c.isalnum() for word in words for c in word) >= LEAST else None


def nearness(query: str, codes: Iterable[str | None], name: str) -> Nearness:
    """Return how near something is to what was typed, diacritics, case and signs aside."""
    typed = search_key(query)
    keys = [search_key(code) for code in codes if code]
    if typed in keys:
        return Nearness.code
    if any(key.startswith(typed) for key in keys):
        return Nearness.code_begins
    within = search_key(name)
    if within.startswith(typed):
        return Nearness.name_begins
    return Nearness.name_has if f" {typed}" in within else Nearness.words


def nearest(
    found: Sequence[Hit], near: Callable[[Hit], Nearness], name: Callable[[Hit], str] | None = None
) -> tuple[list[Hit], Nearness]:
    """Return the nearest of what was found, as many as are shown, and how near the first of them is.

    Equally near ones stay in the order of their own list; with `name`, of names that have what was typed the shortest
    comes first, for it says the least besides.
    """

    def place(at: int) -> tuple[Nearness, int, int]:
        nearness = near(found[at])
        has_all = nearness in (Nearness.name_begins, Nearness.name_has)
        return nearness, len(name(found[at])) if name and has_all else 0, at

    ranked = sorted(place(at) for at in range(len(found)))[:AT_MOST]
    return [found[at] for _, _, at in ranked], ranked[0][0] if ranked else Nearness.words


def in_order(groups: Iterable[tuple[SearchGroup, Nearness]]) -> list[SearchGroup]:
    """Return the groups as they are shown: one whose code was typed whole first, else each in its place."""
    places = {group: place for place, group in enumerate(SearchGroup)}
    return [group for group, near in sorted(groups, key=lambda g: (g[1] is not Nearness.code, places[g[0]]))]
