"""The grammar of formulas, its bounds, and what its signs are called in an error."""

from collections.abc import Iterable

MAX_LENGTH = 1000
MAX_DEPTH = 20
MAX_NODES = 200
MAX_DIGITS = 15
MAX_DECIMALS = 9

# A code takes the minus sign with it (`NQ57-DVC`): a blank stands between a code and a minus.
CODE = r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*"
# Wider than what is accepted, so that `1,5` and `1.234` are refused as a whole and with their reason.
GRAMMAR = rf"""
start: _expression
_expression: added | _term
added: _expression (PLUS | MINUS) _term
_term: multiplied | _factor
multiplied: _term (TIMES | OVER) _factor
_factor: negated | _atom
negated: MINUS _factor
_atom: number | not_applicable | indicator | measure | summed | last | choice | _LPAR _expression _RPAR

number: NUMBER
not_applicable: NA
indicator: INDICATOR
measure: NAME [_LSQB narrowed (_COMMA narrowed)* _RSQB]
narrowed: FILTER _EQUAL VALUE
summed: SUM _LPAR measure _RPAR
last: LAST _LPAR measure _RPAR
choice: IF _LPAR _expression _comparison _expression _COMMA _expression _COMMA _expression _RPAR
_comparison: AT_LEAST | AT_MOST | MORE | LESS | EQUAL | UNEQUAL

PLUS: "+"
MINUS: "-" | "−" | "–"
TIMES: "*" | "×"
OVER: "/" | "÷"
AT_LEAST: ">=" | "≥"
AT_MOST: "<=" | "≤"
UNEQUAL: "<>" | "!=" | "≠"
MORE: ">"
LESS: "<"
EQUAL: "="
_EQUAL: "="
_LPAR: "("
_RPAR: ")"
_LSQB: "["
_RSQB: "]"
_COMMA: ","
IF.2: /if\b/i
SUM.2: /sum\b/i
LAST.2: /last\b/i
NA.2: /na\b/i
NUMBER: /\d+(?:[.,]\d+)*/
INDICATOR: /@{CODE}/
NAME: /[^\W\d]\w*/
FILTER: /[^\W\d]\w*/
VALUE: /{CODE}/
%ignore /[ \t\n]+/
"""

# What an error calls the signs that may stand in a place; in the order in which they are told.
_CALLED = {
    "NUMBER": "number", "NAME": "measure", "INDICATOR": "indicator", "IF": "function", "SUM": "function",
    "LAST": "function", "NA": "na", "FILTER": "filter", "VALUE": "value", "_LPAR": "(", "PLUS": "operator",
    "TIMES": "operator", "OVER": "operator", "MINUS": "operator", "AT_LEAST": "comparison", "AT_MOST": "comparison",
    "MORE": "comparison", "LESS": "comparison", "EQUAL": "comparison", "UNEQUAL": "comparison", "_EQUAL": "=",
    "_LSQB": "[", "_RSQB": "]", "_COMMA": ",", "_RPAR": ")", "$END": "end",
}  # fmt: skip
EXPECTED = tuple(dict.fromkeys(_CALLED.values()))


def expected(terminals: Iterable[str]) -> tuple[str, ...]:
    """Return what may stand in a place, as errors call it and in their order.

    Where a value may begin, the minus before it goes without saying; after a measure, the bracket of its filters.
    """
    names = set(terminals)
    if "NUMBER" in names:
        names.discard("MINUS")
    if names & {"PLUS", "_RPAR"}:
        names.discard("_LSQB")
    called = {_CALLED[name] for name in names}
    return tuple(name for name in EXPECTED if name in called)
