"""What a worker does beside the pages: the outbox as it fills, and the nightly round by one of all workers."""

import asyncio
import os
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import time, timedelta

import structlog

from app.core import audit
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Conflict
from app.core.jobs import turns
from app.core.jobs.worker import Worker
from app.core.settings import Settings
from app.portal.adapters.rules import Endpoint
from app.portal.codes import pulling
from app.portal.events import recounting
from app.portal.health.connecting import address_of
from app.portal.messages.sending import PortalSender

log = structlog.get_logger()
SOON, LOOK = 2.0, 60.0  # seconds before the first and each later look at whether the night's work is done
NIGHT = timedelta(hours=1)  # a round that takes longer was cut off


def worker(database: Database, settings: Settings, clock: Clock) -> Worker:
    """Return a worker with a name that no other has."""
    name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
    lease = timedelta(seconds=settings.worker_lease_seconds)
    return Worker(database, clock, PortalSender(database, settings, clock), name=name, lease=lease)


def work(
    database: Database, settings: Settings, clock: Clock, stop: threading.Event, *, at_once: int = 1
) -> None:  # fmt: skip
    """Work until told to stop, with so many messages on their way at once.

    What is held when it is told is finished; a nightly round is cut off and begun anew.
    """
    one = worker(database, settings, clock)
    others = [threading.Thread(target=worker(database, settings, clock).run, args=(stop,)) for _ in range(at_once - 1)]
    # A daemon: a round may take ten minutes, and nothing is lost by cutting it off.
    threading.Thread(target=_nights, args=(database, settings, clock, one.name, stop), daemon=True).start()
    log.info("worker_started", worker=one.name)
    for other in others:
        other.start()
    one.run(stop)
    for other in others:
        other.join()
    log.info("worker_stopped", worker=one.name)


@asynccontextmanager
async def beside(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """Within the block, have a worker work in a thread of this process, if the installation wants it so."""
    if not settings.worker_in_serve:
        yield
        return
    stop = threading.Event()
    told = (database, settings, clock, stop)
    thread = threading.Thread(target=work, args=told, name="portal-worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        await asyncio.to_thread(thread.join, settings.worker_lease_seconds)


def night(database: Database, settings: Settings, clock: Clock, worker: str) -> list[str]:
    """Do what the night has for us and nobody did yet: the pull, then the recount; returns what was done."""
    if settings.worker_nightly_at == "off":
        return []
    hands = time.fromisoformat(settings.worker_nightly_at)
    rounds: dict[str, Callable[[], bool]] = {
        "portal-pull": lambda: _pull(database, settings, clock),
        "portal-recount": lambda: _recount(database, settings, clock),
    }
    return [name for name, act in rounds.items() if _taken(database, clock, name, worker, hands, act)]


def _nights(database: Database, settings: Settings, clock: Clock, worker: str, stop: threading.Event) -> None:
    wait = SOON
    while not stop.wait(wait):
        wait = LOOK
        try:
            night(database, settings, clock, worker)
        except Exception as error:
            log.warning("nightly_round_failed", error=type(error).__name__)


def _taken(
    database: Database, clock: Clock, name: str, worker: str, hands: time, act: Callable[[], bool]
) -> bool:  # fmt: skip
    now = clock.now()
    since = turns.last_night(now, hands)
    with database.read() as session:
        if not turns.is_due(session, name, now, since=since):
            return False
    with database.write() as session:
        if not turns.begin(session, name, worker, now, since=since, lease=NIGHT):
            return False
    done = False
    try:
        done = act()
    finally:
        with database.write() as session:
            turns.end(session, name, worker, clock.now(), done=done)
    return True


def _pull(database: Database, settings: Settings, clock: Clock) -> bool:
    if not any(address_of(settings, one) for one in Endpoint):
        return True
    try:
        pulled = pulling.pull(database, settings, clock, by=_by(clock))
    except Conflict as refusal:
        log.warning("nightly_pull_refused", code=refusal.code)
        return False
    return not pulled.failed


def _recount(database: Database, settings: Settings, clock: Clock) -> bool:
    with database.read() as session:
        known = recounting.sources(session)
    for source in known:
        recounting.recount(database, clock, _by(clock), source, stopped_ends=settings.portal_stopped_ends)
    return True


def _by(clock: Clock) -> audit.Context:
    return audit.Context(clock.now(), None, "tiendo57", "command")
