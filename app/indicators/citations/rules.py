"""What became of a cited figure: pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

# What a citation copies of a reading, by what it is to a reader.
ASPECTS = {
    "figure": ("value", "numerator", "denominator"),
    "as_of": ("as_of",),
    "state": ("state",),
    "rank": ("rank", "out_of"),
    "source": ("source", "published_on"),
    "definition": ("definition_id",),
}
COPIED = tuple(name for names in ASPECTS.values() for name in names)


class Change(StrEnum):
    """What became of a cited figure."""

    unchanged = "unchanged"
    superseded = "superseded"
    recomputed = "recomputed"
    replaced = "replaced"
    gone = "gone"


class Differs(StrEnum):
    """In what today's figure is another than the cited one."""

    figure = "figure"
    as_of = "as_of"
    state = "state"
    rank = "rank"
    source = "source"
    definition = "definition"


def differences(cited: Mapping[str, Any], today: Mapping[str, Any]) -> list[Differs]:
    """Return in what two figures differ, each given by the names of COPIED."""
    return [
        Differs(aspect)
        for aspect, names in ASPECTS.items()
        if any(cited[name] != today[name] for name in names)
    ]  # fmt: skip


def change(differs: list[Differs] | None, *, was_computed: bool, is_computed: bool) -> Change:
    """Return what became of a figure; None: none stands today.

    One of ours that was worked out anew is recomputed; one in whose place somebody recorded another is replaced.
    """
    if differs is None:
        return Change.gone
    if not differs and was_computed == is_computed:
        return Change.unchanged
    if was_computed:
        return Change.recomputed if is_computed else Change.replaced
    return Change.superseded
