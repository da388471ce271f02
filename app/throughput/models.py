"""Tables of the daily report: the form, obligations, reports, revisions, lines, and the totals kept beside them."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.procedures.rules import System
from app.throughput.rules import FLOWS, MAX_COUNT, ReasonCode, WarningCode


def one_of(column: str, values: type[StrEnum]) -> str:
    """Return the SQL condition that a text column holds one of an enumeration's values."""
    return f"{column} in ({', '.join(repr(str(v)) for v in values)})"


# On SQLite rows lie in the tree of their key: one tree to write instead of two.
CLUSTERED = {"sqlite_with_rowid": False}


def _between(*columns: str) -> list[CheckConstraint]:
    return [CheckConstraint(f"{c} between 0 and {MAX_COUNT}", name=c) for c in columns]


class ReportForm(SQLModel, table=True):
    """The daily report as a reporting regime in law: what, who, to whom, how, when; its clock and targets."""

    __tablename__ = "report_forms"
    __table_args__ = (
        CheckConstraint("lock_days between 1 and 30", name="lock_days"),
        CheckConstraint("target_online between 0 and 10000", name="target_online"),
        CheckConstraint("target_on_time between 0 and 10000", name="target_on_time"),
        CheckConstraint("target_overdue between 0 and 10000", name="target_overdue"),
        CheckConstraint("finding_days between 1 and 30", name="finding_days"),
        CheckConstraint("large_correction >= 1", name="large_correction"),
        CheckConstraint("remind_before between 0 and 480", name="remind_before"),
        CheckConstraint("remind_leader between 0 and remind_city and remind_city <= 1440", name="remind_ladder"),
        CheckConstraint("remind_again between 1 and 1440", name="remind_again"),
    )

    code: str = Field(primary_key=True, max_length=20)
    version: int
    title: str = Field(max_length=200)
    contents: str = Field(max_length=1000)
    reporting_units: str = Field(max_length=300, description="Kinds of units, divided by commas")
    receiving_unit: str = Field(max_length=200)
    method: str = Field(max_length=300)
    frequency: str = Field(max_length=200)
    cut_off_text: str = Field(max_length=300)
    outline: str = Field(max_length=1000)
    legal_basis: str = Field(max_length=500)
    city_cut_off: time
    city_due: time
    ministry_cut_off: time
    ministry_due: time
    grace: time
    lock: time
    lock_days: int
    target_online: int = Field(description="Basis points: 8000 is 80 %")
    target_on_time: int
    target_overdue: int
    target_source: str = Field(max_length=300)
    minimum_base: int
    finding_days: int = Field(default=2, description="Working days in which a finding is to be explained")
    large_correction: int = Field(default=20, description="Dossiers moved after the deadline that make a finding")
    remind_before: int = Field(default=30, description="Minutes before the deadline: the officer is reminded")
    remind_leader: int = Field(default=15, description="Minutes after it: the unit's leader")
    remind_city: int = Field(default=60, description="Minutes after it: the city")
    remind_again: int = Field(default=30, description="Minutes between two reminders by hand")


class MemoDefinition(SQLModel, table=True):
    """A memo count: a number beside the columns, maybe part of one of them."""

    __tablename__ = "memo_definitions"

    code: str = Field(primary_key=True, max_length=40)
    part_of: str | None = Field(max_length=20)
    sort_order: int


class Obligation(SQLModel, table=True):
    """That a unit owes a system's report for a day, with the moments that judge it."""

    __tablename__ = "obligations"
    __table_args__ = (
        UniqueConstraint("unit_id", "day", "system"),
        CheckConstraint(one_of("system", System), name="system"),
        CheckConstraint("(waived_at is null) = (waiver_reason is null)", name="waiver"),
        Index("ix_obligations_day", "day"),
    )

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    day: date
    system: str = Field(max_length=10)
    cut_off_at: datetime
    due_at: datetime
    grace_until: datetime
    locks_at: datetime
    waived_at: datetime | None = None
    waived_by: str | None = Field(default=None, max_length=160)
    waiver_reason: str | None = Field(default=None, max_length=1000)


class Waiver(SQLModel, table=True):
    """That a unit was freed from an obligation, from one moment until another reason or the waiver's end.

    The obligation holds the one that stands; here is what was known when.
    """

    __tablename__ = "waivers"
    __table_args__ = (
        CheckConstraint(one_of("system", System), name="system"),
        CheckConstraint("known_to is null or known_to >= known_from", name="known"),
        Index("uq_waivers_current", "unit_id", "day", "system", unique=True, sqlite_where=text("known_to is null"),
              postgresql_where=text("known_to is null")),
        Index("ix_waivers_day", "day"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    day: date
    system: str = Field(max_length=10)
    reason: str = Field(max_length=1000)
    waived_by: str = Field(max_length=160)
    known_from: datetime
    known_to: datetime | None


class Report(SQLModel, table=True):
    """One unit's day in one system: which revision stands, when it was first met, and when first complete.

    A system that was down meets the duty, so `first_met_at` may be the earlier one.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("unit_id", "system", "day"),
        CheckConstraint(one_of("system", System), name="system"),
        CheckConstraint("version >= 1", name="version"),
        Index("ix_reports_day", "day"),
        Index("ix_reports_updated_at", "updated_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="units.id")
    day: date
    system: str = Field(max_length=10)
    version: int
    partial: bool
    unavailable: bool
    first_received_at: datetime
    first_met_at: datetime | None
    first_complete_at: datetime | None
    updated_at: datetime


class ReportRevision(SQLModel, table=True):
    """One immutable state of a report, known from one moment until the next revision."""

    __tablename__ = "report_revisions"
    __table_args__ = (
        UniqueConstraint("report_id", "number"),
        CheckConstraint("known_to is null or known_to >= known_from", name="known"),
        CheckConstraint("unavailable is null or partial = false", name="unavailable"),
        # Two current revisions of one report cannot be.
        Index("uq_report_revisions_current", "report_id", unique=True, sqlite_where=text("known_to is null"),
              postgresql_where=text("known_to is null")),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="reports.id")
    number: int
    known_from: datetime
    known_to: datetime | None
    counted_until: datetime
    partial: bool
    unavailable: str | None = Field(max_length=500)
    note: str = Field(max_length=1000)
    warnings: str = Field(sa_column=Column(Text, nullable=False))
    sent_by: str = Field(max_length=160)
    sent_digest: str = Field(max_length=64, description="SHA-256 of the body as sent: a call sent again is known by it")
    user_id: int | None
    door: str = Field(max_length=10)


class ReportLine(SQLModel, table=True):
    """One field's counts in a revision; the identity of form II.06a is a constraint."""

    __tablename__ = "report_lines"
    __table_args__ = (
        *_between("carried_over", *FLOWS, "pending_in_time", "pending_overdue"),
        CheckConstraint("withdrawn <= resolved_on_time", name="withdrawn_part"),
        CheckConstraint(
            "carried_over + received_online + received_counter + coalesce(received_post, 0)"
            " = resolved_early + resolved_on_time + resolved_overdue + pending_in_time + pending_overdue",
            name="identity",
        ),
        CLUSTERED,
    )

    revision_id: int = Field(foreign_key="report_revisions.id", primary_key=True)
    field_id: int = Field(foreign_key="fields.id", primary_key=True)
    carried_over: int
    received_online: int
    received_counter: int
    received_post: int | None
    resolved_early: int
    resolved_on_time: int
    resolved_overdue: int
    withdrawn: int
    pending_in_time: int
    pending_overdue: int


class ReportMemo(SQLModel, table=True):
    """A memo count of a line."""

    __tablename__ = "report_memos"
    __table_args__ = (
        ForeignKeyConstraint(["revision_id", "field_id"], ["report_lines.revision_id", "report_lines.field_id"]),
        *_between("count"),
        CLUSTERED,
    )

    revision_id: int = Field(primary_key=True)
    field_id: int = Field(primary_key=True)
    memo: str = Field(primary_key=True, max_length=40, foreign_key="memo_definitions.code")
    count: int


class ReportReason(SQLModel, table=True):
    """The typed answer to a warning; for an opening gap, of how many dossiers it speaks."""

    __tablename__ = "report_reasons"
    __table_args__ = (
        CheckConstraint(one_of("warning", WarningCode), name="warning"),
        CheckConstraint(one_of("reason", ReasonCode), name="reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    revision_id: int = Field(foreign_key="report_revisions.id", index=True)
    warning: str = Field(max_length=30)
    field_id: int | None = Field(foreign_key="fields.id")
    reason: str = Field(max_length=30)
    amount: int | None
    counterpart_id: int | None = Field(foreign_key="units.id")
    note: str = Field(max_length=1000)


class PublishedFigure(SQLModel, table=True):
    """A figure that was published for a period: shown beside ours, never in place of it."""

    __tablename__ = "published_figures"
    __table_args__ = (CheckConstraint("last >= first", name="period"),)

    id: int | None = Field(default=None, primary_key=True)
    first: date = Field(index=True)
    last: date
    as_of: datetime
    unit_id: int | None = Field(foreign_key="units.id")
    measure: str = Field(max_length=60)
    numerator: int | None
    denominator: int | None
    value: str = Field(max_length=20)
    unit_of_measure: str = Field(max_length=20)
    source_vi: str = Field(max_length=300)
    source_en: str = Field(max_length=300)
    source_fr: str = Field(max_length=300)
    note_vi: str = Field(max_length=500)
    note_en: str = Field(max_length=500)
    note_fr: str = Field(max_length=500)


class DayTotal(SQLModel, table=True):
    """A received report's sums: unit × system × day."""

    __tablename__ = "day_totals"
    __table_args__ = (Index("ix_day_totals_day", "day"), CLUSTERED)

    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    system: str = Field(max_length=10, primary_key=True)
    day: date = Field(primary_key=True)
    carried_over: int
    received_online: int
    received_counter: int
    received_post: int
    resolved_early: int
    resolved_on_time: int
    resolved_overdue: int
    withdrawn: int
    pending_in_time: int
    pending_overdue: int
    post_unsplit: int


class FieldMonthTotal(SQLModel, table=True):
    """The flows of unit × system × field × calendar month (its first day)."""

    __tablename__ = "field_month_totals"
    __table_args__ = (CLUSTERED,)

    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    system: str = Field(max_length=10, primary_key=True)
    field_id: int = Field(foreign_key="fields.id", primary_key=True)
    month: date = Field(primary_key=True)
    received_online: int
    received_counter: int
    received_post: int
    resolved_early: int
    resolved_on_time: int
    resolved_overdue: int
    withdrawn: int
    post_unsplit: int


class Adjustment(SQLModel, table=True):
    """Opening − previous close where it is not zero, and how much of it is explained; derived, kept here only."""

    __tablename__ = "adjustments"
    __table_args__ = (CheckConstraint("amount <> 0", name="amount"), CLUSTERED)

    unit_id: int = Field(foreign_key="units.id", primary_key=True)
    system: str = Field(max_length=10, primary_key=True)
    day: date = Field(primary_key=True)
    field_id: int = Field(foreign_key="fields.id", primary_key=True)
    amount: int
    explained: int
