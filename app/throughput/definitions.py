"""What each rate and each state means: its formula over the columns, its target, its source; figures lead here."""

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


class Defined(StrEnum):
    """The names of what is defined: the rates, then the states, worst first."""

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
    """What a rate or a state means."""

    name: Annotated[Defined, Field(description="A rate or a state")]
    kind: Annotated[DefinitionKind, Field(description="Which of the two")]
    title: WordsOut
    meaning: WordsOut
    formula: Annotated[FormulaOut | None, Field(description="null: a state")]
    target: Annotated[TargetOut | None, Field(description="null: none is set")]
    source: WordsOut
    legal_basis: Annotated[str, Field(description="Of the daily report, in Vietnamese, as the city has set it")]
    version: Annotated[int, Field(description="Version of the daily report's definition, which sets targets and clock")]


class DefinitionsOut(BaseModel):
    """All definitions: the rates, then the states, worst first."""

    items: list[DefinitionOut]


def every(session: Session) -> DefinitionsOut:
    """Return all definitions."""
    return DefinitionsOut(items=[one(session, name) for name in Defined])


def one(session: Session, name: Defined) -> DefinitionOut:
    """Return what a rate or a state means, with the target that stands."""
    form = Reference.read(session).form
    is_state = name.value in State.__members__
    formula, target = None, None
    if not is_state:
        above, below = FORMULAS[name.value]
        formula = FormulaOut(numerator=list(above), denominator=list(below))
    if name.value in _AT_LEAST:
        points: int = getattr(form, f"target_{name.value}")
        target = TargetOut(value=points / 10_000, at_least=_AT_LEAST[name.value], source=form.target_source)
    return DefinitionOut(
        name=name,
        kind=DefinitionKind.state if is_state else DefinitionKind.rate,
        title=_words(f"throughput.state.{name.value}" if is_state else f"throughput.rate_{name.value}"),
        meaning=_words(f"throughput.meaning.{name.value}"),
        formula=formula,
        target=target,
        source=_words(_source(name, is_state=is_state)),
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


def _source(name: Defined, *, is_state: bool) -> str:
    if is_state:
        return "throughput.definition_source.state"
    known = name in (Defined.settlement, Defined.qd766_progress)
    return f"throughput.definition_source.{name.value if known else 'rate'}"


def _words(key: str) -> WordsOut:
    return WordsOut(**{locale: i18n.translate(key, locale) for locale in i18n.LOCALES})
