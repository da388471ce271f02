"""Two moments of a base of tasks compared: what was added, what moved, and by what cause; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.tasks.rules import Bucket


class ScopeKind(StrEnum):
    """How the base, or a task's place in it, changed by a document."""

    added = "added"
    merged = "merged"
    split = "split"  # type: ignore[assignment]  # hides a method of text that nobody calls on it
    cancelled = "cancelled"
    reclassified = "reclassified"


class Cause(StrEnum):
    """Why a task is counted elsewhere than before."""

    added = "added"
    merged = "merged"
    split = "split"  # type: ignore[assignment]  # hides a method of text that nobody calls on it
    cancelled = "cancelled"
    reclassified = "reclassified"
    extended = "extended"
    progress = "progress"
    edited = "edited"
    time = "time"


# What comes about by waiting, whatever was done meanwhile; and from where.
_BY_TIME = frozenset({Bucket.overdue, Bucket.due_soon, Bucket.regular_overdue})
_COMING = (Cause.split, Cause.added, Cause.reclassified, Cause.edited)
_RUNNING = _BY_TIME | {Bucket.not_started, Bucket.on_schedule, Bucket.regular_on_schedule}


@dataclass(frozen=True, slots=True)
class Move:
    """So many tasks that left one bucket for another by one cause; None: not in that base."""

    before: Bucket | None
    after: Bucket | None
    cause: Cause
    tasks: tuple[str, ...]


def moves(old: Mapping[str, Bucket], new: Mapping[str, Bucket], causes: Mapping[str, Iterable[Cause]]) -> list[Move]:
    """Return every difference between two bases, tasks by their codes; what stayed where it was is none.

    Of several causes of one task the strongest in the order of `Cause` explains it; without any, time alone does.
    A task that was there before comes in, or goes, by what is written of it: its causes then name that alone.
    """
    found: dict[tuple[Bucket | None, Bucket | None, Cause], list[str]] = {}
    for code in sorted({*old, *new}):
        before, after = old.get(code), new.get(code)
        if before is after:
            continue
        known = set(causes.get(code, ()))
        if before is None:
            cause = next((c for c in _COMING if c in known), Cause.added)
        else:
            cause = next((c for c in Cause if c in known - {Cause.added}), Cause.time)
            if cause in (Cause.progress, Cause.extended) and after in _BY_TIME and before in _RUNNING:
                cause = Cause.time
        found.setdefault((before, after, cause), []).append(code)
    return _sorted(found)


def within(found: Iterable[Move], bucket: Bucket) -> list[Move]:
    """Return moves as a list of one bucket sees them: every other bucket is outside of it."""
    seen: dict[tuple[Bucket | None, Bucket | None, Cause], list[str]] = {}
    for move in found:
        before, after = (end if end is bucket else None for end in (move.before, move.after))
        if before is not after:
            seen.setdefault((before, after, move.cause), []).extend(move.tasks)
    return _sorted(seen)


def _sorted(found: Mapping[tuple[Bucket | None, Bucket | None, Cause], list[str]]) -> list[Move]:
    order = {cause: number for number, cause in enumerate(Cause)}
    places: dict[Bucket | None, int] = {None: -1} | {b: n for n, b in enumerate(Bucket)}
    return [
        Move(*key, tuple(sorted(tasks)))
        for key, tasks in sorted(found.items(), key=lambda kv: (order[kv[0][2]], places[kv[0][0]], places[kv[0][1]]))
    ]


def explained(found: Iterable[Move]) -> Counter[Bucket]:
    """Return the difference of every bucket that some moves amount to."""
    sums: Counter[Bucket] = Counter()
    for move in found:
        if move.after is not None:
            sums[move.after] += len(move.tasks)
        if move.before is not None:
            sums[move.before] -= len(move.tasks)
    return sums
