"""Changing the base of tasks, each time with its document."""

from datetime import datetime

from sqlmodel import Session

from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Conflict, Fault, Invalid
from app.tasks import editions, life, service, states
from app.tasks.directives.models import Directive
from app.tasks.models import Programme, Task
from app.tasks.rules import ENDED, Act, Deadline, Precision, TaskKind, TaskStatus, deadline_of
from app.tasks.schemas import DocumentIn, TaskNew
from app.tasks.scope.models import ScopeChange
from app.tasks.scope.rules import ScopeKind
from app.tasks.scope.schemas import CancellationIn, MergerIn, ReclassificationIn, SplitIn


def cancel(session: Session, caller: Caller, task: Task, *, body: CancellationIn, now: datetime) -> None:
    """Give a task up; it stays in the base, in the bucket of cancelled ones."""
    document = _document(session, task, body.document)
    now = states.hold(session, task, now)
    before = task.status
    life.step(session, caller, task, Act.cancelled, now=now, note=_words(document, body.note))
    _write(session, caller, task, ScopeKind.cancelled, document, now, before, task.status, body.note)


def merge(session: Session, caller: Caller, task: Task, *, body: MergerIn, now: datetime) -> None:
    """Let another task take one over; raises Invalid for itself or one that does not stand."""
    document = _document(session, task, body.document)
    now = states.hold(session, task, now)
    into = service.named(session, caller, body.into, "/into")
    if into.id == task.id or TaskStatus(into.status) in ENDED:
        raise Invalid([Fault("/into", "merger_impossible")])
    before = task.status
    life.step(session, caller, task, Act.merged, now=now, note=_words(document, body.note))
    _write(session, caller, task, ScopeKind.merged, document, now, before, into.code, body.note, into=into)


def split(session: Session, caller: Caller, task: Task, *, body: SplitIn, now: datetime) -> list[Task]:
    """Let several new tasks go on in place of one; the parts are added to the base by the same document."""
    document = _document(session, task, body.document)
    now = states.hold(session, task, now)
    whole = service.current(session, task)
    programme = session.get_one(Programme, task.programme_id)
    before = task.status
    life.step(session, caller, task, Act.split, now=now, note=_words(document, body.note))
    codes = ", ".join(part.code for part in body.parts)
    _write(session, caller, task, ScopeKind.split, document, now, before, codes[:200], body.note)
    made = []
    for number, part in enumerate(body.parts):
        values = whole.model_dump() | {"title": part.title, "centre_code": None}
        values |= {"lead_unit": part.lead_unit} if part.lead_unit else {}
        values |= {"deadline": part.deadline} if part.deadline else {}
        values["coordinating_units"] = [c for c in whole.coordinating_units if c != values["lead_unit"]]
        new = TaskNew.model_validate(
            values | {"code": part.code, "programme": programme.code, "kind": task.kind, "document": document}
        )
        try:
            made.append(service.add(session, caller, values=new, now=now, split_from=task))
        except (Invalid, Conflict) as problem:
            problem.faults = [Fault(f"/parts/{number}{f.pointer}", f.code, f.values) for f in problem.faults]
            raise
    return made


def reclassify(session: Session, caller: Caller, task: Task, *, body: ReclassificationIn, now: datetime) -> None:
    """Make a dated task a regular one, or the other way round; what it was before stays in the ledger."""
    document = _document(session, task, body.document)
    now = states.hold(session, task, now)
    if task.kind == body.kind:
        raise Conflict("kind_unchanged")
    before = f"{task.kind}, {task.status}"
    if body.kind is TaskKind.regular:
        if body.rhythm is None:
            raise Invalid([Fault("/rhythm", "rhythm_missing")])
        task.rhythm, task.rhythm_from = body.rhythm.value, day_of(now)
    else:
        deadline = deadline_of(body.deadline) if body.deadline else None
        if deadline is None and task.deadline is None:
            raise Invalid([Fault("/deadline", "required")])
        if deadline is not None and task.deadline is not None and not _same(deadline, task):
            raise Invalid([Fault("/deadline", "deadline_by_extension")])
        if deadline is not None:
            if deadline.day < session.get_one(Directive, task.directive_id).issued_on:
                raise Invalid([Fault("/deadline", "deadline_before_directive")])
            task.deadline, task.precision = deadline.day, deadline.precision.value
        task.rhythm = task.rhythm_from = None
    task.kind = body.kind.value
    life.step(session, caller, task, Act.reclassified, now=now, note=_words(document, body.note))
    editions.keep(session, task, now)
    after = f"{task.kind}, {task.rhythm}" if task.rhythm else f"{task.kind}, {task.status}"
    _write(session, caller, task, ScopeKind.reclassified, document, now, before, after, body.note)


def _same(deadline: Deadline, task: Task) -> bool:
    return task.precision is not None and (deadline.day, deadline.precision) == (
        task.deadline,
        Precision(task.precision),
    )


def _document(session: Session, task: Task, document: DocumentIn | None) -> DocumentIn:
    if document is None:
        raise Invalid([Fault("/document", "document_required")])
    return document


def _words(document: DocumentIn, note: str | None) -> str:
    return f"{document.number}: {note}" if note else document.number


def _write(
    session: Session, caller: Caller, task: Task, kind: ScopeKind, document: DocumentIn, now: datetime, before: str,
    after: str, note: str | None, into: Task | None = None,
) -> None:  # fmt: skip
    session.add(
        ScopeChange(
            task_id=task.id, kind=kind.value, at=now, day=day_of(now), by=caller.label, document=document.number,
            document_on=document.day, link=document.link, into_id=into.id if into else None, split_from_id=None,
            before=before, after=after, note=note,
        )
    )  # fmt: skip
    session.flush()
