"""The sets that come with the service, loaded once; and a set as it would be sent."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import audit
from app.core.access import Caller
from app.core.errors import Fault, Invalid, Problem
from app.indicators.computed import rebuilding
from app.indicators.formulas import service as formulas
from app.indicators.place import Place
from app.indicators.rules import CITY, NATIONAL
from app.indicators.sets import service
from app.indicators.sets.files import SetFile, placed
from app.indicators.sets.models import Indicator, IndicatorSet, SetVersion
from app.indicators.sets.schemas import GroupIn, IndicatorIn, SeedTarget, SetIn
from app.indicators.targets import service as targets
from app.indicators.targets.schemas import TargetIn
from app.units import service as units

DATA = Path(__file__).parent.parent / "data" / "sets"


def load_sets(session: Session, now: datetime) -> int:
    """Add the shipped sets that are not there yet and return how many; what was changed or replaced stays."""
    session.info.setdefault("audit_context", audit.Context(at=now, user_id=None, user_name="system", door="command"))
    known = set(session.scalars(select(col(IndicatorSet.code))))
    count = 0
    for path in sorted(DATA.glob("*.json")):
        values = SetIn.model_validate(json.loads(path.read_text(encoding="utf-8")))
        if values.code not in known:
            bring(session, "tiendo57", values=values, now=now)
            count += 1
    return count


def bring(session: Session, by: str, *, values: SetIn, now: datetime) -> SetVersion:
    """Add a version of a set with the targets that come with it; those that stand already are left alone."""
    version = service.add_version(session, by, values=values, now=now)
    _judge_formulas(session, values)
    rebuilding.when_brought(session, version)
    for g, group in enumerate(values.groups):
        for i, one in enumerate(group.indicators):
            row = session.scalars(select(Indicator).where(col(Indicator.code) == one.code)).one()
            standing = [t for rows in targets.of_indicators(session, [row.id]).values() for t in rows]
            for n, goal in enumerate(one.targets):
                if any((t.place, t.period) == (goal.place, goal.period) for t in standing):
                    continue
                unit = None if goal.place in (CITY, NATIONAL) else units.named(
                    session, goal.place, f"/groups/{g}/indicators/{i}/targets/{n}/place"
                )  # fmt: skip
                body = TargetIn.model_validate(goal.model_dump())
                _add_target(session, by, row, one, Place(goal.place, unit), body, now,
                            f"/groups/{g}/indicators/{i}/targets/{n}")  # fmt: skip
    return version


def bring_file(session: Session, by: str, *, file: SetFile, now: datetime) -> SetVersion:
    """Add the version of a set that a file holds; whatever is wrong, and whoever finds it, is told by its cell."""
    try:
        return bring(session, by, values=file.values, now=now)
    except Problem as problem:
        problem.faults = placed(problem.faults, file.places)
        raise


def _judge_formulas(session: Session, values: SetIn) -> None:
    """Refuse a set of which a formula cannot be kept; the others' indicators may be named, and its own."""
    every = formulas.known_indicators(session)
    own = {one.code: one for group in values.groups for one in group.indicators}
    every |= {
        code: formulas.known(one.unit_of_measure, one.period_type.value, one.formula) for code, one in own.items()
    }
    for g, group in enumerate(values.groups):
        for i, one in enumerate(group.indicators):
            if one.formula is not None:
                formula = formulas.judge(
                    session, one.formula, indicators=every, code=one.code, unit_of_measure=one.unit_of_measure,
                    period_type=one.period_type.value, given=one.examples, at=f"/groups/{g}/indicators/{i}",
                )  # fmt: skip
                # A reading is shown at every place: a named unit's counts would be shown to others.
                named = next((ref for ref in formula.measures if ref.unit not in (None, CITY)), None)
                if named is not None:
                    fault = Fault(f"/groups/{g}/indicators/{i}/formula", "formula_names_unit", {"measure": str(named)})
                    raise Invalid([fault])
                if not one.examples:
                    raise Invalid([Fault(f"/groups/{g}/indicators/{i}/examples", "formula_without_example")])


def _add_target(
    session: Session, by: str, row: Indicator, one: IndicatorIn, place: Place, body: TargetIn, now: datetime, at: str
) -> None:  # fmt: skip
    try:
        targets.add(session, by, row, one.comparator, one.unit_of_measure, place, body=body, now=now)
    except Problem as problem:
        given = problem.faults or [Fault("/period", problem.code, problem.values)]
        problem.faults = [Fault(at + fault.pointer, fault.code, fault.values) for fault in given]
        raise


def _amount(stored: str | None) -> Decimal | None:
    """Return a stored amount as the number it is: as text it would be read the way people write."""
    return None if stored is None else Decimal(stored)


def as_sent(session: Session, caller: Caller, held: IndicatorSet, version: SetVersion) -> SetIn:
    """Return a version of a set in the shape in which it is sent, with the targets in force that the caller sees."""
    shown = service.show(session, held, version)
    own = select(col(Indicator.code), col(Indicator.id)).where(col(Indicator.set_id) == held.id)
    ids = {row.code: row.id for row in session.execute(own)}
    # What was set under another comparator or unit of measure would be read as something else with this version.
    said = {
        ids[one.code]: (one.comparator.value, one.unit_of_measure) for group in shown.groups for one in group.indicators
    }
    found = targets.of_indicators(session, ids.values())
    goals: dict[int, list[SeedTarget]] = {}
    for (indicator_id, _), rows in found.items():
        goals.setdefault(indicator_id, []).extend(
            SeedTarget.model_validate(
                {
                    "place": row.place, "period": row.period, "low": _amount(row.low), "high": _amount(row.high),
                    "document": row.document, "document_on": row.document_on,
                }
            )
            for row in targets.in_force(rows)
            if (row.unit_id is None or caller.sees(row.unit_id)) and said.get(indicator_id) == (
                row.comparator, row.unit_of_measure,
            )
        )  # fmt: skip
    beside = {"set", "set_version", "group", "owner_unit"}
    return SetIn(
        **shown.model_dump(exclude={"version", "valid_to", "groups", "versions"}),
        groups=[
            GroupIn(
                **group.model_dump(exclude={"indicators"}),
                indicators=[
                    IndicatorIn(
                        **one.model_dump(exclude=beside), owner_unit=one.owner_unit.code if one.owner_unit else None,
                        targets=goals.get(ids[one.code], []),
                    )
                    for one in group.indicators
                ],
            )
            for group in shown.groups
        ],
    )  # fmt: skip
