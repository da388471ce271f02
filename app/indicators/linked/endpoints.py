"""Links of indicators and tasks at both doors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.clock import Now, now_of
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.indicators.linked import service
from app.indicators.linked.schemas import LinkedIndicator, LinkedIndicatorPage, TaskLinkIn
from app.indicators.overview import one
from app.indicators.overview.schemas import IndicatorOut
from app.indicators.overview.tasks import indicators_of_task
from app.indicators.pages import CanKeep, CanRead, CodeInPath
from app.indicators.place import Place
from app.indicators.rules import CITY
from app.tasks.acting import task_in_path
from app.tasks.models import Task

router = APIRouter(route_class=DoorRoute, tags=["indicators"])


def _again(request: Request, session: Session) -> IndicatorOut:
    indicator = request.path_params["indicator"]
    return one.show(session, request.state.caller, indicator, place=Place(CITY), now=now_of(request))


@router.post(
    "/indicators/{indicator}/tasks", operation_id="link_task", response_model=IndicatorOut, status_code=201,
    responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("indicators/indicator.html", _again, lambda *_: {"units": []})
def link_task(
    caller: CanKeep, indicator: CodeInPath, session: Writing, render: Render, now: Now, body: TaskLinkIn
) -> Response:
    """Say that a task moves an indicator (201); of a linked task whether its percentage is taken from it (200)."""
    new = service.link(session, caller, indicator, body.task, gives_percent=body.gives_percent, now=now)
    shown = one.show(session, caller, indicator, place=Place(CITY), now=now)
    at = f"/indicators/{indicator}"
    return render.saved(shown, to=f"{at}#tasks", created=new, location=at)


@router.get(
    "/tasks/{code}/indicators", operation_id="list_task_indicators", response_model=LinkedIndicatorPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_task_indicators(
    caller: CanRead, task: Annotated[Task, Depends(task_in_path)], session: Reading, render: Render, now: Now
) -> Response:
    """List the indicators that a task moves, with how the city stands in each."""
    found = LinkedIndicatorPage(items=indicators_of_task(session, caller, task.id, now), next=None)
    return render(
        found, "indicators/of_task.html",
        table=lambda: tables.of_models(f"chi-tieu-{task.code}", found.items, LinkedIndicator), task=task,
    )  # fmt: skip


@router.delete(
    "/indicators/{indicator}/tasks/{task}", operation_id="unlink_task", status_code=204,
    responses=problems(401, 403, 404),
)  # fmt: skip
def unlink_task(
    caller: CanKeep, indicator: CodeInPath,
    task: Annotated[str, Path(max_length=40, description="The task's code")],
    session: Writing, render: Render, now: Now,
) -> Response:  # fmt: skip
    """Take a link of a task away."""
    service.unlink(session, caller, indicator, task, now=now)
    return render.gone(to=f"/indicators/{indicator}#tasks")
