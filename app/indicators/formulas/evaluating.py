"""A formula worked out, exactly: whole numbers and fractions, and two kinds of nothing that stay apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from app.indicators.formulas.tree import Binary, Choice, Measured, Negated, Node, NotApplicable, Number, OtherIndicator
from app.indicators.measures.rules import MeasureRef


class Absent(StrEnum):
    """Why there is no number: nothing has come yet, or there is nothing that could come."""

    missing = "missing"
    not_applicable = "not_applicable"


MISSING, NOT_APPLICABLE = Absent.missing, Absent.not_applicable


@dataclass(frozen=True, slots=True)
class Quotient:
    """A number as numerator over denominator, as they came: 2 of 4 is not 1 of 2; the denominator is positive."""

    numerator: int
    denominator: int

    @property
    def value(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


Given = int | Fraction | Quotient | Absent | None
# While it is worked out: numerator and positive denominator.
_Pair = tuple[int, int]


def evaluate(
    tree: Node, measures: Mapping[MeasureRef, Given], indicators: Mapping[str, Given] | None = None
) -> Quotient | Absent:
    """Return a formula's value for what its measures and indicators were.

    What is not given, and None, is missing. Missing goes before not applicable: as long as a figure may come, nobody
    knows. Divided by zero there is nothing that could come. Of a choice only the branch taken counts. A quotient of
    counts keeps them as its numerator and denominator, also multiplied by a number, or taken from one.
    """
    found = _value(tree, measures, indicators or {})
    return found if isinstance(found, Absent) else Quotient(*found)


def constant(tree: Node) -> Fraction | None:
    """Return what a part without names comes to; None where it comes to nothing."""
    found = _value(tree, {}, {})
    return None if isinstance(found, Absent) else Fraction(*found)


def _value(node: Node, measures: Mapping[MeasureRef, Given], indicators: Mapping[str, Given]) -> _Pair | Absent:
    if isinstance(node, Measured):
        return _given(measures.get(node.ref))
    if isinstance(node, Binary):
        return _combined(node, _value(node.left, measures, indicators), _value(node.right, measures, indicators))
    if isinstance(node, Number):
        return node.numerator, node.denominator
    if isinstance(node, OtherIndicator):
        return _given(indicators.get(node.code))
    if isinstance(node, Negated):
        found = _value(node.of, measures, indicators)
        return found if isinstance(found, Absent) else (-found[0], found[1])
    if isinstance(node, NotApplicable):
        return NOT_APPLICABLE
    left, right = _value(node.left, measures, indicators), _value(node.right, measures, indicators)
    if isinstance(left, Absent) or isinstance(right, Absent):
        return _worse(left, right)
    taken = node.then if _holds(node, left, right) else node.otherwise
    return _value(taken, measures, indicators)


def _given(value: Given) -> _Pair | Absent:
    if type(value) is int:
        return value, 1
    if value is None:
        return MISSING
    if isinstance(value, Absent):
        return value
    assert not isinstance(value, int)
    return value.numerator, value.denominator


def _worse(left: _Pair | Absent, right: _Pair | Absent) -> Absent:
    return MISSING if left is MISSING or right is MISSING else NOT_APPLICABLE


def _combined(node: Binary, left: _Pair | Absent, right: _Pair | Absent) -> _Pair | Absent:
    if isinstance(left, Absent) or isinstance(right, Absent):
        return _worse(left, right)
    (a, b), (c, d) = left, right
    if node.operator == "÷":
        if c == 0:
            return NOT_APPLICABLE
        return (a * d, b * c) if c > 0 else (-a * d, -b * c)
    if node.operator == "×":
        return a * c, b * d
    if node.operator == "−":
        c = -c
    return (a + c, b) if b == d else (a * d + c * b, b * d)


def _holds(node: Choice, left: _Pair, right: _Pair) -> bool:
    a, b = left[0] * right[1], right[0] * left[1]
    held = {"≥": a >= b, "≤": a <= b, ">": a > b, "<": a < b, "=": a == b, "≠": a != b}
    return held[node.comparison]
