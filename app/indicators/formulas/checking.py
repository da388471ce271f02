"""What a formula means: names that exist, units of measure that fit, time taken rightly; all that is wrong at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from app.indicators.formulas.evaluating import constant
from app.indicators.formulas.faults import FormulaFault, FormulaWrong
from app.indicators.formulas.parsing import parse
from app.indicators.formulas.tree import (
    Binary,
    Choice,
    Measured,
    Negated,
    Node,
    NotApplicable,
    Number,
    OtherIndicator,
    Place,
    nodes,
    text_of,
)
from app.indicators.measures.rules import (
    PLAIN,
    Catalogue,
    Dimension,
    Filter,
    Kind,
    MeasureRef,
    dimension_of,
    dimension_text,
    times,
)


@dataclass(frozen=True, slots=True)
class KnownIndicator:
    """What a formula needs to know of another indicator: unit of measure, period type, what its own formula names."""

    unit_of_measure: str
    period_type: str
    ratio: bool = False
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula found right: its tree, its one way of being written, what its result is.

    `ratio`: the result is a quotient whose numerator and denominator are kept. `dimension` None: numbers only.
    """

    tree: Node
    text: str
    dimension: Dimension | None
    ratio: bool
    measures: tuple[MeasureRef, ...]
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is known of a part: its unit (None: any), whether it is a quotient, whether it is made of numbers alone."""

    dimension: Dimension | None
    ratio: bool = False
    constant: bool = False


_ANY = _Judged(None)
MAX_FAULTS = 20  # told at once; looking for the name that was meant is what takes time


def check(
    text: str,
    catalogue: Catalogue,
    indicators: Mapping[str, KnownIndicator] | None = None,
    *,
    code: str | None = None,
    unit_of_measure: str | None = None,
    period_type: str | None = None,
) -> Formula:
    """Return a formula that may be kept; raises FormulaWrong with all that is wrong in it, or the first twenty or so.

    `code`, `unit_of_measure` and `period_type` are those of the indicator that is defined by it, where they are known:
    then a cycle, another unit of the result, and an indicator of another period type are found too.
    """
    tree = parse(text)
    judge = _Judge(catalogue, indicators or {}, code, period_type)
    judged = judge.of(tree)
    if not judge.faults and unit_of_measure is not None:
        judge.result(tree, judged, unit_of_measure)
    if judge.faults:
        raise FormulaWrong(*judge.faults)
    found = list(nodes(tree))
    return Formula(
        tree, text_of(tree), judged.dimension, judged.ratio,
        tuple(dict.fromkeys(n.ref for n in found if isinstance(n, Measured))),
        tuple(dict.fromkeys(n.code for n in found if isinstance(n, OtherIndicator))),
    )  # fmt: skip


def cycle(names: Mapping[str, Iterable[str]], start: str) -> list[str] | None:
    """Return the way from an indicator back to itself through what formulas name, or None.

    `names`: code → the codes that its formula names.
    """
    way, waiting = [start], [iter(names.get(start, ()))]
    seen = set()
    while waiting:
        following = next(waiting[-1], None)
        if following is None:
            way.pop()
            waiting.pop()
        elif following == start:
            return [*way, start]
        elif following not in seen:
            seen.add(following)
            way.append(following)
            waiting.append(iter(names.get(following, ())))
    return None


def in_order(names: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the codes so that each comes after all that its formula names; raises ValueError where that cannot be."""
    done: dict[str, bool] = {}
    for first in names:
        waiting = [(first, iter(names[first]))] if first not in done else []
        done.setdefault(first, False)
        while waiting:
            code, rest = waiting[-1]
            following = next(rest, None)
            if following is None:
                done.pop(code)
                done[code] = True
                waiting.pop()
            elif following in names and following not in done:
                done[following] = False
                waiting.append((following, iter(names[following])))
            elif done.get(following) is False:
                raise ValueError(f"{code} and {following} name each other")
    return list(done)


@dataclass
class _Judge:
    catalogue: Catalogue
    indicators: Mapping[str, KnownIndicator]
    code: str | None
    period_type: str | None
    faults: list[FormulaFault] = field(default_factory=list)
    _ways: dict[str, list[str] | None] = field(default_factory=dict)

    def say(self, code: str, at: Place, **values: Any) -> _Judged:
        self.faults.append(FormulaFault(code, at, values=values))
        return _ANY

    def of(self, node: Node) -> _Judged:
        if len(self.faults) >= MAX_FAULTS:
            return _ANY
        if isinstance(node, Number):
            return _Judged(None, constant=True)
        if isinstance(node, NotApplicable):
            return _Judged(None, ratio=True)
        if isinstance(node, Measured):
            return self.measured(node)
        if isinstance(node, OtherIndicator):
            return self.indicator(node)
        if isinstance(node, Negated):
            return self.of(node.of)
        if isinstance(node, Choice):
            return self.choice(node)
        left, right = self.of(node.left), self.of(node.right)
        if node.operator in "+−":
            return self.added(node, left, right)
        return self.multiplied(node, left, right)

    def added(self, node: Binary, left: _Judged, right: _Judged) -> _Judged:
        """A number takes the unit of what it is added to; 1 − a÷b is still a quotient over b."""
        dimension = self.same(node.sign, left, right)
        both = left.constant and right.constant
        return _Judged(dimension, (left.ratio and right.constant) or (left.constant and right.ratio), both)

    def multiplied(self, node: Binary, left: _Judged, right: _Judged) -> _Judged:
        both = left.constant and right.constant
        over = node.operator == "÷"
        if over and right.constant and constant(node.right) == 0:
            return self.say("formula_divides_by_zero", node.right.at)
        if any(side.dimension is None and not side.constant for side in (left, right)):
            return _ANY  # a name that is not known is told once, not again by its unit
        dimension = None if both else times(left.dimension or PLAIN, right.dimension or PLAIN, -1 if over else 1)
        if not over:
            return _Judged(dimension, (left.ratio and right.constant) or (left.constant and right.ratio), both)
        if right.constant:
            return _Judged(dimension, left.ratio, both)
        return _Judged(dimension, not left.ratio and not right.ratio, both)

    def choice(self, node: Choice) -> _Judged:
        self.same(node.sign, self.of(node.left), self.of(node.right))
        then, otherwise = self.of(node.then), self.of(node.otherwise)
        dimension = self.same(node.otherwise.at, then, otherwise)
        return _Judged(dimension, then.ratio and otherwise.ratio, then.constant and otherwise.constant)

    def same(self, at: Place, left: _Judged, right: _Judged) -> Dimension | None:
        if left.dimension is None or right.dimension is None:
            return right.dimension if left.dimension is None else left.dimension
        if left.dimension != right.dimension:
            told = {"left": dimension_text(left.dimension), "right": dimension_text(right.dimension)}
            self.say("formula_unit_mismatch", at, **told)
            return None
        return left.dimension

    def measured(self, node: Measured) -> _Judged:
        measure = self.catalogue.measures.get(node.ref.name)
        if measure is None:
            return self.say("formula_unknown_measure", node.at, name=node.ref.name[:60],
                            suggestion=_nearest(node.ref.name, self.catalogue.measures))  # fmt: skip
        if node.how == "sum" and measure.kind is not Kind.flow:
            self.say("formula_stock_summed", node.at, name=measure.name)
        if node.how == "last" and measure.kind is Kind.flow:
            self.say("formula_flow_last", node.at, name=measure.name)
        if node.how == "last" and measure.kind is Kind.opening:
            self.say("formula_opening_last", node.at, name=measure.name)
        seen = set()
        for name, value, at, value_at in node.named:
            if name not in {f.value for f in measure.filters}:
                choices = ", ".join(f.value for f in measure.filters)
                self.say("formula_unknown_filter", at, name=name[:60], choices=choices)
            elif name in seen:
                self.say("formula_filter_twice", at, name=name)
            elif value not in self.catalogue.codes.get(Filter(name), (value,)):
                codes = self.catalogue.codes[Filter(name)]
                self.say("formula_unknown_code", value_at, name=value[:60], suggestion=_nearest(value, codes))
            seen.add(name)
        return _Judged(measure.dimension)

    def indicator(self, node: OtherIndicator) -> _Judged:
        if node.code == self.code:
            return self.say("formula_cycle", node.at, way=f"{node.code} → {node.code}")
        known = self.indicators.get(node.code)
        if known is None:
            return self.say("formula_unknown_indicator", node.at, name=node.code[:60],
                            suggestion=_nearest(node.code, self.indicators))  # fmt: skip
        way = self.way_back(node.code)
        if way is not None:
            self.say("formula_cycle", node.at, way=" → ".join(way))
        if self.period_type is not None and known.period_type != self.period_type:
            told = {"name": node.code, "theirs": known.period_type, "ours": self.period_type}
            self.say("formula_period", node.at, **told)
        return _Judged(dimension_of(known.unit_of_measure), known.ratio)

    def way_back(self, named: str) -> list[str] | None:
        """Return the circle that naming another indicator would close."""
        if self.code is None:
            return None
        if named not in self._ways:
            names = {code: one.names for code, one in self.indicators.items()} | {self.code: frozenset({named})}
            self._ways[named] = cycle(names, self.code)
        return self._ways[named]

    def result(self, tree: Node, judged: _Judged, unit_of_measure: str) -> None:
        wanted = dimension_of(unit_of_measure)
        if judged.dimension is not None and judged.dimension != wanted:
            told = {"left": dimension_text(judged.dimension), "right": dimension_text(wanted)}
            self.say("formula_result_unit", tree.at, **told)
        elif unit_of_measure == "percent" and not judged.ratio:
            self.say("formula_not_a_quotient", tree.at)
        elif unit_of_measure == "percent" and (hundred := _hundred(tree)) is not None:
            self.say("formula_hundredfold", hundred.at)


def _hundred(node: Node) -> Node | None:
    """Return the 100 that the whole is multiplied by: a share in per cent is multiplied where it is shown."""
    if isinstance(node, Negated):
        return _hundred(node.of)
    if isinstance(node, Binary) and node.operator in "×÷":
        right = _hundred(node.right) if node.operator == "×" else None
        return _hundred(node.left) or right
    return node if isinstance(node, Number) and node.numerator == 100 * node.denominator else None


def _nearest(name: str, names: Iterable[str]) -> str:
    """Return the name that was probably meant; where none comes near, an ellipsis of the first few."""
    by_folded = {known.casefold(): known for known in names}
    found = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.5)
    if found:
        return by_folded[found[0]]
    few = list(by_folded.values())
    return ", ".join(few[:4]) + (" …" if len(few) > 4 else "") if few else "–"
