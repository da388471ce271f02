"""what is written of a task kept by date: its words, tags, coordinating units and percent

What was changed before is not known by date any more: such a task gets one edition from its beginning on.
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
String, Moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "task_editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=False),
        sa.Column("title", String(length=1000), nullable=False),
        sa.Column("directive_id", sa.Integer(), nullable=False),
        sa.Column("clause", String(length=60), nullable=True),
        sa.Column("phase", String(length=30), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("roll_up", String(length=10), nullable=False),
        sa.Column("accountable_position", String(length=200), nullable=True),
        sa.Column("responsible_position", String(length=200), nullable=True),
        sa.Column("product", String(length=1000), nullable=True),
        sa.Column("authority", String(length=500), nullable=True),
        sa.Column("rhythm", String(length=10), nullable=True),
        sa.Column("precision", String(length=10), nullable=True),
        sa.Column("centre_code", String(length=60), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("milestones", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_task_editions_moments")),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name=op.f("fk_task_editions_directive_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["tasks.id"], name=op.f("fk_task_editions_parent_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_editions_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_editions")),
        sa.UniqueConstraint("task_id", "from_at", name=op.f("uq_task_editions_task_id_from_at")),
    )
    with op.batch_alter_table("task_editions", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_task_editions_parent_id"), ["parent_id"], unique=False)
    op.create_table(
        "task_marks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("tag", String(length=40), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("word", sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql"), nullable=True),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=False),
        sa.CheckConstraint("from_at <= to_at", name=op.f("ck_task_marks_moments")),
        sa.CheckConstraint(
            "case when tag is null then 0 else 1 end + case when unit_id is null then 0 else 1 end"
            " + case when word is null then 0 else 1 end = 1",
            name=op.f("ck_task_marks_one"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_marks_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_task_marks_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_marks")),
    )
    with op.batch_alter_table("task_marks", schema=None) as batch_op:
        batch_op.create_index("ix_task_marks_tag", ["tag", "task_id"], unique=False)
        batch_op.create_index("ix_task_marks_task", ["task_id", "from_at"], unique=False)
        batch_op.create_index("ix_task_marks_unit", ["unit_id", "task_id"], unique=False)
        batch_op.create_index("ix_task_marks_word", ["word", "to_at", "task_id", "from_at"], unique=False)
    op.create_table(
        "task_percents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("source", String(length=12), nullable=True),
        sa.CheckConstraint("percent is null or percent between 0 and 100", name=op.f("ck_task_percents_percent")),
        sa.CheckConstraint("(percent is null) = (source is null)", name=op.f("ck_task_percents_percent_source")),
        sa.CheckConstraint(
            "source is null or source in ('milestones', 'children', 'declared')", name=op.f("ck_task_percents_source")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_percents_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_percents")),
    )
    with op.batch_alter_table("task_percents", schema=None) as batch_op:
        batch_op.create_index("ix_task_percents_task", ["task_id", "at", "id"], unique=False)
    _fill()


def _fill() -> None:
    bind = op.get_bind()
    forever = sa.bindparam("forever", FOREVER, type_=Moment())
    bind.execute(
        sa.text("""
        insert into task_editions (task_id, from_at, to_at, title, directive_id, clause, phase, parent_id, roll_up,
            accountable_position, responsible_position, product, authority, rhythm, precision, centre_code, weight,
            milestones, search_key)
        select t.id, t.created_at, :forever, t.title, t.directive_id, c.label, p.code, t.parent_id, t.roll_up,
            t.accountable_position, t.responsible_position, t.product, t.authority, t.rhythm, t.precision,
            t.centre_code, t.weight, '[]', t.search_key
        from tasks t left join directive_clauses c on c.id = t.clause_id
        left join programme_phases p on p.id = t.phase_id""").bindparams(forever)
    )
    bind.execute(
        sa.text("""
        insert into task_marks (task_id, tag, unit_id, from_at, to_at)
        select t.id, g.tag, null, t.created_at, :forever from tasks t join task_tags g on g.task_id = t.id""").bindparams(
            forever
        )
    )
    bind.execute(
        sa.text("""
        insert into task_marks (task_id, tag, unit_id, from_at, to_at)
        select t.id, null, u.unit_id, t.created_at, :forever
        from tasks t join task_units u on u.task_id = t.id where u.role = 'coordinating'""").bindparams(forever)
    )
    bind.execute(
        sa.text("""
        insert into task_percents (task_id, at, percent, source)
        select task_id, at, percent, percent_source from task_updates where percent is not null order by at, id""")
    )
    # What milestones or children made of it last was noted by no update.
    bind.execute(
        sa.text("""
        insert into task_percents (task_id, at, percent, source)
        select t.id, t.updated_at, t.percent, t.percent_source from tasks t
        where t.percent_source in ('milestones', 'children')""")
    )
    # Nor was it that there is no percent any more.
    bind.execute(
        sa.text("""
        insert into task_percents (task_id, at, percent, source)
        select t.id, t.updated_at, null, null from tasks t where t.percent is null
        and exists (select 1 from task_updates u where u.task_id = t.id and u.percent is not null)""")
    )
    milestones = sa.table("task_milestones", *(
        sa.column(name, kind) for name, kind in (
            ("task_id", sa.Integer()), ("number", sa.Integer()), ("title", sa.String()), ("weight", sa.Integer()),
            ("due", sa.Date()), ("done_on", sa.Date()),
        )
    ))  # fmt: skip
    found: dict[int, list[dict[str, object]]] = {}
    for row in bind.execute(sa.select(milestones).order_by(milestones.c.task_id, milestones.c.number)):
        days = {name: getattr(row, name) and getattr(row, name).isoformat() for name in ("due", "done_on")}
        found.setdefault(row.task_id, []).append(
            {"number": row.number, "title": row.title, "weight": row.weight, **days}
        )
    marks = sa.table("task_marks", *(
        sa.column(name, kind) for name, kind in (
            ("task_id", sa.Integer()), ("word", sa.String()), ("from_at", Moment()), ("to_at", Moment()),
        )
    ))  # fmt: skip
    tasks = sa.table("tasks", sa.column("id"), sa.column("search_key"), sa.column("created_at", Moment()))
    for row in bind.execute(sa.select(tasks)).all():
        new = {"task_id": row.id, "from_at": row.created_at, "to_at": FOREVER}
        words = [new | {"word": word} for word in sorted({word[:60] for word in row.search_key.split()})]
        if words:
            bind.execute(sa.insert(marks), words)
    for task_id, rows in found.items():
        bind.execute(
            sa.text("update task_editions set milestones = :told where task_id = :task"),
            {"told": json.dumps(rows, ensure_ascii=False), "task": task_id},
        )


def downgrade() -> None:
    op.drop_table("task_percents")
    op.drop_table("task_marks")
    op.drop_table("task_editions")
