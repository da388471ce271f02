"""What the tasks tell higher floors, inside the transaction."""

from dataclasses import dataclass

from app.tasks.rules import Act


@dataclass(frozen=True, slots=True)
class TaskChanged:
    """A task's life moved on, or its place in the base changed."""

    task_id: int
    act: Act
