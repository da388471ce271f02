"""indicators: sets and their versions, targets, readings, citations, links to tasks"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicator_sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=20).with_variant(sa.String(length=20, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("scope", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.CheckConstraint("scope in ('national', 'city', 'unit')", name=op.f("ck_indicator_sets_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_sets")),
        sa.UniqueConstraint("code", name=op.f("uq_indicator_sets_code")),
    )
    op.create_table(
        "indicator_set_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name_vi", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_en", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_fr", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("made_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_indicator_set_versions_number")),
        sa.CheckConstraint(
            "valid_to is null or valid_to >= valid_from", name=op.f("ck_indicator_set_versions_validity")
        ),
        sa.ForeignKeyConstraint(["set_id"], ["indicator_sets.id"], name=op.f("fk_indicator_set_versions_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_set_versions")),
        sa.UniqueConstraint("set_id", "number", name=op.f("uq_indicator_set_versions_set_id_number")),
    )
    op.create_table(
        "indicators",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["set_id"], ["indicator_sets.id"], name=op.f("fk_indicators_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicators")),
        sa.UniqueConstraint("code", name=op.f("uq_indicators_code")),
    )
    with op.batch_alter_table("indicators", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indicators_set_id"), ["set_id"], unique=False)

    op.create_table(
        "indicator_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("name_vi", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_en", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_fr", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("max_score", sa.Integer(), nullable=True),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.CheckConstraint("max_score is null or max_score > 0", name=op.f("ck_indicator_groups_max_score")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["indicator_set_versions.id"], name=op.f("fk_indicator_groups_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_groups")),
        sa.UniqueConstraint("version_id", "code", name=op.f("uq_indicator_groups_version_id_code")),
    )
    op.create_table(
        "indicator_targets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("place", sqlmodel.sql.sqltypes.AutoString(length=35), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("period", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("comparator", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("unit_of_measure", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("low", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=True),
        sa.Column("high", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=True),
        sa.Column("document", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("document_on", sa.Date(), nullable=True),
        sa.Column("set_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("set_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.CheckConstraint(
            "(unit_id is null) = (place in ('city', 'national'))", name=op.f("ck_indicator_targets_place")
        ),
        sa.CheckConstraint("last >= first", name=op.f("ck_indicator_targets_period")),
        sa.CheckConstraint("low is not null or high is not null", name=op.f("ck_indicator_targets_bound")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_indicator_targets_version")),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_targets_indicator_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_indicator_targets_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_targets")),
    )
    with op.batch_alter_table("indicator_targets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indicator_targets_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index("uq_indicator_targets_period", ["indicator_id", "place", "version", "first"], unique=True)

    op.create_table(
        "indicator_definitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("name_vi", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_en", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_fr", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("meaning", sqlmodel.sql.sqltypes.AutoString(length=4000), nullable=True),
        sa.Column("unit_of_measure", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("direction", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("comparator", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("period_type", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("minimum_base", sa.Integer(), nullable=True),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("legal_basis", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("owner_unit_id", sa.Integer(), nullable=True),
        sa.Column("rhythm", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=True),
        sa.Column("expected_age", sa.Integer(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("formula", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("examples", sa.Text(), nullable=True),
        sa.Column("part_of_id", sa.Integer(), nullable=True),
        sa.Column("search_key", sqlmodel.sql.sqltypes.AutoString(length=1400), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "comparator in ('at_least', 'at_most', 'equal', 'range', 'growth')",
            name=op.f("ck_indicator_definitions_comparator"),
        ),
        sa.CheckConstraint("direction in ('up', 'down', 'none')", name=op.f("ck_indicator_definitions_direction")),
        sa.CheckConstraint(
            "period_type in ('day', 'month', 'quarter', 'year')", name=op.f("ck_indicator_definitions_period_type")
        ),
        sa.CheckConstraint(
            "expected_age is null or expected_age > 0", name=op.f("ck_indicator_definitions_expected_age")
        ),
        sa.CheckConstraint(
            "minimum_base is null or minimum_base >= 0", name=op.f("ck_indicator_definitions_minimum_base")
        ),
        sa.CheckConstraint(
            "part_of_id is null or part_of_id <> indicator_id", name=op.f("ck_indicator_definitions_part_of")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["indicator_groups.id"], name=op.f("fk_indicator_definitions_group_id")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_definitions_indicator_id")
        ),
        sa.ForeignKeyConstraint(["owner_unit_id"], ["units.id"], name=op.f("fk_indicator_definitions_owner_unit_id")),
        sa.ForeignKeyConstraint(["part_of_id"], ["indicators.id"], name=op.f("fk_indicator_definitions_part_of_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["indicator_set_versions.id"], name=op.f("fk_indicator_definitions_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_definitions")),
        sa.UniqueConstraint(
            "version_id", "indicator_id", name=op.f("uq_indicator_definitions_version_id_indicator_id")
        ),
    )
    with op.batch_alter_table("indicator_definitions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indicator_definitions_group_id"), ["group_id"], unique=False)
        batch_op.create_index("ix_indicator_definitions_indicator", ["indicator_id", "version_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_indicator_definitions_owner_unit_id"), ["owner_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_indicator_definitions_part_of_id"), ["part_of_id"], unique=False)

    op.create_table(
        "indicator_citations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "token",
            sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("place", sqlmodel.sql.sqltypes.AutoString(length=35), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("period", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=True),
        sa.Column("numerator", sa.BigInteger(), nullable=True),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=15), nullable=False),
        sa.Column("origin", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("out_of", sa.Integer(), nullable=True),
        sa.Column("cited_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("cited_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["indicator_definitions.id"], name=op.f("fk_indicator_citations_definition_id")
        ),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_citations_indicator_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_indicator_citations_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_citations")),
        sa.UniqueConstraint("token", name=op.f("uq_indicator_citations_token")),
    )
    with op.batch_alter_table("indicator_citations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indicator_citations_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_indicator_citations_indicator_id"), ["indicator_id"], unique=False)

    op.create_table(
        "indicator_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("place", sqlmodel.sql.sqltypes.AutoString(length=35), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("period", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("period_type", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("value", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=True),
        sa.Column("numerator", sa.BigInteger(), nullable=True),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=15), nullable=False),
        sa.Column("origin", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("out_of", sa.Integer(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("recorded_by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.CheckConstraint("(origin = 'computed') = (number = 0)", name=op.f("ck_indicator_readings_number")),
        sa.CheckConstraint(
            "(state = 'not_available') = (value is null and numerator is null) or origin = 'computed'",
            name=op.f("ck_indicator_readings_available"),
        ),
        sa.CheckConstraint(
            "(unit_id is null) = (place in ('city', 'national'))", name=op.f("ck_indicator_readings_place")
        ),
        sa.CheckConstraint(
            "origin in ('typed', 'file', 'published', 'computed')", name=op.f("ck_indicator_readings_origin")
        ),
        sa.CheckConstraint(
            "period_type in ('day', 'month', 'quarter', 'year')", name=op.f("ck_indicator_readings_period_type")
        ),
        sa.CheckConstraint(
            "state in ('provisional', 'official', 'not_available')", name=op.f("ck_indicator_readings_state")
        ),
        sa.CheckConstraint("(number > 1) = (supersedes_id is not null)", name=op.f("ck_indicator_readings_chain")),
        sa.CheckConstraint(
            "(rank is null and out_of is null) or (rank >= 1 and out_of >= rank)",
            name=op.f("ck_indicator_readings_rank"),
        ),
        sa.CheckConstraint("denominator is null or denominator >= 0", name=op.f("ck_indicator_readings_denominator")),
        sa.CheckConstraint("last >= first", name=op.f("ck_indicator_readings_period")),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["indicator_definitions.id"], name=op.f("fk_indicator_readings_definition_id")
        ),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_readings_indicator_id")),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["indicator_readings.id"], name=op.f("fk_indicator_readings_supersedes_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_indicator_readings_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_readings")),
        sa.UniqueConstraint(
            "indicator_id",
            "place",
            "period",
            "number",
            name=op.f("uq_indicator_readings_indicator_id_place_period_number"),
        ),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_indicator_readings_supersedes_id")),
    )
    with op.batch_alter_table("indicator_readings", schema=None) as batch_op:
        batch_op.create_index("ix_indicator_readings_as_of", ["as_of", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_indicator_readings_definition_id"), ["definition_id"], unique=False)
        batch_op.create_index(
            "ix_indicator_readings_standing",
            ["indicator_id", "place", "last"],
            unique=False,
            sqlite_where=sa.text("standing"),
            postgresql_where=sa.text("standing"),
        )
        batch_op.create_index(
            "uq_indicator_readings_standing",
            ["indicator_id", "place", "period"],
            unique=True,
            sqlite_where=sa.text("standing"),
            postgresql_where=sa.text("standing"),
        )
        batch_op.create_index(batch_op.f("ix_indicator_readings_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "indicator_tasks",
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_tasks_indicator_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_indicator_tasks_task_id")),
        sa.PrimaryKeyConstraint("indicator_id", "task_id", name=op.f("pk_indicator_tasks")),
    )
    with op.batch_alter_table("indicator_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indicator_tasks_task_id"), ["task_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("indicator_tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indicator_tasks_task_id"))

    op.drop_table("indicator_tasks")
    with op.batch_alter_table("indicator_readings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indicator_readings_unit_id"))
        batch_op.drop_index(
            "uq_indicator_readings_standing", sqlite_where=sa.text("standing"), postgresql_where=sa.text("standing")
        )
        batch_op.drop_index(
            "ix_indicator_readings_standing", sqlite_where=sa.text("standing"), postgresql_where=sa.text("standing")
        )
        batch_op.drop_index(batch_op.f("ix_indicator_readings_definition_id"))
        batch_op.drop_index("ix_indicator_readings_as_of")

    op.drop_table("indicator_readings")
    with op.batch_alter_table("indicator_citations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indicator_citations_indicator_id"))
        batch_op.drop_index(batch_op.f("ix_indicator_citations_digest"))

    op.drop_table("indicator_citations")
    with op.batch_alter_table("indicator_definitions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indicator_definitions_part_of_id"))
        batch_op.drop_index(batch_op.f("ix_indicator_definitions_owner_unit_id"))
        batch_op.drop_index("ix_indicator_definitions_indicator")
        batch_op.drop_index(batch_op.f("ix_indicator_definitions_group_id"))

    op.drop_table("indicator_definitions")
    with op.batch_alter_table("indicator_targets", schema=None) as batch_op:
        batch_op.drop_index("uq_indicator_targets_period")
        batch_op.drop_index(batch_op.f("ix_indicator_targets_unit_id"))

    op.drop_table("indicator_targets")
    op.drop_table("indicator_groups")
    with op.batch_alter_table("indicators", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indicators_set_id"))

    op.drop_table("indicators")
    op.drop_table("indicator_set_versions")
    op.drop_table("indicator_sets")
