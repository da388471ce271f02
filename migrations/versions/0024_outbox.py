"""the outbox with its tries, turns of the nightly work, and pushing as a purpose of exchanges"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

String, Moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
PURPOSES = ("sign_in", "agencies", "fields", "procedures", "dossier", "months", "scores")
UNHASHED = "purpose in ('dossier', 'sign_in')"
KEPT = (
    """create trigger portal_exchanges_kept before update on portal_exchanges
    begin select raise(abort, 'exchanges are only added'); end""",
    """create trigger portal_exchanges_two_years before delete on portal_exchanges
    when old.at > datetime('now', '-731 days')
    begin select raise(abort, 'exchanges are kept for two years'); end""",
)


def upgrade() -> None:
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", String(length=120), nullable=False),
        sa.Column("destination", String(length=10), nullable=False),
        sa.Column("subject", String(length=100), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", String(length=10), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("give_up_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", String(length=80), nullable=True),
        sa.Column("claimed_until", Moment(), nullable=True),
        sa.Column("last_outcome", String(length=20), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'sent', 'parked', 'superseded', 'cancelled')", name=op.f("ck_outbox_messages_state")
        ),
        sa.CheckConstraint("sequence >= 1 and attempts >= 0", name=op.f("ck_outbox_messages_counts")),
        sa.CheckConstraint("(claimed_by is null) = (claimed_until is null)", name=op.f("ck_outbox_messages_claimed")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at is null)", name=op.f("ck_outbox_messages_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
    )
    op.create_index("uq_outbox_messages_key", "outbox_messages", ["key"], unique=True)
    op.create_index("uq_outbox_messages_subject", "outbox_messages", ["subject", "sequence"], unique=True)
    op.create_index("ix_outbox_messages_due", "outbox_messages", ["state", "destination", "due_at", "id"])
    op.create_table(
        "outbox_attempts",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("worker", String(length=80), nullable=False),
        sa.Column("outcome", String(length=20), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_outbox_attempts_number")),
        sa.ForeignKeyConstraint(["message_id"], ["outbox_messages.id"], name=op.f("fk_outbox_attempts_message_id")),
        sa.PrimaryKeyConstraint("message_id", "number", name=op.f("pk_outbox_attempts")),
    )
    op.create_table(
        "job_turns",
        sa.Column("name", String(length=40), nullable=False),
        sa.Column("claimed_by", String(length=80), nullable=True),
        sa.Column("claimed_until", Moment(), nullable=True),
        sa.Column("tried_at", Moment(), nullable=True),
        sa.Column("done_at", Moment(), nullable=True),
        sa.CheckConstraint("(claimed_by is null) = (claimed_until is null)", name=op.f("ck_job_turns_claimed")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_turns")),
    )
    _allow((*PURPOSES, "push"))


def _allow(purposes: tuple[str, ...]) -> None:
    """Let exchanges have these purposes; on SQLite the table is made anew, for a constraint cannot be changed."""
    allowed = f"purpose in ({', '.join(map(repr, purposes))})"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_portal_exchanges_purpose"), "portal_exchanges", type_="check")
        op.create_check_constraint(op.f("ck_portal_exchanges_purpose"), "portal_exchanges", allowed)
        return
    op.create_table(
        "portal_exchanges_new",
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
        sa.CheckConstraint(allowed, name=op.f("ck_portal_exchanges_purpose")),
        sa.CheckConstraint(
            "outcome in ('ok', 'refused', 'expired', 'busy', 'failed', 'unreachable', 'timeout', 'torn', 'too_large', 'not_json', 'bad_answer')",
            name=op.f("ck_portal_exchanges_outcome"),
        ),
        sa.CheckConstraint(
            "attempt >= 1 and milliseconds >= 0 and sent_bytes >= 0", name=op.f("ck_portal_exchanges_sizes")
        ),
        sa.CheckConstraint(f"(sent_sha256 is null) = ({UNHASHED})", name=op.f("ck_portal_exchanges_sent_hash")),
        sa.CheckConstraint(
            f"(received_sha256 is null) = (received_bytes is null or {UNHASHED})",
            name=op.f("ck_portal_exchanges_received_hash"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_exchanges")),
    )
    op.execute("insert into portal_exchanges_new select * from portal_exchanges")
    op.drop_table("portal_exchanges")
    op.rename_table("portal_exchanges_new", "portal_exchanges")
    op.create_index("ix_portal_exchanges_at", "portal_exchanges", ["at", "id"])
    op.create_index("ix_portal_exchanges_endpoint", "portal_exchanges", ["endpoint", "at"])
    for statement in KEPT:
        op.execute(statement)


def downgrade() -> None:
    _without_pushes()
    _allow(PURPOSES)
    op.drop_table("job_turns")
    op.drop_table("outbox_attempts")
    op.drop_table("outbox_messages")


def _without_pushes() -> None:
    """Take away what the version before cannot hold: the evidence of pushes."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("drop trigger portal_exchanges_two_years")
        op.execute("delete from portal_exchanges where purpose = 'push'")
        return
    op.execute("alter table portal_exchanges disable trigger portal_exchanges_kept")
    op.execute("delete from portal_exchanges where purpose = 'push'")
    op.execute("alter table portal_exchanges enable trigger portal_exchanges_kept")
