"""frozen forms of several units that were picked"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCOPE = "ck_frozen_forms_scope"


def upgrade() -> None:
    with op.batch_alter_table("frozen_forms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("units", sa.Text(), nullable=False, server_default=""))
        batch_op.drop_constraint(op.f(SCOPE), type_="check")
        batch_op.create_check_constraint(
            op.f(SCOPE),
            "(unit_id is null and kind is null) or (kind is null and units = '') or (unit_id is null and units = '')",
        )
    with op.batch_alter_table("frozen_forms", schema=None) as batch_op:
        batch_op.alter_column("units", server_default=None)


def downgrade() -> None:
    # A copy of picked units cannot be told from the city's without this column.
    op.execute("delete from frozen_forms where units <> ''")
    with op.batch_alter_table("frozen_forms", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(SCOPE), type_="check")
        batch_op.create_check_constraint(op.f(SCOPE), "unit_id is null or kind is null")
        batch_op.drop_column("units")
