"""One message's way to the other system: which systems may be asked, and what an answer means for the outbox."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlmodel import Session

from app.core import audit
from app.core.clock import Clock
from app.core.db import Database
from app.core.errors import Conflict
from app.core.jobs.rules import Ending, MessageState
from app.core.jobs.service import Ended, Held
from app.core.settings import Settings
from app.portal.adapters.rules import Adapter, Endpoint, Outcome, PortalFault, Purpose, Receipt
from app.portal.health import breakers
from app.portal.health.breakers import Paused
from app.portal.health.connecting import PatientWatch, address_of, connect
from app.portal.health.models import PortalBreaker
from app.portal.health.rules import REST
from app.portal.messages import rules

log = structlog.get_logger()
SHARE = 0.8  # of a lease, which a call may take: what is held is never still on its way when another takes it


class PortalSender:
    """Sends what the outbox holds; the sign-in is kept between messages."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self.database = database
        self.settings = settings
        self.clock = clock
        self._watch = PatientWatch(database, clock)
        self._adapters: dict[Endpoint, Adapter] = {}
        self._complained: set[Endpoint] = set()

    def looked(self, session: Session, now: datetime) -> tuple[list[str], list[str]]:
        """Return the systems that may be asked now, and those that are left alone or not connected."""
        rows = {row.endpoint: row for row in session.scalars(select(PortalBreaker))}
        is_on = self.settings.portal_push != "off"
        asked = [one for one in Endpoint if is_on and self._adapter(one) is not None]
        ready = [one.value for one in asked if _may(rows.get(one.value), now)]
        return ready, [one.value for one in Endpoint if one.value not in ready]

    def send(self, held: Held, lease: timedelta) -> Ended:
        """Send one message, once: the outbox is what tries again."""
        adapter = self._adapter(Endpoint(held.destination))
        if adapter is None:
            return Ended(Ending.not_tried, "paused", REST.total_seconds())
        try:
            receipt = adapter.push(rules.read(held.body), within=lease.total_seconds() * SHARE)
        except Paused:  # another has the turn to see whether it answers again
            return Ended(Ending.not_tried, "paused", REST.total_seconds())
        except PortalFault as fault:
            never = fault.outcome is Outcome.refused and fault.purpose is Purpose.push
            return Ended(Ending.never if never else Ending.again, fault.outcome.value, fault.retry_after)
        return Ended(Ending.done, Outcome.ok.value if receipt is Receipt.taken else receipt.value)

    def noted(self, session: Session) -> None:
        """Write down how the calls of the last message ended."""
        self._watch.write(session)

    def came_to(self, session: Session, held: Held, state: MessageState, outcome: str) -> None:
        """Put into the audit log how a message ended; what it says was audited with the approval that put it."""
        after = {"outcome": outcome, "attempt": held.attempt}
        audit.record(session, f"portal.message_{state.value}", f"portal/messages/{held.key}", after=after)

    def given_up(self, session: Session, keys: list[str]) -> None:
        """Put into the audit log which messages were left to a person, their 24 hours being over."""
        if keys:
            audit.record(session, "portal.messages_parked", "portal/messages", after={"messages": keys})

    def _adapter(self, endpoint: Endpoint) -> Adapter | None:
        if endpoint not in self._adapters and address_of(self.settings, endpoint):
            try:
                self._adapters[endpoint] = connect(
                    self.database, self.settings, self.clock, endpoint, tries=1, watch=self._watch
                )
            except Conflict as refusal:
                if endpoint not in self._complained:
                    log.error("portal_not_usable", endpoint=endpoint.value, code=refusal.code)
                self._complained.add(endpoint)
        return self._adapters.get(endpoint)


def _may(row: PortalBreaker | None, now: datetime) -> bool:
    probe_from = breakers.read(row).probe_from if row else None
    return probe_from is None or probe_from <= now
