"""One task with all that belongs to it, as it is shown: now, or at any moment."""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import NotFound
from app.core.files import StoredFile
from app.tasks import rules
from app.tasks.asking.models import Blocker, TaskQuestion
from app.tasks.detail_schemas import (
    ActOut,
    ChildOut,
    EvidenceOut,
    ExtensionOut,
    MilestoneOut,
    TaskOut,
    TimelinessOut,
    UpdateOut,
)
from app.tasks.directives.models import Directive, DirectiveClause
from app.tasks.editions import alive
from app.tasks.listing import deadline_out, items, percent_out, rows_query, state_facts
from app.tasks.models import Programme, Task, TaskAct, TaskEdition, TaskMark, TaskState, TaskUnit
from app.tasks.progress.models import TaskEvidence, TaskExtension, TaskMilestone, TaskUpdate
from app.tasks.rules import Act, Bucket, Headline, RollUp, TaskKind, TaskRole, TaskStatus
from app.tasks.schemas import UnitName
from app.tasks.scope.ledger import changes_of
from app.tasks.service import role_of, tags_of
from app.units.models import Unit

SHOWN_UPDATES = 50


def show(session: Session, caller: Caller, task: Task, now: datetime, *, as_of: datetime | None = None) -> TaskOut:
    """Return one task with its history as it stands, or as it stood and was known at `as_of`.

    Raises NotFound for a moment before it was there.
    """
    at, past = as_of or now, as_of is not None
    row = session.execute(rows_query(as_of).where(col(Task.id) == task.id, alive(TaskState, at))).one_or_none()
    if row is None:
        raise NotFound
    (item,) = items(session, caller, [row], at, past=past)
    words: Task | TaskEdition = row.TaskEdition if past else task
    programme = session.get_one(Programme, task.programme_id)
    directive = session.get_one(Directive, words.directive_id)
    clauses = select(DirectiveClause).where(col(DirectiveClause.directive_id) == directive.id)
    clause = session.scalars(clauses.where(col(DirectiveClause.label) == item.clause)).one_or_none()
    facts = state_facts(row[1], programme.headline)
    proofs = evidence_of(session, task, as_of)
    updates, acts = _updates(session, task, proofs, as_of), _acts(session, task, proofs, as_of)
    extensions = _extensions(session, task, as_of)
    done = [act.at for act in acts if act.status is TaskStatus.completed]
    told: tuple[Any, ...] = (*acts, *updates, *extensions, *(one for _, one in proofs))
    last = max([row.at for row in told], default=task.created_at)
    return TaskOut(
        **dict(item), as_of=as_of,
        programme_name_vi=programme.name_vi, programme_name_en=programme.name_en, programme_name_fr=programme.name_fr,
        directive_title=directive.title, directive_issued_on=directive.issued_on, directive_link=directive.link,
        clause_text=clause.text if clause else None, coordinating_units=_helpers(session, task, as_of),
        responsible_position=words.responsible_position, product=words.product, authority=words.authority,
        tags=tags_of(session, task, as_of), weight=words.weight, roll_up=RollUp(words.roll_up),
        timeliness=TimelinessOut(
            headline=Headline(programme.headline),
            original=rules.timeliness(facts, facts.original, day_of(at)),
            approved=rules.timeliness(facts, facts.approved, day_of(at)),
        ),
        proposed_on=facts.proposed_on,
        accepted_at=done[-1] if done and item.status is TaskStatus.completed else None,
        extensions=extensions, milestones=_milestones(session, task, words),
        children=_children(session, task, now, as_of), evidence=[one for _, one in proofs[::-1]],
        updates=updates, acts=acts, scope=changes_of(session, task, as_of, item),
        questions_open=_waiting(session, TaskQuestion, col(TaskQuestion.answered_at), task, as_of),
        blockers_open=_waiting(session, Blocker, col(Blocker.resolved_at), task, as_of),
        may=[] if past else may(session, caller, task), demonstration=task.demonstration, created_at=task.created_at,
        updated_at=max(words.from_at, last) if isinstance(words, TaskEdition) else task.updated_at,
    )  # fmt: skip


def _waiting(session: Session, table: Any, ended: Any, task: Task, until: datetime | None) -> int:
    """Return how many questions or blockers of a task had no end by a moment."""
    still = ended.is_(None) if until is None else or_(ended.is_(None), ended > until)
    query = select(func.count()).select_from(table).where(table.task_id == task.id, still, *_by(table, until))
    return session.scalar(query) or 0


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


def evidence_of(session: Session, task: Task, until: datetime | None = None) -> list[tuple[TaskEvidence, EvidenceOut]]:
    """Return a task's evidence up to a moment, oldest first, each row with how it is shown."""
    query = (
        select(TaskEvidence, col(StoredFile.name), col(StoredFile.size), col(Unit.name))
        .outerjoin(StoredFile, col(StoredFile.id) == col(TaskEvidence.file_id))
        .outerjoin(Unit, col(Unit.id) == col(TaskEvidence.unit_id))
        .where(col(TaskEvidence.task_id) == task.id, *_by(TaskEvidence, until))
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


def _by(table: Any, until: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that rows were there by a moment; none for now, whatever the clock says."""
    return () if until is None else (table.at <= until,)


def _updates(
    session: Session, task: Task, proofs: list[tuple[TaskEvidence, EvidenceOut]], until: datetime | None
) -> list[UpdateOut]:
    query = (
        select(TaskUpdate, col(Unit.name))
        .outerjoin(Unit, col(Unit.id) == col(TaskUpdate.unit_id))
        .where(col(TaskUpdate.task_id) == task.id, *_by(TaskUpdate, until))
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


def _acts(
    session: Session, task: Task, proofs: list[tuple[TaskEvidence, EvidenceOut]], until: datetime | None
) -> list[ActOut]:
    query = (
        select(TaskAct, col(Unit.name))
        .outerjoin(Unit, col(Unit.id) == col(TaskAct.unit_id))
        .where(col(TaskAct.task_id) == task.id, *_by(TaskAct, until))
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


def _helpers(session: Session, task: Task, until: datetime | None) -> list[UnitName]:
    helping: Any = select(col(TaskUnit.unit_id)).where(
        col(TaskUnit.task_id) == task.id, col(TaskUnit.role) == TaskRole.coordinating.value
    )
    if until is not None:
        helping = select(col(TaskMark.unit_id)).where(col(TaskMark.task_id) == task.id, alive(TaskMark, until))
        helping = helping.where(col(TaskMark.unit_id).is_not(None))
    query = select(col(Unit.code), col(Unit.name)).where(col(Unit.id).in_(helping))
    rows = session.execute(query.order_by(col(Unit.sort_order), col(Unit.code)))
    return [UnitName(code=code, name=name) for code, name in rows]


def _extensions(session: Session, task: Task, until: datetime | None) -> list[ExtensionOut]:
    query = select(TaskExtension).where(col(TaskExtension.task_id) == task.id, *_by(TaskExtension, until))
    found = []
    for row in session.scalars(query.order_by(col(TaskExtension.at))):
        deadline = deadline_out(row.deadline, row.precision)
        assert deadline is not None
        found.append(
            ExtensionOut(
                at=row.at, before=row.before, deadline=deadline, document=row.document, document_on=row.document_on,
                link=row.link, reason=row.reason, by=row.by,
            )
        )  # fmt: skip
    return found


def _milestones(session: Session, task: Task, words: Task | TaskEdition) -> list[MilestoneOut]:
    if isinstance(words, TaskEdition):
        return [MilestoneOut.model_validate(row) for row in json.loads(words.milestones)]
    query = select(TaskMilestone).where(col(TaskMilestone.task_id) == task.id).order_by(col(TaskMilestone.number))
    return [
        MilestoneOut(number=row.number, title=row.title, weight=row.weight, due=row.due, done_on=row.done_on)
        for row in session.scalars(query)
    ]


def _children(session: Session, task: Task, now: datetime, as_of: datetime | None) -> list[ChildOut]:
    at, past = as_of or now, as_of is not None
    parent: Any = TaskEdition.parent_id if past else Task.parent_id
    query = rows_query(as_of).where(parent == task.id, alive(TaskState, at))
    rows = list(session.execute(query.order_by(col(Unit.sort_order), col(Task.code))))
    return [
        ChildOut(
            code=row[0].code, title=row.TaskEdition.title if past else row[0].title,
            lead_unit=UnitName(code=row.lead_code, name=row.lead_name), status=TaskStatus(row[1].status),
            bucket=Bucket(row[1].bucket), weight=row.TaskEdition.weight if past else row[0].weight,
            percent=percent_out(row.percent, row.percent_source),
        )
        for row in rows
    ]  # fmt: skip
