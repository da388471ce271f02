"""The base of tasks, its changes and comparisons, at both doors."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from app.core import tables
from app.core.clock import Now
from app.core.db import Reading, Writing
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import AsOf, problems
from app.core.web import Render, form
from app.tasks import programmes
from app.tasks.acting import REFUSALS, CanKeep, CanRead, acted, task_in_path
from app.tasks.asked import Filtered, ProgrammeQuery, in_words
from app.tasks.detail_schemas import ScopeChangeOut, TaskOut
from app.tasks.models import Task
from app.tasks.pages import act_of, task_page
from app.tasks.scope import service
from app.tasks.scope.compare import compare
from app.tasks.scope.ledger import ledger
from app.tasks.scope.rules import ScopeKind
from app.tasks.scope.schemas import (
    CancellationIn,
    ComparedBucket,
    CompareOut,
    LedgerPage,
    MergerIn,
    ReclassificationIn,
    SplitIn,
)
from app.tasks.service import programme_by_code

router = APIRouter(route_class=DoorRoute, tags=["tasks"])

SCOPE_WORDS = "added (bổ sung) | merged (gộp) | split (tách) | cancelled (dừng) | reclassified (chuyển loại)"


@router.get(
    "/tasks/scope", operation_id="list_scope_changes", response_model=LedgerPage, responses=problems(401, 403, 406, 422)
)
def list_scope_changes(
    caller: CanRead,
    session: Reading,
    render: Render,
    page: Paging,
    programme: ProgrammeQuery = None,
    kind: Annotated[ScopeKind | None, Query(description=SCOPE_WORDS)] = None,
    since: Annotated[AsOf | None, Query(alias="from", description="From this moment; a day means its end")] = None,
    until: Annotated[AsOf | None, Query(alias="to", description="Up to this moment; a day means its end")] = None,
) -> Response:
    """List what changed the base, newest first, each with its document."""
    asked: dict[str, Any] = {
        "programme": programme_by_code(session, programme, "?programme") if programme else None,
        "kind": kind, "first": since, "last": until,
    }  # fmt: skip
    found = ledger(session, caller, page, **asked)
    return render(
        found,
        "tasks/scope.html",
        table=lambda: tables.of_models(
            "scope", render.every(lambda whole: ledger(session, caller, whole, **asked)), ScopeChangeOut
        ),
        filters={"programme": programme, "kind": kind and kind.value, "from": since, "to": until},
        programmes=programmes.listing(session).items if render.door == "people" else [],
    )


@router.get(
    "/tasks/compare", operation_id="compare_tasks", response_model=CompareOut, responses=problems(401, 403, 406, 422)
)
def compare_tasks(
    caller: CanRead,
    session: Reading,
    render: Render,
    filters: Filtered,
    now: Now,
    since: Annotated[AsOf | None, Query(alias="from", description="The earlier moment; a day means its end")] = None,
    until: Annotated[AsOf | None, Query(alias="to", description="The later moment; absent: now")] = None,
) -> Response:
    """Compare two moments on the old, the new and the common base, with what explains the whole difference."""
    found = compare(session, caller, first=since or now, last=until or now, filters=filters)
    return render(
        found,
        "tasks/compare.html",
        table=lambda: tables.of_models("compare", found.buckets, ComparedBucket),
        filters=in_words(filters) | {"from": since, "to": until},
        programmes=programmes.listing(session).items if render.door == "people" else [],
    )


@router.post("/tasks/{code}/cancellation", operation_id="cancel_task", response_model=TaskOut, responses=REFUSALS)
@form("tasks/act.html", task_page, act_of)
def cancel_task(
    caller: CanKeep,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: CancellationIn,
) -> Response:
    """Give a task up by a document; it stays in the base, counted as cancelled."""
    service.cancel(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)


@router.post("/tasks/{code}/merger", operation_id="merge_task", response_model=TaskOut, responses=REFUSALS)
@form("tasks/act.html", task_page, act_of)
def merge_task(
    caller: CanKeep,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: MergerIn,
) -> Response:
    """Let another task take this one over, by a document."""
    service.merge(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)


@router.post("/tasks/{code}/split", operation_id="split_task", response_model=TaskOut, responses=REFUSALS)
@form("tasks/act.html", task_page, act_of)
def split_task(
    caller: CanKeep,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: SplitIn,
) -> Response:
    """Let several new tasks go on in place of this one, by a document."""
    service.split(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)


@router.post(
    "/tasks/{code}/reclassification",
    operation_id="reclassify_task",
    response_model=TaskOut,
    responses=REFUSALS,
)
@form("tasks/act.html", task_page, act_of)
def reclassify_task(
    caller: CanKeep,
    task: Annotated[Task, Depends(task_in_path)],
    session: Writing,
    render: Render,
    now: Now,
    values: ReclassificationIn,
) -> Response:
    """Make a dated task a regular one, or the other way round, by a document."""
    service.reclassify(session, caller, task, body=values, now=now)
    return acted(session, caller, task, render, now)
