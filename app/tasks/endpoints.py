"""Tasks and their life at both doors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Page, Paging
from app.core.schemas import problems
from app.core.web import Render, form
from app.tasks import life, listing, service
from app.tasks.acting import REFUSALS, CanAccept, CanKeep, CanRead, CanUpdate, acted, task_in_path
from app.tasks.asked import AtMoment, Filtered, in_words, named_unit
from app.tasks.desk import TaskDesk, desk
from app.tasks.detail_schemas import TaskOut
from app.tasks.life_schemas import AcceptanceIn, ProposalIn, StartIn, TaskReturnIn
from app.tasks.models import Task
from app.tasks.pages import ActPage, about, act_of, blank, edit_again, task_again, task_page
from app.tasks.schemas import TaskIn, TaskItem, TaskNew, TaskPage
from app.tasks.shown import show
from app.units import service as units
from app.units.rules import CODE_PATTERN

router = APIRouter(route_class=DoorRoute, tags=["tasks"])
pages_router = APIRouter()  # blank forms: nothing that a client could want

ON_A_PAGE = 30  # on a phone each task is a card: a hundred are read by nobody


@router.get("/tasks", operation_id="list_tasks", response_model=TaskPage, responses=problems(401, 403, 406, 422))
def list_tasks(
    caller: CanRead, session: Reading, render: Render, page: Paging, filters: Filtered, now: Now, as_of: AtMoment = None
) -> Response:
    """List tasks by code, as they stand or stood; filters stand in the address."""
    shown = Page(min(page.limit, ON_A_PAGE), page.after) if render.door == "people" else page
    found = listing.listing(session, caller, shown, filters=filters, as_of=as_of, now=now)

    def every() -> list[TaskItem]:
        return render.every(
            lambda whole: listing.listing(session, caller, whole, filters=filters, as_of=as_of, now=now)
        )

    return render(
        found,
        "tasks/list.html",
        table=lambda: tables.of_models("tasks", every(), TaskItem),
        filters=in_words(filters) | {"as_of": as_of},
        **(about(session, caller, filters, as_of, now) if render.door == "people" else {}),
    )


@pages_router.get("/tasks/new")
def new_task(caller: CanKeep, session: Reading, render: Render) -> Response:
    """Show the blank form."""
    return render.page("tasks/new.html", data=blank(session))


@router.get(
    "/tasks/mine", operation_id="get_task_desk", response_model=TaskDesk, responses=problems(401, 403, 404, 406, 422)
)
def get_task_desk(
    caller: CanRead,
    session: Reading,
    render: Render,
    now: Now,
    unit: Annotated[
        str | None, Query(pattern=CODE_PATTERN, max_length=35, description="Absent: the caller's own unit")
    ] = None,
) -> Response:
    """Show a unit's tasks by what is to be done: late, returned, due, running, awaiting acceptance."""
    found = desk(session, caller, named_unit(session, caller, unit), now)
    return render(
        found,
        "tasks/mine.html",
        table=lambda: tables.of_models("my-tasks", [item for part in found.parts for item in part.items], TaskItem),
    )


@router.post(
    "/tasks",
    operation_id="create_task",
    response_model=TaskOut,
    status_code=201,
    responses=problems(401, 403, 409, 422),
)
@form("tasks/new.html", lambda request, session: blank(session))
def create_task(caller: CanKeep, session: Writing, render: Render, now: Now, values: TaskNew) -> Response:
    """Add a task; the scope ledger names its directive, or the document given."""
    task = service.add(session, caller, values=values, now=now)
    return acted(session, caller, task, render, now, created=True)


@pages_router.get("/tasks/{code}/acts/{act}")
def show_act_form(
    caller: CanRead,
    task: Annotated[Task, Depends(task_in_path)],
    act: Annotated[ActPage, Path(description="What is to be done")],
    session: Reading,
    render: Render,
    now: Now,
) -> Response:
    """Show the form of one act."""
    return render.page(
        "tasks/act.html", data=show(session, caller, task, now), act=act.value,
        units=units.choices(session) if act == "split" else [],
    )  # fmt: skip


@router.get("/tasks/{code}", operation_id="get_task", response_model=TaskOut, responses=problems(401, 403, 404, 422))
def get_task(
    caller: CanRead,
    task: Annotated[Task, Depends(task_in_path)],
    session: Reading,
    render: Render,
    now: Now,
    as_of: AtMoment = None,
) -> Response:
    """Show one task with its history, as it stands or stood; 404 for a moment before it was there."""
    shown = show(session, caller, task, now, as_of=as_of)
    # What moves with the task is known to a higher floor; main wires who tells it.
    told = render.door == "people" and as_of is None
    beside = render.request.app.state.beside_task(session, caller, task.id, now) if told else []
    return render(shown, "tasks/task.html", version=task.version if as_of is None else None, indicators=beside)


@router.get(
    "/tasks/{code}/form", operation_id="get_task_form", response_model=TaskIn, responses=problems(401, 403, 404, 422)
)
def get_task_form(
    caller: CanKeep, task: Annotated[Task, Depends(task_in_path)], session: Reading, render: Render
) -> Response:
    """Show a task in the shape in which it is sent to be changed."""
    return render(service.current(session, task), "tasks/edit.html", version=task.version, **task_again(session, task))


def _edit_again(request: Request, session: Session) -> TaskIn:
    return service.current(session, service.by_code(session, request.state.caller, request.path_params["code"]))


@router.put(
    "/tasks/{code}",
    operation_id="put_task",
    response_model=TaskOut,
    responses=problems(401, 403, 404, 412, 422, 428),
)
@form("tasks/edit.html", _edit_again, edit_again)
def put_task(
    request: Request,
    caller: CanKeep,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: TaskIn,
) -> Response:
    """Replace what an edit may change of a task; wants `If-Match`."""
    service.change(session, caller, task, values=values, if_match=request.headers.get("if-match"), now=now)
    return acted(session, caller, task, render, now)


@router.post("/tasks/{code}/start", operation_id="start_task", response_model=TaskOut, responses=REFUSALS)
@form("tasks/act.html", task_page, act_of)
def start_task(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: StartIn,
) -> Response:
    """Say that work has begun: for the lead unit."""
    life.start(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)


@router.post("/tasks/{code}/proposal", operation_id="propose_completion", response_model=TaskOut, responses=REFUSALS)
@form("tasks/act.html", task_page, act_of)
def propose_completion(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: ProposalIn,
) -> Response:
    """Say that the task is done, with evidence: for the lead unit; it is judged by the day proposed."""
    life.propose(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)


@router.post("/tasks/{code}/acceptance", operation_id="accept_completion", response_model=TaskOut, responses=REFUSALS)
@form("tasks/act.html", task_page, act_of)
def accept_completion(
    caller: CanAccept,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: AcceptanceIn,
) -> Response:
    """Accept what was proposed."""
    life.accept(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)


@router.post("/tasks/{code}/return", operation_id="return_completion", response_model=TaskOut, responses=REFUSALS)
@form("tasks/act.html", task_page, act_of)
def return_completion(
    caller: CanAccept,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: TaskReturnIn,
) -> Response:
    """Return what was proposed, with the reason."""
    life.send_back(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)
