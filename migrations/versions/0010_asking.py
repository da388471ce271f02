"""requests for an explanation of tasks, what stands in their way and how high it was taken"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blockers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("owner_position", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("resolved_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("level in ('unit', 'department', 'city')", name=op.f("ck_blockers_level")),
        sa.CheckConstraint("(outcome is null) = (resolved_at is null)", name=op.f("ck_blockers_resolved")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_blockers_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blockers")),
    )
    with op.batch_alter_table("blockers", schema=None) as batch_op:
        batch_op.create_index("ix_blockers_open", ["resolved_at", "at", "id"], unique=False)
        batch_op.create_index("ix_blockers_task", ["task_id", "at"], unique=False)

    op.create_table(
        "task_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answer", sqlmodel.sql.sqltypes.AutoString(length=4000), nullable=True),
        sa.Column("answered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("answered_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(answer is null) = (answered_at is null)", name=op.f("ck_task_questions_answered")),
        sa.CheckConstraint("(answer is null) = (answered_by is null)", name=op.f("ck_task_questions_answered_by")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_questions_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_task_questions_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_questions")),
    )
    with op.batch_alter_table("task_questions", schema=None) as batch_op:
        batch_op.create_index("ix_task_questions_due", ["due_on", "id"], unique=False)
        batch_op.create_index("ix_task_questions_task", ["task_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_questions_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "blocker_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("blocker_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("level", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("owner_position", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.CheckConstraint("level in ('unit', 'department', 'city')", name=op.f("ck_blocker_moves_level")),
        sa.CheckConstraint("step in ('raised', 'escalated', 'resolved')", name=op.f("ck_blocker_moves_step")),
        sa.ForeignKeyConstraint(["blocker_id"], ["blockers.id"], name=op.f("fk_blocker_moves_blocker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocker_moves")),
    )
    with op.batch_alter_table("blocker_moves", schema=None) as batch_op:
        batch_op.create_index("ix_blocker_moves_blocker", ["blocker_id", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("blocker_moves", schema=None) as batch_op:
        batch_op.drop_index("ix_blocker_moves_blocker")

    op.drop_table("blocker_moves")
    with op.batch_alter_table("task_questions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_questions_unit_id"))
        batch_op.drop_index("ix_task_questions_task")
        batch_op.drop_index("ix_task_questions_due")

    op.drop_table("task_questions")
    with op.batch_alter_table("blockers", schema=None) as batch_op:
        batch_op.drop_index("ix_blockers_task")
        batch_op.drop_index("ix_blockers_open")

    op.drop_table("blockers")
