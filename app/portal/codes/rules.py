"""How the portal's lists change from night to night: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LEAST_SHARE = 0.5


class CodeOf(StrEnum):
    """What a code of the portal names."""

    agency = "agency"
    field = "field"
    procedure = "procedure"


class Match(StrEnum):
    """Whether a code of the portal means something with us."""

    matched = "matched"
    unmapped = "unmapped"
    gone = "gone"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the portal says of a code; `parent`: the field of a procedure."""

    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What is new, what says something else, and what is not in the list any more."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]


def difference(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Difference:
    """Return how a list differs from the one before, each by code."""
    return Difference(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(code for code in after.keys() & before.keys() if after[code] != before[code])),
        tuple(sorted(before.keys() - after.keys())),
    )


def is_credible(before: int, after: int) -> bool:
    """Tell whether a list of so many codes can follow one of so many: a list does not lose half of itself overnight."""
    return after > 0 and after >= before * LEAST_SHARE
