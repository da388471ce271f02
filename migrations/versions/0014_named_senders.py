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
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_figure_senders_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_senders")),
        sa.UniqueConstraint("source", "unit_id", name=op.f("uq_figure_senders_source_unit_id")),
    )
    op.create_index(
        "ix_figure_senders_of_all", "figure_senders", ["source"], unique=True, sqlite_where=sa.text("unit_id is null"),
        postgresql_where=sa.text("unit_id is null"),
    )  # fmt: skip
    # A token of no unit that alone ever spoke in a source's name goes on speaking of all units.
    op.execute(
        "insert into figure_senders (source, unit_id, sender, since) select source, cast(null as integer), sender, at"
        " from (select source, min(sent_by) as sender, max(known_at) as at from figure_days group by source"
        " having count(distinct sent_by) = 1) as alone where exists (select 1 from api_tokens"
        " where api_tokens.name = alone.sender and api_tokens.role = 'machine' and api_tokens.unit_id is null)"
    )
    # Else who alone spoke of a unit goes on speaking of it. Where several did nobody is chosen: it is the first's who
    # sends next, or theirs whom the analyst names.
    op.execute(
        "insert into figure_senders (source, unit_id, sender, since)"
        " select source, unit_id, min(sent_by), max(known_at) from figure_days"
        " where source not in (select source from figure_senders) group by source, unit_id"
        " having count(distinct sent_by) = 1"
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
