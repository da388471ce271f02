"""the newest reading is looked up in an index: SQLite takes a partial one only where its words are the statement's"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NAME, TABLE, COLUMNS = "ix_indicator_readings_standing", "indicator_readings", "indicator_id, place, last"


def upgrade() -> None:
    _again("standing = 1")


def downgrade() -> None:
    _again("standing")


def _again(where: str) -> None:
    """Make the index of readings that count anew; PostgreSQL understood it as it was."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP INDEX {NAME}")
        op.execute(f"CREATE INDEX {NAME} ON {TABLE} ({COLUMNS}) WHERE {where}")
