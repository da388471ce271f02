"""Tasks by position, by month of their deadline, along time: read from the states that lists are read from."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.core.text import sort_key
from app.tasks.directives.models import Directive
from app.tasks.editions import alive
from app.tasks.listing import listing
from app.tasks.models import Task, TaskEdition, TaskState
from app.tasks.narrowing import Filters, narrowed
from app.tasks.overview.rules import by_month, by_position
from app.tasks.overview.schemas import (
    DeadlineMonth,
    DeadlineYear,
    PositionItem,
    PositionPage,
    TimelineItem,
    TimelinePage,
)
from app.tasks.rules import Bucket
from app.tasks.summary.service import DONE, REGULAR


def positions(
    session: Session, caller: Caller, page: Page | None, *, filters: Filters, as_of: datetime | None, now: datetime
) -> PositionPage:
    """Return each position with how its tasks stand, or stood and were known at `as_of`, by name."""
    words: Any = Task if as_of is None else TaskEdition
    columns = (col(words.accountable_position), col(words.responsible_position), col(TaskState.bucket))
    found = by_position(session.execute(_over(caller, filters, as_of, now, *columns)))
    items = [_position(name, found[name]) for name in sorted(found, key=sort_key)]
    following = None
    if page is not None:
        if page.after is not None:
            if len(page.after) != 1 or not isinstance(page.after[0], str):
                raise Invalid([Fault("?cursor", "bad_cursor")])
            items = [item for item in items if sort_key(item.position) > sort_key(page.after[0])]
        items, following = cut(items[: page.limit + 1], page, lambda item: [item.position])
    return PositionPage(as_of=as_of or now, items=items, next=following)


def deadlines(
    session: Session, caller: Caller, *, year: int, filters: Filters, as_of: datetime | None, now: datetime
) -> DeadlineYear:
    """Return how many tasks end in each month of a year by their original deadline."""
    within = col(TaskState.deadline).between(date(year, 1, 1), date(year, 12, 31))
    query = _over(caller, filters, as_of, now, col(TaskState.deadline), col(TaskState.bucket)).where(within)
    months = by_month(session.execute(query), year)
    items = [_month(f"{year}-{number:02}", counts) for number, counts in enumerate(months, 1)]
    return DeadlineYear(year=year, as_of=as_of or now, total=sum(item.total for item in items), items=items)


def timeline(
    session: Session, caller: Caller, page: Page | None, *, filters: Filters, as_of: datetime | None, now: datetime
) -> TimelinePage:
    """Return tasks by code with the days that they begin, end, and were done, as they were known at `as_of`."""
    at = as_of or now
    found = listing(session, caller, page, filters=filters, as_of=as_of, now=now)
    query = (
        select(col(Task.code), col(Directive.issued_on), col(TaskState.proposed_on))
        .join(Directive, col(Directive.id) == col(Task.directive_id))
        .join(TaskState, and_(col(TaskState.task_id) == col(Task.id), alive(TaskState, at)))
        .where(col(Task.code).in_([item.code for item in found.items]))
    )
    days = {code: (issued, done) for code, issued, done in session.execute(query)}
    items = [
        TimelineItem(
            code=item.code, title=item.title, lead_unit=item.lead_unit, bucket=item.bucket, begins=days[item.code][0],
            deadline=item.deadline.day if item.deadline else None,
            approved=item.approved_deadline.day if item.approved_deadline else None, done_on=days[item.code][1],
        )
        for item in found.items
    ]  # fmt: skip
    return TimelinePage(day=day_of(at), items=items, next=found.next)


def _over(caller: Caller, filters: Filters, as_of: datetime | None, now: datetime, *columns: Any) -> Any:
    filters.only_now(as_of)
    at = as_of or now
    query: Any = (
        select(*columns, func.count()).select_from(Task).join(TaskState, col(TaskState.task_id) == col(Task.id))
    )
    if as_of is not None:
        query = query.join(TaskEdition, and_(col(TaskEdition.task_id) == col(Task.id), alive(TaskEdition, at)))
    return narrowed(query, caller, filters, at, past=as_of is not None).group_by(*columns)


def _position(name: str, counts: Counter[Bucket]) -> PositionItem:
    return PositionItem(
        position=name, total=counts.total(), completed=sum(counts[b] for b in DONE),
        regular=sum(counts[b] for b in REGULAR), awaiting_acceptance=counts[Bucket.awaiting_acceptance],
        overdue=counts[Bucket.overdue], due_soon=counts[Bucket.due_soon], not_started=counts[Bucket.not_started],
        on_schedule=counts[Bucket.on_schedule], regular_overdue=counts[Bucket.regular_overdue],
    )  # fmt: skip


def _month(month: str, counts: Counter[Bucket]) -> DeadlineMonth:
    return DeadlineMonth(
        month=month, total=counts.total(), completed=sum(counts[b] for b in DONE),
        awaiting_acceptance=counts[Bucket.awaiting_acceptance], overdue=counts[Bucket.overdue],
        due_soon=counts[Bucket.due_soon], open=counts[Bucket.not_started] + counts[Bucket.on_schedule],
    )  # fmt: skip
