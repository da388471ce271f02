"""Sets, their versions and definitions: looked up, and a version added; nothing that was said is changed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session, col

from app.core import audit, hot, stamps
from app.core.errors import Fault, Invalid, NotFound
from app.core.text import search_key
from app.indicators.formulas.schemas import FormulaExample
from app.indicators.rules import PLAIN_OF, STRICT, Comparator, Direction, PeriodType, SetScope
from app.indicators.sets.models import Definition, Indicator, IndicatorGroup, IndicatorSet, SetVersion
from app.indicators.sets.schemas import (
    GroupIn,
    GroupOut,
    IndicatorDefinition,
    IndicatorIn,
    SetIn,
    SetItem,
    SetOut,
    SetPage,
    SetVersionOut,
)
from app.tasks.schemas import UnitName
from app.units import service as units
from app.units.models import Unit

STAMP = "indicator_formulas"  # what processes keep of definitions is read anew when it changes
_EXAMPLES = TypeAdapter(list[FormulaExample])


@dataclass(frozen=True, slots=True)
class Defined:
    """An indicator with the definition that holds, its group and set."""

    indicator: Indicator
    definition: Definition
    group: IndicatorGroup
    version: SetVersion
    set: IndicatorSet
    owner: Unit | None
    part_of: str | None


def holds_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a set's version holds on a day."""
    return and_(
        col(SetVersion.valid_from) <= day, or_(col(SetVersion.valid_to).is_(None), col(SetVersion.valid_to) >= day)
    )


def definitions_query() -> Any:
    """Return the query whose rows become `Defined`, in the order of sets and groups."""
    whole = hot.table(Indicator).alias("whole")
    return (
        select(Indicator, Definition, IndicatorGroup, SetVersion, IndicatorSet, Unit, whole.c.code)
        .join(Definition, col(Definition.indicator_id) == col(Indicator.id))
        .join(IndicatorGroup, col(IndicatorGroup.id) == col(Definition.group_id))
        .join(SetVersion, col(SetVersion.id) == col(Definition.version_id))
        .join(IndicatorSet, col(IndicatorSet.id) == col(SetVersion.set_id))
        .outerjoin(Unit, col(Unit.id) == col(Definition.owner_unit_id))
        .outerjoin(whole, whole.c.id == col(Definition.part_of_id))
        .order_by(col(IndicatorSet.sort_order), col(IndicatorSet.code), col(Definition.sort_order))
    )


def defined(session: Session, query: Any) -> list[Defined]:
    """Return the rows of `definitions_query`, narrowed."""
    return [Defined(*row) for row in session.execute(query)]


def definition_of(session: Session, code: str, day: date) -> Defined:
    """Return an indicator by the definition that holds on a day, else by the nearest before; of a day before all of
    them by the first. Raises NotFound.
    """
    found = defined(session, definitions_query().where(col(Indicator.code) == code))
    if not found:
        raise NotFound
    return _holding(found, day)


def definitions_of(session: Session, indicator_ids: Iterable[int], day: date) -> dict[int, Defined]:
    """Return indicators by number, each as `definition_of` would give it."""
    found: dict[int, list[Defined]] = {}
    for one in defined(session, definitions_query().where(col(Indicator.id).in_(list(indicator_ids)))):
        found.setdefault(one.indicator.id, []).append(one)
    return {number: _holding(every, day) for number, every in found.items()}


def _holding(found: list[Defined], day: date) -> Defined:
    found.sort(key=lambda d: d.version.number)
    begun = [d for d in found if d.version.valid_from <= day]
    return begun[-1] if begun else found[0]


def by_definition(session: Session, definition_id: int) -> Defined:
    """Return one definition, whether it still holds or not."""
    return defined(session, definitions_query().where(col(Definition.id) == definition_id))[0]


def listing(session: Session, day: date) -> SetPage:
    """Return the sets that hold on a day, with how many indicators each has."""
    rows = session.execute(
        select(IndicatorSet, SetVersion, func.count(col(Definition.id)))
        .join(SetVersion, col(SetVersion.set_id) == col(IndicatorSet.id))
        .outerjoin(Definition, col(Definition.version_id) == col(SetVersion.id))
        .where(holds_on(day))
        .group_by(col(IndicatorSet.id), col(SetVersion.id))
        .order_by(col(IndicatorSet.sort_order), col(IndicatorSet.code))
    )
    items = [
        SetItem(
            code=s.code, version=v.number, scope=SetScope(s.scope), name_vi=v.name_vi, name_en=v.name_en,
            name_fr=v.name_fr, source=v.source, valid_from=v.valid_from, valid_to=v.valid_to, indicators=count,
        )
        for s, v, count in rows
    ]  # fmt: skip
    return SetPage(items=items, next=None)


def version_of(session: Session, code: str, number: int | None, day: date) -> tuple[IndicatorSet, SetVersion]:
    """Return a set's version by number, else the one that holds on a day, else the first; raises NotFound."""
    query = select(IndicatorSet, SetVersion).join(SetVersion, col(SetVersion.set_id) == col(IndicatorSet.id))
    rows = list(session.execute(query.where(col(IndicatorSet.code) == code).order_by(col(SetVersion.number))))
    wanted = [
        (s, v) for s, v in rows
        if (v.number == number if number is not None else v.valid_from <= day and (v.valid_to or day) >= day)
    ]  # fmt: skip
    if not wanted and (number is not None or not rows):
        raise NotFound
    found = wanted[-1] if wanted else rows[0]
    return found[0], found[1]


def show(session: Session, held: IndicatorSet, version: SetVersion) -> SetOut:
    """Return one version of a set, whole."""
    groups = session.scalars(
        select(IndicatorGroup)
        .where(col(IndicatorGroup.version_id) == version.id)
        .order_by(col(IndicatorGroup.sort_order))
    )
    of_group: dict[int, list[IndicatorDefinition]] = {}
    for one in defined(session, definitions_query().where(col(SetVersion.id) == version.id)):
        of_group.setdefault(one.group.id, []).append(definition_out(one))
    versions = session.scalars(
        select(SetVersion).where(col(SetVersion.set_id) == held.id).order_by(col(SetVersion.number))
    )
    return SetOut(
        code=held.code, version=version.number, scope=SetScope(held.scope), name_vi=version.name_vi,
        name_en=version.name_en, name_fr=version.name_fr, source=version.source, note=version.note,
        valid_from=version.valid_from, valid_to=version.valid_to,
        groups=[
            GroupOut(
                code=g.code, name_vi=g.name_vi, name_en=g.name_en, name_fr=g.name_fr, max_score=g.max_score,
                indicators=of_group.get(g.id, []),
            )
            for g in groups
        ],
        versions=[
            SetVersionOut(version=v.number, valid_from=v.valid_from, valid_to=v.valid_to, source=v.source)
            for v in versions
        ],
    )  # fmt: skip


def comparator_of(d: Definition) -> Comparator:
    """Return how a definition's readings are held against their targets."""
    return STRICT.get(Comparator(d.comparator), Comparator(d.comparator)) if d.strict else Comparator(d.comparator)


def definition_out(one: Defined) -> IndicatorDefinition:
    """Return a definition as it is shown."""
    d = one.definition
    return IndicatorDefinition(
        code=one.indicator.code, set=one.set.code, set_version=one.version.number, group=one.group.code,
        name_vi=d.name_vi, name_en=d.name_en, name_fr=d.name_fr, meaning=d.meaning, unit_of_measure=d.unit_of_measure,
        direction=Direction(d.direction), comparator=comparator_of(d), period_type=PeriodType(d.period_type),
        minimum_base=d.minimum_base, source=d.source, legal_basis=d.legal_basis,
        owner_unit=UnitName(code=one.owner.code, name=one.owner.name) if one.owner else None,
        rhythm=PeriodType(d.rhythm) if d.rhythm else None, expected_age=d.expected_age, ends_on=d.ends_on,
        formula=d.formula, examples=_EXAMPLES.validate_json(d.examples) if d.examples else [], part_of=one.part_of,
    )  # fmt: skip


def add_version(session: Session, by: str, *, values: SetIn, now: datetime) -> SetVersion:
    """Add the next version of a set, or a set with its first; raises Invalid for what does not go together.

    The version before ends on the day before this one begins.
    """
    held = session.scalars(select(IndicatorSet).where(col(IndicatorSet.code) == values.code)).one_or_none()
    faults = _faults(session, values, held)
    if held is None:
        order = session.scalar(select(func.coalesce(func.max(col(IndicatorSet.sort_order)), 0)))
        held = IndicatorSet(code=values.code, scope=values.scope.value, sort_order=(order or 0) + 1)
        session.add(held)
        session.flush()
    latest = session.scalars(
        select(SetVersion).where(col(SetVersion.set_id) == held.id).order_by(col(SetVersion.number).desc()).limit(1)
    ).one_or_none()
    if latest is not None and values.valid_from <= latest.valid_from:
        faults.append(Fault("/valid_from", "version_not_later", {"day": latest.valid_from}))
    if faults:
        raise Invalid(faults)
    if latest is not None:
        latest.valid_to = values.valid_from - timedelta(days=1)
    version = SetVersion(
        set_id=held.id, number=latest.number + 1 if latest else 1, name_vi=values.name_vi, name_en=values.name_en,
        name_fr=values.name_fr, source=values.source, note=values.note, valid_from=values.valid_from, valid_to=None,
        made_at=now, made_by=by,
    )  # fmt: skip
    session.add(version)
    session.flush()
    _add_definitions(session, held, version, values.groups)
    stamps.touch(session, STAMP)
    audit.record(
        session, "indicator_set.version", f"indicators/sets/{held.code}",
        after={"version": version.number, "content": values.model_dump(mode="json")},
    )  # fmt: skip
    return version


def _faults(session: Session, values: SetIn, held: IndicatorSet | None) -> list[Fault]:
    faults: list[Fault] = []
    if held is not None and held.scope != values.scope:
        faults.append(Fault("/scope", "set_scope_changed"))
    codes = Counter(one.code for group in values.groups for one in group.indicators)
    groups = Counter(group.code for group in values.groups)
    known = dict(
        session.execute(
            select(col(Indicator.code), col(Indicator.set_id)).where(col(Indicator.code).in_(list(codes)))
        ).all()
    )
    for g, group in enumerate(values.groups):
        if groups[group.code] > 1:
            faults.append(Fault(f"/groups/{g}/code", "code_in_use"))
        for i, one in enumerate(group.indicators):
            at = f"/groups/{g}/indicators/{i}"
            if codes[one.code] > 1:
                faults.append(Fault(f"{at}/code", "code_in_use"))
            if one.code in known and (held is None or known[one.code] != held.id):
                faults.append(Fault(f"{at}/code", "indicator_of_another_set", {"code": one.code}))
            if one.part_of is not None and (one.part_of == one.code or one.part_of not in codes):
                faults.append(Fault(f"{at}/part_of", "unknown_indicator", {"code": one.part_of}))
            if one.comparator is Comparator.growth and one.unit_of_measure == "rank":
                faults.append(Fault(f"{at}/comparator", "rank_does_not_grow"))
    return faults


def _add_definitions(session: Session, held: IndicatorSet, version: SetVersion, groups: list[GroupIn]) -> None:
    rows = session.scalars(select(Indicator).where(col(Indicator.set_id) == held.id))
    known = {one.code: one for one in rows}
    for one in (one for group in groups for one in group.indicators if one.code not in known):
        known[one.code] = Indicator(code=one.code, set_id=held.id)
        session.add(known[one.code])
    session.flush()
    order = 0
    for g, group in enumerate(groups):
        row = IndicatorGroup(
            version_id=version.id, code=group.code, name_vi=group.name_vi, name_en=group.name_en,
            name_fr=group.name_fr, max_score=group.max_score, sort_order=g,
        )  # fmt: skip
        session.add(row)
        session.flush()
        for i, one in enumerate(group.indicators):
            owner = units.named(session, one.owner_unit, f"/groups/{g}/indicators/{i}/owner_unit") if (
                one.owner_unit
            ) else None  # fmt: skip
            part_of = known[one.part_of].id if one.part_of else None
            session.add(_definition(one, known[one.code].id, version.id, row.id, owner, part_of, order))
            order += 1
    session.flush()


def _definition(
    one: IndicatorIn, indicator_id: int, version_id: int, group_id: int, owner: Unit | None, part_of: int | None,
    order: int,
) -> Definition:  # fmt: skip
    return Definition(
        indicator_id=indicator_id, version_id=version_id, group_id=group_id, name_vi=one.name_vi, name_en=one.name_en,
        name_fr=one.name_fr, meaning=one.meaning, unit_of_measure=one.unit_of_measure, direction=one.direction.value,
        comparator=PLAIN_OF.get(one.comparator, one.comparator).value, strict=one.comparator in PLAIN_OF,
        period_type=one.period_type.value, minimum_base=one.minimum_base,
        source=one.source, legal_basis=one.legal_basis, owner_unit_id=owner.id if owner else None,
        rhythm=one.rhythm.value if one.rhythm else None, expected_age=one.expected_age, ends_on=one.ends_on,
        formula=one.formula,
        examples=_EXAMPLES.dump_json(one.examples).decode() if one.examples else None, part_of_id=part_of,
        search_key=search_key(f"{one.code} {one.name_vi} {one.name_en} {one.name_fr}"), sort_order=order,
    )  # fmt: skip
