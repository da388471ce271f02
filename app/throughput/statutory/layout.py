"""The layout of a statutory form as data: its columns, how they follow from the counts and from one another. Pure."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from app.throughput.rules import Figures
from app.throughput.schemas import WordsOut
from app.throughput.statutory.periods import Regime


class FormColumn(BaseModel):
    """One column: its own words, the groups it stands under, and the counts or the columns that it adds up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    label: WordsOut
    under: tuple[str, ...]
    counts: tuple[str, ...]
    sum: tuple[str, ...]


class FormBalance(BaseModel):
    """The identity of a line: what the first columns add up to beyond the second ones is its difference."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    have: tuple[str, ...]
    should: tuple[str, ...]


class FormLayout(BaseModel):
    """A form of one version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    version: str
    title: WordsOut
    legal_basis: str
    regime: Regime
    groups: dict[str, WordsOut]
    columns: tuple[FormColumn, ...]
    balance: FormBalance

    @property
    def counted(self) -> tuple[FormColumn, ...]:
        """The columns that hold numbers of dossiers."""
        return tuple(column for column in self.columns if column.counts or column.sum)


@lru_cache
def layout(code: str) -> FormLayout:
    """Return the layout of a form."""
    content = (Path(__file__).parent / f"{code}.json").read_text("utf-8")
    return FormLayout.model_validate(json.loads(content))


def values(figures: Figures, form: FormLayout) -> dict[str, int]:
    """Return a line's columns: counts first, then the sums over them."""
    line = {c.key: sum(int(getattr(figures, name)) for name in c.counts) for c in form.counted if c.counts}
    waiting = [c for c in form.counted if c.sum]
    while waiting:
        ready = [c for c in waiting if all(key in line for key in c.sum)]
        assert ready, "columns that add up one another"
        line |= {c.key: sum(line[key] for key in c.sum) for c in ready}
        waiting = [c for c in waiting if c.key not in line]
    return {c.key: line[c.key] for c in form.counted}


def difference(line: Mapping[str, int], form: FormLayout) -> int:
    """Return what does not add up in a line."""
    return sum(line[key] for key in form.balance.have) - sum(line[key] for key in form.balance.should)


class Head(NamedTuple):
    """A cell of the form's head; `group`: it stands over others."""

    label: WordsOut
    column: int
    columns: int
    rows: int
    group: bool


def head(columns: Sequence[FormColumn], groups: Mapping[str, WordsOut]) -> list[list[Head]]:
    """Return the rows of a form's head: groups over their columns, each column down to the last row."""
    depth = 1 + max(len(c.under) for c in columns)
    rows: list[list[Head]] = []
    for level in range(depth):
        row: list[Head] = []
        for index, column in enumerate(columns):
            path = column.under[: level + 1]
            if len(column.under) == level:
                row.append(Head(column.label, index, 1, depth - level, group=False))
            elif len(path) > level and (index == 0 or columns[index - 1].under[: level + 1] != path):
                width = 0
                while index + width < len(columns) and columns[index + width].under[: level + 1] == path:
                    width += 1
                row.append(Head(groups[path[-1]], index, width, 1, group=True))
        rows.append(row)
    return rows
