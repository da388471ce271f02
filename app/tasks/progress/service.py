"""Updates, milestones and extensions of a task."""

from datetime import date, datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.core import audit, versions
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Forbidden, Invalid
from app.tasks import editions, states
from app.tasks.models import Task
from app.tasks.progress import evidence
from app.tasks.progress.evidence import Brought
from app.tasks.progress.models import TaskEvidence, TaskExtension, TaskMilestone, TaskUpdate
from app.tasks.progress.schemas import ExtensionIn, MilestonesIn, UpdateIn
from app.tasks.rolling import milestone_percent
from app.tasks.rules import (
    ENDED,
    Act,
    PercentSource,
    RollUp,
    TaskKind,
    TaskRole,
    TaskStatus,
    deadline_of,
)
from app.tasks.service import must_take_part, role_of
from app.tasks.steps import acted, roll_up, touched


def say(
    session: Session, caller: Caller, task: Task, *, body: UpdateIn, now: datetime, brought: Brought | None = None,
    begins: bool = True,
) -> TaskUpdate:  # fmt: skip
    """Take down what a unit says of a task; the first word of its lead unit also says that work has begun.

    `begins` false: these words say that it has not.

    What a coordinating unit says is kept as its word, and moves neither the state, the percent nor the rhythm.

    Raises Forbidden for a unit that takes no part, or that coordinates and says how far the task is, Conflict for a
    task that has ended, Invalid for an empty update, which one with nothing but a file of an earlier update is too.
    """
    must_take_part(session, caller, task)
    now = states.hold(session, task, now)
    leads = caller.units is None or role_of(session, caller, task) is TaskRole.lead
    if TaskStatus(task.status) in ENDED | {TaskStatus.completed}:
        raise Conflict("task_ended", values={"status": task.status})
    day = body.day or day_of(now)
    if day > day_of(now):
        raise Invalid([Fault("/day", "day_in_future", {"day": day})])
    said = (
        body.done, body.causes, body.difficulties, body.proposals, body.help, body.percent, body.document, body.link,
    )  # fmt: skip
    in_words = body.on_track or body.milestones or body.evidence or any(value is not None for value in said)
    if not in_words and brought is None:
        raise Invalid([Fault("/done", "update_empty")])
    if not leads and (body.percent is not None or body.milestones):
        place = "/milestones" if body.percent is None else "/percent"
        raise Forbidden("only_the_lead", faults=[Fault(place, "only_the_lead")])
    percent, source = _percent(session, task, body, day) if leads else (None, None)
    update = TaskUpdate(
        task_id=task.id, at=now, day=day, unit_id=caller.unit_id, by=caller.label, done=body.done, causes=body.causes,
        difficulties=body.difficulties, proposals=body.proposals, help=body.help, percent=percent,
        percent_source=source,
    )  # fmt: skip
    session.add(update)
    session.flush()
    _attach(session, caller, task, update, body, brought, now, in_words=bool(in_words))
    task.last_update_at = now
    if percent is not None and (percent, source) != (task.percent, task.percent_source):
        task.percent, task.percent_source = percent, source
        editions.keep_percent(session, task, now)
    waiting = task.status in (TaskStatus.not_started, TaskStatus.unclassified)
    begun = begins and leads and waiting and task.roll_up == RollUp.own
    regular = leads and task.kind == TaskKind.regular
    if regular and (task.rhythm_from is None or day > task.rhythm_from):
        task.rhythm_from = day
    if begun:
        task.status = TaskStatus.in_progress.value
        acted(session, caller, task, Act.started, now=now)
    touched(task, now)
    session.flush()
    if body.milestones:
        editions.keep(session, task, now)
    if begun or regular:
        states.write(session, task, now)
    if task.parent_id is not None:
        roll_up(session, caller, task.parent_id, now)
    audit.record(
        session, "task.said", f"tasks/{task.code}", after={"update": update.id, **body.model_dump(mode="json")}
    )
    return update


def _percent(session: Session, task: Task, body: UpdateIn, day: date) -> tuple[int | None, str | None]:
    """Return the percent that an update leaves the task with, and its source."""
    milestones = _milestones(session, task)
    unknown = set(body.milestones) - {m.number for m in milestones}
    if unknown:
        raise Invalid([Fault("/milestones", "unknown_milestone", {"number": min(unknown)})])
    if task.roll_up == RollUp.children:
        if body.percent is not None:
            raise Invalid([Fault("/percent", "percent_from_children")])
        return task.percent, task.percent_source
    if milestones:
        if body.percent is not None:
            raise Invalid([Fault("/percent", "percent_from_milestones")])
        for milestone in milestones:
            if milestone.number in body.milestones and milestone.done_on is None:
                milestone.done_on = day
        found = milestone_percent((m.weight, m.done_on is not None) for m in milestones)
        return found, PercentSource.milestones.value
    if body.percent is None:
        return task.percent, task.percent_source
    return body.percent, PercentSource.declared.value


def _milestones(session: Session, task: Task) -> list[TaskMilestone]:
    query = select(TaskMilestone).where(col(TaskMilestone.task_id) == task.id).order_by(col(TaskMilestone.number))
    return list(session.scalars(query))


def _attach(
    session: Session, caller: Caller, task: Task, update: TaskUpdate, body: UpdateIn, brought: Brought | None,
    now: datetime, *, in_words: bool,
) -> None:  # fmt: skip
    if brought is not None:
        upload, media_type = brought
        proof = evidence.attach_file(
            session, caller, task, upload=upload, media_type=media_type, title=None, now=now
        )  # fmt: skip
        if proof.update_id is not None and not in_words:
            raise Invalid([Fault("/file", "file_sent_before")])
        proof.update_id = proof.update_id or update.id
    rows = list(
        session.scalars(
            select(TaskEvidence).where(col(TaskEvidence.task_id) == task.id, col(TaskEvidence.id).in_(body.evidence))
        )
    ) if body.evidence else []  # fmt: skip
    missing = set(body.evidence) - {row.id for row in rows}
    if missing:
        raise Invalid([Fault("/evidence", "unknown_evidence", {"id": min(missing)})])
    for row in rows:
        row.update_id = update.id
    if body.document is not None or body.link is not None:
        session.add(
            TaskEvidence(
                task_id=task.id, at=now, by=caller.label, unit_id=caller.unit_id,
                title=body.document or body.link or "", file_id=None, link=body.link, document=body.document,
                document_on=None, update_id=update.id, act_id=None,
            )
        )  # fmt: skip


def put_milestones(
    session: Session, caller: Caller, task: Task, *, values: MilestonesIn, if_match: str | None, now: datetime
) -> None:
    """Replace a task's milestones; its percent is theirs from now on. Without effect when nothing differs."""
    now = states.hold(session, task, now)
    rows = _milestones(session, task)
    before = [{"title": r.title, "weight": r.weight, "due": r.due, "done_on": r.done_on} for r in rows]
    sent = [item.model_dump() for item in values.items]
    if sent == before:
        return
    versions.check_match(if_match, None, task.version)
    if any(item.done_on is not None and item.done_on > day_of(now) for item in values.items):
        raise Invalid([Fault("/items", "day_in_future", {"day": day_of(now)})])
    session.execute(delete(TaskMilestone).where(col(TaskMilestone.task_id) == task.id))
    session.add_all(TaskMilestone(task_id=task.id, number=n, **item) for n, item in enumerate(sent, 1))
    if task.roll_up == RollUp.own:
        task.percent = milestone_percent((item.weight, item.done_on is not None) for item in values.items)
        task.percent_source = PercentSource.milestones.value if task.percent is not None else None
        editions.keep_percent(session, task, now)
    touched(task, now)
    session.flush()
    editions.keep(session, task, now)
    if task.parent_id is not None:
        roll_up(session, caller, task.parent_id, now)
    audit.record(session, "task.milestones", f"tasks/{task.code}", before=before, after=sent)


def extend(session: Session, caller: Caller, task: Task, *, body: ExtensionIn, now: datetime) -> TaskExtension:
    """Approve a later deadline by a document; the original one stays beside it.

    Raises Invalid for one that is not later than what holds, Conflict for a task that has ended or has no deadline.
    """
    if body.document is None:
        raise Invalid([Fault("/document", "document_required")])
    now = states.hold(session, task, now)
    if TaskStatus(task.status) in ENDED | {TaskStatus.completed}:
        raise Conflict("task_ended", values={"status": task.status})
    if task.kind == TaskKind.regular or task.deadline is None:
        raise Conflict("no_deadline_to_extend")
    deadline = deadline_of(body.deadline)
    before = task.approved or task.deadline
    if deadline.day <= before:
        raise Invalid([Fault("/deadline", "extension_not_later", {"day": before.isoformat()})])
    row = TaskExtension(
        task_id=task.id, at=now, by=caller.label, before=before, deadline=deadline.day,
        precision=deadline.precision.value, document=body.document.number, document_on=body.document.day,
        link=body.document.link, reason=body.reason,
    )  # fmt: skip
    session.add(row)
    task.approved, task.approved_precision = deadline.day, deadline.precision.value
    touched(task, now)
    session.flush()
    states.write(session, task, now)
    audit.record(
        session, "task.extended", f"tasks/{task.code}", before={"deadline": str(before)},
        after={"deadline": deadline.period, "document": body.document.number}, reason=body.reason,
    )  # fmt: skip
    return row
