"""Compares the kept sums of tasks with their dated states; these, editions, marks and percents with the tasks."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from app.core.clock import day_of
from app.tasks import editions
from app.tasks.editions import written
from app.tasks.models import (
    FOREVER,
    WORD_LENGTH,
    Programme,
    Task,
    TaskCount,
    TaskEdition,
    TaskMark,
    TaskPercent,
    TaskState,
    TaskTag,
    TaskUnit,
)
from app.tasks.rules import Headline, TaskRole, bucket
from app.tasks.states import count_rows, facts_of

_STATE = TaskState.__table__  # type: ignore[attr-defined]


def differences(session: Session, now: datetime) -> Iterator[str]:
    """Yield a sentence for every task whose states have a gap or differ from it, and for every false sum."""
    ends: dict[int, datetime] = {}
    ordered = select(_STATE.c.task_id, _STATE.c.from_at, _STATE.c.to_at).order_by(_STATE.c.task_id, _STATE.c.from_at)
    for task_id, begins, until in session.execute(ordered.execution_options(yield_per=1000)):
        if ends.get(task_id, begins) != begins:
            yield f"task {task_id}: its states leave a gap or overlap at {begins}"
        ends[task_id] = until
    headlines = {row.id: Headline(row.headline) for row in session.scalars(select(Programme))}
    alive = (col(TaskState.from_at) <= now, col(TaskState.to_at) > now)
    query = select(Task, TaskState).outerjoin(TaskState, (col(TaskState.task_id) == col(Task.id)) & alive[0] & alive[1])
    for task, state in session.execute(query.execution_options(yield_per=500)):
        if ends.get(task.id) != FOREVER or state is None:
            yield f"task {task.code}: no state is written ahead"
        elif state.bucket != bucket(facts_of(task, headlines[task.programme_id]), day_of(now)):
            yield f"task {task.code}: counted as {state.bucket}, its facts say otherwise"
    open_ones = select(Task, TaskEdition).outerjoin(
        TaskEdition, (col(TaskEdition.task_id) == col(Task.id)) & (col(TaskEdition.to_at) == FOREVER)
    )
    for task, edition in session.execute(open_ones.execution_options(yield_per=500)):
        if edition is None or any(getattr(edition, name) != word for name, word in written(session, task).items()):
            yield f"task {task.code}: the open edition says something else"
    for task_id in sorted(_ill_marked(session) | _ill_measured(session)):
        code = session.get_one(Task, task_id).code
        yield f"task {code}: what it is found by, or its last percent, says something else"
    kept: dict[Any, int] = {
        (row.span, row.first, row.programme_id, row.bucket): row.moved
        for row in session.scalars(select(TaskCount))
        if row.moved
    }
    right = {(r["span"], r["first"], r["programme_id"], r["bucket"]): r["moved"] for r in count_rows(_moved(session))}
    for key in sorted(kept.keys() | right.keys()):
        if kept.get(key, 0) != right.get(key, 0):
            where = "/".join(map(str, key))
            yield f"tasks counted {where}: kept {kept.get(key, 0)}, the states say {right.get(key, 0)}"


def _ill_marked(session: Session) -> set[int]:
    """Return the tasks whose open marks are not their tags, coordinating units and words, each once."""
    right: Counter[tuple[int, str | None, int | None, str | None]] = Counter()
    for task_id, tag in session.execute(select(col(TaskTag.task_id), col(TaskTag.tag))):
        right[task_id, tag, None, None] += 1
    helpers = select(col(TaskUnit.task_id), col(TaskUnit.unit_id)).where(
        col(TaskUnit.role) == TaskRole.coordinating.value
    )
    for task_id, unit_id in session.execute(helpers):
        right[task_id, None, unit_id, None] += 1
    for task_id, key in session.execute(select(col(Task.id), col(Task.search_key))):
        right.update((task_id, None, None, word) for word in {said[:WORD_LENGTH] for said in key.split()})
    marks = select(col(TaskMark.task_id), col(TaskMark.tag), col(TaskMark.unit_id), col(TaskMark.word))
    kept = Counter(tuple(row) for row in session.execute(marks.where(col(TaskMark.to_at) == FOREVER)))
    return {key[0] for key in right.keys() | kept.keys() if right[key] != kept[key]}


def _ill_measured(session: Session) -> set[int]:
    """Return the tasks whose newest percent in their history is not the one that they have."""
    rows = select(col(TaskPercent.task_id), col(TaskPercent.percent), col(TaskPercent.source))
    newest = {
        row[0]: tuple(row[1:]) for row in session.execute(rows.order_by(col(TaskPercent.at), col(TaskPercent.id)))
    }
    tasks = session.execute(select(col(Task.id), col(Task.percent), col(Task.percent_source)))
    return {row[0] for row in tasks if newest.get(row[0], (None, None)) != tuple(row[1:])}


def rebuild(session: Session, now: datetime) -> int:
    """Make the kept sums anew from the states and return how many rows there are.

    Marks and percents that say something else than their task are put right from now on; what they said is past.
    """
    for task_id in sorted(_ill_marked(session)):
        editions.keep(session, session.get_one(Task, task_id), now)
    for task_id in sorted(_ill_measured(session)):
        editions.keep_percent(session, session.get_one(Task, task_id), now)
    session.execute(delete(TaskCount))
    rows = count_rows(_moved(session))
    if rows:
        session.execute(insert(TaskCount), rows)
    return len(rows)


def _moved(session: Session) -> Counter[tuple[int, str, date]]:
    moved: Counter[tuple[int, str, date]] = Counter()
    query = select(_STATE.c.programme_id, _STATE.c.bucket, _STATE.c.from_at, _STATE.c.to_at).where(_STATE.c.top)
    for programme, found, begins, ends in session.execute(query.execution_options(yield_per=1000)):
        moved[programme, found, day_of(begins)] += 1
        if ends < FOREVER:
            moved[programme, found, day_of(ends)] -= 1
    return moved
