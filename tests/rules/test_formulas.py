"""Formulas against an evaluator of the test's own: random trees, written in random ways, over counts and nothing."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.indicators.formulas.checking import Formula, KnownIndicator, check
from app.indicators.formulas.evaluating import MISSING, NOT_APPLICABLE, Absent, Given, Quotient, evaluate
from app.indicators.formulas.examples import Example, run, value_of
from app.indicators.formulas.faults import FormulaWrong
from app.indicators.formulas.grammar import MAX_LENGTH
from app.indicators.formulas.parsing import parse
from app.indicators.formulas.tree import text_of
from app.indicators.measures.rules import Catalogue, Filter, MeasureRef, dimension_text, measures
from app.indicators.rules import rounded

CATALOGUE = Catalogue(
    measures({"digitised": "received", "waiting_applicant": "pending_in_time"}),
    {Filter.system: ("city", "ministry"), Filter.field: ("HT", "CT"), Filter.unit: ("19789", "SO-KHCN")},
)
DOSSIERS = ("received", "received_online", "resolved", "pending", "carried_over", "digitised")
TASKS = ("tasks_total", "tasks_overdue")
NAMES = (*DOSSIERS, *TASKS)
KNOWN = {"NQ57-A": KnownIndicator("percent", "month", ratio=True), "NQ57-B": KnownIndicator("dossiers", "month")}

# A tree of the test: (kind, parts …); it knows nothing of the program's own.
Tree = tuple[Any, ...]
NUMBERS = st.sampled_from(["0", "1", "2", "3.5", "10", "0.25", "100", "007"])
LEAVES = st.one_of(
    NUMBERS.map(lambda text: ("number", text)),
    st.sampled_from(NAMES).map(lambda name: ("measure", name)),
    st.sampled_from(list(KNOWN)).map(lambda code: ("other", code)),
    st.just(("na",)),
)


def _grown(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner),
        st.tuples(st.just("minus"), inner),
        st.tuples(st.just("if"), st.sampled_from([">=", "<=", ">", "<", "=", "!="]), inner, inner, inner, inner),
    )


TREES: st.SearchStrategy[Tree] = st.recursive(LEAVES, _grown, max_leaves=14)
AMOUNTS = st.one_of(
    st.integers(0, 40), st.none(), st.sampled_from([MISSING, NOT_APPLICABLE]),
    st.builds(Quotient, st.integers(-9, 9), st.integers(1, 9)),
)  # fmt: skip
VALUES = st.fixed_dictionaries(dict.fromkeys((*NAMES, *KNOWN), AMOUNTS))
SIGNS = {"+": ["+"], "-": ["-", "−", "–"], "*": ["*", "×"], "/": ["/", "÷"], ">=": [">=", "≥"], "<=": ["<=", "≤"],
         "!=": ["!=", "<>", "≠"], ">": [">"], "<": ["<"], "=": ["="]}  # fmt: skip
TIGHT = {"+": 1, "-": 1, "*": 2, "/": 2, "minus": 3}


def written(tree: Tree, dice: Any) -> str:
    """Write a tree as one could type it: brackets where they are needed, sometimes where not, blanks anywhere."""
    kind = tree[0]

    def gap() -> str:
        return str(dice.choice(["", " ", "  ", "\n"]))

    def held(part: Tree, least: int) -> str:
        text = written(part, dice)
        need = TIGHT.get(part[0], 4) < least
        return f"({gap()}{text}{gap()})" if need or dice.random() < 0.15 else text

    if kind == "number":
        return str(tree[1])
    if kind == "measure":
        name = tree[1]
        how = {"pending": "last", "carried_over": None}.get(name, "last" if name in TASKS else "sum")
        return f"{how}({gap()}{name})" if how and dice.random() < 0.3 else str(name)
    if kind == "other":
        return f"@{tree[1]} "
    if kind == "na":
        return str(dice.choice(["na", "NA"]))
    if kind == "minus":
        return f"{dice.choice(SIGNS['-'])}{gap()}{held(tree[1], 3)}"
    if kind == "if":
        compared = f"{written(tree[2], dice)} {dice.choice(SIGNS[tree[1]])} {written(tree[3], dice)}"
        word = dice.choice(["if", "IF", "If"])
        return f"{word}{gap()}({compared}, {written(tree[4], dice)}{gap()}, {written(tree[5], dice)})"
    sign = f"{gap()}{dice.choice(SIGNS[kind])}{gap()}"
    return f"{held(tree[1], TIGHT[kind])}{sign}{held(tree[2], TIGHT[kind] + 1)}"


def worth(tree: Tree, values: dict[str, Given]) -> Fraction | Absent:
    """Return what a tree comes to, as plainly as it can be said."""
    kind = tree[0]
    if kind == "number":
        return Fraction(tree[1])
    if kind == "na":
        return NOT_APPLICABLE
    if kind in ("measure", "other"):
        found = values[tree[1]]
        if found is None or isinstance(found, Absent):
            return found or MISSING
        return Fraction(found.numerator, found.denominator)
    if kind == "minus":
        inner = worth(tree[1], values)
        return inner if isinstance(inner, Absent) else -inner
    at = 2 if kind == "if" else 1
    left, right = worth(tree[at], values), worth(tree[at + 1], values)
    if MISSING in (left, right):
        return MISSING
    if isinstance(left, Absent) or isinstance(right, Absent):
        return NOT_APPLICABLE
    if kind == "if":
        holds = {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right, "=": left == right,
                 "!=": left != right}  # fmt: skip
        return worth(tree[4] if holds[tree[1]] else tree[5], values)
    if kind == "/":
        return left / right if right else NOT_APPLICABLE
    return left + right if kind == "+" else left - right if kind == "-" else left * right


def sides(values: dict[str, Given]) -> tuple[dict[MeasureRef, Given], dict[str, Given]]:
    return {MeasureRef(name): values[name] for name in NAMES}, {code: values[code] for code in KNOWN}


@given(TREES, VALUES, st.randoms(use_true_random=False))
def test_a_formula_comes_to_what_a_plain_evaluator_says(tree: Tree, values: dict[str, Given], dice: Any) -> None:
    text = written(tree, dice)
    assume(len(text) <= MAX_LENGTH)
    read = parse(text)
    found = evaluate(read, *sides(values))
    wanted = worth(tree, values)
    assert (found if isinstance(found, Absent) else found.value) == wanted, text
    assert isinstance(found, Absent) or found.denominator > 0
    assert parse(text_of(read)) == read
    assert evaluate(parse(text_of(read)), *sides(values)) == found


COUNTS = st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(0, 40)))
SUMS = st.recursive(st.sampled_from(DOSSIERS).map(lambda name: ("measure", name)), lambda inner: st.tuples(
    st.sampled_from("+-"), inner, inner), max_leaves=5)  # fmt: skip


@given(SUMS, SUMS, COUNTS, st.randoms(use_true_random=False))
def test_a_quotient_of_counts_keeps_them(above: Tree, below: Tree, counts: dict[str, int], dice: Any) -> None:
    values: dict[str, Given] = dict(counts)
    one, other = worth(above, values), worth(below, values)
    assert isinstance(one, Fraction)
    assert isinstance(other, Fraction)
    quotient = f"({written(above, dice)}) / ({written(below, dice)})"
    for text, numerator, factor in (
        (quotient, one, 1), (f"20 * {quotient}", 20 * one, 1), (f"{quotient} × 3 ÷ 4", 3 * one, 4),
        (f"1 - {quotient}", other - one, 1), (f"if({written(below, dice)} >= 0, {quotient}, na)", one, 1),
    ):  # fmt: skip
        formula = check(text, CATALOGUE)
        assert formula.ratio, text
        found = evaluate(formula.tree, {MeasureRef(name): counts[name] for name in NAMES})
        if other == 0 or (text.startswith("if") and other < 0):
            assert found is NOT_APPLICABLE, text
        else:
            sign = 1 if other > 0 else -1
            assert found == Quotient(int(sign * numerator), int(sign * other * factor)), text


def taken(text: str) -> tuple[Formula | None, set[str]]:
    try:
        return check(text, CATALOGUE), set()
    except FormulaWrong as wrong:
        return None, {fault.code for fault in wrong.faults}


# Without numbers in sums and comparisons, for a number takes any unit there.
PURE = st.recursive(
    st.sampled_from(NAMES).map(lambda name: ("measure", name)),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner),
        st.tuples(st.just("minus"), inner),
        st.tuples(st.just("*"), NUMBERS.map(lambda text: ("number", text)), inner),
        st.tuples(st.just("if"), st.sampled_from([">=", "<"]), inner, inner, inner, inner),
    ),
    max_leaves=8,
)


@given(PURE, COUNTS, st.integers(2, 7), st.integers(2, 7), st.randoms(use_true_random=False))
@example(("/", ("measure", "received"), ("measure", "tasks_total")), dict.fromkeys(NAMES, 3), 5, 7, None)
def test_units_of_measure_are_what_scaling_says(
    tree: Tree, counts: dict[str, int], dossiers: int, tasks: int, dice: Any
) -> None:
    """Twice the dossiers make twice a sum of dossiers and the same share: that is what a unit of measure means."""
    text = written(tree, dice) if dice else "received / tasks_total"
    assume(len(text) <= MAX_LENGTH)
    formula, codes = taken(text)
    if formula is None:
        assert codes <= {"formula_unit_mismatch", "formula_divides_by_zero"}
        return
    assert formula.dimension is not None
    powers = dict(formula.dimension)
    scaled = {name: count * (dossiers if name in DOSSIERS else tasks) for name, count in counts.items()}
    before, after = worth(tree, dict(counts)), worth(tree, dict(scaled))
    if isinstance(before, Fraction):
        factor = Fraction(dossiers) ** powers.get("dossiers", 0) * Fraction(tasks) ** powers.get("tasks", 0)
        assert after == before * factor, (text, dimension_text(formula.dimension))


@given(st.text(alphabet="ab 10.,+-*/()[]=<>@if{\n\"'_;%é–≥", max_size=40))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        parse(text)
    except FormulaWrong as wrong:
        for fault in wrong.faults:
            at = fault.at
            assert 0 <= at.offset <= at.end <= len(text)
            before = text[: at.offset]
            assert (at.line, at.column) == (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


@given(st.fractions(), st.integers(0, 8))
@example(Fraction(1, 2), 0)
@example(Fraction(-1, 2), 0)
@example(Fraction(-1, 3), 0)
def test_rounding_is_exact_and_halves_go_away_from_zero(value: Fraction, places: int) -> None:
    shown = rounded(value, places)
    off = (abs(Fraction(shown)) - abs(value)) * 10**places
    assert Fraction(-1, 2) < off <= Fraction(1, 2)
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int)
    assert -exponent == places


def formula(text: str) -> Formula:
    return check(text, CATALOGUE, KNOWN)


SHARE = "if(received >= 30, received_online / received, na)"


@pytest.mark.parametrize(
    ("text", "inputs", "expected"),
    [
        (SHARE, {"received": 40, "received_online": 30}, "3/4"),
        (SHARE, {"received": 40, "received_online": 30}, "75%"),
        (SHARE, {"received": 3000, "received_online": 2801}, "93.37%"),
        (SHARE, {"received": 29, "received_online": 30}, "n/a"),
        (SHARE, {"received": None, "received_online": 30}, None),
        ("received[field=HT] + 0.5", {"received[field=HT]": 2}, "2.5"),
        ("received / @NQ57-B", {"received": 1, "@NQ57-B": 3}, "0.333"),
        ("1 - @NQ57-A", {"@NQ57-A": "2/8"}, "0.75"),
    ],
)
def test_examples_that_come_out(text: str, inputs: dict[str, Any], expected: Any) -> None:
    assert run(formula(text), [Example(inputs, expected)]) == []


@pytest.mark.parametrize(
    ("inputs", "expected", "code"),
    [
        ({"received": 40, "received_online": 30}, "0.74", "formula_example_wrong"),
        ({"received": 40, "received_online": 30}, None, "formula_example_wrong"),
        ({"received": 40, "received_online": None}, 0, "formula_example_wrong"),
        ({"received": 40}, "3/4", "formula_example_lacks"),
        ({"received": 40, "received_online": 30, "resolved": 1}, "3/4", "formula_example_unknown"),
        ({"received": 40, "received_online": "1,5"}, "3/4", "formula_example_unreadable"),
        ({"received": 40, "received_online": 30}, "3/0", "formula_example_unreadable"),
    ],
)
def test_examples_that_do_not(inputs: dict[str, Any], expected: Any, code: str) -> None:
    found = run(formula(SHARE), [Example({"received": 40, "received_online": 30}, "3/4"), Example(inputs, expected)])
    assert [(fault.code, fault.number) for fault in found] == [(code, 1)]


def test_a_wrong_example_tells_what_came_out() -> None:
    found = run(formula(SHARE), [Example({"received": 40, "received_online": 30}, "0.74")])[0]
    assert (found.found, found.expected) == ("30/40", "0.74")
    assert value_of("-0.5") == Fraction(-1, 2)
