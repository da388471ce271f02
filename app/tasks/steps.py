"""Notes each step of a task, and brings a parent up to its children."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.tasks import editions, states
from app.tasks.models import Task, TaskAct
from app.tasks.rolling import children_percent, rolled_up
from app.tasks.rules import Act, PercentSource, RollUp, TaskStatus


def acted(
    session: Session, caller: Caller, task: Task, act: Act, *, now: datetime, note: str | None = None,
    day: Any = None,
) -> TaskAct:  # fmt: skip
    """Note one step of a task's life, after its state was set."""
    row = TaskAct(
        task_id=task.id, at=now, act=act.value, status=task.status, day=day or day_of(now), by=caller.label,
        unit_id=caller.unit_id, note=note,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def touched(task: Task, now: datetime) -> None:
    """Note that a task changed."""
    task.version += 1
    task.updated_at = max(now, task.updated_at)


def roll_up(session: Session, caller: Caller, parent_id: int, now: datetime) -> None:
    """Bring a parent that takes its state from its children up to them."""
    parent = session.get_one(Task, parent_id, with_for_update=True)
    now = max(now, parent.updated_at)
    if parent.roll_up != RollUp.children or parent.status in ("cancelled", "merged", "split"):
        return
    children = [
        (weight, TaskStatus(status), percent, day)
        for weight, status, percent, day in session.execute(
            select(col(Task.weight), col(Task.status), col(Task.percent), col(Task.proposed_on)).where(
                col(Task.parent_id) == parent_id
            )
        )
    ]
    if not children:
        return
    status, proposed_on = rolled_up([(status, day) for _, status, _, day in children])
    percent = children_percent((weight, status, percent) for weight, status, percent, _ in children)
    if (parent.status, parent.proposed_on, parent.percent) == (status.value, proposed_on, percent):
        return
    moved, counted = parent.status != status.value, (parent.status, parent.proposed_on) != (status.value, proposed_on)
    parent.status, parent.proposed_on = status.value, proposed_on
    parent.accepted_at = now if status is TaskStatus.completed else None
    source = PercentSource.children.value if percent is not None else None
    if (percent, source) != (parent.percent, parent.percent_source):
        parent.percent, parent.percent_source = percent, source
        editions.keep_percent(session, parent, now)
    touched(parent, now)
    session.flush()
    if moved:
        acted(session, caller, parent, Act.rolled_up, now=now, day=proposed_on)
    if counted:  # also where the last child that was done is given up afterwards
        states.write(session, parent, now)
