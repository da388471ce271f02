"""Passwords: argon2id at the OWASP minimum, at most two hashes at once in the whole process."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.accounts import rules
from app.core.errors import Fault, Unavailable

AT_ONCE = 2
_HASHER = PasswordHash([Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1)])
# The hash of a password nobody knows: who is not there takes as long to refuse as who is.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$nSfzQbuJFCHBWtH4cRwOlA$Ii0UZwHpiPwmWDjvYR8GkStJkIV4+YXniTitomT++hQ"


class Turns:
    """Two hashes at a time, each 19 MiB and a core; remembers how many ever ran together."""

    def __init__(self, at_once: int) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self.running = 0
        self.most = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        if not self._free.acquire(timeout=20):
            raise Unavailable("busy")
        try:
            with self._lock:
                self.running += 1
                self.most = max(self.most, self.running)
            yield
        finally:
            with self._lock:
                self.running -= 1
            self._free.release()


turns = Turns(AT_ONCE)


@dataclass(frozen=True)
class NewPassword:
    """A password already hashed, outside any transaction, or what is wrong with it."""

    hash: str | None
    fault: Fault | None


def hash_password(password: str) -> str:
    """Return the hash to keep."""
    with turns.turn():
        return _HASHER.hash(_normal(password))


def verify(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Tell whether a password is the one kept (None: nobody's), and give a new hash where the old one is too weak."""
    with turns.turn():
        right, better = _HASHER.verify_and_update(_normal(password), kept or NOBODY)
    return (right, better) if kept else (False, None)


def prepare(password: str, *, user_name: str, min_length: int, pointer: str = "/password") -> NewPassword:
    """Judge and hash a new password."""
    code = rules.password_fault(_normal(password), user_name, min_length)
    if code:
        return NewPassword(None, Fault(pointer, code, {"limit": min_length} if code == "password_short" else {}))
    return NewPassword(hash_password(password), None)


def _normal(password: str) -> str:
    # Vietnamese keyboards write one and the same letter in two ways.
    return unicodedata.normalize("NFC", password)
