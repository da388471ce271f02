"""Directives: finding, adding and changing them."""

from datetime import date, datetime

from sqlalchemy import delete, func, select, tuple_
from sqlmodel import Session, col

from app.core import audit, files, versions
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.core.files import StoredFile, Upload
from app.core.paging import Page, cut
from app.core.search import column_has_words
from app.core.text import search_key
from app.tasks import secrecy
from app.tasks.directives.models import Directive, DirectiveClause
from app.tasks.directives.rules import DirectiveKind, Secrecy
from app.tasks.directives.schemas import ClauseOut, DirectiveIn, DirectiveItem, DirectiveOut, DirectivePage
from app.tasks.models import Programme, Task, TaskUnit


def by_id(session: Session, caller: Caller, number: int) -> Directive:
    """Return a directive; whoever has no part in all tasks sees those that gave its units one. Raises NotFound."""
    row = session.get(Directive, number)
    if row is not None and caller.units is not None:
        mine = (
            select(col(Task.id))
            .join(TaskUnit, col(TaskUnit.task_id) == col(Task.id))
            .where(col(Task.directive_id) == number, col(TaskUnit.unit_id).in_(caller.units))
        )
        row = row if session.scalar(mine.limit(1)) is not None else None
    if row is None:
        raise NotFound
    return row


def listing(
    session: Session,
    caller: Caller,
    page: Page | None,
    *,
    q: str | None = None,
    kind: DirectiveKind | None = None,
    programme: Programme | None = None,
) -> DirectivePage:
    """Return directives, newest first."""
    query = select(Directive).order_by(col(Directive.issued_on).desc(), col(Directive.id).desc())
    if caller.units is not None:
        mine = (
            select(col(Task.directive_id))
            .join(TaskUnit, col(TaskUnit.task_id) == col(Task.id))
            .where(col(TaskUnit.unit_id).in_(caller.units))
        )
        query = query.where(col(Directive.id).in_(mine))
    if q is not None:
        query = query.where(column_has_words(col(Directive.search_key), q))
    if kind is not None:
        query = query.where(col(Directive.kind) == kind.value)
    if programme is not None:
        given = select(col(Task.directive_id)).where(col(Task.programme_id) == programme.id)
        query = query.where(col(Directive.id).in_(given))
    following = None
    if page is not None:
        if page.after is not None:
            query = query.where(tuple_(col(Directive.issued_on), col(Directive.id)) < _key(page))
        query = query.limit(page.limit + 1)
    rows = list(session.scalars(query))
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row.issued_on.isoformat(), row.id])
    counts = _counts(session, [row.id for row in rows])
    return DirectivePage(items=[_item(row, counts.get(row.id, 0)) for row in rows], next=following)


def _key(page: Page) -> object:
    try:
        day, number = page.after or [None, None]
        return tuple_(date.fromisoformat(day), int(number))
    except (TypeError, ValueError):
        raise Invalid([Fault("?cursor", "bad_cursor")]) from None


def _counts(session: Session, ids: list[int]) -> dict[int, int]:
    query = (
        select(col(Task.directive_id), func.count())
        .where(col(Task.directive_id).in_(ids), col(Task.parent_id).is_(None))
        .group_by(col(Task.directive_id))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _item(row: Directive, tasks: int) -> DirectiveItem:
    return DirectiveItem(
        id=row.id, number=row.number, issuer=row.issuer, issued_on=row.issued_on, title=row.title,
        kind=DirectiveKind(row.kind), party=row.party, link=row.link, file=row.file_id, tasks=tasks,
        version=row.version,
    )  # fmt: skip


def show(session: Session, row: Directive) -> DirectiveOut:
    """Return one directive as it is shown."""
    query = (
        select(col(Task.clause_id), func.count())
        .where(col(Task.directive_id) == row.id, col(Task.parent_id).is_(None))
        .group_by(col(Task.clause_id))
    )
    per_clause = {row[0]: row[1] for row in session.execute(query)}
    clauses = [
        ClauseOut(label=clause.label, text=clause.text, tasks=per_clause.get(clause.id, 0))
        for clause in _clauses(session, row)
    ]
    item = _item(row, sum(per_clause.values()))
    return DirectiveOut(**dict(item), clauses=clauses, demonstration=row.demonstration, updated_at=row.updated_at)


def _clauses(session: Session, row: Directive) -> list[DirectiveClause]:
    query = select(DirectiveClause).where(col(DirectiveClause.directive_id) == row.id)
    return list(session.scalars(query.order_by(col(DirectiveClause.sort_order))))


def add(session: Session, caller: Caller, *, values: DirectiveIn, now: datetime) -> Directive:
    """Add a directive; raises Conflict where number, issuer and date are known already."""
    row = Directive(
        number="", issuer="", issued_on=values.issued_on, title="", kind="", party=False, link=None, file_id=None,
        demonstration=caller.demonstration, search_key="", created_at=now, updated_at=now, version=0,
    )  # fmt: skip
    _apply(session, row, values, now)
    audit.record(session, "directive.added", f"directives/{row.id}", after=values.model_dump(mode="json"))
    return row


def change(
    session: Session, caller: Caller, row: Directive, *, values: DirectiveIn, if_match: str | None, now: datetime
) -> Directive:
    """Replace all of a directive but its file; without effect when nothing differs."""
    session.refresh(row, with_for_update=True)
    before = current(session, row)
    if before == values:
        return row
    versions.check_match(if_match, None, row.version, lambda: show(session, row))
    _apply(session, row, values, now)
    audit.record(
        session, "directive.updated", f"directives/{row.id}", before=before.model_dump(mode="json"),
        after=values.model_dump(mode="json"),
    )  # fmt: skip
    return row


def current(session: Session, row: Directive) -> DirectiveIn:
    """Return a directive in the shape in which it would be sent to change nothing."""
    return DirectiveIn.model_validate({
        "number": row.number, "issuer": row.issuer, "issued_on": row.issued_on, "title": row.title, "kind": row.kind,
        "party": row.party, "link": row.link,
        "clauses": [{"label": c.label, "text": c.text} for c in _clauses(session, row)],
    })  # fmt: skip


def keep_file(
    session: Session, caller: Caller, row: Directive, *, upload: Upload, media_type: str, now: datetime
) -> Directive:
    """Keep the document itself; refused for a Party document, which has a link only."""
    session.refresh(row, with_for_update=True)
    if row.party:
        raise Conflict("party_document_no_file")
    kept = files.keep(session, caller, upload, unit_id=None, reader="tasks:read", now=now, media_type=media_type)
    if row.file_id != kept.id:
        row.file_id, row.version, row.updated_at = kept.id, row.version + 1, now
        session.flush()
        audit.record(session, "directive.file", f"directives/{row.id}", after=kept.model_dump())
    return row


def file_of(session: Session, row: Directive) -> StoredFile:
    """Return the document itself; raises NotFound where there is none."""
    if row.file_id is None:
        raise NotFound
    return session.get_one(StoredFile, row.file_id)


def _apply(session: Session, row: Directive, values: DirectiveIn, now: datetime) -> None:
    if values.secrecy is not Secrecy.none:
        raise Invalid([Fault("/secrecy", "classified_refused")])
    if secrecy.secrecy_mark(f"{values.number} | {values.title}"):
        raise Invalid([Fault("/title", "classified_refused")])
    if values.party and row.file_id is not None:
        raise Conflict("party_document_no_file")
    labels = [clause.label for clause in values.clauses]
    if len(set(labels)) < len(labels):
        raise Invalid([Fault("/clauses", "clause_twice")])
    same = select(col(Directive.id)).where(
        col(Directive.number) == values.number, col(Directive.issuer) == values.issuer,
        col(Directive.issued_on) == values.issued_on, col(Directive.id) != (row.id or 0),
    )  # fmt: skip
    if session.scalar(same) is not None:
        raise Conflict("directive_known", faults=[Fault("/number", "directive_known")])
    earliest = session.scalar(select(func.min(col(Task.deadline))).where(col(Task.directive_id) == (row.id or 0)))
    if earliest is not None and earliest < values.issued_on:
        raise Invalid([Fault("/issued_on", "deadline_before_directive", {"day": values.issued_on.isoformat()})])
    row.number, row.issuer, row.issued_on = values.number, values.issuer, values.issued_on
    row.title, row.kind, row.party, row.link = values.title, values.kind.value, values.party, values.link
    row.search_key = search_key(f"{values.number} {values.title} {values.issuer}")[:2500]
    row.updated_at, row.version = now, row.version + 1
    session.add(row)
    session.flush()
    known = {clause.label: clause for clause in _clauses(session, row)}
    for order, sent in enumerate(values.clauses, 1):
        clause = known.pop(sent.label, None) or DirectiveClause(
            directive_id=row.id, label=sent.label, text="", sort_order=0
        )
        clause.text, clause.sort_order = sent.text, order
        session.add(clause)
    gone = [clause.id for clause in known.values()]
    if gone and session.scalar(select(col(Task.id)).where(col(Task.clause_id).in_(gone)).limit(1)) is not None:
        raise Conflict("clause_in_use", faults=[Fault("/clauses", "clause_in_use")])
    session.execute(delete(DirectiveClause).where(col(DirectiveClause.id).in_(gone)))
    session.flush()
