"""the log of reminders"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    op.create_table(
        "reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", text(length=120), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("system", text(length=10), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=True),
        sa.Column("step", text(length=10), nullable=False),
        sa.Column("to_role", text(length=20), nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("made_by", text(length=160), nullable=True),
        sa.CheckConstraint("system in ('city', 'ministry')", name=op.f("ck_reminders_system")),
        sa.CheckConstraint("step in ('officer', 'leader', 'city', 'by_hand')", name=op.f("ck_reminders_step")),
        sa.CheckConstraint(
            "to_role in ('ward_officer', 'ward_leader', 'city_analyst')", name=op.f("ck_reminders_to_role")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_reminders_unit_id")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_reminders_finding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("key", name=op.f("uq_reminders_key")),
    )
    op.create_index("ix_reminders_unit", "reminders", ["unit_id", "day", "system"])
    op.create_index("ix_reminders_to", "reminders", ["to_role", "day"])
    op.create_index(op.f("ix_reminders_finding_id"), "reminders", ["finding_id"])


def downgrade() -> None:
    for name in (op.f("ix_reminders_finding_id"), "ix_reminders_to", "ix_reminders_unit"):
        op.drop_index(name, table_name="reminders")
    op.drop_table("reminders")
