"""The life of a task: begun, proposed as done with its evidence, accepted or returned."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import audit, events
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Forbidden, Invalid
from app.tasks import states
from app.tasks.directives.models import Directive
from app.tasks.events import TaskChanged
from app.tasks.life_schemas import AcceptanceIn, ProposalIn, StartIn, TaskReturnIn
from app.tasks.models import Task
from app.tasks.progress.models import TaskEvidence
from app.tasks.rules import LIFE, Act, RollUp, TaskKind, TaskStatus, allows
from app.tasks.service import must_take_part
from app.tasks.steps import acted, roll_up, touched


def start(session: Session, caller: Caller, task: Task, *, body: StartIn, now: datetime) -> None:
    """Say that work has begun."""
    must_take_part(session, caller, task, lead=True)
    now = states.hold(session, task, now)
    if task.status == TaskStatus.in_progress:
        return
    step(session, caller, task, Act.started, now=now, note=body.note)


def propose(session: Session, caller: Caller, task: Task, *, body: ProposalIn, now: datetime) -> None:
    """Say that a task is done, with what proves it; raises Invalid without any proof."""
    must_take_part(session, caller, task, lead=True)
    now = states.hold(session, task, now)
    if task.kind == TaskKind.regular:
        raise Conflict("regular_goes_on")
    today = day_of(now)
    done_on = body.completed_on or today
    if done_on > today:
        raise Invalid([Fault("/completed_on", "day_in_future", {"day": done_on})])
    if done_on < session.get_one(Directive, task.directive_id).issued_on:
        raise Invalid([Fault("/completed_on", "completed_before_directive")])
    rows = list(
        session.scalars(
            select(TaskEvidence).where(col(TaskEvidence.task_id) == task.id, col(TaskEvidence.id).in_(body.evidence))
        )
    )
    missing = set(body.evidence) - {row.id for row in rows}
    if missing:
        raise Invalid([Fault("/evidence", "unknown_evidence", {"id": min(missing)})])
    if not rows and body.document is None and body.link is None:
        raise Invalid([Fault("/evidence", "evidence_required")])
    task.proposed_on = done_on
    act = step(session, caller, task, Act.proposed, now=now, note=body.result, day=done_on)
    for row in rows:
        row.act_id = act
    if body.document is not None or body.link is not None:
        session.add(
            TaskEvidence(
                task_id=task.id, at=now, by=caller.label, unit_id=caller.unit_id,
                title=body.document or body.link or "", file_id=None, link=body.link, document=body.document,
                document_on=None, update_id=None, act_id=act,
            )
        )  # fmt: skip
    session.flush()


def accept(session: Session, caller: Caller, task: Task, *, body: AcceptanceIn, now: datetime) -> None:
    """Accept what the lead unit proposed: the task is completed, on the day that was proposed."""
    now = states.hold(session, task, now)
    step(session, caller, task, Act.accepted, now=now, note=body.note)


def send_back(session: Session, caller: Caller, task: Task, *, body: TaskReturnIn, now: datetime) -> None:
    """Return a proposal with the reason; also one that was accepted by mistake."""
    now = states.hold(session, task, now)
    step(session, caller, task, Act.returned, now=now, note=body.reason)


def step(
    session: Session,
    caller: Caller,
    task: Task,
    act: Act,
    *,
    now: datetime,
    note: str | None = None,
    day: object = None,
) -> int:
    """Move a task's life by one act, with its dated states and parent; returns the act's number.

    Raises Conflict where its state does not allow it, Forbidden for a parent that follows its children.
    """
    if not allows(act, TaskStatus(task.status)):
        raise Conflict("act_not_allowed", values={"status": task.status})
    if task.roll_up == RollUp.children and act in (Act.started, Act.proposed, Act.accepted, Act.returned):
        raise Forbidden("follows_its_children")
    before = task.status
    task.status = LIFE[act][1].value
    if task.status not in (TaskStatus.completed, TaskStatus.awaiting_acceptance):
        task.proposed_on = None
    task.accepted_at = now if task.status == TaskStatus.completed else None
    touched(task, now)
    session.flush()
    row = acted(session, caller, task, act, now=now, note=note, day=day)
    states.write(session, task, now)
    if task.parent_id is not None:
        roll_up(session, caller, task.parent_id, now)
    audit.record(
        session, f"task.{act.value}", f"tasks/{task.code}", before={"status": before},
        after={"status": task.status, "proposed_on": str(task.proposed_on) if task.proposed_on else None}, reason=note,
    )  # fmt: skip
    events.publish(session, TaskChanged(task.id, act))
    assert row.id is not None
    return row.id
