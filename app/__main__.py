"""The command line: serve, migrate, demo, users and tokens, checks."""

import gc
import json
import socket
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app import __version__
from app.console import identify, ready, say
from app.core import audit, i18n
from app.core.clock import HUE, SystemClock
from app.core.db import Database, sqlite_is_safe_for_several_processes
from app.core.errors import Fault, Problem
from app.core.settings import Settings, mask_url
from app.portal_commands import portal_cli

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="tiendo57: progress on Resolution 57.")
user_cli = typer.Typer(no_args_is_help=True, help="Accounts of people.")
token_cli = typer.Typer(no_args_is_help=True, help="Tokens of API clients.")
cli.add_typer(user_cli, name="user")
cli.add_typer(token_cli, name="token")
cli.add_typer(portal_cli)


def main() -> None:
    """Run the command line; an expected refusal is told in a line, not in a traceback."""
    try:
        cli()
    except Problem as problem:
        for fault in problem.faults or [Fault("", problem.code, problem.values)]:
            say(f"{fault.pointer} {i18n.translate(f'error.{fault.code}', 'en', **fault.values)}".strip())
        sys.exit(2)


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@cli.command()
def settings() -> None:
    """Print every setting with its value and source; secrets are masked."""
    for name, value, source in Settings().with_sources():
        typer.echo(f"{name} = {value}  ({source})")


@cli.command()
def migrate(down_to: Annotated[str | None, typer.Option(help="Go down to this revision instead")] = None) -> None:
    """Bring the database to the newest schema and load the catalogues an installation starts with."""
    from app import migrations

    settings = Settings()
    database = Database(settings)
    if down_to is not None:
        migrations.downgrade(database, down_to)
        return
    migrations.upgrade(database)
    migrations.seed(database, settings, SystemClock())
    say(f"Migrated: {mask_url(settings.database_url.get_secret_value())}")


@cli.command()
def demo(
    until: Annotated[str | None, typer.Option(help="Last day, like 2026-11-20; default yesterday")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other made-up figures")] = 57,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing when there are reports already")] = False,
) -> None:
    """Load the demonstration: real published figures where there are, the rest plainly made up."""
    from app.demo import loader

    settings = Settings()
    database = ready(settings)
    today = SystemClock().now().astimezone(HUE).date()
    last = date.fromisoformat(until) if until else today - timedelta(days=1)
    stage = loader.stage(database)
    if stage in (loader.Stage.WHOLE, loader.Stage.REAL):
        if if_empty:
            return
        say("There are reports already: the demonstration is for an empty database.")
        raise typer.Exit(2)
    if stage is loader.Stage.HALF:
        say("A load of the demonstration was interrupted: going on with it.")
    loader.load(database, settings, until=last, seed=seed)


@cli.command()
def serve(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = 8000,
    workers: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Serve pages and API."""
    import uvicorn

    settings = Settings()
    database = ready(settings)
    if workers > 1 and database.is_sqlite and not sqlite_is_safe_for_several_processes():
        say("This SQLite is older than 3.51.3, which several processes may corrupt: use one worker or PostgreSQL.")
        raise typer.Exit(2)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            say(f"Cannot serve at {host}:{port}: {error.strerror}. Another port: --port (make run PORT=…).")
            raise typer.Exit(2) from None
    say(f"tiendo57 {__version__} at http://{host}:{port}  ({database.version()})")
    if settings.demonstration:
        from app.accounts.demonstration import ACCOUNTS, PASSWORD

        say("Demonstration accounts (password of all: " + PASSWORD + "):")
        for account in ACCOUNTS:
            say(f"  {account.user_name:<18} {account.role:<20} {account.unit_code or ''}")
    database.engine.dispose()
    # To look for what could be thrown away is a quarter of the start; once the application is read, it turns this on.
    gc.disable()
    uvicorn.run(
        "app.main:create_app", factory=True, host=host, port=port, workers=workers, access_log=False,
        log_level=settings.log_level, server_header=False, date_header=True,
    )  # fmt: skip


@user_cli.command("create")
def user_create(
    user_name: Annotated[str, typer.Argument()],
    role: Annotated[str, typer.Option()],
    label: Annotated[str, typer.Option(help="The position, as pages show it")] = "",
    unit: Annotated[str | None, typer.Option(help="Code of the unit")] = None,
) -> None:
    """Create an account; the password is asked for, or read from standard input."""
    from app.accounts import users
    from app.units.service import by_code

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    with ready(Settings()).write() as session:
        identify(session)
        unit_id = by_code(session, unit).id if unit else None
        users.create_user(
            session, None, user_name=user_name, label=label or user_name, role=role, unit_id=unit_id,
            password=password, now=SystemClock().now(),
        )  # fmt: skip
    say(f"Created {user_name}.")


@token_cli.command("create")
def token_create(
    role: Annotated[str, typer.Option()],
    unit: Annotated[str | None, typer.Option(help="Code of the unit")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A right; repeat for several; default: the role's")] = None,
    name: Annotated[str | None, typer.Option(help="Of the program; needed with figures:send and portal:events")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650)] = None,
) -> None:
    """Create an API token and print it alone on standard output; only its hash is stored."""
    from app.accounts import tokens
    from app.accounts.rules import SENDING
    from app.core.i18n import COMMAND_LINE
    from app.units.service import by_code

    if name is None and SENDING.intersection(scope or []):
        raise typer.BadParameter("a token that sends figures or events is known by its name", param_hint="--name")
    settings = Settings()
    now = SystemClock().now()
    with ready(settings).write() as session:
        identify(session)
        unit_id = by_code(session, unit).id if unit else None
        _, clear = tokens.create_token(
            session, role=role, unit_id=unit_id, scopes=scope or None, name=name or COMMAND_LINE, now=now,
            expires=now + timedelta(days=days or settings.api_token_days),
        )  # fmt: skip
    typer.echo(clear)


@cli.command()
def verify() -> None:
    """Check the audit chain, every revision, and kept totals, findings and differences against the reports."""
    from app.indicators.computed import rebuilding as indicators
    from app.portal.gaps import recounting as gaps
    from app.tasks import proof as tasks
    from app.tasks.monthly import service as monthly
    from app.throughput import proof, totals
    from app.throughput.figures import rebuilding as figures
    from app.throughput.findings import rebuilding as findings
    from app.throughput.statutory import frozen

    with ready(Settings()).read() as session:
        faults = [
            *audit.broken_links(session),
            *proof.alterations(session),
            *frozen.damaged(session),
            *monthly.damaged(session),
            *totals.differences(session),
            *findings.differences(session),
            *figures.differences(session),
            *gaps.differences(session),
            *tasks.differences(session, SystemClock().now()),
            *indicators.differences(session, SystemClock().now()),
        ]
        unproved = gaps.left(session)
    if unproved:
        say(unproved)
    for fault in faults:
        typer.echo(fault)
    say(f"{len(faults)} faults." if faults else "Audit chain, revisions, totals and findings are right.")
    raise typer.Exit(1 if faults else 0)


@cli.command()
def remind() -> None:
    """Write down the reminders whose moments have come; the serving process does the same every minute."""
    from app.throughput.reminders import making

    with ready(Settings()).write() as session:
        identify(session)
        count = making.make(session, SystemClock().now())
    say(f"{count} reminders made.")


@cli.command("rebuild-totals")
def rebuild_totals() -> None:
    """Compute all kept totals anew from the lines, and bring the findings to what the reports say."""
    from app.tasks import proof as tasks
    from app.throughput import totals
    from app.throughput.figures import rebuilding as figures
    from app.throughput.findings import rebuilding as findings

    with ready(Settings()).write() as session:
        identify(session)
        count = totals.rebuild(session)
        findings.rebuild(session)
        figures.rebuild(session)
        tasks.rebuild(session, SystemClock().now())
        audit.record(session, "totals.rebuilt", "totals", after={"reports": count})
    say(f"Totals of {count} reports rebuilt.")


@cli.command("rebuild-indicators")
def rebuild_indicators() -> None:
    """Work out all computed readings of indicators anew from reports and tasks."""
    from app.core.progress import progress
    from app.indicators.computed import rebuilding

    now = SystemClock().now()
    database, count = ready(Settings()), 0
    with database.read() as session:
        handfuls = rebuilding.periods(session, now)
    # A transaction for each handful, so that reports wait for one at most.
    with progress("Indicators", sum(len(handful) for handful in handfuls), "periods") as advance:
        for handful in handfuls:
            with database.write() as session:
                identify(session)
                count += rebuilding.rebuild_periods(session, handful, now)
            advance(len(handful))
    with database.write() as session:
        identify(session)
        rebuilding.forget_others(session, handfuls)
        audit.record(session, "indicators.rebuilt", "indicators", after={"readings": count})
    say(f"{count} readings of indicators rebuilt.")


@cli.command()
def openapi(output: Annotated[Path | None, typer.Option()] = None) -> None:
    """Print the API's contract."""
    from app.main import create_app

    text = json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


if __name__ == "__main__":
    main()
