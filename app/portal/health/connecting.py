"""An adapter for each system, made from the settings, with breaker and evidence at every call."""

import math
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import event
from sqlmodel import Session

from app.core import audit
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Conflict
from app.core.settings import Settings
from app.portal.adapters.legacy import LegacyAdapter
from app.portal.adapters.rest import RestAdapter
from app.portal.adapters.rules import Adapter, Endpoint, PortalFault
from app.portal.adapters.transport import Exchange, Limits, Line, Watch, target, trust
from app.portal.exchanges import service as exchanges
from app.portal.health import breakers

# The simulator's sign-in, for a demonstration on this machine that names no file; see the guide.
DEMONSTRATION = ("mo-phong", "mo-phong")


class DatabaseWatch:
    """Asks the breaker before a call, and writes breaker and evidence after it: short transactions of their own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def enter(self, endpoint: Endpoint) -> None:
        """Let a call through, or raise Paused."""
        with self.database.read() as session:
            if breakers.is_closed(session, endpoint):
                return
        with self.database.write() as session:
            breakers.enter(session, endpoint, self.clock.now())

    def note(self, exchange: Exchange) -> None:
        """Write down how a call ended."""
        now = self.clock.now()
        with self.database.write() as session:
            session.info["audit_context"] = audit.Context(now, None, "tiendo57", "portal")
            _note(session, exchange, now)


class PatientWatch(DatabaseWatch):
    """Writes down how calls ended in a transaction that comes right after them anyway: of many calls each saves one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self._told: list[tuple[Exchange, datetime]] = []

    def enter(self, endpoint: Endpoint) -> None:
        """Let a call through, or raise Paused: by what the call before it taught."""
        if self._told:
            now = self.clock.now()
            with self.database.write() as session:
                session.info["audit_context"] = audit.Context(now, None, "tiendo57", "portal")
                self.write(session)
        super().enter(endpoint)

    def note(self, exchange: Exchange) -> None:
        """Keep how a call ended until it is written."""
        self._told.append((exchange, self.clock.now()))

    def write(self, session: Session) -> None:
        """Write down what was kept; it is kept on, to be written again, unless the transaction is committed."""
        told = tuple(self._told)
        for exchange, at in told:
            _note(session, exchange, at)

        def forget(_: object) -> None:
            del self._told[: len(told)]

        event.listen(session, "after_commit", forget, once=True)


def _note(session: Session, exchange: Exchange, at: datetime) -> None:
    exchanges.record(session, exchange, at)
    breakers.note(session, exchange.endpoint, exchange.outcome, at)


def address_of(settings: Settings, endpoint: Endpoint) -> str | None:
    """Return the address that the settings name; None: not connected."""
    return settings.portal_legacy_url if endpoint is Endpoint.legacy else settings.portal_rest_url


def connect(
    database: Database, settings: Settings, clock: Clock, endpoint: Endpoint, *, tries: int | None = None,
    seconds: float = math.inf, watch: Watch | None = None,
) -> Adapter:  # fmt: skip
    """Return the adapter of a system, which asks nothing any more after some `seconds`.

    Raises Conflict where the settings name no address, one that may not be called, or a file that cannot be read.
    """
    base = address_of(settings, endpoint)
    if not base:
        raise Conflict("portal_not_connected")
    hosts = frozenset(host.strip() for host in (settings.portal_hosts or "").split(",") if host.strip())
    try:
        to = target(
            endpoint, base, hosts=hosts, demonstration=settings.demonstration, ca_file=settings.portal_ca_file
        )  # fmt: skip
        trusted = trust(to)
    except (PortalFault, OSError):
        raise Conflict("portal_misconfigured") from None
    limits = Limits(
        settings.portal_connect_seconds, settings.portal_read_seconds, settings.portal_total_seconds,
        settings.portal_max_bytes, tries or settings.portal_tries, until=time.monotonic() + seconds,
    )  # fmt: skip
    line = Line(to, limits, watch or DatabaseWatch(database, clock), trusted)
    name, secret = _secret(settings, endpoint, to.verified)
    if endpoint is Endpoint.legacy:
        return LegacyAdapter(line, user=name, password=secret, agency=settings.portal_agency)
    return RestAdapter(line, client_id=name, client_secret=secret)


def _secret(settings: Settings, endpoint: Endpoint, verified: bool) -> tuple[str, str]:
    """Return name and secret from the first two lines of the file that the settings name."""
    path = settings.portal_legacy_secret_file if endpoint is Endpoint.legacy else settings.portal_rest_secret_file
    if not path and not verified:
        return DEMONSTRATION
    try:
        name, secret = Path(path or "").read_text(encoding="utf-8").splitlines()[:2]
    except (OSError, ValueError):
        raise Conflict("portal_misconfigured") from None
    return name.strip(), secret.strip()
