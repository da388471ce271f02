"""One act that hands a task to many units, and the matrix of who has done it."""

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.tasks import service
from app.tasks.directives.models import Directive
from app.tasks.directives.schemas import HandOutIn, MatrixOut, MatrixRow
from app.tasks.editions import alive
from app.tasks.listing import deadline_out, percent_out
from app.tasks.models import Task, TaskEdition, TaskPercent, TaskState
from app.tasks.progress.models import TaskEvidence, TaskUpdate
from app.tasks.rules import Bucket, RollUp, TaskStatus
from app.tasks.schemas import TaskNew, UnitName
from app.units import service as units
from app.units.models import Unit


def hand_out(session: Session, caller: Caller, directive: Directive, *, body: HandOutIn, now: datetime) -> Task:
    """Add a parent that follows its children, and a child for each unit; returns the parent."""
    chosen = {unit.id: unit for unit in units.valid_units(session, day_of(now), kinds=[k.value for k in body.kinds])}
    for number, code in enumerate(body.units):
        unit = units.named(session, code, f"/units/{number}")
        chosen[unit.id] = unit
    if not chosen:
        raise Invalid([Fault("/units", "nobody_chosen")])
    common = body.model_dump(include={
        "title", "clause", "deadline", "product", "authority", "accountable_position", "responsible_position", "tags",
        "programme",
    }) | {"directive": directive.id}  # fmt: skip
    parent = TaskNew.model_validate(
        common | {"code": body.code, "lead_unit": body.lead_unit, "roll_up": RollUp.children}
    )
    top = service.add(session, caller, values=parent, now=now)
    for unit in sorted(chosen.values(), key=lambda u: (u.sort_order, u.code)):
        code = f"{body.code}.{unit.code}"
        if len(code) > 60:
            raise Invalid([Fault("/code", "too_long", {"limit": 59 - len(unit.code)})])
        child = TaskNew.model_validate(common | {"code": code, "lead_unit": unit.code, "parent": body.code})
        try:
            service.add(session, caller, values=child, now=now)
        except Conflict:
            raise Conflict("code_in_use", faults=[Fault("/code", "code_in_use")]) from None
    return top


def matrix(session: Session, caller: Caller, task: Task, *, as_of: datetime | None = None, now: datetime) -> MatrixOut:
    """Return who has done what was handed to many, or had and was known at `as_of`, in the order of the catalogue.

    Raises NotFound for a moment before it was there.
    """
    at = as_of or now
    whole = session.execute(
        select(TaskEdition, col(TaskState.deadline))
        .join(TaskState, and_(col(TaskState.task_id) == col(TaskEdition.task_id), alive(TaskState, at)))
        .where(col(TaskEdition.task_id) == task.id, alive(TaskEdition, at))
    ).one_or_none()
    if whole is None:
        raise NotFound
    said = (col(TaskUpdate.task_id) == col(Task.id), col(TaskUpdate.at) <= at)
    proven = (col(TaskEvidence.task_id) == col(Task.id), col(TaskEvidence.at) <= at)
    far = (col(TaskPercent.task_id) == col(Task.id), col(TaskPercent.at) <= at)
    newest = (col(TaskPercent.at).desc(), col(TaskPercent.id).desc())
    query = (
        select(
            Task, TaskState, col(Unit.code), col(Unit.name),
            select(col(TaskUpdate.done)).where(*said).order_by(col(TaskUpdate.at).desc(), col(TaskUpdate.id).desc())
            .limit(1).correlate(Task).scalar_subquery().label("word"),
            select(func.max(col(TaskUpdate.at))).where(*said).correlate(Task).scalar_subquery().label("said_at"),
            select(func.count()).where(*proven).correlate(Task).scalar_subquery().label("proofs"),
            select(col(TaskPercent.percent)).where(*far).order_by(*newest).limit(1).correlate(Task).scalar_subquery()
            .label("percent"),
            select(col(TaskPercent.source)).where(*far).order_by(*newest).limit(1).correlate(Task).scalar_subquery()
            .label("source"),
        )
        .join(TaskState, and_(col(TaskState.task_id) == col(Task.id), alive(TaskState, at)))
        .join(TaskEdition, and_(col(TaskEdition.task_id) == col(Task.id), alive(TaskEdition, at)))
        .join(Unit, col(Unit.id) == col(TaskState.lead_unit_id))
        .where(col(TaskEdition.parent_id) == task.id)
        .order_by(col(Unit.sort_order), col(Unit.code), col(Task.code))
    )  # fmt: skip
    if caller.units is not None:
        # How the others stand is the city's to see, and the unit's that watches over the whole.
        query = query if caller.sees(task.lead_unit_id) else query.where(col(TaskState.lead_unit_id).in_(caller.units))
    rows = [
        MatrixRow(
            unit=UnitName(code=row.code, name=row.name), code=row[0].code, status=TaskStatus(row[1].status),
            bucket=Bucket(row[1].bucket), percent=percent_out(row.percent, row.source),
            proposed_on=row[1].proposed_on, last_update_at=row.said_at, last_word=row.word, evidence=row.proofs,
        )
        for row in session.execute(query)
    ]  # fmt: skip
    late = (Bucket.overdue, Bucket.completed_late, Bucket.regular_overdue)
    return MatrixOut(
        code=task.code, title=whole[0].title, deadline=deadline_out(whole[1], whole[0].precision), as_of=at,
        total=len(rows),
        done=sum(row.status is TaskStatus.completed for row in rows),
        awaiting=sum(row.status is TaskStatus.awaiting_acceptance for row in rows),
        late=sum(row.bucket in late for row in rows), items=rows,
    )  # fmt: skip
