"""files, evidence, external codes"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Files, what rests on them, and other systems' codes.
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("media_type", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("reader", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("uploaded_by", sa.Integer(), nullable=True),
        sa.Column("uploaded_by_name", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_stored_files_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
    )
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.create_index("ix_stored_files_sha256", ["sha256"], unique=False)

    op.create_table(
        "external_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column(
            "code",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("search_key", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("field_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'unit') = (unit_id is not null) and (kind = 'field') = (field_id is not null)",
            name=op.f("ck_external_codes_target"),
        ),
        sa.CheckConstraint("kind in ('unit', 'field')", name=op.f("ck_external_codes_kind")),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name=op.f("fk_external_codes_field_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_external_codes_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_codes")),
        sa.UniqueConstraint("source", "kind", "search_key", name=op.f("uq_external_codes_source_kind_search_key")),
    )
    with op.batch_alter_table("external_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_external_codes_field_id"), ["field_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_external_codes_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "report_evidence",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_report_evidence_file_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["report_revisions.id"], name=op.f("fk_report_evidence_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "file_id", name=op.f("pk_report_evidence")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    # Files, what rests on them, and other systems' codes.
    op.drop_table("report_evidence")
    with op.batch_alter_table("external_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_external_codes_unit_id"))
        batch_op.drop_index(batch_op.f("ix_external_codes_field_id"))

    op.drop_table("external_codes")
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.drop_index("ix_stored_files_sha256")

    op.drop_table("stored_files")
