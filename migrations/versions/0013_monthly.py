"""monthly reports to the centre, with what was approved and sent kept to the letter"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monthly_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("causes", sqlmodel.sql.sqltypes.AutoString(length=4000), nullable=True),
        sa.Column("difficulties", sqlmodel.sql.sqltypes.AutoString(length=4000), nullable=True),
        sa.Column("proposals", sqlmodel.sql.sqltypes.AutoString(length=4000), nullable=True),
        sa.Column("approved_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("approved_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.Column("sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("sent_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.Column("document", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=True),
        sa.Column("document_on", sa.Date(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'draft') = (content is null)", name=op.f("ck_monthly_reports_content")),
        sa.CheckConstraint("(state = 'sent') = (sent_at is not null)", name=op.f("ck_monthly_reports_sent")),
        sa.CheckConstraint("state in ('draft', 'approved', 'sent')", name=op.f("ck_monthly_reports_state")),
        sa.CheckConstraint("(content is null) = (sha256 is null)", name=op.f("ck_monthly_reports_sha256")),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_monthly_reports_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_reports")),
        sa.UniqueConstraint("programme_id", "month", name=op.f("uq_monthly_reports_programme_id_month")),
    )


def downgrade() -> None:
    op.drop_table("monthly_reports")
