"""comparators that are strict: more than, less than; the indicator that a task takes its percentage from"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_code = sa.table("indicators", sa.column("id"), sa.column("code"))
_definition = sa.table("indicator_definitions", sa.column("indicator_id"), sa.column("comparator"), sa.column("strict"))
_target = sa.table("indicator_targets", sa.column("indicator_id"), sa.column("comparator"), sa.column("set_by"))


def upgrade() -> None:
    # Readings and citations name definitions: SQLite would not let the table be made anew, only added to.
    op.add_column("indicator_definitions", sa.Column("strict", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "indicator_tasks", sa.Column("gives_percent", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "uq_indicator_tasks_percent", "indicator_tasks", ["task_id"], unique=True,
        sqlite_where=sa.text("gives_percent"), postgresql_where=sa.text("gives_percent"),
    )  # fmt: skip
    # Their source says "more than": they were shipped as "at least", for want of the word.
    shipped = sa.select(_code.c.id).where(_code.c.code.in_(["NQ57-11", "NQ57-21"]))
    op.execute(
        sa.update(_definition)
        .where(_definition.c.indicator_id.in_(shipped), _definition.c.comparator == "at_least")
        .values(strict=sa.true())
    )
    op.execute(
        sa.update(_target)
        .where(_target.c.indicator_id.in_(shipped), _target.c.comparator == "at_least", _target.c.set_by == "tiendo57")
        .values(comparator="more_than")
    )


def downgrade() -> None:
    for strict, plain in (("more_than", "at_least"), ("less_than", "at_most")):
        op.execute(sa.update(_target).where(_target.c.comparator == strict).values(comparator=plain))
    op.execute("alter table indicator_definitions drop column strict")
    op.drop_index("uq_indicator_tasks_percent", table_name="indicator_tasks")
    op.execute("alter table indicator_tasks drop column gives_percent")
