"""From text to a tree, by a grammar and a kept parser: nothing of the text is ever run."""

import re
from functools import lru_cache
from typing import Any

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, v_args
from lark.exceptions import VisitError
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from app.indicators.formulas import grammar
from app.indicators.formulas.faults import FormulaFault, FormulaWrong
from app.indicators.formulas.tree import (
    NOWHERE,
    Binary,
    Choice,
    Comparison,
    Measured,
    Negated,
    Node,
    NotApplicable,
    Number,
    Operator,
    OtherIndicator,
    Place,
    nodes,
)
from app.indicators.measures.rules import Filter, MeasureRef

_OPERATORS: dict[str, Operator] = {"PLUS": "+", "MINUS": "−", "TIMES": "×", "OVER": "÷"}
_COMPARISONS: dict[str, Comparison] = {
    "AT_LEAST": "≥", "AT_MOST": "≤", "MORE": ">", "LESS": "<", "EQUAL": "=", "UNEQUAL": "≠"
}  # fmt: skip
FUNCTIONS = ("sum", "last", "if")


@lru_cache(256)  # the same formulas are read again after every change of a set, and no tree is ever changed
def parse(text: str) -> Node:
    """Return the tree of a formula; raises FormulaWrong with what is wrong first, and where.

    Line ends count as one character, as in the box of a form.
    """
    text = text.replace("\r\n", "\n")
    if len(text) > grammar.MAX_LENGTH:
        raise FormulaWrong(_at(text, "formula_too_long", grammar.MAX_LENGTH, limit=grammar.MAX_LENGTH))
    _judge_depth(text)
    try:
        found: Node = _NODES.transform(_PARSER.parse(text))
    except UnexpectedInput as error:
        raise FormulaWrong(_syntax(text, error)) from None
    except VisitError as error:
        raise error.orig_exc from None
    if sum(1 for _ in nodes(found)) > grammar.MAX_NODES:
        raise FormulaWrong(FormulaFault("formula_too_large", NOWHERE, values={"limit": grammar.MAX_NODES}))
    return found


def place(text: str, offset: int, length: int = 1) -> Place:
    """Return the place of some characters of a text."""
    line_start = text.rfind("\n", 0, offset) + 1
    return Place(offset, min(offset + length, len(text)), text.count("\n", 0, offset) + 1, offset - line_start + 1)


def _at(text: str, code: str, offset: int, length: int = 1, **values: Any) -> FormulaFault:
    return FormulaFault(code, place(text, offset, length), values=values)


def _judge_depth(text: str) -> None:
    depth = 0
    for offset, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth > grammar.MAX_DEPTH:
            raise FormulaWrong(_at(text, "formula_too_deep", offset, limit=grammar.MAX_DEPTH))


def _syntax(text: str, error: Any) -> FormulaFault:
    """Return what a reader is told: what stands there, and what may stand there instead."""
    unread = isinstance(error, UnexpectedCharacters)
    if unread:
        offset, found = error.pos_in_stream, text[error.pos_in_stream]
    elif error.token.type == "$END":
        offset, found = len(text.rstrip()), ""
    else:
        offset, found = error.token.start_pos, str(error.token)
    if (comma := re.search(r"\d(,)\d[\d.,]*\s*$", text[:offset])) is not None:
        # `if(a > b,1,2)`: the number took the comma, and the sentence about what misses would be a riddle.
        return _at(text, "formula_decimal_comma", comma.start(1), found=comma[0].strip())
    parser = getattr(error, "interactive_parser", None)
    may = grammar.expected(parser.accepts() if parser is not None else ())
    if not found:
        return FormulaFault("formula_ends", place(text, offset, 0), may)
    before = re.search(r"([^\W\d]\w*)\s*$", text[:offset])
    if found == "(" and before is not None and "(" not in may:
        told = {"name": before[1], "choices": ", ".join(FUNCTIONS)}
        return _at(text, "formula_unknown_function", before.start(1), len(before[1]), **told)
    return FormulaFault("formula_syntax", place(text, offset, len(found)), may, {"found": found[:40]})


def _place(meta: Meta | Token) -> Place:
    if isinstance(meta, Token):
        assert meta.start_pos is not None
        assert meta.end_pos is not None
        assert meta.line is not None
        assert meta.column is not None
        return Place(meta.start_pos, meta.end_pos, meta.line, meta.column)
    return Place(meta.start_pos, meta.end_pos, meta.line, meta.column)


def _number(token: Token) -> Number:
    at = _place(token)
    if "," in token:
        comma = token.index(",")
        fault = Place(at.offset + comma, at.offset + comma + 1, at.line, at.column + comma)
        raise FormulaWrong(FormulaFault("formula_decimal_comma", fault, values={"found": str(token)[:40]}))
    whole, _, rest = token.partition(".")
    if "." in rest or (re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", token)):
        raise FormulaWrong(FormulaFault("formula_number_ambiguous", at, values={"found": str(token)[:40]}))
    if len(whole) > grammar.MAX_DIGITS or len(rest) > grammar.MAX_DECIMALS:
        values = {"digits": grammar.MAX_DIGITS, "decimals": grammar.MAX_DECIMALS}
        raise FormulaWrong(FormulaFault("formula_number_long", at, values=values))
    return Number(int(whole + rest), 10 ** len(rest), at)


@v_args(meta=True)
class _Nodes(Transformer_NonRecursive[Token, Node]):
    """Makes a node of what each rule found; `meta` says where it stands."""

    def start(self, meta: Meta, found: list[Any]) -> Any:
        return found[0]

    def added(self, meta: Meta, found: list[Any]) -> Binary:
        left, sign, right = found
        return Binary(_OPERATORS[sign.type], left, right, _place(meta), _place(sign))

    multiplied = added

    def negated(self, meta: Meta, found: list[Any]) -> Negated:
        return Negated(found[1], _place(meta))

    def number(self, meta: Meta, found: list[Any]) -> Number:
        return _number(found[0])

    def not_applicable(self, meta: Meta, found: list[Any]) -> NotApplicable:
        return NotApplicable(_place(meta))

    def indicator(self, meta: Meta, found: list[Any]) -> OtherIndicator:
        return OtherIndicator(str(found[0])[1:], _place(meta))

    def narrowed(self, meta: Meta, found: list[Any]) -> tuple[str, str, Place, Place]:
        name, value = found
        return str(name), str(value), _place(name), _place(value)

    def measure(self, meta: Meta, found: list[Any]) -> Measured:
        name, *narrowed = found
        named = tuple(one for one in narrowed if one is not None)
        # The first of a filter said twice; the check points at the second.
        filters = {key: value for key, value, _, _ in reversed(named) if key in Filter.__members__}
        return Measured(MeasureRef(str(name), **filters), None, _place(meta), named)

    def summed(self, meta: Meta, found: list[Any]) -> Measured:
        inner: Measured = found[1]
        return Measured(inner.ref, "sum", _place(meta), inner.named)

    def last(self, meta: Meta, found: list[Any]) -> Measured:
        inner: Measured = found[1]
        return Measured(inner.ref, "last", _place(meta), inner.named)

    def choice(self, meta: Meta, found: list[Any]) -> Choice:
        _, left, sign, right, then, otherwise = found
        return Choice(left, _COMPARISONS[sign.type], right, then, otherwise, _place(meta), _place(sign))


_PARSER = Lark(grammar.GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True, maybe_placeholders=False)
_NODES = _Nodes()
