"""Percentages from weights, and the state of a parent from its children's: pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from app.tasks.rules import ENDED, TaskStatus


def milestone_percent(milestones: Iterable[tuple[int, bool]]) -> int | None:
    """Return the whole percent of the weights reached, rounded down; None without weights."""
    stated = list(milestones)
    total = sum(weight for weight, _ in stated)
    return sum(weight for weight, done in stated if done) * 100 // total if total else None


def rolled_up(children: Sequence[tuple[TaskStatus, date | None]]) -> tuple[TaskStatus, date | None]:
    """Return the state of a parent from its children's: completed when all that still stand are, by the last one's day.

    Children that were cancelled, merged or split do not count; begun when one has begun.
    """
    standing = [(status, day) for status, day in children if status not in ENDED]
    if standing and all(status is TaskStatus.completed for status, _ in standing):
        return TaskStatus.completed, max((day for _, day in standing if day), default=None)
    untouched = all(status in (TaskStatus.not_started, TaskStatus.unclassified) for status, _ in standing)
    return (TaskStatus.not_started if untouched else TaskStatus.in_progress), None


def children_percent(children: Iterable[tuple[int, TaskStatus, int | None]]) -> int | None:
    """Return the weighted mean of the children that stand: 100 for a completed one, else its own percent or 0."""
    parts = [
        (weight, 100 if status is TaskStatus.completed else percent or 0)
        for weight, status, percent in children
        if status not in ENDED
    ]
    total = sum(weight for weight, _ in parts)
    return int(Fraction(sum(weight * percent for weight, percent in parts), total)) if total else None
