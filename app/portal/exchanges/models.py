"""The table of exchanges; rows are only added, and a trigger of the database refuses anything else."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlmodel import Field, SQLModel

from app.portal.adapters.rules import UNHASHED, Endpoint, Outcome, Purpose
from app.throughput.models import one_of

_UNHASHED = f"purpose in ({', '.join(repr(one.value) for one in sorted(UNHASHED))})"


class PortalExchange(SQLModel, table=True):
    """One try to exchange something with another system."""

    __tablename__ = "portal_exchanges"
    __table_args__ = (
        CheckConstraint(one_of("endpoint", Endpoint), name="endpoint"),
        CheckConstraint(one_of("purpose", Purpose), name="purpose"),
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        CheckConstraint("attempt >= 1 and milliseconds >= 0 and sent_bytes >= 0", name="sizes"),
        CheckConstraint(f"(sent_sha256 is null) = ({_UNHASHED})", name="sent_hash"),
        CheckConstraint(f"(received_sha256 is null) = (received_bytes is null or {_UNHASHED})", name="received_hash"),
        Index("ix_portal_exchanges_at", "at", "id"),
        Index("ix_portal_exchanges_endpoint", "endpoint", "at"),
    )

    id: int = Field(default=None, primary_key=True)
    at: datetime
    endpoint: str = Field(max_length=10)
    purpose: str = Field(max_length=20)
    attempt: int
    outcome: str = Field(max_length=20)
    http_status: int | None
    milliseconds: int
    sent_bytes: int
    sent_sha256: str | None = Field(max_length=64)
    received_bytes: int | None
    received_sha256: str | None = Field(max_length=64)
    sent_body: str = Field(sa_column=Column(Text, nullable=False))
    received_body: str | None = Field(sa_column=Column(Text))
