"""Tasks: finding those a caller may see, adding and changing them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core import audit, versions
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from app.core.text import search_key
from app.tasks import editions, states
from app.tasks.directives.models import Directive, DirectiveClause
from app.tasks.models import Programme, ProgrammePhase, Task, TaskMark, TaskTag, TaskUnit
from app.tasks.rules import (
    Act,
    Deadline,
    Precision,
    RollUp,
    TaskKind,
    TaskRole,
    TaskStatus,
    code_reserved,
    deadline_of,
)
from app.tasks.schemas import TaskIn, TaskNew
from app.tasks.scope.models import ScopeChange
from app.tasks.scope.rules import ScopeKind
from app.tasks.secrecy import secrecy_mark
from app.tasks.steps import acted, roll_up, touched
from app.units import service as units
from app.units.models import Unit


def of_units(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a task is led or coordinated by the caller's units; true for who sees all."""
    if caller.units is None:
        return true()
    mine = select(col(TaskUnit.task_id)).where(col(TaskUnit.unit_id).in_(caller.units))
    return col(Task.id).in_(mine)


def by_code(session: Session, caller: Caller, code: str, *, lock: bool = False) -> Task:
    """Return a task that the caller may see: its units', or the parent of one; raises NotFound."""
    query = select(Task).where(col(Task.code) == code)
    if caller.units is not None:
        child: Any = aliased(Task)
        parents = (
            select(child.parent_id)
            .join(TaskUnit, col(TaskUnit.task_id) == child.id)
            .where(col(TaskUnit.unit_id).in_(caller.units), child.parent_id.is_not(None))
        )
        query = query.where(or_(of_units(caller), col(Task.id).in_(parents)))
    if lock:
        query = query.with_for_update()
    task = session.scalars(query).one_or_none()
    if task is None:
        raise NotFound
    return task


def named(session: Session, caller: Caller, code: str, pointer: str) -> Task:
    """Return the task that a body names; raises Invalid at `pointer` for one the caller does not see."""
    try:
        return by_code(session, caller, code)
    except NotFound:
        raise Invalid([Fault(pointer, "unknown_task", {"code": code})]) from None


def role_of(session: Session, caller: Caller, task: Task) -> TaskRole | None:
    """Return what the caller's own unit is in a task."""
    if caller.unit_id is None:
        return None
    role = session.scalar(
        select(col(TaskUnit.role)).where(col(TaskUnit.task_id) == task.id, col(TaskUnit.unit_id) == caller.unit_id)
    )
    return TaskRole(role) if role else None


def must_take_part(session: Session, caller: Caller, task: Task, *, lead: bool = False) -> None:
    """Refuse a unit that neither leads nor coordinates (or, with `lead`, does not lead); the city may always."""
    if caller.units is None:
        return
    role = role_of(session, caller, task)
    if role is None:
        raise Forbidden("not_your_task")
    if lead and role is not TaskRole.lead:
        raise Forbidden("only_the_lead")


def programme_by_code(session: Session, code: str, pointer: str) -> Programme:
    """Return a programme; raises Invalid at `pointer` for an unknown code."""
    row = session.scalars(select(Programme).where(col(Programme.code) == code)).one_or_none()
    if row is None:
        raise Invalid([Fault(pointer, "unknown_programme", {"code": code})])
    return row


def add(session: Session, caller: Caller, *, values: TaskNew, now: datetime, split_from: Task | None = None) -> Task:
    """Add a task with its entry in the scope ledger; raises Conflict for a code in use."""
    if code_reserved(values.code):
        raise Invalid([Fault("/code", "task_code_reserved")])
    if session.scalar(select(col(Task.id)).where(col(Task.code) == values.code)) is not None:
        raise Conflict("code_in_use", faults=[Fault("/code", "code_in_use")])
    programme = programme_by_code(session, values.programme, "/programme")
    status = TaskStatus.unclassified if values.unclassified else TaskStatus.not_started
    if values.kind is TaskKind.regular and not values.unclassified:
        status = TaskStatus.in_progress
    task = Task(
        code=values.code, title="", programme_id=programme.id, phase_id=None, directive_id=0, clause_id=None,
        parent_id=None, roll_up="own", lead_unit_id=0, accountable_position=None, responsible_position=None,
        product=None, authority=None, kind=values.kind.value, rhythm=None, deadline=None, precision=None, approved=None,
        approved_precision=None, centre_code=None, weight=1, status=status.value, proposed_on=None, accepted_at=None,
        rhythm_from=day_of(now) if values.kind is TaskKind.regular else None, percent=None, percent_source=None,
        last_update_at=None, demonstration=caller.demonstration, search_key="", created_at=now, updated_at=now,
        version=0,
    )  # fmt: skip
    directive = _apply(session, caller, task, values, now)
    acted(session, caller, task, Act.created, now=now)
    document = values.document
    session.add(
        ScopeChange(
            task_id=task.id, kind=ScopeKind.added.value, at=now, day=day_of(now), by=caller.label,
            document=document.number if document else directive.number,
            document_on=document.day if document else directive.issued_on,
            link=document.link if document else directive.link, into_id=None,
            split_from_id=split_from.id if split_from else None, before=None, after=status.value, note=None,
        )
    )  # fmt: skip
    states.write(session, task, now)
    if task.parent_id is not None:
        roll_up(session, caller, task.parent_id, now)
    audit.record(session, "task.added", f"tasks/{task.code}", after=plain(task, values))
    return task


def change(
    session: Session, caller: Caller, task: Task, *, values: TaskIn, if_match: str | None, now: datetime
) -> Task:
    """Replace what an edit may change of a task; without effect when nothing differs."""
    now = states.hold(session, task, now)
    before = current(session, task)
    if values == before:
        return task
    versions.check_match(if_match, None, task.version, lambda: before)
    was, old_parent = plain(task, before), task.parent_id
    _apply(session, caller, task, values, now)
    states.write(session, task, now)
    for parent in {old_parent, task.parent_id} - {None}:
        assert parent is not None
        roll_up(session, caller, parent, now)
    if values.roll_up is RollUp.children:
        roll_up(session, caller, task.id, now)
    audit.record(session, "task.updated", f"tasks/{task.code}", before=was, after=plain(task, values))
    return task


def current(session: Session, task: Task) -> TaskIn:
    """Return a task in the shape in which it would be sent to change nothing."""
    rows = list(session.execute(
        select(col(TaskUnit.role), col(Unit.code)).join(Unit, col(Unit.id) == col(TaskUnit.unit_id))
        .where(col(TaskUnit.task_id) == task.id).order_by(col(Unit.sort_order), col(col(Unit.code)))
    ))  # fmt: skip
    clause = session.get(DirectiveClause, task.clause_id) if task.clause_id else None
    phase = session.get(ProgrammePhase, task.phase_id) if task.phase_id else None
    parent = session.get(Task, task.parent_id) if task.parent_id else None
    deadline = None
    if task.deadline is not None and task.precision is not None:
        deadline = Deadline(task.deadline, Precision(task.precision)).period
    return TaskIn.model_validate({
        "title": task.title, "directive": task.directive_id, "clause": clause.label if clause else None,
        "phase": phase.code if phase else None,
        "lead_unit": next(code for role, code in rows if role == TaskRole.lead),
        "coordinating_units": [code for role, code in rows if role != TaskRole.lead],
        "accountable_position": task.accountable_position, "responsible_position": task.responsible_position,
        "product": task.product, "authority": task.authority, "rhythm": task.rhythm,
        "deadline": deadline, "centre_code": task.centre_code,
        "tags": tags_of(session, task), "weight": task.weight, "parent": parent.code if parent else None,
        "roll_up": task.roll_up,
    })  # fmt: skip


def tags_of(session: Session, task: Task, as_of: datetime | None = None) -> list[str]:
    """Return a task's tags now, or at a moment."""
    query: Any = select(col(TaskTag.tag)).where(col(TaskTag.task_id) == task.id)
    if as_of is not None:
        held = (col(TaskMark.task_id) == task.id, editions.alive(TaskMark, as_of))
        query = select(col(TaskMark.tag)).where(*held, col(TaskMark.tag).is_not(None))
    return sorted(session.scalars(query))


def plain(task: Task, values: TaskIn) -> dict[str, Any]:
    """Return what the audit log keeps of a task."""
    return values.model_dump(mode="json") | {"kind": task.kind, "status": task.status, "version": task.version}


def _apply(session: Session, caller: Caller, task: Task, values: TaskIn, now: datetime) -> Directive:
    """Write what was sent to the row; raises Invalid with all that does not go together."""
    faults: list[Fault] = []
    directive = session.get(Directive, values.directive)
    if directive is None:
        raise Invalid([Fault("/directive", "unknown_directive", {"code": values.directive})])
    if secrecy_mark(f"{values.title} | {values.product or ''}"):
        faults.append(Fault("/title", "classified_refused"))
    regular = task.kind == TaskKind.regular
    if regular and values.rhythm is None:
        faults.append(Fault("/rhythm", "rhythm_missing"))
    if not regular and values.rhythm is not None:
        faults.append(Fault("/rhythm", "rhythm_of_dated"))
    deadline = deadline_of(values.deadline) if values.deadline else None
    stored = (task.deadline, task.precision)
    if stored != (None, None) and (deadline is None or stored != (deadline.day, deadline.precision.value)):
        faults.append(Fault("/deadline", "deadline_by_extension"))
    if deadline is not None and deadline.day < directive.issued_on:
        faults.append(Fault("/deadline", "deadline_before_directive", {"day": directive.issued_on.isoformat()}))
    lead = units.named(session, values.lead_unit, "/lead_unit")
    helpers = [
        units.named(session, code, f"/coordinating_units/{n}") for n, code in enumerate(values.coordinating_units)
    ]
    if lead.id in {unit.id for unit in helpers}:
        faults.append(Fault("/coordinating_units", "lead_coordinates"))
    if len({unit.id for unit in helpers}) < len(helpers):
        faults.append(Fault("/coordinating_units", "unit_twice"))
    clause = None
    if values.clause is not None:
        clause = session.scalars(
            select(DirectiveClause).where(
                col(DirectiveClause.directive_id) == directive.id, col(DirectiveClause.label) == values.clause
            )
        ).one_or_none()
        if clause is None:
            faults.append(Fault("/clause", "unknown_clause", {"code": values.clause}))
    phase = None
    if values.phase is not None:
        phase = session.scalars(
            select(ProgrammePhase).where(
                col(ProgrammePhase.programme_id) == task.programme_id, col(ProgrammePhase.code) == values.phase
            )
        ).one_or_none()
        if phase is None:
            faults.append(Fault("/phase", "unknown_phase", {"code": values.phase}))
    parent, fault = _parent(session, caller, task, values.parent)
    faults += [fault] if fault else []
    if faults:
        raise Invalid(faults)
    task.title, task.directive_id, task.clause_id = values.title, directive.id, clause.id if clause else None
    task.phase_id, task.parent_id = phase.id if phase else None, parent.id if parent else None
    task.roll_up, task.lead_unit_id, task.weight = values.roll_up.value, lead.id, values.weight
    task.accountable_position, task.responsible_position = values.accountable_position, values.responsible_position
    task.product, task.authority, task.centre_code = values.product, values.authority, values.centre_code
    task.rhythm = values.rhythm.value if values.rhythm else None
    if deadline is not None:
        task.deadline, task.precision = deadline.day, deadline.precision.value
    words: Iterable[str | None] = (task.code, task.title, task.centre_code, task.product, task.accountable_position,
                                   directive.number)  # fmt: skip
    task.search_key = search_key(" ".join(word for word in words if word))
    touched(task, now)
    session.add(task)
    session.flush()
    session.execute(delete(TaskUnit).where(col(TaskUnit.task_id) == task.id))
    session.execute(delete(TaskTag).where(col(TaskTag.task_id) == task.id))
    rows = [{"task_id": task.id, "unit_id": unit.id, "role": TaskRole.coordinating.value} for unit in helpers]
    session.execute(insert(TaskUnit), [{"task_id": task.id, "unit_id": lead.id, "role": TaskRole.lead.value}, *rows])
    if values.tags:
        session.execute(insert(TaskTag), [{"task_id": task.id, "tag": tag} for tag in dict.fromkeys(values.tags)])
    editions.keep(session, task, now)
    return directive


def _parent(session: Session, caller: Caller, task: Task, code: str | None) -> tuple[Task | None, Fault | None]:
    """Return the parent that is meant, or what is wrong with it: children stand one level deep."""
    if code is None:
        return None, None
    parent = named(session, caller, code, "/parent")
    if code == task.code or (task.version > 0 and parent.parent_id == task.id):
        return None, Fault("/parent", "parent_cycle")
    has_children = task.version > 0 and session.scalar(
        select(col(Task.id)).where(col(Task.parent_id) == task.id).limit(1)
    )
    if parent.parent_id is not None or has_children:
        return None, Fault("/parent", "parent_too_deep")
    return parent, None
