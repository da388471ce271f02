"""What each rate, state and approval status means: its formula, its target, its source; figures lead here."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field
from sqlmodel import Session

from app.core import i18n
from app.core.tables import Cell, Table
from app.throughput.forms import Reference
from app.throughput.rules import RECEIVED, RESOLVED
from app.throughput.schemas import WordsOut
from app.throughput.targets import TARGETED
from app.throughput.timing import State

_IN_TIME = ("resolved_early", "resolved_on_time")
_STOCK = ("carried_over", *RECEIVED)
# The columns that are added up above and below the line; a test proves them equal to `rules.rates`.
FORMULAS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "online": (("received_online",), RECEIVED),
    "on_time": (_IN_TIME, RESOLVED),
    "overdue": (("resolved_overdue", "pending_overdue"), _STOCK),
    "settlement": (RESOLVED, RECEIVED),
    "qd766_progress": ((*_IN_TIME, "pending_in_time"), _STOCK),
}
_AT_LEAST = dict(TARGETED)


class DefinitionKind(StrEnum):
    """What is defined."""

    rate = "rate"
    state = "state"
    approval = "approval"


_TITLES = {
    DefinitionKind.rate: "throughput.rate_", DefinitionKind.state: "throughput.state.",
    DefinitionKind.approval: "approval.status.",
}  # fmt: skip


class Defined(StrEnum):
    """The names of what is defined: the rates, the states, worst first, then how far an approval has come."""

    online = "online"
    on_time = "on_time"
    overdue = "overdue"
    settlement = "settlement"
    qd766_progress = "qd766_progress"
    late = "late"
    partial = "partial"
    due = "due"
    unavailable = "unavailable"
    not_due = "not_due"
    received_late = "received_late"
    received_on_time = "received_on_time"
    waived = "waived"
    received = "received"
    approved_ward = "approved_ward"
    approved_city = "approved_city"
    returned = "returned"


class FormulaOut(BaseModel):
    """The columns that are added up, over and under the line; nothing under it is no rate, neither 0 nor 100 %."""

    numerator: list[str]
    denominator: list[str]


class TargetOut(BaseModel):
    """What a rate should reach; the city's to change."""

    value: float
    at_least: Annotated[bool, Field(description="Whether it is the least the rate should be, or the most")]
    source: str


class DefinitionOut(BaseModel):
    """What a rate, a state or an approval status means."""

    name: Annotated[Defined, Field(description="A rate, a state, or an approval status")]
    kind: Annotated[DefinitionKind, Field(description="Which of them")]
    title: WordsOut
    meaning: WordsOut
    formula: Annotated[FormulaOut | None, Field(description="null: no rate")]
    target: Annotated[TargetOut | None, Field(description="null: none is set")]
    source: WordsOut
    legal_basis: Annotated[str, Field(description="Of the daily report, in Vietnamese, as the city has set it")]
    version: Annotated[int, Field(description="Version of the daily report's definition, which sets targets and clock")]


class DefinitionsOut(BaseModel):
    """All definitions: the rates, the states, worst first, then the approval statuses."""

    items: list[DefinitionOut]


def every(session: Session) -> DefinitionsOut:
    """Return all definitions."""
    return DefinitionsOut(items=[one(session, name) for name in Defined])


def one(session: Session, name: Defined) -> DefinitionOut:
    """Return what a rate, a state or an approval status means, with the target that stands."""
    form = Reference.read(session).form
    kind = _kind(name)
    formula, target = None, None
    if kind is DefinitionKind.rate:
        above, below = FORMULAS[name.value]
        formula = FormulaOut(numerator=list(above), denominator=list(below))
    if name.value in _AT_LEAST:
        points: int = getattr(form, f"target_{name.value}")
        target = TargetOut(value=points / 10_000, at_least=_AT_LEAST[name.value], source=form.target_source)
    return DefinitionOut(
        name=name,
        kind=kind,
        title=_words(f"{_TITLES[kind]}{name.value}"),
        meaning=_words(f"throughput.meaning.{name.value}"),
        formula=formula,
        target=target,
        source=_words(_source(name, kind)),
        legal_basis=form.legal_basis,
        version=form.version,
    )


def as_table(data: DefinitionsOut) -> Table:
    """Return the definitions as rows, the formula's columns divided by plus signs."""
    columns = ["name", "kind", "title_vi", "meaning_vi", "numerator", "denominator", "target", "source_vi", "version"]
    rows: list[list[Cell]] = []
    for d in data.items:
        above, below = (d.formula.numerator, d.formula.denominator) if d.formula else ([], [])
        words: list[Cell] = [d.name.value, d.kind.value, d.title.vi, d.meaning.vi, " + ".join(above), " + ".join(below)]
        rows.append([*words, d.target.value if d.target else None, d.source.vi, d.version])
    return Table("dinh-nghia", columns, rows)


def _kind(name: Defined) -> DefinitionKind:
    if name.value in FORMULAS:
        return DefinitionKind.rate
    return DefinitionKind.state if name.value in State.__members__ else DefinitionKind.approval


def _source(name: Defined, kind: DefinitionKind) -> str:
    if kind is not DefinitionKind.rate:
        return f"throughput.definition_source.{kind.value}"
    known = name in (Defined.settlement, Defined.qd766_progress)
    return f"throughput.definition_source.{name.value if known else 'rate'}"


def _words(key: str) -> WordsOut:
    return WordsOut(**{locale: i18n.translate(key, locale) for locale in i18n.LOCALES})
