"""What the endpoints of a task's acts have in common: the task that the address names, and the answer afterwards."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Response
from sqlmodel import Session

from app.core.access import Caller, allow
from app.core.db import Reading
from app.core.schemas import problems
from app.core.web import Renderer
from app.tasks import service
from app.tasks.asked import TaskCodeInPath
from app.tasks.models import Task
from app.tasks.shown import show

CanRead = Annotated[Caller, allow("tasks:read")]
CanUpdate = Annotated[Caller, allow("tasks:update")]
CanKeep = Annotated[Caller, allow("tasks:keep")]
CanAccept = Annotated[Caller, allow("tasks:accept")]
REFUSALS: dict[int | str, dict[str, Any]] = problems(401, 403, 404, 409, 422)


def task_in_path(caller: CanRead, code: TaskCodeInPath, session: Reading) -> Task:
    """Supply the task that the address names, within what the caller may see."""
    return service.by_code(session, caller, code)


def acted(
    session: Session, caller: Caller, task: Task, render: Renderer, now: datetime, *, created: bool = False
) -> Response:
    """Answer an act with the task as it stands after it."""
    to = f"/tasks/{task.code}"
    shown = show(session, caller, task, now)
    return render.saved(shown, to=to, created=created, version=task.version, location=to)
