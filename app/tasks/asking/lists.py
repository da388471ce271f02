"""Questions, blockers and the day's shortcomings over all tasks that a caller sees."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, func, or_, select, tuple_
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.tasks.asking.models import Blocker, TaskQuestion
from app.tasks.asking.rules import BlockerLevel, BlockerState, QuestionState, Shortcoming
from app.tasks.asking.schemas import (
    BlockerItem,
    BlockerPage,
    ShortcomingItem,
    ShortcomingPage,
    TaskQuestionPage,
    UnitShortcomings,
)
from app.tasks.asking.service import blocker_values, blockers_query, questions_query, questions_shown
from app.tasks.listing import state_facts
from app.tasks.models import Programme, Task, TaskEdition, TaskState
from app.tasks.narrowing import Filters, narrowed
from app.tasks.rules import Bucket, TaskLevel
from app.tasks.schemas import UnitName
from app.tasks.service import of_units
from app.tasks.summary.service import LACKS, STANDING, as_written
from app.units.models import Unit


def questions(
    session: Session,
    caller: Caller,
    page: Page | None,
    *,
    unit: Unit | None,
    state: QuestionState | None,
    now: datetime,
    waiting: bool = False,
) -> TaskQuestionPage:
    """Return requests for an explanation: what waits first, by due day; with `waiting` nothing else."""
    answered = case((col(TaskQuestion.answer).is_not(None), 1), else_=0)
    query = _seen(questions_query(), caller, unit).order_by(answered, col(TaskQuestion.due_on), col(TaskQuestion.id))
    waits = col(TaskQuestion.answer).is_(None)
    if waiting:
        query = query.where(waits)
    if state is QuestionState.answered:
        query = query.where(~waits)
    elif state is QuestionState.overdue:
        query = query.where(waits, col(TaskQuestion.due_on) < day_of(now))
    elif state is QuestionState.open:
        query = query.where(waits, col(TaskQuestion.due_on) >= day_of(now))
    following = None
    if page is not None:
        if page.after is not None:
            done, due, number = _key(page.after, int, str, int)
            query = query.where(
                tuple_(answered, col(TaskQuestion.due_on), col(TaskQuestion.id)) > tuple_(done, _day(due), number)
            )
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(
            rows, page, lambda row: [int(row[0].answer is not None), row[0].due_on.isoformat(), row[0].id]
        )
    return TaskQuestionPage(items=questions_shown(rows, now), next=following)


def blockers(
    session: Session, caller: Caller, page: Page | None, *, unit: Unit | None, state: BlockerState | None,
    level: BlockerLevel | None, now: datetime,
) -> BlockerPage:  # fmt: skip
    """Return blockers, the oldest open ones first."""
    ended = case((col(Blocker.resolved_at).is_not(None), 1), else_=0)
    query = _seen(blockers_query(), caller, unit).order_by(ended, col(Blocker.id))
    if state is not None:
        query = query.where(col(Blocker.resolved_at).is_(None) == (state is BlockerState.open))
    if level is not None:
        query = query.where(col(Blocker.level) == level.value)
    following = None
    if page is not None:
        if page.after is not None:
            done, number = _key(page.after, int, int)
            query = query.where(tuple_(ended, col(Blocker.id)) > tuple_(done, number))
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(rows, page, lambda row: [int(row[0].resolved_at is not None), row[0].id])
    return BlockerPage(items=[BlockerItem(**blocker_values(row, now)) for row in rows], next=following)


def shortcomings(
    session: Session, caller: Caller, page: Page | None, *, filters: Filters, kind: Shortcoming | None, at: datetime
) -> ShortcomingPage:
    """Return what tasks that stand lacked at a moment, by lead unit and code, with the sums of every unit.

    Children too unless a level is named: what was handed out is each unit's own to answer for.
    """
    filters = replace(filters, level=filters.level or TaskLevel.all)
    asked = (
        select(col(TaskQuestion.task_id), func.count().label("n"), func.min(col(TaskQuestion.due_on)).label("due"))
        .where(col(TaskQuestion.at) <= at)
        .where(or_(col(TaskQuestion.answered_at).is_(None), col(TaskQuestion.answered_at) > at))
        .group_by(col(TaskQuestion.task_id))
        .subquery()
    )
    blocked = (
        select(col(Blocker.task_id), func.count().label("n"))
        .where(col(Blocker.at) <= at, or_(col(Blocker.resolved_at).is_(None), col(Blocker.resolved_at) > at))
        .group_by(col(Blocker.task_id))
        .subquery()
    )
    kinds: dict[Shortcoming, Any] = {
        Shortcoming.overdue: col(TaskState.bucket) == Bucket.overdue.value,
        Shortcoming.update_owed: col(TaskState.bucket) == Bucket.regular_overdue.value,
        Shortcoming.six_clear: or_(*LACKS.values()),
        Shortcoming.question: asked.c.n.is_not(None),
    }
    day = day_of(at)

    def over(*columns: Any) -> Any:
        query: Any = (
            as_written(select(*columns).select_from(Task), at)
            .join(Unit, col(Unit.id) == col(TaskState.lead_unit_id))
            .outerjoin(asked, asked.c.task_id == col(Task.id))
            .outerjoin(blocked, blocked.c.task_id == col(Task.id))
        )
        return narrowed(query, caller, filters, at).where(STANDING)

    any_kind = or_(*kinds.values())
    counts = [func.count().filter(condition) for condition in kinds.values()]
    order = (col(Unit.sort_order), col(Unit.code), col(Task.code))
    by_unit = session.execute(
        over(col(Unit.code), col(Unit.name), func.count(), *counts)
        .where(any_kind)
        .group_by(col(Unit.id), col(Unit.code), col(Unit.name), col(Unit.sort_order))
        .order_by(col(Unit.sort_order), col(Unit.code))
    )
    units = [
        UnitShortcomings(
            unit=UnitName(code=code, name=name), tasks=n, overdue=late, update_owed=owed, six_clear=unclear,
            question=unanswered,
        )
        for code, name, n, late, owed, unclear, unanswered in by_unit
    ]  # fmt: skip
    lacks = [condition.label(point.value) for point, condition in LACKS.items()]
    query = (
        over(Task, TaskEdition, TaskState, col(Programme.headline), Unit, asked.c.n, asked.c.due, blocked.c.n, *lacks)
        .join(Programme, col(Programme.id) == col(Task.programme_id))
        .where(any_kind if kind is None else kinds[kind])
        .order_by(*order)
    )
    following = None
    if page is not None:
        if page.after is not None:
            query = query.where(tuple_(*order) > tuple_(*_key(page.after, int, str, str)))
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row[4].sort_order, row[4].code, row[0].code])
    return ShortcomingPage(
        day=day, kind=kind, total=sum(one.tasks for one in units), units=units,
        items=[_short(row, day) for row in rows], next=following,
    )  # fmt: skip


def _short(row: Any, day: date) -> ShortcomingItem:
    task, words, state, headline, unit, asked, due, blocked, *lacks = row
    late = state_facts(state, headline).counted if state.bucket == Bucket.overdue else None
    owed = state.update_due if state.bucket == Bucket.regular_overdue else None
    missing = [point for point, lack in zip(LACKS, lacks, strict=True) if lack]
    return ShortcomingItem(
        unit=UnitName(code=unit.code, name=unit.name), task=task.code, title=words.title, bucket=Bucket(state.bucket),
        overdue_days=(day - late).days if late else None,
        update_owed_days=(day - owed).days if owed else None,
        missing=missing, missing_points=len(missing), questions=asked or 0, question_due_on=due, blockers=blocked or 0,
    )  # fmt: skip


def _seen(query: Select[Any], caller: Caller, unit: Unit | None) -> Select[Any]:
    query = query.where(of_units(caller))
    return query if unit is None else query.where(col(Task.lead_unit_id) == unit.id)


def _key(after: list[Any], *kinds: type) -> list[Any]:
    if [type(part) for part in after] != list(kinds):
        raise Invalid([Fault("?cursor", "bad_cursor")])
    return after


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise Invalid([Fault("?cursor", "bad_cursor")]) from None
