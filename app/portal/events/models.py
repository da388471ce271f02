"""Tables of the one-gate system's events; a dossier is known by a keyed hash of its code, and by nothing else."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.portal.events.rules import Channel, Settled, Unfit
from app.throughput.models import CLUSTERED, one_of


class PortalEvent(SQLModel, table=True):
    """One change of a dossier's status, as a source told it; the same again is the same row."""

    __tablename__ = "portal_events"
    __table_args__ = (
        CheckConstraint("status between 1 and 10", name="status"),
        CheckConstraint(one_of("channel", Channel), name="channel"),
        CheckConstraint("length(dossier) = 64", name="dossier"),
        Index("ix_portal_events_known_at", "source", "known_at"),
        CLUSTERED,
    )

    source: str = Field(primary_key=True, max_length=60)
    dossier: str = Field(primary_key=True, max_length=64, description="HMAC-SHA256 of the code")
    at: datetime = Field(primary_key=True)
    status: int = Field(primary_key=True)
    digest: str = Field(
        primary_key=True, max_length=32, description="Of the other columns: what differs is another event"
    )
    procedure: str = Field(max_length=40)
    receiving_unit_id: int = Field(foreign_key="units.id")
    competent_unit_id: int = Field(foreign_key="units.id")
    channel: str = Field(max_length=10)
    received_on: date | None
    due_on: date | None
    known_at: datetime


class PortalDossier(SQLModel, table=True):
    """What all events of a dossier say together; the daily counts are counted from here."""

    __tablename__ = "portal_dossiers"
    __table_args__ = (
        CheckConstraint("status between 1 and 10", name="status"),
        CheckConstraint(one_of("channel", Channel), name="channel"),
        CheckConstraint(f"settled is null or {one_of('settled', Settled)}", name="settled"),
        CheckConstraint("(received_on is null) = (received_unit_id is null)", name="received"),
        CheckConstraint(
            "(settled_on is null) = (settled is null) and (settled_on is null) = (settled_unit_id is null)",
            name="settled_whole",
        ),
        CheckConstraint(
            "settled_on is null or (received_on is not null and settled_on >= received_on)", name="settled_after"
        ),
        Index("ix_portal_dossiers_received", "source", "received_unit_id", "received_on"),
        Index("ix_portal_dossiers_settled", "source", "settled_unit_id", "settled_on"),
        CLUSTERED,
    )

    source: str = Field(primary_key=True, max_length=60)
    dossier: str = Field(primary_key=True, max_length=64)
    field_id: int = Field(foreign_key="fields.id")
    status: int
    channel: str = Field(max_length=10)
    received_on: date | None
    received_unit_id: int | None = Field(foreign_key="units.id")
    settled_on: date | None
    settled_unit_id: int | None = Field(foreign_key="units.id")
    settled: str | None = Field(max_length=10)


class PortalAside(SQLModel, table=True):
    """An event that could not be counted; of those whose content is not kept how often there was one."""

    __tablename__ = "portal_aside"
    __table_args__ = (
        CheckConstraint(one_of("fault", Unfit), name="fault"),
        CheckConstraint("(fault = 'unknown_unit') = (unit_code is not null)", name="unit_code"),
        CheckConstraint("(fault = 'unknown_unit') = (at is not null)", name="event"),
        CheckConstraint("events >= 1 and (events = 1 or at is null)", name="events"),
        CheckConstraint("last_at >= known_at", name="last_at"),
        Index("uq_portal_aside_digest", "source", "digest", unique=True),
    )

    id: int = Field(default=None, primary_key=True)
    source: str = Field(max_length=60)
    digest: str = Field(max_length=64)
    fault: str = Field(max_length=20)
    place: str | None = Field(max_length=40, description="Which property could not be read")
    known_at: datetime
    last_at: datetime
    events: int
    unit_code: str | None = Field(max_length=35, description="The code that is not known")
    dossier: str | None = Field(max_length=64)
    at: datetime | None
    status: int | None
    procedure: str | None = Field(max_length=40)
    receiving_code: str | None = Field(max_length=35)
    competent_code: str | None = Field(max_length=35)
    channel: str | None = Field(max_length=10)
    received_at: datetime | None
    due_at: datetime | None


class PortalDueDay(SQLModel, table=True):
    """A unit's day whose proposal does not yet say what the events say: refused, or to be counted anew."""

    __tablename__ = "portal_due_days"
    __table_args__ = (CheckConstraint("(code is null) = (tried_at is null)", name="tried"), CLUSTERED)

    source: str = Field(primary_key=True, max_length=60)
    unit_id: int = Field(primary_key=True, foreign_key="units.id")
    day: date = Field(primary_key=True)
    code: str | None = Field(max_length=60)
    since: datetime
    tried_at: datetime | None
