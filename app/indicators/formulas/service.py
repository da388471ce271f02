"""Checking formulas: what is wrong becomes errors of the service, each with its place."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import i18n
from app.core.access import Caller
from app.core.clock import day_of
from app.core.errors import Fault, Invalid
from app.core.tables import Cell, Table
from app.indicators.formulas import examples
from app.indicators.formulas.checking import Formula, KnownIndicator, check
from app.indicators.formulas.evaluating import Absent, evaluate
from app.indicators.formulas.faults import FormulaFault, FormulaWrong
from app.indicators.formulas.parsing import parse
from app.indicators.formulas.schemas import (
    FormulaChecked,
    FormulaExample,
    FormulaIn,
    FormulaMeasure,
    FormulaPosition,
    FormulaPreview,
)
from app.indicators.formulas.tree import OtherIndicator, nodes
from app.indicators.measures import service as measures
from app.indicators.measures.rules import Measure, dimension_text
from app.indicators.measures.schemas import MeasureList, MeasureOut
from app.indicators.schemas import number
from app.indicators.sets.models import Definition, Indicator, SetVersion
from app.throughput.schemas import WordsOut

PREVIEWED = 30  # days
_UNITS = ("left", "right")
_PERIODS = ("ours", "theirs")


def judge(
    session: Session,
    text: str,
    *,
    indicators: Mapping[str, KnownIndicator],
    code: str | None = None,
    unit_of_measure: str | None = None,
    period_type: str | None = None,
    given: Sequence[FormulaExample] = (),
    at: str = "",
) -> Formula:
    """Return a formula that may be kept, its examples run; raises Invalid with all that is wrong, and where.

    `at` is the pointer of what holds the properties `formula` and `examples`. `positions` beside the errors say where
    in the formula each thing is.
    """
    try:
        formula = check(
            text, measures.catalogue(session), indicators,
            code=code, unit_of_measure=unit_of_measure, period_type=period_type,
        )  # fmt: skip
    except FormulaWrong as wrong:
        pointer = f"{at}/formula"
        faults = [_fault(fault, pointer) for fault in wrong.faults]
        positions = [_position(fault, pointer) for fault in wrong.faults]
        raise Invalid(faults, extra={"positions": [p.model_dump(mode="json") for p in positions]}) from None
    found = examples.run(formula, [examples.Example(e.inputs, e.expected) for e in given])
    if found:
        raise Invalid([_example_fault(fault, at) for fault in found])
    return formula


def checked(
    session: Session, caller: Caller, body: FormulaIn, indicators: Mapping[str, KnownIndicator], now: datetime
) -> FormulaChecked:
    """Return what a formula means; raises Invalid as `judge` does."""
    formula = judge(
        session, body.formula, indicators=indicators, code=body.code, unit_of_measure=body.unit_of_measure,
        period_type=body.period_type, given=body.examples,
    )  # fmt: skip
    known = measures.catalogue(session).measures
    return FormulaChecked(
        formula=formula.text,
        unit_of_measure=None if formula.dimension is None else dimension_text(formula.dimension),
        quotient=formula.ratio,
        measures=[
            FormulaMeasure(
                written=str(ref), title=title(known[ref.name]), kind=known[ref.name].kind,
                unit_of_measure=known[ref.name].unit_of_measure,
            )
            for ref in formula.measures
        ],
        indicators=list(formula.indicators), examples=len(body.examples),
        preview=preview(session, caller, formula, now),
    )  # fmt: skip


class _Stretch(NamedTuple):
    first: date
    last: date


def preview(session: Session, caller: Caller, formula: Formula, now: datetime) -> FormulaPreview | None:
    """Return what a formula comes to for the city over the last thirty days; None for who may not see all it names."""
    if caller.units is not None or formula.indicators:
        return None
    period = _Stretch(day_of(now) - timedelta(days=PREVIEWED - 1), day_of(now))
    given = measures.read(session, formula.measures, [None], [period], now)[None, period].values
    found = evaluate(formula.tree, given)
    if isinstance(found, Absent):
        return FormulaPreview(
            first=period.first, last=period.last, state=found.value, value=None, numerator=None, denominator=None
        )
    counts = (found.numerator, found.denominator) if formula.ratio else (None, None)
    return FormulaPreview(
        first=period.first, last=period.last, state="value", value=number(found.value), numerator=counts[0],
        denominator=counts[1],
    )  # fmt: skip


def known_indicators(session: Session) -> dict[str, KnownIndicator]:
    """Return what formulas need to know of the indicators that there are."""
    rows = session.execute(
        select(
            col(Indicator.code), col(Definition.unit_of_measure), col(Definition.period_type), col(Definition.formula)
        )
        .join(Definition, col(Definition.indicator_id) == col(Indicator.id))
        .join(SetVersion, col(SetVersion.id) == col(Definition.version_id))
        .where(col(SetVersion.valid_to).is_(None))
    )
    return {code: known(unit, period, formula) for code, unit, period, formula in rows}


def known(unit_of_measure: str, period_type: str, formula: str | None) -> KnownIndicator:
    """Return what formulas need to know of an indicator; its own formula was judged when it was kept, or will be."""
    if formula is None:
        return KnownIndicator(unit_of_measure, period_type, ratio=unit_of_measure == "percent")
    try:
        names = frozenset(node.code for node in nodes(parse(formula)) if isinstance(node, OtherIndicator))
    except FormulaWrong:
        names = frozenset()
    return KnownIndicator(unit_of_measure, period_type, ratio=unit_of_measure == "percent", names=names)


def measure_list(session: Session) -> MeasureList:
    """Return what a formula may name, in its usual order."""
    return MeasureList(
        items=[
            MeasureOut(
                measure=m.name, title=title(m), kind=m.kind, unit_of_measure=m.unit_of_measure, filters=list(m.filters),
                part_of=m.part_of,
            )
            for m in measures.catalogue(session).measures.values()
        ]
    )  # fmt: skip


def as_table(data: MeasureList) -> Table:
    """Return measures as rows, their filters divided by commas."""
    columns = ["measure", "title_vi", "title_en", "title_fr", "kind", "unit_of_measure", "filters", "part_of"]
    rows: list[list[Cell]] = [
        [
            m.measure,
            m.title.vi,
            m.title.en,
            m.title.fr,
            m.kind.value,
            m.unit_of_measure,
            ", ".join(m.filters),
            m.part_of,
        ]
        for m in data.items
    ]
    return Table("so-lieu-cong-thuc", columns, rows)


def title(measure: Measure) -> WordsOut:
    """Return what a measure is called; a memo that the city added is called by its code."""
    if not i18n.has(measure.words):
        return WordsOut(vi=measure.name, en=measure.name, fr=measure.name)
    return WordsOut(**{locale: i18n.translate(measure.words, locale) for locale in i18n.LOCALES})


def _fault(fault: FormulaFault, pointer: str) -> Fault:
    values = {name: _in_words(name, value) for name, value in fault.values.items()}
    values |= {"line": fault.at.line, "column": fault.at.column}
    if fault.expected:
        values["expected"] = i18n.Named(tuple(f"indicators.expected_{_KEYS.get(e, e)}" for e in fault.expected))
    return Fault(pointer, fault.code, values)


_KEYS = {
    "(": "open", ")": "close", "[": "open_filter", "]": "close_filter", ",": "comma", "=": "equal"
}  # fmt: skip


def _in_words(name: str, value: object) -> object:
    """Return units of measure and period types as words, where there are some for them."""
    kind = "measured_in" if name in _UNITS else "period" if name in _PERIODS else None
    key = f"indicators.{kind}_{'plain' if value == '1' else value}"
    return i18n.Named((key,)) if kind is not None and i18n.has(key) else value


def _position(fault: FormulaFault, pointer: str) -> FormulaPosition:
    at = fault.at
    return FormulaPosition(
        pointer=pointer, code=fault.code, offset=at.offset, end=at.end, line=at.line, column=at.column,
        expected=list(fault.expected),
    )  # fmt: skip


def _example_fault(fault: examples.ExampleFault, at: str) -> Fault:
    pointer = f"{at}/examples/{fault.number}"
    if fault.name == "expected":
        pointer += "/expected"
    elif fault.name is not None:
        pointer += f"/inputs/{fault.name.replace('~', '~0').replace('/', '~1')}"
    values = {
        "number": fault.number + 1, "name": (fault.name or "")[:80], "found": fault.found, "expected": fault.expected
    }  # fmt: skip
    return Fault(pointer[:200], fault.code, values)
