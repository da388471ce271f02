"""Finding, adding and changing procedures."""

from datetime import date, datetime

from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.core import audit, versions
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.core.paging import Page, cut
from app.core.search import column_has_words
from app.core.text import search_key
from app.procedures.models import (
    Procedure,
    ProcedureField,
    ProcedureIn,
    ProcedureNew,
    ProcedureOut,
    ProcedurePage,
)
from app.procedures.rules import Level, OnlineLevel
from app.procedures.service import named_field, rows_of


def by_code(session: Session, code: str) -> Procedure:
    """Return the procedure with a code; raises NotFound."""
    row = session.scalars(select(Procedure).where(col(Procedure.code) == code)).one_or_none()
    if row is None:
        raise NotFound
    return row


def listing(
    session: Session,
    page: Page | None,
    *,
    q: str | None = None,
    field: str | None = None,
    level: Level | None = None,
    online_level: OnlineLevel | None = None,
) -> ProcedurePage:
    """Return procedures by code; all of them without `page`."""
    query = _rows().order_by(col(Procedure.code))
    if q is not None:
        query = query.where(column_has_words(col(Procedure.search_key), q))
    if field is not None:
        query = query.where(col(ProcedureField.code) == field)
    if level is not None:
        query = query.where(col(Procedure.level) == level.value)
    if online_level is not None:
        query = query.where(col(Procedure.online_level) == online_level.value)
    if page is None:
        return ProcedurePage(items=[_shown(*row) for row in session.execute(query)], next=None)
    if page.after is not None:
        if len(page.after) != 1 or not isinstance(page.after[0], str):
            raise Invalid([Fault("?cursor", "bad_cursor")])
        query = query.where(col(Procedure.code) > page.after[0])
    rows, following = cut(list(session.execute(query.limit(page.limit + 1))), page, lambda row: [row[0].code])
    return ProcedurePage(items=[_shown(*row) for row in rows], next=following)


def show(session: Session, procedure: Procedure) -> ProcedureOut:
    """Return one procedure as it is shown."""
    return _shown(procedure, session.get_one(ProcedureField, procedure.field_id))


def add(session: Session, caller: Caller, *, values: ProcedureNew) -> ProcedureOut:
    """Add a procedure; raises Conflict for a code in use."""
    if session.scalar(select(col(Procedure.id)).where(col(Procedure.code) == values.code)) is not None:
        raise Conflict("code_in_use", faults=[Fault("/code", "code_in_use")])
    row = _new(values.code)
    _apply(session, row, values)
    after = show(session, row)
    audit.record(session, "procedure.added", f"procedures/{row.code}", after=after.model_dump(mode="json"))
    return after


def change(
    session: Session, caller: Caller, row: Procedure, *, values: ProcedureIn, if_match: str | None
) -> ProcedureOut:
    """Replace all of a procedure but its code; without effect when nothing differs."""
    session.refresh(row, with_for_update=True)
    before = show(session, row)
    sent = values.model_dump(exclude={"code"})
    if sent == {name: value for name, value in before.model_dump().items() if name in sent}:
        return before
    versions.check_match(if_match, None, row.version, lambda: before)
    _apply(session, row, values)
    after = show(session, row)
    audit.record(
        session,
        "procedure.updated",
        f"procedures/{row.code}",
        before=before.model_dump(mode="json"),
        after=after.model_dump(mode="json"),
    )
    return after


def put(session: Session, caller: Caller, *, values: ProcedureNew) -> ProcedureOut:
    """Add a procedure, or replace all of the one with its code, as an import does: the file is the last word."""
    row = session.scalars(select(Procedure).where(col(Procedure.code) == values.code)).one_or_none()
    if row is None:
        return add(session, caller, values=values)
    return change(session, caller, row, values=values, if_match="*")


def field_codes(session: Session) -> set[str]:
    """Return the codes of all fields."""
    return set(session.scalars(select(col(ProcedureField.code))))


def load_procedures(session: Session, now: datetime) -> int:
    """Add the procedures of the data file that are not there yet and return how many; fields must be loaded before."""
    session.info.setdefault("audit_context", audit.Context(at=now, user_id=None, user_name="system", door="command"))
    known = set(session.scalars(select(col(Procedure.code))))
    added = []
    for line in rows_of("procedures.csv"):
        if line["code"] in known:
            continue
        values = ProcedureIn(
            name=line["name"],
            field=line["field"],
            level=Level(line["level"]),
            days_allowed=int(line["days_allowed"]) if line["days_allowed"] else None,
            online_level=OnlineLevel(line["online_level"]),
            non_boundary=line["non_boundary"] == "true",
            valid_from=date.fromisoformat(line["valid_from"]),
            valid_to=date.fromisoformat(line["valid_to"]) if line["valid_to"] else None,
        )
        _apply(session, _new(line["code"]), values)
        added.append(line["code"])
    if added:
        audit.record(session, "procedure.loaded", "procedures", after={"codes": added})
    return len(added)


def _rows() -> Select[Procedure, ProcedureField]:
    return select(Procedure, ProcedureField).join(ProcedureField, col(ProcedureField.id) == col(Procedure.field_id))


def _shown(procedure: Procedure, field: ProcedureField) -> ProcedureOut:
    return ProcedureOut(
        **procedure.model_dump(exclude={"id", "field_id", "search_key"}),
        field=field.code,
        field_name_vi=field.name_vi,
        field_name_en=field.name_en,
        field_name_fr=field.name_fr,
    )


def _new(code: str) -> Procedure:
    return Procedure(
        code=code,
        name="",
        field_id=0,
        level="",
        days_allowed=None,
        online_level="",
        non_boundary=False,
        valid_from=date.min,
        valid_to=None,
        search_key="",
        version=0,
    )


def _apply(session: Session, row: Procedure, values: ProcedureIn) -> None:
    if values.valid_to is not None and values.valid_to < values.valid_from:
        raise Invalid([Fault("/valid_to", "ends_before_start")])
    plain = values.model_dump(mode="python", exclude={"code", "field"})
    for name, value in plain.items():
        setattr(row, name, getattr(value, "value", value))
    row.field_id = named_field(session, values.field, "/field").id
    row.search_key = search_key(f"{row.code} {row.name}")
    row.version += 1
    session.add(row)
    session.flush()
