"""Tables of the findings, and what is sent and shown of them."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Shown
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.schemas import Prose
from app.procedures.rules import System
from app.throughput.findings.rules import FindingChange, FindingKind, FindingOwner, FindingState
from app.throughput.models import one_of
from app.throughput.rules import ReasonCode


class Finding(SQLModel, table=True):
    """Something odd in a unit's report that is to be explained, by whom, until when, and what became of it."""

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("unit_id", "day", "system", "kind", "field_id"),
        # Without a field: a database takes every null for another one.
        Index("uq_findings_whole", "unit_id", "day", "system", "kind", unique=True,
              sqlite_where=text("field_id is null"), postgresql_where=text("field_id is null")),
        CheckConstraint(one_of("system", System), name="system"),
        CheckConstraint(one_of("kind", FindingKind), name="kind"),
        CheckConstraint(one_of("state", FindingState), name="state"),
        CheckConstraint(one_of("owner", FindingOwner), name="owner"),
        CheckConstraint("(state = 'open') = (closed_at is null)", name="closed"),
        Index("ix_findings_open", "unit_id", "owner", sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
        Index("ix_findings_day", "day"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    day: date
    system: str = Field(max_length=10)
    field_id: int | None = Field(foreign_key="fields.id")
    kind: str = Field(max_length=30)
    value: int
    usual: int | None
    low: int | None
    high: int | None
    owner: str = Field(max_length=20)
    due_on: date
    state: str = Field(max_length=10)
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None = Field(max_length=160)
    reason: str | None = Field(max_length=30)
    note: str | None = Field(max_length=1000)


class FindingEvent(SQLModel, table=True):
    """What happened to a finding, in order; rows are only added."""

    __tablename__ = "finding_events"
    __table_args__ = (CheckConstraint(one_of("change", FindingChange), name="change"),)

    id: int | None = Field(default=None, primary_key=True)
    finding_id: int = Field(foreign_key="findings.id", index=True)
    at: datetime
    change: str = Field(max_length=10)
    by: str | None = Field(max_length=160)
    value: int
    usual: int | None
    reason: str | None = Field(max_length=30)
    note: str | None = Field(max_length=1000)


class ExplanationIn(BaseModel):
    """Why a figure is what it is."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[ReasonCode, Shown(description="Typed reason; `other` wants a note")]
    note: Annotated[Prose, Shown(max_length=1000)] = ""


class FindingReopeningIn(BaseModel):
    """Why the city is not content with an explanation."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Prose, Shown(min_length=1, max_length=1000)]


class FindingItem(BaseModel):
    """A finding."""

    id: int
    unit: str
    name: str
    day: date
    system: Annotated[System, Shown(description="Source system")]
    field: Annotated[str | None, Shown(description="Code of a field; null: the whole report")]
    kind: Annotated[FindingKind, Shown(description="What is odd")]
    value: Annotated[
        int,
        Shown(
            description="Received; opening − previous close; overdue stock now; dossiers moved; 0 for a day of zeros"
        ),
    ]
    usual: Annotated[int | None, Shown(description="Median of the same weekdays; overdue stock before; threshold")]
    low: Annotated[int | None, Shown(description="Normal range of a count by chance, 99.9 % (Poisson)")]
    high: int | None
    owner: Annotated[FindingOwner, Shown(description="Who is to explain it, or to have seen it")]
    due_on: date
    overdue: Annotated[bool, Shown(description="Open after its due day")]
    state: Annotated[FindingState, Shown(description="open, explained, or gone with its cause")]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    reason: Annotated[ReasonCode | None, Shown(description="The last explanation, also of one reopened since")]
    note: str | None


class FindingPage(BaseModel):
    """Findings, and the cursor of the next ones: open ones first, by due day; others newest day first."""

    items: list[FindingItem]
    next: str | None


class FindingEventOut(BaseModel):
    """One step of a finding's history."""

    at: datetime
    change: Annotated[FindingChange, Shown(description="What happened")]
    by: str | None
    value: int
    usual: int | None
    reason: str | None
    note: str | None


class FindingOut(FindingItem):
    """A finding with its history."""

    report_version: Annotated[int | None, Shown(description="Version of the report that stands")]
    may_explain: Annotated[bool, Shown(description="The caller may explain it now")]
    may_reopen: bool
    fitting: Annotated[list[ReasonCode], Shown(description="Typed reasons that fit, likeliest first")]
    history: Annotated[list[FindingEventOut], Shown(description="Oldest first")]
