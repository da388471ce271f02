"""Keeps what is written of a task by date, so that any moment is answered as it was known then."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, select
from sqlmodel import Session, col

from app.core import events, stamps
from app.tasks.directives.models import DirectiveClause
from app.tasks.models import (
    FOREVER,
    WORD_LENGTH,
    ProgrammePhase,
    Task,
    TaskEdition,
    TaskMark,
    TaskPercent,
    TaskTag,
    TaskUnit,
)
from app.tasks.progress.models import TaskMilestone
from app.tasks.rules import TaskRole

STAMP = "task_words"  # what processes keep of the words of tasks is read anew when it changes
_SAME = ("title", "directive_id", "parent_id", "roll_up", "accountable_position", "responsible_position", "product",
         "authority", "rhythm", "precision", "centre_code", "weight", "search_key")  # fmt: skip


def keep(session: Session, task: Task, now: datetime) -> None:
    """Note what is written of a task from now on, with its tags and units; without effect when nothing differs."""
    words = written(session, task)
    row = session.scalars(
        select(TaskEdition).where(col(TaskEdition.task_id) == task.id, col(TaskEdition.to_at) == FOREVER)
    ).one_or_none()
    if row is None or any(getattr(row, name) != value for name, value in words.items()):
        if row is not None and row.from_at >= now:  # written twice in one moment: the last word counts
            row.sqlmodel_update(words)
        else:
            if row is not None:
                row.to_at = now
            session.add(TaskEdition(task_id=task.id, from_at=now, to_at=FOREVER, **words))
    _keep_marks(session, task, now)
    session.flush()


def written(session: Session, task: Task) -> dict[str, Any]:
    """Return what the open edition of a task has to say."""
    clause = session.get(DirectiveClause, task.clause_id) if task.clause_id else None
    phase = session.get(ProgrammePhase, task.phase_id) if task.phase_id else None
    rows = session.scalars(
        select(TaskMilestone).where(col(TaskMilestone.task_id) == task.id).order_by(col(TaskMilestone.number))
    )
    # One order of names: editions are told apart by their text.
    milestones = [
        {
            "number": row.number, "title": row.title, "weight": row.weight,
            "due": row.due and row.due.isoformat(), "done_on": row.done_on and row.done_on.isoformat(),
        }
        for row in rows
    ]  # fmt: skip
    return {name: getattr(task, name) for name in _SAME} | {
        "clause": clause.label if clause else None,
        "phase": phase.code if phase else None,
        "milestones": json.dumps(milestones, ensure_ascii=False),
    }


def _keep_marks(session: Session, task: Task, now: datetime) -> None:
    tags = select(col(TaskTag.tag)).where(col(TaskTag.task_id) == task.id)
    helpers = select(col(TaskUnit.unit_id)).where(
        col(TaskUnit.task_id) == task.id, col(TaskUnit.role) == TaskRole.coordinating.value
    )
    wanted: set[tuple[str | None, int | None, str | None]] = {(tag, None, None) for tag in session.scalars(tags)}
    wanted |= {(None, unit, None) for unit in session.scalars(helpers)}
    wanted |= {(None, None, word[:WORD_LENGTH]) for word in task.search_key.split()}
    query = select(TaskMark).where(col(TaskMark.task_id) == task.id, col(TaskMark.to_at) == FOREVER)
    kept = [((row.tag, row.unit_id, row.word), row) for row in session.scalars(query)]
    if len(kept) == len(wanted) and {key for key, _ in kept} == wanted:
        return
    stamps.changing(session, STAMP)
    events.at_end(session, _touch, last=True)
    for key, row in kept:
        if key in wanted:
            wanted.discard(key)
        else:
            row.to_at = max(now, row.from_at)
    if wanted:
        new = {"task_id": task.id, "from_at": now, "to_at": FOREVER}
        rows = [new | {"tag": tag, "unit_id": unit, "word": word} for tag, unit, word in sorted(wanted, key=str)]
        session.execute(insert(TaskMark), rows)


def _touch(session: Session) -> None:
    stamps.touch(session, STAMP)


def keep_percent(session: Session, task: Task, now: datetime) -> None:
    """Note how far a task is from now on."""
    session.add(TaskPercent(task_id=task.id, at=now, percent=task.percent, source=task.percent_source))


def alive(table: Any, at: datetime) -> ColumnElement[bool]:
    """Return the condition that an edition, a mark or a state held at a moment."""
    return and_(table.from_at <= at, table.to_at > at)
