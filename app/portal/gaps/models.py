"""Tables of the ledger: its gaps as they stand, all that happened to them, and the tolerance by its versions."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.portal.comparison.rules import Measure, Span
from app.portal.gaps.rules import GapChange, GapOutcome, GapOwner, GapReason, GapState, GapSystem
from app.throughput.models import one_of


class PortalGap(SQLModel, table=True):
    """A count of a unit's day or period in which we and another system differ, or did; one row for good.

    `tolerance`: the version by which it was judged last. `explained_size`: the difference for which the reason was
    given.
    """

    __tablename__ = "portal_gaps"
    __table_args__ = (
        UniqueConstraint("unit_id", "span", "first", "system", "source", "measure"),
        CheckConstraint(one_of("span", Span), name="span"),
        CheckConstraint(one_of("system", GapSystem), name="system"),
        CheckConstraint("(span = 'day') = (system <> 'both')", name="both"),
        CheckConstraint(one_of("measure", Measure), name="measure"),
        CheckConstraint(one_of("state", GapState), name="state"),
        CheckConstraint(one_of("owner", GapOwner), name="owner"),
        CheckConstraint(f"reason is null or {one_of('reason', GapReason)}", name="reason"),
        CheckConstraint(f"outcome is null or {one_of('outcome', GapOutcome)}", name="outcome"),
        CheckConstraint("(state = 'closed') = (closed_at is not null)", name="closed"),
        CheckConstraint("(state = 'closed') = (outcome is not null)", name="ended"),
        CheckConstraint("state <> 'explained' or explained_at is not null", name="explained"),
        CheckConstraint("(explained_at is null) = (reason is null)", name="reasoned"),
        CheckConstraint("state = 'closed' or (ours is not null and theirs is not null)", name="known"),
        CheckConstraint("version >= 1 and opened_at >= first_opened_at", name="version"),
        Index("ix_portal_gaps_standing", "state", "opened_at", "id"),
        Index("ix_portal_gaps_first", "first", "id"),
        Index("ix_portal_gaps_closed_at", "closed_at", "first_opened_at", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    span: str = Field(max_length=10)
    first: date
    last: date
    system: str = Field(max_length=10)
    source: str = Field(max_length=60)
    measure: str = Field(max_length=10)
    ours: int | None
    theirs: int | None
    tolerance: int
    state: str = Field(max_length=10)
    owner: str = Field(max_length=20)
    opened_at: datetime
    first_opened_at: datetime
    reason: str | None = Field(max_length=30)
    note: str | None = Field(max_length=1000)
    explained_at: datetime | None
    explained_by: str | None = Field(max_length=160)
    explained_size: int | None
    outcome: str | None = Field(max_length=20)
    closed_at: datetime | None
    closed_by: str | None = Field(max_length=160)
    version: int


class PortalGapEvent(SQLModel, table=True):
    """What happened to a gap, in order; rows are only added, and a trigger of the database refuses anything else."""

    __tablename__ = "portal_gap_events"
    __table_args__ = (
        UniqueConstraint("gap_id", "version"),
        CheckConstraint(one_of("change", GapChange), name="change"),
        CheckConstraint(one_of("owner", GapOwner), name="owner"),
        Index("ix_portal_gap_events_at", "at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    gap_id: int = Field(foreign_key="portal_gaps.id")
    version: int
    at: datetime
    change: str = Field(max_length=10)
    by: str | None = Field(max_length=160, description="null: by itself, with the figures")
    ours: int | None
    theirs: int | None
    owner: str = Field(max_length=20)
    reason: str | None = Field(max_length=30)
    outcome: str | None = Field(max_length=20)
    note: str | None = Field(max_length=1000)


class PortalTolerance(SQLModel, table=True):
    """What two systems may differ by, since when, and why; the newest version counts."""

    __tablename__ = "portal_tolerances"
    __table_args__ = (
        CheckConstraint("dossiers between 0 and 1000000 and hundredths between 0 and 10000", name="bounds"),
        CheckConstraint("version >= 1", name="version"),
    )

    version: int = Field(primary_key=True)
    dossiers: int
    hundredths: int = Field(description="Of a per cent of the larger count")
    since: datetime
    by: str = Field(max_length=160)
    why: str = Field(max_length=1000)


class PortalGapRecount(SQLModel, table=True):
    """How far the whole ledger has been judged anew by a version of the tolerance.

    `through_…`: the last of other systems' days, and after them of the portal's periods, that was compared. It ends
    when all were, or when a newer version took its place.
    """

    __tablename__ = "portal_gap_recounts"
    __table_args__ = (
        CheckConstraint("(through_day is null) = (through_id is null)", name="through"),
        CheckConstraint("compared >= 0 and changed >= 0", name="counts"),
    )

    tolerance: int = Field(primary_key=True, foreign_key="portal_tolerances.version")
    begun_at: datetime
    through_day: date | None
    through_id: int | None
    through_period: str | None = Field(max_length=7)
    compared: int
    changed: int
    ended_at: datetime | None
