"""the portal: every exchange as evidence, the circuit breakers, the one-gate system's events, what it publishes"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

String, Moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
# What was exchanged is evidence: nobody edits a row, and none goes before the two years that the law asks for.
SQLITE = (
    """create trigger portal_exchanges_kept before update on portal_exchanges
    begin select raise(abort, 'exchanges are only added'); end""",
    """create trigger portal_exchanges_two_years before delete on portal_exchanges
    when old.at > datetime('now', '-731 days')
    begin select raise(abort, 'exchanges are kept for two years'); end""",
)
POSTGRESQL = (
    """create function portal_exchanges_kept() returns trigger language plpgsql as $$ begin
    if tg_op = 'DELETE' and old.at <= now() - interval '731 days' then return old; end if;
    raise exception 'exchanges are only added'; end $$""",
    """create trigger portal_exchanges_kept before update or delete on portal_exchanges
    for each row execute function portal_exchanges_kept()""",
)


def upgrade() -> None:
    op.create_table(
        "portal_breakers",
        sa.Column("endpoint", String(length=10), nullable=False),
        sa.Column("failures", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=True),
        sa.Column("probed_at", Moment(), nullable=True),
        sa.Column("last_outcome", String(length=20), nullable=True),
        sa.Column("last_success_at", Moment(), nullable=True),
        sa.Column("last_failure_at", Moment(), nullable=True),
        sa.Column("hung", sa.Integer(), nullable=False),
        sa.Column("pulled_until", Moment(), nullable=True),
        sa.CheckConstraint("hung >= 0", name=op.f("ck_portal_breakers_hung")),
        sa.CheckConstraint("endpoint in ('legacy', 'rest')", name=op.f("ck_portal_breakers_endpoint")),
        sa.CheckConstraint(
            "last_outcome is null or last_outcome in ('ok', 'refused', 'expired', 'busy', 'failed', 'unreachable', 'timeout', 'torn', 'too_large', 'not_json', 'bad_answer')",
            name=op.f("ck_portal_breakers_last_outcome"),
        ),
        sa.CheckConstraint("probed_at is null or opened_at is not null", name=op.f("ck_portal_breakers_probed")),
        sa.PrimaryKeyConstraint("endpoint", name=op.f("pk_portal_breakers")),
    )
    op.create_table(
        "portal_exchanges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("endpoint", String(length=10), nullable=False),
        sa.Column("purpose", String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("outcome", String(length=20), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("sent_bytes", sa.Integer(), nullable=False),
        sa.Column("sent_sha256", String(length=64), nullable=True),
        sa.Column("received_bytes", sa.Integer(), nullable=True),
        sa.Column("received_sha256", String(length=64), nullable=True),
        sa.Column("sent_body", sa.Text(), nullable=False),
        sa.Column("received_body", sa.Text(), nullable=True),
        sa.CheckConstraint("endpoint in ('legacy', 'rest')", name=op.f("ck_portal_exchanges_endpoint")),
        sa.CheckConstraint(
            "purpose in ('sign_in', 'agencies', 'fields', 'procedures', 'dossier', 'months', 'scores')",
            name=op.f("ck_portal_exchanges_purpose"),
        ),
        sa.CheckConstraint(
            "outcome in ('ok', 'refused', 'expired', 'busy', 'failed', 'unreachable', 'timeout', 'torn', 'too_large', 'not_json', 'bad_answer')",
            name=op.f("ck_portal_exchanges_outcome"),
        ),
        sa.CheckConstraint(
            "attempt >= 1 and milliseconds >= 0 and sent_bytes >= 0", name=op.f("ck_portal_exchanges_sizes")
        ),
        sa.CheckConstraint(
            "(sent_sha256 is null) = (purpose in ('dossier', 'sign_in'))", name=op.f("ck_portal_exchanges_sent_hash")
        ),
        sa.CheckConstraint(
            "(received_sha256 is null) = (received_bytes is null or purpose in ('dossier', 'sign_in'))",
            name=op.f("ck_portal_exchanges_received_hash"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_exchanges")),
    )
    with op.batch_alter_table("portal_exchanges", schema=None) as batch_op:
        batch_op.create_index("ix_portal_exchanges_at", ["at", "id"], unique=False)
        batch_op.create_index("ix_portal_exchanges_endpoint", ["endpoint", "at"], unique=False)
    _events()
    _published()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _events() -> None:
    op.create_table(
        "portal_events",
        sa.Column("source", String(length=60), nullable=False),
        sa.Column("dossier", String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("digest", String(length=32), nullable=False),
        sa.Column("procedure", String(length=40), nullable=False),
        sa.Column("receiving_unit_id", sa.Integer(), nullable=False),
        sa.Column("competent_unit_id", sa.Integer(), nullable=False),
        sa.Column("channel", String(length=10), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("known_at", Moment(), nullable=False),
        sa.CheckConstraint("status between 1 and 10", name=op.f("ck_portal_events_status")),
        sa.CheckConstraint("channel in ('online', 'counter', 'post')", name=op.f("ck_portal_events_channel")),
        sa.CheckConstraint("length(dossier) = 64", name=op.f("ck_portal_events_dossier")),
        sa.ForeignKeyConstraint(["receiving_unit_id"], ["units.id"], name=op.f("fk_portal_events_receiving_unit_id")),
        sa.ForeignKeyConstraint(["competent_unit_id"], ["units.id"], name=op.f("fk_portal_events_competent_unit_id")),
        sa.PrimaryKeyConstraint("source", "dossier", "at", "status", "digest", name=op.f("pk_portal_events")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "portal_dossiers",
        sa.Column("source", String(length=60), nullable=False),
        sa.Column("dossier", String(length=64), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("channel", String(length=10), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("received_unit_id", sa.Integer(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_unit_id", sa.Integer(), nullable=True),
        sa.Column("settled", String(length=10), nullable=True),
        sa.CheckConstraint("status between 1 and 10", name=op.f("ck_portal_dossiers_status")),
        sa.CheckConstraint("channel in ('online', 'counter', 'post')", name=op.f("ck_portal_dossiers_channel")),
        sa.CheckConstraint(
            "settled is null or settled in ('early', 'on_time', 'overdue', 'withdrawn')",
            name=op.f("ck_portal_dossiers_settled"),
        ),
        sa.CheckConstraint(
            "(received_on is null) = (received_unit_id is null)", name=op.f("ck_portal_dossiers_received")
        ),
        sa.CheckConstraint(
            "(settled_on is null) = (settled is null) and (settled_on is null) = (settled_unit_id is null)",
            name=op.f("ck_portal_dossiers_settled_whole"),
        ),
        sa.CheckConstraint(
            "settled_on is null or (received_on is not null and settled_on >= received_on)",
            name=op.f("ck_portal_dossiers_settled_after"),
        ),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name=op.f("fk_portal_dossiers_field_id")),
        sa.ForeignKeyConstraint(["received_unit_id"], ["units.id"], name=op.f("fk_portal_dossiers_received_unit_id")),
        sa.ForeignKeyConstraint(["settled_unit_id"], ["units.id"], name=op.f("fk_portal_dossiers_settled_unit_id")),
        sa.PrimaryKeyConstraint("source", "dossier", name=op.f("pk_portal_dossiers")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "portal_aside",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", String(length=60), nullable=False),
        sa.Column("digest", String(length=64), nullable=False),
        sa.Column("fault", String(length=20), nullable=False),
        sa.Column("place", String(length=40), nullable=True),
        sa.Column("known_at", Moment(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("unit_code", String(length=35), nullable=True),
        sa.Column("dossier", String(length=64), nullable=True),
        sa.Column("at", Moment(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("procedure", String(length=40), nullable=True),
        sa.Column("receiving_code", String(length=35), nullable=True),
        sa.Column("competent_code", String(length=35), nullable=True),
        sa.Column("channel", String(length=10), nullable=True),
        sa.Column("received_at", Moment(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.CheckConstraint("fault in ('unreadable', 'unknown_unit', 'in_future')", name=op.f("ck_portal_aside_fault")),
        sa.CheckConstraint(
            "(fault = 'unknown_unit') = (unit_code is not null)", name=op.f("ck_portal_aside_unit_code")
        ),
        sa.CheckConstraint("(fault = 'unknown_unit') = (at is not null)", name=op.f("ck_portal_aside_event")),
        sa.CheckConstraint("events >= 1 and (events = 1 or at is null)", name=op.f("ck_portal_aside_events")),
        sa.CheckConstraint("last_at >= known_at", name=op.f("ck_portal_aside_last_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_aside")),
    )
    op.create_table(
        "portal_due_days",
        sa.Column("source", String(length=60), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("code", String(length=60), nullable=True),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("tried_at", Moment(), nullable=True),
        sa.CheckConstraint("(code is null) = (tried_at is null)", name=op.f("ck_portal_due_days_tried")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_portal_due_days_unit_id")),
        sa.PrimaryKeyConstraint("source", "unit_id", "day", name=op.f("pk_portal_due_days")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("portal_events", schema=None) as batch_op:
        batch_op.create_index("ix_portal_events_known_at", ["source", "known_at"], unique=False)
    with op.batch_alter_table("portal_dossiers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_portal_dossiers_received", ["source", "received_unit_id", "received_on"], unique=False
        )
        batch_op.create_index("ix_portal_dossiers_settled", ["source", "settled_unit_id", "settled_on"], unique=False)
    with op.batch_alter_table("portal_aside", schema=None) as batch_op:
        batch_op.create_index("uq_portal_aside_digest", ["source", "digest"], unique=True)


def _published() -> None:
    def code(name: str) -> sa.Column:
        return sa.Column(name, sa.String(500).with_variant(sa.String(500, collation="C"), "postgresql"), nullable=False)

    op.create_table(
        "portal_codes",
        sa.Column("kind", String(length=10), nullable=False),
        code("code"),
        sa.Column("name", String(length=500), nullable=False),
        sa.Column("parent", String(length=500), nullable=True),
        sa.Column("first_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("gone_at", Moment(), nullable=True),
        sa.CheckConstraint("kind in ('agency', 'field', 'procedure')", name=op.f("ck_portal_codes_kind")),
        sa.CheckConstraint("(kind = 'procedure') = (parent is not null)", name=op.f("ck_portal_codes_parent")),
        sa.CheckConstraint("gone_at is null or gone_at >= first_at", name=op.f("ck_portal_codes_gone")),
        sa.PrimaryKeyConstraint("kind", "code", name=op.f("pk_portal_codes")),
    )
    counts = ("received", "online", "direct", "post", "on_time", "overdue")
    op.create_table(
        "portal_months",
        code("agency"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in counts),
        sa.Column("known_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "month between 1 and 12 and year between 2000 and 2200", name=op.f("ck_portal_months_month")
        ),
        *(
            sa.CheckConstraint(f"{name} is null or {name} >= 0", name=op.f(f"ck_portal_months_{name}"))
            for name in counts
        ),
        sa.PrimaryKeyConstraint("agency", "year", "month", name=op.f("pk_portal_months")),
    )
    op.create_table(
        "portal_scores",
        code("agency"),
        sa.Column("hundredths", sa.Integer(), nullable=False),
        sa.Column("scored_at", String(length=40), nullable=False),
        sa.Column("known_at", Moment(), nullable=False),
        sa.CheckConstraint("hundredths between 0 and 10000", name=op.f("ck_portal_scores_hundredths")),
        sa.PrimaryKeyConstraint("agency", name=op.f("pk_portal_scores")),
    )


def downgrade() -> None:
    op.drop_table("portal_scores")
    op.drop_table("portal_months")
    op.drop_table("portal_codes")
    op.drop_table("portal_due_days")
    op.drop_table("portal_aside")
    op.drop_table("portal_dossiers")
    op.drop_table("portal_events")
    op.drop_table("portal_exchanges")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function portal_exchanges_kept()")
    op.drop_table("portal_breakers")
