"""One task with all that belongs to it, as it is shown."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.files import StoredFile
from app.tasks import rules
from app.tasks.directives.models import Directive, DirectiveClause
from app.tasks.listing import deadline_out, items, percent_out, rows_query, state_facts
from app.tasks.models import Programme, Task, TaskAct, TaskState, TaskUnit
from app.tasks.progress.models import TaskEvidence, TaskExtension, TaskMilestone, TaskUpdate
from app.tasks.rules import Act, Bucket, Headline, RollUp, TaskKind, TaskRole, TaskStatus
from app.tasks.schemas import (
    ActOut,
    ChildOut,
    EvidenceOut,
    ExtensionOut,
    MilestoneOut,
    TaskOut,
    TimelinessOut,
    UnitName,
    UpdateOut,
)
from app.tasks.scope.ledger import changes_of
from app.tasks.service import role_of, tags_of
from app.units.models import Unit

SHOWN_UPDATES = 50


def show(session: Session, caller: Caller, task: Task, now: datetime) -> TaskOut:
    """Return one task as it stands, with its history."""
    alive = (col(TaskState.from_at) <= now, col(TaskState.to_at) > now)
    row = session.execute(rows_query(None).where(col(Task.id) == task.id, *alive)).one()
    (item,) = items(session, caller, [row], now)
    programme = session.get_one(Programme, task.programme_id)
    directive = session.get_one(Directive, task.directive_id)
    clause = session.get(DirectiveClause, task.clause_id) if task.clause_id else None
    facts = state_facts(row[1], programme.headline)
    proofs = evidence_of(session, task)
    return TaskOut(
        **dict(item),
        programme_name_vi=programme.name_vi, programme_name_en=programme.name_en, programme_name_fr=programme.name_fr,
        directive_title=directive.title, directive_issued_on=directive.issued_on, directive_link=directive.link,
        clause_text=clause.text if clause else None, coordinating_units=_helpers(session, task),
        responsible_position=task.responsible_position, product=task.product, authority=task.authority,
        tags=tags_of(session, task), weight=task.weight, roll_up=RollUp(task.roll_up),
        timeliness=TimelinessOut(
            headline=Headline(programme.headline),
            original=rules.timeliness(facts, task.deadline, day_of(now)),
            approved=rules.timeliness(facts, task.approved, day_of(now)),
        ),
        proposed_on=task.proposed_on, accepted_at=task.accepted_at, extensions=_extensions(session, task),
        milestones=_milestones(session, task), children=_children(session, task, now),
        evidence=[one for _, one in proofs[::-1]],
        updates=_updates(session, task, proofs), acts=_acts(session, task, proofs), scope=changes_of(session, task),
        may=may(session, caller, task), demonstration=task.demonstration, created_at=task.created_at,
        updated_at=task.updated_at,
    )  # fmt: skip


def may(session: Session, caller: Caller, task: Task) -> list[str]:
    """Return what the caller may do to a task in its state."""
    status, found = TaskStatus(task.status), []
    role = role_of(session, caller, task)
    part = caller.may("tasks:update") and (caller.units is None or role is not None)
    lead = caller.may("tasks:update") and (caller.units is None or role is TaskRole.lead)
    own = task.roll_up == RollUp.own
    if part and status not in rules.ENDED and status is not TaskStatus.completed:
        found.append("update")
    if lead and own and rules.allows(Act.started, status):
        found.append("start")
    if lead and own and task.kind == TaskKind.dated and rules.allows(Act.proposed, status):
        found.append("propose")
    if caller.may("tasks:accept") and own:
        found += ["accept"] if rules.allows(Act.accepted, status) else []
        found += ["return"] if rules.allows(Act.returned, status) else []
    if caller.may("tasks:keep") and status not in rules.ENDED:
        found += ["edit", "scope"]
        found += ["extend"] if task.deadline and status is not TaskStatus.completed else []
    return found


def evidence_of(session: Session, task: Task) -> list[tuple[TaskEvidence, EvidenceOut]]:
    """Return a task's evidence, oldest first, each row with how it is shown."""
    query = (
        select(TaskEvidence, col(StoredFile.name), col(StoredFile.size), col(Unit.name))
        .outerjoin(StoredFile, col(StoredFile.id) == col(TaskEvidence.file_id))
        .outerjoin(Unit, col(Unit.id) == col(TaskEvidence.unit_id))
        .where(col(TaskEvidence.task_id) == task.id)
        .order_by(col(TaskEvidence.at), col(TaskEvidence.id))
    )
    return [
        (
            e,
            EvidenceOut(
                id=e.id, title=e.title, file=e.file_id, file_name=name, file_size=size, link=e.link,
                document=e.document, document_on=e.document_on, at=e.at, by=e.by, unit=unit,
            ),
        )
        for e, name, size, unit in session.execute(query)
    ]  # fmt: skip


def _updates(session: Session, task: Task, proofs: list[tuple[TaskEvidence, EvidenceOut]]) -> list[UpdateOut]:
    query = (
        select(TaskUpdate, col(Unit.name))
        .outerjoin(Unit, col(Unit.id) == col(TaskUpdate.unit_id))
        .where(col(TaskUpdate.task_id) == task.id)
        .order_by(col(TaskUpdate.at).desc(), col(TaskUpdate.id).desc())
        .limit(SHOWN_UPDATES)
    )
    with_it = defaultdict(list)
    for row, shown in proofs:
        with_it[row.update_id].append(shown)
    return [
        UpdateOut(
            id=u.id, at=u.at, day=u.day, by=u.by, unit=unit, done=u.done, causes=u.causes, difficulties=u.difficulties,
            proposals=u.proposals, help=u.help, percent=percent_out(u.percent, u.percent_source),
            evidence=with_it[u.id],
        )
        for u, unit in session.execute(query)
    ]  # fmt: skip


def _acts(session: Session, task: Task, proofs: list[tuple[TaskEvidence, EvidenceOut]]) -> list[ActOut]:
    query = (
        select(TaskAct, col(Unit.name))
        .outerjoin(Unit, col(Unit.id) == col(TaskAct.unit_id))
        .where(col(TaskAct.task_id) == task.id)
        .order_by(col(TaskAct.at), col(TaskAct.id))
    )
    with_it = defaultdict(list)
    for row, shown in proofs:
        with_it[row.act_id].append(shown)
    return [
        ActOut(
            at=a.at, act=Act(a.act), status=TaskStatus(a.status), day=a.day, by=a.by, unit=unit, note=a.note,
            evidence=with_it[a.id],
        )
        for a, unit in session.execute(query)
    ]  # fmt: skip


def _helpers(session: Session, task: Task) -> list[UnitName]:
    query = (
        select(col(Unit.code), col(Unit.name))
        .join(TaskUnit, col(TaskUnit.unit_id) == col(Unit.id))
        .where(col(TaskUnit.task_id) == task.id, col(TaskUnit.role) == TaskRole.coordinating.value)
        .order_by(col(Unit.sort_order), col(Unit.code))
    )
    return [UnitName(code=code, name=name) for code, name in session.execute(query)]


def _extensions(session: Session, task: Task) -> list[ExtensionOut]:
    query = select(TaskExtension).where(col(TaskExtension.task_id) == task.id).order_by(col(TaskExtension.at))
    found = []
    for row in session.scalars(query):
        deadline = deadline_out(row.deadline, row.precision)
        assert deadline is not None
        found.append(
            ExtensionOut(
                at=row.at, before=row.before, deadline=deadline, document=row.document, document_on=row.document_on,
                link=row.link, reason=row.reason, by=row.by,
            )
        )  # fmt: skip
    return found


def _milestones(session: Session, task: Task) -> list[MilestoneOut]:
    query = select(TaskMilestone).where(col(TaskMilestone.task_id) == task.id).order_by(col(TaskMilestone.number))
    return [
        MilestoneOut(number=row.number, title=row.title, weight=row.weight, due=row.due, done_on=row.done_on)
        for row in session.scalars(query)
    ]


def _children(session: Session, task: Task, now: datetime) -> list[ChildOut]:
    query = (
        select(Task, col(TaskState.bucket), col(Unit.code), col(Unit.name))
        .join(TaskState, col(TaskState.task_id) == col(Task.id))
        .join(Unit, col(Unit.id) == col(Task.lead_unit_id))
        .where(col(Task.parent_id) == task.id, col(TaskState.from_at) <= now, col(TaskState.to_at) > now)
        .order_by(col(Unit.sort_order), col(Task.code))
    )
    return [
        ChildOut(
            code=child.code, title=child.title, lead_unit=UnitName(code=code, name=name),
            status=TaskStatus(child.status), bucket=Bucket(bucket), weight=child.weight,
            percent=percent_out(child.percent, child.percent_source),
        )
        for child, bucket, code, name in session.execute(query)
    ]  # fmt: skip
