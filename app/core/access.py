"""Who calls and what they may: the caller, rights by name, and the dependency that every route carries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from app.core.errors import Forbidden, Unauthenticated


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or machine known by session or token; `units` are those it may see (None: every one).

    What a caller of the demonstration makes is of the demonstration too.
    """

    id: int
    user_name: str
    label: str
    role: str
    unit_id: int | None
    unit_code: str | None
    rights: frozenset[str]
    units: frozenset[int] | None
    token_id: int | None = None
    session_id: int | None = None
    demonstration: bool = False
    unit_name: str | None = None  # for the page's head: only people's sessions know it
    ends_at: datetime | None = None  # when the session or token is over, unless it is used before

    def may(self, right: str) -> bool:
        """Tell whether the caller has a right."""
        return right in self.rights

    def sees(self, unit_id: int) -> bool:
        """Tell whether rows of a unit are for this caller's eyes."""
        return self.units is None or unit_id in self.units


CallerProvider = Callable[[Request], Caller | None]


def get_caller(request: Request) -> Caller | None:
    """Supply who calls, through the provider wired in `main.py`; None for a stranger."""
    if not hasattr(request.state, "caller"):
        provider: CallerProvider = request.app.state.caller_provider
        request.state.caller = provider(request)
    caller: Caller | None = request.state.caller
    return caller


class Rule:
    """An access rule; the walk over all routes fails on one without."""


class Allow(Rule):
    """The rule that the caller is known and has a right (or, with none named, is just known)."""

    def __init__(self, right: str | None) -> None:
        self.right = right

    async def __call__(self, caller: Annotated[Caller | None, Depends(get_caller)]) -> Caller:
        if caller is None:
            raise Unauthenticated
        if self.right is not None and not caller.may(self.right):
            raise Forbidden(values={"right": self.right})
        return caller


class Public(Rule):
    """The rule that anybody may: sign-in, health, static words. Used sparingly."""

    async def __call__(self) -> None:
        return None


def allow(right: str | None = None) -> Any:
    """Return the dependency that admits callers with `right` only."""
    return Depends(Allow(right))


def public() -> Any:
    """Return the dependency that admits everybody."""
    return Depends(Public())


Anyone = Annotated[Caller | None, Depends(get_caller)]
SignedIn = Annotated[Caller, allow()]
