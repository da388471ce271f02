"""The page on formulas says what is so: examples come out, errors are found, measures are all there."""

import re

import pytest

from app.core.settings import project_root
from app.indicators.formulas.checking import KnownIndicator, check
from app.indicators.formulas.examples import Example, run
from app.indicators.formulas.faults import FormulaWrong
from app.indicators.measures.rules import Catalogue, Filter, Kind, measures
from app.throughput.forms import MEMOS

CATALOGUE = Catalogue(measures(dict(MEMOS)), {Filter.field: ("HT", "CT"), Filter.system: ("city", "ministry")})
KNOWN = {code: KnownIndicator("points", "month") for code in ("NQ57-A", "NQ57-B")}
KINDS = {"flow": Kind.flow, "stock": Kind.stock, "opening": Kind.opening,
         "phát sinh": Kind.flow, "tồn": Kind.stock, "đầu kỳ": Kind.opening}  # fmt: skip
both = pytest.mark.parametrize("page", ["formulas.md", "formulas.vi.md"])


def rows(page: str, pattern: str) -> list[tuple[str, ...]]:
    text = (project_root() / "docs" / page).read_text("utf-8")
    return [tuple(found) for found in re.findall(rf"^\| {pattern} \|$", text, re.MULTILINE)]


@both
def test_examples_come_to_what_the_page_says(page: str) -> None:
    found = rows(page, r"`([^`]+)` \| ((?:`[^`]+` = [^|]+)+) \| (\S+)")
    assert len(found) >= 6
    for text, given, expected in found:
        inputs = {
            name: None if value == "null" else value for name, value in re.findall(r"`([^`]+)` = ([^,| ]+)", given)
        }
        formula = check(text, CATALOGUE, KNOWN)
        assert run(formula, [Example(inputs, None if expected == "null" else expected)]) == [], text
        assert ("/" in expected) <= formula.ratio, text


@both
def test_errors_are_found_where_the_page_says(page: str) -> None:
    found = rows(page, r"`([^`]+)` \| `(formula_\w+)` \| (\d+)")
    assert len(found) >= 6
    for text, code, column in found:
        with pytest.raises(FormulaWrong) as caught:
            check(text, CATALOGUE, KNOWN)
        fault = caught.value.faults[0]
        assert (fault.code, fault.at.column) == (code, int(column)), text


@both
def test_measures_are_those_that_there_are(page: str) -> None:
    kinds = {}
    for names, kind in rows(page, rf"(`[^|]+`) \| ({'|'.join(KINDS)}) \| [^|]+"):
        kinds.update(dict.fromkeys(re.findall(r"`(\w+)`", names), KINDS[kind]))
    assert kinds == {name: measure.kind for name, measure in CATALOGUE.measures.items()}
