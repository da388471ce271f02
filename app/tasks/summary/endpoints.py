"""Sums of tasks, and the six clear points, at both doors."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import AsOf, problems
from app.core.web import Render
from app.tasks import programmes
from app.tasks.asked import Filtered, in_words
from app.tasks.rules import Point
from app.tasks.summary import service
from app.tasks.summary.schemas import BucketCount, GapItem, GapPage, TaskSummary

router = APIRouter(route_class=DoorRoute, tags=["tasks"])


@router.get(
    "/tasks/summary", operation_id="summarise_tasks", response_model=TaskSummary, responses=problems(401, 403, 406, 422)
)
def summarise_tasks(
    caller: Annotated[Caller, allow("tasks:read")],
    session: Reading,
    render: Render,
    filters: Filtered,
    now: Now,
    as_of: Annotated[AsOf | None, Query(description="As was known then; a day means its end. Absent: now")] = None,
) -> Response:
    """Count tasks by bucket, each task in exactly one; children count for their unit only."""
    found = service.summary(session, caller, filters=filters, as_of=as_of, now=now)
    return render(
        found,
        "tasks/summary.html",
        table=lambda: tables.of_models("tasks-summary", found.buckets, BucketCount),
        filters=in_words(filters) | {"as_of": as_of},
        programmes=programmes.listing(session).items if render.door == "people" else [],
    )


@router.get(
    "/tasks/gaps", operation_id="list_task_gaps", response_model=GapPage, responses=problems(401, 403, 406, 422)
)
def list_task_gaps(
    caller: Annotated[Caller, allow("tasks:read")],
    session: Reading,
    render: Render,
    page: Paging,
    filters: Filtered,
    now: Now,
) -> Response:
    """List what the six clear points (6 rõ) still lack: tasks that stand, by code."""
    found = service.gaps(session, caller, page, filters=filters, now=now)
    return render(
        found,
        "tasks/gaps.html",
        table=lambda: _as_table(
            render.every(lambda whole: service.gaps(session, caller, whole, filters=filters, now=now))
        ),
        filters=in_words(filters),
        programmes=programmes.listing(session).items if render.door == "people" else [],
    )


def _as_table(items: list[GapItem]) -> tables.Table:
    """Return gaps with a column for each point: 1 where it is missing."""
    columns = ["code", "title", "programme", "lead_unit_code", "lead_unit_name", *(point.value for point in Point)]
    rows: list[list[tables.Cell]] = [
        [i.code, i.title, i.programme, i.lead_unit.code, i.lead_unit.name, *(int(p in i.missing) for p in Point)]
        for i in items
    ]
    return tables.Table("gaps", columns, rows)
