"""Reading the ledger of the base."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.access import Caller
from app.core.errors import Fault, Invalid
from app.core.paging import Page, cut
from app.tasks.detail_schemas import ScopeChangeOut
from app.tasks.models import Programme, Task
from app.tasks.schemas import TaskItem, UnitName
from app.tasks.scope.models import ScopeChange
from app.tasks.scope.rules import ScopeKind
from app.tasks.scope.schemas import LedgerPage
from app.tasks.service import of_units
from app.units.models import Unit

_LEAD: Any = aliased(Unit)
_INTO: Any = aliased(Task)
_SOURCE: Any = aliased(Task)


def _rows() -> Select[Any]:
    query: Any = (
        select(
            ScopeChange, col(Task.code), col(Task.title), _LEAD.code.label("lead_code"), _LEAD.name.label("lead_name"),
            _INTO.code.label("into"), _SOURCE.code.label("source"),
        )
        .join(Task, col(Task.id) == col(ScopeChange.task_id))
        .join(_LEAD, _LEAD.id == col(Task.lead_unit_id))
        .outerjoin(_INTO, _INTO.id == col(ScopeChange.into_id))
        .outerjoin(_SOURCE, _SOURCE.id == col(ScopeChange.split_from_id))
    )  # fmt: skip
    return query  # type: ignore[no-any-return]


def changes_of(session: Session, task: Task, until: datetime | None, then: TaskItem) -> list[ScopeChangeOut]:
    """Return the ledger's entries of one task up to a moment, oldest first, under the title and lead it had then."""
    query = _rows().where(col(ScopeChange.task_id) == task.id).order_by(col(ScopeChange.at), col(ScopeChange.id))
    entries = _shown(session.execute(query if until is None else query.where(col(ScopeChange.at) <= until)))
    return [entry.model_copy(update={"title": then.title, "lead_unit": then.lead_unit}) for entry in entries]


def ledger(
    session: Session,
    caller: Caller,
    page: Page | None,
    *,
    programme: Programme | None = None,
    kind: ScopeKind | None = None,
    first: datetime | None = None,
    last: datetime | None = None,
) -> LedgerPage:
    """Return the ledger, newest first."""
    query = _rows().order_by(col(ScopeChange.at).desc(), col(ScopeChange.id).desc())
    if caller.units is not None:
        query = query.where(of_units(caller))
    if programme is not None:
        query = query.where(col(Task.programme_id) == programme.id)
    if kind is not None:
        query = query.where(col(ScopeChange.kind) == kind.value)
    if first is not None:
        query = query.where(col(ScopeChange.at) >= first)
    if last is not None:
        query = query.where(col(ScopeChange.at) <= last)
    following = None
    if page is not None:
        if page.after is not None:
            query = query.where(tuple_(col(ScopeChange.at), col(ScopeChange.id)) < _key(page.after))
        query = query.limit(page.limit + 1)
    rows = list(session.execute(query))
    if page is not None:
        rows, following = cut(rows, page, lambda row: [row[0].at.isoformat(), row[0].id])
    return LedgerPage(items=_shown(rows), next=following)


def _key(after: list[Any]) -> Any:
    try:
        at, number = after
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or type(number) is not int:
            raise ValueError(after)
    except (TypeError, ValueError):
        raise Invalid([Fault("?cursor", "bad_cursor")]) from None
    return tuple_(moment, number)


def _shown(rows: Iterable[Any]) -> list[ScopeChangeOut]:
    return [
        ScopeChangeOut(
            id=row[0].id, task=row.code, title=row.title, lead_unit=UnitName(code=row.lead_code, name=row.lead_name),
            kind=row[0].kind, at=row[0].at, day=row[0].day, document=row[0].document, document_on=row[0].document_on,
            link=row[0].link, into=row.into, split_from=row.source, before=row[0].before, after=row[0].after,
            note=row[0].note, by=row[0].by,
        )
        for row in rows
    ]  # fmt: skip
