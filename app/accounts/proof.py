"""Checking a password within a request: no lock, no connection and no thread is held while it waits or hashes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.accounts import passwords, sign_in
from app.accounts.passwords import NewPassword
from app.accounts.rules import address_key, seconds_until
from app.core import audit
from app.core.db import Database, Gate
from app.core.errors import Problem
from app.core.settings import Settings

Result = TypeVar("Result")
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, Gate] = WeakKeyDictionary()  # what waits belongs to its loop


@dataclass(frozen=True)
class Proof:
    """A password that was right: whose, the hash it matched, a stronger one if due, and the attempt it was."""

    user_id: int
    hash: str
    better_hash: str | None
    attempt: int


async def prove(request: Request, *, user_name: str, password: str, now: datetime) -> Proof | None:
    """Check a password and return the proof, or None when it is wrong; the attempt counts until it is marked good.

    Raises Problem 429 with `Retry-After` when there were too many.
    """
    settings: Settings = request.app.state.settings
    attempt = sign_in.attempt_of(user_name, address_of(request), now)
    # Who is over the limit is turned away by a read alone; only then the attempt is written, and counted once more.
    _throttle(await reading(request, lambda s: sign_in.allowed_from(s, attempt, settings)), now)
    noted = await writing(request, lambda s: sign_in.note(s, attempt, settings))
    wait = await reading(request, lambda s: sign_in.allowed_from(s, attempt, settings, noted=noted))
    if wait:
        await writing(request, lambda s: sign_in.forget(s, noted))
        _throttle(wait, now)
    kept = await reading(request, lambda s: sign_in.credential(s, user_name, demonstration=settings.demonstration))
    right, better = await hashing(request, lambda: passwords.verify(password, kept.hash))
    if not right or kept.user_id is None or kept.hash is None:
        return None
    return Proof(kept.user_id, kept.hash, better, noted)


async def hash_new(request: Request, password: str, user_name: str, pointer: str = "/password") -> NewPassword:
    """Judge and hash a new password."""
    settings: Settings = request.app.state.settings
    return await hashing(
        request,
        lambda: passwords.prepare(
            password, user_name=user_name, min_length=settings.password_min_length, pointer=pointer
        ),
    )


async def hashing(request: Request, work: Callable[[], Result]) -> Result:
    """Do work that hashes; the third waits here, without a thread."""
    settings: Settings = request.app.state.settings
    loop = asyncio.get_running_loop()
    if loop not in _gates:
        _gates[loop] = Gate(passwords.AT_ONCE, settings.write_queue_size, settings.write_queue_wait_seconds)
    async with _gates[loop].passage():
        return await run_in_threadpool(work)


async def reading(request: Request, work: Callable[[Session], Result]) -> Result:
    """Do work in a short reading session of its own."""
    database: Database = request.app.state.database

    def read() -> Result:
        with database.read() as session:
            return work(session)

    return await run_in_threadpool(read)


async def writing(request: Request, work: Callable[[Session], Result]) -> Result:
    """Do work in a short transaction of its own, which stands whatever becomes of the request."""
    database: Database = request.app.state.database

    def write() -> Result:
        with database.write() as session:
            session.info["audit_context"] = audit.Context.of(request)
            return work(session)

    async with database.gate.passage():
        return await run_in_threadpool(write)


def address_of(request: Request) -> str:
    """Return the address that a request is counted under."""
    return address_key(request.client.host if request.client else None)


def _throttle(until: datetime | None, now: datetime) -> None:
    if until is None:
        return
    seconds = seconds_until(until, now)
    raise Problem(
        "too_many_attempts", status=429, values={"n": -(-seconds // 60)}, headers={"Retry-After": str(seconds)}
    )
