"""What all commands share: telling, who they are, and the database."""

from datetime import datetime

import typer
from sqlmodel import Session

from app.core import audit
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.settings import Settings


def say(text: str) -> None:
    """Tell a person, beside what a program reads."""
    typer.echo(text, err=True)


def identify(session: Session, name: str = "tiendo57") -> None:
    """Note in a session who writes: a command, now."""
    session.info["audit_context"] = by(SystemClock().now(), name)


def by(now: datetime, name: str = "tiendo57") -> audit.Context:
    """Return what the audit says of a command."""
    return audit.Context(at=now, user_id=None, user_name=name, door="command")


def ready(settings: Settings) -> Database:
    """Return the migrated database; raises Exit(2) when it has no tables yet."""
    from app import migrations

    database = Database(settings)
    if not migrations.is_migrated(database):
        say("The database has no tables yet: run `tiendo57 migrate` first.")
        raise typer.Exit(2)
    return database
