"""What formulas were given: a table of kept sums, by unit and period."""

from datetime import date

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from app.core.search import ordered_text
from app.throughput.models import CLUSTERED


class IndicatorInput(SQLModel, table=True):
    """One measure of one unit's reports over a period; the city's are the sums. Derived, like all kept totals.

    Without an amount: it does not apply to the unit.
    """

    __tablename__ = "indicator_inputs"
    __table_args__ = (CLUSTERED,)

    period: str = Field(primary_key=True, max_length=10)
    measure: str = Field(sa_column=Column(ordered_text(200), primary_key=True))
    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    amount: int | None = Field(sa_type=BigInteger)
    as_of: date
