"""Wrong formulas: what is said of each, at which place, and what could stand there; circles; bounds."""

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import i18n
from app.indicators.formulas import grammar
from app.indicators.formulas.checking import KnownIndicator, check, cycle, in_order
from app.indicators.formulas.faults import FormulaFault, FormulaWrong
from app.indicators.formulas.parsing import parse
from app.indicators.formulas.service import _fault
from tests.rules.test_formulas import CATALOGUE

OPERAND = ("number", "measure", "indicator", "function", "na", "(")
KNOWN = {
    "NQ57-A": KnownIndicator("percent", "month", True, frozenset({"NQ57-B"})),
    "NQ57-B": KnownIndicator("dossiers", "month", False, frozenset({"NQ57-C"})),
    "NQ57-C": KnownIndicator("dossiers", "month"),
    "NQ57-Y": KnownIndicator("dossiers", "year"),
}


def faults(text: str, **about: Any) -> list[FormulaFault]:
    with pytest.raises(FormulaWrong) as caught:
        check(text, CATALOGUE, KNOWN, **about)
    return caught.value.faults


# text, code, offset and length of what is pointed at, what may stand there
SYNTAX: list[tuple[str, str, int, int, tuple[str, ...]]] = [
    ("", "formula_ends", 0, 0, OPERAND),
    ("  ", "formula_ends", 0, 0, OPERAND),
    ("received +", "formula_ends", 10, 0, OPERAND),
    ("received + \n", "formula_ends", 10, 0, OPERAND),
    ("(received", "formula_ends", 9, 0, ("operator", ")")),
    ("(1", "formula_ends", 2, 0, ("operator", ")")),
    ("received)", "formula_syntax", 8, 1, ("operator", "end")),
    ("received +* 2", "formula_syntax", 10, 1, OPERAND),
    ("received received", "formula_syntax", 9, 8, ("operator", "end")),
    ("2 3", "formula_syntax", 2, 1, ("operator", "end")),
    ("2received", "formula_syntax", 1, 8, ("operator", "end")),
    ("received = 3", "formula_syntax", 9, 1, ("operator", "end")),
    ("50%", "formula_syntax", 2, 1, ("operator", "end")),
    ("received; resolved", "formula_syntax", 8, 1, ("operator", "end")),
    ("__import__('os')", "formula_unknown_function", 0, 10, ()),
    ("avg(received)", "formula_unknown_function", 0, 3, ()),
    ("2 + AVG (received)", "formula_unknown_function", 4, 3, ()),
    ("sum(2)", "formula_syntax", 4, 1, ("measure",)),
    ("sum(received + resolved)", "formula_syntax", 13, 1, (")",)),
    ("sum received", "formula_syntax", 4, 8, ("(",)),
    ("last()", "formula_syntax", 5, 1, ("measure",)),
    ("if(received, 1, 2)", "formula_syntax", 11, 1, ("operator", "comparison")),
    ("if(received > 1, 2)", "formula_syntax", 18, 1, ("operator", ",")),
    ("if(received > 1, 2, 3", "formula_ends", 21, 0, ("operator", ")")),
    ("if(1 < 2 < 3, 1, 2)", "formula_syntax", 9, 1, ("operator", ",")),
    ("received[", "formula_ends", 9, 0, ("filter",)),
    ("received[]", "formula_syntax", 9, 1, ("filter",)),
    ("received[field]", "formula_syntax", 14, 1, ("=",)),
    ("received[field=]", "formula_syntax", 15, 1, ("value",)),
    ("received[field=HT", "formula_ends", 17, 0, ("]", ",")),
    ("received[field=HT][", "formula_syntax", 18, 1, ("operator", "end")),
    ("@", "formula_syntax", 0, 1, OPERAND),
    ("1,5 * received", "formula_decimal_comma", 1, 1, ()),
    ("if(received > 1,2,3)", "formula_decimal_comma", 15, 1, ()),
    ("received + 1.234", "formula_number_ambiguous", 11, 5, ()),
    ("1.234.567", "formula_number_ambiguous", 0, 9, ()),
    ("1234567890123456", "formula_number_long", 0, 16, ()),
    ("0.1234567890", "formula_number_long", 0, 12, ()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "offset", "length", "expected"), SYNTAX)
def test_what_cannot_be_read_is_pointed_at(
    text: str, code: str, offset: int, length: int, expected: tuple[str, ...]
) -> None:
    found = faults(text)
    assert [(f.code, f.at.offset, f.at.end - f.at.offset) for f in found] == [(code, offset, length)]
    order = grammar.EXPECTED.index
    assert found[0].expected == tuple(sorted(expected, key=order))


@pytest.mark.parametrize(
    ("text", "code", "offset", "length", "about"),
    [
        ("recieved / received", "formula_unknown_measure", 0, 8, {}),
        ("2 × tiếp_nhận", "formula_unknown_measure", 4, 9, {}),
        ("received + tasks_total", "formula_unit_mismatch", 9, 1, {}),
        ("received / resolved + received", "formula_unit_mismatch", 20, 1, {}),
        ("if(received > tasks_total, 1, 2)", "formula_unit_mismatch", 12, 1, {}),
        ("if(received > 30, received, tasks_total)", "formula_unit_mismatch", 28, 11, {}),
        ("received - @NQ57-A", "formula_unit_mismatch", 9, 1, {}),
        ("received / 0", "formula_divides_by_zero", 11, 1, {}),
        ("received / (2 - 2)", "formula_divides_by_zero", 12, 5, {}),
        ("sum(pending)", "formula_stock_summed", 0, 12, {}),
        ("sum(tasks_overdue)", "formula_stock_summed", 0, 18, {}),
        ("last(received)", "formula_flow_last", 0, 14, {}),
        ("last(carried_over)", "formula_opening_last", 0, 18, {}),
        ("sum(carried_over)", "formula_stock_summed", 0, 17, {}),
        ("received[programme=NQ57]", "formula_unknown_filter", 9, 9, {}),
        ("tasks_total[field=HT]", "formula_unknown_filter", 12, 5, {}),
        ("received[field=HTT]", "formula_unknown_code", 15, 3, {}),
        ("received[system=City]", "formula_unknown_code", 16, 4, {}),
        ("received[field=HT, field=CT]", "formula_filter_twice", 19, 5, {}),
        ("@NQ57-Z", "formula_unknown_indicator", 0, 7, {}),
        ("1 - @NQ57-A", "formula_cycle", 4, 7, {"code": "NQ57-A"}),
        ("received + @NQ57-B", "formula_cycle", 11, 7, {"code": "NQ57-C"}),
        ("received + @NQ57-Y", "formula_period", 11, 7, {"period_type": "month"}),
        ("received", "formula_result_unit", 0, 8, {"unit_of_measure": "percent"}),
        ("received_online / received", "formula_result_unit", 0, 26, {"unit_of_measure": "dossiers"}),
        ("if(received = 0, 1, resolved / received)", "formula_not_a_quotient", 0, 40, {"unit_of_measure": "percent"}),
        ("received_online / received + resolved / received", "formula_not_a_quotient", 0, 48,
         {"unit_of_measure": "percent"}),
        ("100 * received_online / received", "formula_hundredfold", 0, 3, {"unit_of_measure": "percent"}),
        ("received_online / received * 100", "formula_hundredfold", 29, 3, {"unit_of_measure": "percent"}),
    ],
)  # fmt: skip
def test_what_means_nothing_is_pointed_at(
    text: str, code: str, offset: int, length: int, about: dict[str, str]
) -> None:
    found = faults(text, **about)
    assert [(f.code, f.at.offset, f.at.end - f.at.offset) for f in found] == [(code, offset, length)]


def test_the_name_that_was_meant_is_told() -> None:
    meant = {"recieved": "received", "Received_Online": "received_online", "resolved_on_tim": "resolved_on_time"}
    for name, wanted in meant.items():
        assert faults(name)[0].values["suggestion"] == wanted
    assert faults("received[field=ht]")[0].values["suggestion"] == "HT"
    assert faults("@NQ57-a")[0].values["suggestion"] == "NQ57-A"
    assert [f.code for f in faults("received_online / recieved + tasks_total")] == ["formula_unknown_measure"]
    assert faults("1 - @NQ57-B", code="NQ57-C")[0].values["way"] == "NQ57-C → NQ57-B → NQ57-C"


def test_all_that_is_wrong_is_told_at_once_from_left_to_right() -> None:
    found = faults("recieved[field=XX] + sum(pending[field=XX, day=2]) / @NQ57-Z")
    assert [f.code for f in found] == [
        "formula_unknown_measure", "formula_stock_summed", "formula_unknown_code", "formula_unknown_filter",
        "formula_unknown_indicator",
    ]  # fmt: skip


def test_much_that_is_wrong_is_told_in_part_and_soon() -> None:
    known = {f"NQ57-{n:04}": KnownIndicator("percent", "month") for n in range(500)}
    with pytest.raises(FormulaWrong) as caught:
        check("+".join(f"@NQ5-{n:03}" for n in range(90)), CATALOGUE, known, code="NQ57-X")
    assert [f.at.offset for f in caught.value.faults] == [9 * n for n in range(20)]


def test_places_count_lines_as_a_form_does() -> None:
    at = faults("received /\r\n  resolved +\r\n*")[0].at
    assert (at.offset, at.line, at.column) == (len("received /\n  resolved +\n"), 3, 1)


def test_what_passes_the_bounds_is_refused_and_what_stands_on_them_is_not() -> None:
    deep = "(" * grammar.MAX_DEPTH + "1" + ")" * grammar.MAX_DEPTH
    long = "1" + " " * (grammar.MAX_LENGTH - 1)
    large = "+".join(["1"] * (grammar.MAX_NODES // 2))
    for text in (deep, long, large):
        parse(text)
    for text, code in ((f"({deep})", "formula_too_deep"), (long + " ", "formula_too_long"),
                       (large + "+1", "formula_too_large"), ("-" * 500 + "1", "formula_too_large"),
                       ("(" * 1000, "formula_too_deep")):  # fmt: skip
        assert [f.code for f in faults(text)] == [code]


def test_every_fault_has_a_sentence_in_every_language() -> None:
    said = [faults(text)[0] for text, *_ in SYNTAX]
    said += [faults("recieved")[0], faults("received + tasks_total")[0], faults("@NQ57-Y", period_type="month")[0]]
    for fault in said:
        shown = _fault(fault, "/formula")
        for locale in i18n.LOCALES:
            sentence = i18n.translate(f"error.{shown.code}", locale, **shown.values)
            assert str(fault.at.column) in sentence, sentence
            assert "Named(" not in sentence
    assert i18n.translate("error.formula_unit_mismatch", "vi", **_fault(said[-2], "").values) == (
        "Dòng 1, ký tự 10: không cộng, trừ hay so sánh được “hồ sơ” với “nhiệm vụ”."
    )


CODES = "abcdef"


@given(st.dictionaries(st.sampled_from(CODES), st.sets(st.sampled_from(CODES), max_size=3), max_size=6))
def test_circles_are_found_where_there_are_some(names: dict[str, set[str]]) -> None:
    reached = {code: set(names.get(code, ())) for code in CODES}
    for _ in CODES:
        for code in CODES:
            reached[code] |= {far for near in reached[code] for far in reached[near]}
    for code in CODES:
        way = cycle(names, code)
        assert (way is not None) == (code in reached[code])
        if way is not None:
            assert way[0] == way[-1] == code
            assert all(after in names[before] for before, after in pairwise(way))
    if any(code in reached[code] for code in CODES):
        with pytest.raises(ValueError, match="name each other"):
            in_order(names)
    else:
        order = in_order(names)
        assert sorted(order) == sorted(names)
        assert all(order.index(named) < order.index(code) for code in names for named in names[code] if named in names)


def test_a_long_chain_of_indicators_is_no_matter() -> None:
    names = {str(n): [str(n + 1)] for n in range(5000)}
    shuffled = dict(random.Random(1).sample(list(names.items()), len(names)))
    assert cycle(names, "0") is None
    assert in_order(shuffled)[0] == "4999"
    names["4999"] = ["0"]
    assert len(cycle(names, "0") or []) == 5001
