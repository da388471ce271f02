"""How the connections are, and asking one of them now."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core import audit
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Conflict
from app.core.jobs import service as outbox
from app.core.settings import Settings
from app.portal.adapters import maps
from app.portal.adapters.rules import ANSWERED, Endpoint, Outcome, PortalFault
from app.portal.exchanges.models import PortalExchange
from app.portal.health import breakers
from app.portal.health.connecting import address_of, connect
from app.portal.health.models import PortalBreaker
from app.portal.health.schemas import ConnectionOut, HealthOut

log = structlog.get_logger()


def health(session: Session, settings: Settings, now: datetime) -> HealthOut:
    """Return every system with its breaker and what was tried in the last 24 hours."""
    tried: dict[str, dict[str, int]] = {}
    counts = (
        select(col(PortalExchange.endpoint), col(PortalExchange.outcome), func.count())
        .where(col(PortalExchange.at) > now - timedelta(hours=24))
        .group_by(col(PortalExchange.endpoint), col(PortalExchange.outcome))
    )
    for endpoint, outcome, count in session.execute(counts):
        tried.setdefault(endpoint, {})[outcome] = count
    rows = {row.endpoint: row for row in session.scalars(select(PortalBreaker))}
    queues = outbox.queues(session)
    return HealthOut(
        items=[_shown(one, rows.get(one), settings, tried.get(one, {}), queues.get(one)) for one in Endpoint]
    )


def check(database: Database, settings: Settings, clock: Clock, endpoint: Endpoint, by: audit.Context) -> None:
    """Ask a system for its agencies once; how that ended is an exchange, whatever it was, and who asked an entry.

    Raises Conflict where it is not connected, or left alone for now.
    """
    adapter = connect(database, settings, clock, endpoint, tries=1)
    outcome = Outcome.ok
    try:
        adapter.agencies()
    except breakers.Paused:
        raise Conflict("portal_paused") from None
    except PortalFault as fault:
        outcome = fault.outcome
        log.info("portal_check_failed", endpoint=endpoint.value, outcome=outcome.value)
    with database.write() as session:
        session.info["audit_context"] = by
        told = {"outcome": outcome.value}
        audit.record(session, "portal.checked", f"portal/health/{endpoint.value}", after=told)


def _shown(
    endpoint: Endpoint, row: PortalBreaker | None, settings: Settings, tried: dict[str, int],
    queue: tuple[int, datetime | None, int] | None,
) -> ConnectionOut:  # fmt: skip
    queued, oldest, parked = queue or (0, None, 0)
    address = address_of(settings, endpoint)
    breaker = breakers.read(row) if row else None
    return ConnectionOut(
        endpoint=endpoint, connected=bool(address), host=urlsplit(address).hostname if address else None,
        codes_version=maps.CURRENT[endpoint], breaker=breakers.state_of(row),
        opened_at=breaker.opened_at if breaker else None, probe_from=breaker.probe_from if breaker else None,
        last_outcome=Outcome(row.last_outcome) if row and row.last_outcome else None,
        last_success_at=row.last_success_at if row else None, last_failure_at=row.last_failure_at if row else None,
        exchanges=sum(tried.values()),
        failures=sum(count for outcome, count in tried.items() if Outcome(outcome) not in ANSWERED),
        queued=queued, oldest_queued_at=oldest, parked=parked,
    )  # fmt: skip
