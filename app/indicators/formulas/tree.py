"""What a formula is once it is read: a tree of few kinds of nodes, and its one way of being written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from app.indicators.measures.rules import MeasureRef


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the text: characters from 0, lines and columns from 1; `end` is behind it."""

    offset: int
    end: int
    line: int
    column: int


NOWHERE = Place(0, 0, 1, 1)
Operator = Literal["+", "−", "×", "÷"]
Comparison = Literal["≥", "≤", ">", "<", "=", "≠"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: 1.50 is 150 over 100."""

    numerator: int
    denominator: int
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """`na`: the indicator does not apply."""

    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure, told how it is taken over the period (None: as its kind says)."""

    ref: MeasureRef
    how: Literal["sum", "last"] | None = None
    at: Place = field(default=NOWHERE, compare=False)
    named: tuple[tuple[str, str, Place, Place], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class OtherIndicator:
    """Another indicator of the same place and period."""

    code: str
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Negated:
    """Minus something."""

    of: "Node"
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Two things added, subtracted, multiplied or divided; `sign` is where the operator stands."""

    operator: Operator
    left: "Node"
    right: "Node"
    at: Place = field(default=NOWHERE, compare=False)
    sign: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two things, as a comparison turns out."""

    left: "Node"
    comparison: Comparison
    right: "Node"
    then: "Node"
    otherwise: "Node"
    at: Place = field(default=NOWHERE, compare=False)
    sign: Place = field(default=NOWHERE, compare=False)


Node = Number | NotApplicable | Measured | OtherIndicator | Negated | Binary | Choice


def parts(node: Node) -> tuple[Node, ...]:
    """Return what a node is made of."""
    if isinstance(node, Negated):
        return (node.of,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Choice):
        return (node.left, node.right, node.then, node.otherwise)
    return ()


def nodes(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, from left to right, however deep."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(parts(found)))


_RANK = {"+": 1, "−": 1, "×": 2, "÷": 2}


def text_of(node: Node) -> str:
    """Return a formula in its one way of being written: no bracket too many, blanks around operators."""
    return _text(node)[0]


def _text(node: Node) -> tuple[str, int]:
    """Return the text and how tightly it holds together: 1 sums, 2 products, 3 minus, 4 all else."""
    if isinstance(node, Number):
        return _digits(node), 4
    if isinstance(node, NotApplicable):
        return "na", 4
    if isinstance(node, OtherIndicator):
        return f"@{node.code}", 4
    if isinstance(node, Measured):
        return (f"{node.how}({node.ref})" if node.how else str(node.ref)), 4
    if isinstance(node, Negated):
        return f"−{_held(node.of, 3)}", 3
    if isinstance(node, Choice):
        compared = f"{text_of(node.left)} {node.comparison} {text_of(node.right)}"
        return f"if({compared}, {text_of(node.then)}, {text_of(node.otherwise)})", 4
    rank = _RANK[node.operator]
    return f"{_held(node.left, rank)} {node.operator} {_held(node.right, rank + 1)}", rank


def _held(node: Node, rank: int) -> str:
    text, own = _text(node)
    return text if own >= rank else f"({text})"


def _digits(number: Number) -> str:
    places = len(str(number.denominator)) - 1
    if places == 0:
        return str(number.numerator)
    whole, rest = divmod(number.numerator, number.denominator)
    return f"{whole}.{rest:0{places}}"
