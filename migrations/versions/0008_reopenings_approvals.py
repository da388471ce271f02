"""reopenings of locked days, approvals of revisions"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reopenings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("system", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_fields", sa.Text(), nullable=False),
        sa.Column("asked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("asked_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("decision", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=True),
        sa.Column("decided_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("decided_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.Column("decision_reason", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("granted_fields", sa.Text(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.CheckConstraint(
            "(coalesce(decision, '') = 'granted') = (until is not null) and (until is null) = (hours is null) and (until is null) = (granted_fields is null)",
            name=op.f("ck_reopenings_granted"),
        ),
        sa.CheckConstraint("decision in ('granted', 'refused')", name=op.f("ck_reopenings_decision")),
        sa.CheckConstraint("system in ('city', 'ministry')", name=op.f("ck_reopenings_system")),
        sa.CheckConstraint(
            "(decision is null) = (decided_at is null) and (decision is null) = (decided_by is null) and (decision is null) = (decision_reason is null)",
            name=op.f("ck_reopenings_decided"),
        ),
        sa.CheckConstraint("ended_at is null or until is not null", name=op.f("ck_reopenings_ended")),
        sa.CheckConstraint("hours between 1 and 240", name=op.f("ck_reopenings_hours")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_reopenings_version")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_reopenings_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopenings")),
    )
    with op.batch_alter_table("reopenings", schema=None) as batch_op:
        batch_op.create_index("ix_reopenings_of_day", ["unit_id", "day", "system"], unique=False)
        batch_op.create_index(
            "uq_reopenings_open",
            ["unit_id", "day", "system"],
            unique=True,
            sqlite_where=sa.text("decision is null"),
            postgresql_where=sa.text("decision is null"),
        )

    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("stage", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("word", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.Column("end_reason", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.CheckConstraint("(word = 'returned') = (reason is not null)", name=op.f("ck_approvals_reason")),
        sa.CheckConstraint("stage in ('ward', 'city')", name=op.f("ck_approvals_stage")),
        sa.CheckConstraint("word in ('approved', 'returned')", name=op.f("ck_approvals_word")),
        sa.CheckConstraint("(ended_at is null) = (ended_by is null)", name=op.f("ck_approvals_ended")),
        sa.CheckConstraint("ended_at is not null or end_reason is null", name=op.f("ck_approvals_end_reason")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_approvals_version")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_approvals_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approvals_report_id"), ["report_id"], unique=False)
        batch_op.create_index(
            "uq_approvals_standing",
            ["report_id", "stage", "version"],
            unique=True,
            sqlite_where=sa.text("ended_at is null"),
            postgresql_where=sa.text("ended_at is null"),
        )


def downgrade() -> None:
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_approvals_standing",
            sqlite_where=sa.text("ended_at is null"),
            postgresql_where=sa.text("ended_at is null"),
        )
        batch_op.drop_index(batch_op.f("ix_approvals_report_id"))

    op.drop_table("approvals")
    with op.batch_alter_table("reopenings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_reopenings_open", sqlite_where=sa.text("decision is null"), postgresql_where=sa.text("decision is null")
        )
        batch_op.drop_index("ix_reopenings_of_day")

    op.drop_table("reopenings")
