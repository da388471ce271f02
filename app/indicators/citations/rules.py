"""Why a cited figure differs from today's: pure."""

from enum import StrEnum


class Change(StrEnum):
    """What became of a cited figure."""

    unchanged = "unchanged"
    superseded = "superseded"
    recomputed = "recomputed"
    replaced = "replaced"
    gone = "gone"


def change(
    *, cited: tuple[object, ...], today: tuple[object, ...] | None, was_computed: bool, is_computed: bool
) -> Change:
    """Return what became of a figure: `cited` and `today` hold value, numerator, denominator, state and the like.

    A figure of ours that was worked out anew is recomputed; one in whose place somebody recorded another is replaced.
    """
    if today is None:
        return Change.gone
    if cited == today and was_computed == is_computed:
        return Change.unchanged
    if was_computed:
        return Change.recomputed if is_computed else Change.replaced
    return Change.superseded
