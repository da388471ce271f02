"""Tasks counted by bucket at any moment, and what the six clear points still lack."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.tasks import states
from app.tasks.listing import Filters, narrowed
from app.tasks.models import Programme, Task, TaskState
from app.tasks.rules import ENDED, Bucket, Headline, Point, TaskKind, TaskStatus
from app.tasks.schemas import UnitName
from app.tasks.summary.schemas import BucketCount, GapCount, GapItem, GapPage, TaskShare, TaskSummary
from app.units.models import Unit

DONE = (Bucket.completed_on_time, Bucket.completed_late)
REGULAR = (Bucket.regular_on_schedule, Bucket.regular_overdue)
UNDER_WAY = (Bucket.awaiting_acceptance, Bucket.overdue, Bucket.due_soon, Bucket.not_started, Bucket.on_schedule)


def summary(session: Session, caller: Caller, *, filters: Filters, as_of: datetime) -> TaskSummary:
    """Return how many tasks stood in each bucket, as was known at `as_of`."""
    if caller.units is None and filters.only_programme:
        counts = states.sizes(session, as_of, filters.programme.id if filters.programme else None)
    else:
        query: Any = select(col(TaskState.bucket), func.count()).join(Task, col(Task.id) == col(TaskState.task_id))
        rows = session.execute(narrowed(query, caller, filters, as_of).group_by(col(TaskState.bucket)))
        counts = Counter({row[0]: row[1] for row in rows})
    total = sum(counts.values())
    done = _of(counts, DONE)
    headline = Headline(filters.programme.headline) if filters.programme else None
    return TaskSummary(
        as_of=as_of, programme=filters.programme.code if filters.programme else None, headline=headline, total=total,
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


LACKS: dict[Point, ColumnElement[bool]] = {
    Point.person: col(Task.responsible_position).is_(None),
    Point.work: and_(col(Task.clause_id).is_(None), func.length(col(Task.title)) < 15),
    Point.time: and_(col(Task.kind) == TaskKind.dated.value, col(Task.deadline).is_(None)),
    Point.responsibility: col(Task.accountable_position).is_(None),
    Point.product: col(Task.product).is_(None),
    Point.authority: col(Task.authority).is_(None),
}


def gaps(session: Session, caller: Caller, page: Page | None, *, filters: Filters, now: datetime) -> GapPage:
    """Return the tasks that stand and lack some of the six clear points, by code."""
    standing = col(Task.status).not_in([status.value for status in (*ENDED, TaskStatus.completed)])

    def over(*columns: Any) -> Any:
        query = select(*columns).select_from(Task).join(TaskState, col(TaskState.task_id) == col(Task.id))
        return narrowed(query, caller, filters, now).where(standing)

    lacking = or_(*LACKS.values())
    counts = [func.count().filter(lacks) for lacks in LACKS.values()]
    total, count, *points = session.execute(over(func.count(), func.count().filter(lacking), *counts)).one()
    lacks = [condition.label(point.value) for point, condition in LACKS.items()]
    query = (
        over(col(Task.code), col(Task.title), col(Programme.code).label("programme"), Unit, *lacks)
        .join(Unit, col(Unit.id) == col(Task.lead_unit_id))
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
