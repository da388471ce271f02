"""Tasks in lists: filtered, as they stand now or stood at any moment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core import events
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import SETTLED, Page, cut
from app.core.text import nfc, search_key
from app.tasks import rules, states
from app.tasks.directives.models import Directive, DirectiveClause
from app.tasks.editions import alive
from app.tasks.events import TasksShown
from app.tasks.models import (
    Programme,
    ProgrammePhase,
    Task,
    TaskEdition,
    TaskMark,
    TaskPercent,
    TaskState,
    TaskUnit,
)
from app.tasks.narrowing import END, Filters, are_many, narrowed
from app.tasks.progress.models import TaskExtension, TaskUpdate
from app.tasks.rules import Bucket, Facts, Headline, PercentSource, Precision, Rhythm, TaskKind, TaskLevel, TaskRole
from app.tasks.rules import TaskStatus as Status
from app.tasks.schemas import DeadlineOut, PercentOut, TaskItem, TaskPage, UnitName
from app.tasks.service import of_units
from app.units.models import Unit

_PARENT: Any = aliased(Task)
_STATE = TaskState
_CHILDREN_LAST = col(Task.parent_id).is_not(None), col(Task.code)
_EARLIER: Any = aliased(TaskState)


def listing(
    session: Session, caller: Caller, page: Page | None, *, filters: Filters, as_of: datetime | None, now: datetime
) -> TaskPage:
    """Return tasks by code, as they stand now, or as they stood and were known at `as_of`."""
    filters.only_now(as_of)
    at = as_of or now
    # First which ones, touching no more than tasks and states; then all that is shown of them.
    chosen: Any = select(col(Task.id).label("task"), col(_STATE.id).label("state"))
    in_order = _in_order(session, caller, filters, at, past=as_of is not None)
    if in_order:
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
    chosen = narrowed(chosen, caller, filters, at, past=as_of is not None, each=in_order).order_by(col(Task.code))
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
    shown = items(session, caller, rows, at, past=as_of is not None)
    complete_until = now - SETTLED if filters.updated_since is not None else None
    return TaskPage(as_of=at, items=shown, next=following, complete_until=complete_until)


def longest_overdue(session: Session, caller: Caller, limit: int, *, filters: Filters, now: datetime) -> list[TaskItem]:
    """Return the tasks that are overdue now, those with the oldest deadline first, as many as asked for."""
    chosen: Any = select(col(Task.id), col(_STATE.id).label("state")).join(_STATE, col(_STATE.task_id) == col(Task.id))
    late = replace(filters, bucket=Bucket.overdue)
    oldest = (col(_STATE.deadline), col(Task.code))
    picked = narrowed(chosen, caller, late, now, past=False).order_by(*oldest).limit(limit).subquery("picked")
    rows = session.execute(rows_query(None).join(picked, picked.c.state == col(_STATE.id)).order_by(*oldest))
    return items(session, caller, list(rows), now, past=False)


def looked_up(session: Session, caller: Caller, said: str, limit: int, *, now: datetime) -> list[TaskItem]:
    """Return tasks for what somebody looks for, as many as asked for, children last.

    First those whose code, or number at the centre, begins so; then those that say it word after word; then those that
    have the words.
    """
    begins = {nfc(said), nfc(said).upper()}
    coded = [
        select(col(Task.id)).where(column >= begin, column < begin + END, of_units(caller)).order_by(column)
        for column in (col(Task.code), col(Task.centre_code)) for begin in begins
    ]  # fmt: skip
    found = _of_ids(session, caller, coded, limit, now, [col(Task.code)])
    if " " in (phrase := search_key(said)):
        # The index is of beginnings of words, which "số hóa" shares with "rà soát, hoàn thiện": here all are read.
        says = select(col(Task.id)).where(_says(session, phrase), of_units(caller))
        found |= _of_ids(session, caller, [says.order_by(*_CHILDREN_LAST)], limit, now, _CHILDREN_LAST)
    for level in (TaskLevel.top, TaskLevel.all):
        if len(found) < limit:
            worded = Filters(q=said, level=level)
            page = listing(session, caller, Page(limit, None), filters=worded, as_of=None, now=now)
            found |= {item.code: item for item in page.items if item.code not in found}
    return list(found.values())[:limit]


def _of_ids(
    session: Session, caller: Caller, queries: Sequence[Select[Any]], limit: int, now: datetime, order: Sequence[Any]
) -> dict[str, TaskItem]:
    ids = [number for query in queries for number in session.scalars(query.limit(limit))]
    rows = rows_query(None).where(col(Task.id).in_(ids), alive(_STATE, now)).order_by(*order)
    return {item.code: item for item in items(session, caller, list(session.execute(rows)), now)}


def _says(session: Session, phrase: str) -> ColumnElement[bool]:
    """Return the condition that a task has a phrase, folded, from the beginning of a word on."""
    find = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos
    return find(literal(" ").concat(col(Task.search_key)), f" {phrase}") > 0


def _in_order(session: Session, caller: Caller, filters: Filters, at: datetime, *, past: bool) -> bool:
    """Tell whether to go through the tasks in their order until the page is full, or to gather and sort them.

    The former wherever many of them fit: its cost is the page's. What is rare is found by its index.
    """
    broad = Filters(
        programme=filters.programme, bucket=filters.bucket, level=filters.level, phase=filters.phase, q=filters.q
    )
    if caller.units is not None or broad != filters:
        return False
    if filters.q is not None and not are_many(session, filters.q, at, past=past):
        return False
    if filters.bucket is None:
        return True
    sizes = states.sizes(session, at, filters.programme.id if filters.programme else None)
    return sizes[filters.bucket.value] * 10 >= sum(sizes.values())


def rows_query(as_of: datetime | None) -> Select[Any]:
    """Return the query whose rows become items; at a moment of the past with what was written and said by then."""
    common: tuple[Any, ...] = (
        Task, _STATE, col(Unit.code).label("lead_code"), col(Unit.name).label("lead_name"),
        col(Programme.code).label("programme"), col(Programme.headline), _PARENT.code.label("parent"),
        col(Directive.number).label("directive_number"),
    )  # fmt: skip
    if as_of is None:
        words: Any = Task
        query: Select[Any] = (
            select(
                *common, col(ProgrammePhase.code).label("phase"), col(DirectiveClause.label).label("clause"),
                col(Task.percent), col(Task.percent_source), col(Task.last_update_at),
            )
            .join(_STATE, col(_STATE.task_id) == col(Task.id))
            .outerjoin(ProgrammePhase, col(ProgrammePhase.id) == col(Task.phase_id))
            .outerjoin(DirectiveClause, col(DirectiveClause.id) == col(Task.clause_id))
        )  # fmt: skip
    else:
        words = TaskEdition
        by_then = (col(TaskPercent.task_id) == col(Task.id), col(TaskPercent.at) <= as_of)
        newest = (col(TaskPercent.at).desc(), col(TaskPercent.id).desc())
        said = (col(TaskUpdate.task_id) == col(Task.id), col(TaskUpdate.at) <= as_of)
        query = (
            select(
                *common, col(TaskEdition.phase), col(TaskEdition.clause),
                select(col(TaskPercent.percent)).where(*by_then).order_by(*newest).limit(1).scalar_subquery()
                .label("percent"),
                select(col(TaskPercent.source)).where(*by_then).order_by(*newest).limit(1).scalar_subquery()
                .label("percent_source"),
                select(func.max(col(TaskUpdate.at))).where(*said).scalar_subquery().label("last_update_at"),
                TaskEdition,
            )
            .join(_STATE, col(_STATE.task_id) == col(Task.id))
            .join(TaskEdition, and_(col(TaskEdition.task_id) == col(Task.id), alive(TaskEdition, as_of)))
        )  # fmt: skip
    return (
        query.join(Unit, col(Unit.id) == col(_STATE.lead_unit_id))
        .join(Programme, col(Programme.id) == col(Task.programme_id))
        .join(Directive, col(Directive.id) == words.directive_id)
        .outerjoin(_PARENT, _PARENT.id == words.parent_id)
    )


def items(session: Session, caller: Caller, rows: Sequence[Any], at: datetime, *, past: bool = False) -> list[TaskItem]:
    """Return rows of `rows_query` as they are shown."""
    found = _items(session, caller, rows, at, past=past)
    if found and not past:
        ids = [row[0].id for row in rows]
        events.publish(session, TasksShown(caller, at, dict(zip(ids, found, strict=True))))
    return found


def _items(session: Session, caller: Caller, rows: Sequence[Any], at: datetime, *, past: bool) -> list[TaskItem]:
    if caller.unit_id is None or not rows:
        return [_item(session, row, None, day_of(at), past=past) for row in rows]
    own: Any = (TaskUnit.task_id, TaskUnit.unit_id)
    held: tuple[Any, ...] = ()
    if past:
        own, held = (TaskMark.task_id, TaskMark.unit_id), (alive(TaskMark, at),)
    those = [row[0].id for row in rows]
    part = set(session.scalars(select(own[0]).where(own[1] == caller.unit_id, own[0].in_(those), *held)))
    found = []
    for row in rows:
        role = TaskRole.coordinating if row[0].id in part else None
        role = TaskRole.lead if row[1].lead_unit_id == caller.unit_id else role
        found.append(_item(session, row, role, day_of(at), past=past))
    return found


def state_facts(state: TaskState, headline: str) -> Facts:
    """Return what decided a state's bucket."""
    return Facts(
        Status(state.status), TaskKind(state.kind), state.deadline, state.approved, Headline(headline),
        state.proposed_on, state.update_due,
    )  # fmt: skip


def _item(session: Session, row: Any, role: TaskRole | None, day: date, *, past: bool) -> TaskItem:
    task: Task = row[0]
    state: TaskState = row[1]
    words: Task | TaskEdition = row.TaskEdition if past else task
    facts = state_facts(state, row.headline)
    return TaskItem(
        code=task.code, title=words.title, programme=row.programme, phase=row.phase, directive=words.directive_id,
        directive_number=row.directive_number, clause=row.clause, parent=row.parent, centre_code=words.centre_code,
        lead_unit=UnitName(code=row.lead_code, name=row.lead_name), role=role,
        accountable_position=words.accountable_position, kind=TaskKind(state.kind),
        rhythm=Rhythm(words.rhythm) if words.rhythm and state.kind == TaskKind.regular else None,
        status=Status(state.status), bucket=Bucket(state.bucket),
        deadline=deadline_out(state.deadline, words.precision),
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
