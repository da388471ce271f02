"""Working out what a month's report says: the tasks at its cut-off in the centre's columns, and what changed."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.access import Caller
from app.tasks.editions import alive
from app.tasks.listing import listing
from app.tasks.models import Programme, Task, TaskAct, TaskEdition, TaskMark
from app.tasks.monthly.rules import WORDS, OfficialWord
from app.tasks.monthly.schemas import MonthlyContent, MonthlyRow, WordCount
from app.tasks.narrowing import Filters
from app.tasks.progress.models import TaskUpdate
from app.tasks.rules import Act, Bucket
from app.tasks.schemas import TaskItem
from app.tasks.scope.compare import compare
from app.tasks.summary.schemas import BucketCount
from app.units.models import Unit

_SAID = ("done", "causes", "difficulties", "proposals")


def content(
    session: Session, caller: Caller, programme: Programme, month: str, *, since: datetime, as_of: datetime,
    said: dict[str, str | None],
) -> MonthlyContent:  # fmt: skip
    """Return a programme's report as it was known at a moment, compared with the month before's cut-off."""
    filters = Filters(programme=programme)
    items = listing(session, caller, None, filters=filters, as_of=as_of, now=as_of).items
    compared = compare(session, caller, first=since, last=as_of, filters=filters)
    moved = {code: move for move in compared.moves for code in move.tasks}
    spoken = _spoken(session, programme, as_of)
    helpers, products = _helpers(session, programme, as_of), _products(session, programme, as_of)
    counts = Counter(item.bucket for item in items)
    words: Counter[OfficialWord | None] = Counter()
    for bucket, count in counts.items():
        words[WORDS[bucket]] += count
    rows = []
    for number, item in enumerate(items, 1):
        move, words_of = moved.get(item.code), spoken.get(item.code, {})
        rows.append(
            MonthlyRow(
                number=number, code=item.code, centre_code=item.centre_code, title=item.title,
                document=item.directive_number, lead_unit=item.lead_unit.name,
                coordinating_units=", ".join(helpers[item.code]), product=products.get(item.code),
                deadline=_deadline(item), rhythm=item.rhythm, result=words_of.get("done"),
                bucket=item.bucket, word=WORDS[item.bucket],
                causes=words_of.get("causes"), difficulties=words_of.get("difficulties"),
                proposals=words_of.get("proposals"), before=move.before if move else None,
                cause=move.cause if move else None,
            )
        )  # fmt: skip
    return MonthlyContent(
        programme=programme.code, programme_name=programme.name_vi, month=month, as_of=as_of, total=len(items),
        words=[WordCount(word=word, count=words[word]) for word in (*OfficialWord, None)],
        buckets=[BucketCount(bucket=bucket, count=counts[bucket]) for bucket in Bucket],
        total_before=compared.old_total, added=compared.added, moved=len(moved) - compared.added, rows=rows,
        **said,
    )  # fmt: skip


def _deadline(item: TaskItem) -> str | None:
    # A regular task keeps the date from before it was reclassified; it is not due then.
    return item.deadline.period if item.deadline and item.rhythm is None else None


def _spoken(session: Session, programme: Programme, as_of: datetime) -> dict[str, dict[str, str]]:
    """Return what was said last of each task, by then: each kind of words from the newest update that has it.

    What was achieved is also said where completion is proposed; what was sent back says it no more.
    """
    updates = (
        select(col(TaskUpdate.at), col(Task.code), *(getattr(TaskUpdate, name) for name in _SAID))
        .join(Task, col(Task.id) == col(TaskUpdate.task_id))
        .where(col(Task.programme_id) == programme.id, col(TaskUpdate.at) <= as_of)
        .order_by(col(TaskUpdate.at), col(TaskUpdate.id))
    )
    acts = (
        select(col(TaskAct.at), col(Task.code), col(TaskAct.note), col(TaskAct.act))
        .join(Task, col(Task.id) == col(TaskAct.task_id))
        .where(col(Task.programme_id) == programme.id, col(TaskAct.at) <= as_of)
        .where(col(TaskAct.act).in_([Act.proposed.value, Act.returned.value]))
        .order_by(col(TaskAct.at), col(TaskAct.id))
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    proposed: dict[str, str] = {}
    rows: list[tuple[datetime, str | None, Any]] = [(row.at, None, row) for row in session.execute(updates)]
    rows += [(row.at, row.act, row) for row in session.execute(acts)]
    for _, act, row in sorted(rows, key=lambda one: one[0]):
        if act == Act.proposed:
            proposed[row.code] = row.note
        elif act == Act.returned or row.done:
            proposed.pop(row.code, None)
        if act is None:
            found[row.code].update({name: getattr(row, name) for name in _SAID if getattr(row, name)})
    for code, note in proposed.items():
        if note:
            found[code]["done"] = note
    return found


def _helpers(session: Session, programme: Programme, as_of: datetime) -> dict[str, list[str]]:
    query: Any = (
        select(col(Task.code), col(Unit.name))
        .join(TaskMark, col(TaskMark.task_id) == col(Task.id))
        .join(Unit, col(Unit.id) == col(TaskMark.unit_id))
        .where(col(Task.programme_id) == programme.id, alive(TaskMark, as_of))
        .order_by(col(Unit.sort_order))
    )
    found = defaultdict(list)
    for code, name in session.execute(query):
        found[code].append(name)
    return found


def _products(session: Session, programme: Programme, as_of: datetime) -> dict[str, str | None]:
    query = (
        select(col(Task.code), col(TaskEdition.product))
        .join(TaskEdition, col(TaskEdition.task_id) == col(Task.id))
        .where(col(Task.programme_id) == programme.id, alive(TaskEdition, as_of))
    )
    return {row.code: row.product for row in session.execute(query)}
