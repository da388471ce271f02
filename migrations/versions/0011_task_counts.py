"""tasks counted by month as well as by day, rebuilt from their dated states"""

from collections import Counter
from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

from app.core.clock import day_of

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _moved() -> Counter[tuple[int, str, date]]:
    """Return by how much each bucket grew on each day, from the states themselves."""
    moment = sa.DateTime(timezone=True)
    state = sa.table(
        "task_states", sa.column("from_at", moment), sa.column("to_at", moment), sa.column("bucket"),
        sa.column("programme_id"), sa.column("top", sa.Boolean()),
    )  # fmt: skip
    moved: Counter[tuple[int, str, date]] = Counter()
    for row in op.get_bind().execute(sa.select(state).where(state.c.top.is_(True))):
        for at, by in ((row.from_at, 1), (row.to_at, -1)):
            if at.year < 9999:
                moved[row.programme_id, row.bucket, _day(at)] += by
    return moved


def _day(at: datetime) -> date:
    return day_of(at if at.tzinfo else at.replace(tzinfo=UTC))


def upgrade() -> None:
    op.drop_table("task_counts")
    made = op.create_table(
        "task_counts",
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.String(length=20), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.CheckConstraint("span in ('day', 'month')", name=op.f("ck_task_counts_span")),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_task_counts_programme_id")),
        sa.PrimaryKeyConstraint("span", "first", "programme_id", "bucket", name=op.f("pk_task_counts")),
    )
    sums: Counter[tuple[str, date, int, str]] = Counter()
    for (programme, bucket, day), by in _moved().items():
        sums["day", day, programme, bucket] += by
        sums["month", day.replace(day=1), programme, bucket] += by
    names = ("span", "first", "programme_id", "bucket")
    op.bulk_insert(made, [dict(zip(names, key, strict=True)) | {"moved": by} for key, by in sums.items() if by])


def downgrade() -> None:
    op.drop_table("task_counts")
    made = op.create_table(
        "task_counts",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_task_counts_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "bucket", "day", name=op.f("pk_task_counts")),
    )
    rows = [
        {"programme_id": programme, "bucket": bucket, "day": day, "moved": by}
        for (programme, bucket, day), by in _moved().items()
        if by
    ]
    op.bulk_insert(made, rows)
