"""Links of indicators and tasks at both doors."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from app.core.clock import Now, now_of
from app.core.db import Writing
from app.core.forms import DoorRoute
from app.core.schemas import problems
from app.core.web import Render, form
from app.indicators.linked import service
from app.indicators.linked.schemas import TaskLinkIn
from app.indicators.overview import one
from app.indicators.overview.schemas import IndicatorOut
from app.indicators.pages import CanKeep, CodeInPath
from app.indicators.place import Place
from app.indicators.rules import CITY

router = APIRouter(route_class=DoorRoute, tags=["indicators"])


def _again(request: Request, session: Session) -> IndicatorOut:
    code = request.path_params["code"]
    return one.show(session, request.state.caller, code, place=Place(CITY), now=now_of(request))


@router.post(
    "/indicators/{code}/tasks", operation_id="link_task", response_model=IndicatorOut, status_code=201,
    responses=problems(401, 403, 404, 409, 422),
)  # fmt: skip
@form("indicators/indicator.html", _again, lambda *_: {"units": []})
def link_task(
    caller: CanKeep, code: CodeInPath, session: Writing, render: Render, now: Now, body: TaskLinkIn
) -> Response:
    """Say that a task moves an indicator."""
    service.link(session, caller, code, body.task, now=now)
    shown = one.show(session, caller, code, place=Place(CITY), now=now)
    at = f"/indicators/{code}"
    return render.saved(shown, to=f"{at}#tasks", created=True, location=at)


@router.delete(
    "/indicators/{code}/tasks/{task}", operation_id="unlink_task", status_code=204,
    responses=problems(401, 403, 404),
)  # fmt: skip
def unlink_task(
    caller: CanKeep, code: CodeInPath,
    task: Annotated[str, Path(max_length=40, description="The task's code")],
    session: Writing, render: Render, now: Now,
) -> Response:  # fmt: skip
    """Take a link of a task away."""
    service.unlink(session, caller, code, task, now=now)
    return render.gone(to=f"/indicators/{code}#tasks")
