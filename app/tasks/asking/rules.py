"""Questions about tasks, blockers and how high they were taken: pure."""

from datetime import date
from enum import StrEnum


class QuestionState(StrEnum):
    """Where a request for an explanation stands."""

    open = "open"
    overdue = "overdue"
    answered = "answered"


class BlockerLevel(StrEnum):
    """How high a blocker was taken."""

    unit = "unit"
    department = "department"
    city = "city"


class BlockerState(StrEnum):
    """Whether a blocker still stands in the way."""

    open = "open"
    resolved = "resolved"


class BlockerStep(StrEnum):
    """One step of a blocker's history."""

    raised = "raised"
    escalated = "escalated"
    resolved = "resolved"


class Shortcoming(StrEnum):
    """What a unit's task lacks today."""

    overdue = "overdue"
    update_owed = "update_owed"
    six_clear = "six_clear"
    question = "question"


_LEVELS = tuple(BlockerLevel)


def question_state(*, answered: bool, due_on: date, day: date) -> QuestionState:
    """Return where a question stands on a day; its due day still counts."""
    if answered:
        return QuestionState.answered
    return QuestionState.overdue if day > due_on else QuestionState.open


def higher(level: BlockerLevel) -> tuple[BlockerLevel, ...]:
    """Return the levels that a blocker can still be taken to."""
    return _LEVELS[_LEVELS.index(level) + 1 :]


def age(opened_on: date, ended_on: date | None, day: date) -> int:
    """Return for how many days a blocker has stood in the way, or did."""
    return ((ended_on or day) - opened_on).days
