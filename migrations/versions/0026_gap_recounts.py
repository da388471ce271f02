"""how far the ledger of gaps was judged anew by another tolerance; gaps found by when they were over"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

String, Moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "portal_gap_recounts",
        sa.Column("tolerance", sa.Integer(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.Column("through_day", sa.Date(), nullable=True),
        sa.Column("through_id", sa.Integer(), nullable=True),
        sa.Column("through_period", String(length=7), nullable=True),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("(through_day is null) = (through_id is null)", name=op.f("ck_portal_gap_recounts_through")),
        sa.CheckConstraint("compared >= 0 and changed >= 0", name=op.f("ck_portal_gap_recounts_counts")),
        sa.ForeignKeyConstraint(
            ["tolerance"], ["portal_tolerances.version"], name=op.f("fk_portal_gap_recounts_tolerance")
        ),
        sa.PrimaryKeyConstraint("tolerance", name=op.f("pk_portal_gap_recounts")),
    )
    op.create_index("ix_portal_gaps_closed_at", "portal_gaps", ["closed_at", "first_opened_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_portal_gaps_closed_at", "portal_gaps")
    op.drop_table("portal_gap_recounts")
