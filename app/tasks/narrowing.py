"""What a list or a sum of tasks is narrowed to, by what is written of them now or was written at a moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core import stamps
from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.text import words_typed
from app.tasks import rules
from app.tasks.editions import STAMP, alive
from app.tasks.models import (
    FOREVER,
    WORD_LENGTH,
    Programme,
    ProgrammePhase,
    Task,
    TaskEdition,
    TaskMark,
    TaskState,
    TaskTag,
    TaskUnit,
)
from app.tasks.rules import Bucket, TaskLevel, TaskRole
from app.tasks.service import of_units
from app.units.models import Unit

_PARENT: Any = aliased(Task)
END = "\U0010ffff"  # after every letter


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

    def only_now(self, moment: datetime | None) -> None:
        """Raise Invalid for a moment of the past beside `updated_since`: that a task has changed is told of now."""
        if moment is not None and self.updated_since is not None:
            raise Invalid([Fault("?updated_since", "updated_since_of_past")])


def narrowed(
    query: Select[Any], caller: Caller, filters: Filters, at: datetime, *, past: bool = True, each: bool = False
) -> Select[Any]:
    """Return a query over tasks and their states narrowed to what the caller sees, the filters, and a moment.

    `past`: the filters look at what was written then; without it at what is written now, which is found sooner.
    `each`: words are looked for task by task, for a list that is gone through in order until its page is full.
    """
    query = query.where(alive(TaskState, at))
    if caller.units is not None:
        query = query.where(of_units(caller))
    if filters.unit is not None:
        query = query.where(_of_unit(filters.unit, filters.role, at, past=past))
    level = filters.level
    if level is None and filters.unit is None and filters.parent is None and caller.units is None:
        level = TaskLevel.top
    if level is TaskLevel.top:
        query = query.where(col(TaskState.top).is_(True))
    if filters.bucket is not None:
        query = query.where(col(TaskState.bucket) == filters.bucket.value)
    if filters.programme is not None:
        query = query.where(col(TaskState.programme_id) == filters.programme.id)
    if filters.tag is not None:
        tagged: Any = select(col(TaskTag.task_id)).where(col(TaskTag.tag) == filters.tag)
        if past:
            tagged = select(col(TaskMark.task_id)).where(col(TaskMark.tag) == filters.tag, alive(TaskMark, at))
        query = query.where(col(Task.id).in_(tagged))
    if filters.deadline is not None:
        limit = rules.deadline_of(filters.deadline)
        query = query.where(col(TaskState.deadline).between(rules.period_start(limit), limit.day))
    if filters.updated_since is not None:
        query = query.where(col(Task.updated_at) >= filters.updated_since)
    if filters.q is not None:
        for said in _beginnings(filters.q) or [""]:
            hits = select(col(TaskMark.task_id)).where(*_found(said, at, past=past))
            one = exists(hits.where(col(TaskMark.task_id) == col(Task.id)).correlate(Task))
            query = query.where(one if each else col(Task.id).in_(hits))
    words = list(_words(filters, TaskEdition if past else Task))
    if words and past:
        query = query.where(col(Task.id).in_(select(col(TaskEdition.task_id)).where(alive(TaskEdition, at), *words)))
    return query.where(*words) if words and not past else query


def _of_unit(unit: Unit, role: TaskRole | None, at: datetime, *, past: bool) -> ColumnElement[bool]:
    leads = col(TaskState.lead_unit_id) == unit.id
    if role is TaskRole.lead:
        return leads
    if past:
        marks = select(col(TaskMark.task_id)).where(col(TaskMark.unit_id) == unit.id, alive(TaskMark, at))
        return col(Task.id).in_(marks) if role else or_(leads, col(Task.id).in_(marks))
    mine = select(col(TaskUnit.task_id)).where(col(TaskUnit.unit_id) == unit.id)
    return col(Task.id).in_(mine.where(col(TaskUnit.role) == role.value) if role else mine)


def _words(filters: Filters, table: Any) -> Any:
    """Yield the conditions on what is written of a task, in `Task` or in `TaskEdition`."""
    if filters.phase is not None and table is Task:
        yield col(Task.phase_id).in_(select(col(ProgrammePhase.id)).where(col(ProgrammePhase.code) == filters.phase))
    elif filters.phase is not None:
        yield table.phase == filters.phase
    if filters.directive is not None:
        yield table.directive_id == filters.directive
    if filters.position is not None:
        yield or_(table.accountable_position == filters.position, table.responsible_position == filters.position)
    if filters.parent is not None:
        yield table.parent_id.in_(select(_PARENT.id).where(_PARENT.code == filters.parent))


MANY = 300


def are_many(session: Session, query: str, at: datetime, *, past: bool) -> bool:
    """Tell whether words are found in so many tasks that going through them in order soon fills a page."""
    counts = [
        select(literal(1)).where(*_found(said, at, past=past)).limit(MANY).subquery() for said in _beginnings(query)
    ]
    return bool(counts) and all(session.scalar(select(func.count()).select_from(one)) == MANY for one in counts)


KEPT = 500  # words typed of which a process keeps whether all tasks have them


def are_everywhere(session: Session, query: str, at: datetime, *, past: bool) -> bool:
    """Tell whether each word is one that all tasks have: then it narrows nothing, and kept sums answer.

    One scan of the index of words, kept until some task is written anew; none where a word is not in many tasks.
    """
    if not are_many(session, query, at, past=past):
        return False
    known: dict[tuple[str, datetime | None], bool] = stamps.kept(session, STAMP, lambda _: {})
    for said in _beginnings(query):
        key = (said, at if past else None)
        found = known.get(key)
        if found is None:
            found = _is_everywhere(session, said, at, past=past)
            if len(known) >= KEPT:
                known.clear()
            known[key] = found
        if not found:
            return False
    return True


def _is_everywhere(session: Session, said: str, at: datetime, *, past: bool) -> bool:
    those: Any = select(func.count()).select_from(Task)
    if past:
        those = select(func.count()).select_from(TaskEdition).where(alive(TaskEdition, at))
    total = session.scalar(those)
    found = _found(said, at, past=past)
    # Mostly a whole word is typed: that one is counted sooner than all that begin so are told apart.
    if session.scalar(select(func.count()).where(*found, col(TaskMark.word) == said)) == total:
        return True
    return total in set(session.scalars(select(func.count()).where(*found).group_by(col(TaskMark.word))))


def _beginnings(query: str) -> list[str]:
    return [word[:WORD_LENGTH] for word in words_typed(query)]


def _found(said: str, at: datetime, *, past: bool) -> tuple[ColumnElement[bool], ...]:
    """Return the condition on marks that are words with a beginning; of no words at all: none."""
    if not said:
        return (false(),)
    word = col(TaskMark.word)
    return (word >= said, word < said + END, alive(TaskMark, at) if past else col(TaskMark.to_at) == FOREVER)
