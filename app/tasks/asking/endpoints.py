"""Questions, blockers and shortcomings at both doors."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import Session

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, now_of
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import AsOf, problems
from app.core.web import Render, form
from app.tasks import service as tasks
from app.tasks.acting import REFUSALS, CanRead, CanUpdate, task_in_path
from app.tasks.asked import Filtered, in_words
from app.tasks.asking import lists, service
from app.tasks.asking.rules import BlockerLevel, BlockerState, QuestionState, Shortcoming
from app.tasks.asking.schemas import (
    LEVEL_WORDS,
    SHORT_WORDS,
    STATE_WORDS,
    AnswerIn,
    AskingOut,
    BlockerIn,
    BlockerItem,
    BlockerPage,
    EscalationIn,
    OutcomeIn,
    ShortcomingItem,
    ShortcomingPage,
    TaskQuestionIn,
    TaskQuestionOut,
    TaskQuestionPage,
)
from app.tasks.models import Task
from app.units import service as units
from app.units.rules import CODE_PATTERN

router = APIRouter(route_class=DoorRoute, tags=["tasks"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
LeadQuery = Annotated[str | None, Query(pattern=CODE_PATTERN, max_length=35, description="Code of the lead unit")]


@router.get(
    "/tasks/questions", operation_id="list_task_questions", response_model=TaskQuestionPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_task_questions(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging,
    unit: LeadQuery = None,
    state: Annotated[QuestionState | None, Query(description=STATE_WORDS)] = None,
) -> Response:  # fmt: skip
    """List requests for an explanation: what waits first, by due day."""
    lead = units.visible_unit(session, caller, unit) if unit else None

    def every() -> list[TaskQuestionOut]:
        return render.every(lambda whole: lists.questions(session, caller, whole, unit=lead, state=state, now=now))

    return render(
        lists.questions(session, caller, page, unit=lead, state=state, now=now), "tasks/questions.html",
        table=lambda: tables.of_models("yeu-cau-giai-trinh", every(), TaskQuestionOut),
        wanted={"unit": unit, "state": state}, units=_units(session, caller),
    )  # fmt: skip


@router.get(
    "/tasks/blockers", operation_id="list_blockers", response_model=BlockerPage,
    responses=problems(401, 403, 404, 406, 422),
)  # fmt: skip
def list_blockers(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging,
    unit: LeadQuery = None,
    state: Annotated[BlockerState | None, Query(description="open | resolved")] = None,
    level: Annotated[BlockerLevel | None, Query(description=LEVEL_WORDS)] = None,
) -> Response:  # fmt: skip
    """List what stands in the way of tasks, the oldest open ones first."""
    lead = units.visible_unit(session, caller, unit) if unit else None

    def every() -> list[BlockerItem]:
        return render.every(
            lambda whole: lists.blockers(session, caller, whole, unit=lead, state=state, level=level, now=now)
        )

    return render(
        lists.blockers(session, caller, page, unit=lead, state=state, level=level, now=now), "tasks/blockers.html",
        table=lambda: tables.of_models("diem-nghen", every(), BlockerItem),
        wanted={"unit": unit, "state": state, "level": level}, units=_units(session, caller),
    )  # fmt: skip


@router.get(
    "/tasks/shortcomings", operation_id="list_shortcomings", response_model=ShortcomingPage,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def list_shortcomings(
    caller: CanRead, session: Reading, render: Render, now: Now, page: Paging, filters: Filtered,
    kind: Annotated[Shortcoming | None, Query(description=SHORT_WORDS)] = None,
    as_of: Annotated[AsOf | None, Query(description="As it was known then; a day means its end. Absent: now")] = None,
) -> Response:  # fmt: skip
    """List what tasks lack, by lead unit: overdue, an update owed, the six clear points, unanswered questions."""
    filters.only_now(as_of)
    find = partial(lists.shortcomings, session, caller, filters=filters, kind=kind, at=as_of or now)
    return render(
        find(page), "tasks/shortcomings.html",
        table=lambda: tables.of_models("ton-tai-trong-ngay", render.every(find), ShortcomingItem),
        wanted=in_words(filters) | {"kind": kind, "as_of": as_of}, units=_units(session, caller),
    )  # fmt: skip


@router.get(
    "/tasks/{code}/asking", operation_id="get_task_asking", response_model=AskingOut,
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def get_task_asking(
    caller: CanRead, task: Annotated[Task, Depends(task_in_path)], session: Reading, render: Render, now: Now
) -> Response:
    """Give all that was asked about a task, and what stands in its way."""
    return render(service.asking_of(session, caller, task, now), "tasks/asking.html")


def _again(request: Request, session: Session) -> AskingOut:
    caller: Caller = request.state.caller
    task = tasks.by_code(session, caller, request.path_params["code"])
    return service.asking_of(session, caller, task, now_of(request))


def _saved(
    session: Session, caller: Caller, task: Task, render: Render, now: Now, place: str, *, new: bool = False
) -> Response:
    to = f"/tasks/{task.code}/asking"
    shown = service.asking_of(session, caller, task, now)
    return render.saved(shown, to=f"{to}#{place}", created=new, location=to)


@router.post(
    "/tasks/{code}/questions", operation_id="ask_about_task", response_model=AskingOut, status_code=201,
    responses=REFUSALS,
)  # fmt: skip
@form("tasks/asking.html", _again)
def ask_about_task(
    caller: Annotated[Caller, allow("tasks:ask")], task: Annotated[Task, Depends(task_in_path)], session: Writing,
    render: Render, now: Now, body: TaskQuestionIn,
) -> Response:  # fmt: skip
    """Ask the lead unit to explain how a task stands, until a day."""
    row = service.ask(session, caller, task, body=body, now=now)
    return _saved(session, caller, task, render, now, f"question-{row.id}", new=True)


@router.post(
    "/tasks/{code}/questions/{number}/answer", operation_id="answer_question", response_model=AskingOut,
    responses=REFUSALS,
)  # fmt: skip
@form("tasks/asking.html", _again)
def answer_question(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    number: Number,
    session: Writing,
    render: Render,
    now: Now,
    body: AnswerIn,
) -> Response:
    """Explain what was asked: for the lead unit."""
    service.answer(session, caller, task, number, body=body, now=now)
    return _saved(session, caller, task, render, now, f"question-{number}")


@router.post(
    "/tasks/{code}/blockers", operation_id="raise_blocker", response_model=AskingOut, status_code=201,
    responses=REFUSALS,
)  # fmt: skip
@form("tasks/asking.html", _again)
def raise_blocker(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    body: BlockerIn,
) -> Response:
    """Say what stands in a task's way and which position must clear it."""
    row = service.block(session, caller, task, body=body, now=now)
    return _saved(session, caller, task, render, now, f"blocker-{row.id}", new=True)


@router.post(
    "/tasks/{code}/blockers/{number}/escalation", operation_id="escalate_blocker", response_model=AskingOut,
    responses=REFUSALS,
)  # fmt: skip
@form("tasks/asking.html", _again)
def escalate_blocker(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    number: Number,
    session: Writing,
    render: Render,
    now: Now,
    body: EscalationIn,
) -> Response:
    """Take a blocker to a higher level, with its new owner."""
    service.escalate(session, caller, task, number, body=body, now=now)
    return _saved(session, caller, task, render, now, f"blocker-{number}")


@router.post(
    "/tasks/{code}/blockers/{number}/outcome", operation_id="resolve_blocker", response_model=AskingOut,
    responses=REFUSALS,
)  # fmt: skip
@form("tasks/asking.html", _again)
def resolve_blocker(
    caller: CanUpdate,
    task: Annotated[Task, Depends(task_in_path)],
    number: Number,
    session: Writing,
    render: Render,
    now: Now,
    body: OutcomeIn,
) -> Response:
    """Say how a blocker was cleared."""
    service.resolve(session, caller, task, number, body=body, now=now)
    return _saved(session, caller, task, render, now, f"blocker-{number}")


def _units(session: Session, caller: Caller) -> list[tuple[str, str]]:
    """Return the units that who sees all may choose from."""
    if caller.units is not None:
        return []
    return [(unit.code, unit.name) for unit in units.listing(session, None).items]
