"""findings and their history; what the daily report's definition says of them and of reminders"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SETTINGS = {
    "finding_days": 2, "large_correction": 20, "remind_before": 30, "remind_leader": 15, "remind_city": 60,
    "remind_again": 30,
}  # fmt: skip
RULES = {
    "finding_days": "finding_days between 1 and 30",
    "large_correction": "large_correction >= 1",
    "remind_before": "remind_before between 0 and 480",
    "remind_ladder": "remind_leader between 0 and remind_city and remind_city <= 1440",
    "remind_again": "remind_again between 1 and 1440",
}


def _in(column: str, *values: str) -> str:
    return f"{column} in ({', '.join(map(repr, values))})"


def upgrade() -> None:
    text, moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    kinds = ("unusual_value", "opening_gap", "overdue_stock_fell", "large_correction", "all_zero")
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("system", text(length=10), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=True),
        sa.Column("kind", text(length=30), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=True),
        sa.Column("low", sa.Integer(), nullable=True),
        sa.Column("high", sa.Integer(), nullable=True),
        sa.Column("owner", text(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", text(length=10), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("closed_at", moment(), nullable=True),
        sa.Column("closed_by", text(length=160), nullable=True),
        sa.Column("reason", text(length=30), nullable=True),
        sa.Column("note", text(length=1000), nullable=True),
        sa.CheckConstraint(_in("system", "city", "ministry"), name=op.f("ck_findings_system")),
        sa.CheckConstraint(_in("kind", *kinds), name=op.f("ck_findings_kind")),
        sa.CheckConstraint(_in("state", "open", "explained", "gone"), name=op.f("ck_findings_state")),
        sa.CheckConstraint(_in("owner", "ward_officer", "city_analyst"), name=op.f("ck_findings_owner")),
        sa.CheckConstraint("(state = 'open') = (closed_at is null)", name=op.f("ck_findings_closed")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_findings_unit_id")),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name=op.f("fk_findings_field_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint(
            "unit_id", "day", "system", "kind", "field_id", name=op.f("uq_findings_unit_id_day_system_kind_field_id")
        ),
    )
    whole, still_open = sa.text("field_id is null"), sa.text("state = 'open'")
    op.create_index("uq_findings_whole", "findings", ["unit_id", "day", "system", "kind"], unique=True,
                    sqlite_where=whole, postgresql_where=whole)  # fmt: skip
    op.create_index("ix_findings_open", "findings", ["unit_id", "owner"], sqlite_where=still_open,
                    postgresql_where=still_open)  # fmt: skip
    op.create_index("ix_findings_day", "findings", ["day"])
    op.create_table(
        "finding_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("change", text(length=10), nullable=False),
        sa.Column("by", text(length=160), nullable=True),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=True),
        sa.Column("reason", text(length=30), nullable=True),
        sa.Column("note", text(length=1000), nullable=True),
        sa.CheckConstraint(
            _in("change", "opened", "changed", "explained", "gone", "reopened"), name=op.f("ck_finding_events_change")
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_events_finding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_events")),
    )
    op.create_index(op.f("ix_finding_events_finding_id"), "finding_events", ["finding_id"])
    with op.batch_alter_table("report_forms") as batch_op:
        for name, default in SETTINGS.items():
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=str(default)))
        for name, rule in RULES.items():
            batch_op.create_check_constraint(op.f(f"ck_report_forms_{name}"), rule)
    with op.batch_alter_table("report_forms") as batch_op:
        for name in SETTINGS:
            batch_op.alter_column(name, existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("report_forms") as batch_op:
        for name in RULES:
            batch_op.drop_constraint(op.f(f"ck_report_forms_{name}"), type_="check")
        for name in SETTINGS:
            batch_op.drop_column(name)
    op.drop_index(op.f("ix_finding_events_finding_id"), table_name="finding_events")
    op.drop_table("finding_events")
    op.drop_index("ix_findings_day", table_name="findings")
    op.drop_index("ix_findings_open", table_name="findings")
    op.drop_index("uq_findings_whole", table_name="findings")
    op.drop_table("findings")
