"""The formulas that readings are worked out by: read once a process, for the period that each version holds in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import stamps
from app.indicators.formulas.checking import cycle, in_order
from app.indicators.formulas.parsing import parse
from app.indicators.formulas.tree import Measured, Node, OtherIndicator, nodes
from app.indicators.measures.rules import ALL_TASKS, BUCKETS, MeasureRef
from app.indicators.rules import Period, PeriodType, SetScope
from app.indicators.sets.models import Definition, Indicator, IndicatorSet, SetVersion
from app.indicators.sets.service import STAMP

TASK_MEASURES = frozenset({ALL_TASKS, *BUCKETS})


@dataclass(frozen=True, slots=True)
class Computed:
    """An indicator with a formula, by one version of its set."""

    code: str
    indicator_id: int
    definition_id: int
    period_type: PeriodType
    unit_of_measure: str
    tree: Node
    dossiers: frozenset[MeasureRef]
    tasks: frozenset[MeasureRef]
    others: frozenset[str]
    first: date
    last: date | None
    of_units: bool  # its set speaks of units alone: the city has no figure of it

    @property
    def refs(self) -> frozenset[MeasureRef]:
        """All measures that the formula names."""
        return self.dossiers | self.tasks


def formulas(session: Session) -> list[Computed]:
    """Return every formula there is, by every version."""
    return stamps.kept(session, STAMP, _load)


def _load(session: Session) -> list[Computed]:
    rows = session.execute(
        select(Indicator, Definition, SetVersion, col(IndicatorSet.scope))
        .join(Definition, col(Definition.indicator_id) == col(Indicator.id))
        .join(SetVersion, col(SetVersion.id) == col(Definition.version_id))
        .join(IndicatorSet, col(IndicatorSet.id) == col(SetVersion.set_id))
        .where(col(Definition.formula).is_not(None))
        .order_by(col(Indicator.code), col(SetVersion.number))
    )
    return [_computed(*row) for row in rows]


def _computed(indicator: Indicator, definition: Definition, version: SetVersion, scope: str) -> Computed:
    assert definition.formula is not None
    tree = parse(definition.formula)
    refs = frozenset(node.ref for node in nodes(tree) if isinstance(node, Measured))
    tasks = frozenset(ref for ref in refs if ref.name in TASK_MEASURES)
    return Computed(
        code=indicator.code, indicator_id=indicator.id, definition_id=definition.id,
        period_type=PeriodType(definition.period_type), unit_of_measure=definition.unit_of_measure, tree=tree,
        dossiers=refs - tasks, tasks=tasks,
        others=frozenset(node.code for node in nodes(tree) if isinstance(node, OtherIndicator)),
        first=version.valid_from, last=version.valid_to, of_units=scope == SetScope.unit,
    )  # fmt: skip


def holding(found: Iterable[Computed], period: Period) -> list[Computed]:
    """Return the formulas of a period's type by the versions that held at its end, each after those that it names."""
    held = {
        one.code: one for one in found
        if one.period_type is period.type and one.first <= period.last and (one.last or period.last) >= period.last
    }  # fmt: skip
    return [held[code] for code in in_order({code: one.others for code, one in held.items()})]


def circle(found: Iterable[Computed], since: date) -> tuple[date, list[str]] | None:
    """Return a day from some day on, on which formulas of the versions that hold name one another in a circle."""
    found = list(found)
    ends = {one.last + timedelta(days=1) for one in found if one.last is not None}
    for day in sorted({since} | {day for day in ends | {one.first for one in found} if day > since}):
        held = {one.code: one.others for one in found if one.first <= day <= (one.last or day)}
        for code in held:
            way = cycle(held, code)
            if way is not None:
                return day, way
    return None


def moved_by(found: Iterable[Computed], direct: Callable[[Computed], bool]) -> list[Computed]:
    """Return the formulas that a change moves directly, and those that name them, in order."""
    moved: dict[str, Computed] = {}
    for one in found:
        if direct(one) or one.others & moved.keys():
            moved[one.code] = one
    return list(moved.values())


def bare(refs: Iterable[MeasureRef]) -> set[MeasureRef]:
    """Return measures without the unit that they are narrowed to: as each unit's part of them is kept."""
    return {replace(ref, unit=None) for ref in refs}
