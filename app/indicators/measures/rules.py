"""Measures: what each counts, in which unit of measure, and whether it adds up over time: pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from app.tasks.rules import Bucket
from app.throughput.rules import FLOWS, RECEIVED, RESOLVED, STOCKS

DOSSIERS, TASKS = "dossiers", "tasks"
# What a unit of measure is made of: each base with its power; a plain number, a share or per cent has none.
Dimension = tuple[tuple[str, int], ...]
PLAIN: Dimension = ()
_PLAIN_UNITS = frozenset({"", "percent", "points", "ratio", "number", "rank", "times"})
CITY = "city"


class Kind(StrEnum):
    """How a measure behaves over a period: a flow adds up, a stock is its last one, an opening its first."""

    flow = "flow"
    stock = "stock"
    opening = "opening"


class Filter(StrEnum):
    """What a measure may be narrowed to."""

    unit = "unit"
    field = "field"
    system = "system"
    programme = "programme"


OF_DOSSIERS = (Filter.unit, Filter.field, Filter.system)
OF_TASKS = (Filter.unit, Filter.programme)


@dataclass(frozen=True, slots=True)
class MeasureRef:
    """A measure as a formula names it: its name and what it is narrowed to (None: not)."""

    name: str
    unit: str | None = None
    field: str | None = None
    system: str | None = None
    programme: str | None = None

    def __str__(self) -> str:
        return _written(self)


@lru_cache(maxsize=4096)
def _written(ref: MeasureRef) -> str:
    narrowed = [f"{f.value}={value}" for f in Filter if (value := getattr(ref, f.value)) is not None]
    return ref.name + (f"[{', '.join(narrowed)}]" if narrowed else "")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a formula may name; `words` is the key of its name in three languages."""

    name: str
    kind: Kind
    unit_of_measure: str
    filters: tuple[Filter, ...]
    words: str
    part_of: str | None = None

    @property
    def dimension(self) -> Dimension:
        return ((self.unit_of_measure, 1),)


@dataclass(frozen=True)
class Catalogue:
    """All measures by name, and the codes that filters may say (an absent filter: any)."""

    measures: Mapping[str, Measure]
    codes: Mapping[Filter, Collection[str]] = field(default_factory=dict)


_KIND = dict.fromkeys(FLOWS, Kind.flow) | {
    "carried_over": Kind.opening, "pending_in_time": Kind.stock, "pending_overdue": Kind.stock,
    "received": Kind.flow, "resolved": Kind.flow, "pending": Kind.stock,
}  # fmt: skip
# In the order of form II.06a, each sum before its parts.
COLUMNS = (
    "carried_over", "received", *RECEIVED, "resolved", *RESOLVED, "withdrawn", "pending", "pending_in_time",
    "pending_overdue",
)  # fmt: skip
BUCKETS = {f"tasks_{bucket.value}": bucket for bucket in Bucket}
ALL_TASKS = "tasks_total"
# Elsewhere they are called by what the applicant does, like a column on persons, which no file of ours has.
_OWN_WORDS = {"withdrawn", "waiting_applicant"}
_BUCKET_WORDS = "tasks.bucket_"


def measures(memos: Mapping[str, str | None]) -> dict[str, Measure]:
    """Return what a formula may name, by name, in their usual order; `memos`: code → the column it is part of.

    A memo is counted as the column that it is part of: part of a stock it is a stock, else a flow. One with a name
    that stands for something else already cannot be named.
    """
    found = {
        name: Measure(name, _KIND[name], DOSSIERS, OF_DOSSIERS, f"throughput.column.{name}") for name in COLUMNS
    }  # fmt: skip
    found["withdrawn"] = replace(found["withdrawn"], part_of="resolved_on_time")
    for code, column in memos.items():
        kind = Kind.stock if column in (*STOCKS, "pending") else Kind.flow
        found.setdefault(code, Measure(code, kind, DOSSIERS, OF_DOSSIERS, f"throughput.memo.{code}", column))
    found.setdefault(ALL_TASKS, Measure(ALL_TASKS, Kind.stock, TASKS, OF_TASKS, "indicators.tasks_total"))
    for name, bucket in BUCKETS.items():
        found.setdefault(name, Measure(name, Kind.stock, TASKS, OF_TASKS, f"{_BUCKET_WORDS}{bucket.value}"))
    for name in _OWN_WORDS & found.keys():
        found[name] = replace(found[name], words=f"indicators.measure_{name}")
    return found


def dimension_of(unit_of_measure: str) -> Dimension:
    """Return what an indicator's unit of measure is made of; per cent, points and the like are plain numbers."""
    return PLAIN if unit_of_measure in _PLAIN_UNITS else ((unit_of_measure, 1),)


def times(one: Dimension, other: Dimension, power: int = 1) -> Dimension:
    """Return the unit of a product, or with power −1 of a quotient."""
    powers = dict(one)
    for base, exponent in other:
        powers[base] = powers.get(base, 0) + power * exponent
    return tuple(sorted((base, exponent) for base, exponent in powers.items() if exponent))


def dimension_text(dimension: Dimension) -> str:
    """Return a unit of measure as it is written: `dossiers`, `dossiers/tasks`, `1` for a plain number."""
    above = [base for base, power in dimension for _ in range(max(power, 0))]
    below = [base for base, power in dimension for _ in range(max(-power, 0))]
    return "×".join(above or ["1"]) + "".join(f"/{base}" for base in below)
