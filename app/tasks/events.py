"""What the tasks tell higher floors, inside the transaction."""

from dataclasses import dataclass
from datetime import datetime

from app.core.access import Caller
from app.tasks.rules import Act
from app.tasks.schemas import TaskItem


@dataclass(frozen=True, slots=True)
class TaskChanged:
    """A task's life moved on, or its place in the base changed."""

    task_id: int
    act: Act


@dataclass(frozen=True, slots=True)
class TaskCounted:
    """Where a task is counted was written anew: it is new, its life moved on, or what decides it was changed."""

    task_id: int
    lead_unit_id: int


@dataclass(frozen=True, slots=True)
class TasksShown:
    """Tasks are shown to a caller as they stand now, by number: who knows more of them, adds it."""

    caller: Caller
    now: datetime
    items: dict[int, TaskItem]
