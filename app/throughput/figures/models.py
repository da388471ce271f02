"""Tables of other systems' figures: which system speaks of which unit, what it said of a day, and each figure."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.procedures.rules import System
from app.throughput.figures.rules import Basis
from app.throughput.models import CLUSTERED, one_of
from app.throughput.rules import MAX_COUNT


class FigureSource(SQLModel, table=True):
    """That another system speaks of a unit, and whether its figures become the report without a person."""

    __tablename__ = "figure_sources"
    __table_args__ = (CheckConstraint(one_of("system", System), name="system"), CLUSTERED)

    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    system: str = Field(max_length=10, primary_key=True)
    source: str = Field(max_length=60, primary_key=True)
    confirms: bool


class FigureSender(SQLModel, table=True):
    """By which token a source's figures come, of one unit or (null) of all others: no other speaks in its name."""

    __tablename__ = "figure_senders"
    __table_args__ = (
        UniqueConstraint("source", "unit_id"),
        Index("ix_figure_senders_of_all", "source", unique=True,
              sqlite_where=text("unit_id is null"), postgresql_where=text("unit_id is null")),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=60)
    unit_id: int | None = Field(default=None, foreign_key="units.id")
    sender: str = Field(max_length=160)
    since: datetime


class FigureDay(SQLModel, table=True):
    """What a source said last of a unit's day and system; `totals` are those since `since`, where it counts so.

    `gaps`: in how many cells the report that stands differs, null without one; `open_gaps`: how many of its sums want a
    reason in the ledger. `revision_id`: the revision that was made of it without a person.
    """

    __tablename__ = "figure_days"
    __table_args__ = (
        UniqueConstraint("unit_id", "system", "source", "day"),
        CheckConstraint(one_of("system", System), name="system"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(since is null) = (totals is null)", name="totals"),
        CheckConstraint("open_gaps >= 0", name="open_gaps"),
        Index("ix_figure_days_day", "day", "id"),
        Index("ix_figure_days_known_at", "known_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    system: str = Field(max_length=10)
    source: str = Field(max_length=60)
    day: date
    version: int
    known_at: datetime
    sent_by: str = Field(max_length=160)
    counted_until: datetime | None
    since: date | None
    totals: str | None = Field(sa_column=Column(Text))
    digest: str = Field(max_length=64, description="SHA-256 of what was said: the same again is known by it")
    gaps: int | None
    open_gaps: int
    revision_id: int | None = Field(foreign_key="report_revisions.id")


class ExternalFigure(SQLModel, table=True):
    """A figure that another system gives for a unit's day: a proposal kept beside, never in place of, a report.

    Known from one moment until a newer one takes its place; the older stays.
    """

    __tablename__ = "external_figures"
    __table_args__ = (
        CheckConstraint(f"value between 0 and {MAX_COUNT}", name="value"),
        CheckConstraint("known_to is null or known_to >= known_at", name="known"),
        CLUSTERED,
    )

    figure_day_id: int = Field(foreign_key="figure_days.id", primary_key=True)
    field_id: int = Field(foreign_key="fields.id", primary_key=True)
    measure: str = Field(max_length=40, primary_key=True)
    version: int = Field(primary_key=True, description="Of the day, since which it stands")
    value: int
    known_at: datetime
    known_to: datetime | None


class FigureImport(SQLModel, table=True):
    """A file of unit-days as it was stored, and that it was withdrawn: by whom, why."""

    __tablename__ = "figure_imports"
    __table_args__ = (
        CheckConstraint(one_of("basis", Basis), name="basis"),
        CheckConstraint(
            "(withdrawn_at is null) = (reason is null) and (withdrawn_at is null) = (withdrawn_by is null)",
            name="withdrawn",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    file_id: int = Field(foreign_key="stored_files.id")
    unit_id: int | None = Field(foreign_key="units.id", description="Whose token brought it; null: the city's")
    source: str = Field(max_length=60)
    basis: str = Field(max_length=10)
    over_totals: bool = Field(description="It took the place of totals of a day, on which later days rest")
    at: datetime
    by: str = Field(max_length=160)
    sender: str = Field(max_length=160, description="In whose name it was brought, as figure_senders has it")
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = Field(default=None, max_length=160)
    reason: str | None = Field(default=None, max_length=1000)


class FigureImportDay(SQLModel, table=True):
    """That a file gave a unit-day a version of its figures, or said `again` what stood; and what became of that word.

    `stands_as`: the version that has its figures now, a newer one where a withdrawal gave them back. `said_since`: the
    door said the same since. `withdrawn`: the file says it no more; `taken_back`: the version by which it ended.
    """

    __tablename__ = "figure_import_days"
    __table_args__ = (Index("ix_figure_import_days_figure_day_id", "figure_day_id"), CLUSTERED)

    import_id: int = Field(foreign_key="figure_imports.id", primary_key=True)
    figure_day_id: int = Field(foreign_key="figure_days.id", primary_key=True)
    version: int
    stands_as: int
    again: bool
    said_since: bool
    withdrawn: bool
    taken_back: int | None
    before: str | None = Field(sa_column=Column(Text), description="JSON: what stood in its place")
