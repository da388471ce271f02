"""Tasks in lists: filtered, as they stand now or stood at any moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.core.search import has_words
from app.tasks import rules, states
from app.tasks.directives.models import Directive, DirectiveClause
from app.tasks.models import Programme, ProgrammePhase, Task, TaskState, TaskTag, TaskUnit
from app.tasks.progress.models import TaskExtension, TaskUpdate
from app.tasks.rules import Bucket, Facts, Headline, PercentSource, Precision, Rhythm, TaskKind, TaskLevel, TaskRole
from app.tasks.rules import TaskStatus as Status
from app.tasks.schemas import DeadlineOut, PercentOut, TaskItem, TaskPage, UnitName
from app.tasks.service import of_units
from app.units.models import Unit

_PARENT: Any = aliased(Task)
_STATE = TaskState
_EARLIER: Any = aliased(TaskState)


@dataclass(frozen=True)
class Filters:
    """What a list or a sum of tasks is narrowed to; the same words in every address."""

    unit: Unit | None = None
    role: TaskRole | None = None
    bucket: Bucket | None = None
    programme: Programme | None = None
    phase: str | None = None
    directive: int | None = None
    position: str | None = None
    tag: str | None = None
    deadline: str | None = None
    parent: str | None = None
    level: TaskLevel | None = None
    q: str | None = None
    updated_since: datetime | None = None

    @property
    def only_programme(self) -> bool:
        """Whether nothing narrows but the programme, so that kept sums answer."""
        narrowing = (self.unit, self.role, self.bucket, self.phase, self.directive, self.position, self.tag,
                     self.deadline, self.parent, self.level, self.q, self.updated_since)  # fmt: skip
        return all(value is None for value in narrowing)


def narrowed(query: Select[Any], caller: Caller, filters: Filters, as_of: datetime) -> Select[Any]:
    """Return a query over tasks and their states narrowed to what the caller sees, the filters, and a moment."""
    query = query.where(col(_STATE.from_at) <= as_of, col(_STATE.to_at) > as_of)
    if caller.units is not None:
        query = query.where(of_units(caller))
    if filters.unit is not None and filters.role is TaskRole.lead:
        query = query.where(col(_STATE.lead_unit_id) == filters.unit.id)
    elif filters.unit is not None:
        mine = select(col(TaskUnit.task_id)).where(col(TaskUnit.unit_id) == filters.unit.id)
        if filters.role is not None:
            mine = mine.where(col(TaskUnit.role) == filters.role.value)
        query = query.where(col(Task.id).in_(mine))
    level = filters.level
    if level is None and filters.unit is None and filters.parent is None and caller.units is None:
        level = TaskLevel.top
    if level is TaskLevel.top:
        query = query.where(col(_STATE.top).is_(True))
    if filters.bucket is not None:
        query = query.where(col(_STATE.bucket) == filters.bucket.value)
    if filters.programme is not None:
        query = query.where(col(_STATE.programme_id) == filters.programme.id)
    if filters.phase is not None:
        phases = select(col(ProgrammePhase.id)).where(col(ProgrammePhase.code) == filters.phase)
        query = query.where(col(Task.phase_id).in_(phases))
    if filters.directive is not None:
        query = query.where(col(Task.directive_id) == filters.directive)
    if filters.position is not None:
        same = (col(Task.accountable_position) == filters.position, col(Task.responsible_position) == filters.position)
        query = query.where(or_(*same))
    if filters.tag is not None:
        query = query.where(col(Task.id).in_(select(col(TaskTag.task_id)).where(col(TaskTag.tag) == filters.tag)))
    if filters.deadline is not None:
        limit = rules.deadline_of(filters.deadline)
        query = query.where(col(_STATE.deadline).between(rules.period_start(limit), limit.day))
    if filters.parent is not None:
        parents = select(col(_PARENT.id)).where(col(_PARENT.code) == filters.parent)
        query = query.where(col(Task.parent_id).in_(parents))
    if filters.updated_since is not None:
        query = query.where(col(Task.updated_at) >= filters.updated_since)
    if filters.q is not None and filters.q.strip():
        query = query.where(has_words(col(Task.search_key), filters.q))
    return query


def listing(
    session: Session, caller: Caller, page: Page | None, *, filters: Filters, as_of: datetime | None, now: datetime
) -> TaskPage:
    """Return tasks by code, as they stand now, or as they stood and were known at `as_of`."""
    at = as_of or now
    # First which ones, touching no more than tasks and states; then all that is shown of them.
    chosen: Any = select(col(Task.id).label("task"), col(_STATE.id).label("state"))
    if _in_order(session, caller, filters, at):
        newest = (
            select(_EARLIER.id)
            .where(_EARLIER.task_id == col(Task.id), _EARLIER.from_at <= at)
            .order_by(_EARLIER.from_at.desc(), _EARLIER.id.desc())
            .limit(1)
            .correlate(Task)
            .scalar_subquery()
        )
        chosen = chosen.join(_STATE, col(_STATE.id) == newest)
        if filters.programme is not None:
            chosen = chosen.where(col(Task.programme_id) == filters.programme.id)
    else:
        chosen = chosen.join(_STATE, col(_STATE.task_id) == col(Task.id))
    chosen = narrowed(chosen, caller, filters, at).order_by(col(Task.code))
    following = None
    if page is not None:
        if page.after is not None:
            if len(page.after) != 1 or not isinstance(page.after[0], str):
                raise Invalid([Fault("?cursor", "bad_cursor")])
            chosen = chosen.where(col(Task.code) > page.after[0])
        chosen = chosen.limit(page.limit + 1)
    picked = chosen.subquery("picked")
    query = rows_query(as_of).join(picked, picked.c.state == col(_STATE.id)).order_by(col(Task.code))
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row[0].code])
    return TaskPage(as_of=at, items=items(session, caller, rows, at), next=following)


def _in_order(session: Session, caller: Caller, filters: Filters, at: datetime) -> bool:
    """Tell whether to go through the tasks in their order until the page is full, or to gather and sort them.

    The former wherever many of them fit: its cost is the page's. What is rare is found by its index.
    """
    broad = Filters(programme=filters.programme, bucket=filters.bucket, level=filters.level, phase=filters.phase)
    if caller.units is not None or broad != filters:
        return False
    if filters.bucket is None:
        return True
    sizes = states.sizes(session, at, filters.programme.id if filters.programme else None)
    return sizes[filters.bucket.value] * 10 >= sum(sizes.values())


def rows_query(as_of: datetime | None) -> Select[Any]:
    """Return the query whose rows become items; at a moment of the past with what had been said by then."""
    said: tuple[Any, ...] = (col(Task.percent), col(Task.percent_source), col(Task.last_update_at))
    if as_of is not None:
        by_then = (col(TaskUpdate.task_id) == col(Task.id), col(TaskUpdate.at) <= as_of)
        newest = (col(TaskUpdate.at).desc(), col(TaskUpdate.id).desc())
        stated = col(TaskUpdate.percent).is_not(None)
        said = (
            select(col(TaskUpdate.percent)).where(*by_then, stated).order_by(*newest).limit(1).scalar_subquery(),
            select(col(TaskUpdate.percent_source)).where(*by_then, stated).order_by(*newest).limit(1).scalar_subquery(),
            select(func.max(col(TaskUpdate.at))).where(*by_then).scalar_subquery(),
        )
    query: Any = (
        select(
            Task, _STATE, col(Unit.code).label("lead_code"), col(Unit.name).label("lead_name"),
            col(Programme.code).label("programme"), col(Programme.headline), col(ProgrammePhase.code).label("phase"),
            col(Directive.number).label("directive_number"), col(DirectiveClause.label).label("clause"),
            _PARENT.code.label("parent"), said[0].label("percent"),
            said[1].label("percent_source"), said[2].label("last_update_at"),
        )
        .join(_STATE, col(_STATE.task_id) == col(Task.id))
        .join(Unit, col(Unit.id) == col(_STATE.lead_unit_id))
        .join(Programme, col(Programme.id) == col(Task.programme_id))
        .join(Directive, col(Directive.id) == col(Task.directive_id))
        .outerjoin(ProgrammePhase, col(ProgrammePhase.id) == col(Task.phase_id))
        .outerjoin(DirectiveClause, col(DirectiveClause.id) == col(Task.clause_id))
        .outerjoin(_PARENT, _PARENT.id == col(Task.parent_id))
    )  # fmt: skip
    return query  # type: ignore[no-any-return]


def items(session: Session, caller: Caller, rows: Sequence[Any], at: datetime) -> list[TaskItem]:
    """Return rows of `rows_query` as they are shown."""
    roles: dict[int, str] = {}
    if caller.unit_id is not None and rows:
        own = select(col(TaskUnit.task_id), col(TaskUnit.role)).where(
            col(TaskUnit.unit_id) == caller.unit_id, col(TaskUnit.task_id).in_([row[0].id for row in rows])
        )
        roles = {row[0]: row[1] for row in session.execute(own)}
    return [_item(session, row, roles.get(row[0].id), day_of(at)) for row in rows]


def state_facts(state: TaskState, headline: str) -> Facts:
    """Return what decided a state's bucket."""
    return Facts(
        Status(state.status), TaskKind(state.kind), state.deadline, state.approved, Headline(headline),
        state.proposed_on, state.update_due,
    )  # fmt: skip


def _item(session: Session, row: Any, role: str | None, day: date) -> TaskItem:
    task: Task = row[0]
    state: TaskState = row[1]
    facts = state_facts(state, row.headline)
    return TaskItem(
        code=task.code, title=task.title, programme=row.programme, phase=row.phase, directive=task.directive_id,
        directive_number=row.directive_number, clause=row.clause, parent=row.parent, centre_code=task.centre_code,
        lead_unit=UnitName(code=row.lead_code, name=row.lead_name), role=TaskRole(role) if role else None,
        accountable_position=task.accountable_position, kind=TaskKind(state.kind),
        rhythm=Rhythm(task.rhythm) if task.rhythm and state.kind == TaskKind.regular else None,
        status=Status(state.status), bucket=Bucket(state.bucket), deadline=deadline_out(state.deadline, task.precision),
        approved_deadline=deadline_out(state.approved, _precision(session, task, state.approved)),
        update_due=state.update_due, days_left=_days_left(facts, Bucket(state.bucket), day),
        warning=rules.warning(facts, day), percent=percent_out(row.percent, row.percent_source),
        last_update_at=row.last_update_at, version=task.version,
    )  # fmt: skip


def _precision(session: Session, task: Task, approved: date | None) -> str | None:
    if approved is None or approved == task.approved:
        return task.approved_precision
    found = select(col(TaskExtension.precision)).where(
        and_(col(TaskExtension.task_id) == task.id, col(TaskExtension.deadline) == approved)
    )
    return session.scalar(found.limit(1)) or Precision.day


def _days_left(facts: Facts, bucket: Bucket, day: date) -> int | None:
    if bucket in (Bucket.regular_on_schedule, Bucket.regular_overdue):
        return (facts.update_due - day).days if facts.update_due else None
    if bucket in (Bucket.overdue, Bucket.due_soon, Bucket.not_started, Bucket.on_schedule) and facts.counted:
        return (facts.counted - day).days
    return None


def deadline_out(day: date | None, precision: str | None) -> DeadlineOut | None:
    """Return a deadline as it is shown."""
    if day is None or precision is None:
        return None
    deadline = rules.Deadline(day, Precision(precision))
    return DeadlineOut(period=deadline.period, day=day, precision=deadline.precision)


def percent_out(value: int | None, source: str | None) -> PercentOut | None:
    """Return a percentage with its source."""
    return None if value is None or source is None else PercentOut(value=value, source=PercentSource(source))
