"""The table of circuit breakers: all processes share what one of them learned."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Text
from sqlmodel import Field, SQLModel

from app.portal.adapters.rules import Endpoint, Outcome
from app.throughput.models import one_of


class PortalBreaker(SQLModel, table=True):
    """A system that is called, with the failures of late; `opened_at`: since when it is left alone.

    `hung`: calls in a row that waited in vain; `pulled_until`: somebody pulls from it, until then at the latest.
    """

    __tablename__ = "portal_breakers"
    __table_args__ = (
        CheckConstraint(one_of("endpoint", Endpoint), name="endpoint"),
        CheckConstraint(f"last_outcome is null or {one_of('last_outcome', Outcome)}", name="last_outcome"),
        CheckConstraint("hung >= 0", name="hung"),
        CheckConstraint("probed_at is null or opened_at is not null", name="probed"),
    )

    endpoint: str = Field(primary_key=True, max_length=10)
    failures: str = Field(sa_column=Column(Text, nullable=False), description="Moments in JSON, at most five")
    opened_at: datetime | None
    probed_at: datetime | None
    hung: int
    pulled_until: datetime | None
    last_outcome: str | None = Field(max_length=20)
    last_success_at: datetime | None
    last_failure_at: datetime | None
