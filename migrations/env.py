"""Run migrations on the configured database, in the connection given or one of our own."""

from alembic import context
from sqlmodel import SQLModel

from app.core.db import Database
from app.core.settings import Settings
from app.migrations import rebuilding
from app.tables import TABLES

assert TABLES


def run(connection: object) -> None:
    context.configure(
        connection=connection,  # type: ignore[arg-type]
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with rebuilding(Database(Settings())) as own:
        run(own)
