"""A formula's examples: what goes in and what must come out, run whenever the formula is saved."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.indicators.formulas.checking import Formula
from app.indicators.formulas.evaluating import MISSING, NOT_APPLICABLE, Absent, Given, Quotient, evaluate
from app.indicators.formulas.faults import FormulaWrong
from app.indicators.formulas.parsing import parse
from app.indicators.formulas.tree import Measured, OtherIndicator
from app.indicators.measures.rules import MeasureRef
from app.indicators.rules import rounded

NA = "n/a"
Written = int | str | None  # a whole number; `12.5`, `3/4`, `93.37%`, `n/a`; or nothing: missing
_DECIMAL = re.compile(r"(-?\d{1,15})(?:\.(\d{1,9}))?(%?)")
_QUOTIENT = re.compile(r"(-?\d{1,15})\s*/\s*(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Example:
    """What the named measures and indicators were, and what the formula must come to."""

    inputs: Mapping[str, Written]
    expected: Written


@dataclass(frozen=True, slots=True)
class ExampleFault:
    """What is wrong with an example: a stable code, its number from 0, the input it speaks of, what came out."""

    code: str
    number: int
    name: str | None = None
    found: str = ""
    expected: str = ""


def run(formula: Formula, examples: Sequence[Example]) -> list[ExampleFault]:
    """Return what is wrong with a formula's examples; none where each comes out as it says."""
    return [fault for number, example in enumerate(examples) for fault in _run(formula, number, example)]


def _run(formula: Formula, number: int, example: Example) -> list[ExampleFault]:
    faults: list[ExampleFault] = []
    measures: dict[MeasureRef, Given] = {}
    indicators: dict[str, Given] = {}
    for name, written in example.inputs.items():
        value = value_of(written)
        if value is None:
            faults.append(ExampleFault("formula_example_unreadable", number, name, str(written)[:40]))
            continue
        named = _named(name)
        if isinstance(named, OtherIndicator) and named.code in formula.indicators:
            indicators[named.code] = value
        elif isinstance(named, Measured) and named.ref in formula.measures:
            measures[named.ref] = value
        else:
            faults.append(ExampleFault("formula_example_unknown", number, name))
    wanted = [str(ref) for ref in formula.measures if ref not in measures]
    wanted += [f"@{code}" for code in formula.indicators if code not in indicators]
    if not faults:
        faults += [ExampleFault("formula_example_lacks", number, None, name) for name in wanted]
    if value_of(example.expected) is None:
        faults.append(ExampleFault("formula_example_unreadable", number, "expected", str(example.expected)[:40]))
    if faults:
        return faults
    found = evaluate(formula.tree, measures, indicators)
    if same(found, example.expected):
        return []
    return [ExampleFault("formula_example_wrong", number, None, shown(found, formula.ratio), str_of(example.expected))]


def _named(name: str) -> object:
    try:
        return parse(name)
    except FormulaWrong:
        return None


def value_of(written: Written) -> Given:
    """Return the value that is meant, as `evaluate` takes it; None for what cannot be read."""
    if written is None:
        return MISSING
    if isinstance(written, bool):
        return None
    if isinstance(written, int):
        return written
    text = written.strip()
    if text.casefold() == NA:
        return NOT_APPLICABLE
    if (found := _QUOTIENT.fullmatch(text)) and int(found[2]):
        return Quotient(int(found[1]), int(found[2]))
    if found := _DECIMAL.fullmatch(text):
        whole, decimals, per_cent = found[1], found[2] or "", found[3]
        return Fraction(int(whole + decimals), 10 ** len(decimals) * (100 if per_cent else 1))
    return None


def same(found: Quotient | Absent, expected: Written) -> bool:
    """Tell whether a value is what was expected; one written with decimals, to as many places."""
    wanted = value_of(expected)
    if isinstance(found, Absent) or isinstance(wanted, Absent):
        return found is wanted
    assert wanted is not None
    exact = Fraction(wanted.numerator, wanted.denominator)
    if isinstance(expected, str) and (written := _DECIMAL.fullmatch(expected.strip())) and (written[2] or written[3]):
        factor, places = (100 if written[3] else 1), len(written[2] or "")
        return rounded(found.value * factor, places) == rounded(exact * factor, places)
    return found.value == exact


def shown(found: Quotient | Absent, ratio: bool) -> str:
    """Return a value as an example would write it."""
    if isinstance(found, Absent):
        return NA if found is NOT_APPLICABLE else "null"
    if ratio:
        return f"{found.numerator}/{found.denominator}"
    value = found.value
    return str(value.numerator) if value.denominator == 1 else f"{rounded(value).normalize():f}"


def str_of(written: Written) -> str:
    """Return what an example says, as it is told in an error."""
    return "null" if written is None else str(written)
