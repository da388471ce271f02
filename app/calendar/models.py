"""Days that are not what their weekday says, Saturday services, and the shapes in which they are sent and shown."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.calendar.rules import DayKind
from app.core.schemas import Day, Line
from app.units.models import UnitCode

KIND_WORDS = (
    "holiday (ngày nghỉ lễ) | day_off_in_lieu (ngày nghỉ bù, nghỉ hoán đổi) | swapped_working_day (ngày làm bù) | "
    "local_closure (tạm dừng tiếp nhận tại địa phương)"
)


class CalendarDay(SQLModel, table=True):
    """One day's exception, for the whole city (`unit_id` null) or one unit, with its legal reference."""

    __tablename__ = "calendar_days"
    __table_args__ = (
        CheckConstraint(f"kind in ({', '.join(repr(k.value) for k in DayKind)})", name="kind"),
        CheckConstraint("unit_id is null or kind = 'local_closure'", name="unit_closure"),
        CheckConstraint("legal_reference <> ''", name="legal_reference"),
        UniqueConstraint("day", "unit_id"),
        # A null is equal to nothing, so the pair above lets the city's day stand twice.
        Index(
            "uq_calendar_days_city_day",
            "day",
            unique=True,
            sqlite_where=text("unit_id is null"),
            postgresql_where=text("unit_id is null"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    day: date
    kind: str = Field(max_length=20)
    unit_id: int | None = Field(foreign_key="units.id", index=True)
    name_vi: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    name_fr: str = Field(max_length=200)
    legal_reference: str = Field(max_length=400)
    version: int


class SaturdayService(SQLModel, table=True):
    """A span in which a unit receives on Saturday mornings: it may report then, but owes nothing for it."""

    __tablename__ = "saturday_services"
    __table_args__ = (
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        CheckConstraint("legal_reference <> ''", name="legal_reference"),
        UniqueConstraint("unit_id", "valid_from"),
    )

    id: int = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    valid_from: date
    valid_to: date | None
    legal_reference: str = Field(max_length=400)
    version: int


@dataclass(frozen=True, slots=True)
class CalendarChanged:
    """Working days changed from a day on, for one unit or (None) for all; published in the changing transaction."""

    from_day: date
    unit_id: int | None = None


LegalReference = Annotated[
    Line,
    Described(min_length=1, max_length=400, description="The document that says so: kind, number, day"),
]
DayName = Annotated[Line, Described(min_length=1, max_length=200)]


class DayIn(BaseModel):
    """A day's exception as sent by who keeps the calendar."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[DayKind, Described(description=KIND_WORDS)]
    name_vi: DayName
    name_en: Annotated[DayName | None, Described(description="Absent: as in Vietnamese")] = None
    name_fr: Annotated[DayName | None, Described(description="Absent: as in Vietnamese")] = None
    legal_reference: LegalReference


class DayOut(BaseModel):
    """A day as the calendar knows it; without a mark it is what its weekday says."""

    day: date
    working: bool
    served: Annotated[bool, Described(description="May be reported: worked, or a Saturday the unit serves")]
    kind: Annotated[DayKind | None, Described(description=KIND_WORDS)]
    unit: Annotated[str | None, Described(description="The unit whose mark this is; null: the whole city's, or none")]
    name_vi: str | None
    name_en: str | None
    name_fr: str | None
    legal_reference: str | None
    version: int | None


class CalendarMonthOut(BaseModel):
    """How many working days a month has within the period."""

    month: Annotated[str, Described(examples=["2026-11"])]
    working_days: int


class PeriodOut(BaseModel):
    """Every day of a period, for one unit or for the city, with the closures of single units beside."""

    first: Annotated[date, Described(alias="from")]
    last: Annotated[date, Described(alias="to")]
    unit: str | None
    working_days: int
    months: list[CalendarMonthOut]
    days: list[DayOut]
    unit_closures: Annotated[
        list[DayOut], Described(description="Closures of single units; empty where a unit was asked for")
    ]


class ServiceIn(BaseModel):
    """A unit's Saturday service as it is added."""

    model_config = ConfigDict(extra="forbid")

    unit: UnitCode
    valid_from: Day
    valid_to: Annotated[Day | None, Described(description="The last day; absent: until further notice")] = None
    legal_reference: LegalReference


class ServiceOut(BaseModel):
    """A unit's Saturday service as it is shown."""

    id: int
    unit: str
    unit_name: str
    valid_from: date
    valid_to: date | None
    legal_reference: str
    version: int


class ServiceList(BaseModel):
    """Every Saturday service, the units in Vietnamese order."""

    items: list[ServiceOut]
