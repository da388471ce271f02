"""frozen forms"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "frozen_forms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=True),
        sa.Column("frozen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("frozen_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("last >= first", name=op.f("ck_frozen_forms_period")),
        sa.CheckConstraint("unit_id is null or kind is null", name=op.f("ck_frozen_forms_scope")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_frozen_forms_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_forms")),
    )
    with op.batch_alter_table("frozen_forms", schema=None) as batch_op:
        batch_op.create_index("ix_frozen_forms_period", ["form", "first", "last"], unique=False)
        batch_op.create_index(batch_op.f("ix_frozen_forms_unit_id"), ["unit_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("frozen_forms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_frozen_forms_unit_id"))
        batch_op.drop_index("ix_frozen_forms_period")

    op.drop_table("frozen_forms")
