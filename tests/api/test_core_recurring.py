"""What the application does by itself is tried again after a failure, only when due, and stops with the application."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

from fastapi import FastAPI
from sqlmodel import Session

from app.core import recurring
from tests.support.clients import SetClock


def test_what_fails_is_tried_again_and_what_is_not_due_is_left(app: FastAPI, clock: SetClock) -> None:
    enough: Callable[[], object]
    acted: list[datetime] = []
    asked: list[datetime | None] = []

    def act(session: Session, now: datetime) -> None:
        acted.append(now)
        if len(acted) == 1:
            raise RuntimeError("for once")

    def due(session: Session, now: datetime, last: datetime | None) -> bool:
        asked.append(last)
        if len(asked) == 4:
            enough()
        return last is None

    async def serve() -> None:
        nonlocal enough
        seen = asyncio.Event()
        enough = partial(asyncio.get_running_loop().call_soon_threadsafe, seen.set)
        async with recurring.repeated(act, app.state.database, clock, every=0.001, trouble="not_done", due=due):
            await seen.wait()

    asyncio.run(serve())
    now = clock.now()
    assert acted == [now, now]
    assert asked[:4] == [None, None, now, now], "it counts as done only when it was"
    turns = len(asked)
    asyncio.run(asyncio.sleep(0.01))
    assert len(asked) == turns
