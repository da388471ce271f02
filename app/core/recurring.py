"""What the application does by itself while it serves, again and again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import structlog
from sqlmodel import Session

from app.core import audit
from app.core.clock import Clock
from app.core.db import Database

log = structlog.get_logger()


def always(session: Session, now: datetime, last: datetime | None) -> bool:
    """Tell that there is something to do at every turn."""
    return True


@asynccontextmanager
async def repeated(
    act: Callable[[Session, datetime], object],
    database: Database,
    clock: Clock,
    *,
    every: float,
    trouble: str,
    due: Callable[[Session, datetime, datetime | None], bool] = always,
) -> AsyncIterator[None]:
    """Within the block, act now and every so many seconds, in the name of the application.

    `due` is asked first, without writing, with the moment and the one when it last was done. What fails is logged under
    the name `trouble` and tried again at the next turn.
    """

    def wanted(now: datetime, last: datetime | None) -> bool:
        with database.read() as session:
            return due(session, now, last)

    def write(now: datetime) -> None:
        with database.write() as session:
            session.info["audit_context"] = audit.Context(now, None, "tiendo57", "command")
            act(session, now)

    async def turns() -> None:
        last = None
        while True:
            try:
                now = clock.now()
                if await asyncio.to_thread(wanted, now, last):
                    async with database.gate.passage():
                        await asyncio.to_thread(write, now)
                    last = now
            except Exception as error:
                log.warning(trouble, error=type(error).__name__)
            await asyncio.sleep(every)

    task = asyncio.create_task(turns())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
