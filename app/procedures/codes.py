"""Other systems' codes for our units and fields: what a file or a pasted block calls them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described
from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from app.core import audit, events, hot
from app.core.access import Caller
from app.core.errors import Fault, Invalid, NotFound
from app.core.schemas import Line
from app.core.text import search_key
from app.procedures.models import ExternalCode, ExternalCodeChanged, ProcedureField
from app.procedures.service import named_field
from app.units import service as units
from app.units.models import Unit


class CodeKind(StrEnum):
    """What a code names."""

    unit = "unit"
    field = "field"


KIND_WORDS = "unit (đơn vị) | field (lĩnh vực)"


class ExternalCodeIn(BaseModel):
    """Another system's code or name, and what it is with us."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [
        {"source": "Một cửa tỉnh", "kind": "field", "code": "G09.TP", "target": "HT"}
    ]})  # fmt: skip

    source: Annotated[Line, Described(min_length=1, max_length=60, description="The other system's name")]
    kind: Annotated[CodeKind, Described(description=KIND_WORDS)]
    code: Annotated[Line, Described(min_length=1, max_length=200, description="As it is written there")]
    target: Annotated[Line, Described(min_length=1, max_length=35, description="Our code")]


class ExternalCodeOut(BaseModel):
    """Another system's code as it is shown."""

    id: int
    source: str
    kind: Annotated[CodeKind, Described(description=KIND_WORDS)]
    code: str
    target: str
    target_name: str


class ExternalCodeList(BaseModel):
    """All codes, by source, kind and code."""

    items: list[ExternalCodeOut]


def listing(session: Session) -> ExternalCodeList:
    """Return all codes of other systems."""
    rows = session.scalars(
        select(ExternalCode).order_by(col(ExternalCode.source), col(ExternalCode.kind), col(ExternalCode.code))
    )
    return ExternalCodeList(items=[_shown(session, row) for row in rows])


def put(session: Session, caller: Caller, *, values: ExternalCodeIn) -> tuple[ExternalCodeOut, bool]:
    """Say what a code means, anew if it meant something else; returns it and whether it is new."""
    target = _target(session, values.kind, values.target)
    key = search_key(values.code)
    if not key:
        raise Invalid([Fault("/code", "invalid_value")])
    if key in {search_key(ours) for ours in _our_codes(session, values.kind)} - {search_key(target.code)}:
        raise Invalid([Fault("/code", "code_in_use")])  # a code of ours means ours, whatever the map says
    row = session.scalars(
        select(ExternalCode)
        .where(
            col(ExternalCode.source) == values.source,
            col(ExternalCode.kind) == values.kind.value,
            col(ExternalCode.search_key) == key,
        )
        .with_for_update()
    ).one_or_none()
    before, meant = (_shown(session, row), row.unit_id) if row else (None, None)
    if row is None:
        row = ExternalCode(source=values.source, kind=values.kind.value, code="", search_key=key)
    row.code = values.code
    row.unit_id = target.id if isinstance(target, Unit) else None
    row.field_id = target.id if isinstance(target, ProcedureField) else None
    session.add(row)
    session.flush()
    after = _shown(session, row)
    if after != before:
        audit.record(
            session, "external_code.put", f"external-codes/{row.id}",
            before=before.model_dump(mode="json") if before else None, after=after.model_dump(mode="json"),
        )  # fmt: skip
        _tell(session, row, meant)
    return after, before is None


def remove(session: Session, caller: Caller, number: int) -> None:
    """Take a code away; raises NotFound where there is none."""
    row = session.get(ExternalCode, number)
    if row is None:
        raise NotFound
    audit.record(
        session, "external_code.removed", f"external-codes/{number}",
        before=_shown(session, row).model_dump(mode="json"),
    )  # fmt: skip
    session.delete(row)
    session.flush()
    _tell(session, row)


def _tell(session: Session, row: ExternalCode, meant: int | None = None) -> None:
    units = frozenset({unit for unit in (meant, row.unit_id) if unit is not None})
    events.publish(session, ExternalCodeChanged(row.source, row.search_key, units))


def targets(session: Session, kind: CodeKind) -> dict[str, str]:
    """Return our codes by other systems' folded ones; one that two systems use for different things names nothing."""
    table = Unit if kind is CodeKind.unit else ProcedureField
    key = col(ExternalCode.unit_id) if kind is CodeKind.unit else col(ExternalCode.field_id)
    found: dict[str, set[str]] = {}
    for code, target in session.execute(
        select(col(ExternalCode.search_key), col(table.code)).join(table, col(table.id) == key)
    ):
        found.setdefault(code, set()).add(target)
    return {code: next(iter(ours)) for code, ours in found.items() if len(ours) == 1}


_OF_SOURCE = (
    select(col(ExternalCode.kind), col(ExternalCode.search_key), col(Unit.code), col(ProcedureField.code))
    .outerjoin(Unit, col(Unit.id) == col(ExternalCode.unit_id))
    .outerjoin(ProcedureField, col(ProcedureField.id) == col(ExternalCode.field_id))
    .where(col(ExternalCode.source) == bindparam("of_source"))
)


def of_source(session: Session, source: str) -> dict[CodeKind, dict[str, str]]:
    """Return our codes by one system's folded ones, of units and of fields."""
    found: dict[CodeKind, dict[str, str]] = {kind: {} for kind in CodeKind}
    for kind, key, unit, field in hot.run(session, _OF_SOURCE, {"of_source": source}):
        found[CodeKind(kind)][key] = unit if unit is not None else field
    return found


def _our_codes(session: Session, kind: CodeKind) -> Sequence[str]:
    return session.scalars(select(col((Unit if kind is CodeKind.unit else ProcedureField).code))).all()


def _target(session: Session, kind: CodeKind, code: str) -> Unit | ProcedureField:
    if kind is CodeKind.unit:
        return units.named(session, code, "/target")
    return named_field(session, code, "/target")


def _shown(session: Session, row: ExternalCode) -> ExternalCodeOut:
    target: Unit | ProcedureField
    if row.unit_id is not None:
        target, name = (unit := session.get_one(Unit, row.unit_id)), unit.name
    else:
        assert row.field_id is not None
        target, name = (field := session.get_one(ProcedureField, row.field_id)), field.name_vi
    assert row.id is not None
    return ExternalCodeOut(
        id=row.id, source=row.source, kind=CodeKind(row.kind), code=row.code, target=target.code, target_name=name
    )
