"""which files of unit-days were brought, what each of them said, and that one was withdrawn"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figure_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("basis", sa.String(length=10), nullable=False),
        sa.Column("over_totals", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("sender", sa.String(length=160), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=160), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.CheckConstraint("basis in ('daily', 'cumulative')", name=op.f("ck_figure_imports_basis")),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (reason is null) and (withdrawn_at is null) = (withdrawn_by is null)",
            name=op.f("ck_figure_imports_withdrawn"),
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_figure_imports_file_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_figure_imports_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_imports")),
    )
    op.create_table(
        "figure_import_days",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("figure_day_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stands_as", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("said_since", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("taken_back", sa.Integer(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["figure_day_id"], ["figure_days.id"], name=op.f("fk_figure_import_days_figure_day_id")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["figure_imports.id"], name=op.f("fk_figure_import_days_import_id")),
        sa.PrimaryKeyConstraint("import_id", "figure_day_id", name=op.f("pk_figure_import_days")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_figure_import_days_figure_day_id", "figure_import_days", ["figure_day_id"])


def downgrade() -> None:
    op.drop_index("ix_figure_import_days_figure_day_id", table_name="figure_import_days")
    op.drop_table("figure_import_days")
    op.drop_table("figure_imports")
