"""Formulas as they are sent to be checked, and what is said of them."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.core.errors import ProblemDocument
from app.core.schemas import Line, Verbatim
from app.indicators.formulas import grammar
from app.indicators.measures.rules import Kind
from app.indicators.schemas import Figure
from app.throughput.schemas import WordsOut

KIND_WORDS = "flow (cộng qua các ngày) | stock (số cuối kỳ) | opening (số đầu kỳ)"
VALUE_WORDS = "A whole number; text like `12.5`, `3/4`, `93.37%`; `n/a` not applicable; null missing"
# Twice the bound, so that a formula too long is refused with a place like all else that is wrong in it.
FormulaText = Annotated[
    Verbatim, Field(max_length=2 * grammar.MAX_LENGTH, examples=["received_online / received"])
]  # fmt: skip
ExampleValue = Annotated[
    StrictInt | Annotated[Line, Field(max_length=40)] | None, Field(description=VALUE_WORDS, examples=["3/4"])
]


class FormulaExample(BaseModel):
    """What measures were, and what the formula must come to."""

    model_config = ConfigDict(extra="forbid")

    inputs: Annotated[
        dict[Annotated[Line, Field(max_length=200)], ExampleValue],
        Field(max_length=50, description="By name as in the formula", examples=[{"received_online": 3, "received": 4}]),
    ]
    expected: ExampleValue


class FormulaIn(BaseModel):
    """A formula to be checked; what is known of the indicator that it defines is checked with it."""

    model_config = ConfigDict(extra="forbid")
    form_key: ClassVar[frozenset[str]] = frozenset()

    formula: FormulaText
    code: Annotated[Line | None, Field(max_length=40, description="Of the indicator: a cycle is found then")] = None
    unit_of_measure: Annotated[Line | None, Field(max_length=30, description="Of the indicator")] = None
    period_type: Annotated[
        Literal["day", "month", "quarter", "year"] | None, Field(description="Of the indicator")
    ] = None  # fmt: skip
    examples: Annotated[list[FormulaExample], Field(max_length=20)] = Field(default_factory=list)


class FormulaMeasure(BaseModel):
    """A measure that a formula names."""

    written: Annotated[str, Field(description="With its filters, in its one way of being written")]
    title: WordsOut
    kind: Annotated[Kind, Field(description=KIND_WORDS)]
    unit_of_measure: str


class FormulaPreview(BaseModel):
    """What a formula comes to for the whole city over the last thirty days."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    state: Literal["value", "missing", "not_applicable"]
    value: Annotated[Figure | None, Field(description="null unless the state is `value`")]
    numerator: Annotated[int | None, Field(description="Of a quotient")]
    denominator: int | None


class FormulaChecked(BaseModel):
    """A formula that may be kept."""

    formula: Annotated[str, Field(description="In its one way of being written")]
    unit_of_measure: Annotated[str | None, Field(description="`1`: a share or plain number; null: numbers only")]
    quotient: Annotated[bool, Field(description="Whether the result has a numerator and a denominator")]
    measures: list[FormulaMeasure]
    indicators: list[str]
    examples: Annotated[int, Field(description="How many came out as they say")]
    preview: Annotated[
        FormulaPreview | None,
        Field(description="null: for who does not see all units, or where other indicators are named"),
    ]


class FormulaPosition(BaseModel):
    """Where something is wrong in a formula: characters from 0, lines and columns from 1."""

    pointer: str
    code: str
    offset: int
    end: int
    line: int
    column: int
    expected: Annotated[
        list[str],
        Field(description=f"What may stand there: {', '.join(f'`{name}`' for name in grammar.EXPECTED)}"),
    ]


class FormulaProblem(ProblemDocument):
    """A refused formula: the problem document, and where in the formula each thing is."""

    positions: list[FormulaPosition] = Field(default_factory=list)
