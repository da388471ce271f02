"""Tasks counted by bucket at any moment, and what the six clear points still lack."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.tasks import states
from app.tasks.editions import alive
from app.tasks.models import Programme, Task, TaskEdition, TaskState
from app.tasks.narrowing import Filters, are_everywhere, narrowed
from app.tasks.rules import ENDED, Bucket, Headline, Point, TaskKind, TaskStatus
from app.tasks.schemas import UnitName
from app.tasks.summary.schemas import BucketCount, GapCount, GapItem, GapPage, TaskShare, TaskSummary
from app.units.models import Unit

DONE = (Bucket.completed_on_time, Bucket.completed_late)
REGULAR = (Bucket.regular_on_schedule, Bucket.regular_overdue)
UNDER_WAY = (Bucket.awaiting_acceptance, Bucket.overdue, Bucket.due_soon, Bucket.not_started, Bucket.on_schedule)


def summary(
    session: Session, caller: Caller, *, filters: Filters, as_of: datetime | None, now: datetime
) -> TaskSummary:
    """Return how many tasks stand in each bucket now, or stood and were known at `as_of`."""
    filters.only_now(as_of)
    at = as_of or now
    wordless = replace(filters, q=None)
    if caller.units is None and filters.q is not None and wordless.only_programme and are_everywhere(
        session, filters.q, at, past=as_of is not None
    ):  # fmt: skip
        filters = wordless
    if caller.units is None and filters.only_programme:
        counts = states.sizes(session, at, filters.programme.id if filters.programme else None)
    else:
        query: Any = select(col(TaskState.bucket), func.count()).join(Task, col(Task.id) == col(TaskState.task_id))
        rows = session.execute(
            narrowed(query, caller, filters, at, past=as_of is not None).group_by(col(TaskState.bucket))
        )
        counts = Counter({row[0]: row[1] for row in rows})
    total = sum(counts.values())
    done = _of(counts, DONE)
    headline = Headline(filters.programme.headline) if filters.programme else None
    return TaskSummary(
        as_of=at, programme=filters.programme.code if filters.programme else None, headline=headline, total=total,
        sum=sum(counts[bucket.value] for bucket in Bucket),
        buckets=[BucketCount(bucket=bucket, count=counts[bucket.value]) for bucket in Bucket],
        completed=_share(done, total), completed_on_time=_share(counts[Bucket.completed_on_time.value], done),
        regular=_share(_of(counts, REGULAR), total), under_way=_share(_of(counts, UNDER_WAY), total),
    )  # fmt: skip


def _of(counts: Counter[str], buckets: Iterable[Bucket]) -> int:
    return sum(counts[bucket.value] for bucket in buckets)


def _share(numerator: int, denominator: int) -> TaskShare:
    return TaskShare(
        numerator=numerator, denominator=denominator, value=numerator / denominator if denominator else None
    )


# Of a state and the edition of the same moment.
LACKS: dict[Point, ColumnElement[bool]] = {
    Point.person: col(TaskEdition.responsible_position).is_(None),
    Point.work: and_(col(TaskEdition.clause).is_(None), func.length(col(TaskEdition.title)) < 15),
    Point.time: and_(col(TaskState.kind) == TaskKind.dated.value, col(TaskState.deadline).is_(None)),
    Point.responsibility: col(TaskEdition.accountable_position).is_(None),
    Point.product: col(TaskEdition.product).is_(None),
    Point.authority: col(TaskEdition.authority).is_(None),
}
STANDING = col(TaskState.status).not_in([status.value for status in (*ENDED, TaskStatus.completed)])


def as_written(query: Select[Any], at: datetime) -> Select[Any]:
    """Return a query over tasks joined with their states and editions of a moment."""
    return query.join(TaskState, col(TaskState.task_id) == col(Task.id)).join(
        TaskEdition, and_(col(TaskEdition.task_id) == col(Task.id), alive(TaskEdition, at))
    )


def gaps(session: Session, caller: Caller, page: Page | None, *, filters: Filters, now: datetime) -> GapPage:
    """Return the tasks that stand and lack some of the six clear points, by code."""

    def over(*columns: Any) -> Any:
        query = as_written(select(*columns).select_from(Task), now)
        return narrowed(query, caller, filters, now).where(STANDING)

    lacking = or_(*LACKS.values())
    counts = [func.count().filter(lacks) for lacks in LACKS.values()]
    total, count, *points = session.execute(over(func.count(), func.count().filter(lacking), *counts)).one()
    lacks = [condition.label(point.value) for point, condition in LACKS.items()]
    query = (
        over(col(Task.code), col(TaskEdition.title), col(Programme.code).label("programme"), Unit, *lacks)
        .join(Unit, col(Unit.id) == col(TaskState.lead_unit_id))
        .join(Programme, col(Programme.id) == col(Task.programme_id))
        .where(lacking)
        .order_by(col(Task.code))
    )
    following = None
    if page is not None:
        if page.after is not None:
            if len(page.after) != 1 or not isinstance(page.after[0], str):
                raise Invalid([Fault("?cursor", "bad_cursor")])
            query = query.where(col(Task.code) > page.after[0])
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row[0]])
    items = [
        GapItem(
            code=row[0], title=row[1], programme=row[2], lead_unit=UnitName(code=row[3].code, name=row[3].name),
            missing=[point for point, lack in zip(LACKS, row[4:], strict=True) if lack],
        )
        for row in rows
    ]  # fmt: skip
    return GapPage(
        total=total, lacking=count, points=[GapCount(point=p, count=n) for p, n in zip(LACKS, points, strict=True)],
        items=items, next=following,
    )  # fmt: skip
