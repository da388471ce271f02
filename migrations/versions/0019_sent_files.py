"""the files of a report to the centre kept as they were sent"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("monthly_reports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("xlsx_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("docx_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_monthly_reports_xlsx_id"), "stored_files", ["xlsx_id"], ["id"])
        batch_op.create_foreign_key(op.f("fk_monthly_reports_docx_id"), "stored_files", ["docx_id"], ["id"])
        batch_op.create_check_constraint(op.f("ck_monthly_reports_files"), "(xlsx_id is null) = (docx_id is null)")
        batch_op.create_check_constraint(op.f("ck_monthly_reports_files_sent"), "xlsx_id is null or state = 'sent'")


def downgrade() -> None:
    with op.batch_alter_table("monthly_reports", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_monthly_reports_files_sent"), type_="check")
        batch_op.drop_constraint(op.f("ck_monthly_reports_files"), type_="check")
        batch_op.drop_constraint(op.f("fk_monthly_reports_docx_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_monthly_reports_xlsx_id"), type_="foreignkey")
        batch_op.drop_column("docx_id")
        batch_op.drop_column("xlsx_id")
