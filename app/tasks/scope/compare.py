"""Two moments of the base compared: old, new and common, with what explains the whole difference."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.tasks.models import Task, TaskAct, TaskState
from app.tasks.narrowing import Filters, narrowed
from app.tasks.progress.models import TaskExtension, TaskUpdate
from app.tasks.rules import Act, Bucket
from app.tasks.scope import rules
from app.tasks.scope.ledger import ledger
from app.tasks.scope.models import ScopeChange
from app.tasks.scope.rules import Cause
from app.tasks.scope.schemas import ComparedBucket, CompareOut, MoveOut


def compare(session: Session, caller: Caller, *, first: datetime, last: datetime, filters: Filters) -> CompareOut:
    """Return what stood at both moments and every move between them; raises Invalid where they are turned round."""
    filters.only_now(first)
    if last < first:
        raise Invalid([Fault("?to", "ends_before_start")])
    # Of every bucket: one that is asked for is looked at last, so that a task is known where it came from.
    old, new = (_base(session, caller, replace(filters, bucket=None), at) for at in (first, last))
    causes = _causes(session, first, last)
    causes |= _written(session, old.keys() ^ new.keys(), causes, first, filters)
    counted = old.keys() | new.keys()
    found = rules.moves(old, new, causes)
    came = [move for move in found if move.before is None and move.cause in (Cause.added, Cause.split)]
    added = {code for move in came for code in move.tasks}
    if filters.bucket is not None:
        found = rules.within(found, filters.bucket)
        old, new = ({c: b for c, b in base.items() if b is filters.bucket} for base in (old, new))
    explained = rules.explained(found)
    before, after = Counter(old.values()), Counter(new.values())
    common = old.keys() & new.keys()
    common_before, common_after = Counter(old[c] for c in common), Counter(new[c] for c in common)
    buckets = [
        ComparedBucket(
            bucket=b, old=before[b], new=after[b], difference=after[b] - before[b], common_before=common_before[b],
            common_after=common_after[b], explained=explained[b],
        )
        for b in Bucket
    ]  # fmt: skip
    entries = ledger(session, caller, None, programme=filters.programme, first=first, last=last).items
    # What is counted here, and no document of other tasks beside it.
    entries = [entry for entry in entries if entry.task in counted]
    return CompareOut(
        from_=first, to=last, programme=filters.programme.code if filters.programme else None, old_total=len(old),
        new_total=len(new), common_total=len(common), added=len(added & new.keys()), buckets=buckets,
        moves=[
            MoveOut(before=m.before, after=m.after, cause=m.cause, count=len(m.tasks), tasks=list(m.tasks))
            for m in found
        ],
        ledger=entries,
    )  # fmt: skip


def _base(session: Session, caller: Caller, filters: Filters, at: datetime) -> dict[str, Bucket]:
    query: Any = select(col(Task.code), col(TaskState.bucket)).join(TaskState, col(TaskState.task_id) == col(Task.id))
    return {code: Bucket(bucket) for code, bucket in session.execute(narrowed(query, caller, filters, at))}


def _causes(session: Session, first: datetime, last: datetime) -> dict[str, set[Cause]]:
    """Return what was done to each task between two moments."""
    causes: dict[str, set[Cause]] = defaultdict(set)
    scope: Any = select(col(Task.code), col(ScopeChange.kind), col(ScopeChange.split_from_id))
    for code, kind, source in _between(session, scope, ScopeChange, first, last):
        causes[code].add(Cause.split if source is not None else Cause(kind))
    acts = select(col(Task.code)).where(col(TaskAct.act).not_in([Act.created.value, Act.reclassified.value]))
    for (code,) in _between(session, acts, TaskAct, first, last):
        causes[code].add(Cause.progress)
    for table, cause in ((TaskExtension, Cause.extended), (TaskUpdate, Cause.progress)):
        for (code,) in _between(session, select(col(Task.code)).distinct(), table, first, last):
            causes[code].add(cause)  # an update moves only what owes one
    return causes


def _written(
    session: Session, lone: Iterable[str], causes: dict[str, set[Cause]], first: datetime, filters: Filters
) -> dict[str, set[Cause]]:
    """Return why tasks that were there before fit the filters at one of the moments only: something else is written.

    A deadline is written by reclassification, which has its document.
    """
    begun = set(session.scalars(select(col(Task.code)).where(col(Task.created_at) > first)))
    found = {}
    for code in set(lone) - begun:
        dated = filters.deadline is not None and Cause.reclassified in causes.get(code, ())
        found[code] = {Cause.reclassified if dated else Cause.edited}
    return found


def _between(session: Session, query: Any, table: Any, first: datetime, last: datetime) -> Any:
    joined = query.join(table, col(table.task_id) == col(Task.id))
    return session.execute(joined.where(col(table.at) > first, col(table.at) <= last))
