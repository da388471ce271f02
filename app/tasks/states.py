"""Writes a task's dated states, and how many tasks stand where by day."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlmodel import Session, col

from app.core import events
from app.core.clock import at as moment_at
from app.core.clock import day_of
from app.core.db import upsert
from app.tasks.events import TaskCounted
from app.tasks.models import FOREVER, Programme, Task, TaskCount, TaskState
from app.tasks.rules import Facts, Headline, Rhythm, TaskKind, TaskStatus, course, next_update_due

_SAME = ("bucket", "status", "kind", "deadline", "approved", "proposed_on", "update_due", "lead_unit_id", "top")


def facts_of(task: Task, headline: Headline) -> Facts:
    """Return what decides where a task is counted."""
    due = None
    if task.rhythm is not None and task.rhythm_from is not None:
        due = next_update_due(task.rhythm_from, Rhythm(task.rhythm))
    return Facts(
        TaskStatus(task.status), TaskKind(task.kind), task.deadline, task.approved, headline, task.proposed_on, due
    )


def hold(session: Session, task: Task, now: datetime) -> datetime:
    """Hold a task until the end of the call and return the moment from which what is written of it counts.

    A call that came first may be written last, and clocks are set back: never before what was written already.
    """
    session.refresh(task, with_for_update=True)
    return max(now, task.updated_at)


def write(session: Session, task: Task, now: datetime) -> None:
    """Write where the task is counted from now on; what lies before now stays as it was known."""
    now = task.updated_at = max(now, task.updated_at)
    programme = session.get_one(Programme, task.programme_id)
    facts = facts_of(task, Headline(programme.headline))
    moved: Counter[tuple[str, date]] = Counter()
    rows = list(
        session.scalars(
            select(TaskState)
            .where(col(TaskState.task_id) == task.id, col(TaskState.to_at) > now)
            .order_by(col(TaskState.from_at))
        )
    )
    current = rows[0] if rows and rows[0].from_at <= now else None
    leads = {task.lead_unit_id} | ({current.lead_unit_id} if current else set())
    ahead = [row for row in rows if row is not current]
    for row in ahead:
        _count(moved, row.top, row.bucket, row.from_at, row.to_at, -1)
    if ahead:
        session.execute(delete(TaskState).where(col(TaskState.id).in_([row.id for row in ahead])))
        for row in ahead:
            session.expunge(row)
    steps = course(facts, day_of(now))
    common: dict[str, Any] = {
        "status": task.status, "kind": task.kind, "deadline": task.deadline, "approved": task.approved,
        "proposed_on": task.proposed_on, "update_due": facts.update_due, "lead_unit_id": task.lead_unit_id,
        "top": task.parent_id is None,
    }  # fmt: skip
    made = []
    for number, (day, found) in enumerate(steps):
        begins = now if number == 0 else moment_at(day, time(0))
        ends = moment_at(steps[number + 1][0], time(0)) if number + 1 < len(steps) else FOREVER
        made.append({"bucket": found.value, "from_at": begins, "to_at": ends, **common})
    if current is not None:
        first = made[0]
        if all(getattr(current, name) == first[name] for name in _SAME):
            made.pop(0)
            ends = first["to_at"]
        else:
            ends = now
        _count(moved, current.top, current.bucket, current.from_at, current.to_at, -1)
        _count(moved, current.top, current.bucket, current.from_at, ends, 1)
        session.execute(update(TaskState).where(col(TaskState.id) == current.id).values(to_at=ends))
        session.expunge(current)
    for row_values in made:
        _count(moved, row_values["top"], row_values["bucket"], row_values["from_at"], row_values["to_at"], 1)
        session.add(TaskState(task_id=task.id, programme_id=task.programme_id, **row_values))
    session.flush()
    _keep(session, task.programme_id, moved)
    for unit_id in sorted(leads):
        events.publish(session, TaskCounted(task.id, unit_id))


def _count(moved: Counter[tuple[str, date]], top: bool, bucket: str, begins: datetime, ends: datetime, by: int) -> None:
    if not top:
        return
    moved[bucket, day_of(begins)] += by
    if ends < FOREVER:
        moved[bucket, day_of(ends)] -= by


def _keep(session: Session, programme_id: int, moved: Counter[tuple[str, date]]) -> None:
    rows = count_rows({(programme_id, bucket, day): by for (bucket, day), by in moved.items()})
    if not rows:
        return
    table: Any = TaskCount.__table__  # type: ignore[attr-defined]
    statement = upsert(session.get_bind().dialect.name, table)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["span", "first", "programme_id", "bucket"],
            set_={"moved": table.c.moved + statement.excluded.moved},
        ),
        rows,
    )


def count_rows(moved: Mapping[tuple[int, str, date], int]) -> list[dict[str, Any]]:
    """Return what moved by programme, bucket and day as rows of days and of months.

    In one order for all, so that two writers never wait for one another.
    """
    sums: Counter[tuple[str, date, int, str]] = Counter()
    for (programme, bucket, day), by in moved.items():
        sums["day", day, programme, bucket] += by
        sums["month", day.replace(day=1), programme, bucket] += by
    names = ("span", "first", "programme_id", "bucket")
    return [dict(zip(names, key, strict=True)) | {"moved": by} for key, by in sorted(sums.items()) if by]


def sizes(session: Session, as_of: datetime, programme_id: int | None = None) -> Counter[str]:
    """Return how many tasks without a parent stood in each bucket at a moment.

    Sums of whole months and days, and of that day what had come by the moment: the cost grows neither with the tasks
    nor with their history.
    """
    day = day_of(as_of)
    month, begins = day.replace(day=1), moment_at(day, time(0))
    found: Counter[str] = Counter()
    whole = select(col(TaskCount.bucket), func.sum(col(TaskCount.moved))).where(
        or_(
            and_(col(TaskCount.span) == "month", col(TaskCount.first) < month),
            and_(col(TaskCount.span) == "day", col(TaskCount.first) >= month, col(TaskCount.first) < day),
        )
    )
    if programme_id is not None:
        whole = whole.where(col(TaskCount.programme_id) == programme_id)
    for bucket, by in session.execute(whole.group_by(col(TaskCount.bucket))):
        found[bucket] += int(by)
    for column, sign in ((col(TaskState.from_at), 1), (col(TaskState.to_at), -1)):
        part = select(col(TaskState.bucket), func.count()).where(
            column >= begins, column <= as_of, col(TaskState.top).is_(True)
        )
        if programme_id is not None:
            part = part.where(col(TaskState.programme_id) == programme_id)
        for bucket, count in session.execute(part.group_by(col(TaskState.bucket))):
            found[bucket] += sign * count
    return found
