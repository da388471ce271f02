"""Which tasks move which indicators."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.indicators.linked.models import TaskLink
from app.indicators.linked.schemas import LinkedTask
from app.indicators.sets import service as sets
from app.indicators.sets.models import Indicator
from app.tasks import service as tasks
from app.tasks.models import Task, TaskState
from app.tasks.narrowing import Filters, narrowed
from app.tasks.rules import Bucket, TaskLevel


def link(
    session: Session, caller: Caller, code: str, task_code: str, *, gives_percent: bool | None = None, now: datetime
) -> bool:
    """Say that a task moves an indicator, and whether it takes its percentage from it; tell whether the link is new.

    Of a task that is linked already only the latter may be said anew; raises Conflict where nothing new is said.
    """
    one = sets.definition_of(session, code, day_of(now))
    try:
        # Locked: of two who give a task's percentage in one moment the second sees what the first did.
        task = tasks.by_code(session, caller, task_code, lock=True)
    except NotFound:
        raise Invalid([Fault("/task", "unknown_task", {"code": task_code})]) from None
    row = session.get(TaskLink, (one.indicator.id, task.id))
    if row is not None and gives_percent in (None, row.gives_percent):
        raise Conflict("task_linked", values={"code": task.code})
    if gives_percent:
        _take_percent(session, task)
    if row is not None:
        _switch(session, row, code, task, gives=bool(gives_percent))
        return False
    session.add(
        TaskLink(
            indicator_id=one.indicator.id, task_id=task.id, gives_percent=bool(gives_percent), at=now, by=caller.label
        )
    )
    session.flush()
    after = {"task": task.code, "gives_percent": bool(gives_percent)}
    audit.record(session, "indicator.task_linked", f"indicators/{code}", after=after)
    return True


def _take_percent(session: Session, task: Task) -> None:
    """Let the indicator that gives a task its percentage, if one does, give it no more."""
    query = select(TaskLink, col(Indicator.code)).join(Indicator, col(Indicator.id) == col(TaskLink.indicator_id))
    for other, code in session.execute(
        query.where(col(TaskLink.task_id) == task.id, col(TaskLink.gives_percent))
    ).all():  # fmt: skip
        _switch(session, other, code, task, gives=False)


def _switch(session: Session, row: TaskLink, code: str, task: Task, *, gives: bool) -> None:
    row.gives_percent = gives
    session.flush()
    audit.record(
        session, "indicator.task_percent", f"indicators/{code}",
        before={"task": task.code, "gives_percent": not gives}, after={"task": task.code, "gives_percent": gives},
    )  # fmt: skip


def unlink(session: Session, caller: Caller, code: str, task_code: str, *, now: datetime) -> None:
    """Take a link away; raises NotFound where there is none."""
    one = sets.definition_of(session, code, day_of(now))
    task = tasks.by_code(session, caller, task_code)
    row = session.get(TaskLink, (one.indicator.id, task.id))
    if row is None:
        raise NotFound
    session.execute(
        delete(TaskLink).where(col(TaskLink.indicator_id) == one.indicator.id, col(TaskLink.task_id) == task.id)
    )
    audit.record(session, "indicator.task_unlinked", f"indicators/{code}", before={"task": task.code})


def tasks_of(session: Session, caller: Caller, indicator_id: int, now: datetime) -> list[LinkedTask]:
    """Return the tasks that move an indicator and that the caller sees, with where each is counted."""
    if not caller.may("tasks:read"):
        return []
    query: Any = (
        select(col(Task.code), col(Task.title), col(TaskState.bucket), col(TaskLink.gives_percent))
        .join(TaskState, col(TaskState.task_id) == col(Task.id))
        .join(TaskLink, col(TaskLink.task_id) == col(Task.id))
        .where(col(TaskLink.indicator_id) == indicator_id)
        .order_by(col(Task.code))
    )
    rows = session.execute(narrowed(query, caller, Filters(level=TaskLevel.all), now))
    return [
        LinkedTask(code=code, title=title, bucket=Bucket(bucket), gives_percent=gives)
        for code, title, bucket, gives in rows
    ]


MANY = 500  # tasks, from which on all links that give a percentage are read


def giving_percent(session: Session, task_ids: Collection[int]) -> dict[int, str]:
    """Return by task the code of the indicator that gives it its percentage, of some tasks."""
    query = select(col(TaskLink.task_id), col(Indicator.code)).join(
        Indicator, col(Indicator.id) == col(TaskLink.indicator_id)
    )
    query = query.where(col(TaskLink.gives_percent))
    if len(task_ids) <= MANY:
        query = query.where(col(TaskLink.task_id).in_(task_ids))
    return {task_id: code for task_id, code in session.execute(query) if task_id in task_ids}


def giving(session: Session) -> list[int]:
    """Return the indicators that give some task its percentage."""
    return sorted(session.scalars(select(col(TaskLink.indicator_id)).where(col(TaskLink.gives_percent)).distinct()))


def indicators_of(session: Session, task_id: int) -> dict[str, bool]:
    """Return the codes of the indicators that a task moves, and whether each gives its percentage."""
    query = select(col(Indicator.code), col(TaskLink.gives_percent))
    query = query.join(TaskLink, col(TaskLink.indicator_id) == col(Indicator.id))
    return dict(session.execute(query.where(col(TaskLink.task_id) == task_id).order_by(col(Indicator.code))).all())
