"""Fields, where they apply, and procedures."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, delete, or_, select
from sqlmodel import Session, col

from app.core import audit, events, versions
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.core.text import search_key
from app.procedures.models import (
    Applies,
    AppliesOut,
    ExceptionIn,
    ExceptionOut,
    FieldApplicability,
    FieldChanged,
    FieldIn,
    FieldList,
    FieldNew,
    FieldOut,
    ProcedureField,
    UnitFieldException,
)
from app.procedures.rules import Applicability, FieldInfo, System
from app.units import service as units
from app.units.models import Unit
from app.units.rules import UnitKind, is_reserved

DATA = Path(__file__).parent / "data"


def applicability(session: Session, *, unit: Unit | None = None, system: str | None = None) -> Applicability:
    """Return the rules of applicability, read once: all of them, or what concerns one unit and system."""
    kinds = select(col(FieldApplicability.system), col(FieldApplicability.unit_kind), col(FieldApplicability.field_id))
    own = select(UnitFieldException)
    if unit is not None:
        kinds = kinds.where(col(FieldApplicability.unit_kind) == unit.kind)
        own = own.where(col(UnitFieldException.unit_id) == unit.id)
    if system is not None:
        kinds = kinds.where(col(FieldApplicability.system) == system)
        own = own.where(col(UnitFieldException.system) == system)
    columns = [getattr(ProcedureField, name) for name in FieldInfo.__slots__]
    rows = session.execute(select(*columns).order_by(col(ProcedureField.sort_order), col(ProcedureField.code)))
    return Applicability(
        tuple(FieldInfo(*row) for row in rows),
        frozenset(tuple(row) for row in session.execute(kinds)),  # a Row compares slowly
        {(e.unit_id, e.system, e.field_id): e.applies for e in session.scalars(own)},
    )


def field_by_code(session: Session, code: str) -> ProcedureField:
    """Return the field with a code; raises NotFound."""
    row = session.scalars(select(ProcedureField).where(col(ProcedureField.code) == code)).one_or_none()
    if row is None:
        raise NotFound
    return row


def named_field(session: Session, code: str, pointer: str) -> ProcedureField:
    """Return the field that a body or query names; raises Invalid at `pointer` for an unknown code."""
    try:
        return field_by_code(session, code)
    except NotFound:
        raise Invalid([Fault(pointer, "unknown_field", {"code": code})]) from None


def fields(
    session: Session, *, unit: Unit | None = None, system: System | None = None, day: date | None = None
) -> FieldList:
    """Return fields in the order of forms: all, those valid on `day`, those that `unit` counts, in `system` or any."""
    query = select(ProcedureField).order_by(col(ProcedureField.sort_order), col(ProcedureField.code))
    if day is not None:
        query = query.where(_valid_on(day))
    rows: Sequence[ProcedureField] = session.scalars(query).all()
    if unit is not None:
        rules = applicability(session, unit=unit)
        # Without a day, every field that applied once is meant: each is asked on its own first day.
        systems = [system] if system else list(System)
        infos = {info.id: info for info in rules.all_fields}
        rows = [
            row
            for row in rows
            if any(rules.applies(infos[row.id], unit.id, unit.kind, day or row.valid_from, s) for s in systems)
        ]
    elif system is not None:
        used = select(col(FieldApplicability.field_id)).where(col(FieldApplicability.system) == system.value)
        ids = set(session.scalars(used))
        rows = [row for row in rows if row.id in ids]
    return FieldList(items=_shown(session, rows))


def show_field(session: Session, row: ProcedureField) -> FieldOut:
    """Return one field as it is shown."""
    return _shown(session, [row])[0]


def add_field(session: Session, caller: Caller, *, values: FieldNew) -> FieldOut:
    """Add a field; raises Conflict for a code in use."""
    if is_reserved(values.code):
        raise Invalid([Fault("/code", "reserved_code")])
    if session.scalar(select(col(ProcedureField.id)).where(col(ProcedureField.code) == values.code)) is not None:
        raise Conflict("code_in_use", faults=[Fault("/code", "code_in_use")])
    row = _new_field(values.code)
    _apply(session, row, values)
    after = show_field(session, row)
    audit.record(session, "field.added", f"fields/{row.code}", after=after.model_dump(mode="json"))
    events.publish(session, FieldChanged(row.code))
    return after


def change_field(
    session: Session, caller: Caller, row: ProcedureField, *, values: FieldIn, if_match: str | None
) -> FieldOut:
    """Replace all of a field but its code and the exceptions of units; without effect when nothing differs."""
    session.refresh(row, with_for_update=True)
    before = show_field(session, row)
    sent = values.model_dump(exclude={"code"}) | {"applies": _both(values.applies).model_dump()}
    if sent == before.model_dump(exclude={"code", "exceptions", "version"}):
        return before
    versions.check_match(if_match, None, row.version, lambda: before)
    _apply(session, row, values)
    return _changed(session, row, before)


def add_exception(session: Session, caller: Caller, row: ProcedureField, *, values: ExceptionIn) -> FieldOut:
    """Add a rule for one unit, or turn it round."""
    session.refresh(row, with_for_update=True)
    before = show_field(session, row)
    unit = units.named(session, values.unit, "/unit")
    rule = session.get(UnitFieldException, (unit.id, row.id, values.system.value))
    if rule is not None and rule.applies == values.applies:
        return before
    if rule is None:
        rule = UnitFieldException(unit_id=unit.id, field_id=row.id, system=values.system.value, applies=values.applies)
    rule.applies = values.applies
    session.add(rule)
    row.version += 1
    return _changed(session, row, before)


def remove_exception(session: Session, caller: Caller, row: ProcedureField, unit: Unit, system: System) -> FieldOut:
    """Take a rule for one unit away; raises NotFound where there is none."""
    session.refresh(row, with_for_update=True)
    before = show_field(session, row)
    rule = session.get(UnitFieldException, (unit.id, row.id, system.value))
    if rule is None:
        raise NotFound
    session.delete(rule)
    row.version += 1
    return _changed(session, row, before)


def load_fields(session: Session, now: datetime) -> int:
    """Add the fields of the data file that are not there yet and return how many; what was edited stays."""
    session.info.setdefault("audit_context", audit.Context(at=now, user_id=None, user_name="system", door="command"))
    known = set(session.scalars(select(col(ProcedureField.code))))
    added = []
    for row in rows_of("fields.csv"):
        if row["code"] in known:
            continue
        kinds = [UnitKind(kind) for kind in row["kinds"].split("|")]
        applies = dict.fromkeys(row["systems"].split("|"), kinds)
        values = FieldIn(
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            name_fr=row["name_fr"],
            short_name=row["short_vi"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            sort_order=int(row["order"]),
            applies=Applies.model_validate(applies),
        )
        _apply(session, _new_field(row["code"]), values)
        added.append(row["code"])
    if added:
        audit.record(session, "field.loaded", "fields", after={"codes": added})
    return len(added)


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of the catalogue's data files."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _shown(session: Session, rows: Sequence[ProcedureField]) -> list[FieldOut]:
    ids = [row.id for row in rows]
    kinds: dict[tuple[int, str], set[str]] = {}
    for rule in session.scalars(select(FieldApplicability).where(col(FieldApplicability.field_id).in_(ids))):
        kinds.setdefault((rule.field_id, rule.system), set()).add(rule.unit_kind)
    exceptions: dict[int, list[ExceptionOut]] = {}
    for own, code, name in session.execute(
        select(UnitFieldException, col(Unit.code), col(Unit.name))
        .join(Unit, col(Unit.id) == col(UnitFieldException.unit_id))
        .where(col(UnitFieldException.field_id).in_(ids))
        .order_by(col(Unit.sort_key), col(UnitFieldException.system))
    ):
        exceptions.setdefault(own.field_id, []).append(
            ExceptionOut(unit=code, unit_name=name, system=System(own.system), applies=own.applies)
        )
    wanted = [row.successor_id for row in rows if row.successor_id is not None]
    codes: dict[int | None, str] = {
        found[0]: found[1]
        for found in session.execute(
            select(col(ProcedureField.id), col(ProcedureField.code)).where(col(ProcedureField.id).in_(wanted))
        )
    }
    return [
        FieldOut(
            **row.model_dump(exclude={"id", "successor_id", "search_key"}),
            successor=codes.get(row.successor_id),
            applies=AppliesOut(
                city=[kind for kind in UnitKind if kind in kinds.get((row.id, System.CITY), ())],
                ministry=[kind for kind in UnitKind if kind in kinds.get((row.id, System.MINISTRY), ())],
            ),
            exceptions=exceptions.get(row.id, []),
        )
        for row in rows
    ]


def _both(applies: Applies) -> AppliesOut:
    return AppliesOut(
        city=[kind for kind in UnitKind if kind in applies.city],
        ministry=[kind for kind in UnitKind if kind in applies.ministry],
    )


def _new_field(code: str) -> ProcedureField:
    return ProcedureField(
        code=code,
        name_vi="",
        name_en="",
        name_fr="",
        short_name="",
        valid_from=date.min,
        valid_to=None,
        successor_id=None,
        sort_order=0,
        search_key="",
        version=0,
    )


def _apply(session: Session, row: ProcedureField, values: FieldIn) -> None:
    if values.valid_to is not None and values.valid_to < values.valid_from:
        raise Invalid([Fault("/valid_to", "ends_before_start")])
    plain = values.model_dump(exclude={"code", "successor", "applies"})
    for name, value in plain.items():
        setattr(row, name, value)
    row.successor_id = _successor(session, row, values.successor)
    row.search_key = search_key(f"{row.code} {row.name_vi} {row.name_en} {row.name_fr} {row.short_name}")
    row.version += 1
    session.add(row)
    session.flush()
    session.execute(delete(FieldApplicability).where(col(FieldApplicability.field_id) == row.id))
    both = _both(values.applies)
    pairs = [(System.CITY, kind) for kind in both.city] + [(System.MINISTRY, kind) for kind in both.ministry]
    session.add_all(
        FieldApplicability(field_id=row.id, system=system.value, unit_kind=kind.value) for system, kind in pairs
    )
    session.flush()


def _successor(session: Session, row: ProcedureField, code: str | None) -> int | None:
    if code is None:
        return None
    successor = named_field(session, code, "/successor")
    follower: ProcedureField | None = successor
    while follower is not None:
        if follower.code == row.code:
            raise Invalid([Fault("/successor", "successor_circle")])
        follower = session.get(ProcedureField, follower.successor_id) if follower.successor_id else None
    return successor.id


def _changed(session: Session, row: ProcedureField, before: FieldOut) -> FieldOut:
    session.flush()
    after = show_field(session, row)
    audit.record(
        session,
        "field.updated",
        f"fields/{row.code}",
        before=before.model_dump(mode="json"),
        after=after.model_dump(mode="json"),
    )
    events.publish(session, FieldChanged(row.code))
    return after


def _valid_on(day: date) -> ColumnElement[bool]:
    ends = col(ProcedureField.valid_to)
    return (col(ProcedureField.valid_from) <= day) & or_(ends.is_(None), ends >= day)
