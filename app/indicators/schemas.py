"""Small shapes that all parts of the indicators send and show."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, PlainSerializer, SerializationInfo, WithJsonSchema
from pydantic import Field as Described
from pydantic_core import PydanticCustomError

from app.core.periods import LONGEST
from app.indicators.rules import (
    CODE,
    PLACES,
    WORKED_PLACES,
    AmbiguousAmount,
    Comparator,
    amount_of,
    period_written,
    places_of,
    rounded,
    text_of,
    worked_out,
)
from app.tasks.schemas import UnitName

Shown = TypeVar("Shown")
PERIOD_FORMS = (
    "A day, month, quarter or year: `2026-11-20`, `2026-11`, `2026-Q4`, `2026`; what people write is read so too: "
    "`20/11/2026`, `tháng 11/2026`, `11/2026`, `quý IV/2026`, `Q4 2026`, `năm 2026`"
)
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


def _sent(value: Decimal, info: SerializationInfo) -> Any:
    """Return an amount so that it is read again as the same: in JSON a number, or text where a double has not all its
    digits; in a table the decimal itself.
    """
    given = rounded(Fraction(value)).normalize() if places_of(value) > PLACES else value
    if not info.mode_is_json():
        return Decimal(text_of(given))
    if not places_of(given):
        return int(given)
    sent = float(given)
    return sent if Decimal(repr(sent)) == given else text_of(given).replace(".", ",")


_SENT = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}, mode="serialization")


def _period(value: str) -> str:
    try:
        return period_written(value).name
    except ValueError:
        raise PydanticCustomError("period", "not a period", {"code": "bad_period"}) from None


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount, json_schema_input_type=float | str),
    PlainSerializer(_sent),
    _SENT,
    Described(description="A number; text is read as people write it: `93,37`, `1.234,5`; `1.234` is refused"),
]
Figure = Annotated[
    Decimal,
    PlainSerializer(_sent),
    _SENT,
    Described(
        description="Exact decimal: a number; text as people write it where a number of 64 bits has not all its digits"
    ),
]
PeriodName = Annotated[
    str,
    Described(max_length=LONGEST, description=PERIOD_FORMS),
    AfterValidator(_period),
]
IndicatorCode = Annotated[str, Described(pattern=f"^{CODE}$", max_length=40, examples=["NQ57-01"])]


class PlaceOut(BaseModel):
    """Where a figure belongs."""

    place: Annotated[str, Described(description="`city`, `national` or a unit's code")]
    unit: UnitName | None


class GoalOut(BaseModel):
    """What is to be reached, by whom, by when, after which document."""

    place: Annotated[str, Described(description="Whose target it is: `city`, `national` or a unit's code")]
    comparator: Comparator
    unit_of_measure: str
    low: Figure | None
    high: Figure | None
    period: str
    version: int
    document: str


def worked(value: Fraction) -> Decimal:
    """Return an amount that was worked out, with more places than one that is stored.

    JSON and tables round it to six places, pages to two: neither rounding moves the other.
    """
    return rounded(value, WORKED_PLACES)


def number(value: Fraction | str | None) -> Decimal | None:
    """Return an amount as it is sent and shown: a stored one to the letter."""
    if value is None or isinstance(value, str):
        return None if value is None else Decimal(value)
    return worked(value)


def shown_value(value: str | None, numerator: int | None, denominator: int | None, measure: str) -> Decimal | None:
    """Return what a reading says as it is sent and shown: the value as published, or worked out from its parts."""
    return number(worked_out(numerator, denominator, measure) if value is None else value)
