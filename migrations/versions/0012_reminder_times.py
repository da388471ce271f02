"""when a unit wants to be reminded"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder_times",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.CheckConstraint("minutes between 5 and 480", name=op.f("ck_reminder_times_minutes")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_reminder_times_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_reminder_times")),
    )


def downgrade() -> None:
    op.drop_table("reminder_times")
