"""What a reading's row says: exactly, and as it is sent and shown."""

from decimal import Decimal
from fractions import Fraction

from app.indicators import rules
from app.indicators.readings.newest import Said
from app.indicators.schemas import shown_value


def figure_of(row: Said | None, measure: str) -> Fraction | None:
    """Return what a reading says, exactly."""
    return None if row is None else rules.figure(row.value, row.numerator, row.denominator, measure)


def shown_of(row: Said | None, measure: str) -> Decimal | None:
    """Return what a reading says, as it is sent and shown."""
    return None if row is None else shown_value(row.value, row.numerator, row.denominator, measure)
