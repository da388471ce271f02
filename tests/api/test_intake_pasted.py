"""Blocks as people paste them, each with the reading it must have: `tests/data/pasted`."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from app.core.errors import Problem
from app.core.sheets import from_file, from_text
from app.procedures.rules import System
from app.throughput.forms import Reference
from app.throughput.intake.schemas import SystemRead
from app.throughput.intake.service import understand
from app.throughput.schemas import LineIn
from app.units.service import by_code
from tests.support.clients import DAY, WARD

SAMPLES = Path(__file__).parents[1] / "data" / "pasted"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
WORKED_OUT = ("carried_over", "pending_in_time")


def said(read: SystemRead) -> dict[str, dict[str, Any]]:
    """Return the lines as the expectations are written: zeros left out, so are stocks to be worked out."""
    return {
        str(line["field"]): {
            column: value
            for column, value in line.items()
            if column != "field" and value not in (0, {}) and not (value is None and column in WORKED_OUT)
        }
        for line in read.lines
    }


def worded(lines: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {field: {c: v for c, v in line.items() if v != 0 or v is None} for field, line in lines.items()}


def test_there_are_thirty_samples_each_with_its_reading() -> None:
    assert {path.stem for path in SAMPLES.glob("*.txt")} == set(EXPECTED)
    assert len(EXPECTED) >= 30


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("way", ["pasted", "file"])
def test_a_block_is_understood_as_it_is_meant(session: Session, name: str, way: str) -> None:
    expected, content = EXPECTED[name], (SAMPLES / f"{name}.txt").read_bytes()
    unit, reference = by_code(session, WARD), Reference.read(session)
    grids = [from_text(content.decode())] if way == "pasted" else from_file(content)

    def read() -> Any:
        return understand(session, reference, unit, date.fromisoformat(DAY), grids, system=None)

    if "problem" in expected:
        with pytest.raises(Problem) as refused:
            read()
        assert refused.value.code == expected["problem"]
        return
    found = read().city
    assert found is not None
    assert found.layout == expected["layout"]
    assert said(found) == worded(expected["lines"])
    assert [[row.row, row.reason] for row in found.unmatched] == expected["unmatched"]
    assert [[error.place, error.code] for error in found.errors] == expected["errors"]
    differences = found.totals and [[d.measure, d.said, d.sum] for d in found.totals.differences]
    assert differences == expected["differences"]
    zeros = {name: 0 for name, about in LineIn.model_fields.items() if about.is_required()}
    for line in found.lines:
        LineIn.model_validate(zeros | line)


def test_a_row_goes_to_the_system_it_names(session: Session) -> None:
    text = (SAMPLES / "02-template-of-both.txt").read_text("utf-8")
    unit, reference = by_code(session, WARD), Reference.read(session)
    both = understand(session, reference, unit, date.fromisoformat(DAY), [from_text(text)], system=System.CITY)
    assert both.ministry is not None
    assert list(said(both.ministry)) == ["LT"]
    assert said(both.ministry)["LT"] == {
        "carried_over": 1, "received_online": 5, "resolved_early": 5, "pending_in_time": 1
    }  # fmt: skip
