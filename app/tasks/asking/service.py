"""Asking about a task and answering; what stands in its way, taken higher, cleared."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.tasks.asking.models import Blocker, BlockerMove, TaskQuestion
from app.tasks.asking.rules import BlockerLevel, BlockerState, BlockerStep, age, higher, question_state
from app.tasks.asking.schemas import (
    AnswerIn,
    AskingOut,
    BlockerIn,
    BlockerMoveOut,
    BlockerOut,
    EscalationIn,
    OutcomeIn,
    TaskQuestionIn,
    TaskQuestionOut,
)
from app.tasks.models import Task
from app.tasks.rules import ENDED, TaskRole, TaskStatus
from app.tasks.schemas import UnitName
from app.tasks.service import must_take_part, role_of
from app.units.models import Unit


def ask(session: Session, caller: Caller, task: Task, *, body: TaskQuestionIn, now: datetime) -> TaskQuestion:
    """Ask a task's lead unit to explain how it stands; raises Invalid for a due day that is past."""
    if body.due_on < day_of(now):
        raise Invalid([Fault("/due_on", "due_in_past")])
    row = TaskQuestion(
        task_id=task.id, at=now, by=caller.label, text=body.text, due_on=body.due_on, answer=None, answered_at=None,
        answered_by=None, unit_id=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, "task.asked", f"tasks/{task.code}", after={"question": row.id, **body.model_dump(mode="json")}
    )
    return row


def answer(session: Session, caller: Caller, task: Task, number: int, *, body: AnswerIn, now: datetime) -> None:
    """Explain what was asked, for the lead unit; raises Conflict where that was done."""
    must_take_part(session, caller, task, lead=True)
    row = _of_task(session, TaskQuestion, task, number)
    if row.answer is not None:
        raise Conflict("question_answered")
    row.answer, row.answered_at, row.answered_by, row.unit_id = body.answer, now, caller.label, caller.unit_id
    session.flush()
    audit.record(session, "task.explained", f"tasks/{task.code}", after={"question": number, "answer": body.answer})


def block(session: Session, caller: Caller, task: Task, *, body: BlockerIn, now: datetime) -> Blocker:
    """Say what stands in a task's way; raises Conflict for a task that has ended."""
    must_take_part(session, caller, task)
    if TaskStatus(task.status) in ENDED | {TaskStatus.completed}:
        raise Conflict("task_ended", values={"status": task.status})
    row = Blocker(
        task_id=task.id, at=now, by=caller.label, text=body.text, owner_position=body.owner_position,
        level=body.level.value, outcome=None, resolved_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _move(session, caller, task, row, BlockerStep.raised, body.text, now)
    return row


def escalate(session: Session, caller: Caller, task: Task, number: int, *, body: EscalationIn, now: datetime) -> None:
    """Take a blocker to a higher level with its new owner; raises Invalid for one that is not higher."""
    row = _open(session, caller, task, number)
    if body.level not in higher(BlockerLevel(row.level)):
        raise Invalid([Fault("/level", "level_not_higher")])
    row.level, row.owner_position = body.level.value, body.owner_position
    _move(session, caller, task, row, BlockerStep.escalated, body.note, now)


def resolve(session: Session, caller: Caller, task: Task, number: int, *, body: OutcomeIn, now: datetime) -> None:
    """Say how a blocker was cleared."""
    row = _open(session, caller, task, number)
    row.outcome, row.resolved_at = body.outcome, now
    _move(session, caller, task, row, BlockerStep.resolved, body.outcome, now)


def asking_of(session: Session, caller: Caller, task: Task, now: datetime) -> AskingOut:
    """Return all that was asked about a task and what stands in its way."""
    query = questions_query().where(col(TaskQuestion.task_id) == task.id).order_by(col(TaskQuestion.id).desc())
    rows = blockers_query().where(col(Blocker.task_id) == task.id).order_by(col(Blocker.id).desc())
    lead = session.get_one(Unit, task.lead_unit_id)
    role = role_of(session, caller, task)
    may = ["ask"] if caller.may("tasks:ask") else []
    if caller.may("tasks:update"):
        may += ["answer"] if caller.units is None or role is TaskRole.lead else []
        standing = TaskStatus(task.status) not in ENDED | {TaskStatus.completed}
        may += ["clear"] if caller.units is None or role is not None else []
        may += ["block"] if standing and "clear" in may else []
    return AskingOut(
        task=task.code, title=task.title, lead_unit=UnitName(code=lead.code, name=lead.name), may=may,
        questions=questions_shown(session.execute(query), now),
        blockers=_with_history(session, list(session.execute(rows)), now),
    )  # fmt: skip


def questions_query() -> Select[Any]:
    """Return the query whose rows become questions."""
    query: Any = (
        select(TaskQuestion, col(Task.code), col(Task.title), col(Unit.code).label("lead"), col(Unit.name))
        .join(Task, col(Task.id) == col(TaskQuestion.task_id))
        .join(Unit, col(Unit.id) == col(Task.lead_unit_id))
    )
    return query  # type: ignore[no-any-return]


def questions_shown(rows: Iterable[Any], now: datetime) -> list[TaskQuestionOut]:
    """Return rows of `questions_query` as they are shown."""
    return [
        TaskQuestionOut(
            id=q.id, task=code, title=title, lead_unit=UnitName(code=lead, name=name), at=q.at, by=q.by, text=q.text,
            due_on=q.due_on,
            state=question_state(answered=q.answer is not None, due_on=q.due_on, day=day_of(now)),
            answer=q.answer, answered_at=q.answered_at, answered_by=q.answered_by,
        )
        for q, code, title, lead, name in rows
    ]  # fmt: skip


def blockers_query() -> Select[Any]:
    """Return the query whose rows become blockers."""
    query: Any = (
        select(Blocker, col(Task.code), col(Task.title), col(Unit.code).label("lead"), col(Unit.name))
        .join(Task, col(Task.id) == col(Blocker.task_id))
        .join(Unit, col(Unit.id) == col(Task.lead_unit_id))
    )
    return query  # type: ignore[no-any-return]


def blocker_values(row: Any, now: datetime) -> dict[str, Any]:
    """Return a row of `blockers_query` as it is shown."""
    b, code, title, lead, name = row
    ended = day_of(b.resolved_at) if b.resolved_at else None
    return {
        "id": b.id, "task": code, "title": title, "lead_unit": UnitName(code=lead, name=name), "at": b.at, "by": b.by,
        "text": b.text, "owner_position": b.owner_position, "level": BlockerLevel(b.level),
        "state": BlockerState.resolved if b.resolved_at else BlockerState.open,
        "age": age(day_of(b.at), ended, day_of(now)), "outcome": b.outcome, "resolved_at": b.resolved_at,
    }  # fmt: skip


def _with_history(session: Session, rows: list[Any], now: datetime) -> list[BlockerOut]:
    moves = defaultdict(list)
    query = select(BlockerMove).where(col(BlockerMove.blocker_id).in_([row[0].id for row in rows]))
    for m in session.scalars(query.order_by(col(BlockerMove.at), col(BlockerMove.id))):
        moves[m.blocker_id].append(
            BlockerMoveOut(
                at=m.at, by=m.by, step=BlockerStep(m.step), level=BlockerLevel(m.level),
                owner_position=m.owner_position, note=m.note,
            )
        )  # fmt: skip
    return [
        BlockerOut(
            **blocker_values(row, now), history=moves[row[0].id],
            may_go=[] if row[0].resolved_at else list(higher(BlockerLevel(row[0].level))),
        )
        for row in rows
    ]  # fmt: skip


def _open(session: Session, caller: Caller, task: Task, number: int) -> Blocker:
    must_take_part(session, caller, task)
    row: Blocker = _of_task(session, Blocker, task, number)
    if row.resolved_at is not None:
        raise Conflict("blocker_resolved")
    return row


def _of_task(session: Session, table: Any, task: Task, number: int) -> Any:
    query = select(table).where(col(table.id) == number, col(table.task_id) == task.id).with_for_update()
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def _move(
    session: Session, caller: Caller, task: Task, row: Blocker, step: BlockerStep, note: str | None, now: datetime
) -> None:
    session.add(
        BlockerMove(
            blocker_id=row.id, at=now, by=caller.label, step=step.value, level=row.level,
            owner_position=row.owner_position, note=note,
        )
    )  # fmt: skip
    session.flush()
    audit.record(
        session, f"blocker.{step.value}", f"tasks/{task.code}",
        after={"blocker": row.id, "level": row.level, "owner_position": row.owner_position}, reason=note,
    )  # fmt: skip
