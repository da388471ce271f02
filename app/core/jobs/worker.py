"""The worker's loop: one message after the other, each held by nobody else while it is sent."""

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog
from sqlmodel import Session

from app.core import audit
from app.core.clock import Clock
from app.core.db import Database
from app.core.jobs import service
from app.core.jobs.rules import Ending, MessageState
from app.core.jobs.service import Ended, Held

Result = TypeVar("Result")
log = structlog.get_logger()
IDLE = 1.0  # seconds between two looks at an empty outbox


class Sender(Protocol):
    """Whoever can send: which systems may be asked now and which are left alone, one message's way, and its traces."""

    def looked(self, session: Session, now: datetime) -> tuple[list[str], list[str]]: ...
    def send(self, held: Held, lease: timedelta) -> Ended: ...
    def noted(self, session: Session) -> None: ...
    def came_to(self, session: Session, held: Held, state: MessageState, outcome: str) -> None: ...
    def given_up(self, session: Session, keys: list[str]) -> None: ...


class Worker:
    """One of any number of workers on one database; each has a name of its own."""

    def __init__(self, database: Database, clock: Clock, sender: Sender, *, name: str, lease: timedelta) -> None:
        self.database = database
        self.clock = clock
        self.sender = sender
        self.name = name
        self.lease = lease

    def turn(self) -> bool:
        """Send one message, if there is one whose time has come; tells whether there was."""
        held = self._looked()
        if held is not None:
            self._sent(held, more=lambda: False)
        return held is not None

    def run(self, stop: threading.Event, *, idle: float = IDLE) -> None:
        """Send until told to stop; what is held then is finished first."""
        held: Held | None = None
        while not stop.is_set() or held is not None:
            try:
                held = self._looked() if held is None else self._sent(held, more=lambda: not stop.is_set())
            except Exception as error:  # such as a database that is away for a while: a lease ends by itself
                log.warning("worker_turn_failed", error=type(error).__name__)
                held = None
            if held is None:
                stop.wait(idle)

    def _looked(self) -> Held | None:
        """Claim a message, if there is one: looking alone keeps nobody from writing."""
        with self.database.read() as session:
            now = self.clock.now()
            ready, resting = self.sender.looked(session, now)
            if not service.waits(session, now, ready=ready, resting=resting):
                return None
        return self._written(self._claimed)

    def _sent(self, held: Held, *, more: Callable[[], bool]) -> Held | None:
        """Send what is held, note how it ended and, in the same transaction, claim the next if `more` says so."""
        try:
            ended = self.sender.send(held, self.lease)
        except Exception as error:  # a fault of ours: the message waits, and the log has what to mend
            log.exception("message_not_sent", message=held.key, error=type(error).__name__)
            ended = Ended(Ending.again, "failed")
        chance = random.random()  # noqa: S311 - spreads tries over time, and hides nothing

        def act(session: Session, now: datetime) -> Held | None:
            self.sender.noted(session)
            state = service.settle(session, held, ended, now, chance=chance)
            if state is not None:
                self.sender.came_to(session, held, state, ended.outcome)
            return self._claimed(session, now) if more() else None

        following = self._written(act)
        log.info("message_tried", message=held.key, attempt=held.attempt, outcome=ended.outcome)
        return following

    def _claimed(self, session: Session, now: datetime) -> Held | None:
        ready, resting = self.sender.looked(session, now)
        self.sender.given_up(session, service.park_overdue(session, now, resting=resting))
        return service.claim(session, self.name, now, self.lease, ready=ready)

    def _written(self, act: Callable[[Session, datetime], Result]) -> Result:
        with self.database.write() as session:
            session.connection()  # on SQLite this waits for its turn: a lease begins when it has come
            now = self.clock.now()
            session.info["audit_context"] = audit.Context(now, None, "tiendo57", "command")
            return act(session, now)
