"""Small shapes that all parts of the indicators send and show."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, PlainSerializer
from pydantic import Field as Described
from pydantic_core import PydanticCustomError

from app.indicators.rules import CODE, PLACES, AmbiguousAmount, Comparator, amount_of, period_of, text_of
from app.tasks.schemas import UnitName

Shown = TypeVar("Shown")
MEASURE = r"^[a-z][a-z0-9_]{0,29}$"


def _amount(value: Any) -> Any:
    if value is None:
        return None
    try:
        return amount_of(value)
    except AmbiguousAmount:
        raise PydanticCustomError("amount", "not one amount", {"code": "amount_ambiguous"}) from None
    except ValueError:
        raise PydanticCustomError("amount", "not an amount", {"code": "bad_amount"}) from None


def _sent(value: Decimal) -> float | str:
    """Return an amount as JSON holds it, so that it is read again as the same: a number, or text of many digits."""
    sent = float(value)
    return sent if Decimal(repr(sent)) == value else text_of(value).replace(".", ",")


def _period(value: str) -> str:
    try:
        return period_of(value).name
    except ValueError:
        raise PydanticCustomError("period", "not a period", {"code": "bad_period"}) from None


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount, json_schema_input_type=float | str),
    PlainSerializer(_sent, when_used="json"),
    Described(description="A number; text is read as people write it: `93,37`, `1.234,5`; `1.234` is refused"),
]
PeriodName = Annotated[
    str,
    Described(max_length=10, description="A day, month, quarter or year: `2026-11-20`, `2026-11`, `2026-Q4`, `2026`"),
    AfterValidator(_period),
]
IndicatorCode = Annotated[str, Described(pattern=f"^{CODE}$", max_length=40, examples=["NQ57-01"])]


class PlaceOut(BaseModel):
    """Where a figure belongs."""

    place: Annotated[str, Described(description="`city`, `national` or a unit's code")]
    unit: UnitName | None


class GoalOut(BaseModel):
    """What is to be reached, by when, after which document."""

    comparator: Comparator
    unit_of_measure: str
    low: float | None
    high: float | None
    period: str
    version: int
    document: str


def number(value: Fraction | Decimal | str | None) -> float | None:
    """Return an exact amount as it is sent: rounded to six places."""
    return None if value is None else round(float(Fraction(value)), PLACES)
