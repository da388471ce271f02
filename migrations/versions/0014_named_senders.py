"""in whose name a source's figures come; reminders of what was returned"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figure_senders",
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_figure_senders")),
    )
    # Who spoke last for a source goes on speaking for it.
    op.execute(
        "insert into figure_senders (source, sender, since) select source, sent_by, known_at from figure_days"
        " where id in (select max(id) from figure_days group by source)"
    )
    with op.batch_alter_table("reminders") as table:
        table.add_column(sa.Column("approval_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_reminders_approval_id"), "approvals", ["approval_id"], ["id"])
        table.create_index(op.f("ix_reminders_approval_id"), ["approval_id"])


def downgrade() -> None:
    op.execute("delete from reminders where approval_id is not null")
    with op.batch_alter_table("reminders") as table:
        table.drop_index(op.f("ix_reminders_approval_id"))
        table.drop_constraint(op.f("fk_reminders_approval_id"), type_="foreignkey")
        table.drop_column("approval_id")
    op.drop_table("figure_senders")
