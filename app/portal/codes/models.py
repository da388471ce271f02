"""Tables of what the portal publishes: its codes, its figures by month, its scores."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column
from sqlmodel import Field, SQLModel

from app.core.search import ordered_text
from app.portal.codes.rules import CodeOf
from app.throughput.models import one_of

COUNTS = ("received", "online", "direct", "post", "on_time", "overdue")


class PortalCode(SQLModel, table=True):
    """A code in one of the portal's lists; one that is gone stays, with its day."""

    __tablename__ = "portal_codes"
    __table_args__ = (
        CheckConstraint(one_of("kind", CodeOf), name="kind"),
        CheckConstraint("(kind = 'procedure') = (parent is not null)", name="parent"),
        CheckConstraint("gone_at is null or gone_at >= first_at", name="gone"),
    )

    kind: str = Field(primary_key=True, max_length=10)
    code: str = Field(sa_column=Column(ordered_text(500), primary_key=True))
    name: str = Field(max_length=500)
    parent: str | None = Field(max_length=500)
    first_at: datetime
    changed_at: datetime
    gone_at: datetime | None


class _Counts(SQLModel):
    """What the portal counts of an agency; null: it says nothing, which is not zero."""

    received: int | None
    online: int | None
    direct: int | None
    post: int | None
    on_time: int | None
    overdue: int | None
    known_at: datetime


def _none_negative() -> tuple[CheckConstraint, ...]:
    return tuple(CheckConstraint(f"{name} is null or {name} >= 0", name=name) for name in COUNTS)


class PortalMonthRow(_Counts, table=True):
    """What the portal publishes of an agency's month; null: it says nothing, which is not zero."""

    __tablename__ = "portal_months"
    __table_args__ = (
        CheckConstraint("month between 1 and 12 and year between 2000 and 2200", name="month"),
        *_none_negative(),
    )

    agency: str = Field(sa_column=Column(ordered_text(500), primary_key=True))
    year: int = Field(primary_key=True)
    month: int = Field(primary_key=True)


class PortalPeriodRow(_Counts, table=True):
    """What the portal publishes of an agency's quarter or year; null: it says nothing, which is not zero."""

    __tablename__ = "portal_periods"
    __table_args__ = (
        CheckConstraint("length(period) in (4, 7)", name="period"),
        *_none_negative(),
    )

    agency: str = Field(sa_column=Column(ordered_text(500), primary_key=True))
    period: str = Field(primary_key=True, max_length=7, description="2026-Q4 or 2026")


class PortalMark(_Counts, table=True):
    """Where an agency's running month stood when the portal was last asked on a day: what daily differences rest on."""

    __tablename__ = "portal_marks"
    __table_args__ = _none_negative()

    agency: str = Field(sa_column=Column(ordered_text(500), primary_key=True))
    day: date = Field(primary_key=True, description="On which it was asked; its month is the one that is counted")


class PortalScoreRow(SQLModel, table=True):
    """An agency's latest score by QĐ 766, in hundredths of a point."""

    __tablename__ = "portal_scores"
    __table_args__ = (CheckConstraint("hundredths between 0 and 10000", name="hundredths"),)

    agency: str = Field(sa_column=Column(ordered_text(500), primary_key=True))
    hundredths: int
    scored_at: str = Field(max_length=40, description="As the portal writes it")
    known_at: datetime
