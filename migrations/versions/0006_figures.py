"""other systems' figures: which source speaks of which unit, what it said of a day, each figure with its history"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing wrote to it before.
    with op.batch_alter_table("external_figures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_external_figures_unit_id"))
    op.drop_table("external_figures")
    op.create_table(
        "figure_sources",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("system", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("confirms", sa.Boolean(), nullable=False),
        sa.CheckConstraint("system in ('city', 'ministry')", name=op.f("ck_figure_sources_system")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_figure_sources_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "system", "source", name=op.f("pk_figure_sources")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "figure_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("system", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("known_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sent_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("counted_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("totals", sa.Text(), nullable=True),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("system in ('city', 'ministry')", name=op.f("ck_figure_days_system")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_figure_days_version")),
        sa.CheckConstraint("(since is null) = (totals is null)", name=op.f("ck_figure_days_totals")),
        sa.ForeignKeyConstraint(["revision_id"], ["report_revisions.id"], name=op.f("fk_figure_days_revision_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_figure_days_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_days")),
        sa.UniqueConstraint(
            "unit_id", "system", "source", "day", name=op.f("uq_figure_days_unit_id_system_source_day")
        ),
    )
    with op.batch_alter_table("figure_days", schema=None) as batch_op:
        batch_op.create_index("ix_figure_days_day", ["day", "id"], unique=False)
        batch_op.create_index("ix_figure_days_known_at", ["known_at", "id"], unique=False)
    op.create_table(
        "external_figures",
        sa.Column("figure_day_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("measure", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("known_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("known_to", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("value between 0 and 1000000", name=op.f("ck_external_figures_value")),
        sa.CheckConstraint("known_to is null or known_to >= known_at", name=op.f("ck_external_figures_known")),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name=op.f("fk_external_figures_field_id")),
        sa.ForeignKeyConstraint(["figure_day_id"], ["figure_days.id"], name=op.f("fk_external_figures_figure_day_id")),
        sa.PrimaryKeyConstraint("figure_day_id", "field_id", "measure", "version", name=op.f("pk_external_figures")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("external_figures")
    with op.batch_alter_table("figure_days", schema=None) as batch_op:
        batch_op.drop_index("ix_figure_days_known_at")
        batch_op.drop_index("ix_figure_days_day")
    op.drop_table("figure_days")
    op.drop_table("figure_sources")
    op.create_table(
        "external_figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("system", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("measure", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("known_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("system in ('city', 'ministry')", name=op.f("ck_external_figures_system")),
        sa.CheckConstraint("value between 0 and 1000000", name=op.f("ck_external_figures_value")),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name=op.f("fk_external_figures_field_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_external_figures_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_figures")),
        sa.UniqueConstraint(
            "source", "unit_id", "day", "system", "field_id", "measure", "known_at",
            name=op.f("uq_external_figures_source_unit_id_day_system_field_id_measure_known_at"),
        ),
    )  # fmt: skip
    with op.batch_alter_table("external_figures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_external_figures_unit_id"), ["unit_id"], unique=False)
