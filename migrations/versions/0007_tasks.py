"""tasks: programmes, directives, tasks with their dated states, progress and the scope ledger"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "programmes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=30).with_variant(sa.String(length=30, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("name_vi", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_en", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("name_fr", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("headline", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("headline in ('original', 'approved')", name=op.f("ck_programmes_headline")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
        sa.UniqueConstraint("code", name=op.f("uq_programmes_code")),
    )
    op.create_table(
        "directives",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("party", sa.Boolean(), nullable=False),
        sa.Column("link", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("search_key", sqlmodel.sql.sqltypes.AutoString(length=2500), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind in ('resolution', 'plan', 'conclusion', 'decision', 'directive', 'official_letter', 'urgent_telegram')",
            name=op.f("ck_directives_kind"),
        ),
        sa.CheckConstraint("not (party and file_id is not null)", name=op.f("ck_directives_party_file")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_directives_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directives")),
        sa.UniqueConstraint("number", "issuer", "issued_on", name=op.f("uq_directives_number_issuer_issued_on")),
    )
    op.create_index(op.f("ix_directives_file_id"), "directives", ["file_id"], unique=False)
    op.create_index(op.f("ix_directives_issued_on"), "directives", ["issued_on"], unique=False)
    op.create_table(
        "programme_phases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=30), nullable=False),
        sa.Column("name_vi", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("name_en", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("name_fr", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.CheckConstraint("first is null or last is null or first <= last", name=op.f("ck_programme_phases_days")),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_programme_phases_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_phases")),
        sa.UniqueConstraint("programme_id", "code", name=op.f("uq_programme_phases_programme_id_code")),
    )
    op.create_table(
        "task_counts",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("bucket", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_task_counts_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "bucket", "day", name=op.f("pk_task_counts")),
    )
    op.create_table(
        "directive_clauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("directive_id", sa.Integer(), nullable=False),
        sa.Column("label", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name=op.f("fk_directive_clauses_directive_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directive_clauses")),
        sa.UniqueConstraint("directive_id", "label", name=op.f("uq_directive_clauses_directive_id_label")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("phase_id", sa.Integer(), nullable=True),
        sa.Column("directive_id", sa.Integer(), nullable=False),
        sa.Column("clause_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("roll_up", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("lead_unit_id", sa.Integer(), nullable=False),
        sa.Column("accountable_position", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("responsible_position", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("product", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("authority", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("rhythm", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("precision", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=True),
        sa.Column("approved", sa.Date(), nullable=True),
        sa.Column("approved_precision", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=True),
        sa.Column(
            "centre_code",
            sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=True),
        sa.Column("accepted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("rhythm_from", sa.Date(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("percent_source", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=True),
        sa.Column("last_update_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(kind = 'regular') = (rhythm is not null)", name=op.f("ck_tasks_rhythm_of_kind")),
        sa.CheckConstraint(
            "(status in ('completed', 'awaiting_acceptance')) <= (proposed_on is not null)",
            name=op.f("ck_tasks_proposed_on"),
        ),
        sa.CheckConstraint("kind in ('dated', 'regular')", name=op.f("ck_tasks_kind")),
        sa.CheckConstraint(
            "percent_source is null or percent_source in ('milestones', 'children', 'declared')",
            name=op.f("ck_tasks_source"),
        ),
        sa.CheckConstraint(
            "precision is null or precision in ('day', 'month', 'quarter', 'year')", name=op.f("ck_tasks_precision")
        ),
        sa.CheckConstraint(
            "rhythm is null or rhythm in ('week', 'month', 'quarter', 'half_year', 'year')",
            name=op.f("ck_tasks_rhythm"),
        ),
        sa.CheckConstraint("roll_up in ('own', 'children')", name=op.f("ck_tasks_roll_up")),
        sa.CheckConstraint(
            "status in ('unclassified', 'not_started', 'in_progress', 'awaiting_acceptance', 'returned', 'completed', 'cancelled', 'merged', 'split')",
            name=op.f("ck_tasks_status"),
        ),
        sa.CheckConstraint(
            "(approved is null) = (approved_precision is null)", name=op.f("ck_tasks_approved_precision")
        ),
        sa.CheckConstraint("(deadline is null) = (precision is null)", name=op.f("ck_tasks_deadline_precision")),
        sa.CheckConstraint("(percent is null) = (percent_source is null)", name=op.f("ck_tasks_percent_source")),
        sa.CheckConstraint("approved is null or deadline is not null", name=op.f("ck_tasks_approved_deadline")),
        sa.CheckConstraint("parent_id is null or parent_id <> id", name=op.f("ck_tasks_parent")),
        sa.CheckConstraint("percent is null or percent between 0 and 100", name=op.f("ck_tasks_percent")),
        sa.CheckConstraint("weight between 1 and 1000", name=op.f("ck_tasks_weight")),
        sa.ForeignKeyConstraint(["clause_id"], ["directive_clauses.id"], name=op.f("fk_tasks_clause_id")),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name=op.f("fk_tasks_directive_id")),
        sa.ForeignKeyConstraint(["lead_unit_id"], ["units.id"], name=op.f("fk_tasks_lead_unit_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["tasks.id"], name=op.f("fk_tasks_parent_id")),
        sa.ForeignKeyConstraint(["phase_id"], ["programme_phases.id"], name=op.f("fk_tasks_phase_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_tasks_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("code", name=op.f("uq_tasks_code")),
    )
    op.create_index(op.f("ix_tasks_centre_code"), "tasks", ["centre_code"], unique=False)
    op.create_index(op.f("ix_tasks_clause_id"), "tasks", ["clause_id"], unique=False)
    op.create_index("ix_tasks_deadline", "tasks", ["deadline", "code"], unique=False)
    op.create_index("ix_tasks_directive_code", "tasks", ["directive_id", "code"], unique=False)
    op.create_index(op.f("ix_tasks_lead_unit_id"), "tasks", ["lead_unit_id"], unique=False)
    op.create_index(op.f("ix_tasks_parent_id"), "tasks", ["parent_id"], unique=False)
    op.create_index(op.f("ix_tasks_phase_id"), "tasks", ["phase_id"], unique=False)
    op.create_index("ix_tasks_programme_code", "tasks", ["programme_id", "code"], unique=False)
    op.create_index(op.f("ix_tasks_updated_at"), "tasks", ["updated_at"], unique=False)
    op.create_table(
        "scope_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("document", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("document_on", sa.Date(), nullable=False),
        sa.Column("link", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("into_id", sa.Integer(), nullable=True),
        sa.Column("split_from_id", sa.Integer(), nullable=True),
        sa.Column("before", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("after", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.CheckConstraint("(kind = 'merged') = (into_id is not null)", name=op.f("ck_scope_changes_into")),
        sa.CheckConstraint(
            "kind in ('added', 'merged', 'split', 'cancelled', 'reclassified')", name=op.f("ck_scope_changes_kind")
        ),
        sa.ForeignKeyConstraint(["into_id"], ["tasks.id"], name=op.f("fk_scope_changes_into_id")),
        sa.ForeignKeyConstraint(["split_from_id"], ["tasks.id"], name=op.f("fk_scope_changes_split_from_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_scope_changes_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_changes")),
    )
    op.create_index("ix_scope_changes_at", "scope_changes", ["at"], unique=False)
    op.create_index(op.f("ix_scope_changes_into_id"), "scope_changes", ["into_id"], unique=False)
    op.create_index(op.f("ix_scope_changes_split_from_id"), "scope_changes", ["split_from_id"], unique=False)
    op.create_index("ix_scope_changes_task", "scope_changes", ["task_id", "at"], unique=False)
    op.create_table(
        "task_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("act", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.CheckConstraint(
            "act in ('created', 'started', 'proposed', 'accepted', 'returned', 'cancelled', 'merged', 'split', 'reclassified', 'rolled_up')",
            name=op.f("ck_task_acts_act"),
        ),
        sa.CheckConstraint(
            "status in ('unclassified', 'not_started', 'in_progress', 'awaiting_acceptance', 'returned', 'completed', 'cancelled', 'merged', 'split')",
            name=op.f("ck_task_acts_status"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_acts_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_task_acts_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_acts")),
    )
    op.create_index("ix_task_acts_task_at", "task_acts", ["task_id", "at"], unique=False)
    op.create_table(
        "task_extensions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("before", sa.Date(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("precision", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("document", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("document_on", sa.Date(), nullable=False),
        sa.Column("link", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.CheckConstraint(
            "precision in ('day', 'month', 'quarter', 'year')", name=op.f("ck_task_extensions_precision")
        ),
        sa.CheckConstraint("deadline > before", name=op.f("ck_task_extensions_later")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_extensions_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_extensions")),
    )
    op.create_index("ix_task_extensions_task", "task_extensions", ["task_id", "at"], unique=False)
    op.create_table(
        "task_milestones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.CheckConstraint("weight between 1 and 1000", name=op.f("ck_task_milestones_weight")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_milestones_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_milestones")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_task_milestones_task_id_number")),
    )
    op.create_table(
        "task_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("from_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("to_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("bucket", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=10), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("approved", sa.Date(), nullable=True),
        sa.Column("proposed_on", sa.Date(), nullable=True),
        sa.Column("update_due", sa.Date(), nullable=True),
        sa.Column("lead_unit_id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("top", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "bucket in ('cancelled', 'unclassified', 'completed_on_time', 'completed_late', 'regular_on_schedule', 'regular_overdue', 'awaiting_acceptance', 'overdue', 'due_soon', 'not_started', 'on_schedule')",
            name=op.f("ck_task_states_bucket"),
        ),
        sa.CheckConstraint("kind in ('dated', 'regular')", name=op.f("ck_task_states_kind")),
        sa.CheckConstraint(
            "status in ('unclassified', 'not_started', 'in_progress', 'awaiting_acceptance', 'returned', 'completed', 'cancelled', 'merged', 'split')",
            name=op.f("ck_task_states_status"),
        ),
        sa.CheckConstraint("from_at <= to_at", name=op.f("ck_task_states_moments")),
        sa.ForeignKeyConstraint(["lead_unit_id"], ["units.id"], name=op.f("fk_task_states_lead_unit_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_task_states_programme_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_states_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_states")),
    )
    op.create_index("ix_task_states_bucket", "task_states", ["bucket", "to_at", "from_at", "task_id"], unique=False)
    op.create_index("ix_task_states_from", "task_states", ["from_at", "programme_id", "top", "bucket"], unique=False)
    op.create_index("ix_task_states_lead", "task_states", ["lead_unit_id", "to_at", "from_at", "bucket"], unique=False)
    op.create_index("ix_task_states_task_from", "task_states", ["task_id", "from_at"], unique=False)
    op.create_index("ix_task_states_to", "task_states", ["to_at", "programme_id", "top", "bucket"], unique=False)
    op.create_table(
        "task_tags",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("tag", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_tags_task_id")),
        sa.PrimaryKeyConstraint("task_id", "tag", name=op.f("pk_task_tags")),
    )
    op.create_index("ix_task_tags_tag", "task_tags", ["tag", "task_id"], unique=False)
    op.create_table(
        "task_units",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.CheckConstraint("role in ('lead', 'coordinating')", name=op.f("ck_task_units_role")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_units_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_task_units_unit_id")),
        sa.PrimaryKeyConstraint("task_id", "unit_id", name=op.f("pk_task_units")),
    )
    op.create_index("ix_task_units_unit_role", "task_units", ["unit_id", "role", "task_id"], unique=False)
    op.create_index(
        "uq_task_units_one_lead",
        "task_units",
        ["task_id"],
        unique=True,
        sqlite_where=sa.text("role = 'lead'"),
        postgresql_where=sa.text("role = 'lead'"),
    )
    op.create_table(
        "task_updates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("done", sqlmodel.sql.sqltypes.AutoString(length=4000), nullable=True),
        sa.Column("causes", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("difficulties", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("proposals", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("help", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("percent_source", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=True),
        sa.CheckConstraint(
            "percent_source is null or percent_source in ('milestones', 'children', 'declared')",
            name=op.f("ck_task_updates_source"),
        ),
        sa.CheckConstraint("(percent is null) = (percent_source is null)", name=op.f("ck_task_updates_percent_source")),
        sa.CheckConstraint("percent is null or percent between 0 and 100", name=op.f("ck_task_updates_percent")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_updates_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_task_updates_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_updates")),
    )
    op.create_index("ix_task_updates_task_at", "task_updates", ["task_id", "at"], unique=False)
    op.create_table(
        "task_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("link", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=True),
        sa.Column("document", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=True),
        sa.Column("document_on", sa.Date(), nullable=True),
        sa.Column("update_id", sa.Integer(), nullable=True),
        sa.Column("act_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "file_id is not null or link is not null or document is not null", name=op.f("ck_task_evidence_something")
        ),
        sa.ForeignKeyConstraint(["act_id"], ["task_acts.id"], name=op.f("fk_task_evidence_act_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_task_evidence_file_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_evidence_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_task_evidence_unit_id")),
        sa.ForeignKeyConstraint(["update_id"], ["task_updates.id"], name=op.f("fk_task_evidence_update_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_evidence")),
        sa.UniqueConstraint("task_id", "file_id", name=op.f("uq_task_evidence_task_id_file_id")),
    )
    op.create_index(op.f("ix_task_evidence_act_id"), "task_evidence", ["act_id"], unique=False)
    op.create_index(op.f("ix_task_evidence_file_id"), "task_evidence", ["file_id"], unique=False)
    op.create_index("ix_task_evidence_task", "task_evidence", ["task_id", "at"], unique=False)
    op.create_index(op.f("ix_task_evidence_update_id"), "task_evidence", ["update_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_task_evidence_update_id"), table_name="task_evidence")
    op.drop_index("ix_task_evidence_task", table_name="task_evidence")
    op.drop_index(op.f("ix_task_evidence_file_id"), table_name="task_evidence")
    op.drop_index(op.f("ix_task_evidence_act_id"), table_name="task_evidence")
    op.drop_table("task_evidence")
    op.drop_index("ix_task_updates_task_at", table_name="task_updates")
    op.drop_table("task_updates")
    op.drop_index(
        "uq_task_units_one_lead",
        table_name="task_units",
        sqlite_where=sa.text("role = 'lead'"),
        postgresql_where=sa.text("role = 'lead'"),
    )
    op.drop_index("ix_task_units_unit_role", table_name="task_units")
    op.drop_table("task_units")
    op.drop_index("ix_task_tags_tag", table_name="task_tags")
    op.drop_table("task_tags")
    op.drop_index("ix_task_states_to", table_name="task_states")
    op.drop_index("ix_task_states_task_from", table_name="task_states")
    op.drop_index("ix_task_states_lead", table_name="task_states")
    op.drop_index("ix_task_states_from", table_name="task_states")
    op.drop_index("ix_task_states_bucket", table_name="task_states")
    op.drop_table("task_states")
    op.drop_table("task_milestones")
    op.drop_index("ix_task_extensions_task", table_name="task_extensions")
    op.drop_table("task_extensions")
    op.drop_index("ix_task_acts_task_at", table_name="task_acts")
    op.drop_table("task_acts")
    op.drop_index("ix_scope_changes_task", table_name="scope_changes")
    op.drop_index(op.f("ix_scope_changes_split_from_id"), table_name="scope_changes")
    op.drop_index(op.f("ix_scope_changes_into_id"), table_name="scope_changes")
    op.drop_index("ix_scope_changes_at", table_name="scope_changes")
    op.drop_table("scope_changes")
    op.drop_index(op.f("ix_tasks_updated_at"), table_name="tasks")
    op.drop_index("ix_tasks_programme_code", table_name="tasks")
    op.drop_index(op.f("ix_tasks_phase_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_parent_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_lead_unit_id"), table_name="tasks")
    op.drop_index("ix_tasks_directive_code", table_name="tasks")
    op.drop_index("ix_tasks_deadline", table_name="tasks")
    op.drop_index(op.f("ix_tasks_clause_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_centre_code"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_table("directive_clauses")
    op.drop_table("task_counts")
    op.drop_table("programme_phases")
    op.drop_index(op.f("ix_directives_issued_on"), table_name="directives")
    op.drop_index(op.f("ix_directives_file_id"), table_name="directives")
    op.drop_table("directives")
    op.drop_table("programmes")
