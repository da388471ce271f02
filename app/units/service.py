"""Finding, adding and changing units."""

import csv
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import and_, bindparam, delete, exists, or_, select, tuple_
from sqlmodel import Session, col

from app.core import audit, events, versions
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Invalid, NotFound
from app.core.paging import Page, cut
from app.core.search import has_phrase
from app.core.text import sort_key
from app.units.models import AliasKind, Unit, UnitAlias, UnitChanged, UnitIn, UnitNew, UnitOut, UnitPage
from app.units.rules import COMMUNAL_KINDS, UnitKind, folded, is_reserved

DATA = Path(__file__).parent / "data" / "units.csv"


_by_code = select(Unit).where(col(Unit.code) == bindparam("code"))


def by_code(session: Session, code: str) -> Unit:
    """Return the unit with a code; raises NotFound."""
    unit = session.scalars(_by_code, {"code": code}).one_or_none()
    if unit is None:
        raise NotFound
    return unit


def visible_unit(session: Session, caller: Caller, code: str) -> Unit:
    """Return a unit whose rows the caller may see; another's is NotFound like a missing one."""
    unit = by_code(session, code)
    if not caller.sees(unit.id):
        raise NotFound
    return unit


def named(session: Session, code: str, pointer: str) -> Unit:
    """Return the unit that a body or query names; raises Invalid at `pointer` for an unknown code."""
    try:
        return by_code(session, code)
    except NotFound:
        raise Invalid([Fault(pointer, "unknown_unit", {"code": code})]) from None


def valid_units(session: Session, day: date, *, kinds: Collection[str] | None = None) -> list[Unit]:
    """Return the units that exist on a day, in the order of the catalogue."""
    query = (
        select(Unit)
        .where(col(Unit.valid_from) <= day, or_(col(Unit.valid_to).is_(None), col(Unit.valid_to) >= day))
        .order_by(col(Unit.sort_order), col(Unit.code))
    )
    if kinds is not None:
        query = query.where(col(Unit.kind).in_(list(kinds)))
    return list(session.scalars(query))


def other_names(session: Session, units: Collection[Unit]) -> list[tuple[Unit, str]]:
    """Return some units' former and other names, each with its unit."""
    by_id = {unit.id: unit for unit in units}
    rows = session.scalars(select(UnitAlias).where(col(UnitAlias.unit_id).in_(by_id)).order_by(col(UnitAlias.id)))
    return [(by_id[row.unit_id], row.alias) for row in rows]


def listing(
    session: Session,
    page: Page | None,
    *,
    q: str | None = None,
    kind: UnitKind | None = None,
    day: date | None = None,
) -> UnitPage:
    """Return units in Vietnamese order of their names; all of them without `page`."""
    query = select(Unit).order_by(col(Unit.sort_key), col(Unit.code))
    if q is not None:
        q = folded(q)
        alias = exists().where(col(UnitAlias.unit_id) == col(Unit.id), has_phrase(col(UnitAlias.search_key), q))
        query = query.where(or_(has_phrase(col(Unit.search_key), q), alias))
    if kind is not None:
        query = query.where(col(Unit.kind) == kind.value)
    if day is not None:
        query = query.where(
            and_(col(Unit.valid_from) <= day, or_(col(Unit.valid_to).is_(None), col(Unit.valid_to) >= day))
        )
    if page is None:
        return UnitPage(items=shown(session, session.scalars(query).all()), next=None)
    if page.after is not None:
        query = query.where(tuple_(col(Unit.sort_key), col(Unit.code)) > _key(page.after))
    rows, following = cut(
        list(session.scalars(query.limit(page.limit + 1))), page, lambda unit: [unit.sort_key, unit.code]
    )
    return UnitPage(items=shown(session, rows), next=following)


def choices(session: Session) -> list[tuple[str, str]]:
    """Return every unit's code and name, in the order of the names, for a form to choose from."""
    return [(code, name) for code, name in session.execute(
        select(col(Unit.code), col(Unit.name)).order_by(col(Unit.sort_key), col(Unit.code))
    )]  # fmt: skip


def _key(after: list[object]) -> object:
    if len(after) != 2 or not all(isinstance(part, str) for part in after):
        raise Invalid([Fault("?cursor", "bad_cursor")])
    return tuple_(*after)


def shown(session: Session, units: Sequence[Unit]) -> list[UnitOut]:
    """Return units as they are shown, their aliases and successors read once for all."""
    ids = [unit.id for unit in units]
    aliases: dict[tuple[int, str], list[str]] = {}
    for alias in session.scalars(select(UnitAlias).where(col(UnitAlias.unit_id).in_(ids)).order_by(col(UnitAlias.id))):
        aliases.setdefault((alias.unit_id, alias.kind), []).append(alias.alias)
    wanted = [unit.successor_id for unit in units if unit.successor_id is not None]
    successors = session.execute(select(col(Unit.id), col(Unit.code)).where(col(Unit.id).in_(wanted)))
    codes: dict[int | None, str] = {row[0]: row[1] for row in successors}
    return [
        UnitOut(
            code=unit.code,
            name=unit.name,
            full_name=unit.full_name,
            kind=UnitKind(unit.kind),
            valid_from=unit.valid_from,
            valid_to=unit.valid_to,
            successor=codes.get(unit.successor_id),
            owes_reports=unit.owes_reports,
            sort_order=unit.sort_order,
            former_names=aliases.get((unit.id, AliasKind.FORMER_NAME), []),
            other_names=aliases.get((unit.id, AliasKind.OTHER), []),
            version=unit.version,
        )
        for unit in units
    ]


def show(session: Session, unit: Unit) -> UnitOut:
    """Return one unit as it is shown."""
    return shown(session, [unit])[0]


def add(session: Session, caller: Caller, *, values: UnitNew) -> UnitOut:
    """Add a unit; raises Conflict for a code in use."""
    if is_reserved(values.code):
        raise Invalid([Fault("/code", "reserved_code")])
    if session.scalar(select(col(Unit.id)).where(col(Unit.code) == values.code)) is not None:
        raise Conflict("code_in_use", faults=[Fault("/code", "code_in_use")])
    unit = _new(values.code)
    _apply(session, unit, values)
    after = show(session, unit)
    audit.record(session, "unit.added", f"units/{unit.code}", after=after.model_dump(mode="json"))
    _announce(session, unit)
    return after


def change(session: Session, caller: Caller, unit: Unit, *, values: UnitIn, if_match: str | None) -> UnitOut:
    """Replace all of a unit but its code; without effect when nothing differs."""
    session.refresh(unit, with_for_update=True)
    before = show(session, unit)
    if _sent(values) == before.model_dump(exclude={"code", "version"}):
        return before
    versions.check_match(if_match, None, unit.version, lambda: before)
    _apply(session, unit, values)
    after = show(session, unit)
    audit.record(
        session,
        "unit.updated",
        f"units/{unit.code}",
        before=before.model_dump(mode="json"),
        after=after.model_dump(mode="json"),
    )
    _announce(session, unit)
    return after


def load_units(session: Session, now: datetime) -> int:
    """Add the units of the data file that are not there yet and return how many; what was edited stays."""
    session.info.setdefault("audit_context", audit.Context(at=now, user_id=None, user_name="system", door="command"))
    known = set(session.scalars(select(col(Unit.code))))
    added = []
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["code"] in known:
                continue
            unit = _new(row["code"])
            names = [name for name in row["aliases"].split("|") if name]
            # A department's other names are abbreviations as often.
            merged = row["kind"] in COMMUNAL_KINDS
            _apply(
                session,
                unit,
                UnitIn(
                    name=row["name"],
                    full_name=row["full_name"],
                    kind=UnitKind(row["kind"]),
                    valid_from=date.fromisoformat(row["valid_from"]),
                    valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                    sort_order=int(row["order"]),
                    former_names=names if merged else [],
                    other_names=[] if merged else names,
                ),
            )
            _announce(session, unit)
            added.append(unit.code)
    if added:
        audit.record(session, "unit.loaded", "units", after={"codes": added})
    return len(added)


def _new(code: str) -> Unit:
    return Unit(
        code=code,
        name="",
        full_name="",
        kind="",
        valid_from=date.min,
        valid_to=None,
        successor_id=None,
        search_key="",
        sort_key="",
        sort_order=0,
        owes_reports=None,
        version=0,
    )


def _sent(values: UnitIn) -> dict[str, object]:
    """Return what was sent in the shape in which it would be shown."""
    sent = values.model_dump(exclude={"code"})
    return sent | {"former_names": _distinct(values.former_names), "other_names": _distinct(values.other_names)}


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _apply(session: Session, unit: Unit, values: UnitIn) -> None:
    """Write what was sent to the row and its aliases; raises Invalid where the parts do not go together."""
    if values.valid_to is not None and values.valid_to < values.valid_from:
        raise Invalid([Fault("/valid_to", "ends_before_start")])
    unit.name, unit.full_name, unit.kind = values.name, values.full_name, values.kind.value
    unit.valid_from, unit.valid_to = values.valid_from, values.valid_to
    unit.successor_id = _successor(session, unit, values.successor)
    unit.owes_reports, unit.sort_order = values.owes_reports, values.sort_order
    unit.search_key = folded(f"{unit.code} {values.name} {values.full_name}")
    unit.sort_key = sort_key(values.name)
    unit.version += 1
    session.add(unit)
    session.flush()
    session.execute(delete(UnitAlias).where(col(UnitAlias.unit_id) == unit.id))
    former = _distinct(values.former_names)
    names = [(name, AliasKind.FORMER_NAME) for name in former]
    names += [(name, AliasKind.OTHER) for name in _distinct(values.other_names)]
    if len({name for name, _ in names}) < len(names):
        raise Invalid([Fault("/other_names", "name_twice")])
    session.add_all(
        UnitAlias(unit_id=unit.id, alias=name, search_key=folded(name), kind=kind.value) for name, kind in names
    )
    session.flush()


def _successor(session: Session, unit: Unit, code: str | None) -> int | None:
    if code is None:
        return None
    successor = named(session, code, "/successor")
    follower: Unit | None = successor
    while follower is not None:
        if follower.code == unit.code:
            raise Invalid([Fault("/successor", "successor_circle")])
        follower = session.get(Unit, follower.successor_id) if follower.successor_id else None
    return successor.id


def _announce(session: Session, unit: Unit) -> None:
    events.publish(session, UnitChanged(unit.id))
