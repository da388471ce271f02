"""Tasks by position, by month and along time, at both doors."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now, day_of
from app.core.db import Reading
from app.core.forms import DoorRoute
from app.core.paging import Page, Paging
from app.core.schemas import problems
from app.core.web import Render
from app.tasks import programmes
from app.tasks.asked import AtMoment, Filtered, in_words
from app.tasks.overview import rules, service
from app.tasks.overview.schemas import (
    DeadlineMonth,
    DeadlineYear,
    PositionItem,
    PositionPage,
    TimelineItem,
    TimelinePage,
)

router = APIRouter(route_class=DoorRoute, tags=["tasks"])

CanRead = Annotated[Caller, allow("tasks:read")]
DRAWN = 40  # bars that can still be told apart on a phone


@router.get(
    "/tasks/positions", operation_id="list_positions", response_model=PositionPage,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def list_positions(
    caller: CanRead,
    session: Reading,
    render: Render,
    page: Paging,
    filters: Filtered,
    now: Now,
    as_of: AtMoment = None,
) -> Response:
    """List positions with how the tasks stand that they answer for, as accountable or as responsible."""
    find = partial(service.positions, session, caller, filters=filters, as_of=as_of, now=now)
    return render(
        find(page), "tasks/positions.html", wanted=in_words(filters) | {"as_of": as_of, "year": None},
        table=lambda: tables.of_models("chuc-danh", render.every(find), PositionItem),
    )  # fmt: skip


@router.get(
    "/tasks/deadlines", operation_id="count_deadlines", response_model=DeadlineYear,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def count_deadlines(
    caller: CanRead, session: Reading, render: Render, filters: Filtered, now: Now, as_of: AtMoment = None,
    year: Annotated[int | None, Query(ge=1950, le=2150, description="Absent: this year")] = None,
) -> Response:  # fmt: skip
    """Count tasks by the month of their original deadline."""
    found = service.deadlines(
        session, caller, year=year or day_of(as_of or now).year, filters=filters, as_of=as_of, now=now
    )
    return render(
        found, "tasks/deadlines.html", wanted=in_words(filters) | {"as_of": as_of, "year": found.year},
        table=lambda: tables.of_models(f"thoi-han-{found.year}", found.items, DeadlineMonth),
    )  # fmt: skip


@router.get(
    "/tasks/timeline", operation_id="list_timeline", response_model=TimelinePage,
    responses=problems(401, 403, 406, 422),
)  # fmt: skip
def list_timeline(
    caller: CanRead,
    session: Reading,
    render: Render,
    page: Paging,
    filters: Filtered,
    now: Now,
    as_of: AtMoment = None,
) -> Response:
    """List tasks along time: when they were given, when they end, when they were done."""
    find = partial(service.timeline, session, caller, filters=filters, as_of=as_of, now=now)
    shown = Page(min(page.limit, DRAWN), page.after) if render.door == "people" else page
    found = find(shown)
    days = [day for i in found.items for day in (i.begins, i.deadline, i.approved, i.done_on) if day is not None]
    return render(
        found, "tasks/timeline.html", wanted=in_words(filters) | {"as_of": as_of},
        span=rules.span([*days, found.day] if days else []),
        place=rules.place, ticks=rules.ticks, programmes=programmes.listing(session).items,
        table=lambda: tables.of_models("tien-trinh", render.every(find), TimelineItem),
    )  # fmt: skip
