"""the ledger of gaps: its rows, their history, the tolerance; the portal's quarters and years, and where its months stood"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

String, Moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
COUNTS = ("received", "online", "direct", "post", "on_time", "overdue")
# What happened to a gap is evidence: nobody edits a step, and none goes.
SQLITE = (
    """create trigger portal_gap_events_kept before update on portal_gap_events
    begin select raise(abort, 'steps are only added'); end""",
    """create trigger portal_gap_events_stay before delete on portal_gap_events
    begin select raise(abort, 'steps are only added'); end""",
)
POSTGRESQL = (
    """create function portal_gap_events_kept() returns trigger language plpgsql as $$ begin
    raise exception 'steps are only added'; end $$""",
    """create trigger portal_gap_events_kept before update or delete on portal_gap_events
    for each row execute function portal_gap_events_kept()""",
)


def upgrade() -> None:
    with op.batch_alter_table("figure_days", schema=None) as batch_op:
        batch_op.add_column(sa.Column("open_gaps", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(batch_op.f("ck_figure_days_open_gaps"), "open_gaps >= 0")
    with op.batch_alter_table("figure_days", schema=None) as batch_op:
        batch_op.alter_column("open_gaps", server_default=None)
    _published()
    _ledger()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _published() -> None:
    def agency() -> sa.Column:
        kind = sa.String(500).with_variant(sa.String(500, collation="C"), "postgresql")
        return sa.Column("agency", kind, nullable=False)

    def counts() -> list[sa.Column]:
        return [sa.Column(name, sa.Integer(), nullable=True) for name in COUNTS]

    def checks(table: str) -> list[sa.CheckConstraint]:
        return [
            sa.CheckConstraint(f"{name} is null or {name} >= 0", name=op.f(f"ck_{table}_{name}")) for name in COUNTS
        ]

    op.create_table(
        "portal_periods",
        agency(),
        sa.Column("period", String(length=7), nullable=False),
        *counts(),
        sa.Column("known_at", Moment(), nullable=False),
        sa.CheckConstraint("length(period) in (4, 7)", name=op.f("ck_portal_periods_period")),
        *checks("portal_periods"),
        sa.PrimaryKeyConstraint("agency", "period", name=op.f("pk_portal_periods")),
    )
    op.create_table(
        "portal_marks",
        agency(),
        sa.Column("day", sa.Date(), nullable=False),
        *counts(),
        sa.Column("known_at", Moment(), nullable=False),
        *checks("portal_marks"),
        sa.PrimaryKeyConstraint("agency", "day", name=op.f("pk_portal_marks")),
    )
    op.create_table(
        "portal_tolerances",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dossiers", sa.Integer(), nullable=False),
        sa.Column("hundredths", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("by", String(length=160), nullable=False),
        sa.Column("why", String(length=1000), nullable=False),
        sa.CheckConstraint(
            "dossiers between 0 and 1000000 and hundredths between 0 and 10000",
            name=op.f("ck_portal_tolerances_bounds"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_portal_tolerances_version")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_portal_tolerances")),
    )


def _ledger() -> None:
    op.create_table(
        "portal_gaps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("span", String(length=10), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("system", String(length=10), nullable=False),
        sa.Column("source", String(length=60), nullable=False),
        sa.Column("measure", String(length=10), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=True),
        sa.Column("theirs", sa.Integer(), nullable=True),
        sa.Column("tolerance", sa.Integer(), nullable=False),
        sa.Column("state", String(length=10), nullable=False),
        sa.Column("owner", String(length=20), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("first_opened_at", Moment(), nullable=False),
        sa.Column("reason", String(length=30), nullable=True),
        sa.Column("note", String(length=1000), nullable=True),
        sa.Column("explained_at", Moment(), nullable=True),
        sa.Column("explained_by", String(length=160), nullable=True),
        sa.Column("explained_size", sa.Integer(), nullable=True),
        sa.Column("outcome", String(length=20), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("closed_by", String(length=160), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("span in ('day', 'month', 'quarter', 'year')", name=op.f("ck_portal_gaps_span")),
        sa.CheckConstraint("system in ('city', 'ministry', 'both')", name=op.f("ck_portal_gaps_system")),
        sa.CheckConstraint("(span = 'day') = (system <> 'both')", name=op.f("ck_portal_gaps_both")),
        sa.CheckConstraint(
            "measure in ('received', 'online', 'direct', 'post', 'on_time', 'overdue')",
            name=op.f("ck_portal_gaps_measure"),
        ),
        sa.CheckConstraint("state in ('open', 'explained', 'closed')", name=op.f("ck_portal_gaps_state")),
        sa.CheckConstraint(
            "owner in ('ward_officer', 'ward_leader', 'city_analyst')", name=op.f("ck_portal_gaps_owner")
        ),
        sa.CheckConstraint(
            "reason is null or reason in ('late_sync', 'not_digitised', 'wrong_unit', 'received_for_others', 'duplicate', 'withdrawn', 'different_cut_off', 'unknown')",
            name=op.f("ck_portal_gaps_reason"),
        ),
        sa.CheckConstraint(
            "outcome is null or outcome in ('matched', 'gone', 'accepted', 'source_wrong', 'report_wrong')",
            name=op.f("ck_portal_gaps_outcome"),
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at is not null)", name=op.f("ck_portal_gaps_closed")),
        sa.CheckConstraint("(state = 'closed') = (outcome is not null)", name=op.f("ck_portal_gaps_ended")),
        sa.CheckConstraint("state <> 'explained' or explained_at is not null", name=op.f("ck_portal_gaps_explained")),
        sa.CheckConstraint("(explained_at is null) = (reason is null)", name=op.f("ck_portal_gaps_reasoned")),
        sa.CheckConstraint(
            "state = 'closed' or (ours is not null and theirs is not null)", name=op.f("ck_portal_gaps_known")
        ),
        sa.CheckConstraint("version >= 1 and opened_at >= first_opened_at", name=op.f("ck_portal_gaps_version")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_portal_gaps_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_gaps")),
        sa.UniqueConstraint(
            "unit_id",
            "span",
            "first",
            "system",
            "source",
            "measure",
            name=op.f("uq_portal_gaps_unit_id_span_first_system_source_measure"),
        ),
    )
    op.create_table(
        "portal_gap_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gap_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("change", String(length=10), nullable=False),
        sa.Column("by", String(length=160), nullable=True),
        sa.Column("ours", sa.Integer(), nullable=True),
        sa.Column("theirs", sa.Integer(), nullable=True),
        sa.Column("owner", String(length=20), nullable=False),
        sa.Column("reason", String(length=30), nullable=True),
        sa.Column("outcome", String(length=20), nullable=True),
        sa.Column("note", String(length=1000), nullable=True),
        sa.CheckConstraint(
            "change in ('opened', 'changed', 'explained', 'assigned', 'closed', 'matched', 'gone', 'reopened')",
            name=op.f("ck_portal_gap_events_change"),
        ),
        sa.CheckConstraint(
            "owner in ('ward_officer', 'ward_leader', 'city_analyst')", name=op.f("ck_portal_gap_events_owner")
        ),
        sa.ForeignKeyConstraint(["gap_id"], ["portal_gaps.id"], name=op.f("fk_portal_gap_events_gap_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_gap_events")),
        sa.UniqueConstraint("gap_id", "version", name=op.f("uq_portal_gap_events_gap_id_version")),
    )
    with op.batch_alter_table("portal_gaps", schema=None) as batch_op:
        batch_op.create_index("ix_portal_gaps_standing", ["state", "opened_at", "id"], unique=False)
        batch_op.create_index("ix_portal_gaps_first", ["first", "id"], unique=False)
    with op.batch_alter_table("portal_gap_events", schema=None) as batch_op:
        batch_op.create_index("ix_portal_gap_events_at", ["at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("portal_gap_events")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function portal_gap_events_kept()")
    op.drop_table("portal_gaps")
    op.drop_table("portal_tolerances")
    op.drop_table("portal_marks")
    op.drop_table("portal_periods")
    with op.batch_alter_table("figure_days", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_figure_days_open_gaps"), type_="check")
        batch_op.drop_column("open_gaps")
