"""The commands about the national portal."""

import sys
from typing import Annotated

import typer

from app.console import by, identify, ready, say
from app.core import audit
from app.core.clock import SystemClock
from app.core.settings import Settings

portal_cli = typer.Typer()


@portal_cli.command("portal-pull")
def portal_pull() -> None:
    """Bring the portal's lists, published figures and scores up to date; meant for every night."""
    from app.portal.codes import pulling
    from app.wiring import wire

    wire()
    settings = Settings()
    clock = SystemClock()
    pulled = pulling.pull(ready(settings), settings, clock, by=by(clock.now()))
    for one in pulled.lists:
        say(f"{one.kind.value}: {one.added} new, {one.changed} changed, {one.gone} gone")
    say(f"months: {pulled.months if pulled.months is not None else '-'}")
    say(f"scores: {pulled.scores if pulled.scores is not None else '-'}")
    if pulled.failed:
        say(f"Not brought: {', '.join(pulled.failed)}; what stood stays, the exchanges say why.")
        raise typer.Exit(1)


@portal_cli.command("portal-recount")
def portal_recount(
    source: Annotated[str | None, typer.Option(help="Only this source of events; default all")] = None,
) -> None:
    """Count all events of the one-gate system anew, by the catalogue and the codes of now; meant for every night."""
    from app.portal.events import recounting
    from app.wiring import wire

    wire()
    settings = Settings()
    database, clock = ready(settings), SystemClock()
    with database.read() as session:
        known = recounting.sources(session)
    if source is not None and source not in known:
        say(f"No source of events is named {source}.")
        raise typer.Exit(2)
    for one in known if source is None else [source]:
        stopped_ends = settings.portal_stopped_ends
        told = recounting.recount(database, clock, by(clock.now()), one, stopped_ends=stopped_ends)
        say(f"{one}: {told.accepted} more events counted, {told.left} aside")
        say(f"{one}: {told.unit_days} days up to date, {told.refused} refused")


@portal_cli.command("portal-reconcile")
def portal_reconcile() -> None:
    """Compare all that reports and other systems say anew; for what has no event, such as an agency's new meaning."""
    from app.portal.gaps import rebuilding
    from app.wiring import wire

    wire()
    database, clock = ready(Settings()), SystemClock()
    count = rebuilding.rebuild(database, clock, by(clock.now()))
    with database.write() as session:
        identify(session)
        audit.record(session, "portal.reconciled", "portal/gaps", after={"changed": count})
    say(f"{count} gaps are other than before.")


@portal_cli.command("forget-exchanges")
def forget_exchanges() -> None:
    """Delete the exchanges with other systems that are older than `portal_exchange_days`; nothing else does."""
    from app.portal.exchanges import service as exchanges

    settings = Settings()
    with ready(settings).write() as session:
        identify(session)
        count = exchanges.forget(session, SystemClock().now(), settings.portal_exchange_days)
        audit.record(session, "portal.exchanges_forgotten", "portal/exchanges", after={"count": count})
    say(f"{count} exchanges forgotten.")


@portal_cli.command("worker")
def worker() -> None:
    """Send what waits in the outbox and do the nightly round, until ended; any number of workers may run."""
    import signal
    import threading

    from app.core import log
    from app.portal import working
    from app.wiring import wire

    wire()
    settings = Settings()
    log.configure(settings)
    database, stop = ready(settings), threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    working.work(database, settings, SystemClock(), stop, at_once=settings.worker_at_once)
    database.engine.dispose()


@portal_cli.command("portal-replay")
def portal_replay(
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log")],
    message: Annotated[str | None, typer.Option(help="Only this one, by its key; default all parked")] = None,
) -> None:
    """Send parked messages again; the receiver drops what it has already."""
    from app.portal.messages import service as messages

    with ready(Settings()).write() as session:
        identify(session)
        now = SystemClock().now()
        if message is None:
            count = messages.replay_all(session, reason=reason, now=now).replayed
        else:
            messages.replay(session, messages.number_of(session, message), reason=reason, now=now)
            count = 1
    say(f"{count} messages wait to be sent again.")


@portal_cli.command("portal-simulator")
def portal_simulator(
    host: Annotated[
        str, typer.Option(help="This machine's own address, unless a test network needs another")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any free one; the address is printed")] = 8057,
) -> None:
    """Serve both generations of the portal's interface with this database's data and switchable faults."""
    from app.portal.simulator import content
    from app.portal.simulator.server import PASSWORD, USER, Simulator

    database = ready(Settings())
    with database.read() as session:
        known = content.read(session)
    database.engine.dispose()
    try:
        server = Simulator((host, port), known)
    except OSError as error:
        say(f"Cannot serve at {host}:{port}: {error.strerror}. Another port: --port.")
        raise typer.Exit(2) from None
    base = f"http://{host}:{server.server_address[1]}"
    typer.echo(f"{base}/legacy {base}/rest")
    sys.stdout.flush()
    say(f"Simulator of the portal; sign-in {USER} / {PASSWORD}; faults at {base}/control.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
